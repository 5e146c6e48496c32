"""Trend and warnings in answers, and numbers of a quarter."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.figures import COUNTS, summed
from services.assessment.scores.score import score_class
from services.assessment.scores.scoring import Board
from services.assessment.scores.views import trend_out, warnings_out
from tests.unit.services.assessment.scores.schemes import indicator, scheme

PLAIN = indicator("hours", formula="median_hours", sample=None, floor=0, target=100)


def board(period: str, version: int = 1, **values: float) -> Board:
    of = scheme(PLAIN)
    numbered = SchemeVersion(version, of, datetime(2026, 1, 1, tzinfo=UTC), "a", "")
    inputs = {id: {"median_hours": value} for id, value in values.items()}
    scores = score_class(of, of.classes[0], inputs)
    return Board(period, numbered, of.classes[0], scores, inputs)


@pytest.mark.parametrize(
    ("then", "now", "change", "direction"),
    [(70, 75, 5, "up"), (75, 70, -5, "down"), (70, 71, 1, "steady"), (70, 69, -1, "steady")],
)
def test_the_trend_against_the_period_before(
    then: float, now: float, change: float, direction: str
) -> None:
    current, earlier = board("2026-05", a=now), board("2026-04", 2, a=then, b=90)
    score = current.scores.of("a")
    assert score is not None
    trend = trend_out(current, score, earlier)
    assert trend is not None
    assert (trend.period, trend.score, trend.rank) == ("2026-04", then, 2)
    assert (trend.change, trend.direction, trend.scheme_changed) == (change, direction, True)
    assert trend_out(current, score, None) is None
    assert trend_out(current, score, board("2026-04", b=1)) is None


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (81.5, [("down", "fair", 1.5)]),
        (82, []),
        (78, [("up", "good", 2.0)]),
        (77.9, []),
        (60, [("down", "poor", 0.0)]),
        (1, []),
    ],
)
def test_warnings_within_the_margin(points: float, expected: list[Any]) -> None:
    current = board("2026-05", a=points)
    score = current.scores.of("a")
    assert score is not None
    found = warnings_out(current.scheme, score)
    assert [(one.direction, one.grade.id, one.points) for one in found] == expected


def test_counts_of_a_quarter_add_up_and_percentiles_do_not() -> None:
    none: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {"subject_id": "a", "p90_hours": None}
    april = none | {"requests": 4, "judged": 4, "in_time": 1, "median_hours": 9.0}
    may = none | {"requests": 6, "judged": 4, "in_time": 4, "median_hours": 5.0}
    quarter = summed([{"state": april}, {"state": may}], hours=False)["a"]
    assert (quarter["requests"], quarter["in_time_rate"]) == (10, 0.625)
    assert "median_hours" not in quarter
    assert summed([{"state": may}], hours=True)["a"]["median_hours"] == 5
    assert summed([{"state": none | {"median_hours": None}}], hours=True) == {}
