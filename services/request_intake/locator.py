"""Finds the grid and the areas of a place. Pure: made from the read models, then never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.errors import ShapelyError  # type: ignore[attr-defined]
from shapely.geometry import Point as XY
from shapely.geometry import shape

from shared.contracts.payload import Point
from shared.contracts.words import GridLevel

_FINEST_FIRST = (GridLevel.CELL, GridLevel.COMMUNITY_GRID, GridLevel.STREET_GRID)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a request belongs; `area_path` from the top area down."""

    grid_id: str | None
    area_path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """An area as the registry tells of it."""

    name: str
    path: tuple[str, ...]
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid as the registry tells of it; `polygon` None where it is a list of communities."""

    id: str
    name: str
    area: str
    area_path: tuple[str, ...]
    communities: tuple[str, ...] = ()
    polygon: Any = field(default=None, compare=False)
    retired: bool = False
    level: GridLevel = GridLevel.COMMUNITY_GRID

    @property
    def rank(self) -> int:
        """0 for the most specific level."""
        return _FINEST_FIRST.index(self.level)


def polygon_of(geometry: Mapping[str, Any] | None) -> Any:
    """A polygon from GeoJSON, mended where its rings cross; None without one.

    Raises `ValueError` where it is no geometry at all.
    """
    if geometry is None:
        return None
    try:
        polygon = shape(geometry)
    except (ShapelyError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"no GeoJSON polygon: {error}") from error
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


class Locator:
    """Looks places up among `areas` (by code) and `grids`.

    Where grids overlap or are nested, the most specific level wins, in it the smallest, and of
    equal ones the lower id: the same place always has the same grid, whichever replica looks it up.
    """

    def __init__(self, areas: Mapping[str, Area], grids: Iterable[Grid]) -> None:
        self.areas = areas
        in_use = [grid for grid in grids if not grid.retired]
        drawn = [grid for grid in in_use if grid.polygon is not None and not grid.polygon.is_empty]
        # In this order, the first polygon that holds a point is the one that counts.
        drawn.sort(key=lambda grid: (grid.rank, grid.polygon.area, grid.id))
        self._drawn: list[Placement] = [Placement(grid.id, grid.area_path) for grid in drawn]
        self._polygons = np.array([grid.polygon for grid in drawn], dtype=object)
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)
        self._by_area = _by_area(in_use)

    def locate(self, point: Point | None = None, area: str | None = None) -> Placement | None:
        """The place of a point, else of an area's code; None where neither is known."""
        if point is not None:
            placement = self._at(point.longitude, point.latitude)
            if placement is not None:
                return placement
        known = self.areas.get(area) if area is not None else None
        if known is None or area is None:
            return None
        return Placement(self._by_area.get(area), known.path)

    def _at(self, x: float, y: float) -> Placement | None:
        found: list[int] = self._tree.query(XY(x, y)).tolist()
        for index in sorted(found):
            if shapely.intersects_xy(self._polygons[index], x, y):
                return self._drawn[index]
        return None


def _by_area(grids: Iterable[Grid]) -> dict[str, str]:
    """Area code -> grid id: the grid that lists the community (of the most specific level the one
    with the shortest list), else the area's only grid of its widest level: a place known by its
    area alone may lie outside the cells there, and not outside that one.
    """
    of_area: dict[str, dict[int, list[str]]] = {}
    found: dict[str, str] = {}
    for grid in sorted(grids, key=lambda grid: (grid.rank, len(grid.communities), grid.id)):
        of_area.setdefault(grid.area, {}).setdefault(grid.rank, []).append(grid.id)
        for community in grid.communities:
            found.setdefault(community, grid.id)
    widest = {area: levels[max(levels)] for area, levels in of_area.items()}
    return {area: ids[0] for area, ids in widest.items() if len(ids) == 1} | found
