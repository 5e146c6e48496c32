"""`/v1/promises`: what was promised until when, and whether it was kept."""

from fastapi import Request, Response

from services.registry.carriers.access import (
    change,
    ensure_own,
    listed,
    read,
    seal,
    shown,
    unseal,
)
from services.registry.carriers.promises import PromiseState, keep, make, void
from services.registry.carriers.schemas import KeepBody, PromiseBody, PromiseView, WhyBody
from services.registry.commands import Registry
from services.registry.routes import EntryId, created, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView
from services.registry.scopes import Server
from services.registry.service.base import Known, named
from shared.contracts.ids import uuid7
from shared.contracts.words import PromiseStatus
from shared.spans import moment
from shared.storage.aggregates import Aggregate
from shared.web.idempotency import IDEMPOTENT
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Slug

router = Router(prefix="/v1/promises", tags=["carriers"])
NAME = "promises"


def _view(registry: Registry, found: Aggregate[PromiseState]) -> PromiseView:
    state = found.state
    assert state is not None  # none is without
    said = state.model_dump() | {"text": unseal(registry, NAME, found.id, "text", state.text)}
    return PromiseView(id=found.id, version=found.version, **said)


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def promise(request: Request, body: PromiseBody, principal: Server) -> Response:
    """Enter what an organization or a person promises to do before a time."""
    registry = registry_of(request)
    id = uuid7()
    wanted = named(organizations=body.organization_id, people=body.person_id)
    known = Known(await registry.repository.look_up(wanted))
    decision = make(id, body, known, moment(), lambda text: seal(registry, NAME, id, "text", text))
    ensure_own(principal, decision.state)
    return await created(request, registry.carriers.promises, id, decision, principal)


@router.get("/{id}", response_model=PromiseView)
async def read_promise(request: Request, id: EntryId, principal: Server) -> Response:
    """A promise, and what became of it."""
    registry = registry_of(request)
    return await read(registry, registry.carriers.promises, id, principal, _view)


@router.get("", response_model=Page[PromiseView])
async def list_promises(
    request: Request,
    principal: Server,
    page: Paged,
    area: Inside = None,
    organization_id: Slug | None = None,
    person_id: Slug | None = None,
    status: PromiseStatus | None = None,
) -> Response:
    """Promises, the newest first."""
    filters = {"organization_id": organization_id, "person_id": person_id, "status": status}
    store = registry_of(request).carriers.promises
    return await listed(request, store, principal, area, filters, page, _view)


@router.post("/{id}/keep", response_model=PromiseView)
async def keep_promise(
    request: Request, id: EntryId, body: KeepBody, principal: Server
) -> Response:
    """Show it kept, by a record of work done before its date."""
    registry = registry_of(request)
    record = await registry.records.store.get(body.record_id)
    kept = await change(
        registry.carriers.promises,
        id,
        principal,
        lambda state: keep(state, body.record_id, record.state if record else None),
    )
    return shown(registry, kept, _view)


@router.post("/{id}/void", response_model=PromiseView)
async def void_promise(request: Request, id: EntryId, body: WhyBody, principal: Server) -> Response:
    """Take back one that was entered by mistake."""
    registry = registry_of(request)
    voided = await change(
        registry.carriers.promises, id, principal, lambda state: void(state, body.why)
    )
    return shown(registry, voided, _view)
