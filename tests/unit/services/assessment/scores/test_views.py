"""Trend and warnings in answers, and numbers of a quarter."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.figures import summed
from services.assessment.scores.score import score_class
from services.assessment.scores.scoring import Board
from services.assessment.scores.views import beside, score_fields, trend_out, warnings_out
from services.assessment.service.figures import COUNTS
from services.assessment.support.groups import Bounds, Lack
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


def test_what_each_lacks_stands_beside_its_score_and_its_place_among_its_like() -> None:
    """Of five, b and d were given less than half of what they were promised; e is not ranked."""
    found = board("2026-05", a=90, b=80, c=70, d=60)
    found.inputs["e"] = {"funds_promised": 9.0, "has_venue": 0.0}
    for id in ("b", "d"):
        found.inputs[id] |= {"funds_promised": 900.0, "funds_given": 449.0}
    scores = score_class(found.scheme, found.class_, found.inputs)
    shown = replace(found, scores=scores)
    around = beside(shown, None, Bounds())
    fields = {
        one.subject_id: score_fields(shown, one, one.subject_id, around) for one in scores.every()
    }
    places = ("rank", "rank_among_like", "ranked_like")
    assert {id: tuple(theirs[name] for name in places) for id, theirs in fields.items()} == {
        "a": (1, 1, 2), "b": (2, 1, 2), "c": (3, 2, 2), "d": (4, 2, 2), "e": (None, None, 2),
    }  # fmt: skip
    assert fields["a"]["lacks"] == []
    assert fields["b"]["lacks"] == fields["d"]["lacks"] == [Lack.FUNDS]
    assert fields["e"]["lacks"] == [Lack.FUNDS, Lack.VENUE]
