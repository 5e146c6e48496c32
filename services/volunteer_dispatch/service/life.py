"""A task's way from hand to hand. A step gives the new state and the facts that tell of it."""

from datetime import datetime

from services.volunteer_dispatch.service import clock
from services.volunteer_dispatch.service.alerting import ACCEPTED, WITHDRAWN
from services.volunteer_dispatch.service.calendar import Counts, whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.group_ids import parted
from services.volunteer_dispatch.service.joint_work import ask_by_rule, cancel_all
from services.volunteer_dispatch.service.reasons import routed
from services.volunteer_dispatch.service.routing import NOBODY, Place, is_top, next_place, rule_for
from services.volunteer_dispatch.service.standing import Returns
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from shared.contracts import task_life, tasks
from shared.contracts.ids import care_round
from shared.contracts.payload import Payload
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import At

Step = tuple[TaskState, tuple[Payload | At, ...]]

NOBODY_LEFT, OVERDUE = "nobody_left", "overdue"


def area_above(state: TaskState, context: Context) -> str:
    """The area one level above who answers for the task: the place's lowest, or a duty officer's
    next; above the top there is only the top."""
    path = state.area_path or (context.directory.top_area(),)
    holder = state.assignee
    if holder is None or holder.kind is not AssigneeKind.AREA_DUTY or holder.id not in path:
        return path[-1]
    return path[max(0, path.index(holder.id) - 1)]


def watcher(state: TaskState, context: Context) -> Assignee | None:
    """The duty officer above who has the task; above the top there is nobody."""
    holder = state.holder
    area = area_above(state, context)
    if holder is None or (holder.kind, holder.id) != (AssigneeKind.AREA_DUTY, area):
        return context.directory.area_duty(area)
    return None


def supervised(state: TaskState, context: Context) -> TaskState:
    """Whoever has an overdue task is watched over by the duty officer above (督办)."""
    supervisor = watcher(state, context)
    return state.having(clock=state.clock.model_copy(update={"supervisor": supervisor}))


def let_go(state: TaskState) -> TaskState:
    """Give back the volunteer's reservation and the group's, where there are such."""
    held = tuple(one for one in (state.reservation, state.group) if one is not None)
    if not held:
        return state
    return state.having(reservation=None, group=None, releases=(*state.releases, *held))


def alerts_ended(
    state: TaskState, volunteer_ids: tuple[str, ...], reason: str
) -> tasks.TaskAlertsEnded:
    """The fact that tells of it; among the ids may be groups (`group_ids`)."""
    volunteers, groups = parted(volunteer_ids)
    return tasks.TaskAlertsEnded(
        task_id=state.task_id,
        request_id=state.request_id,
        volunteer_ids=volunteers,
        group_ids=groups,
        reason=reason,
    )


def withdraw(state: TaskState, taken_by: str | None = None) -> Step:
    """End every alert that is still open; told to those who did not take the task."""
    ids = tuple(one.volunteer_id for one in state.alerts.open)
    if not ids:
        return state, ()
    alerts = state.alerts.ended({id: ACCEPTED if id == taken_by else WITHDRAWN for id in ids})
    state = state.having(alerts=alerts)
    others = tuple(id for id in ids if id != taken_by)
    return state, ((alerts_ended(state, others, WITHDRAWN),) if others else ())


def give(
    state: TaskState,
    assignee: Assignee,
    context: Context,
    *,
    level: int,
    reservation: Reservation | None = None,
) -> Step:
    """Assign the task; it waits for the assignee's word until `accept_by`.

    A pause, a proposal and a decision were the last holder's, and end with it.
    """
    state, resumed = clock.resume(state, context, clock.MOVED_ON)
    assert state.deadline is not None
    if reservation is None or reservation != state.reservation:
        state = let_go(state)
    taken_by = assignee.id if assignee.kind is AssigneeKind.VOLUNTEER else None
    state, told = withdraw(state, taken_by)
    key = f"{assignee.kind.value}:{assignee.id}"
    place = Place(assignee.kind, assignee.id, level)
    given = state.having(
        status=Status.ASSIGNED,
        assignee=assignee,
        lead=state.lead or assignee,  # 首接负责: until another accepts
        reservation=reservation,
        level=level,
        tried=state.tried if key in state.tried else (*state.tried, key),
        accept_by=None if is_top(place, state, context) else clock.accept_by(state, context),
        skill=None,
        prefer=None,
        proposal=None,
        offer=None,
        taken_at=None,
        held=None,
        returns=_received(state.returns, context),
    )
    if given.overdue:
        given = supervised(given, context)
    event = tasks.TaskAssigned(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=assignee,
        deadline=state.deadline,
        round=state.round,
        level=level,
        lead=given.lead,
        assisting=given.assisting,
    )
    return given, (*resumed, *told, event)


def _received(returns: Returns, context: Context) -> Returns:
    days = context.limits.return_within_working_days
    allowed = round(days * context.calendar.day)
    until = context.calendar.add(whole(context.now), allowed, Counts.WORKING)
    return returns.model_copy(update={"return_by": until, "undecided": None, "bound": False})


def send_on(
    state: TaskState, context: Context, *, why: str = NOBODY_LEFT, above: bool = False
) -> Step:
    """Send the task to the next place, one level up where nobody is left; told where it rises.

    Where the place is a volunteer's, the matching loop looks for one; until then the next after
    the volunteers answers for the task.
    """
    place = next_place(state, context, above=above)
    state = routed(state, place, context, above=above, overdue=why == OVERDUE)
    if place.kind is AssigneeKind.VOLUNTEER:
        state, resumed = clock.resume(let_go(state), context, clock.MOVED_ON)
        state, helping = ask_by_rule(_match(state, place.skill, context), context)
        return state, (*resumed, *helping)
    level = max(state.level, place.level)
    events: tuple[Payload | At, ...] = ()
    if level > state.level:
        events = (
            tasks.TaskEscalated(
                task_id=state.task_id, request_id=state.request_id, reason=why, level=level
            ),
        )
    state, more = give(state, context.directory.of(place.kind, place.id), context, level=level)
    state, helping = ask_by_rule(state, context)
    return state, (*events, *more, *helping)


def _match(state: TaskState, skill: str, context: Context, prefer: str | None = None) -> TaskState:
    behind = next_place(state.having(tried=(*state.tried, NOBODY)), context)
    answers = context.directory.of(behind.kind, behind.id)
    return state.having(
        status=Status.MATCHING,
        assignee=answers,
        lead=state.lead or answers,
        accept_by=None,
        skill=skill,
        prefer=prefer,
        alerts=state.alerts.begun(state.round, whole(context.now)),
        proposal=None,
        held=None,
    )


def match_again(state: TaskState, volunteer_id: str, context: Context) -> TaskState:
    """Look for the volunteer who had the task in the last round, or another one."""
    rule = rule_for(state, context)
    skill = (rule.skill if rule else None) or state.category
    return _match(let_go(state), skill, context, prefer=volunteer_id)


def matched(
    state: TaskState, volunteer: Assignee, reservation: Reservation, context: Context
) -> Step:
    """The matching loop reserved a volunteer."""
    return give(state, volunteer, context, level=state.level, reservation=reservation)


def unmatched(state: TaskState, context: Context) -> Step:
    """The matching loop found no volunteer."""
    return send_on(state.having(tried=(*state.tried, NOBODY), skill=None, prefer=None), context)


def settle(state: TaskState, context: Context) -> Step:
    """End the search for a volunteer: who answers meanwhile becomes the assignee."""
    return unmatched(state, context) if state.status is Status.MATCHING else (state, ())


def accept(state: TaskState, at: datetime | None = None, *, now: datetime | None = None) -> Step:
    """The assignee takes it, at the time that a record gives, else now."""
    assert state.assignee is not None
    event = tasks.TaskAccepted(
        task_id=state.task_id, request_id=state.request_id, assignee=state.assignee
    )
    returns = state.returns.model_copy(update={"undecided": None})
    time = at or now
    taken = state.having(
        status=Status.ACCEPTED,
        accept_by=None,
        returns=returns,
        lead=state.assignee,
        taken_at=None if time is None else whole(time),
    )
    return taken, (event if at is None else At(at, event),)


def progress(state: TaskState, at: datetime | None = None, *, now: datetime | None = None) -> Step:
    """The assignee tells how it goes; who works on it has taken it."""
    assert state.assignee is not None
    events: tuple[Payload | At, ...] = ()
    if state.status is not Status.ACCEPTED:
        state, events = accept(state, at, now=now)
    event = tasks.TaskProgressed(
        task_id=state.task_id, request_id=state.request_id, assignee=state.assignee
    )
    return state, (*events, event if at is None else At(at, event))


def complete(
    state: TaskState,
    context: Context,
    *,
    at: datetime,
    completed_at: datetime | None,
    in_time: bool | None,
    ask_resident: bool,
) -> Step:
    """The work is done: judged by the deadline where the time is known, else by `in_time`.

    No part is open any more: whoever calls has seen to that.
    """
    assert state.assignee is not None
    assert not state.open_parts
    state, resumed = clock.resume(state, context, clock.MOVED_ON, completed_at or at)
    if completed_at is not None and state.deadline is not None:
        in_time = completed_at <= state.deadline
    done = let_go(state).having(
        status=Status.COMPLETED,
        accept_by=None,
        completed_at=completed_at,
        in_time=in_time,
        ended_at=whole(completed_at or at),
        proposal=None,
        held=None,
    )
    event = tasks.TaskCompleted(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        round=state.round,
        completed_at=completed_at,
        in_time=in_time,
        ask_resident=ask_resident and not care_round(state.request_id),
    )
    return done, (*resumed, At(completed_at or at, event))


def cancel(state: TaskState, reason: str, at: datetime, context: Context) -> Step:
    """The task ends without work."""
    state, resumed = clock.resume(state, context, clock.MOVED_ON, at)
    event = tasks.TaskCancelled(task_id=state.task_id, request_id=state.request_id, reason=reason)
    state, told = withdraw(let_go(state))
    state, parts = cancel_all(state, WITHDRAWN, context)
    ended = state.having(status=Status.CANCELLED, accept_by=None, proposal=None)
    return ended, (*resumed, *told, *parts, At(at, event))


def finally_answer(state: TaskState, ground: str, reason: str, context: Context) -> Step:
    """The formal end, proposed by the holder and checked by somebody above; with no open part."""
    assert state.assignee is not None
    assert not state.open_parts
    state, resumed = clock.resume(state, context, clock.MOVED_ON)
    event = task_life.TaskFinallyAnswered(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        ground=ground,
        reason=reason,
        round=state.round,
    )
    state, told = withdraw(let_go(state))
    ended = state.having(
        status=Status.FINALLY_ANSWERED,
        accept_by=None,
        ended_at=whole(context.now),
        proposal=None,
        held=None,
    )
    return ended, (*resumed, *told, event)
