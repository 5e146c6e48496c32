"""A city's table of requests as counts in which recurring problems are looked for. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from cli.mapping.areas import Areas
from cli.mapping.rejected import Rejected
from cli.mapping.rows import Mapper
from cli.mapping.table import Row
from services.assessment.problems.counts import Cell
from services.assessment.problems.counts import Row as Counted
from services.assessment.problems.table import ProblemRules
from shared.contracts.units import RequestReported, TaskResult
from shared.contracts.words import RequestKind, Urgency


@dataclass
class Counts:
    """Counts by category, and rows that count for nothing."""

    rows: dict[str, list[Counted]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """What the naming column says, by category."""
    counted: int = 0
    rejected: int = 0
    left_out: int = 0
    """Without category or place, or of a kind that tells of no problem."""


def count(
    table: Iterable[Row], areas: Areas, mapper: Mapper, rules: ProblemRules, named_by: str | None
) -> Counts:
    """The counts of a table, mapped as `lianxin import requests` maps it, as assessment counts the
    cases of such an import."""
    found = Counts()
    for row in table:
        try:
            if row.error:
                raise Rejected(row.error)
            report, *rest = mapper.map(row.values).events
        except Rejected:
            found.rejected += 1
            continue
        data = report.data
        assert isinstance(data, RequestReported)
        kind = data.kind or RequestKind.OTHER
        if data.category is None or data.area is None or kind not in rules.kinds:
            found.left_out += 1
            continue
        cell = Cell(1, 0, 0, 0)
        for event in rest:
            if isinstance(event.data, TaskResult) and event.data.outcome == "done":
                end = event.data
                hours = None
                if end.completed_at is not None:
                    hours = (end.completed_at - report.time) / timedelta(hours=1)
                most = rules.long_hours.get(data.urgency or Urgency.ORDINARY)
                slow = hours is not None and most is not None and hours > most
                judged = end.in_time is not None or hours is not None
                cell = Cell(1, int(judged), int(end.in_time is False or slow), 0)
        topic = rules.topic_of(data.category)
        path = tuple(area.code for area in areas.path(data.area))
        month = report.time.strftime("%Y-%m")  # in the zone that the file's times are in
        found.rows[topic].append(Counted(path, None, month, cell))
        found.counted += 1
        if named_by is not None:
            found.names[topic][row.values.get(named_by, "").strip()] += 1
    return found
