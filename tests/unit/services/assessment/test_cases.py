"""Any order of arrival, duplicates and late facts end in the same case, and in the same figures."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.handlers import HANDLERS
from services.assessment.service.cases import Case, key_of, parts_of
from services.assessment.service.figures import Figure, SubjectKind, Sums, figure_of, kind_of, place
from services.assessment.service.recount import Comparison, Recount, differences, numbers
from shared.contracts import requests as r
from shared.contracts import tasks as t
from shared.contracts.words import AssigneeKind
from tests.unit.services.assessment.stories import (
    BEIJING,
    LEVELS,
    START,
    Consumer,
    Teller,
    assignee,
    shuffled,
    story,
)

HOUR = timedelta(hours=1)


def summed(cases: list[Case]) -> dict[tuple[str, str, str], Figure]:
    """What the pipeline does, in Python: figures from keys and measures."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        for key in case.keys:
            groups[key].append(case)
    figures = {}
    for key, members in groups.items():
        _, id, month = parts_of(key)
        kind = kind_of(key, LEVELS.get(id))
        if kind is None:
            continue
        hours = sorted(c.measure.hours for c in members if c.measure.hours is not None)
        around = [(0.0, 0.0), (0.0, 0.0)]
        if hours:
            around = [
                (hours[below], hours[above])
                for below, above, _ in (place(len(hours), 5), place(len(hours), 9))
            ]
        names = ("followed_up", "contacted", "solved", "rated", "satisfied", "judged", "in_time")
        sums = Sums(
            requests=sum(c.measure.requests for c in members),
            timed=len(hours),
            median=around[0],
            p90=around[1],
            **{name: sum(getattr(c.measure, name) for c in members) for name in names},
        )
        figures[month, kind.value, id] = figure_of(month, kind, id, sums)
    return figures


def recounted(cases: list[Case]) -> Recount:
    count = Recount(BEIJING, LEVELS)
    for case in cases:
        count.add(case.model_dump())
    return count


def beside(cases: list[Case], figures: Iterable[Figure]) -> Comparison:
    comparison = Comparison(recounted(cases))
    for figure in figures:
        comparison.add(figure.model_dump())
    comparison.finish()
    return comparison


def one(tell: Teller) -> Case:
    consumer = Consumer()
    consumer.take(tell.all)
    case = consumer.cases[tell.id]
    assert case is not None
    return case


@given(st.integers(0, 2**32), st.integers(1, 12))
@settings(max_examples=150)
def test_any_order_and_duplicates_give_the_same_figures_as_a_recount(seed: int, size: int) -> None:
    chance = random.Random(seed)
    tellers = [story(chance, number) for number in range(size)]
    plain, mixed = Consumer(), Consumer()
    plain.take(event for tell in tellers for event in tell.all)
    mixed.take(shuffled(chance, tellers))

    assert mixed.known() == plain.known()
    cases = [case for case in mixed.cases.values() if case is not None]
    figures = summed(cases)
    compared = beside(cases, figures.values())
    assert compared.figures == len(figures)
    assert compared.differing == []


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_the_gate_keeps_each_subjects_own_order(seed: int) -> None:
    chance = random.Random(seed)
    tellers = [story(chance, number) for number in range(5)]
    consumer = Consumer()
    consumer.take(shuffled(chance, tellers))
    for sequences in consumer.applied.values():
        assert sequences == list(range(1, len(sequences) + 1))


def test_groups_once_counted_in_are_kept_to_be_recomputed() -> None:
    tell = Teller("r")
    tell.accept(START, ())
    tell.assign("u1", "o1")
    tell.request(r.RequestLocated, area_path=("bj", "s1"))
    tell.assign("u2", "o2")
    case = one(tell)
    assert set(case.keys) == {
        key_of("area", "bj", "2026-04"),
        key_of("area", "s1", "2026-04"),
        key_of("unit", "u2", "2026-04"),
        key_of("organization", "o2", "2026-04"),
    }
    assert set(case.past_keys) == {
        key_of("unit", "u1", "2026-04"),
        key_of("organization", "o1", "2026-04"),
    }


def test_a_request_counts_in_the_month_that_the_city_has() -> None:
    late = Teller("r1")
    late.accept(datetime(2026, 4, 30, 15, 59, 59, 999_999, tzinfo=UTC))
    early = Teller("r2")
    early.accept(datetime(2026, 4, 30, 16, tzinfo=UTC))
    assert (one(late).month, one(early).month) == ("2026-04", "2026-05")
    again = Teller("r3")
    again.accept(datetime(2026, 4, 29, 16, tzinfo=UTC))
    found = recounted([one(late), one(early), one(again)]).subjects()
    assert {
        month: numbers(piles)["requests"] for (month, _, id), piles in found.items() if id == "c1"
    } == {"2026-04": 2, "2026-05": 1}


def test_a_task_that_comes_first_waits_for_its_request() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1")
    tell.complete("u1", None, START + 3 * HOUR, True)
    consumer = Consumer()
    consumer.take(tell.tasks)
    early = consumer.cases["r"]
    assert early is not None
    assert (early.month, early.keys, early.measure.hours) == (None, (), None)
    consumer.take(tell.requests)
    case = consumer.cases["r"]
    assert case is not None
    assert (case.measure.hours, case.measure.in_time, case.unit_id) == (3.0, 1, "u1")


def test_a_reopened_case_is_open_until_its_last_round_is_done() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1")
    tell.complete("u1", None, START + HOUR, True)
    tell.answer(1, solved=False)
    tell.request(r.RequestReopened, round=2)
    open = one(tell)
    assert (open.measure.hours, open.measure.judged, open.measure.followed_up) == (None, 0, 1)
    tell.assign("u2", round=2)
    tell.task(t.TaskOverdue, deadline=START, round=2)
    assert (one(tell).measure.judged, one(tell).measure.in_time) == (1, 0)
    tell.complete("u2", None, START + 50 * HOUR, False, round=2)
    tell.answer(5, round=2)
    done = one(tell)
    assert (done.measure.hours, done.measure.judged, done.measure.in_time) == (50.0, 1, 0)
    assert (done.measure.followed_up, done.measure.solved, done.measure.satisfied) == (1, 1, 1)
    assert (done.unit_id, done.reopened) == ("u2", 1)


def test_a_cancelled_case_is_a_request_and_not_judged() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1")
    tell.task(t.TaskOverdue, deadline=START, round=1)
    tell.task(t.TaskCancelled, reason="withdrawn")
    case = one(tell)
    assert case.keys
    assert (case.measure.judged, case.measure.hours) == (0, None)


@pytest.mark.parametrize("late", [False, True])
def test_a_final_answer_is_done_and_in_time_unless_it_was_overdue(late: bool) -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1", "o1")
    if late:
        tell.task(t.TaskOverdue, deadline=START, round=1)
    tell.finally_answer("u2", "o2", START + 5 * HOUR)
    case = one(tell)
    assert (case.measure.judged, case.measure.in_time) == (1, int(not late))
    assert (case.measure.hours, case.unit_id, case.organization_id) == (5.0, "u2", "o2")


def test_not_solved_after_a_final_answer_counts_and_the_answer_stays_done() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1")
    tell.finally_answer("u1", None, START + HOUR)
    tell.answer(2, solved=False)
    tell.request(r.RequestClosed, outcome="reported", final=True)
    case = one(tell)
    measure = case.measure
    assert (measure.followed_up, measure.contacted, measure.solved, measure.rated) == (1, 1, 0, 1)
    assert (measure.judged, measure.in_time, measure.hours) == (1, 1, 1.0)


def test_a_final_answer_of_a_second_round_is_judged_by_that_round() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1")
    tell.task(t.TaskOverdue, deadline=START, round=1)
    tell.complete("u1", None, START + HOUR, False)
    tell.request(r.RequestReopened, round=2)
    tell.assign("u1", round=2)
    tell.finally_answer("u1", None, START + 9 * HOUR, round=2)
    assert (one(tell).measure.in_time, one(tell).measure.hours) == (1, 9.0)


def answered_of_shared_work(tell: Teller, satisfied: int = 5) -> None:
    by = assignee(AssigneeKind.UNIT, "u2", "o2")
    tell.request(
        r.RequestFollowedUp,
        contacted=True,
        solved=True,
        satisfied=satisfied,
        round=1,
        handled_by=by,
    )


def test_a_joined_request_is_no_work_of_its_own_and_its_resident_is_heard() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1", "o1")
    tell.task(t.TaskOverdue, deadline=START, round=1)
    tell.join()
    before = one(tell)
    assert (before.measure.requests, before.measure.judged) == (0, 0)
    assert {key.partition("/")[0] for key in before.keys} == {"area"}
    answered_of_shared_work(tell)
    measure = one(tell).measure
    assert (measure.requests, measure.judged, measure.hours) == (0, 0, None)
    assert (measure.followed_up, measure.solved, measure.satisfied) == (1, 1, 1)
    # The answer counts for who did the work, not for who had the request before.
    assert key_of("unit", "u2", "2026-04") in one(tell).keys
    assert key_of("unit", "u1", "2026-04") not in one(tell).keys


def test_three_joined_requests_are_one_piece_of_work_and_three_voices() -> None:
    lead = Teller("lead")
    lead.accept(START)
    lead.assign("u2", "o2")
    lead.complete("u2", "o2", START + 2 * HOUR, True)
    lead.answer(5)
    group = [lead]
    for name, satisfied in (("r1", 4), ("r2", 1)):
        tell = Teller(name)
        tell.accept(START)
        tell.join()
        answered_of_shared_work(tell, satisfied)
        group.append(tell)
    figure = summed([one(tell) for tell in group])["2026-04", "unit", "u2"]
    assert (figure.requests, figure.judged, figure.timed, figure.median_hours) == (1, 1, 1, 2.0)
    assert (figure.followed_up, figure.rated, figure.satisfied) == (3, 3, 2)
    piles = recounted([one(tell) for tell in group]).subjects()["2026-04", "unit", "u2"]
    assert differences(figure.model_dump(), piles) == {}


def test_separated_or_not_content_it_is_work_of_its_own_again() -> None:
    for apart in ("separate", "reopen"):
        tell = Teller("r")
        tell.accept(START)
        tell.join()
        answered_of_shared_work(tell)
        if apart == "separate":
            tell.separate(2)
        else:
            tell.request(r.RequestReopened, round=2)
        tell.assign("u3", "o3", round=2)
        tell.complete("u3", "o3", START + HOUR, True, round=2)
        case = one(tell)
        assert (case.measure.requests, case.measure.judged, case.measure.hours) == (1, 1, 1.0)
        assert key_of("unit", "u3", "2026-04") in case.keys
        assert case.shared_unit_id is None


def test_an_assisting_task_is_not_answerable() -> None:
    tell = Teller("r", task_id="assisting")
    tell.accept(START)
    tell.assign("u2", "o2")
    tell.complete("u2", "o2", START + HOUR, True)
    case = one(tell)
    assert (case.unit_id, case.measure.judged) == (None, 0)


def test_who_accepts_leads_and_what_changes_nothing_is_no_change() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.assign("u1", "o1")
    tell.task(t.TaskAccepted, assignee=assignee(AssigneeKind.UNIT, "u1", "o1"))
    before = one(tell).model_copy(update={"dirty": False})
    assert HANDLERS[t.TaskAccepted](before, tell.tasks[-1], BEIJING) is None
    tell.task(t.TaskAccepted, assignee=assignee(AssigneeKind.UNIT, "u2", None))
    decision = HANDLERS[t.TaskAccepted](before, tell.tasks[-1], BEIJING)
    assert decision is not None
    assert (decision.state.unit_id, decision.state.organization_id) == ("u2", None)
    assert decision.state.dirty


def test_completion_before_the_request_gives_no_hours() -> None:
    tell = Teller("r")
    tell.accept(START)
    tell.complete("u1", None, START - HOUR, True)
    assert (one(tell).measure.hours, one(tell).measure.in_time) == (None, 1)


@pytest.mark.parametrize("id", ["u1", "a/b", "with.dot", "区"])
def test_keys_come_apart_again(id: str) -> None:
    assert parts_of(key_of("unit", id, "2026-05")) == ("unit", id, "2026-05")
    assert kind_of(key_of("unit", id, "2026-05"), None) is SubjectKind.UNIT
