from datetime import timedelta

import pytest

from services.volunteer_dispatch.service import commands, life
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, units
from shared.contracts.ids import lead_task_id
from shared.contracts.payload import Payload
from shared.messaging.processor import Refused
from shared.storage.aggregates import At
from tests.unit.services.volunteer_dispatch.city import (
    CASE,
    CASE_REQUEST,
    DAY,
    HOUR,
    NOON,
    PATH,
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


@pytest.mark.parametrize(
    ("urgency", "hours"), [("danger", 2), ("utilities", 24), ("ordinary", 168), ("complex", 360)]
)
def test_the_deadline_goes_by_urgency_from_the_requests_time(urgency: str, hours: int) -> None:
    decision = handle(None, event(accepted(urgency=urgency), time=NOON - DAY), context(NOON))
    assert names(decision) == ["TaskCreated", "TaskAssigned"]
    assert decision.state.deadline == NOON - DAY + timedelta(hours=hours)
    assert payload_of(decision.events[0]).deadline == decision.state.deadline


def test_decline_and_return_go_on_and_then_up() -> None:
    ctx = context(rules=[{"to": "unit:power"}])
    state = new(ctx).state
    first = commands.give_back(state, "忙", ctx)
    assert names(first) == ["TaskDeclined", "TaskAssigned"]
    assert (held(first.state), first.state.level) == ("grid_team:g1", 0)
    second = commands.give_back(commands.accept(first.state).state, "不属本网格", ctx)
    assert names(second) == ["TaskReturned", "TaskEscalated", "TaskAssigned"]
    assert payload_of(second.events[1]).reason == "nobody_left"
    assert (held(second.state), second.state.level) == ("area_duty:S1-1", 1)


def test_the_top_cannot_give_back() -> None:
    ctx = context()
    state = new(ctx, grid_id=None, area_path=()).state
    assert held(state) == "area_duty:C"
    assert state.silent_at() is None
    with pytest.raises(Ruled, match="nobody-above"):
        commands.give_back(state, "x", ctx)


def test_a_silent_assignee_is_passed_over() -> None:
    state = new(urgency="danger").state
    assert on_due(state, context(NOON + timedelta(minutes=14))) is None
    decision = on_due(state, context(NOON + timedelta(minutes=15)))
    assert decision is not None
    assert names(decision) == ["TaskEscalated", "TaskAssigned"]
    assert decision.state.next_due() == NOON + timedelta(minutes=30)


def test_overdue_unaccepted_goes_up_once() -> None:
    state = new(urgency="danger").state
    ctx = context(NOON + 3 * HOUR)
    decision = on_due(state, ctx)
    assert decision is not None
    assert names(decision) == ["TaskOverdue", "TaskEscalated", "TaskAssigned"]
    assert payload_of(decision.events[1]).reason == "overdue"
    assert held(decision.state) == "area_duty:S1-1"
    assert on_due(decision.state, ctx) is None


def test_overdue_accepted_stays_with_its_assignee() -> None:
    state = commands.accept(new().state).state
    decision = on_due(state, context(NOON + 8 * DAY))
    assert decision is not None
    assert names(decision) == ["TaskOverdue"]
    assert held(decision.state) == held(state)
    assert decision.state.next_due() is None


def test_in_a_units_hand_it_is_accepted_and_not_overdue_for_a_day() -> None:
    long_ago = NOON - 400 * DAY
    decision = handle(None, event(accepted(handling_unit="power"), time=long_ago), context(NOON))
    assert names(decision) == ["TaskCreated", "TaskAssigned", "TaskAccepted"]
    assert decision.time == long_ago
    assert held(decision.state) == "unit:power"
    assert decision.state.next_due() == NOON + DAY
    assert on_due(decision.state, context(NOON + HOUR)) is None


def test_reopened_begins_a_round_for_the_same_assignee() -> None:
    ctx = context()
    done = commands.complete(commands.accept(new().state).state, "好了", None, "x", ctx)
    assert payload_of(done.events[0]).in_time is True
    later = NOON + 3 * DAY
    again = handle(
        done.state, event(requests.RequestReopened(request_id="r1", round=2), time=later)
    )
    assert names(again) == ["TaskAssigned"]
    assigned = payload_of(again.events[0])
    assert (assigned.round, assigned.deadline) == (2, later + 7 * DAY)
    assert held(again.state) == held(done.state)
    overdue = on_due(again.state, context(later + 8 * DAY))
    assert overdue is not None
    assert payload_of(overdue.events[0]).round == 2


def test_located_sends_an_unlocated_task_its_way() -> None:
    state = commands.accept(new(grid_id=None, area_path=()).state).state
    place = requests.RequestLocated(request_id="r1", grid_id="g1", area_path=PATH)
    decision = handle(state, event(place))
    assert names(decision) == ["TaskLocated", "TaskAssigned"]
    assert (held(decision.state), decision.state.level) == ("grid_team:g1", 0)
    assert decision.state.areas == PATH


def test_closed_turns_the_timers_off() -> None:
    closed = handle(new().state, event(requests.RequestClosed(request_id="r1", outcome="solved")))
    assert closed.events == ()
    assert closed.state.next_due() is None


# Units' records


def test_only_the_unit_that_holds_the_task_reports() -> None:
    state = new(context(rules=[{"to": "unit:power"}])).state
    with pytest.raises(Refused, match="not with unit water"):
        handle(state, of_unit(units.TaskProgress(status="accepted"), "water"))
    with pytest.raises(Refused, match="there is no task"):
        handle(None, of_unit(units.TaskResult()))
    taken = handle(state, of_unit(units.TaskProgress(status="in_hand")))
    assert names(taken) == ["TaskAccepted", "TaskProgressed"]
    given_back = handle(
        taken.state, of_unit(units.TaskProgress(status="returned", reason="非本辖区"))
    )
    assert names(given_back) == ["TaskReturned", "TaskAssigned"]
    assert held(given_back.state) == "grid_team:g1"


def _case(status: str = "done", **more: object) -> units.TaskResult:
    return units.TaskResult.model_validate({"outcome": status, **more})


@pytest.mark.parametrize("handled", [True, False])
@pytest.mark.parametrize("early", [True, False])
def test_the_result_of_a_case_comes_before_or_after_its_request(handled: bool, early: bool) -> None:
    request = accepted(
        request_id=CASE_REQUEST,
        reporting_unit="power",
        handling_unit="power" if handled else None,
        category="care",
    )
    born = NOON - 30 * DAY
    facts = [
        event(request, subject=CASE_REQUEST, time=born),
        of_unit(_case(completed_at=born - DAY, words="修好了"), subject=CASE),
    ]
    state: TaskState | None = None
    told: list[Payload | At] = []
    for fact in reversed(facts) if early else facts:
        decision = handle(state, fact, context(NOON))
        state, told = decision.state, [*told, *decision.events]
    assert isinstance(state, TaskState)
    assert state.task_id == lead_task_id(CASE_REQUEST)
    assert state.status is Status.COMPLETED
    last = told[-1]
    assert isinstance(last, At)
    assert last.time == born - DAY
    assert last.data.in_time is True  # type: ignore[attr-defined]
    assert state.words[0].text == "sealed:修好了"
    kinds = [type(payload_of(item)).__name__ for item in told]
    assert kinds[:2] == ["TaskCreated", "TaskAssigned"]
    assert ("TaskAccepted" in kinds) is handled


@pytest.mark.parametrize("verdict", [True, False, None])
def test_without_a_time_the_units_own_verdict_counts(verdict: bool | None) -> None:
    request = accepted(request_id=CASE_REQUEST, reporting_unit="power", handling_unit="power")
    state = handle(None, event(request, subject=CASE_REQUEST)).state
    done = handle(state, of_unit(_case(in_time=verdict), subject=CASE))
    told = payload_of(done.events[0])
    assert (told.completed_at, told.in_time) == (None, verdict)


def test_withdrawn_cancels() -> None:
    request = accepted(request_id=CASE_REQUEST, reporting_unit="power", handling_unit="power")
    state = handle(None, event(request, subject=CASE_REQUEST)).state
    decision = handle(state, of_unit(_case("withdrawn"), subject=CASE))
    assert names(decision) == ["TaskCancelled"]
    assert decision.state.next_due() is None


@pytest.mark.parametrize("result_first", [True, False])
def test_a_second_result_and_the_reopening_come_in_any_order(result_first: bool) -> None:
    state = new(context(rules=[{"to": "unit:power"}])).state
    state = handle(state, of_unit(_case(completed_at=NOON + HOUR), time=NOON + HOUR)).state
    reopening = event(requests.RequestReopened(request_id="r1", round=2), time=NOON + 2 * HOUR)
    result = of_unit(_case(completed_at=NOON + 3 * HOUR), time=NOON + 3 * HOUR)
    for fact in (result, reopening) if result_first else (reopening, result):
        state = handle(state, fact).state
    assert (state.status, state.round, state.completed_at) == (
        Status.COMPLETED,
        2,
        NOON + 3 * HOUR,
    )


def test_a_result_after_the_end_changes_nothing() -> None:
    state = commands.accept(new(context(rules=[{"to": "unit:power"}])).state).state
    done = handle(state, of_unit(_case(completed_at=NOON)))
    again = handle(done.state, of_unit(_case("withdrawn")))
    assert again.events == ()
    assert again.state.status is Status.COMPLETED


# Volunteers


def test_a_volunteer_is_looked_for_and_given_back() -> None:
    ctx = context()
    decision = new(ctx, category="care")
    assert names(decision) == ["TaskCreated"]
    state = decision.state
    assert (state.status, state.skill, held(state)) == (Status.MATCHING, "care", "grid_team:g1")
    place = Reservation(volunteer_id="v1", token="t1")
    volunteer = ctx.directory.volunteer("v1", None, "g1")
    state, events = life.matched(state, volunteer, place, ctx)
    assert [type(payload_of(e)).__name__ for e in events] == ["TaskAssigned"]
    declined = commands.give_back(state, "有事", ctx).state
    assert (declined.status, declined.releases) == (Status.MATCHING, (place,))
    left, events = life.unmatched(declined, ctx)
    assert (held(left), left.level) == ("grid_team:g1", 0)
    done = commands.complete(commands.accept(state).state, "陪诊", None, "x", ctx).state
    assert (done.releases, done.reservation) == ((place,), None)
    again = handle(done, event(requests.RequestReopened(request_id="r1", round=2)))
    assert (again.state.status, again.state.prefer) == (Status.MATCHING, "v1")


def test_at_most_three_volunteers_are_asked() -> None:
    ctx = context()
    state = new(ctx, category="care").state
    for n in range(3):
        assert state.status is Status.MATCHING
        volunteer = ctx.directory.volunteer(f"v{n}", None, "g1")
        place = Reservation(volunteer_id=f"v{n}", token=str(n))
        state, _ = life.matched(state, volunteer, place, ctx)
        state = commands.give_back(state, "x", ctx).state
    assert (state.status, held(state)) == (Status.ASSIGNED, "grid_team:g1")
