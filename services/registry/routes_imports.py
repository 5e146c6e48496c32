"""Bulk loads over HTTP."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, Response

from services.registry import bulk
from services.registry.routes import registry_of
from services.registry.schemas import ImportBody, ImportView
from shared.web.auth import Principal, Role, require
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/imports", tags=["imports"])

Loader = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]


class Loaded(StrEnum):
    """What can be loaded in bulk."""

    AREAS = "areas"
    UNITS = "units"
    ORGANIZATIONS = "organizations"
    GRIDS = "grids"
    PEOPLE = "people"
    VENUES = "venues"


@router.post("/{kind}", response_model=ImportView)
async def import_rows(
    request: Request, kind: Loaded, body: ImportBody, principal: Loader
) -> Response:
    """Create or change up to 500 entries; what became of each row.

    A row is as the body of POST, `id` given (a volunteer without one gets one from the telephone
    number). What a row leaves out stays as it is; null or an empty list clears it. The same rows
    again are `unchanged` and publish nothing.
    """
    registry = registry_of(request)
    entry = registry.kinds[kind]
    if principal.role not in entry.writers:
        allowed = sorted(role.value for role in entry.writers)
        raise Problem(403, "wrong-role", allowed=allowed, role=principal.role.value)
    results = await bulk.load(registry, entry, body.rows, principal)
    return Json({"results": [result.model_dump(exclude_none=True) for result in results]})
