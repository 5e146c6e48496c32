"""What of a duty is due, done and missing; pure (policy, art. 5)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.registry.duties.table import Duty
from services.registry.records.repository import Total

_NOTHING = Total(0, 0.0)


class Span(NamedTuple):
    """A year in the city's time: its first moment, and that of the next one."""

    since: datetime
    until: datetime


class Standing(NamedTuple):
    """A duty and what was recorded: `due` and `due_quantity` by now, `missing` of them."""

    duty: Duty
    due: int
    done: int
    missing: int
    due_quantity: float | None
    quantity: float
    missing_quantity: float

    @property
    def behind(self) -> bool:
        """Whether something that is due by now is missing."""
        return self.missing > 0 or self.missing_quantity > 0


def span_of(year: int, zone: ZoneInfo) -> Span:
    """The year as the city counts it."""
    return Span(datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone))


def begins(founded: str | None, created_at: datetime, began: datetime, zone: ZoneInfo) -> datetime:
    """From when on an organization owes: the first moment of the day of its founding.

    Where that is not told, from when it was registered, and not from before the city began: what
    was done before that nobody could record.

    Args:
        founded: as `2026-03-01`.
    """
    if founded is not None:
        return datetime.fromisoformat(founded).replace(tzinfo=zone)
    return max(created_at, began)


def due_by(times: int, span: Span, now: datetime, begun: datetime | None = None) -> int:
    """How many of `times` a year are due: of 4, one at the end of each quarter of the year.

    One that owes only from `begun` on (None: since ever) owes its part of the year, at the same
    pace: of 4, one at the end of each three months since.
    """
    since = span.since if begun is None else max(span.since, begun)
    passed = (min(now, span.until) - since) / (span.until - span.since)
    return floor(times * max(passed, 0.0))


def last_begun(duties: Iterable[Duty], span: Span, now: datetime) -> datetime | None:
    """The latest beginning with which something is due by now; None: nothing is, of anybody."""
    times = max((duty.times for duty in duties), default=0)
    if not times:
        return None
    latest = min(now, span.until) - (span.until - span.since) / times
    return latest if latest >= span.since else None


def standing(
    duty: Duty, done: Total, span: Span, now: datetime, begun: datetime | None = None
) -> Standing:
    """A duty against what was recorded for it in the span."""
    due = due_by(duty.times, span, now, begun)
    wanted = None if duty.quantity is None else duty.quantity * due / duty.times
    return Standing(
        duty=duty,
        due=due,
        done=done.records,
        missing=max(0, due - done.records),
        due_quantity=wanted,
        quantity=done.quantity,
        missing_quantity=max(0.0, (wanted or 0.0) - done.quantity),
    )


def late_from(
    duty: Duty, done: Total, span: Span, begun: datetime | None = None
) -> datetime | None:
    """From when on it is behind if nothing more is recorded; None: not in this year.

    The moment at which one more is due than was recorded, or more of the quantity: what `standing`
    says before and after it, turned round.
    """
    since = span.since if begun is None else max(span.since, begun)
    for due in range(1, duty.times + 1):
        short = duty.quantity is not None and duty.quantity * due / duty.times > done.quantity
        if due > done.records or short:
            at = since + (span.until - span.since) * due / duty.times
            return at if at <= span.until else None
    return None


def standings(
    duties: Iterable[Duty],
    done: Mapping[str, Total],
    span: Span,
    now: datetime,
    begun: datetime | None = None,
) -> list[Standing]:
    """Each duty of an organization; `done` by work."""
    return [standing(duty, done.get(duty.work, _NOTHING), span, now, begun) for duty in duties]
