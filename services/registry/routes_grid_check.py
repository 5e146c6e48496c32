"""Overlaps and holes of an area's grids over HTTP (policy, art. 6: each place has one team)."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from shapely.geometry import shape

from services.registry import commands
from services.registry.grid_check import TOLERANCE, Drawn, Overlap, Place, Report, check
from services.registry.routes import registry_of
from services.registry.schemas import GridCheckView
from shared.contracts.words import GridLevel
from shared.storage.client import Document
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json

router = Router(prefix="/v1", tags=["grids"])

Checker = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]
Tolerance = Annotated[
    float,
    Query(
        ge=0,
        le=1e9,
        allow_inf_nan=False,
        description="Square metres up to which an overlap or a hole is left out",
    ),
]


@router.get("/grid-check", response_model=GridCheckView)
async def check_grids(
    request: Request,
    principal: Checker,
    area: Annotated[AreaCode, Query(description="Its grids, and those of areas inside it")],
    tolerance: Tolerance = TOLERANCE,
) -> Response:
    """Where grids in use of one level lie on each other, and what they enclose and none covers."""
    registry = registry_of(request)
    known = await commands.read(registry, "areas", area)
    assert known.state is not None  # what is read is there
    ensure_area(principal, known.state.area_path)
    documents = await registry.repository.grids_in(area)
    # Polygons cost CPU; the event loop goes on serving meanwhile.
    drawn, report = await asyncio.to_thread(_checked, documents, tolerance)
    return Json(
        {
            "area": area,
            "tolerance": tolerance,
            "drawn": drawn,
            "listed": len(documents) - drawn,
            "overlaps": [_overlap(found) for found in report.overlaps],
            "holes": [_land(found) for found in report.holes],
        }
    )


def _checked(documents: Sequence[Document], tolerance: float) -> tuple[int, Report]:
    grids = [
        Drawn(
            document["_id"],
            document["state"]["name"],
            shape(document["state"]["geometry"]),
            GridLevel(document["state"].get("level", GridLevel.COMMUNITY_GRID)),
        )
        for document in documents
        if document["state"].get("geometry") is not None
    ]
    return len(grids), check(grids, tolerance)


def _overlap(found: Overlap) -> dict[str, Any]:
    pair = [{"id": grid.id, "name": grid.name} for grid in (found.first, found.second)]
    told = {"level": found.first.level, "grids": pair, "share": round(found.share, 4)}
    return told | _land(found.place)


def _land(place: Place) -> dict[str, Any]:
    longitude, latitude = place.point
    return {
        "square_metres": place.square_metres,
        "point": {"longitude": longitude, "latitude": latitude},
        "geometry": place.geometry,
    }
