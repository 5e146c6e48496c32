"""Rankings: one lucky case must not top one."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.assessment.main import load_weights
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.service.rankings import Weights, by_class, rank, score_of
from tests.integration.messaging.world import settings_for

SETTINGS = settings_for("assessment", "localhost:1", "mongodb://localhost:1", "t")
WEIGHTS = load_weights(SETTINGS)


def figure(id: str, followed_up: int = 10, rates: float | None = 0.5, **more: object) -> Figure:
    known = {
        "requests": 20,
        "followed_up": followed_up,
        "response_rate": rates,
        "resolution_rate": rates,
        "satisfaction_rate": rates,
    }
    return Figure.model_validate(
        {"month": "2026-05", "kind": SubjectKind.UNIT, "subject_id": id} | known | more
    )


def test_one_lucky_case_does_not_top_the_ranking() -> None:
    ranking = rank([figure("lucky", 1, 1.0), figure("good", 9, 0.9)], WEIGHTS, 5)
    assert [(p.rank, p.figure.subject_id) for p in ranking.ranked] == [(1, "good")]
    assert [(p.rank, p.score, p.figure.subject_id) for p in ranking.under_minimum] == [
        (None, None, "lucky")
    ]


def test_exactly_the_minimum_is_ranked() -> None:
    assert len(rank([figure("a", 5)], WEIGHTS, 5).ranked) == 1
    assert not rank([figure("a", 4)], WEIGHTS, 5).ranked


def test_the_score_is_the_weighted_mean_of_the_rates_with_a_sample() -> None:
    three = figure("a", response_rate=1.0, resolution_rate=0.8, satisfaction_rate=0.6)
    assert score_of(three, WEIGHTS) == pytest.approx(0.30 * 1 + 0.35 * 0.8 + 0.35 * 0.6)
    unrated = figure("a", response_rate=1.0, resolution_rate=0.8, satisfaction_rate=None)
    assert score_of(unrated, WEIGHTS) == pytest.approx((0.30 + 0.35 * 0.8) / 0.65)


def test_ties_go_to_more_cases_then_to_the_id() -> None:
    found = [figure("b"), figure("a"), figure("c", requests=30)]
    assert [p.figure.subject_id for p in rank(found, WEIGHTS, 5).ranked] == ["c", "a", "b"]


def test_where_too_few_were_asked_the_in_time_rate_ranks_the_class() -> None:
    unasked = [
        figure("a", 0, None, judged=8, in_time_rate=0.5),
        figure("b", 0, None, judged=9, in_time_rate=0.9),
        figure("c", 1, 1.0, judged=4, in_time_rate=1.0),
    ]
    ranking = rank(unasked, WEIGHTS, 5)
    assert ranking.basis == "in_time"
    assert [(p.figure.subject_id, p.score) for p in ranking.ranked] == [("b", 0.9), ("a", 0.5)]
    assert [p.figure.subject_id for p in ranking.under_minimum] == ["c"]
    # As soon as one has answers enough, nobody of the class is ranked by the other measure.
    asked = rank([*unasked, figure("d", 5, 0.1)], WEIGHTS, 5)
    assert asked.basis == "follow_ups"
    assert [p.figure.subject_id for p in asked.ranked] == ["d"]


def test_subjects_without_requests_are_left_out_and_unknown_ones_have_a_class() -> None:
    assert not rank([figure("a", 0, None, requests=0)], WEIGHTS, 5).under_minimum
    grouped = by_class([figure("a"), figure("b")], {"a": "agency"})
    assert set(grouped) == {"agency", "unregistered"}


def test_a_city_replaces_the_weights(tmp_path: Path) -> None:
    table = {"version": 2, "source": "city", "minimum_sample": 3}
    rates = {"response": 0.2, "resolution": 0.4, "satisfaction": 0.4}
    (tmp_path / "weights.json").write_text(json.dumps(table | rates))
    own = SETTINGS.model_copy(update={"data_folder": str(tmp_path)})
    assert load_weights(own).minimum_sample == 3
    (tmp_path / "weights.json").write_text(json.dumps(table | rates | {"speed": 1}))
    with pytest.raises(ValueError, match=r"(?s)weights\.json.*speed"):
        load_weights(own)
    with pytest.raises(ValidationError):
        Weights(version=1, source="", response=0, resolution=0, satisfaction=0, minimum_sample=1)
