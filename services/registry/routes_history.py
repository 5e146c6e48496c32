"""Who changed an entry when, and why: one route for every subject of the registry."""

from typing import Annotated

from fastapi import Depends, Path, Request

from services.registry.messages import not_registered
from services.registry.routes import EntryId
from shared.messaging.runtime import Runtime
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.routing import Router
from shared.web.schemas import Change

router = Router(prefix="/v1", tags=["operations"])

Overseer = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]
Kind = Annotated[
    str, Path(pattern="^[a-z_]{1,40}$", description="Plural as in paths: units, records")
]


@router.get("/history/{kind}/{id}")
async def show_history(
    request: Request, kind: Kind, id: EntryId, principal: Overseer
) -> list[Change]:
    """The last 100 changes of an entry, the oldest first."""
    runtime: Runtime = request.app.state.runtime
    store = next((one for one in runtime.stores if one.collection.name == kind), None)
    found = None if store is None else await store.get(id)
    if store is None or found is None:
        raise not_registered(kind, id)
    ensure_area(principal, getattr(found.state, "area_path", ()))
    return [Change.model_validate(change) for change in await store.history(id)]
