"""Overlaps and holes of an area's grids over HTTP (policy, art. 6: each place has one team)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.registry import commands
from services.registry.geometry import TOLERANCE
from services.registry.routes import registry_of
from services.registry.schemas import GridCheckView
from services.registry.service import boundaries
from services.registry.states import GridState
from shared.spans import moment
from shared.storage.client import Document
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Time

if TYPE_CHECKING:
    from services.registry.grid_check import Checked, Overlap, Place, Report

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
    at: Annotated[Time | None, Query(description="By the boundaries of this time; now")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Findings of each kind")] = 200,
) -> Response:
    """Where grids of one level lie on each other, and what they enclose and none covers.

    Of community lists: what two grids of one level name, and what none does.
    """
    registry = registry_of(request)
    known = await commands.read(registry, "areas", area)
    assert known.state is not None  # what is read is there
    ensure_area(principal, known.state.area_path)
    documents = await registry.repository.grids_of(area)
    names = await registry.repository.communities_in(area)
    when = at or moment()

    def work() -> dict[str, Any]:
        from services.registry.grid_check import check  # noqa: PLC0415 - see `geometry`

        grids = list(_grids(documents, area, when))
        drawn = sum(grid.polygon is not None for grid in grids)
        counted = {"drawn": drawn, "listed": len(grids) - drawn}
        return counted | _shown(check(grids, tolerance, names), names, limit)

    # Polygons cost CPU; the event loop goes on serving meanwhile.
    found = await asyncio.to_thread(work)
    return Json({"area": area, "at": when, "tolerance": tolerance} | found)


def _grids(documents: Sequence[Document], area: str, when: datetime) -> Iterator["Checked"]:
    """The grids that are inside `area` at a moment, as they are then."""
    from shapely.geometry import shape  # noqa: PLC0415 - see `geometry`

    from services.registry.grid_check import Checked  # noqa: PLC0415

    for document in documents:
        state = GridState.model_validate(document["state"])
        if state.retired and state.valid_until is None:
            continue  # until when it was in use is not known
        there = boundaries.at(boundaries.timeline_of(state), when)
        if there is not None and area in there.area_path:
            polygon = None if there.geometry is None else shape(there.geometry)
            yield Checked(
                document["_id"], state.name, polygon, there.level, there.communities, there.area
            )


def _shown(report: "Report", names: Mapping[str, str], limit: int) -> dict[str, Any]:
    """The largest findings, and how many there are of each kind."""
    found: dict[str, Sequence[Any]] = {
        "overlaps": report.overlaps,
        "holes": report.holes,
        "shared_communities": report.shared,
        "missing_communities": report.missing,
    }
    totals = {kind: len(all) for kind, all in found.items()}
    return {
        "totals": totals,
        "overlaps": [_overlap(one) for one in report.overlaps[:limit]],
        "holes": [_land(one) for one in report.holes[:limit]],
        "shared_communities": [
            {
                "level": one.level,
                "community": {"id": one.community, "name": names.get(one.community)},
                "grids": [{"id": grid.id, "name": grid.name} for grid in one.grids],
            }
            for one in report.shared[:limit]
        ],
        "missing_communities": [
            {"id": code, "name": names.get(code)} for code in report.missing[:limit]
        ],
    }


def _overlap(found: "Overlap") -> dict[str, Any]:
    pair = [{"id": grid.id, "name": grid.name} for grid in (found.first, found.second)]
    told = {"level": found.first.level, "grids": pair, "share": round(found.share, 4)}
    return told | _land(found.place)


def _land(place: "Place") -> dict[str, Any]:
    longitude, latitude = place.point
    return {
        "square_metres": place.square_metres,
        "point": {"longitude": longitude, "latitude": latitude},
        "geometry": place.geometry,
    }
