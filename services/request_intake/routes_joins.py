"""Joining requests about the same thing, by staff or by a resident's "me too", and parting them."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from services.request_intake import access, joining, messages_joins  # noqa: F401 (its sentences)
from services.request_intake.filing import check_area, point_of, sealed_requester
from services.request_intake.likeness import LikenessTable
from services.request_intake.near import metres
from services.request_intake.parts import Caller, Parts, now, parts_of
from services.request_intake.routes_requests import load
from services.request_intake.schemas import JoinIn, MeToo, RequestId, SeparateIn
from services.request_intake.service import accept, new_tracking_code
from services.request_intake.state import Joining, RequestState
from shared.contracts.ids import uuid7
from shared.contracts.words import RequestKind
from shared.web.auth import Principal, Role, require
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.messages import LANGUAGE_TAGS, choose_language, say
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["joined requests"])

Joiners = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER))
]


async def _own(request: Request, id: str, principal: Principal) -> RequestState:
    """A request of a place that the caller is responsible for. Raises `Problem` 404, 403."""
    state = (await load(request, id, principal)).state
    assert state is not None
    if not access.of_the_place(principal, state):
        raise Problem(403, "wrong-area")
    return state


@router.post("/requests/{id}/join")
async def join_request(
    request: Request, id: RequestId, body: JoinIn, principal: Joiners
) -> Response:
    """Join a request to another one about the same thing: its own task ends, it follows the
    other's, and its resident is answered and asked for himself or herself. Both are of the
    caller's area. Joined to that one already: nothing changes.
    """
    await _own(request, id, principal)
    await _own(request, body.to, principal)
    intent = Joining(
        id=uuid7(),
        lead=body.to,
        at=now(),
        by=f"{principal.role}:{principal.subject}",
        why=body.reason or "",
    )
    return _shown(request, await parts_of(request).joiner.join(id, intent))


@router.post("/requests/{id}/separate")
async def separate_request(
    request: Request, id: RequestId, body: SeparateIn, principal: Joiners
) -> Response:
    """Part a joined request, which is about something else: it has a task of its own again."""
    await _own(request, id, principal)
    by = f"{principal.role}:{principal.subject}"
    return _shown(request, await parts_of(request).joiner.separate(id, body.reason, by))


@router.post("/requests/{id}/me-too", status_code=201, openapi_extra=IDEMPOTENT)
async def say_me_too(request: Request, id: RequestId, body: MeToo, principal: Caller) -> Response:
    """File a request of one's own about what is listed at `/v1/open-requests`. It has its own
    tracking code and shares the work. Should that end in this moment, `joined_to` is null and it
    is a request with a task of its own.
    """
    parts = parts_of(request)
    attempt = await idempotency_of(request)
    state = await _me_too(parts, id, body, principal)
    assert state.joining is not None
    kept = ("id", "tracking_code", "category", "urgency", "grid_id", "area_path", "accepted_at")
    created = await parts.requests.store.create(
        state.id,
        accept(state),
        by=state.joining.by,
        answer={name: getattr(state, name) for name in kept},
        idempotency=attempt,
    )
    headers = {"Location": f"/v1/requests/{created.id}"}
    if created.replayed:
        headers["Idempotent-Replayed"] = "true"
    else:
        try:
            state = await parts.joiner.go_on(state.id, state.joining)
        except Problem:
            state = state.model_copy(update={"joining": None})
    if created.replayed:
        found = await parts.requests.store.get(created.id)
        assert found is not None
        assert found.state is not None
        state = found.state
    joined_to = state.joined.lead if state.joined else None
    answer = dict(created.answer) | {"status": state.status, "joined_to": joined_to}
    return Json(answer, 201, headers)


async def _me_too(parts: Parts, id: str, body: MeToo, principal: Principal) -> RequestState:
    """The state of a request that is to be joined. Raises `Problem`."""
    table = parts.tables.get(LikenessTable)
    lead = await _lead(parts, id)
    public = parts.rules.classifier.is_public
    if lead is None or not public(lead.category, lead.urgency):
        raise Problem(404, "not-open-to-all", id=id)
    joining.may_lead(lead, table.group_at_most)
    own, received = uuid7(), now()
    point, area = lead.point.rounded() if lead.point else None, lead.area
    grid, path = lead.grid_id, lead.area_path
    if body.place is not None:
        check_area(parts, body.place)
        point, area = point_of(body.place), body.place.area
        if point and lead.point and metres(point, lead.point) > table.within_m:
            raise Problem(422, "too-far", field="place.point", within=round(table.within_m))
        placement = parts.directory.city.locator.locate(point, area, received)
        grid, path = (placement.grid_id, placement.area_path) if placement else (None, ())
    by = f"{principal.role}:{principal.subject}"
    return RequestState(
        id=own,
        tracking_code=new_tracking_code(),
        channel=body.channel.value,
        kind=RequestKind.OTHER.value,
        category=lead.category,
        urgency=lead.urgency,
        rules_version=lead.rules_version,
        text=parts.seal(body.text, "text", own),
        requester=sealed_requester(parts, body.requester, own),
        point=point,
        area=area,
        grid_id=grid,
        area_path=path,
        located=bool(path),
        accepted_at=received,
        received_at=received,
        submitted_by=principal.subject,
        joining=Joining(id=uuid7(), lead=lead.id, at=received, by=by, me_too=True, why="me too"),
    )


async def _lead(parts: Parts, id: str) -> RequestState | None:
    """The request, or the one that it is joined to."""
    found = await parts.requests.store.get(id)
    state = found.state if found else None
    if state is not None and state.joined is not None:
        found = await parts.requests.store.get(state.joined.lead)
        state = found.state if found else None
    return state


def _shown(request: Request, state: RequestState) -> Response:
    language = choose_language(request.headers.get("accept-language"))
    answer: dict[str, Any] = {
        "id": state.id,
        "joined_to": state.joined.lead if state.joined else None,
        "status": state.status,
        "status_words": say(f"status.{state.status}", language),
        "round": state.round,
    }
    headers = {"Content-Language": LANGUAGE_TAGS[language], "Vary": "Accept-Language"}
    return Json(answer, headers=headers)
