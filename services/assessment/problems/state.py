"""What is kept of a recurring problem: one document for a category in a place, for ever.

So the same problem found again comes to the same document, also after it was closed or dismissed,
and two finders at once cannot open it twice.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.assessment.problems.findings import Basis, Finding
from shared.contracts.ids import derived_id
from shared.contracts.problems import ProblemStatistic
from shared.storage.aggregates import State

Status = Literal["found", "accepted", "fallen", "closed", "dismissed"]
"""Waits for its owner; is worked on; its rate has fallen; ended; not a problem."""
OPEN: tuple[Status, ...] = ("found", "accepted", "fallen")
WORKED_ON: tuple[Status, ...] = ("accepted", "fallen")


class Kept(BaseModel):
    """A frozen piece of state."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Statistic(Kept):
    """A finding as it stands on the case; see `finder.Finding`."""

    month: str
    basis: Basis
    place: str
    level: str
    count: int
    sample: int
    expected: float
    p: float
    cut: float
    above: tuple[str, ...]
    of: int
    rate: float
    rules_version: int

    @classmethod
    def of_finding(cls, finding: Finding, month: str, rules_version: int) -> "Statistic":
        """What a month has found."""
        # Its category, which is left out, is the case's.
        return cls(month=month, rules_version=rules_version, **asdict(finding))

    @property
    def key(self) -> tuple[str, str, str]:
        """What stands once on a case."""
        return self.month, self.basis, self.place

    @property
    def told(self) -> ProblemStatistic:
        """As events have it."""
        return ProblemStatistic(
            basis=self.basis.value,
            place=self.place,
            count=self.count,
            sample=self.sample,
            expected=self.expected,
            p=self.p,
        )


class Line(Kept):
    """Counted and expected in a month that followed, of one basis and place."""

    basis: Basis
    place: str
    count: int
    expected: float


class Followed(Kept):
    """A month after the problem was found."""

    month: str
    lines: tuple[Line, ...]
    fell: bool


class Measure(Kept):
    """What is to be done about the cause."""

    id: str
    what: str
    organization_id: str | None
    until: datetime
    at: datetime
    by: str
    done_at: datetime | None = None
    done_by: str | None = None
    result: str | None = None


class ProblemState(State):
    """A category in a place. `path`: codes and levels of the areas that the place lies in, or is,
    from the top down."""

    category: str
    place: str
    level: str
    area_path: tuple[str, ...]
    owner: str
    """Area, one of `area_path`, that is to change the cause."""
    seen_by: tuple[str, ...]
    """Areas that it concerns: `area_path` and the places where it was found."""
    status: Status = "found"
    month: str
    """In which it was found first, or again after an end."""
    accept_by: datetime | None = None
    """Goes one level up then, unless somebody has taken it; None: nobody is above."""
    patience_from: str
    """The month after which months without falling count."""
    organization_id: str | None = None
    cause: str | None = None
    findings: tuple[Statistic, ...] = ()
    followed: tuple[Followed, ...] = ()
    measures: tuple[Measure, ...] = ()
    raised: int = 0
    relapses: int = 0
    ended: str | None = None
    """The last month that had been looked at when it was closed or dismissed."""
    outcome: str | None = None
    """Result or reason of its last end."""

    def next_due(self) -> datetime | None:
        """When nobody has taken it for too long."""
        return self.accept_by if self.status == "found" else None

    def latest(self) -> str:
        """The last month that anything is known of."""
        return max(
            [self.month, *(f.month for f in self.findings), *(f.month for f in self.followed)]
        )

    def watched(self) -> list[Statistic]:
        """What the months that follow are counted of: the latest of each basis and place since it
        was found (again)."""
        newest: dict[tuple[str, str], Statistic] = {}
        for one in sorted(self.findings, key=lambda one: one.month):
            if one.month >= self.month:
                newest[one.basis, one.place] = one
        return list(newest.values())

    def fallen_months(self) -> int:
        """For how many months in a row its rate has fallen, up to the last."""
        number = 0
        for month in reversed(self.followed):
            if not month.fell:
                break
            number += 1
        return number


def problem_id(category: str, place: str) -> str:
    """The id of a category in a place."""
    return derived_id("problem", category, place)
