"""`/v1/requests`: filing, listing and reading requests."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.request_intake import access
from services.request_intake.parts import Caller, Parts, now, parts_of
from services.request_intake.schemas import NewRequest, Place, RequestId, UnitId
from services.request_intake.service import accept, new_tracking_code
from services.request_intake.state import Requester, RequestState, Status
from shared.contracts.ids import uuid7
from shared.contracts.payload import Code, Point
from shared.storage.aggregates import Aggregate
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Time

router = Router(prefix="/v1", tags=["requests"])

AREAS_AT = "/v1/areas"
CATEGORIES_AT = "/v1/categories"
_IMPORTERS = (Role.ADMINISTRATOR, Role.UNIT_OPERATOR)
_ANSWERED = (
    "id",
    "tracking_code",
    "status",
    "category",
    "urgency",
    "grid_id",
    "area_path",
    "located",
    "accepted_at",
)
_LISTED = (*_ANSWERED[:1], *_ANSWERED[2:], "kind", "channel", "received_at", "reporting_unit",
           "case_number", "handling_unit", "assignee", "deadline", "overdue", "completed_at",
           "round", "outcome")  # fmt: skip

Staff = Annotated[
    Principal,
    Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER, Role.UNIT_OPERATOR)),
]


def check_area(parts: Parts, place: Place) -> None:
    """Raise `Problem` 422 where the place names an area that is not known."""
    if place.area is not None and not parts.directory.city.has_area(place.area):
        raise Problem(422, "unknown-area", field="place.area", where=AREAS_AT, area=place.area)


def point_of(place: Place) -> Point | None:
    """The point as the contracts have it."""
    if place.point is None:
        return None
    return Point(longitude=place.point.longitude, latitude=place.point.latitude)


def _requested(parts: Parts, body: NewRequest, principal: Principal) -> RequestState:
    """The state of a new request.

    Raises `Problem` 403 for a `happened_at` of others than importers, 422 for an unknown area
    or category.
    """
    if body.happened_at is not None and principal.role not in _IMPORTERS:
        raise Problem(403, "happened-at-not-allowed", field="happened_at")
    check_area(parts, body.place)
    classifier = parts.rules.classifier
    if body.category is not None and body.category not in classifier.categories:
        raise Problem(
            422,
            "unknown-category",
            field="category",
            where=CATEGORIES_AT,
            category=body.category,
        )
    classified = classifier.classify(body.text, body.category)
    point = point_of(body.place)
    id, received = uuid7(), now()
    accepted_at = body.happened_at or received
    placement = parts.directory.city.locator.locate(point, body.place.area, accepted_at)
    requester = None
    if body.requester is not None:
        requester = Requester(
            **{
                name: parts.seal(value, name, id)
                for name, value in body.requester.model_dump(exclude_none=True).items()
            }
        )
    return RequestState(
        id=id,
        tracking_code=new_tracking_code(),
        channel=body.channel.value,
        kind=body.kind.value,
        category=classified.category,
        urgency=classified.urgency.value,
        rules_version=classifier.version,
        text=parts.seal(body.text, "text", id),
        requester=requester,
        point=point,
        area=body.place.area,
        grid_id=placement.grid_id if placement else None,
        area_path=placement.area_path if placement else (),
        located=placement is not None,
        accepted_at=accepted_at,
        received_at=received,
        submitted_by=principal.subject,
        reporting_unit=principal.unit_id if principal.role is Role.UNIT_OPERATOR else None,
    )


@router.post("/requests", status_code=201, openapi_extra=IDEMPOTENT)
async def create_request(request: Request, body: NewRequest, principal: Caller) -> Response:
    """File a request. Its grid, category and urgency are found; follow it by its tracking code.

    Coordinates outside all grids are accepted: `located` is false until a person places it.
    """
    parts = parts_of(request)
    state = _requested(parts, body, principal)
    created = await parts.requests.store.create(
        state.id,
        accept(state),
        by=f"{principal.role}:{principal.subject}",
        answer={name: getattr(state, name) for name in _ANSWERED},
        idempotency=await idempotency_of(request),
    )
    headers = {"Location": f"/v1/requests/{created.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Json(created.answer, 201, headers)


def _dumped(state: RequestState, names: tuple[str, ...]) -> dict[str, Any]:
    return state.model_dump(include=set(names))


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
    if mine or access.of_the_place(principal, state):
        answer["tracking_code"] = state.tracking_code
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
