"""What happens when time runs out."""

from datetime import datetime

from services.volunteer_dispatch.service import alerts
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import OVERDUE, Step, send_on
from services.volunteer_dispatch.service.routing import is_top, next_place
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts import tasks
from shared.storage.aggregates import Decision


def on_due(state: TaskState, context: Context) -> Decision[TaskState] | None:
    """The deadline passed, or the assignee was silent too long; None where neither is so.

    At the deadline the task is overdue, once a round; who has accepted keeps it, otherwise the
    duty officer one level up gets it. A silent assignee is passed over.
    """
    if _past(state.overdue_at(), context.now):
        state, events = _overdue(state, context)
        return Decision(state, events, why="deadline passed")
    if _past(state.silent_at(), context.now):
        state, events = send_on(state, context)
        return Decision(state, events, why="not accepted in time")
    if state.status is Status.MATCHING and (step := alerts.on_due(state, context.now)):
        return Decision(*step, why="alerts not answered, or quiet hours over")
    return None


def _past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _overdue(state: TaskState, context: Context) -> Step:
    assert state.deadline is not None
    told = tasks.TaskOverdue(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=None if state.status is Status.MATCHING else state.assignee,
        deadline=state.deadline,
        round=state.round,
    )
    state = state.having(overdue=True)
    if state.status is Status.ACCEPTED or _nobody_above(state, context):
        return state, (told,)
    state, events = send_on(state, context, why=OVERDUE, above=True)
    return state, (told, *events)


def _nobody_above(state: TaskState, context: Context) -> bool:
    if state.status is Status.MATCHING:
        return False
    above = next_place(state, context, above=True)
    held = state.assignee is not None and f"{state.assignee.kind.value}:{state.assignee.id}"
    return above.key == held and is_top(above, state, context)
