"""What is found of a category in a place, and which of several findings are told; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.assessment.problems.counts import Cell, City
from services.assessment.problems.table import Least, ProblemRules


class Basis(StrEnum):
    """What of a category is above expectation."""

    WIDESPREAD = "widespread"
    REPEATED = "repeated"
    REOPENED = "reopened"
    UNSOLVED = "unsolved"


@dataclass(frozen=True, slots=True)
class Finding:
    """A category above expectation in a place, with its statistics.

    Attributes:
        place: where: an area's code or `grid/{id}`; for what is widespread the area of the places.
        count: counted in the span of the test: the month, or the window.
        sample: of how many, for shares (reopened, unsolved); else 0.
        expected: what was expected of the same.
        p: of "at most the tested ratio times what is expected", before multiplicity.
        cut: the largest p that was found among the same tests.
        above: months (or places) above expectation, of those looked at.
        rate: what the expected count is per other request of the area (widespread), for the months
            that follow; 0 otherwise.
    """

    basis: Basis
    category: str
    place: str
    level: str
    count: int
    sample: int
    expected: float
    p: float
    cut: float = 0.0
    above: tuple[str, ...] = ()
    of: int = 0
    rate: float = 0.0

    @property
    def ratio(self) -> float:
        """Counted to expected."""
        return self.count / self.expected


def part(basis: Basis, cell: Cell) -> tuple[int, int]:
    """What a share counts, of how many."""
    if basis is Basis.UNSOLVED:
        return cell.long, cell.judged
    return cell.reopened, cell.requests


def settled(found: Iterable[Finding], city: City, rules: ProblemRules) -> list[Finding]:
    """Findings less those that others explain, from the top of the city down; the same list in
    whatever order the cases came.

    An area's excess that its places below account for (without them what is left is less than the
    least ratio or count) is theirs. What is widespread in an area is not told again of areas above
    or below it with the same basis: the highest is told.
    """
    kept: list[Finding] = []
    by_topic: dict[tuple[Basis, str], list[Finding]] = {}
    for one in found:
        by_topic.setdefault((one.basis, one.category), []).append(one)
    for (basis, _), several in by_topic.items():
        for one in several:
            if basis is Basis.WIDESPREAD:
                above = city.path(one.place)[:-1]
                if not any(other.place in above for other in several):
                    kept.append(one)
            elif not _explained(one, several, city, getattr(rules, basis.value)):
                kept.append(one)
    return sorted(
        kept, key=lambda one: (len(city.path(one.place)), one.category, one.basis, one.place)
    )


def _explained(one: Finding, several: Sequence[Finding], city: City, least: Least) -> bool:
    below = [other for other in several if one.place in city.path(other.place)[:-1]]
    # Of those below, only the highest: what a community has is in its street already.
    places = {other.place for other in below}
    below = [o for o in below if not places.intersection(city.path(o.place)[:-1])]
    if not below:
        return False
    count = one.count - sum(other.count for other in below)
    expected = one.expected - sum(other.expected for other in below)
    return count < least.cases or expected <= 0 or count < least.ratio * expected
