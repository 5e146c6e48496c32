"""What happens when time runs out."""

from datetime import datetime

from services.volunteer_dispatch.service import alerts, clock, handing, joint_time
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import OVERDUE, Step, supervised
from services.volunteer_dispatch.service.returns import move_on
from services.volunteer_dispatch.service.routing import is_top, next_place
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts import tasks
from shared.contracts.task_life import PauseKind
from shared.storage.aggregates import Decision


def on_due(state: TaskState, context: Context) -> Decision[TaskState] | None:
    """What is due now; None where nothing is.

    A pause ends. At the deadline the task is overdue, once a round: who has accepted keeps it,
    watched over by the duty officer above (督办); otherwise that one gets it. Before the deadline
    the holder is warned. A silent assignee is passed over. Late parts are told of.
    """
    pause = state.clock.pause
    if pause is not None and _past(state.resumes_at(), context.now):
        why = clock.TIME_UP if pause.kind is PauseKind.RESIDENT else clock.REVIEW_DUE
        state, events = clock.resume(state, context, why, pause.until)
        return Decision(state, events, why=why)
    if _past(state.overdue_at(), context.now):
        state, events = _overdue(state, context)
        return Decision(state, events, why="deadline passed")
    if _past(state.warns_at(), context.now):
        state, events = clock.warn(state, context)
        return Decision(state, events, why="time passes")
    if _past(state.silent_at(), context.now):
        state, events = move_on(state, context)
        return Decision(state, events, why="not accepted in time")
    if step := handing.on_due(state, context):
        return Decision(*step, why="the offer was not answered in time")
    if _past(state.part_due_at(), context.now):
        state, events = joint_time.on_due(state, context)
        return Decision(state, events, why="a part is late")
    if state.status is Status.MATCHING and (step := alerts.on_due(state, context.now)):
        return Decision(*step, why="alerts not answered, or quiet hours over")
    return None


def _past(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _overdue(state: TaskState, context: Context) -> Step:
    assert state.deadline is not None
    stays = state.status is Status.ACCEPTED or _nobody_above(state, context)
    state = state.having(overdue=True)
    if stays:
        state = supervised(state, context)
    told = tasks.TaskOverdue(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.holder,
        deadline=state.deadline,
        round=state.round,
        supervisor=state.clock.supervisor,
    )
    if stays:
        return state, (told,)
    state, events = move_on(state, context, why=OVERDUE, above=True)
    return state, (told, *events)


def _nobody_above(state: TaskState, context: Context) -> bool:
    if state.status is Status.MATCHING:
        return False
    above = next_place(state, context, above=True)
    held = state.assignee is not None and f"{state.assignee.kind.value}:{state.assignee.id}"
    return above.key == held and is_top(above, state, context)
