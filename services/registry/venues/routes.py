"""`/v1/venues`: the routes that all entries have, and a list with what is open at a moment."""

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request, Response

from services.registry.routes import Reader, entry_router, registry_of
from services.registry.routes_lists import Inside, Paged, Retired, Text, list_of
from services.registry.venues import messages  # noqa: F401  (registers the sentences)
from services.registry.venues.decisions import Venues
from services.registry.venues.hours import open_at as is_open_at
from services.registry.venues.schemas import VenueBody, VenueView
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Slug, Time

router = Router()


@router.get("/v1/venues", tags=["venues"], response_model=Page[VenueView])
async def list_venues(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    use: Annotated[Slug | None, Query(description="A code of /v1/venue-uses")] = None,
    open_at: Annotated[
        Time | None, Query(description="Open then, by the city's clock; retired ones are out")
    ] = None,
    organization_id: Slug | None = None,
    unit_id: Slug | None = None,
    text: Text = None,
    retired: Retired = None,
) -> Response:
    """Venues by name."""
    filters = {
        "area_path": area,
        "uses": use,
        "organization_id": organization_id,
        "unit_id": unit_id,
        "retired": False if open_at is not None and retired is None else retired,
    }
    zone: ZoneInfo = registry_of(request).zone
    also = None if open_at is None else is_open_at(open_at, zone)
    return await list_of(request, "venues", principal, page, filters, text, also)


router.include_router(entry_router(Venues, VenueBody))
