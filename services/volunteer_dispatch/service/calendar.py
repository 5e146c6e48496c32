"""Working time: adding it to a moment, and measuring it between two. Pure, without loops over time.

Each moment has a place on one scale, the working milliseconds since year 1 (`_worked`): whole
working days before its day by counting weeks and looking up exceptions, then the spans of its own
day. To measure is to subtract two places; to add is to find the day of a place by bisection.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from services.volunteer_dispatch.service.limits import CHINA, CalendarTable

HOUR, DAY = 3_600_000, 86_400_000
"""Milliseconds."""
_MILLISECOND = timedelta(milliseconds=1)
_START = datetime(1, 1, 1)
_LAST = date.max.toordinal()


class Counts(StrEnum):
    """The time that a deadline counts in."""

    CALENDAR = "calendar"
    WORKING = "working"


def whole(time: datetime) -> datetime:
    """The moment in whole milliseconds, as the database keeps it."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class Calendar:
    """The working days of a table. Moments have an offset; amounts are whole milliseconds."""

    def __init__(self, table: CalendarTable) -> None:
        self._spans = tuple((span.start_ms, span.end_ms) for span in table.working_hours)
        self.day = sum(end - start for start, end in self._spans)
        """Working time of a working day."""
        self._off = sorted(d.toordinal() for y in table.years for d in y.holidays if _weekday(d))
        self._on = sorted(d.toordinal() for y in table.years for d in y.make_up if not _weekday(d))

    def is_working_day(self, day: date) -> bool:
        """Whether that day is worked: also a make-up Saturday, not a holiday."""
        number = day.toordinal()
        return self._days_before(number + 1) > self._days_before(number)

    def day_of(self, counts: Counts) -> int:
        """How much a day is: 24 hours, or the working hours of one."""
        return self.day if counts is Counts.WORKING else DAY

    def between(self, start: datetime, end: datetime, counts: Counts) -> int:
        """The time that counts from `start` to `end`; 0 where `end` is not later."""
        if end <= start:
            return 0
        if counts is Counts.CALENDAR:
            return (end - start) // _MILLISECOND
        return self._worked(end) - self._worked(start)

    def add(self, start: datetime, amount: int, counts: Counts) -> datetime:
        """The earliest moment, in UTC, by which `amount` has counted since `start`.

        What is due at the end of a working day is due then, not in the morning after it.
        """
        if amount <= 0:
            return start
        if counts is Counts.CALENDAR:
            return start + amount * _MILLISECOND
        place = self._worked(start) + amount
        days = -(-place // self.day)  # the working day in which it lies, counted from year 1
        first, _ = _local(start)
        # Seven days hold five working ones, but for the days off.
        ahead = (days - self._days_before(first) + len(self._off)) * 7 // 5 + 8
        possible = range(first, min(first + ahead, _LAST))
        number = possible[bisect_left(possible, days, key=lambda n: self._days_before(n + 1))]
        left = place - self._days_before(number) * self.day
        for begin, end in self._spans:
            if left <= end - begin:
                return _moment(number, begin + left)
            left -= end - begin
        raise AssertionError("a place lies within its day")

    def _days_before(self, number: int) -> int:
        """Working days before day `number` (1 is Monday, 1 January of year 1)."""
        weeks, rest = divmod(number - 1, 7)
        plain = weeks * 5 + min(rest, 5)
        return plain + bisect_left(self._on, number) - bisect_left(self._off, number)

    def _worked(self, time: datetime) -> int:
        number, within = _local(time)
        before = self._days_before(number)
        if self._days_before(number + 1) == before:
            return before * self.day
        today = sum(max(0, min(within, end) - start) for start, end in self._spans)
        return before * self.day + today


def _weekday(day: date) -> bool:
    return day.weekday() < 5


def _local(time: datetime) -> tuple[int, int]:
    since = (time.astimezone(CHINA).replace(tzinfo=None) - _START) // _MILLISECOND
    days, within = divmod(since, DAY)
    return days + 1, within


def _moment(number: int, within: int) -> datetime:
    local = _START + timedelta(days=number - 1, milliseconds=within)
    return local.replace(tzinfo=CHINA).astimezone(UTC)
