"""What the documents' formulas give, written down once more: no line of the services in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LEAST_SAMPLE = 5
BOUNDS = (5.0, 100.0)
"""Of M: `shrinkage` of the shipped scheme."""
GRADES = (("good", 90), ("fairly_good", 80), ("average", 60), ("poor", 0))
"""Of the shipped scheme, from so many points on."""


@dataclass(frozen=True)
class Place:
    """Who has how many points; without rank and grade with too small a sample."""

    id: str
    points: float
    rank: int | None
    grade: str | None


def ranked(counts: Mapping[str, tuple[int, int]]) -> list[Place]:
    """A class ranked by a share, k of n by subject (docs/assessment/scores.md): in order, then
    those that are not ranked, by id. Nobody where no subject has the minimum sample."""
    if all(n < LEAST_SAMPLE for _, n in counts.values()):
        return []
    n_all = sum(n for _, n in counts.values())
    mean = sum(k for k, _ in counts.values()) / n_all
    strength = _strength({id: kn for id, kn in counts.items() if kn[1]}, n_all, mean)
    points = {id: 100 * (k + strength * mean) / (n + strength) for id, (k, n) in counts.items()}
    enough = [id for id, (_, n) in counts.items() if n >= LEAST_SAMPLE]
    order = sorted(enough, key=lambda id: (-round(points[id], 6), -counts[id][1], id))
    grades = {id: next(g for g, least in GRADES if points[id] >= least) for id in order}
    places = [Place(id, points[id], rank, grades[id]) for rank, id in enumerate(order, 1)]
    return places + [Place(id, points[id], None, None) for id in sorted(counts.keys() - {*enough})]


def _strength(counts: Mapping[str, tuple[int, int]], n_all: int, mean: float) -> float:
    least, most = BOUNDS
    chance, others = mean * (1 - mean), len(counts) - 1
    beyond = n_all - sum(n * n for _, n in counts.values()) / n_all - others
    if not others or not chance or beyond <= 0:
        return least
    spread = sum(n * (k / n - mean) ** 2 for k, n in counts.values())
    own = (spread / chance - others) / beyond
    return min(most, max(least, (1 - own) / own if own > 0 else inf))


def documented(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading of a page in docs/, without its head."""
    lines = iter((DOCS / page).read_text("utf-8").splitlines())
    next(line for line in lines if line.lstrip("# ") == heading)
    next(line for line in lines if line.startswith("| ---"))
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
