"""Check-in as functions: dates of reports, periods of feedback, what a missed timer tells."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.checkins.decisions import check_in, months_after, on_due, report
from services.registry.checkins.feedback import current_code, falls_in, period_of
from services.registry.checkins.states import Book, Checkin
from services.registry.checkins.table import CheckinRules
from shared.contracts.checkins import ReportDue, Reported, ReportOverdue
from shared.web.problems import Problem

SHIPPED = json.loads(Path("services/registry/data/checkin-rules.json").read_bytes())
RULES = CheckinRules.model_validate(SHIPPED)
CITY = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 3, 31, 8, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def begun(at: datetime = BEGAN) -> tuple[Book, Checkin]:
    book = Book(kind="people", reporter="p1")
    decision = check_in(book, "i1", "c", ("s", "c"), ["help"], RULES, at)
    assert decision is not None
    return decision.state, decision.state.checkins[0]


def test_half_a_year_later_is_the_same_day_or_the_months_last() -> None:
    assert months_after(BEGAN, 6) == datetime(2026, 9, 30, 8, tzinfo=UTC)
    assert months_after(datetime(2025, 8, 31, tzinfo=UTC), 6).day == 28
    assert months_after(datetime(2026, 1, 15, tzinfo=UTC), -6).year == 2025


def test_of_steps_that_were_missed_the_last_is_told() -> None:
    book, checkin = begun()
    for now, told in (
        (checkin.tell_at - timedelta(seconds=1), []),
        (checkin.tell_at, [ReportDue]),
        (checkin.remind_at, [ReportDue]),
        (checkin.overdue_at + timedelta(days=9), [ReportOverdue]),
    ):
        decision = on_due(book, now)
        events = [] if decision is None else decision.events
        assert [type(event) for event in events] == told
        if decision is not None:
            # A replica whose clock is behind takes nothing back.
            assert on_due(decision.state, checkin.since) is None
            assert on_due(decision.state, now) is None


@given(st.lists(st.integers(0, 500), max_size=12))
def test_a_report_is_due_each_half_year_however_late_they_come(days: list[int]) -> None:
    book, first = begun()
    now = BEGAN
    for number, later in enumerate(days):
        now += timedelta(days=later)
        decision = report(book, book.checkins[0], f"r{number}", None, RULES, now)
        assert decision is not None
        [event] = decision.events
        assert isinstance(event, Reported)
        before, after = book.checkins[0].due_at, decision.state.checkins[0].due_at
        book = decision.state
        assert after > now
        assert (event.due_at is None) == (after == before)
        # Dates stay whole half-years apart, the day cut to the shortest month passed.
        months = (after.year - first.due_at.year) * 12 + after.month - first.due_at.month
        assert months % 6 == 0
        assert report(book, book.checkins[0], f"r{number}", None, RULES, now) is None


@given(MOMENTS, st.sampled_from([3, 6]))
def test_each_moment_falls_in_the_period_of_its_code(now: datetime, months: int) -> None:
    period = period_of(current_code(now, months, CITY), CITY)
    assert period.since <= now < period.until
    following = period_of(current_code(period.until, months, CITY), CITY)
    assert following.since == period.until


def test_what_a_period_is() -> None:
    assert period_of("2026-Q4", CITY).until == datetime(2027, 1, 1, tzinfo=CITY)
    assert period_of("2026-H2", CITY).since == datetime(2026, 7, 1, tzinfo=CITY)
    for code in ("2026", "2026-Q5", "2026-H0", "1999-Q1", "x"):
        with pytest.raises(Problem):
            period_of(code, CITY)
    _, checkin = begun()
    assert falls_in(checkin, period_of("2026-Q1", CITY))
    assert not falls_in(checkin, period_of("2025-Q4", CITY))
    ended = checkin.model_copy(update={"ended_at": BEGAN})
    assert not falls_in(ended, period_of("2026-Q2", CITY))


@pytest.mark.parametrize(
    "change", [{"posts": SHIPPED["posts"] * 2}, {"remind_days_before": 60}, {"posts": []}]
)
def test_a_table_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"twice|reminder|at least 1"):
        CheckinRules.model_validate(SHIPPED | change)
