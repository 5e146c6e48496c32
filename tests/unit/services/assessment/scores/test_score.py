"""Scores of a class: the round of docs/assessment/scores.md by hand, rules, ties, and a second
reckoning in fractions."""

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.scores.figures import with_rates
from services.assessment.scores.score import (
    Score,
    Scores,
    about_to_change,
    outcomes,
    score_class,
)
from tests.unit.services.assessment.scores.schemes import indicator, label, scheme

ROUND = {
    "a": {"requests": 60, "solved": 45, "contacted": 50, "median_hours": 30.0, "timed": 48},
    "b": {"requests": 45, "solved": 28, "contacted": 40, "median_hours": 20.0, "timed": 41},
    "c": {"requests": 30, "solved": 12, "contacted": 20, "median_hours": 60.0, "timed": 22},
    "d": {"requests": 4, "solved": 3, "contacted": 3, "median_hours": 10.0, "timed": 3},
}


def scored(inputs: Any, *indicators: dict[str, Any], **more: Any) -> Scores:
    of = scheme(*indicators, **more)
    return score_class(of, of.classes[0], inputs)


def one(scores: Scores, id: str) -> Score:
    found = scores.of(id)
    assert found is not None
    return found


def test_the_round_of_the_docs() -> None:
    """docs/assessment/scores.md has every step of these numbers."""
    of = scheme()
    scores = score_class(of, of.classes[0], ROUND)
    resolution, speed = scores.in_use
    assert resolution.prior is not None
    assert resolution.prior.mean == pytest.approx(88 / 113)
    assert resolution.prior.spread == pytest.approx(0.103679, abs=1e-6)
    assert resolution.prior.strength == pytest.approx(8.645197, abs=1e-6)
    assert resolution.values == pytest.approx([0.882128, 0.713997, 0.653951, 0.835756], abs=1e-6)
    assert resolution.points == [76.425506, 42.799474, 30.790113, 67.151192]
    assert speed.prior is None
    assert speed.points == [87.5, 100, 25.0, 100]
    assert [(s.subject_id, s.rank, s.total, s.grade) for s in scores.ranked] == [
        ("a", 1, 80.855304, "good"),
        ("b", 2, 65.679684, "fair"),
        ("c", 3, 28.474068, "poor"),
    ]
    # Three voices and three quick cases: the points are there, and neither rank nor grade.
    assert [(s.subject_id, s.rank, s.total, s.grade) for s in scores.unranked] == [
        ("d", None, 80.290715, None)
    ]
    assert about_to_change(of, one(scores, "a")) == (("fair", 0.855304), None)
    assert outcomes(of, scores, one(scores, "b")) == {
        "score": 65.679684,
        "rank": 2,
        "ranked": 3,
        "grade": 2,
    }


def test_three_voices_neither_top_nor_fail() -> None:
    few = [indicator(minimum_sample=1, floor=0)]
    class_ = {f"u{n}": {"solved": 80 + n, "contacted": 100} for n in range(10)}
    scores = scored(
        class_ | {"best": {"solved": 3, "contacted": 3}, "worst": {"solved": 0, "contacted": 3}},
        *few,
    )
    ranks = {s.subject_id: s.rank for s in scores.ranked}
    assert ranks["best"] != 1
    assert (one(scores, "worst").total or 0) > 50


def test_without_a_sample_the_class_mean_stands_and_what_is_no_proportion_is_left_out() -> None:
    inputs = ROUND | {"e": {"requests": 9, "contacted": 0, "timed": 9, "median_hours": 30.0}}
    scores = scored(inputs)
    resolution, speed = scores.marks(one(scores, "e"))
    assert scores.in_use[0].prior is not None
    assert (resolution.own, resolution.value) == (None, scores.in_use[0].prior.mean)
    untimed = scored(ROUND | {"e": {"requests": 9, "contacted": 9, "solved": 9}})
    mark = untimed.marks(one(untimed, "e"))
    assert mark[1].points is None
    assert one(untimed, "e").total == mark[0].points
    assert speed.points == 87.5


def test_a_stand_in_counts_only_where_no_other_has_a_sample() -> None:
    instead = indicator("in_time", formula="in_time / judged", sample="judged", stand_in=True)
    asked = indicator()
    unasked = {"a": {"in_time": 9, "judged": 10}, "b": {"in_time": 5, "judged": 10}}
    scores = scored(unasked, asked, instead)
    assert [used.indicator.id for used in scores.in_use] == ["in_time"]
    assert [s.subject_id for s in scores.ranked] == ["a", "b"]
    scores = scored(unasked | {"c": {"solved": 5, "contacted": 5}}, asked, instead)
    assert [used.indicator.id for used in scores.in_use] == ["resolution"]
    assert [s.subject_id for s in scores.ranked] == ["c"]


def test_ties_go_to_more_requests_then_to_the_id() -> None:
    same = {"solved": 9.0, "contacted": 10.0}
    inputs = {id: same | {"requests": n} for id, n in (("b", 10), ("a", 10), ("c", 30))}
    assert [s.subject_id for s in scored(inputs, indicator()).ranked] == ["c", "a", "b"]


def test_rules_set_floor_cap_and_grade() -> None:
    def rule(id: str, when: str, **sets: Any) -> dict[str, Any]:
        return {"id": id, "label": label(id), "when": when} | sets

    def total(*rules: dict[str, Any]) -> tuple[float | None, str | None, tuple[str, ...]]:
        a = one(scored(ROUND, rules=rules), "a")
        return a.total, a.grade, a.rules

    assert total(rule("cap", "requests > 50", cap=50)) == (50, "poor", ("cap",))
    assert total(rule("floor", "requests > 50", floor=95)) == (95, "good", ("floor",))
    assert total(rule("not", "requests > 99", cap=1)) == (80.855304, "good", ())
    assert total(rule("absent", "rated > 1", cap=1)) == (80.855304, "good", ())
    grade = rule("bar", "requests > 50", grade_at_most="fair")
    assert total(grade) == (80.855304, "fair", ("bar",))
    both = total(rule("floor", "requests > 5", floor=95), rule("cap", "requests > 5", cap=40))
    assert both == (40, "poor", ("floor", "cap"))
    scores = scored(ROUND, rules=[grade])
    # It is not its points that keep it from the better grade.
    assert about_to_change(scheme(rules=[grade]), one(scores, "a")) == (None, None)


def test_caps_floors_and_shares_of_the_weight() -> None:
    bonus = indicator("bonus", formula="requests", sample=None, floor=0, target=10, cap=120)
    scores = scored({"a": {"requests": 50}, "b": {"requests": 5}, "c": {"requests": -5}}, bonus)
    assert [s.total for s in scores.ranked] == [120, 50, 0]
    half = scored(ROUND | {"e": {"solved": 9, "contacted": 9}}, ranked_with=0.7)
    assert one(half, "e").covered == 0.6
    assert one(half, "e").rank is None
    assert one(scored(ROUND | {"e": {"solved": 9, "contacted": 9}}), "e").rank is not None


def test_nothing_at_all() -> None:
    scores = scored({"a": {"requests": 3}})
    assert scores.in_use == ()
    assert [(s.total, s.grade, s.rank) for s in scores.unranked] == [(None, None, None)]
    assert scored({}).ranked == []


counts = st.fixed_dictionaries(
    {"solved": st.integers(0, 300), "more": st.integers(0, 300), "timed": st.integers(0, 40)}
)
rounds = st.dictionaries(st.sampled_from("abcdefghij"), counts, min_size=1, max_size=8)


def numbers(drawn: dict[str, int]) -> dict[str, float]:
    solved, contacted = drawn["solved"], drawn["solved"] + drawn["more"]
    hours = {"median_hours": drawn["timed"] * 3.5} if drawn["timed"] else {}
    return {"solved": solved, "contacted": contacted, "timed": drawn["timed"]} | hours


@given(rounds, st.randoms(use_true_random=False))
def test_a_second_reckoning_in_fractions_in_any_order(
    drawn: dict[str, dict[str, int]], chance: random.Random
) -> None:
    inputs = {id: numbers(of) for id, of in drawn.items()}
    scores = scored(inputs)
    shuffled = list(inputs.items())
    chance.shuffle(shuffled)
    again = scored(dict(shuffled))
    assert list(again.every()) == list(scores.every())
    for score in scores.every():
        expected = _reckoned(inputs, score.subject_id)
        if expected is None:
            assert score.total is None
        else:
            assert score.total == pytest.approx(float(expected), abs=2e-6)


def _reckoned(inputs: dict[str, dict[str, float]], id: str) -> Fraction | None:
    """The total of the tests' scheme, step by step in exact numbers."""
    samples = {
        u: (Fraction(of["solved"]), Fraction(of["contacted"]))
        for u, of in inputs.items()
        if of["contacted"]
    }
    parts: list[tuple[Fraction, int]] = []
    if any(n >= 5 for _, n in samples.values()):
        zero = Fraction(0)
        size = sum((n for _, n in samples.values()), zero)
        mean = sum((k for k, _ in samples.values()), zero) / size
        strength = Fraction(5)
        others = len(samples) - 1
        beyond = size - sum((n * n for _, n in samples.values()), zero) / size - others
        if others and 0 < mean < 1 and beyond > 0:
            spread = sum((n * (k / n - mean) * (k / n - mean) for k, n in samples.values()), zero)
            gamma = min(Fraction(1), (spread / (mean * (1 - mean)) - others) / beyond)
            strength = Fraction(100)
            if gamma > 0:
                strength = min(Fraction(100), max(Fraction(5), (1 - gamma) / gamma))
        hits, n = samples.get(id, (Fraction(0), Fraction(0)))
        value = (hits + strength * mean) / (n + strength)
        parts.append((_between((value - Fraction(1, 2)) * 200), 60))
    if any(of["timed"] >= 5 for of in inputs.values()) and inputs[id]["timed"]:
        hours = Fraction(inputs[id]["median_hours"])
        parts.append((_between((hours - 72) * 100 / (24 - 72)), 40))
    if not parts:
        return None
    return sum((p * w for p, w in parts), Fraction(0)) / sum(w for _, w in parts)


def _between(points: Fraction) -> Fraction:
    return min(Fraction(100), max(Fraction(0), points))


def test_rates_come_from_the_counts() -> None:
    counts = dict.fromkeys(("followed_up", "contacted", "solved", "rated", "satisfied"), 0.0)
    made = with_rates(counts | {"judged": 4.0, "in_time": 3.0, "requests": 5.0})
    assert made["in_time_rate"] == 0.75
    assert "response_rate" not in made
