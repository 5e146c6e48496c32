"""Made-up cities: counts by category, community and month, with and without problems."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.assessment.problems.counts import Cell, Row
from services.assessment.problems.finder import Finder, look_at
from services.assessment.problems.findings import Finding
from services.assessment.problems.table import ProblemRules

RULES = ProblemRules.model_validate_json(
    Path("services/assessment/data/problem-rules.json").read_bytes()
)
MONTHS = tuple(f"2026-{month:02}" for month in range(1, 9))


@dataclass
class Made:
    """A city of districts, streets and communities, and how its requests come about.

    Attributes:
        requests: of a month in the whole city, on average.
        uneven: a category's share in a place is within this of the city's, either way.
        season: standard deviation of a category's level from month to month, as a share.
        bursts: relative variance of one count beyond Poisson.
        planted: factor on the mean by category, community and month.
        late: share of late ones, by category and community; 0.1 where it is not told.
    """

    seed: int
    districts: int = 2
    streets: int = 5
    communities: int = 4
    categories: int = 30
    requests: int = 3000
    uneven: float = 0.0
    season: float = 0.0
    bursts: float = 0.0
    planted: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    late: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def paths(self) -> list[tuple[str, ...]]:
        """Of all communities."""
        return [
            ("city", f"d{d}", f"d{d}s{s}", f"d{d}s{s}c{c}")
            for d in range(self.districts)
            for s in range(self.streets)
            for c in range(self.communities)
        ]

    def levels(self) -> dict[str, str]:
        names = ("city", "district", "street", "community")
        return {code: level for p in self.paths() for code, level in zip(p, names, strict=True)}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Category and row."""
        draw = random.Random(self.seed)
        names = [f"k{n:02}" for n in range(self.categories)]
        weights = [1 / (n + 3) for n in range(self.categories)]
        paths = self.paths()
        sizes = [draw.lognormvariate(0, 0.5) for _ in paths]
        unit = self.requests / sum(weights) / sum(sizes)
        tilt = {
            (name, path[-1]): 1 + draw.uniform(-self.uneven, self.uneven)
            for name in names
            for path in paths
        }
        for month in MONTHS:
            for name, weight in zip(names, weights, strict=True):
                level = draw.lognormvariate(0, self.season)
                for path, size in zip(paths, sizes, strict=True):
                    mean = unit * weight * size * level * tilt[name, path[-1]]
                    mean *= self.planted.get((name, path[-1], month), 1.0)
                    if self.bursts:
                        mean *= draw.gammavariate(1 / self.bursts, self.bursts)
                    number = _poisson(draw, mean)
                    share = self.late.get((name, path[-1]), 0.1)
                    long = sum(draw.random() < share for _ in range(number))
                    again = sum(draw.random() < 0.05 for _ in range(number))
                    if number:
                        yield name, Row(path, None, month, Cell(number, number, long, again))

    def look(
        self, rules: ProblemRules = RULES, month: str = MONTHS[-1]
    ) -> tuple[Finder, list[Finding]]:
        """The finder after its look at a month, and what is told of it."""
        return look_at(self.by_category(), self.levels(), rules, month)

    def by_category(self) -> dict[str, list[Row]]:
        """The rows of each category."""
        found: dict[str, list[Row]] = {}
        for name, row in self.rows():
            found.setdefault(name, []).append(row)
        return found


def _poisson(draw: random.Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, number, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        number += 1
        product *= draw.random()
    return number
