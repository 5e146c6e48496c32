"""Sums of figures, and the periods of reports."""

import pytest

from services.assessment.reports.numbers import added, change
from services.assessment.reports.periods import said, trend_of
from services.assessment.service.figures import SubjectKind
from tests.unit.services.assessment.reports.town import figure


def test_rates_of_a_sum_are_those_of_the_sums_not_the_mean_of_rates() -> None:
    total = added(
        "2026", SubjectKind.STREET, "x", [figure("a", 10, good=1.0), figure("b", 30, good=0.6)]
    )
    assert (total.requests, total.solved, total.contacted) == (40, 28, 40)
    assert total.resolution_rate == 28 / 40
    assert total.resolution_rate != (1.0 + 0.6) / 2


def test_hours_of_one_figure_stay_and_those_of_several_are_not_invented() -> None:
    one = figure("a", 10, good=1.0)
    alone = added("2026-05", SubjectKind.STREET, "x", [one])
    assert (alone.median_hours, alone.p90_hours) == (one.median_hours, one.p90_hours)
    both = added("2026-05", SubjectKind.STREET, "x", [one, one])
    assert (both.median_hours, both.p90_hours, both.timed) == (None, None, 20)


def test_nothing_has_no_rates() -> None:
    nothing = added("2026-05", SubjectKind.STREET, "x", [])
    assert (nothing.requests, nothing.response_rate, nothing.in_time_rate) == (0, None, None)
    assert change(0.5, None) is None
    assert change(0.5, 0.25) == 0.25


@pytest.mark.parametrize(
    ("period", "months", "found"),
    [
        ("2026-02", 3, ["2025-12", "2026-01", "2026-02"]),
        ("2026", 3, [f"2026-{n:02}" for n in range(1, 13)]),
    ],
)
def test_the_course_ends_with_the_month_or_is_the_years(
    period: str, months: int, found: list[str]
) -> None:
    assert trend_of(period, months) == found


def test_periods_in_words() -> None:
    assert [said("2026-05", "zh"), said("2026", "zh")] == ["2026年5月", "2026年"]
    assert [said("2026-05", "en"), said("2026", "en")] == ["May 2026", "2026"]
