"""Tables of time and of limits that a city can replace: the calendar, and what a holder may do."""

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table

CHINA = timezone(timedelta(hours=8))
"""The one civil time of the whole country, without summer time since 1992."""
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
_Days = Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _ms(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return (int(hours) * 60 + int(minutes)) * 60_000


class Span(_Part):
    """A part of a working day, as `09:00` to `12:00`, China's time."""

    start: _Clock
    end: _Clock

    @property
    def start_ms(self) -> int:
        """Milliseconds after midnight."""
        return _ms(self.start)

    @property
    def end_ms(self) -> int:
        """Milliseconds after midnight."""
        return _ms(self.end)


class Year(_Part):
    """What the State Council's notice of a year says of its days."""

    year: int = Field(ge=2000, le=2200)
    holidays: tuple[date, ...] = Field(max_length=120)
    """Days off, at least those on Monday to Friday."""
    make_up: tuple[date, ...] = Field(max_length=60)
    """Saturdays and Sundays that are worked (调休上班)."""

    @model_validator(mode="after")
    def _of_the_year(self) -> "Year":
        if any(day.year != self.year for day in (*self.holidays, *self.make_up)):
            raise ValueError(f"a day listed under {self.year} is of another year")
        if not set(self.holidays).isdisjoint(self.make_up):
            raise ValueError(f"a day of {self.year} is both a holiday and worked")
        return self


class CalendarTable(Table):
    """Working days and hours: the official holidays with their make-up days, year by year.

    In a year that is not listed Monday to Friday are worked; `notes` of the answer say so.
    """

    NAME: ClassVar[str] = "calendar"

    source: str = Field(default="", max_length=300)
    """Where the days are from."""
    working_hours: tuple[Span, ...] = Field(min_length=1, max_length=6)
    """Eight hours a day by the State Council's decree 174."""
    years: tuple[Year, ...] = Field(max_length=200)

    @model_validator(mode="after")
    def _in_order(self) -> "CalendarTable":
        spans = self.working_hours
        if any(span.end_ms <= span.start_ms for span in spans) or any(
            after.start_ms < before.end_ms for before, after in pairwise(spans)
        ):
            raise ValueError("working hours begin before they end, one span after another")
        years = [year.year for year in self.years]
        if len(set(years)) != len(years):
            raise ValueError("a year is listed twice")
        return self

    def knows(self, time: datetime) -> bool:
        """Whether the year of that moment is listed."""
        year = time.astimezone(CHINA).year
        return any(one.year == year for one in self.years)

    def notes(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """See `Table.notes`."""
        if not self.years:
            return (("calendar-empty", {}),)
        listed = sorted(year.year for year in self.years)
        gaps = [str(y) for y in range(listed[0], listed[-1]) if y not in listed]
        told = {"first": listed[0], "last": listed[-1], "gaps": "、".join(gaps) or "—"}
        return (("calendar-covers", told),)


class Ground(_Part):
    """A ground from a list, in words."""

    code: _Code
    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=100)


def _distinct(grounds: tuple[Ground, ...]) -> None:
    if len({ground.code for ground in grounds}) != len(grounds):
        raise ValueError("a ground is listed twice")


class LimitTable(Table):
    """What who holds a task may do, how often and how long; days count as its deadline does.

    Bayannur: redone three times, or through three units without a lead: a problem ticket one level
    up. Lüliang: return within one working day; at most three extensions of three days; long works
    up to 180 days. Shandong: at most two returns (DOMAIN.md).
    """

    NAME: ClassVar[str] = "limits"

    return_grounds: tuple[Ground, ...] = Field(min_length=1, max_length=60)
    return_within_working_days: _Days = 1
    """From receipt; after that the task is the holder's."""
    returns_at_most: int = Field(default=2, ge=0, le=20)
    """Of one task; who would return it then, leaves it to the higher level to decide."""
    warn_at_percent: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (50, 80)
    """Of the time that counts; each told once a round."""
    extensions_at_most: int = Field(default=3, ge=0, le=50)
    """In one round."""
    extension_days_at_most: _Days = 3
    """Each."""
    deferral_days_at_most: Annotated[float, Field(gt=0, le=3660, allow_inf_nan=False)] = 180
    """Until the review, in days of the calendar."""
    waits_at_most: int = Field(default=2, ge=0, le=50)
    """Questions to the resident that stop the clock, in one round."""
    wait_hours_at_most: Annotated[float, Field(gt=0, le=24 * 90, allow_inf_nan=False)] = 72
    """Hours of the calendar after which the clock goes on without an answer."""
    problem_after_redone: int = Field(default=3, ge=1, le=50)
    problem_after_units: int = Field(default=3, ge=1, le=50)
    parts_at_most: int = Field(default=20, ge=1, le=50)
    """Helpers asked for one task in a round."""
    final_grounds: tuple[Ground, ...] = Field(min_length=1, max_length=60)
    """Why nothing more can be done (终结)."""

    @model_validator(mode="after")
    def _once_each(self) -> "LimitTable":
        _distinct(self.return_grounds)
        _distinct(self.final_grounds)
        if list(self.warn_at_percent) != sorted(set(self.warn_at_percent)):
            raise ValueError("warnings rise, each once")
        return self
