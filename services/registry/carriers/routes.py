"""`/v1/carriers`: duty posts and responsibility areas, and who holds them."""

from fastapi import Request, Response

from services.registry.carriers import messages  # noqa: F401  (registers the sentences)
from services.registry.carriers.access import (
    change,
    ensure_own,
    listed,
    read,
    seal,
    shown,
    unseal,
)
from services.registry.carriers.posts import (
    CarrierState,
    close,
    hold,
    holders,
    open_carrier,
    release,
)
from services.registry.carriers.repository import NAME
from services.registry.carriers.schemas import (
    CarrierBody,
    CarrierView,
    HoldingBody,
    ReleaseBody,
    WhyBody,
)
from services.registry.commands import Registry
from services.registry.routes import EntryId, created, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView
from services.registry.scopes import Official
from services.registry.service.base import Known, named
from shared.contracts.ids import derived_id, uuid7
from shared.contracts.words import CarrierKind
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/carriers", tags=["carriers"])


def _view(registry: Registry, found: Aggregate[CarrierState]) -> CarrierView:
    state = found.state
    assert state is not None  # none is without
    said = state.model_dump() | {"name": unseal(registry, NAME, found.id, "name", state.name)}
    return CarrierView(id=found.id, version=found.version, **said, holders=holders(state, moment()))


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def open_one(request: Request, body: CarrierBody, principal: Official) -> Response:
    """Set up a duty post or a responsibility area of an organization."""
    registry = registry_of(request)
    id = uuid7()
    wanted = named(organizations=body.organization_id, venues=body.venue_id, grids=body.grid_id)
    known = Known(await registry.repository.look_up(wanted))
    decision = open_carrier(id, body, known, lambda text: seal(registry, NAME, id, "name", text))
    ensure_own(principal, decision.state)
    return await created(request, registry.carriers.posts, id, decision, principal)


@router.get("/{id}", response_model=CarrierView)
async def read_carrier(request: Request, id: EntryId, principal: Official) -> Response:
    """A duty post or responsibility area, and who holds it."""
    registry = registry_of(request)
    return await read(registry, registry.carriers.posts, id, principal, _view)


@router.get("", response_model=Page[CarrierView])
async def list_carriers(
    request: Request,
    principal: Official,
    page: Paged,
    area: Inside = None,
    organization_id: Slug | None = None,
    kind: CarrierKind | None = None,
    person_id: Slug | None = None,
    retired: bool | None = None,
) -> Response:
    """Duty posts and responsibility areas, the newest first."""
    filters = {
        "organization_id": organization_id,
        "kind": kind,
        "holdings.person_id": person_id,
        "retired": retired,
    }
    store = registry_of(request).carriers.posts
    return await listed(request, store, principal, area, filters, page, _view)


@router.post("/{id}/holdings", status_code=201, response_model=CreatedView,
             openapi_extra=IDEMPOTENT)  # fmt: skip
async def hold_one(
    request: Request, id: EntryId, body: HoldingBody, principal: Official
) -> Response:
    """Say who holds it from when to when."""
    registry = registry_of(request)
    attempt = await idempotency_of(request)
    holding = derived_id("holding", id, attempt.key) if attempt else uuid7()
    known = Known(await registry.repository.look_up(named(people=body.person_id)))

    def decide(state: CarrierState) -> Decision[CarrierState] | None:
        if all(each.id != holding for each in state.holdings):  # else it was answered already
            known.find("people", body.person_id, "person_id")
        return hold(id, state, holding, body, attempt.fingerprint if attempt else None)

    await change(registry.carriers.posts, id, principal, decide)
    return Json({"id": holding}, 201, headers={"Location": f"/v1/carriers/{id}"})


@router.post("/{id}/holdings/{holding}/release", response_model=CarrierView)
async def release_one(
    request: Request, id: EntryId, holding: EntryId, body: ReleaseBody, principal: Official
) -> Response:
    """Say until when it was or will be held."""
    registry = registry_of(request)
    released = await change(
        registry.carriers.posts, id, principal, lambda state: release(id, state, holding, body.at)
    )
    return shown(registry, released, _view)


@router.post("/{id}/close", response_model=CarrierView)
async def close_one(request: Request, id: EntryId, body: WhyBody, principal: Official) -> Response:
    """Close it; nobody holds it any longer."""
    registry = registry_of(request)
    closed = await change(
        registry.carriers.posts, id, principal, lambda state: close(id, state, body.why, moment())
    )
    return shown(registry, closed, _view)
