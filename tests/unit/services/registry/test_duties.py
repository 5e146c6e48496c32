"""What of a duty is due, done and missing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.duties.decisions import (
    begins,
    due_by,
    last_begun,
    late_from,
    span_of,
    standing,
)
from services.registry.duties.table import Duty, DutyTable
from services.registry.records.repository import Total
from services.registry.records.table import WorkTable
from services.registry.tables import SHIPPED
from shared.contracts.words import Domain

SPAN = span_of(2026, ZoneInfo("Asia/Shanghai"))
VISITS = Duty(domain=Domain.VILLAGE, work="household_visit", times=4, quantity=40, article=5)


def test_the_year_is_the_citys() -> None:
    assert SPAN.since == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert SPAN.until == datetime(2026, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2025, 12, 1, tzinfo=UTC), 0),
        (datetime(2026, 3, 1, tzinfo=UTC), 0),
        (datetime(2026, 4, 3, tzinfo=UTC), 1),
        (datetime(2026, 11, 24, tzinfo=UTC), 3),
        (datetime(2027, 1, 1, tzinfo=UTC), 4),
        (datetime(2030, 1, 1, tzinfo=UTC), 4),
    ],
)
def test_one_of_four_a_year_is_due_at_the_end_of_each_quarter(now: datetime, due: int) -> None:
    assert due_by(4, SPAN, now) == due


ZONE = ZoneInfo("Asia/Shanghai")
LATER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("founded", "now", "due"),
    [
        ("2020-05-01", datetime(2026, 12, 31, tzinfo=UTC), 3),  # before the year: all of it
        ("2026-01-01", datetime(2027, 1, 1, tzinfo=UTC), 4),
        ("2026-07-01", datetime(2027, 1, 1, tzinfo=UTC), 2),
        ("2026-09-29", datetime(2026, 10, 1, tzinfo=UTC), 0),  # not at once what the quarter owed
        ("2026-09-29", datetime(2026, 12, 30, tzinfo=UTC), 1),
        ("2026-11-01", datetime(2027, 6, 1, tzinfo=UTC), 0),
        ("2027-03-01", datetime(2027, 6, 1, tzinfo=UTC), 0),  # after the year: nothing
    ],
)
def test_one_founded_in_mid_year_owes_its_part_of_the_year(
    founded: str, now: datetime, due: int
) -> None:
    assert due_by(4, SPAN, now, begins(founded, LATER, LATER, ZONE)) == due


def test_one_whose_founding_is_not_told_owes_from_when_it_could_be_recorded() -> None:
    september, october = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10))
    for created, began in ((september, october), (october, september)):
        begun = begins(None, created, began, ZONE)
        assert begun == october
        assert due_by(4, SPAN, datetime(2026, 12, 1, tzinfo=UTC), begun) == 0
        assert due_by(4, SPAN, SPAN.until, begun) == 1
        assert due_by(4, span_of(2027, ZONE), datetime(2027, 6, 1, tzinfo=UTC), begun) == 1


@given(
    st.lists(st.integers(1, 400), max_size=3),
    st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC)),
    st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC)),
)
def test_something_is_due_of_whoever_has_begun_by_the_latest_beginning(
    times: list[int], now: datetime, begun: datetime
) -> None:
    duties = [Duty(domain=Domain.VILLAGE, work=f"w{n}", times=n) for n in times]
    latest = last_begun(duties, SPAN, now)
    if latest is None:
        assert not any(due_by(n, SPAN, now - timedelta(seconds=1), begun) for n in times)
    elif abs(latest - begun) > timedelta(seconds=1):
        assert any(due_by(n, SPAN, now, begun) for n in times) == (begun < latest)


@given(
    st.integers(1, 30),
    st.none() | st.floats(0.5, 1000),
    st.integers(0, 31),
    st.floats(0, 1200),
    st.none() | st.datetimes(datetime(2025, 6, 1), datetime(2027, 3, 1), timezones=st.just(UTC)),
)
def test_it_is_behind_from_the_moment_that_is_kept_and_not_before(
    times: int, quantity: float | None, records: int, done: float, begun: datetime | None
) -> None:
    duty = Duty(domain=Domain.AGENCY, work="w", times=times, quantity=quantity)
    total, second = Total(records, done), timedelta(seconds=1)

    def behind(now: datetime) -> bool:
        return standing(duty, total, SPAN, now, begun).behind

    late = late_from(duty, total, SPAN, begun)
    if late is None:
        assert not behind(SPAN.until - second)
    else:
        assert SPAN.since < late <= SPAN.until
        assert not behind(late - second)
        assert behind(late + second)


def test_of_a_quantity_it_owes_its_part_too() -> None:
    founded = begins("2026-07-01", LATER, LATER, ZONE)
    found = standing(VISITS, Total(0, 0.0), SPAN, SPAN.until, founded)
    assert (found.due, found.due_quantity) == (2, 20.0)


@given(
    st.integers(1, 400),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
)
def test_who_was_founded_later_never_owes_more(
    times: int, now: datetime, one: datetime, other: datetime
) -> None:
    early, late = sorted((one, other))
    first, second = due_by(times, SPAN, now, early), due_by(times, SPAN, now, late)
    assert 0 <= second <= first <= due_by(times, SPAN, now)


def test_times_and_quantity_must_both_be_there() -> None:
    half = datetime(2026, 7, 5, tzinfo=UTC)
    found = standing(VISITS, Total(2, 12.0), SPAN, half)
    assert (found.due, found.done, found.missing) == (2, 2, 0)
    assert (found.due_quantity, found.missing_quantity, found.behind) == (20.0, 8.0, True)
    assert not standing(VISITS, Total(2, 20.0), SPAN, half).behind
    assert standing(VISITS, Total(1, 99.0), SPAN, half).missing == 1


@given(
    st.integers(1, 400),
    st.integers(0, 400),
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
)
def test_what_is_due_never_exceeds_the_year_and_what_is_missing_what_is_due(
    times: int, done: int, now: datetime
) -> None:
    duty = Duty(domain=Domain.AGENCY, work="w", times=times)
    found = standing(duty, Total(done, float(done)), SPAN, now)
    assert 0 <= found.missing <= found.due <= times
    assert found.missing == 0 or found.done + found.missing == found.due
    assert found.behind == (found.missing > 0)


def test_each_of_the_eight_domains_has_duties_of_works_that_there_are() -> None:
    def shipped(name: str) -> bytes:
        return Path(SHIPPED / f"{name}.json").read_bytes()

    works = WorkTable.model_validate_json(shipped("works")).by_code
    table = DutyTable.model_validate_json(shipped("duties"))
    assert set(table.by_domain) == set(Domain)
    for duty in table.duties:
        assert "organization" in works[duty.work].doers
    with pytest.raises(ValidationError):
        DutyTable(duties=(VISITS, VISITS))
