"""What a request's facts do to its task."""

from datetime import datetime

from services.volunteer_dispatch.service import clock, returns
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint_work import (
    REOPENED,
    REQUEST_CLOSED,
    ask_again,
    cancel_all,
)
from services.volunteer_dispatch.service.life import (
    Step,
    accept,
    give,
    let_go,
    match_again,
    send_on,
    withdraw,
)
from services.volunteer_dispatch.service.records import apply_waiting
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts import requests, tasks
from shared.contracts.payload import Payload
from shared.contracts.task_life import PauseKind
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import At, Decision


def take_in(
    early: TaskState | None,
    task_id: str,
    request: requests.RequestAccepted,
    time: datetime,
    context: Context,
    until: datetime | None = None,
) -> Decision[TaskState] | None:
    """Create the task, send it on its way, then apply what the unit said before.

    A task that a unit has in hand already is that unit's, and accepted. Args: `early`: what was
    kept before; `time`: when the request was made; `until`: its deadline, where not by the table.
    """
    if early is not None and early.status is not Status.EARLY:
        return None
    state = TaskState(
        task_id=task_id,
        request_id=request.request_id,
        status=Status.ASSIGNED,
        category=request.category,
        urgency=request.urgency,
        area_path=request.area_path,
        areas=request.area_path or (context.directory.top_area(),),
        grid_id=request.grid_id,
        point=request.point.rounded() if request.point else None,
        requested_at=time,
        received_at=request.received_at,
        reporting_unit=request.reporting_unit,
        handling_unit=request.handling_unit,
    )
    state = clock.begin(state, time, context, until)
    assert state.deadline is not None
    events: tuple[Payload | At, ...] = (
        tasks.TaskCreated(
            task_id=task_id,
            request_id=request.request_id,
            category=request.category,
            urgency=request.urgency,
            deadline=state.deadline,
            area_path=request.area_path,
            grid_id=request.grid_id,
        ),
    )
    if request.handling_unit is not None:
        unit = context.directory.unit(request.handling_unit)
        state, given = give(state, unit, context, level=0)
        state, taken = accept(state, now=time)
        more, why = (*given, *taken), "in the unit's hand already"
    else:
        state, more = send_on(state, context)
        why = "routing"
    events = (*events, *more)
    if early is not None:
        state, more = apply_waiting(state, early.waiting, context)
        events = (*events, *more)
    # What a unit has had in hand happened then, not now.
    return Decision(state, events, why, time=time if request.handling_unit else None)


def locate(
    state: TaskState, request: requests.RequestLocated, context: Context
) -> Decision[TaskState]:
    """Place the task; one that was unlocated and lies with the duty officer goes its way anew."""
    was_unlocated = not state.area_path
    state = state.having(
        area_path=request.area_path,
        areas=request.area_path or (context.directory.top_area(),),
        grid_id=request.grid_id,
    )
    located = tasks.TaskLocated(
        task_id=state.task_id,
        request_id=state.request_id,
        area_path=request.area_path,
        grid_id=request.grid_id,
    )
    with_duty = state.assignee is not None and state.assignee.kind is AssigneeKind.AREA_DUTY
    if not (was_unlocated and state.is_open and with_duty):
        return Decision(state, (located,), "located")
    state, events = send_on(state.having(tried=()), context)
    return Decision(state, (located, *events), "located")


def reopen(
    state: TaskState, request: requests.RequestReopened, time: datetime, context: Context
) -> Decision[TaskState]:
    """A new round for the same assignee, with a new deadline.

    A volunteer's place in the load was given back at completion: it is reserved anew first. One
    that was joined goes to whoever did the work that the resident is not content with.
    """
    assert state.assignee is not None
    if state.status is Status.FINALLY_ANSWERED:
        return Decision(state, (), "finally answered: not opened again")
    holder = (request.handled_by if state.joined else None) or state.assignee
    before = state.round
    state, events = clock.resume(state, context, clock.MOVED_ON)
    state, ended = cancel_all(state, REOPENED, context)
    events = (*events, *ended)
    state = state.having(
        round=request.round,
        tried=(),
        completed_at=None,
        in_time=None,
        proposal=None,
        joined=None,
    )
    state = clock.begin(state, time, context)
    if state.status is not Status.MATCHING:
        state, more = _to_the_same(state, holder, context)
        events = (*events, *more)
    state, more = ask_again(state, before, context)
    events = (*events, *more)
    state, more = returns.begin_round(state, context)
    events = (*events, *more)
    later = tuple(record for record in state.waiting if record.time >= time)
    state, more = apply_waiting(state.having(waiting=()), later, context)
    return Decision(state, (*events, *more), "reopened")


def _to_the_same(state: TaskState, holder: Assignee, context: Context) -> Step:
    if holder.kind is AssigneeKind.VOLUNTEER and state.reservation is None:
        return match_again(state, holder.id, context), ()
    return give(state, holder, context, level=state.level, reservation=state.reservation)


def answered(state: TaskState, context: Context) -> Decision[TaskState] | None:
    """The resident answered what was asked; None where nothing is waited for."""
    pause = state.clock.pause
    if not state.is_open or pause is None or pause.kind is not PauseKind.RESIDENT:
        return None
    state, events = clock.resume(state, context, clock.ANSWERED)
    return Decision(state, events, "the resident answered")


def close(state: TaskState, context: Context, why: str) -> Decision[TaskState]:
    """The request ended: nothing more to do."""
    told: tuple[Payload | At, ...] = ()
    resumed: tuple[Payload | At, ...] = ()
    if state.is_open:
        state, resumed = clock.resume(state, context, clock.MOVED_ON)
        state, told = withdraw(let_go(state))
        state, parts = cancel_all(state, REQUEST_CLOSED, context)
        state = state.having(status=Status.CLOSED, accept_by=None, proposal=None)
        told = (*told, *parts)
    return Decision(state.having(waiting=()), (*resumed, *told), why)
