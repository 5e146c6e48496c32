"""The same five routes for each kind: create, read, change, retire; lists are in `routes_lists`."""

from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Request, Response

from services.registry import commands
from services.registry.commands import Registry
from services.registry.schemas import (
    AreaBody,
    CreatedView,
    EntryBody,
    GridBody,
    OrganizationBody,
    PersonBody,
    UnitBody,
)
from services.registry.service import Areas, Grids, Kind, Organizations, People, Units
from shared.storage.aggregates import Aggregate, AggregateStore, Created, Decision, S
from shared.web.auth import Principal, Role, current_principal, require
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author
from shared.web.routing import Router
from shared.web.schemas import Json

B = TypeVar("B", bound=EntryBody)
Reader = Annotated[Principal, Depends(current_principal)]
Official = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]
"""Those who act for an area or a unit."""
EntryId = Annotated[str, Path(min_length=1, max_length=64)]


def if_match_header(*, required: bool) -> dict[str, Any]:
    """`openapi_extra` of a route that honours the header."""
    return {
        "parameters": [
            {
                "name": "If-Match",
                "in": "header",
                "required": required,
                "description": "The ETag of what you read, or * for any version.",
                "schema": {"type": "string"},
            }
        ]
    }


def registry_of(request: Request) -> Registry:
    """The parts of the running service."""
    parts: Registry = request.app.state.parts
    return parts


def _shown(kind: Kind[Any, Any], aggregate: Aggregate[Any], principal: Principal) -> Response:
    view = kind.view(aggregate.id, aggregate.version, aggregate.state, principal)
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(aggregate.version)})


async def made_once(
    request: Request, store: AggregateStore[S], id: str, decision: Decision[S], principal: Principal
) -> Created:
    """Create an aggregate, once for one `Idempotency-Key`."""
    return await store.create(
        id,
        decision,
        by=author(principal),
        answer={"id": id},
        idempotency=await idempotency_of(request),
    )


async def created(
    request: Request, store: AggregateStore[S], id: str, decision: Decision[S], principal: Principal
) -> Response:
    """As `made_once`, and say where it is."""
    made = await made_once(request, store, id, decision, principal)
    where = f"/v1/{store.collection.name}/{made.id}"
    return Json(made.answer, 201, headers={"Location": where})


def entry_router(kind: type[Kind[Any, B]], body_model: type[B]) -> Router:
    """Routes of one kind. Its writers are checked here, what is theirs in the decision."""
    router = Router(prefix=f"/v1/{kind.name}", tags=[kind.name])
    writer = Annotated[Principal, Depends(require(*kind.writers))]
    answer: dict[int | str, dict[str, Any]] = {200: {"model": kind.view_model}}

    async def create(
        request: Request,
        body: body_model,  # type: ignore[valid-type]
        principal: writer,
    ) -> Response:
        """Create one. Its id may be given; 409 where it is taken."""
        registry = registry_of(request)
        attempt = await idempotency_of(request)
        made = await commands.create(registry, registry.kinds[kind.name], body, principal, attempt)
        headers = {"Location": f"/v1/{kind.name}/{made.id}"}
        return Json({"id": made.id}, 201, headers=headers)

    async def read(request: Request, id: EntryId, principal: Reader) -> Response:
        """One, also a retired one, with its ETag."""
        registry = registry_of(request)
        found = await commands.read(registry, kind.name, id)
        return _shown(registry.kinds[kind.name], found, principal)

    async def change(
        request: Request,
        id: EntryId,
        body: body_model,  # type: ignore[valid-type]
        principal: writer,
    ) -> Response:
        """Replace what it says; with the ETag of what you read in If-Match."""
        registry = registry_of(request)
        version = if_match(request, required=True)
        entry = registry.kinds[kind.name]
        changed = await commands.change(registry, entry, id, body, principal, version)
        return _shown(entry, changed, principal)

    async def retire(request: Request, id: EntryId, principal: writer) -> Response:
        """Retire it: nothing new can refer to it; it stays readable."""
        registry = registry_of(request)
        entry = registry.kinds[kind.name]
        version = if_match(request)
        retired = await commands.retire(registry, entry, id, principal, version)
        return _shown(entry, retired, principal)

    one = kind.singular
    router.add_api_route(
        "",
        create,
        methods=["POST"],
        name=f"create_{one}",
        status_code=201,
        responses={201: {"model": CreatedView}},
        openapi_extra=IDEMPOTENT,
    )
    router.add_api_route("/{id}", read, methods=["GET"], name=f"read_{one}", responses=answer)
    router.add_api_route(
        "/{id}",
        change,
        methods=["PUT"],
        name=f"change_{one}",
        responses=answer,
        openapi_extra=if_match_header(required=True),
    )
    router.add_api_route(
        "/{id}",
        retire,
        methods=["DELETE"],
        name=f"retire_{one}",
        responses=answer,
        openapi_extra=if_match_header(required=False),
    )
    return router


ROUTERS = [
    entry_router(Areas, AreaBody),
    entry_router(Units, UnitBody),
    entry_router(Organizations, OrganizationBody),
    entry_router(Grids, GridBody),
    entry_router(People, PersonBody),
]
