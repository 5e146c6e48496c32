"""Finds the grid and the areas of a place at a time, from the read models; made, never changed.

A request belongs to the grid of its own time (policy, art. 6: old requests keep their old grid).
A boundary that is still to come is known beforehand, so that it takes effect at its moment in
every replica without any event.
"""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely.errors import ShapelyError  # type: ignore[attr-defined]
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
class Boundary:
    """Where a grid is from `start` on, before `end` (POSIX seconds).

    `polygon` is None where it is a list of communities.
    """

    area: str
    area_path: tuple[str, ...]
    communities: tuple[str, ...] = ()
    polygon: Any = field(default=None, compare=False)
    level: GridLevel = GridLevel.COMMUNITY_GRID
    start: float = -math.inf
    end: float = math.inf

    @property
    def rank(self) -> int:
        """0 for the most specific level."""
        return _FINEST_FIRST.index(self.level)


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid as the registry tells of it: its boundaries in their order, not meeting in time.

    `undated`: the first one also takes what is older and lies in no boundary of its time.
    """

    id: str
    name: str
    boundaries: tuple[Boundary, ...] = ()
    undated: bool = False


class _Entry(NamedTuple):
    """A boundary as look-ups see it; `start` and `end` say when it counts."""

    placement: Placement
    boundary: Boundary
    start: float
    end: float


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
    """Looks places up among `areas` (by code) and `grids`, by the boundaries of a moment.

    Where grids overlap or are nested, the most specific level wins, in it the smallest, and of
    equal ones the lower id: the same place at the same time always has the same grid, whichever
    replica looks it up, and whenever it does.
    """

    def __init__(self, areas: Mapping[str, Area], grids: Iterable[Grid]) -> None:
        self.areas = areas
        dated, undated = _entries(grids)
        self._layers = [(_Drawn(layer), _Listed(layer)) for layer in (dated, undated) if layer]

    def locate(
        self, point: Point | None = None, area: str | None = None, at: datetime | None = None
    ) -> Placement | None:
        """The place of a point, else of an area's code; None where neither is known.

        Args:
            at: when; None: now.
        """
        when = time.time() if at is None else at.timestamp()
        if point is not None:
            for drawn, _ in self._layers:
                placement = drawn.find(point.longitude, point.latitude, when)
                if placement is not None:
                    return placement
        known = self.areas.get(area) if area is not None else None
        if known is None or area is None:
            return None
        found = (listed.find(area, when) for _, listed in self._layers)
        return Placement(next((id for id in found if id is not None), None), known.path)


def _entries(grids: Iterable[Grid]) -> tuple[list[_Entry], list[_Entry]]:
    """What counts at its own time, and what takes what is older where none of that does."""
    dated: list[_Entry] = []
    undated: list[_Entry] = []
    for grid in grids:
        for number, boundary in enumerate(grid.boundaries):
            placement = Placement(grid.id, boundary.area_path)
            dated.append(_Entry(placement, boundary, boundary.start, boundary.end))
            if number == 0 and grid.undated:
                undated.append(_Entry(placement, boundary, -math.inf, boundary.start))
    return dated, undated


class _Drawn:
    """Polygons with their spans of time in one tree."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        drawn = [
            entry
            for entry in entries
            if entry.boundary.polygon is not None and not entry.boundary.polygon.is_empty
        ]
        # In this order, the first polygon that holds a point is the one that counts.
        drawn.sort(
            key=lambda one: (
                one.boundary.rank,
                one.boundary.polygon.area,
                one.placement.grid_id,
                one.start,
            )
        )
        self._entries = drawn
        self._polygons = np.array([entry.boundary.polygon for entry in drawn], dtype=object)
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)

    def find(self, x: float, y: float, when: float) -> Placement | None:
        """The place of a point (degrees) at a time (POSIX seconds)."""
        found: list[int] = self._tree.query(shapely.points(x, y)).tolist()
        if len(found) > 1:
            found.sort()
        for index in found:
            entry = self._entries[index]
            if entry.start <= when < entry.end and shapely.intersects_xy(
                self._polygons[index], x, y
            ):
                return entry.placement
        return None


class _Listed:
    """Grids by area code.

    An area has the grid that lists it (of the most specific level the one with the shortest list),
    else its only grid of its widest level: a place known by its area alone may lie outside the
    cells there, and not outside that one.
    """

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._listing: dict[str, list[_Entry]] = {}
        self._own: dict[str, list[_Entry]] = {}
        ordered = sorted(
            entries,
            key=lambda one: (
                one.boundary.rank,
                len(one.boundary.communities),
                one.placement.grid_id,
            ),
        )
        for entry in ordered:
            self._own.setdefault(entry.boundary.area, []).append(entry)
            for community in entry.boundary.communities:
                self._listing.setdefault(community, []).append(entry)

    def find(self, area: str, when: float) -> str | None:
        """The grid of an area at a time (POSIX seconds)."""
        for entry in self._listing.get(area, ()):
            if entry.start <= when < entry.end:
                return entry.placement.grid_id
        own = [entry for entry in self._own.get(area, ()) if entry.start <= when < entry.end]
        if not own:
            return None
        widest = [entry for entry in own if entry.boundary.rank == own[-1].boundary.rank]
        return widest[0].placement.grid_id if len(widest) == 1 else None
