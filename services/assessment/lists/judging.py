"""Whether the criteria of a scheme hold for a subject, with the numbers that say so; pure.

A criterion that asks only for how things stand (`STANDING`) is judged as they are now, in the
period that runs; any other on periods that are over, as a period that has hardly begun says nothing
about figures.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from services.assessment.lists.weak import Judged, Met
from services.assessment.schemes.expressions import parse
from services.assessment.schemes.periods import before, period_of
from services.assessment.schemes.scheme import Period, WeakCriterion
from services.assessment.scores.inputs import Numbers

STANDING = frozenset({"vacant_days", "trainings_overdue", "coverage_gaps", "plans_behind"})
"""Numbers that say how things stand at a moment, whichever the period."""
INPUTS_OF_LISTS = STANDING | {"tasks_overdue"}
"""Numbers that the lists give (`inputs.py`)."""


def running_period(now: datetime, kind: Period, zone: ZoneInfo) -> str:
    """The period that `now` lies in."""
    return period_of(f"{now.astimezone(zone):%Y-%m}", kind)


def periods_back(period: str, count: int) -> tuple[str, ...]:
    """`count` periods up to this one, oldest first."""
    found = [period]
    while len(found) < count:
        found.append(before(found[-1]))
    return tuple(reversed(found))


def window(criterion: WeakCriterion, running: str) -> tuple[str, ...]:
    """The periods in which a criterion has to hold, oldest first."""
    standing = parse(criterion.when).names <= STANDING
    return periods_back(running if standing else before(running), criterion.periods)


def windows(criteria: Iterable[WeakCriterion], running: str) -> tuple[str, ...]:
    """All periods that the criteria ask for, oldest first."""
    return tuple(sorted({p for criterion in criteria for p in window(criterion, running)}))


def judge(
    criteria: Iterable[WeakCriterion],
    scheme: str,
    running: str,
    subject_id: str,
    numbers: Mapping[str, Numbers],
) -> Judged:
    """How the criteria stand for a subject.

    Args:
        scheme: the version's id.
        running: the period that runs.
        numbers: by period, then by subject.
    """
    found = []
    for criterion in criteria:
        expression = parse(criterion.when)
        periods = window(criterion, running)
        known = [numbers.get(period, {}).get(subject_id, {}) for period in periods]
        values = [expression.value(each) for each in known]
        holds = None if None in values else True
        if any(value == 0 for value in values):
            holds = False
        found.append(
            Met(
                id=criterion.id,
                zh=criterion.label.zh,
                en=criterion.label.en,
                when=criterion.when,
                periods=periods,
                values=tuple(
                    {name: each[name] for name in sorted(expression.names) if name in each}
                    for each in known
                ),
                holds=holds,
            )
        )
    return Judged(period=running, scheme=scheme, criteria=tuple(found))
