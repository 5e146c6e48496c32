"""Trend and warnings in answers, and numbers of a quarter."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.assessment.heard import Source, Told
from services.assessment.schemes.versions import SchemeVersion
from services.assessment.scores.figures import summed
from services.assessment.scores.score import score_class
from services.assessment.scores.scoring import Board
from services.assessment.scores.views import (
    beside,
    indicators_out,
    score_fields,
    sources_out,
    trend_out,
    warnings_out,
)
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
    around = beside(shown, None, Bounds(), {"b": 2})
    fields = {
        one.subject_id: score_fields(shown, one, one.subject_id, around) for one in scores.every()
    }
    places = ("rank", "rank_among_like", "ranked_like")
    assert {id: tuple(theirs[name] for name in places) for id, theirs in fields.items()} == {
        "a": (1, 1, 2), "b": (2, 1, 2), "c": (3, 2, 2), "d": (4, 2, 2), "e": (None, None, 2),
    }  # fmt: skip
    assert fields["a"]["lacks"] == []
    assert [fields[id]["corrected_cases"] for id in ("a", "b")] == [0, 2]
    assert fields["b"]["lacks"] == fields["d"]["lacks"] == [Lack.FUNDS]
    assert fields["e"]["lacks"] == [Lack.FUNDS, Lack.VENUE]


def test_a_proportion_has_its_margin_of_error_and_hours_have_none() -> None:
    """Wilson, 8 of 10: (0.8 + z² / 20 ± z √(0.016 + z² / 400)) / (1 + z² / 10), z = 1.96."""
    of = scheme(indicator(minimum_sample=1), PLAIN)
    numbered = SchemeVersion(1, of, datetime(2026, 1, 1, tzinfo=UTC), "a", "")
    inputs = {"a": {"solved": 8.0, "contacted": 10.0, "median_hours": 5.0}, "b": {"requests": 1.0}}
    scores = score_class(of, of.classes[0], inputs)
    shown = Board("2026-05", numbered, of.classes[0], scores, inputs)
    first, second = (scores.of(id) for id in ("a", "b"))
    assert first is not None
    assert second is not None
    resolution, hours = indicators_out(shown, first)
    assert resolution.low == pytest.approx(0.490162, abs=1e-6)
    assert resolution.high == pytest.approx(0.943318, abs=1e-6)
    assert (hours.low, hours.high) == (None, None)
    assert [(one.low, one.high) for one in indicators_out(shown, second)] == [(None, None)] * 2


def test_an_input_that_no_case_gives_names_the_event_that_told_of_it() -> None:
    told = Told(
        type="lianxin.assignment.changed.v1",
        sequence=3,
        event_id="e3",
        time=datetime(2026, 5, 2, tzinfo=UTC),
    )
    entered = Source("guarantees/g1", link="/v1/guarantees/g1")
    sources = {"funds_given": [Source("a1", told), entered], "vacant_days": [Source("o1", told)]}
    shown = sources_out({"funds_given": 1.0, "plans_due": 2.0}, sources)
    assert list(shown) == ["funds_given"]
    first, second = shown["funds_given"]
    assert (first.subject, first.type, first.sequence) == ("a1", told.type, 3)
    assert (first.event_id, first.time) == ("e3", told.time)
    assert (second.event_id, second.link) == (None, "/v1/guarantees/g1")
