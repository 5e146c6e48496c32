"""Spans of time and the city's calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.spans import Span, add_months, gaps

START = datetime(2026, 1, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def span(since: int, until: int) -> Span:
    return Span(START + timedelta(days=since), START + timedelta(days=until))


@pytest.mark.parametrize(
    ("spans", "left"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(2, 4)], [(0, 2), (4, 10)]),
        ([(5, 20), (-5, 1), (0, 3)], [(3, 5)]),
        ([(12, 20)], [(0, 10)]),
        ([(2, 4), (4, 6)], [(0, 2), (6, 10)]),
    ],
)
def test_gaps_are_what_no_span_covers(
    spans: list[tuple[int, int]], left: list[tuple[int, int]]
) -> None:
    assert gaps([span(*each) for each in spans], span(0, 10)) == [span(*each) for each in left]


days = st.tuples(st.integers(-5, 30), st.integers(1, 10)).map(lambda t: span(t[0], t[0] + t[1]))


@given(st.lists(days, max_size=8), st.integers(0, 29))
def test_a_moment_is_in_a_gap_or_in_a_span(spans: list[Span], day: int) -> None:
    moment = START + timedelta(days=day, hours=5)
    found = gaps(spans, span(0, 30))
    assert any(each.covers(moment) for each in spans) is not any(g.covers(moment) for g in found)
    assert all(not one.meets(other) for one in found for other in spans)


@pytest.mark.parametrize(
    ("moment", "months", "zone", "wanted"),
    [
        ("2026-03-01T08:00:00+08:00", 3, "Asia/Shanghai", "2026-06-01T08:00:00+08:00"),
        ("2025-11-30T00:00:00+08:00", 3, "Asia/Shanghai", "2026-02-28T00:00:00+08:00"),
        ("2024-02-29T00:00:00+08:00", 36, "Asia/Shanghai", "2027-02-28T00:00:00+08:00"),
        # On the last of the month in Shanghai, which in UTC is the day before.
        ("2026-05-30T17:00:00+00:00", 1, "Asia/Shanghai", "2026-06-29T17:00:00+00:00"),
        ("2026-05-30T17:00:00+00:00", 1, "UTC", "2026-06-30T17:00:00+00:00"),
        # Another city's summer time: the same hour on its clocks.
        ("2026-01-15T09:00:00-05:00", 6, "America/New_York", "2026-07-15T09:00:00-04:00"),
    ],
)
def test_months_are_those_of_the_citys_calendar(
    moment: str, months: int, zone: str, wanted: str
) -> None:
    found = add_months(datetime.fromisoformat(moment), months, ZoneInfo(zone))
    assert found == datetime.fromisoformat(wanted)
    assert found.tzinfo is UTC


@given(st.datetimes(datetime(1900, 1, 1), datetime(2190, 1, 1)), st.integers(0, 100))
def test_more_months_are_never_sooner(moment: datetime, months: int) -> None:
    there = moment.replace(tzinfo=UTC)
    assert add_months(there, months, SHANGHAI) <= add_months(there, months + 1, SHANGHAI)
