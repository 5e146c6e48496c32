"""Commands of people on the parts of a task; the route has checked who they are. Pure."""

from services.volunteer_dispatch.service import joint_work
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint import JointPart, PartStatus, key_of
from services.volunteer_dispatch.service.joint_work import Wish
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.records import finish_held
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Decision


def ensure_no_open_part(state: TaskState) -> None:
    """Raise `Ruled`, with their numbers and helpers, while a part is open."""
    if state.open_parts:
        named = "、".join(f"{part.number} {part.key}" for part in state.open_parts)
        raise Ruled("parts-open", parts=named)


def may_ask(state: TaskState) -> bool:
    """Whether helpers can be asked now: the task is open and its clock runs."""
    return state.is_open and state.clock.pause is None


def commands_of(state: TaskState, part: JointPart) -> tuple[str, ...]:
    """What can be done with a part now."""
    if not state.is_open or not part.is_open:
        return ()
    first = ("accept",) if part.status is PartStatus.ASKED else ()
    return (*first, "decline", "complete", "cancel")


def ask(state: TaskState, who: Assignee, wish: Wish, context: Context) -> Decision[TaskState]:
    """Ask a helper for a part, explained by the way to help. Raises `Ruled`."""
    key = key_of(who)
    if state.holder is not None and key == key_of(state.holder):
        raise Ruled("part-for-holder")
    already = next((part for part in state.open_parts if part.key == key), None)
    if already is not None:
        raise Ruled("part-open-already", number=already.number, who=key)
    if not joint_work.room(state, context):
        raise Ruled("parts-too-many", most=context.limits.parts_at_most)
    late = state.deadline is None or state.deadline <= context.now
    if wish.deadline is not None:
        if wish.deadline <= context.now:
            raise Ruled("part-deadline-past")
        if late or (state.deadline is not None and wish.deadline > state.deadline):
            latest = state.deadline.isoformat(timespec="minutes") if state.deadline else "—"
            raise Ruled("part-deadline-after", until=latest)
    state, helper = joint_work.explain_asking(state, who, context)
    state, events = joint_work.ask(state, who, wish, context, helper)
    return Decision(state, events, wish.asks or "")


def accept(state: TaskState, part: JointPart) -> Decision[TaskState]:
    """The helper takes the part."""
    return Decision(*joint_work.accept(state, part))


def decline(
    state: TaskState, part: JointPart, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """The helper does not do it; the next up the way is suggested, or asked."""
    return _finished(joint_work.decline(state, part, reason, by, context), reason, context)


def complete(
    state: TaskState, part: JointPart, words: str, by: str, context: Context
) -> Decision[TaskState]:
    """The part is done; the words are kept encrypted."""
    sealed = context.seal(state.task_id, words)
    return _finished(joint_work.done(state, part, sealed, by, context), "", context)


def cancel(
    state: TaskState, part: JointPart, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """Whoever asked waits for it no longer."""
    return _finished(joint_work.cancel(state, part, reason, by, context), reason, context)


def _finished(step: Step, why: str, context: Context) -> Decision[TaskState]:
    """The step; it also completes a task whose lead is done and waited for this part alone."""
    state, events = step
    state, more = finish_held(state, context)
    return Decision(state, (*events, *more), why)
