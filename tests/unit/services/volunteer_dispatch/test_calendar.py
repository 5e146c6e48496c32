"""Working time against what it means, day by day, and by its laws."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.volunteer_dispatch.service.calendar import DAY, HOUR, Calendar, Counts
from services.volunteer_dispatch.service.limits import CHINA, CalendarTable
from tests.unit.services.volunteer_dispatch.city import CALENDAR, TABLE

WORKING = Counts.WORKING
MINUTE = HOUR // 60


def at(text: str) -> datetime:
    """A moment of China's time, as `2026-02-13 17:00`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def tables() -> st.SearchStrategy[CalendarTable]:
    """Any calendar of 2026: days off, days worked, and hours."""
    days = st.integers(0, 364).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
    clock = st.tuples(st.integers(0, 23), st.integers(0, 59))
    return st.builds(
        lambda off, on, times: CalendarTable.model_validate(
            {
                "working_hours": [
                    {"start": f"{a[0]:02}:{a[1]:02}", "end": f"{b[0]:02}:{b[1]:02}"}
                    for a, b in zip(times[::2], times[1::2], strict=True)
                ],
                "years": [{"year": 2026, "holidays": sorted(off), "make_up": sorted(on - off)}],
            }
        ),
        st.sets(days, max_size=60),
        st.sets(days, max_size=30),
        st.sampled_from([2, 4, 6]).flatmap(
            lambda n: st.lists(clock, min_size=n, max_size=n, unique=True).map(sorted)
        ),
    )


moments = st.integers(0, 500 * DAY).map(
    lambda ms: datetime(2025, 11, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
amounts = st.integers(0, 400 * HOUR)
both = st.sampled_from(Counts)


@given(tables(), moments, amounts, both)
def test_what_was_added_is_measured(
    table: CalendarTable, start: datetime, amount: int, counts: Counts
) -> None:
    calendar = Calendar(table)
    end = calendar.add(start, amount, counts)
    assert calendar.between(start, end, counts) == amount
    # It is the earliest such moment.
    if amount:
        assert calendar.between(start, end - timedelta(milliseconds=1), counts) < amount


@given(tables(), moments, moments, amounts, amounts, both)
def test_later_starts_and_larger_amounts_end_later(
    table: CalendarTable, one: datetime, two: datetime, less: int, more: int, counts: Counts
) -> None:
    calendar = Calendar(table)
    (one, two), (less, more) = sorted((one, two)), sorted((less, more))
    assert calendar.add(one, more, counts) <= max(two, calendar.add(two, more, counts))
    assert calendar.add(one, less, counts) <= calendar.add(one, more, counts)
    # In parts as at once, so that extensions and pauses may come in any order.
    assert calendar.add(calendar.add(one, less, counts), more, counts) == calendar.add(
        one, less + more, counts
    )


@given(tables(), moments, moments, moments, both)
def test_a_span_is_the_sum_of_its_parts(
    table: CalendarTable, a: datetime, b: datetime, c: datetime, counts: Counts
) -> None:
    calendar = Calendar(table)
    a, b, c = sorted((a, b, c))
    parts = calendar.between(a, b, counts) + calendar.between(b, c, counts)
    assert calendar.between(a, c, counts) == parts
    assert calendar.between(c, a, counts) == 0


@given(tables(), moments, st.integers(0, 3 * 24 * 60))
def test_it_is_what_counting_minutes_gives(
    table: CalendarTable, start: datetime, minutes: int
) -> None:
    start = start.replace(second=0, microsecond=0)
    off = set(table.years[0].holidays)
    on = set(table.years[0].make_up)
    counted = 0
    for n in range(minutes):
        moment = (start + timedelta(minutes=n)).astimezone(CHINA)
        day, clock = moment.date(), f"{moment:%H:%M}"
        worked = (day.weekday() < 5 and day not in off) or day in on
        counted += worked and any(s.start <= clock < s.end for s in table.working_hours)
    end = start + timedelta(minutes=minutes)
    assert Calendar(table).between(start, end, WORKING) == counted * MINUTE


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        # Spring Festival 2026: worked on Saturday the 14th and 28th, off from the 15th to 23rd.
        ("2026-02-13 17:00", 2, "2026-02-14 10:00"),
        ("2026-02-14 17:00", 1, "2026-02-14 18:00"),
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),
        ("2026-02-27 17:00", 8, "2026-02-28 17:00"),
        ("2026-02-28 17:00", 8, "2026-03-02 17:00"),
        # Over lunch, and from outside of working hours.
        ("2026-03-02 11:00", 2, "2026-03-02 14:00"),
        ("2026-03-01 08:00", 1, "2026-03-02 10:00"),
        ("2026-03-02 19:00", 8, "2026-03-03 18:00"),
        # National Day: worked on 20 September and 10 October.
        ("2026-09-18 18:00", 8, "2026-09-20 18:00"),
        ("2026-09-30 18:00", 24, "2026-10-10 18:00"),
        # Not known yet: Monday to Friday, whatever the holidays will be.
        ("2027-09-30 18:00", 8, "2027-10-01 18:00"),
    ],
)
def test_official_days(start: str, hours: int, end: str) -> None:
    found = CALENDAR.add(at(start), hours * HOUR, WORKING)
    assert found.astimezone(CHINA) == at(end)


def test_every_day_of_2026_as_the_notice_says() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    worked = {day for day in days if CALENDAR.is_working_day(day)}
    # 261 weekdays, 19 of them off, 6 days at weekends worked instead.
    saturdays = {day for day in worked if day.weekday() >= 5}
    assert {f"{day:%m-%d}" for day in saturdays} == {
        "01-04", "02-14", "02-28", "05-09", "09-20", "10-10",
    }  # fmt: skip
    off = [day for day in days if day.weekday() < 5 and day not in worked]
    assert len(worked) == 261 - len(off) + 6
    assert date(2026, 2, 16) in off
    assert date(2026, 10, 7) in off


def test_the_table_tells_which_years_it_knows() -> None:
    assert TABLE.notes() == (("calendar-covers", {"first": 2015, "last": 2026, "gaps": "—"}),)
    assert TABLE.knows(at("2026-12-31 23:59"))
    assert not TABLE.knows(at("2027-01-01 00:00"))
    gap = TABLE.model_copy(update={"years": tuple(y for y in TABLE.years if y.year != 2020)})
    assert gap.notes()[0][1]["gaps"] == "2020"
    assert TABLE.model_copy(update={"years": ()}).notes() == (("calendar-empty", {}),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"working_hours": []},
        {"working_hours": [{"start": "12:00", "end": "09:00"}]},
        {"working_hours": [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "18:00"}]},
        {"years": [{"year": 2026, "holidays": ["2025-01-01"], "make_up": []}]},
        {"years": [{"year": 2026, "holidays": ["2026-01-04"], "make_up": ["2026-01-04"]}]},
        {"years": [{"year": 2026, "holidays": [], "make_up": []}] * 2},
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    right = {"working_hours": [{"start": "09:00", "end": "18:00"}], "years": []}
    with pytest.raises(ValidationError):
        CalendarTable.model_validate(right | wrong)


def test_the_cost_does_not_grow_with_the_time() -> None:
    def seconds(hours: int) -> float:
        start = at("2026-01-05 10:00")
        begun = time.perf_counter()
        for _ in range(300):
            CALENDAR.add(start, hours * HOUR, WORKING)
        return time.perf_counter() - begun

    # A year of work is some bisection steps more than an hour, not 2,000 times an hour.
    assert min(seconds(2000) for _ in range(5)) < 10 * min(seconds(1) for _ in range(5))
