"""Requests that share a task, as dispatch sees it: one task is worked, and none is lost."""

from datetime import timedelta
from typing import Any

import pytest

from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.service import alerts, commands, life
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import joins, requests, units
from shared.contracts.ids import lead_task_id
from tests.unit.services.volunteer_dispatch.city import (
    CASE,
    CASE_REQUEST,
    DAY,
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

WATER = {"kind": "unit", "id": "water", "unit_id": "water"}


def joined(state: TaskState, **more: Any) -> Any:
    fact = {"request_id": state.request_id, "join_id": "j1", "lead_request_id": "r0"} | more
    return handle(state, event(joins.RequestJoined.model_validate(fact)))


def separated(state: TaskState, round: int = 2, after: timedelta = DAY) -> Any:
    fact = joins.RequestSeparated(
        request_id=state.request_id,
        join_id="j1",
        lead_request_id="r0",
        round=round,
        why="staff",
    )
    return handle(state, event(fact, time=NOON + after))


def test_a_joined_task_ends_and_names_the_one_that_answers() -> None:
    state = commands.accept(new(context(rules=[{"to": "unit:power"}])).state).state
    decision = joined(state)
    assert names(decision) == ["TaskJoined"]
    told = payload_of(decision.events[0])
    assert (told.lead_request_id, told.lead_task_id) == ("r0", lead_task_id("r0"))
    assert told.assignee.id == "power"
    after = decision.state
    assert (after.status, after.is_open, after.todo) == (Status.JOINED, False, False)
    assert (after.next_due(), commands_of(after)) == (None, ())
    assert on_due(after, context(NOON + 30 * DAY)) is None


def test_joining_ends_pause_proposal_and_gives_the_volunteer_back() -> None:
    ctx = context()
    state = new(ctx, category="care").state
    place = Reservation(volunteer_id="v1", token="t")
    volunteer = ctx.directory.volunteer("v1", None, "g1")
    taken, _ = life.accept(life.matched(state, volunteer, place, ctx)[0])
    asked = commands.extend(taken, 5, "why", "x:me", ctx).state
    waits = commands.wait(asked, "哪一层？", ctx).state
    decision = joined(waits)
    assert names(decision) == ["TaskResumed", "TaskJoined"]
    after = decision.state
    assert (after.clock.pause, after.proposal, after.reservation) == (None, None, None)
    assert after.releases == (place,)


def test_joining_tells_those_who_are_being_asked() -> None:
    ctx = context()
    state = new(ctx, category="care").state
    state, _ = alerts.ask(state, [alerts.alert("v1", "t1", state, ctx)], None, ctx)
    decision = joined(state)
    assert names(decision) == ["TaskAlertsEnded", "TaskJoined"]
    assert payload_of(decision.events[0]).reason == "withdrawn"
    assert payload_of(decision.events[1]).assignee is None


@pytest.mark.parametrize("end", ["complete", "withdrawn"])
def test_what_had_ended_before_the_joining_came_stays_ended(end: str) -> None:
    ctx = context(rules=[{"to": "unit:power"}])
    state = commands.accept(new(ctx).state).state
    if end == "complete":
        state = commands.complete(state, "done", None, "x:me", ctx).state
    else:
        state = handle(state, of_unit(units.TaskResult(outcome="withdrawn"))).state
    decision = joined(state)
    assert (decision.state, decision.events) == (state, ())
    # The joining is void; intake says so, and there is nothing to begin.
    assert separated(state, round=1).events == ()


def test_a_separated_one_has_a_task_of_its_own_again_with_a_new_deadline() -> None:
    state = joined(commands.accept(new().state).state).state
    decision = separated(state)
    assert names(decision) == ["TaskAssigned"]
    after = decision.state
    assert (after.status, after.round, after.joined) == (Status.ASSIGNED, 2, None)
    assert (held(after), after.level) == ("grid_team:g1", 0)
    assert after.deadline == NOON + DAY + timedelta(hours=168)
    assert "decline" in commands_of(after)


def test_separations_are_no_redoing() -> None:
    state = new().state
    for number in range(2, 8):
        state = separated(joined(state).state, round=number).state
    assert (state.round, state.problem) == (7, None)


def test_not_solved_after_shared_work_goes_to_whoever_did_it() -> None:
    state = joined(commands.accept(new().state).state).state
    fact = requests.RequestReopened.model_validate(
        {"request_id": "r1", "round": 2, "handled_by": WATER}
    )
    decision = handle(state, event(fact, time=NOON + DAY))
    assert held(decision.state) == "unit:water"
    assert (decision.state.status, decision.state.round) == (Status.ASSIGNED, 2)
    assert decision.state.joined is None


def test_a_units_record_of_a_joined_case_is_kept_until_they_part() -> None:
    made = accepted(request_id=CASE_REQUEST, reporting_unit="power", handling_unit="power")
    state = joined(handle(None, event(made)).state).state
    kept = handle(state, of_unit(units.TaskResult(), subject=CASE))
    assert (names(kept), kept.state.status) == ([], Status.JOINED)
    decision = separated(kept.state)
    assert names(decision)[-1] == "TaskCompleted"
    assert decision.state.status is Status.COMPLETED


def test_a_request_that_closes_while_joined_leaves_its_task_joined() -> None:
    state = joined(new().state).state
    decision = handle(state, event(requests.RequestClosed(request_id="r1", outcome="solved")))
    assert (decision.events, decision.state.status) == ((), Status.JOINED)


def test_who_helps_is_free_when_it_is_joined_and_asked_again_when_they_part() -> None:
    ctx = context(rules=[{"to": "unit:power", "assist": ["unit:water"]}])
    state = commands.accept(new(ctx).state).state
    assert [part.who.id for part in state.open_parts] == ["water"]
    decision = joined(state)
    assert names(decision) == ["TaskPartCancelled", "TaskJoined"]
    assert payload_of(decision.events[0]).reason == "joined"
    assert decision.state.open_parts == ()
    after = separated(decision.state).state
    assert [(part.who.id, part.round) for part in after.open_parts] == [("water", 2)]


def test_what_a_unit_said_of_the_round_that_ended_gives_nothing_back_in_the_next() -> None:
    ctx = context(rules=[{"to": "unit:power"}])
    state = joined(commands.accept(new(ctx).state).state).state
    kept = handle(state, of_unit(units.TaskProgress(status="declined", reason="r")))
    assert kept.state.status is Status.JOINED
    fact = joins.RequestSeparated(
        request_id="r1", join_id="j1", lead_request_id="r0", round=2, why="staff"
    )
    decision = handle(kept.state, event(fact, time=NOON), ctx)
    assert names(decision) == ["TaskAssigned"]
    assert held(decision.state) == "unit:power"
