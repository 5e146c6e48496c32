"""Places: what intake knows of the registry's; a person places an unlocated request."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.request_intake import service
from services.request_intake.filing import check_area, point_of
from services.request_intake.parts import now, parts_of
from services.request_intake.routes_requests import Staff, load, shown
from services.request_intake.schemas import Place, RequestId
from services.request_intake.state import RequestState
from shared.storage.aggregates import Decision
from shared.storage.changes import Changes
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.etag import etag, if_match
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["requests"])

Placer = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]


@router.get("/registry-changes")
async def count_registry_changes(request: Request, _principal: Staff) -> Changes:
    """How many changes in the registry every replica knows of, by kind (its `/v1/changes`)."""
    return await parts_of(request).directory.changes(now())


@router.put("/requests/{id}/place")
async def place_request(
    request: Request, id: RequestId, body: Place, principal: Placer
) -> Response:
    """Place an unlocated request (`If-Match` with its ETag); area managers into their areas."""
    parts = parts_of(request)
    version = if_match(request, required=True)
    asked = (await load(request, id, principal)).state
    assert asked is not None
    check_area(parts, body)
    # By the grids of the request's own time, whenever it is placed.
    locator = parts.directory.city.locator
    placement = locator.locate(point_of(body), body.area, asked.accepted_at)
    if placement is None:
        raise Problem(422, "place-outside", field="place.point")
    ensure_area(principal, placement.area_path)

    def decide(state: RequestState | None) -> Decision[RequestState]:
        assert state is not None
        return service.place(state, placement, now())

    by = f"{principal.role}:{principal.subject}"
    aggregate = await parts.requests.store.execute(id, decide, by=by, version=version)
    assert aggregate.state is not None
    answer = shown(parts, principal, aggregate.state)
    return Json(answer, headers={"ETag": etag(aggregate.version)})
