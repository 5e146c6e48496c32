"""Warnings, pauses, extensions, deferrals, returns, problem cases and the final answer, by rule."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteer_dispatch.access import commands_of, ensure_may_check
from services.volunteer_dispatch.handlers import HANDLERS
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.calendar import Counts
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.limits import CHINA
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.tables import DeadlineTable
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, units
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.unit.services.volunteer_dispatch.city import (
    DAY,
    DEADLINES,
    HOUR,
    LIMITS,
    NOON,
    accepted,
    context,
    event,
    handle,
    held,
    names,
    new,
    of_unit,
    payload_of,
)

BY = "unit_operator:me"
POWER: list[dict[str, Any]] = [{"to": "unit:power"}]


def taken(now: datetime = NOON, **more: Any) -> TaskState:
    """A task of unit power, accepted."""
    return commands.accept(new(context(now, POWER), **more).state).state


def at(now: datetime) -> Context:
    return context(now, POWER)


def working(now: datetime = NOON) -> Context:
    """Ordinary requests have 24 working hours."""
    table = DEADLINES.model_dump()
    table["rules"] = [{"urgencies": ["ordinary"], "hours": 24, "counts": "working"}]
    return dataclasses.replace(at(now), deadlines=DeadlineTable.model_validate(table))


def begun(start: datetime) -> TaskState:
    """A task of 24 working hours from then."""
    return handle(None, event(accepted(received_at=start), time=start), working(start)).state


def fired(state: TaskState, ctx: Context) -> Decision[TaskState]:
    decision = on_due(state, ctx)
    assert decision is not None
    return decision


# Working time


def test_a_rule_counts_working_hours_over_a_holiday_and_a_make_up_saturday() -> None:
    # Tuesday before National Day 2026, 17:00; 10 October is a Saturday that is worked.
    start = datetime(2026, 9, 29, 17, tzinfo=CHINA)
    state = begun(start)
    assert state.clock.counts is Counts.WORKING
    assert state.deadline is not None
    # 1 h, then 8 h each on 30 September and 8 October, 7 h on 9 October.
    assert state.deadline.astimezone(CHINA) == datetime(2026, 10, 9, 17, tzinfo=CHINA)


def test_warnings_at_half_and_four_fifths_each_once() -> None:
    state = taken()  # 168 hours
    assert on_due(state, at(NOON + 84 * HOUR - timedelta(seconds=1))) is None
    half = fired(state, at(NOON + 84 * HOUR))
    assert [(names(half)), payload_of(half.events[0]).percent] == [["TaskWarned"], 50]
    assert on_due(half.state, at(NOON + 134 * HOUR)) is None
    late = fired(half.state, at(NOON + 135 * HOUR))
    assert payload_of(late.events[0]).percent == 80
    assert late.state.next_due() == late.state.deadline
    # After a long stop of the service both are told, in order; after the deadline neither is.
    both = fired(state, at(NOON + 140 * HOUR))
    assert [payload_of(e).percent for e in both.events] == [50, 80]
    assert names(fired(state, at(NOON + 168 * HOUR))) == ["TaskOverdue"]


def test_the_next_round_warns_anew_and_records_of_the_past_do_not() -> None:
    state = fired(taken(), at(NOON + 84 * HOUR)).state
    done = commands.complete(state, "好", None, BY, at(NOON + 85 * HOUR)).state
    again = handle(done, event(requests.RequestReopened(request_id="r1", round=2)), at(NOON)).state
    assert again.clock.warn_at == NOON + 84 * HOUR
    old = new(at(NOON), handling_unit="power", received_at=NOON).state
    assert old.clock.warn_at is not None
    long_ago = event(accepted(handling_unit="power"), time=NOON - 30 * DAY)
    past = handle(None, long_ago, at(NOON)).state
    assert past.clock.warn_at is None
    assert past.next_due() == NOON + DAY


def test_overdue_names_who_watches_over_it() -> None:
    overdue = fired(taken(), at(NOON + 200 * HOUR))
    assert payload_of(overdue.events[0]).supervisor.id == "S1-1"
    assert overdue.state.clock.supervisor is not None
    other = commands.reassign(
        overdue.state, at(NOON).directory.area_duty("S1"), None, "x", at(NOON + 201 * HOUR)
    ).state
    assert other.clock.supervisor is not None
    assert other.clock.supervisor.id == "D"


# Waiting for the resident


def test_the_clock_stands_still_until_the_resident_answers() -> None:
    state = taken()
    waiting = commands.wait(state, "哪一层漏水？", at(NOON + 10 * HOUR))
    assert names(waiting) == ["TaskWaiting"]
    assert payload_of(waiting.events[0]).deadline == NOON + (168 + 72) * HOUR
    assert waiting.state.next_due() == NOON + 82 * HOUR
    answer = event(requests.RequestAnswered(request_id="r1", round=1), time=NOON + 30 * HOUR)
    on = handle(waiting.state, answer, at(NOON + 30 * HOUR))
    assert names(on) == ["TaskResumed"]
    assert on.state.deadline == NOON + 188 * HOUR
    assert on.state.clock.warn_at == NOON + (84 + 20) * HOUR
    assert _handled(on.state, answer) is None
    by_command = commands.resume(waiting.state, "三楼", BY, at(NOON + 11 * HOUR)).state
    assert by_command.deadline == NOON + 169 * HOUR
    assert by_command.words[-1].what == "answer"


def _handled(state: TaskState, what: Any) -> Any:
    return HANDLERS[type(what.data)](state, what, at(NOON + 31 * HOUR))


def test_without_an_answer_it_goes_on_when_the_time_is_up_and_only_twice() -> None:
    waiting = commands.wait(taken(), "?", at(NOON)).state
    on = fired(waiting, at(NOON + 80 * HOUR))
    assert payload_of(on.events[0]).why == "time_up"
    assert on.state.deadline == NOON + (168 + 72) * HOUR
    again = commands.wait(on.state, "?", at(NOON + 81 * HOUR)).state
    again = commands.resume(again, None, BY, at(NOON + 82 * HOUR)).state
    with pytest.raises(Ruled, match="waited-too-often"):
        commands.wait(again, "?", at(NOON + 83 * HOUR))


def test_a_pause_over_a_holiday_costs_working_time_only() -> None:
    start = datetime(2026, 9, 29, 17, tzinfo=CHINA)
    state = commands.accept(begun(start)).state
    waiting = commands.wait(state, "?", working(start + HOUR)).state  # at the end of the day
    on = commands.resume(waiting, None, BY, working(start + 40 * HOUR)).state  # 1 October, 9:00
    assert on.deadline is not None
    assert on.deadline.astimezone(CHINA) == datetime(2026, 10, 10, 17, tzinfo=CHINA)


def test_what_is_done_while_waiting_is_judged_by_the_moved_deadline() -> None:
    waiting = commands.wait(taken(), "?", at(NOON + 160 * HOUR)).state
    done = commands.complete(waiting, "好", None, BY, at(NOON + 170 * HOUR))
    assert names(done) == ["TaskResumed", "TaskCompleted"]
    assert done.state.in_time is True
    assert done.state.deadline == NOON + 178 * HOUR


@given(
    st.integers(0, 200 * 3600),
    st.integers(0, 100 * 3600),
    st.integers(0, 60),
    st.sampled_from([0, 1]),
)
def test_a_pause_never_brings_a_deadline_nearer(
    begins: int, lasts: int, more: int, kind: int
) -> None:
    make: Callable[[datetime], Context] = working if kind else at
    state = commands.accept(new(make(NOON)).state).state
    assert state.deadline is not None
    start = NOON + timedelta(seconds=begins)
    waiting = commands.wait(state, "?", make(start)).state
    ends = commands.resume(waiting, None, BY, make(start + timedelta(seconds=lasts))).state
    longer = commands.resume(waiting, None, BY, make(start + timedelta(seconds=lasts + more))).state
    assert ends.deadline is not None
    assert longer.deadline is not None
    assert state.deadline <= ends.deadline <= longer.deadline
    # What was left to do when the clock stopped is left when it goes on.
    calendar, counts = make(NOON).calendar, state.clock.counts
    stopped = min(start + timedelta(seconds=lasts), start + 72 * HOUR)
    left = calendar.between(start, state.deadline, counts)
    if left:
        assert calendar.between(stopped, ends.deadline, counts) == left


# Extensions and deferrals


def test_an_extension_is_asked_for_and_approved() -> None:
    asked = commands.extend(taken(), 24, "等配件", BY, at(NOON + 100 * HOUR))
    assert names(asked) == ["TaskProposed"]
    assert asked.state.deadline == NOON + 168 * HOUR
    with pytest.raises(Ruled, match="proposal-pending"):
        commands.defer(asked.state, NOON + 9 * DAY, "x", BY, at(NOON))
    given_more = commands.approve(asked.state, "", at(NOON + 101 * HOUR))
    told = payload_of(given_more.events[0])
    assert (told.deadline, told.number) == (NOON + 192 * HOUR, 1)
    refused = commands.refuse(asked.state, "不必")
    assert names(refused) == ["TaskProposalRefused"]
    assert (refused.state.deadline, refused.state.proposal) == (NOON + 168 * HOUR, None)


def test_extensions_have_limits() -> None:
    state = taken()
    with pytest.raises(Ruled, match="extension-too-long"):
        commands.extend(state, 73, "x", BY, at(NOON))
    with pytest.raises(Ruled, match="deadline-passed"):
        commands.extend(state, 1, "x", BY, at(NOON + 169 * HOUR))
    for _ in range(3):
        state = commands.extend(state, 72, "x", BY, at(NOON)).state
        state = commands.approve(state, "", at(NOON)).state
    assert state.deadline == NOON + (168 + 3 * 72) * HOUR
    with pytest.raises(Ruled, match="extended-too-often"):
        commands.extend(state, 1, "x", BY, at(NOON))
    in_hours_of_work = commands.accept(new(working()).state).state
    commands.extend(in_hours_of_work, 24, "x", BY, working())  # three days of eight hours
    with pytest.raises(Ruled, match="extension-too-long"):
        commands.extend(in_hours_of_work, 25, "x", BY, working())


def test_a_deferral_comes_back_at_its_review() -> None:
    review = NOON + 60 * DAY
    with pytest.raises(Ruled, match="review-out-of-range"):
        commands.defer(taken(), NOON + 181 * DAY, "x", BY, at(NOON))
    asked = commands.defer(taken(), review, "汛期后施工", BY, at(NOON)).state
    with pytest.raises(Ruled, match="review-passed"):
        commands.approve(asked, "", at(review))
    deferred = commands.approve(asked, "", at(NOON + 48 * HOUR))
    assert names(deferred) == ["TaskDeferred"]
    assert deferred.state.is_open
    assert deferred.state.next_due() == review
    back = fired(deferred.state, at(review))
    assert payload_of(back.events[0]).why == "review_due"
    assert back.state.status is Status.ACCEPTED
    assert back.state.deadline == review + 120 * HOUR


# Returns


def test_the_second_return_goes_up_and_the_decision_binds() -> None:
    ctx = at(NOON)
    first = commands.give_back(taken(), "非职责", ctx, "not_my_duty")
    assert payload_of(first.events[0]).ground == "not_my_duty"
    assert held(first.state) == "grid_team:g1"
    second = commands.give_back(commands.accept(first.state).state, "无权", ctx, "beyond_power")
    assert held(second.state) == "area_duty:S1-1"
    assert second.state.awaits == "decision"
    assert "decide" in commands_of(second.state)
    # Silence does not lose the question: it goes up with the task.
    assert second.state.accept_by is not None
    higher = fired(second.state, at(second.state.accept_by)).state
    assert (held(higher), higher.awaits) == ("area_duty:S1", "decision")
    kept = commands.decide(second.state, None, "属网格", ctx)
    assert names(kept) == ["TaskDecided", "TaskAssigned", "TaskAccepted"]
    assert (held(kept.state), payload_of(kept.events[0]).kept) == ("grid_team:g1", True)
    with pytest.raises(Ruled, match="decision-binds"):
        commands.give_back(kept.state, "x", ctx)
    other = commands.decide(second.state, ctx.directory.unit("water"), "属水务", ctx).state
    assert (held(other), other.status) == ("unit:water", Status.ACCEPTED)
    with pytest.raises(Ruled, match="decision-binds"):
        commands.give_back(other, "x", ctx)
    # Who was to decide may also do it; then it is not given back a third time.
    own = commands.accept(second.state).state
    assert own.awaits is None
    with pytest.raises(Ruled, match="returned-too-often"):
        commands.give_back(own, "x", ctx)


def test_a_return_has_one_working_day() -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=CHINA)
    state = taken(friday, received_at=friday)
    monday = datetime(2026, 11, 30, 15, tzinfo=CHINA)
    assert state.returns.return_by == monday
    commands.give_back(state, "x", at(monday))
    with pytest.raises(Ruled, match="return-too-late"):
        commands.give_back(state, "x", at(monday + timedelta(seconds=1)))


def test_a_late_return_of_a_units_system_is_asked_above() -> None:
    late = NOON + 4 * DAY
    record = units.TaskProgress(status="returned", reason="非本辖区", ground="wrong_place")
    back = of_unit(record, time=late)
    asked = handle(taken(), back, at(late))
    assert names(asked) == ["TaskProposed"]
    assert (held(asked.state), asked.state.awaits) == ("unit:power", "return")
    again = handle(asked.state, back, at(late))
    assert names(again) == ["TaskProposalRefused"]
    gone = commands.approve(asked.state, "", at(late))
    assert names(gone) == ["TaskReturned", "TaskAssigned"]
    assert payload_of(gone.events[0]).ground == "wrong_place"
    in_time = handle(taken(), of_unit(record, time=NOON), at(NOON))
    assert payload_of(in_time.events[0]).ground == "wrong_place"
    assert held(gone.state) == "grid_team:g1"


# Problem cases


def test_redone_three_times_it_is_a_problem_case_one_level_up() -> None:
    state = taken()
    for round in range(2, 6):
        done = commands.complete(state, "好", None, BY, at(NOON)).state
        fact = event(requests.RequestReopened(request_id="r1", round=round))
        again = handle(done, fact, at(NOON))
        raised = [payload_of(e) for e in again.events if "Problem" in type(payload_of(e)).__name__]
        assert len(raised) == (round == 4)
        if raised:
            assert (raised[0].reason, raised[0].owner_area) == ("redone", "S1-1")
        state = commands.accept(again.state).state
    closed = commands.close_problem(state, "权属不清", "area_manager:m", at(NOON))
    assert names(closed) == ["TaskProblemClosed"]
    assert closed.state.problem is not None
    assert not closed.state.problem.open


def test_through_three_units_without_a_lead_it_is_a_problem_case() -> None:
    ctx = context(rules=[{"to": "domain:state_enterprise"}])
    state = new(ctx).state
    told: list[str] = []
    for _ in range(4):
        assert state.accept_by is not None
        decision = fired(state, context(state.accept_by, [{"to": "domain:state_enterprise"}]))
        state = decision.state
        told += names(decision)
    assert told.count("TaskProblemRaised") == 1
    assert state.problem is not None
    # Two units and the grid team were silent; it lay with the community then.
    assert (state.problem.reason, state.problem.owner_area) == ("no_lead", "S1")


# The final answer


def test_a_final_answer_ends_it_for_good() -> None:
    asked = commands.answer_finally(taken(), "no_basis", "无依据", BY, at(NOON)).state
    assert asked.is_open
    final = commands.approve(asked, "", at(NOON + HOUR))
    assert names(final) == ["TaskFinallyAnswered"]
    assert final.state.status is Status.FINALLY_ANSWERED
    assert commands_of(final.state) == ()
    again = handle(final.state, event(requests.RequestReopened(request_id="r1", round=2)))
    assert again.events == ()
    assert again.state.status is Status.FINALLY_ANSWERED


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        (Principal("boss", Role.AREA_MANAGER, areas=frozenset({"S1"})), None),
        (Principal("root", Role.ADMINISTRATOR), None),
        (Principal("me", Role.AREA_MANAGER, areas=frozenset({"S1"})), "four-eyes"),
        (Principal("me", Role.ADMINISTRATOR), "four-eyes"),
        (Principal("op", Role.UNIT_OPERATOR, unit_id="power"), "not-above"),
        (Principal("lead", Role.GRID_LEADER, grids=frozenset({"g1"})), "not-above"),
        (Principal("far", Role.AREA_MANAGER, areas=frozenset({"S2"})), "wrong-area"),
    ],
)
def test_another_person_above_checks(who: Principal, refusal: str | None) -> None:
    asked = commands.answer_finally(taken(), "no_basis", "无依据", BY, at(NOON)).state
    if refusal is None:
        ensure_may_check(who, asked)
        return
    with pytest.raises(Problem) as caught:
        ensure_may_check(who, asked)
    assert caught.value.code == refusal


def test_a_duty_officer_is_checked_from_above_the_own_area() -> None:
    state = new(context(rules=[{"to": "area_duty"}])).state
    assert held(state) == "area_duty:S1-1"
    asked = commands.extend(commands.accept(state).state, 1, "x", BY, context()).state
    own = Principal("own", Role.AREA_MANAGER, areas=frozenset({"S1-1"}))
    with pytest.raises(Problem):
        ensure_may_check(own, asked)
    ensure_may_check(Principal("up", Role.AREA_MANAGER, areas=frozenset({"S1"})), asked)


def test_grounds_and_limits_are_shipped_as_the_rules_say() -> None:
    codes = [ground.code for ground in LIMITS.return_grounds]
    assert codes[:4] == ["not_my_duty", "beyond_power", "wrong_place", "duplicate"]
    assert (LIMITS.returns_at_most, LIMITS.return_within_working_days) == (2, 1)
    assert LIMITS.warn_at_percent == (50, 80)
