"""Where grids lie on each other and where none is: overlaps and holes, and the same of lists.

Pure; polygons by shapely. Policy, art. 6: where there are residents there is service.

Geometry is worked out in degrees (WGS 84), as RFC 7946 draws it: edges are straight there, so that
neighbours who share a border share it exactly. Areas are square metres on the ellipsoid. Polygons
that cross the 180th meridian are not provided for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, mapping

from services.registry.geometry import TOLERANCE
from shared.contracts.words import GridLevel

_SIMPLIFIED = 1e-5
"""Degrees (about 1 m) by which a told geometry may differ from the exact one."""
_DECIMALS = 6
_SEMI_MAJOR = 6_378_137.0
_E = 0.081_819_190_842_622
"""WGS 84: the ellipsoid's semi-major axis in metres, and its first eccentricity."""


class Checked(NamedTuple):
    """A grid to check: its polygon (valid, not empty, degrees) or None, and its communities."""

    id: str
    name: str
    polygon: Any
    level: GridLevel = GridLevel.COMMUNITY_GRID
    communities: tuple[str, ...] = ()
    area: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of land.

    `point` is a (longitude, latitude) inside it; `geometry` is GeoJSON, simplified to about 1 m.
    """

    square_metres: float
    point: tuple[float, float]
    geometry: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Land that two grids of one level both have; `share` of the smaller one's land, 0 to 1."""

    first: Checked
    second: Checked
    share: float
    place: Place


@dataclass(frozen=True, slots=True)
class Shared:
    """A community that several grids of one level have, by id in their order."""

    community: str
    level: GridLevel
    grids: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the largest first; communities by their codes."""

    overlaps: list[Overlap]
    holes: list[Place]
    shared: list[Shared] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def check(
    grids: Sequence[Checked], tolerance: float = TOLERANCE, communities: Iterable[str] = ()
) -> Report:
    """The overlaps of `grids`, and the places that they enclose and none of them covers.

    Grids of different levels are meant to lie on each other: an overlap is one of two of the same
    level, and what a grid of any level covers is no hole. A common border is no overlap, and a gap
    that is open to the outside is no hole. What measures at most `tolerance` (square metres) is
    left out.

    Of lists: a community that two grids of one level name is shared where one of them has no
    polygon and so claims the whole of it (two polygons may each have a part of it: of those the
    land is compared). One of `communities` is missing where no grid names it or is of it.
    """
    drawn = [grid for grid in grids if grid.polygon is not None]
    return Report(
        sorted(_overlaps(drawn, tolerance), key=lambda found: -found.place.square_metres),
        sorted(_holes(drawn, tolerance), key=lambda found: -found.square_metres),
        list(_shared(grids)),
        sorted(
            set(communities).difference(
                *(grid.communities for grid in grids), (grid.area for grid in grids)
            )
        ),
    )


def _shared(grids: Iterable[Checked]) -> Iterator[Shared]:
    naming: dict[tuple[str, GridLevel], list[Checked]] = {}
    for grid in grids:
        for community in grid.communities:
            naming.setdefault((community, grid.level), []).append(grid)
    for (community, level), there in sorted(naming.items()):
        if len(there) > 1 and any(grid.polygon is None for grid in there):
            yield Shared(community, level, tuple(sorted(there, key=lambda grid: grid.id)))


def square_metres(polygon: Any) -> float:
    """The area of a polygon (degrees) on the WGS 84 ellipsoid.

    Lambert's cylindrical equal-area projection (Snyder, Map Projections, 1987, 10-14 to 10-17) is
    exact at every latitude. What errs is that an edge straight in degrees is taken as straight in
    the projection too: up to latitude 45 at most 2 cm aside for an edge of 1 km, 2 m for one of
    10 km, which is below a thousandth of any grid with sides of that length.
    """
    return float(shapely.transform(polygon, _equal_area).area)


def _equal_area(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    longitude, sine = np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1]))
    q = (1 - _E**2) * (
        sine / (1 - (_E * sine) ** 2) + np.log((1 + _E * sine) / (1 - _E * sine)) / (2 * _E)
    )
    return np.column_stack([_SEMI_MAJOR * longitude, _SEMI_MAJOR * q / 2])


def _overlaps(grids: Sequence[Checked], tolerance: float) -> Iterator[Overlap]:
    polygons = np.array([grid.polygon for grid in grids], dtype=object)
    # Pairs whose rectangles meet; of the two ways round only one.
    ones, others = shapely.STRtree(polygons).query(polygons)
    for one, other in zip(ones[ones < others], others[ones < others], strict=True):
        if grids[one].level is not grids[other].level:
            continue
        common = _land(shapely.intersection(polygons[one], polygons[other]))
        measured = square_metres(common)
        if measured > tolerance:
            smaller = min(square_metres(polygons[one]), square_metres(polygons[other]))
            first, second = sorted((grids[one], grids[other]), key=lambda grid: grid.id)
            yield Overlap(first, second, min(measured / smaller, 1.0), _place(common, measured))


def _holes(grids: Iterable[Checked], tolerance: float) -> Iterator[Place]:
    covered = shapely.union_all([grid.polygon for grid in grids])
    for part in shapely.get_parts(_land(covered)):
        for ring in part.interiors:
            hole = Polygon(ring)
            # A grid may stand in it like an island: that is covered.
            hole = _land(shapely.difference(hole, covered))
            measured = square_metres(hole)
            if measured > tolerance:
                yield _place(hole, measured)


def _land(geometry: Any) -> Any:
    """The polygons of a geometry, without the lines and points where only borders meet."""
    parts = shapely.get_parts(geometry)
    return MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _place(land: Any, measured: float) -> Place:
    inside = land.representative_point()
    parts = shapely.get_parts(shapely.simplify(land, _SIMPLIFIED))
    told = parts[0] if len(parts) == 1 else MultiPolygon(list(parts))
    shown: dict[str, Any] = _rounded(mapping(told))
    return Place(round(measured, 1), (inside.x, inside.y), shown)


def _rounded(value: Any) -> Any:
    """GeoJSON with lists for tuples and degrees of 0.1 m."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, _DECIMALS) if isinstance(value, float) else value
