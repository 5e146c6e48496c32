"""Spans of time, half open: `since` belongs to a span, `until` does not. Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from shared.web.schemas import Time

_YEARS = range(1900, 2200)


class Span(NamedTuple):
    """From `since` until just before `until`."""

    since: datetime
    until: datetime

    def covers(self, moment: datetime) -> bool:
        """Whether the moment is inside."""
        return self.since <= moment < self.until

    def meets(self, other: "Span") -> bool:
        """Whether the two have a moment in common."""
        return self.since < other.until and other.since < self.until


def gaps(spans: Iterable[Span], whole: Span) -> list[Span]:
    """What of `whole` no span covers, in order."""
    found: list[Span] = []
    reached = whole.since
    for since, until in sorted(spans):
        if since > reached:
            found.append(Span(reached, min(since, whole.until)))
        reached = max(reached, until)
        if reached >= whole.until:
            return found
    if reached < whole.until:
        found.append(Span(reached, whole.until))
    return found


def add_months(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """The same day and hour of the city's calendar so many months on, in UTC.

    Where that month is shorter, its last day: three months from 30 November end in February.
    """
    local = moment.astimezone(zone)
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def to_millis(moment: datetime) -> datetime:
    """The moment as the database keeps it, so that what is read again is equal."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def moment() -> datetime:
    """Now, as the database keeps it."""
    return to_millis(datetime.now(UTC))


def _of_our_time(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise PydanticCustomError("datetime_type", "outside the calendar")
    return value


Day = Annotated[Time, AfterValidator(_of_our_time)]
"""A `Time` of the years 1900 to 2199: months can be added to it."""
