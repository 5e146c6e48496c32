"""How many of what there are, and what belongs to what: arithmetic on indices, nothing is kept.

Child number `n` of `children` belongs to parent `n * parents // children`: children of one parent
follow each other, and every parent has some. So each file can be written by itself, row by row.
"""

from dataclasses import dataclass

CITY = "9902"
"""Codes are built like the national ones, under 99, which no province has."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A city's numbers (issue 3, "Scale and speed", at scale 1)."""

    seed: int = 1
    districts: int = 16
    streets: int = 350
    communities: int = 7_500
    grids: int = 30_000
    units: int = 20_000
    organizations: int = 100_000
    people: int = 1_000_000

    @classmethod
    def of(cls, seed: int, scale: float) -> "Plan":
        """The plan at a scale from 0.001 to 1."""
        if not 0.001 <= scale <= 1:
            raise ValueError("the scale must be from 0.001 to 1")

        def some(number: int) -> int:
            return max(1, round(number * scale))

        whole = cls()
        return cls(
            seed,
            some(whole.districts),
            some(whole.streets),
            some(whole.communities),
            some(whole.grids),
            some(whole.units),
            some(whole.organizations),
            some(whole.people),
        )

    @property
    def areas(self) -> int:
        """Areas of all levels, the city among them."""
        return 1 + self.districts + self.streets + self.communities

    # Codes: the place in the parent's list is the last part of the code

    def district(self, n: int) -> str:
        """Code of district `n`, 6 digits."""
        return f"{CITY}{n + 1:02}"

    def street(self, n: int) -> str:
        """Code of street `n`, 9 digits."""
        above = parent(n, self.streets, self.districts)
        return f"{self.district(above)}{n - first(above, self.streets, self.districts) + 1:03}"

    def community(self, n: int) -> str:
        """Code of community `n`, 12 digits."""
        above = parent(n, self.communities, self.streets)
        return f"{self.street(above)}{n - first(above, self.communities, self.streets) + 1:03}"

    def grid_community(self, grid: int) -> int:
        """The community of a grid."""
        return parent(grid, self.grids, self.communities)

    def team(self, grid: int, size: int) -> list[str]:
        """Ids of the first `size` people of a grid, its leader first."""
        begin = first(grid, self.people, self.grids)
        end = min(first(grid + 1, self.people, self.grids), begin + size)
        return [person_id(n) for n in range(begin, end)]


def parent(n: int, children: int, parents: int) -> int:
    """The parent of child `n`."""
    return n * parents // children


def first(n: int, children: int, parents: int) -> int:
    """The first child of parent `n`; of the parent after the last, how many there are."""
    return -(-n * children // parents)


def grid_id(n: int) -> str:
    """The registry's id of grid `n`."""
    return f"g-{n + 1:05}"


def unit_id(n: int) -> str:
    """The registry's id of unit `n`."""
    return f"u-{n + 1:05}"


def person_id(n: int) -> str:
    """The registry's id of person `n`."""
    return f"p-{n + 1:07}"
