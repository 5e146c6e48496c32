"""Counts of requests by place and month, of all categories together or of one; pure.

A *place* is an area's code, or `grid/{id}`. What was counted at the lowest place is rolled up to
every area above it, so that a request counts once at each level.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

GRID = "grid"
_GRID = f"{GRID}/"


class Cell(NamedTuple):
    """Requests of a place and month: all, with a verdict, long unsolved, reopened at least once."""

    requests: int = 0
    judged: int = 0
    long: int = 0
    reopened: int = 0

    def plus(self, other: "Cell") -> "Cell":
        """Both together."""
        return Cell(*(one + more for one, more in zip(self, other, strict=True)))

    def minus(self, other: "Cell") -> "Cell":
        """This without the other."""
        return Cell(*(one - less for one, less in zip(self, other, strict=True)))


NOTHING = Cell()

Counts = Mapping[str, Mapping[str, Cell]]
"""By place and month (2026-05)."""


class Row(NamedTuple):
    """What was counted at one path of areas and grid in one month."""

    path: tuple[str, ...]
    """Codes from the top area down."""
    grid: str | None
    month: str
    cell: Cell


def grid_place(grid: str) -> str:
    """The place of a grid."""
    return _GRID + grid


def grid_of(place: str) -> str | None:
    """The grid of a place that is one."""
    return place.removeprefix(_GRID) if place.startswith(_GRID) else None


def rolled_up(rows: Iterable[Row]) -> dict[str, dict[str, Cell]]:
    """The counts of every place that a row lies in."""
    sums: dict[str, dict[str, list[int]]] = {}
    for path, grid, month, cell in rows:
        for place in places_of(path, grid):
            months = sums.setdefault(place, {})
            kept = months.get(month)
            if kept is None:
                months[month] = list(cell)
            else:
                for n, number in enumerate(cell):
                    kept[n] += number
    return {
        place: {month: Cell(*kept) for month, kept in months.items()}
        for place, months in sums.items()
    }


def places_of(path: tuple[str, ...], grid: str | None) -> tuple[str, ...]:
    """The places that a path of areas and a grid name, from the top down, each once."""
    places = dict.fromkeys(path)
    if grid is not None and path:
        places[grid_place(grid)] = None
    return tuple(places)


def over(months: Mapping[str, Cell] | None, wanted: Iterable[str]) -> Cell:
    """The cells of some months together."""
    if not months:
        return NOTHING
    return Cell(*map(sum, zip(NOTHING, *(months[m] for m in wanted if m in months), strict=True)))


@dataclass
class City:
    """Where places lie, and the requests of all categories by place and month."""

    levels: Mapping[str, str]
    """Of areas; a grid's is `grid`."""
    totals: Mapping[str, Mapping[str, Cell]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row], levels: Mapping[str, str]) -> "City":
        """The city that `rows` of all categories tell of."""
        kept = list(rows)
        parents: dict[str, str] = {}
        for path, grid, _, _ in kept:
            places = places_of(path, grid)
            parents.update(zip(places[1:], places, strict=False))
        return cls(levels, rolled_up(kept), parents)

    def level(self, place: str) -> str | None:
        """Level of a place; None where the registry has not told of it."""
        return GRID if place.startswith(_GRID) else self.levels.get(place)

    def path(self, place: str) -> tuple[str, ...]:
        """The place with all above it, from the top down."""
        found = [place]
        while (above := self.parents.get(found[-1])) is not None and above not in found:
            found.append(above)
        return tuple(reversed(found))

    def children(self) -> dict[str, list[str]]:
        """Places right below each place."""
        found: dict[str, list[str]] = {}
        for place, above in sorted(self.parents.items()):
            found.setdefault(above, []).append(place)
        return found

    def tops(self) -> list[str]:
        """Places with none above."""
        return sorted(place for place in self.totals if place not in self.parents)

    def at(self, level: str) -> list[str]:
        """Places of a level that had requests."""
        return sorted(place for place in self.totals if self.level(place) == level)

    def months(self) -> list[str]:
        """Months that had requests, in order."""
        return sorted({month for months in self.totals.values() for month in months})
