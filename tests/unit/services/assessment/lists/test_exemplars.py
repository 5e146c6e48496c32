"""Candidates from facts, checked by people; practices adopted and reported on."""

from collections.abc import Callable
from typing import Any

import pytest

from services.assessment.lists import exemplars as e
from services.assessment.lists.exemplars import Edition, Exemplar, PeriodFacts, Practice, candidacy
from services.assessment.service.figures import SubjectKind
from services.assessment.subjects import Subject
from shared.contracts.lists import (
    AdoptionReported,
    ExemplarFound,
    ExemplarRevoked,
    PracticePublished,
)
from shared.contracts.words import AdoptionOutcome
from tests.unit.services.assessment.decided import done, refused
from tests.unit.services.assessment.lists.stories import DAY, RULES, START, VILLAGE

OTHER = Subject(SubjectKind.ORGANIZATION, "o2", "柳溪村党支部", ("bj", "xc", "s1", "c2"))


def facts(month: int, score: float | None = 95, satisfied: int = 19, rated: int = 20) -> Any:
    return PeriodFacts(period=f"2026-{month:02d}", score=score, satisfied=satisfied, rated=rated)


GOOD = [facts(1), facts(2), facts(3)]


def candidate() -> Exemplar:
    found = candidacy(GOOD, "schemes/1", RULES)
    assert found is not None
    return done(e.find(None, VILLAGE, found, START))


def accepted() -> Exemplar:
    return done(e.decide(candidate(), True, "checker", "sealed", "属实", "area_manager:li", START))


def edition() -> Edition:
    return Edition(
        number=1, at=START, by="by", title="院坝会", summary="每月一次", steps=("约", "议", "办")
    )


def practice() -> Practice:
    return done(e.publish("pr1", accepted(), edition()))


@pytest.mark.parametrize(
    "periods",
    [
        GOOD[:2],
        [facts(1), facts(2, score=RULES.score_at_least - 0.1), facts(3)],
        [facts(1), facts(2, score=None), facts(3)],
        [facts(1), facts(2, satisfied=17), facts(3)],
        [facts(1), facts(2, satisfied=0, rated=0), facts(3)],
        [facts(n, satisfied=3, rated=3) for n in (1, 2, 3)],
    ],
    ids=["too short", "one low", "one unknown", "not satisfied", "nobody rated", "few rated"],
)
def test_only_what_is_sustained_and_recognized_by_enough_makes_a_candidate(periods: Any) -> None:
    assert candidacy(GOOD, "schemes/1", RULES) is not None
    assert candidacy(periods, "schemes/1", RULES) is None


def test_a_candidate_is_told_of_once_and_not_again_on_the_facts_it_was_refused_on() -> None:
    found = candidacy(GOOD, "schemes/1", RULES)
    assert found is not None
    decision = e.find(None, VILLAGE, found, START)
    assert decision is not None
    assert isinstance(decision.events[0], ExemplarFound)
    assert e.find(decision.state, VILLAGE, found, START) is None
    refused = done(e.decide(decision.state, False, "c", "s", "不实", "by", START))
    assert e.find(refused, VILLAGE, found, START) is None
    later = candidacy([facts(4), facts(5), facts(6)], "schemes/1", RULES)
    assert later is not None
    assert e.find(refused, VILLAGE, later, START) is not None
    assert e.find(accepted(), VILLAGE, later, START) is None


def test_only_an_accepted_exemplar_is_written_up() -> None:
    for state in (None, candidate()):
        with refused("exemplar-not-accepted"):
            e.publish("pr1", state, edition())
    [told] = e.publish("pr1", accepted(), edition()).events
    assert isinstance(told, PracticePublished)
    assert (told.edition, told.steps) == (1, 3)


def test_a_candidate_is_decided_on_once() -> None:
    with refused("exemplar-decided"):
        e.decide(accepted(), False, "c", "s", "x", "by", START)


def test_an_accepted_one_is_revoked_with_a_reason_and_found_again_only_on_other_facts() -> None:
    for state in (candidate(), done(e.decide(candidate(), False, "c", "s", "x", "by", START))):
        with refused("exemplar-not-to-revoke"):
            e.revoke(state, "弄虚作假", "by", START)
    decision = e.revoke(accepted(), "弄虚作假", "area_manager:li", START + DAY)
    assert decision is not None
    assert [type(event) for event in decision.events] == [ExemplarRevoked]
    assert decision.why == "弄虚作假"
    state = decision.state
    assert state.revoked is not None
    assert (state.revoked.by, state.revoked.at) == ("area_manager:li", START + DAY)
    assert e.revoke(state, "弄虚作假", "by", START) is None
    with refused("exemplar-not-accepted"):
        e.publish("pr1", state, edition())
    again, later = (
        candidacy(some, "schemes/1", RULES) for some in (GOOD, [facts(n) for n in (4, 5, 6)])
    )
    assert again is not None
    assert later is not None
    assert e.find(state, VILLAGE, again, START) is None
    assert done(e.find(state, VILLAGE, later, START)).stage is e.ExemplarStage.CANDIDATE


def test_others_adopt_it_once_and_may_try_again_after_they_dropped_it() -> None:
    adopted = done(e.adopt(practice(), OTHER, "by", START))
    assert e.adopt(adopted, OTHER, "by", START) is None
    decision = e.report(adopted, "o2", AdoptionOutcome.DROPPED, "sealed", "by", START)
    [told] = decision.events
    assert isinstance(told, AdoptionReported)
    again = done(e.adopt(decision.state, OTHER, "by", START + DAY))
    assert [each.outcome for each in again.adoptions] == [AdoptionOutcome.DROPPED, None]
    done_well = e.report(again, "o2", AdoptionOutcome.ADAPTED, "sealed", "by", START).state
    assert [each.outcome for each in done_well.adoptions] == ["dropped", "adapted"]


def test_nobody_adopts_the_own_practice_or_one_withdrawn_nor_reports_on_what_was_not_adopted() -> (
    None
):
    withdrawn = done(e.withdraw(practice(), "过时"))
    acts: list[tuple[str, Callable[[], object]]] = [
        ("own-practice", lambda: e.adopt(practice(), VILLAGE, "by", START)),
        (
            "not-adopted",
            lambda: e.report(practice(), "o2", AdoptionOutcome.ADOPTED, "s", "b", START),
        ),
        ("practice-withdrawn", lambda: e.adopt(withdrawn, OTHER, "by", START)),
        ("practice-withdrawn", lambda: e.republish(withdrawn, edition(), "x")),
    ]
    for code, act in acts:
        with refused(code):
            act()
    assert e.withdraw(withdrawn, "过时") is None


def test_editions_are_numbered() -> None:
    assert done(e.republish(practice(), edition(), "补充")).edition.number == 2
