"""Commands of people on a task; the route has checked who they are."""

from datetime import datetime, timedelta

from services.volunteer_dispatch.service import clock, joint_work, life, proposals, returns
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint_commands import ensure_no_open_part
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts import task_life
from shared.contracts.ids import care_round
from shared.contracts.task_life import PauseKind
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Decision


def accept(state: TaskState, context: Context | None = None) -> Decision[TaskState]:
    """The assignee takes the task."""
    state, events = life.accept(state, now=None if context is None else context.now)
    return Decision(state, events)


def give_back(
    state: TaskState, reason: str, context: Context, ground: str | None = None
) -> Decision[TaskState]:
    """Decline before accepting, return after it; the next one gets it. Raises `Ruled`."""
    returns.check(state, context)
    state, events = returns.give_back(state, reason, context, ground=ground)
    return Decision(state, events, reason)


def decide(
    state: TaskState, to: Assignee | None, reason: str, context: Context
) -> Decision[TaskState]:
    """Whose the task is that was given back too often; None: who gave it back last."""
    state, events = returns.decide(state, to, reason, context)
    return Decision(state, events, reason)


def wait(state: TaskState, asks: str, context: Context) -> Decision[TaskState]:
    """Ask the resident; the clock stands still until the answer. Raises `Ruled`."""
    if care_round(state.request_id):
        raise Ruled("nobody-to-ask")
    limits = context.limits
    if state.clock.waits >= limits.waits_at_most:
        raise Ruled("waited-too-often", most=limits.waits_at_most)
    until = context.now + timedelta(hours=limits.wait_hours_at_most)
    state = clock.pause(state, PauseKind.RESIDENT, until, asks, context)
    assert state.assignee is not None
    assert state.deadline is not None
    assert state.clock.pause is not None
    event = task_life.TaskWaiting(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        asks=asks,
        until=state.clock.pause.until,
        deadline=state.deadline,
        round=state.round,
    )
    return Decision(state, (event,), asks)


def resume(state: TaskState, words: str | None, by: str, context: Context) -> Decision[TaskState]:
    """The resident answered (words are kept), or what was set aside is taken up again."""
    sealed = None if words is None else context.seal(state.task_id, words)
    state = state.with_words(context.now, by, "answer", sealed)
    state, events = clock.resume(state, context, clock.ANSWERED)
    return Decision(state, events, "resumed")


def extend(
    state: TaskState, hours: float, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """Ask for more time. Raises `Ruled`."""
    state, events = proposals.ask_extension(state, hours, reason, by, context)
    return Decision(state, events, reason)


def defer(
    state: TaskState, review_at: datetime, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """Ask to set it aside on record until a review. Raises `Ruled`."""
    state, events = proposals.ask_deferral(state, review_at, reason, by, context)
    return Decision(state, events, reason)


def answer_finally(
    state: TaskState, ground: str, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """Ask for the formal end. Raises `Ruled`."""
    state, events = proposals.ask_final_answer(state, ground, reason, by, context)
    return Decision(state, events, reason)


def approve(state: TaskState, reason: str, context: Context) -> Decision[TaskState]:
    """Say yes to what the holder asks. Raises `Ruled`."""
    assert state.proposal is not None
    kind = state.proposal.kind.value
    state, events = proposals.approve(state, context)
    return Decision(state, events, f"{kind}: {reason}" if reason else kind)


def refuse(state: TaskState, reason: str) -> Decision[TaskState]:
    """Say no to what the holder asks."""
    state, events = proposals.refuse(state, reason)
    return Decision(state, events, reason)


def close_problem(state: TaskState, finding: str, by: str, context: Context) -> Decision[TaskState]:
    """Close the problem case with a finding."""
    state, events = returns.close_problem(state, finding, by, context)
    return Decision(state, events, finding)


def progress(state: TaskState, words: str, by: str, context: Context) -> Decision[TaskState]:
    """Tell how it goes."""
    state = state.with_words(context.now, by, "progress", context.seal(state.task_id, words))
    state, events = life.progress(state, now=context.now)
    return Decision(state, events)


def complete(
    state: TaskState, words: str, completed_at: datetime | None, by: str, context: Context
) -> Decision[TaskState]:
    """The work is done, at `completed_at` or now; not before its last part. Raises `Ruled` while
    a part is open."""
    ensure_no_open_part(state)
    at = joint_work.completed_at(state, completed_at or whole(context.now))
    state = state.with_words(context.now, by, "result", context.seal(state.task_id, words))
    state, events = life.complete(
        state, context, at=context.now, completed_at=at, in_time=None, ask_resident=True
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
