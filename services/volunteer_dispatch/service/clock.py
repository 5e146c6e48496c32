"""A task's clock: its deadline, warnings, pauses and extensions. A step as in `life`."""

from datetime import datetime, timedelta

from services.volunteer_dispatch.service.calendar import HOUR, Counts, whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint import JointPart
from services.volunteer_dispatch.service.standing import Clock, Pause
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import task_life
from shared.contracts.payload import Payload
from shared.contracts.task_life import PauseKind
from shared.storage.aggregates import At

Step = tuple[TaskState, tuple[Payload | At, ...]]

ANSWERED, TIME_UP, REVIEW_DUE, MOVED_ON = "answered", "time_up", "review_due", "moved_on"


def begin(
    state: TaskState, start: datetime, context: Context, until: datetime | None = None
) -> TaskState:
    """The clock of a round whose work starts then, to `until` or by the table in force now.

    Of records of the past the warnings that would have been due before are not told now.
    """
    start = whole(start)
    if until is None:
        hours, counts = context.deadlines.allowed(state.category, state.areas, state.urgency)
        total = round(hours * HOUR)
    else:
        counts = Counts.CALENDAR
        total = context.calendar.between(start, whole(until), counts)
    state = state.having(
        deadline=context.calendar.add(start, total, counts),
        overdue=False,
        clock=Clock(counts=counts, start=start, total=total),
    )
    if state.handling_unit is not None and state.round == 1:
        for percent in context.limits.warn_at_percent:
            if _warning(state.clock, percent, context) <= context.now:
                state = state.having(clock=state.clock.model_copy(update={"warned": percent}))
    return _with_warning(state, context)


def _warning(clock: Clock, percent: int, context: Context) -> datetime:
    assert clock.start is not None
    after = clock.total * percent // 100 + clock.paused
    return context.calendar.add(clock.start, after, clock.counts)


def _with_warning(state: TaskState, context: Context) -> TaskState:
    """Set the time of the next warning."""
    clock = state.clock
    if clock.start is None:
        return state
    next = min((p for p in context.limits.warn_at_percent if p > clock.warned), default=None)
    at = None if next is None else _warning(clock, next, context)
    return state.having(clock=clock.model_copy(update={"warn_at": at, "warn_percent": next or 0}))


def warn(state: TaskState, context: Context) -> Step:
    """Tell every warning that is due, the lowest first."""
    events: tuple[Payload | At, ...] = ()
    while (at := state.warns_at()) is not None and at <= context.now:
        assert state.deadline is not None
        percent = state.clock.warn_percent
        told = task_life.TaskWarned(
            task_id=state.task_id,
            request_id=state.request_id,
            assignee=state.holder,
            percent=percent,
            deadline=state.deadline,
            round=state.round,
        )
        state = state.having(clock=state.clock.model_copy(update={"warned": percent}))
        state, events = _with_warning(state, context), (*events, told)
    return state, events


def pause(
    state: TaskState, kind: PauseKind, until: datetime, reason: str, context: Context
) -> TaskState:
    """Stop the clock from now to `until` at the latest; the deadline is that of the whole pause."""
    assert state.deadline is not None
    since, until = whole(context.now), whole(until)
    moved = context.calendar.between(since, until, state.clock.counts)
    stopped = Pause(kind=kind, since=since, until=until, deadline=state.deadline, reason=reason)
    return state.having(
        deadline=context.calendar.add(state.deadline, moved, state.clock.counts),
        clock=state.clock.model_copy(
            update={
                "pause": stopped,
                "waits": state.clock.waits + (kind is PauseKind.RESIDENT),
            }
        ),
    )


def resume(state: TaskState, context: Context, why: str, at: datetime | None = None) -> Step:
    """Let the clock go on from `at` (now unless given), where it stands still.

    The deadline moves by the time that counted in the pause, so it never comes nearer.
    """
    stopped = state.clock.pause
    if stopped is None:
        return state, ()
    end = min(max(whole(at or context.now), stopped.since), stopped.until)
    counted = context.calendar.between(stopped.since, end, state.clock.counts)
    deadline = context.calendar.add(stopped.deadline, counted, state.clock.counts)
    clock = state.clock.model_copy(update={"pause": None, "paused": state.clock.paused + counted})
    told = task_life.TaskResumed(
        task_id=state.task_id,
        request_id=state.request_id,
        kind=stopped.kind,
        why=why,
        deadline=deadline,
        round=state.round,
    )
    parts = _moved(state.parts, counted, state.clock.counts, context)
    state = state.having(deadline=deadline, clock=clock, parts=parts)
    return _with_warning(state, context), (told,)


def _moved(
    parts: tuple[JointPart, ...], counted: int, counts: Counts, context: Context
) -> tuple[JointPart, ...]:
    """Parts with their own times moved as the task's deadline is: they stood still with it."""

    def later(at: datetime) -> datetime:
        return context.calendar.add(at, counted, counts)

    return tuple(
        part.having(
            accept_by=later(part.accept_by), deadline=part.deadline and later(part.deadline)
        )
        if part.is_open
        else part
        for part in parts
    )


def extend(state: TaskState, hours: float, context: Context) -> TaskState:
    """More time, in hours as the deadline counts."""
    assert state.deadline is not None
    more, counts = round(hours * HOUR), state.clock.counts
    clock = state.clock.model_copy(
        update={
            "total": state.clock.total + more,
            "extensions": state.clock.extensions + 1,
        }
    )
    stopped = clock.pause
    if stopped is not None:
        later = context.calendar.add(stopped.deadline, more, counts)
        clock = clock.model_copy(update={"pause": stopped.model_copy(update={"deadline": later})})
    deadline = context.calendar.add(state.deadline, more, counts)
    return _with_warning(state.having(deadline=deadline, clock=clock), context)


def accept_by(state: TaskState, context: Context) -> datetime:
    """Until when an assignee that gets the task now has to say something."""
    hours = context.deadlines.accept_within_hours.of(state.urgency)
    # Silence counts as the deadline does.
    return context.calendar.add(whole(context.now), round(hours * HOUR), state.clock.counts)


def longest_extension(state: TaskState, context: Context) -> float:
    """Hours that one extension may have, as the deadline counts."""
    return (
        context.limits.extension_days_at_most * context.calendar.day_of(state.clock.counts) / HOUR
    )


def longest_deferral(context: Context) -> datetime:
    """The latest review of what is set aside now."""
    return whole(context.now) + timedelta(days=context.limits.deferral_days_at_most)
