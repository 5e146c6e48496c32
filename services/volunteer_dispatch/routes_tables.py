"""The replaceable tables over HTTP, and the audit's list."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas import TableView
from services.volunteer_dispatch.service.tables import DeadlineTable, RoutingTable, TableName
from services.volunteer_dispatch.tables import Table, Version
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tables"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
OldVersion = Annotated[int | None, Query(ge=1, description="The newest unless given")]


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


def _answer(response: Response, found: Version) -> TableView:
    response.headers["ETag"] = etag(found.version)
    return TableView(
        version=found.version,
        at=found.at,
        by=found.by,
        table=found.table.model_dump(mode="json"),
    )


async def _show(
    request: Request, response: Response, name: TableName, version: int | None
) -> TableView:
    tables = _parts(request).tables
    found = await tables.find(name, version)
    if found is None:
        newest = await tables.find(name)
        raise Problem(
            404, "table-version-not-found", version=version, newest=newest and newest.version
        )
    return _answer(response, found)


async def _put(
    request: Request, response: Response, name: TableName, table: Table, principal: Principal
) -> TableView:
    expected = if_match(request, required=True)
    tables = _parts(request).tables
    if expected is None:  # If-Match: *
        newest = await tables.find(name)
        expected = newest.version if newest else 0
    by = f"{principal.role.value}:{principal.subject}"
    return _answer(response, await tables.put(name, table, expected, by=by))


@router.get("/routing")
async def show_routing(
    request: Request, response: Response, principal: Administrator, version: OldVersion = None
) -> TableView:
    """Where tasks go."""
    return await _show(request, response, "routing", version)


@router.put("/routing")
async def replace_routing(
    request: Request, response: Response, table: RoutingTable, principal: Administrator
) -> TableView:
    """Put a new routing table in force (`If-Match`); it holds for what is routed from then on."""
    return await _put(request, response, "routing", table, principal)


@router.get("/deadlines")
async def show_deadlines(
    request: Request, response: Response, principal: Administrator, version: OldVersion = None
) -> TableView:
    """How long tasks may take."""
    return await _show(request, response, "deadlines", version)


@router.put("/deadlines")
async def replace_deadlines(
    request: Request, response: Response, table: DeadlineTable, principal: Administrator
) -> TableView:
    """Put new hours in force (`If-Match`); they hold for work that begins from then on."""
    return await _put(request, response, "deadlines", table, principal)


@router.get("/audit/tasks", tags=["operations"])
async def audit_tasks(
    request: Request,
    principal: Administrator,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> dict[str, Any]:
    """Every request that dispatch knows, by request id, with the sequences applied."""
    items: Sequence[dict[str, Any]] = await _parts(request).tasks.audit(after, limit)
    next = items[-1]["request_id"] if len(items) == limit else None
    return {"items": items, "next": next}
