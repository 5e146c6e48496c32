"""Rows by place: square cells over the city, so that looking around a point reads few rows.

A cell's rows stand together, and the cells of one line of the city too, so that a block of cells
is as many slices as it is cells high. What moved since the last build is kept apart by the index.
"""

import math

import numpy as np
from numpy.typing import NDArray

KM_A_DEGREE = 6371.0 * math.pi / 180
_A_CELL = 8
"""Rows of a cell, on average over the box."""
_OUTSIDE = 0.002
"""Share of rows left outside the box at each side: one wrong coordinate must not stretch it."""

Rows = NDArray[np.int32]


class Cells:
    """Rows with a place, by cell.

    Args:
        rows: row numbers.
        latitude, longitude: of each of `rows`, degrees.
    """

    def __init__(
        self, rows: Rows, latitude: NDArray[np.float32], longitude: NDArray[np.float32]
    ) -> None:
        self.count = len(rows)
        if not self.count:
            return
        self._south, north = _box(latitude)
        self._west, east = _box(longitude)
        # The narrowest a degree of longitude gets here, so that a radius is never overrated.
        farthest = max(abs(self._south), abs(north))
        wide = max((east - self._west) * math.cos(math.radians(farthest)) * KM_A_DEGREE, 1e-3)
        high = max((north - self._south) * KM_A_DEGREE, 1e-3)
        self.side_km = max(math.sqrt(wide * high * _A_CELL / self.count), wide / 4000, high / 4000)
        self._x_side = self.side_km / KM_A_DEGREE / math.cos(math.radians(farthest))
        self._y_side = self.side_km / KM_A_DEGREE
        self._across = int((east - self._west) / self._x_side) + 1
        self._up = int((north - self._south) / self._y_side) + 1
        x = np.clip((longitude - self._west) / self._x_side, 0, self._across - 1).astype(np.int64)
        y = np.clip((latitude - self._south) / self._y_side, 0, self._up - 1).astype(np.int64)
        cell = y * self._across + x
        order = np.argsort(cell, kind="stable")
        self._rows = rows[order].astype(np.int32)
        self._starts = np.searchsorted(cell[order], np.arange(self._across * self._up + 1)).astype(
            np.int32
        )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._rows.nbytes + self._starts.nbytes if self.count else 0

    def around(self, latitude: float, longitude: float, ring: int) -> tuple[Rows, bool]:
        """Rows of the cells at most `ring` away from the point's, and whether these are all.

        Every other row is at least `ring * side_km` away.
        """
        if not self.count:
            return np.zeros(0, np.int32), True
        x = min(max(int((longitude - self._west) // self._x_side), 0), self._across - 1)
        y = min(max(int((latitude - self._south) // self._y_side), 0), self._up - 1)
        left, right = max(x - ring, 0), min(x + ring, self._across - 1)
        low, top = max(y - ring, 0), min(y + ring, self._up - 1)
        if left == 0 and right == self._across - 1 and low == 0 and top == self._up - 1:
            return self._rows, True
        lines = np.arange(low, top + 1) * self._across
        starts, ends = self._starts[lines + left], self._starts[lines + right + 1]
        return np.concatenate([self._rows[a:b] for a, b in zip(starts, ends, strict=True)]), False


def _box(values: NDArray[np.float32]) -> tuple[float, float]:
    low, high = np.quantile(values, (_OUTSIDE, 1 - _OUTSIDE))
    return float(low), float(high)
