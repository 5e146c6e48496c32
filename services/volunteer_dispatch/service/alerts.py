"""Asking volunteers in phases: a set number at once, each refusal or silence replaced.

Asking reserves nothing: only who accepts takes a place in his or her load, by one conditional
write (`volunteers.Volunteers.reserve`). Meanwhile `TaskState.assignee` answers for the task.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.volunteer_dispatch.service import life
from services.volunteer_dispatch.service.alerting import DECLINED, SILENT, Alert, Answer
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.explain import Explained
from services.volunteer_dispatch.service.group_ids import is_group, parted
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts import tasks
from shared.contracts.tasks import Assignee

_LOOK_AGAIN = timedelta(minutes=1)
"""Ours: who answers about another task is free long before the time of silence is over."""


def wanted(state: TaskState, context: Context) -> int:
    """How many more volunteers are to be asked now; who had the task before is asked alone."""
    alerts, table = state.alerts, context.asking.table
    at_once = 1 if asks_alone(state) else table.at_once.of(state.urgency)
    waiting = sum(not one.silent and not is_group(one.volunteer_id) for one in alerts.open)
    return max(0, min(at_once - waiting, table.most_asked - len(alerts.asked)))


def asks_alone(state: TaskState) -> bool:
    """Whether the volunteer of the last round is still to be asked, or has not answered."""
    prefer = state.prefer
    if prefer is None:
        return False
    alert = state.alerts.of(prefer)
    return prefer not in state.alerts.asked or (alert is not None and not alert.silent)


def quiet_ends(state: TaskState, context: Context) -> datetime | None:
    """When the quiet hours that keep this task from asking end; None where it may ask."""
    asking = context.asking
    return asking.table.quiet_ends(context.now, asking.zone, state.urgency)


def rest(state: TaskState, until: datetime) -> TaskState:
    """Ask nobody more until then."""
    until = until.replace(microsecond=until.microsecond // 1000 * 1000)
    return state.having(alerts=state.alerts.having(full=True, wake=until))


def may_wait(state: TaskState, context: Context) -> datetime | None:
    """Where all who could be asked are being asked about other tasks: when to look again.

    None once the search has taken as long as an assignee may be silent.
    """
    began = state.alerts.since or context.now
    hours = context.deadlines.accept_within_hours.of(state.urgency)
    again = context.now + min(_silence(state, context), _LOOK_AGAIN)
    return again if again < began + timedelta(hours=hours) else None


def _silence(state: TaskState, context: Context) -> timedelta:
    return timedelta(minutes=context.asking.table.silent_minutes.of(state.urgency))


def alert(volunteer_id: str, token: str, state: TaskState, context: Context) -> Alert:
    """An alert as of now, in whole milliseconds as the database keeps it."""
    now = context.now.replace(microsecond=context.now.microsecond // 1000 * 1000)
    until = now + _silence(state, context)
    return Alert(volunteer_id=volunteer_id, token=token, at=now, until=until)


def ask(
    state: TaskState, alerts: Sequence[Alert], explained: Explained | None, context: Context
) -> Step:
    """These were asked; where they are none and nobody's answer is awaited, the search ends."""
    if explained is not None:
        state = state.explaining(explained)
    before = state.alerts
    if not alerts and not before.waiting:
        # Of a preferred volunteer who cannot be asked the search goes on among all.
        if asks_alone(state):
            return state.having(prefer=None), ()
        return life.unmatched(state, context)
    after = before.having(
        open=(*before.open, *alerts),
        asked=(*before.asked, *(one.volunteer_id for one in alerts)),
        full=True,
        wake=None,
    )
    state = state.having(alerts=after)
    if not alerts:
        return state, ()
    volunteers, groups = parted(one.volunteer_id for one in alerts)
    told = tasks.TaskAlerted(
        task_id=state.task_id,
        request_id=state.request_id,
        volunteer_ids=volunteers,
        group_ids=groups,
        answer_by=alerts[0].until,
    )
    return state, (told,)


def decline(state: TaskState, volunteer_id: str) -> Step:
    """One who was asked says no: the next one is asked."""
    alerts = state.alerts.ended({volunteer_id: DECLINED}).having(full=False)
    return state.having(alerts=alerts), (life.alerts_ended(state, (volunteer_id,), DECLINED),)


def accept(
    state: TaskState, volunteer: Assignee, reservation: Reservation, context: Context
) -> Step:
    """The first who says yes gets the task; the others are told that it is gone."""
    state, events = life.matched(state, volunteer, reservation, context)
    state, more = life.accept(state, now=context.now)
    return state, (*events, *more)


def on_due(state: TaskState, now: datetime) -> Step | None:
    """Somebody's time to answer has passed, or the quiet hours have; None where neither has."""
    alerts = state.alerts
    late = [one for one in alerts.open if not one.silent and one.until <= now]
    awake = alerts.wake is not None and alerts.wake <= now
    if not late and not awake:
        return None
    still = tuple(
        one.model_copy(update={"silent": True}) if one in late else one for one in alerts.open
    )
    silent = (Answer(volunteer_id=one.volunteer_id, token=one.token, said=SILENT) for one in late)
    state = state.having(
        alerts=alerts.having(open=still, answers=(*alerts.answers, *silent), full=False, wake=None)
    )
    ids = tuple(one.volunteer_id for one in late)
    return state, ((life.alerts_ended(state, ids, SILENT),) if ids else ())
