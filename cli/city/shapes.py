"""Grids' polygons: bent cells along a Hilbert curve, which share their borders point by point.

Cells that follow each other on the curve lie together, so that communities, streets and districts
(runs of cells) are compact. A node of the lattice and the points of an edge between two nodes are
moved by amounts that only the seed and their place decide; so both neighbours have the same
border, and cells tile without overlap or hole. Degrees, WGS 84, rounded to 0.000001.
"""

import zlib

WEST, SOUTH = 113.20, 33.90
"""The corner that the curve begins at."""
SIDE = 0.0035
"""A cell's side in degrees: about 320 by 390 m."""
_NODE, _BEND = 0.12, 0.05
"""How far a node and an edge's points are moved, in sides; more of both could cross."""
_BETWEEN = (0.25, 0.5, 0.75)
"""Where an edge has points."""

Position = tuple[float, float]


def cell_of(n: int, cells: int) -> tuple[int, int]:
    """Column and row of cell `n` on the Hilbert curve that has room for `cells`."""
    side = 1
    while side * side < cells:
        side *= 2
    x = y = 0
    step = 1
    while step < side:
        right = 1 & (n // 2)
        up = 1 & (n ^ right)
        if not up:
            if right:
                x, y = step - 1 - x, step - 1 - y
            x, y = y, x
        x, y = x + step * right, y + step * up
        n //= 4
        step *= 2
    return x, y


def polygon(seed: int, x: int, y: int) -> list[Position]:
    """The closed ring of the cell in column `x` and row `y`, counter-clockwise."""
    south = _edge(seed, x, y, 1, 0)
    east = _edge(seed, x + 1, y, 0, 1)
    north = _edge(seed, x, y + 1, 1, 0)
    west = _edge(seed, x, y, 0, 1)
    return [*south, *east[1:], *north[-2::-1], *west[-2::-1]]


def inside(x: int, y: int, across: float, up: float) -> Position:
    """A point in the cell's middle half, `across` and `up` from 0 to 1."""
    return _degrees(x + 0.25 + across / 2, y + 0.25 + up / 2)


def _edge(seed: int, x: int, y: int, east: int, north: int) -> list[Position]:
    """The points from a node to the next one to the east or north, both among them."""
    (ax, ay), (bx, by) = _node(seed, x, y), _node(seed, x + east, y + north)
    points = [_degrees(ax, ay)]
    for place, share in enumerate(_BETWEEN):
        bend = _BEND * _moved(f"{seed}:{x}:{y}:{east}:{place}")
        px, py = ax + (bx - ax) * share, ay + (by - ay) * share
        points.append(_degrees(px + bend * north, py + bend * east))
    points.append(_degrees(bx, by))
    return points


def _node(seed: int, x: int, y: int) -> Position:
    return (
        x + _NODE * _moved(f"{seed}:{x}:{y}:x"),
        y + _NODE * _moved(f"{seed}:{x}:{y}:y"),
    )


def _moved(key: str) -> float:
    """From -1 to 1, the same for the same key."""
    return zlib.crc32(key.encode()) / 2**31 - 1


def _degrees(x: float, y: float) -> Position:
    return round(WEST + x * SIDE, 6), round(SOUTH + y * SIDE, 6)
