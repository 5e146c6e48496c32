"""Criteria are judged on periods that are over, how things stand as it is now."""

from datetime import UTC, datetime
from typing import Any

from services.assessment.lists.judging import judge, running_period, window
from services.assessment.schemes.periods import bounds_of
from services.assessment.schemes.scheme import WeakCriterion
from tests.unit.services.assessment.lists.stories import ZONE


def criterion(when: str, periods: int = 1) -> WeakCriterion:
    label = {"zh": "标准", "en": "criterion"}
    return WeakCriterion.model_validate(
        {"id": "a", "label": label, "when": when, "periods": periods}
    )


def holds(one: WeakCriterion, **by_month: dict[str, float]) -> bool | None:
    numbers: Any = {month.replace("m", "2026-"): {"o1": of} for month, of in by_month.items()}
    return judge([one], "schemes/1", "2026-04", "o1", numbers).criteria[0].holds


def test_figures_are_judged_on_the_last_periods_that_are_over() -> None:
    assert window(criterion("satisfaction_rate < 0.6", 3), "2026-01") == (
        "2025-10",
        "2025-11",
        "2025-12",
    )


def test_how_things_stand_is_judged_now() -> None:
    assert window(criterion("vacant_days > 90 and coverage_gaps > 0"), "2026-04") == ("2026-04",)
    assert window(criterion("vacant_days > 90 or requests > 0"), "2026-04") == ("2026-03",)


def test_it_holds_only_in_each_of_the_periods_and_without_a_sample_nobody_knows() -> None:
    one = criterion("satisfaction_rate < 0.6", 2)
    low, high = {"satisfaction_rate": 0.5}, {"satisfaction_rate": 0.7}
    assert holds(one, m02=low, m03=low) is True
    assert holds(one, m02=low, m03=high) is False
    assert holds(one, m02=high) is False  # what is false once does not hold, whatever else
    assert holds(one, m03=low) is None


def test_the_numbers_that_it_rests_on_are_kept() -> None:
    numbers: Any = {"2026-03": {"o1": {"satisfaction_rate": 0.5, "rated": 30, "requests": 90}}}
    one = criterion("rated >= 20 and satisfaction_rate < 0.6")
    [met] = judge([one], "schemes/1", "2026-04", "o1", numbers).criteria
    assert met.values == ({"rated": 30, "satisfaction_rate": 0.5},)
    assert met.periods == ("2026-03",)


def test_periods_begin_at_midnight_in_the_citys_time() -> None:
    assert running_period(datetime(2026, 3, 31, 16, tzinfo=UTC), "month", ZONE) == "2026-04"
    assert running_period(datetime(2026, 3, 31, 15, tzinfo=UTC), "quarter", ZONE) == "2026-Q1"
    begin, end = bounds_of("2026-Q1", ZONE)
    assert (begin, end) == (
        datetime(2025, 12, 31, 16, tzinfo=UTC),
        datetime(2026, 3, 31, 16, tzinfo=UTC),
    )
