"""Corrections: what they change, that they hold in any order, and that the recount agrees."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.corrections.decisions import correct, void
from services.assessment.corrections.facts import tell
from services.assessment.corrections.schemas import CorrectionBody
from services.assessment.service.cases import Case, Correction, Measure, parts_of
from services.assessment.service.recount import added_up
from shared.contracts.corrections import CaseCorrected, CorrectionVoided
from shared.contracts.payload import Payload
from shared.contracts.tasks import TaskOverdue
from shared.storage.aggregates import At, Decision
from shared.web.problems import Problem
from tests.unit.services.assessment.stories import (
    BEIJING,
    LEVELS,
    START,
    Consumer,
    Teller,
    shuffled,
    story,
)
from tests.unit.services.assessment.test_cases import one, recounted


def told(*more: Any) -> Case:
    """Done in time by u1, the resident reached, solved, rated 2."""
    tell = Teller("r1")
    tell.accept(START)
    tell.assign("u1", "o1")
    tell.complete("u1", "o1", START, in_time=True)
    tell.answer(2)
    for what, fields in more:
        tell.task(what, **fields)
    return one(tell)


def corrected(case: Case, **said: Any) -> Case:
    body = CorrectionBody.model_validate({"reason": "re-judged"} | said)
    decision = correct("r1", case, body, START, "administrator:a", BEIJING)
    assert decision is not None
    assert decision.why == "re-judged"
    return decision.state


def test_what_each_correction_changes() -> None:
    case = told()
    assert case.measure == Measure(
        followed_up=1, contacted=1, solved=1, rated=1, judged=1, in_time=1, hours=0
    )
    assert corrected(case, satisfied=5).measure.satisfied == 1
    assert corrected(case, solved=False).measure.solved == 0
    assert corrected(case, contacted=False).measure.contacted == 0
    without = corrected(case, without_answer=True).measure
    assert (without.followed_up, without.rated, without.judged) == (0, 0, 1)
    assert corrected(case, verdict="late").measure.in_time == 0
    assert corrected(case, verdict="not_judged").measure.judged == 0
    assert corrected(case, excluded=True).keys == ()
    moved = corrected(case, responsible={"unit_id": "u2"})
    assert "unit/u2/2026-04" in moved.keys
    assert not any(key.startswith("organization/") for key in moved.keys)
    assert "unit/u1/2026-04" in moved.past_keys
    assert moved.unit_id == "u1", "the facts stay"
    open_late = told((TaskOverdue, {"deadline": START, "round": 2}))
    assert open_late.measure.judged == 1
    assert corrected(open_late, verdict="in_time").measure.judged == 0


def test_a_case_knows_which_groups_its_corrections_touched_and_when_last() -> None:
    case = told()
    assert (case.touched, case.rejudged_at) == ((), None)
    moved = corrected(case, responsible={"unit_id": "u2"})
    assert set(moved.touched) == {*case.keys, "unit/u2/2026-04"}
    assert moved.rejudged_at == START
    later = START + timedelta(days=1)
    decision = void("r1", moved, 1, "wrongly", later, "administrator:b", BEIJING)
    assert decision is not None
    # Taken back it touches u2 all the same: its figure fell.
    assert "unit/u2/2026-04" in decision.state.touched
    assert (decision.state.corrected, decision.state.rejudged_at) == (False, later)


def test_the_later_correction_holds_and_voiding_brings_the_earlier_back() -> None:
    twice = corrected(corrected(told(), satisfied=5), satisfied=1, excluded=True)
    assert (twice.measure.satisfied, twice.keys, twice.corrected) == (0, (), True)
    decision = void("r1", twice, 2, "wrongly", START, "administrator:b", BEIJING)
    assert decision is not None
    assert decision.state.measure.satisfied == 1
    assert decision.state.keys != ()
    voided = decision.state.corrections[1].voided
    assert voided is not None
    assert (voided.by, voided.reason) == ("administrator:b", "wrongly")
    assert void("r1", decision.state, 2, "again", START, "x", BEIJING) is None
    none = void("r1", decision.state, 1, "all", START, "x", BEIJING)
    assert none is not None
    assert (none.state.measure, none.state.corrected) == (told().measure, False)


def test_an_answer_of_a_later_round_counts_as_it_comes() -> None:
    tell = Teller("r1")
    tell.accept(START)
    tell.assign("u1")
    tell.answer(1)
    tell.answer(1, round=2)
    consumer = Consumer()
    consumer.take([*tell.requests[:2], *tell.tasks])
    re_judged = corrected(consumer.cases["r1"] or Case(), satisfied=5)
    assert re_judged.measure.satisfied == 1
    consumer.cases["r1"] = re_judged
    consumer.take(tell.requests[2:])
    case = consumer.cases["r1"]
    assert case is not None
    assert case.measure.satisfied == 0


def test_refused_and_repeated() -> None:
    unasked = Case(accepted_at=START)
    for case, status, code, said in (
        (None, 404, "case-not-found", {"excluded": True}),
        (Case(), 404, "case-not-found", {"excluded": True}),
        (unasked, 409, "no-answer-to-correct", {"satisfied": 5}),
    ):
        body = CorrectionBody.model_validate({"reason": "x"} | said)
        with pytest.raises(Problem) as raised:
            correct("r1", case, body, START, "a", BEIJING)
        assert (raised.value.status, raised.value.code) == (status, code)
    with pytest.raises(Problem):
        void("r1", told(), 1, "x", START, "a", BEIJING)
    once = corrected(told(), satisfied=5)
    body = CorrectionBody(reason="re-judged", satisfied=5)
    assert correct("r1", once, body, START, "administrator:a", BEIJING) is None


def told_of(decision: Decision[Case] | None) -> list[tuple[datetime, Payload]]:
    assert decision is not None
    assert all(isinstance(fact, At) for fact in decision.events)
    return [(fact.time, fact.data) for fact in decision.events if isinstance(fact, At)]


def test_what_is_told_of_corrections_and_of_those_made_before_any_was_told() -> None:
    later, by = START + timedelta(hours=1), "administrator:a"
    body = CorrectionBody(reason="re-judged", satisfied=5, verdict="late")
    made = correct("r1", told(), body, START, by, BEIJING)
    assert made is not None
    said = {"request_id": "r1", "number": 1, "by": by, "reason": "re-judged"}
    first = CaseCorrected.model_validate(
        said | {"answer_round": 1, "satisfied": 5, "work_round": 1, "verdict": "late"}
    )
    assert told_of(made) == [(START, first)]
    back = void("r1", made.state, 1, "wrongly", later, by, BEIJING)
    voided = CorrectionVoided.model_validate(said | {"reason": "wrongly"})
    assert told_of(back) == [(later, voided)]

    # As it stands in a database of before: nothing was told.
    old = made.state.model_copy(update={"corrections_told": 0})
    assert told_of(void("r1", old, 1, "wrongly", later, by, BEIJING)) == [
        (START, first),
        (later, voided),
    ]
    assert told_of(tell("r1", old)) == [(START, first)]
    assert back is not None
    assert told_of(tell("r1", back.state.model_copy(update={"corrections_told": 0}))) == [
        (START, first),
        (later, voided),
    ]
    caught_up = tell("r1", old)
    assert caught_up is not None
    assert caught_up.state == made.state
    assert tell("r1", caught_up.state) is None
    assert tell("r1", None) is None


choice = st.sampled_from
made = st.builds(
    lambda **said: Correction(number=1, at=START, by="a", reason="x", **said),
    excluded=choice([None, None, None, True, False]),
    answer_round=choice([1, 2]),
    without_answer=choice([None, None, True, False]),
    contacted=choice([None, True, False]),
    solved=choice([None, True, False]),
    satisfied=choice([None, 1, 5]),
    work_round=choice([1, 2]),
    verdict=choice([None, "in_time", "late", "not_judged"]),
    responsible=choice([None, None, {"unit_id": "u8"}, {"organization_id": "o8"}]),
    voided=choice([None, None, {"at": START, "by": "a", "reason": "x"}]),
)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.lists(made, min_size=1, max_size=3))
def test_corrections_hold_in_any_order_and_the_recount_agrees(
    seed: int, corrections: list[Correction]
) -> None:
    chance = random.Random(seed)
    tell = story(chance, 1)
    ends = []
    for _ in range(2):
        arrivals = shuffled(chance, [tell])
        consumer, at = Consumer(), chance.randrange(1, len(arrivals) + 1)
        consumer.take(arrivals[:at])
        consumer.correct(tell.id, corrections)
        consumer.take(arrivals[at:])
        case = consumer.known()[tell.id]
        assert case is not None
        ends.append(case)
    assert ends[0] == ends[1]
    recount = recounted([ends[0]])
    counted = {
        (month, kind, id)
        for key in ends[0].keys
        for group, id, month in [parts_of(key)]
        for kind in [LEVELS.get(id, "") if group == "area" else group]
        if kind in ("street", "community", "unit", "organization")
    }
    measure = ends[0].measure
    assert set(recount.subjects()) == counted
    for piles in recount.subjects().values():
        assert added_up(piles) == (
            measure.requests,
            measure.followed_up,
            measure.contacted,
            measure.solved,
            measure.rated,
            measure.satisfied,
            measure.judged,
            measure.in_time,
        )
