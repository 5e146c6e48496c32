"""Commands of people on a task; the route has checked who they are."""

from datetime import datetime

from services.volunteer_dispatch.service import life
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.routing import next_place
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Decision


class NobodyAbove(Exception):
    """The top area's duty officer cannot give a task back: nobody stands above."""


def accept(state: TaskState) -> Decision[TaskState]:
    """The assignee takes the task."""
    state, events = life.accept(state)
    return Decision(state, events)


def give_back(state: TaskState, reason: str, context: Context) -> Decision[TaskState]:
    """Decline before accepting, return after it; the next one gets the task.

    Raises:
        NobodyAbove: the next one would be who gives it back.
    """
    place = next_place(state, context)
    if state.assignee is not None and place.key == f"{state.assignee.kind}:{state.assignee.id}":
        raise NobodyAbove
    state, events = life.give_back(state, reason, context)
    return Decision(state, events, reason)


def progress(state: TaskState, words: str, by: str, context: Context) -> Decision[TaskState]:
    """Tell how it goes."""
    state = state.with_words(context.now, by, "progress", context.seal(state.task_id, words))
    state, events = life.progress(state)
    return Decision(state, events)


def complete(
    state: TaskState, words: str, completed_at: datetime | None, by: str, context: Context
) -> Decision[TaskState]:
    """The work is done, at `completed_at` or now."""
    at = completed_at or context.now.replace(microsecond=context.now.microsecond // 1000 * 1000)
    state = state.with_words(context.now, by, "result", context.seal(state.task_id, words))
    state, events = life.complete(
        state, at=context.now, completed_at=at, in_time=None, ask_resident=True
    )
    return Decision(state, events)


def reassign(
    state: TaskState,
    assignee: Assignee,
    reservation: Reservation | None,
    reason: str,
    context: Context,
) -> Decision[TaskState]:
    """Somebody above names the assignee; the level stays."""
    state, events = life.give(state, assignee, context, level=state.level, reservation=reservation)
    return Decision(state, events, reason)
