"""`/v1/requests`: filing, listing and reading requests."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.request_intake import access
from services.request_intake.filing import ANSWERED, Filing, file
from services.request_intake.parts import Caller, Parts, parts_of
from services.request_intake.schemas import NewRequest, RequestId, UnitId
from services.request_intake.state import RequestState, Status
from shared.contracts.payload import Code
from shared.storage.aggregates import Aggregate
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Time

router = Router(prefix="/v1", tags=["requests"])

_IMPORTERS = (Role.ADMINISTRATOR, Role.UNIT_OPERATOR)
_LISTED = (*ANSWERED[:1], *ANSWERED[2:], "kind", "channel", "received_at", "reporting_unit",
           "case_number", "handling_unit", "assignee", "deadline", "overdue", "completed_at",
           "round", "outcome", "joined", "joined_by")  # fmt: skip

Staff = Annotated[
    Principal,
    Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER, Role.UNIT_OPERATOR)),
]


@router.post("/requests", status_code=201, openapi_extra=IDEMPOTENT)
async def create_request(request: Request, body: NewRequest, principal: Caller) -> Response:
    """File a request. Its grid, category and urgency are found; follow it by its tracking code.

    Coordinates outside all grids are accepted: `located` is false until a person places it.
    """
    if body.happened_at is not None and principal.role not in _IMPORTERS:
        raise Problem(403, "happened-at-not-allowed", field="happened_at")
    filing = Filing(
        channel=body.channel,
        kind=body.kind,
        text=body.text,
        category=body.category,
        place=body.place,
        requester=body.requester,
        happened_at=body.happened_at,
    )
    created = await file(parts_of(request), filing, principal, await idempotency_of(request))
    headers = {"Location": f"/v1/requests/{created.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Json(created.answer, 201, headers)


def _dumped(state: RequestState, names: tuple[str, ...]) -> dict[str, Any]:
    dumped = state.model_dump(include=set(names))
    if "joined_by" in names:
        dumped["joined_by"] = len(state.members)
        dumped["joined"] = None
        if state.joined is not None:
            dumped["joined"] = state.joined.model_dump(include={"lead", "at", "me_too"})
    return dumped


@router.get("/requests")
async def list_requests(
    request: Request,
    principal: Caller,
    page: Annotated[Paging, Depends(paging)],
    status: Status | None = None,
    area: Annotated[AreaCode | None, Query(description="Any area of the path")] = None,
    located: bool | None = None,
    category: Annotated[Code | None, Query()] = None,
    reported_by: Annotated[UnitId | None, Query(description="Unit id")] = None,
    since: Annotated[Time | None, Query(description="Made at this time or later")] = None,
    until: Annotated[Time | None, Query(description="Made before this time")] = None,
) -> Page[dict[str, Any]]:
    """Requests that the caller sees, newest first, without texts and requesters."""
    equal = {
        "status": status.value if status else None,
        "area_path": area,
        "located": located,
        "category": category,
        "reporting_unit": reported_by,
    }
    filters: list[dict[str, Any]] = [access.scope(principal)]
    filters += [{f"state.{name}": value} for name, value in equal.items() if value is not None]
    if since is not None:
        filters.append({"state.accepted_at": {"$gte": since}})
    if until is not None:
        filters.append({"state.accepted_at": {"$lt": until}})
    after = page.after
    found = await parts_of(request).requests.newest(filters, after, page.limit + 1)
    items, following = page.cut(found, lambda state: (state.accepted_at, state.id))
    return Page(items=[_dumped(state, _LISTED) for state in items], next=following)


async def load(request: Request, id: str, principal: Principal) -> Aggregate[RequestState]:
    """The request `id`. Raises `Problem` 404 where there is none, 403 where it is not the
    caller's to see.
    """
    aggregate = await parts_of(request).requests.store.get(id)
    if aggregate is None or aggregate.state is None:
        raise Problem(404, "request-not-found", id=id)
    access.ensure_sees(principal, aggregate.state)
    return aggregate


def shown(parts: Parts, principal: Principal, state: RequestState) -> dict[str, Any]:
    """A request as one caller may read it."""
    answer = _dumped(state, (*_LISTED, "point", "area", "rules_version", "follow_up_until"))
    answer["text"] = parts.read(state.text, "text", state.id)
    answer["replies"] = [
        {"at": one.at, "round": one.round}
        | {"words": parts.read(one.words, f"reply{one.round}", state.id)}
        for one in state.replies
    ]
    mine = state.submitted_by == principal.subject
    if mine or principal.role is Role.ADMINISTRATOR:
        # With it one answers as the resident: not for those who are rated by the answers.
        answer["tracking_code"] = state.tracking_code
    if mine or access.of_the_place(principal, state):
        answer["follow_ups"] = [
            follow_up.model_dump(include={"at", "round", "contacted", "solved", "satisfied"})
            | {"words": parts.read(follow_up.words, f"words{follow_up.round}", state.id)}
            for follow_up in state.follow_ups
        ]
    if access.sees_requester(principal, state):
        requester = state.requester.model_dump() if state.requester else {}
        answer["requester"] = {
            name: parts.read(value, name, state.id) for name, value in requester.items()
        }
    return answer


@router.get("/requests/{id}")
async def show_request(request: Request, id: RequestId, principal: Caller) -> Response:
    """One request with its text. Who asks is shown to those responsible for the place, to the
    unit that holds the task, and to administrators.
    """
    aggregate = await load(request, id, principal)
    assert aggregate.state is not None
    answer = shown(parts_of(request), principal, aggregate.state)
    return Json(answer, headers={"ETag": etag(aggregate.version)})


@router.get("/requests/{id}/history")
async def show_history(request: Request, id: RequestId, principal: Staff) -> Response:
    """Who changed the request, when, what and why; the latest 100 changes, oldest first."""
    await load(request, id, principal)
    items = await parts_of(request).requests.store.history(id)
    return Json({"items": [{name: item[name] for name in ("at", "by", "what", "why")}
                           for item in items]})  # fmt: skip
