"""Where requests lie, as keys of an index: cells of the map, and communities. Pure.

A cell is a hundredth of a degree each way: 1,110 m from south to north, and at most that from west
to east. Who looks within a distance asks for the cells that a box around the point touches.
"""

import math
from collections.abc import Sequence

from shared.contracts.payload import Point

_CELLS_A_DEGREE = 100
_METRES_A_DEGREE = 111_195
"""Of latitude, on a sphere of 6,371 km."""


def metres(one: Point, other: Point) -> float:
    """The distance, as on a plane: within a city it is right to a few metres."""
    middle = math.radians((one.latitude + other.latitude) / 2)
    x = (one.longitude - other.longitude) * math.cos(middle)
    return math.hypot(x, one.latitude - other.latitude) * _METRES_A_DEGREE


def keys_of(point: Point | None, area_path: Sequence[str]) -> tuple[str, ...]:
    """Where a request is found: in its cell and its community; without a point (`only`) there
    alone.
    """
    keys = [] if point is None else [_cell(*_place(point))]
    if area_path:
        keys.append(f"in:{area_path[-1]}")
        if point is None:
            keys.append(f"only:{area_path[-1]}")
    return tuple(keys)


def keys_around(point: Point | None, area_path: Sequence[str], within: float) -> tuple[str, ...]:
    """Where to look for what lies within so many metres of a request.

    With a point: the cells around, and what has no point in its community. Without one: all of
    its community.
    """
    area = area_path[-1] if area_path else None
    if point is None:
        return () if area is None else (f"in:{area}",)
    up = within / _METRES_A_DEGREE
    aside = up / max(0.1, math.cos(math.radians(point.latitude)))
    south, west = _numbers(point.latitude - up, point.longitude - aside)
    north, east = _numbers(point.latitude + up, point.longitude + aside)
    cells = [_cell(y, x) for y in range(south, north + 1) for x in range(west, east + 1)]
    return tuple(cells if area is None else [*cells, f"only:{area}"])


def _place(point: Point) -> tuple[int, int]:
    return _numbers(point.latitude, point.longitude)


def _numbers(latitude: float, longitude: float) -> tuple[int, int]:
    return math.floor(latitude * _CELLS_A_DEGREE), math.floor(longitude * _CELLS_A_DEGREE)


def _cell(y: int, x: int) -> str:
    return f"cell:{y},{x}"
