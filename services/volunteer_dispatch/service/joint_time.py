"""Late parts: who was asked and is silent, and whose deadline passed. Each is told once a part.

It is told to who leads the task and to the duty officer above, who may end the part or ask the
next helper: a part never holds its task for ever.
"""

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint import JointPart
from services.volunteer_dispatch.service.joint_work import about, suggest
from services.volunteer_dispatch.service.life import Step, watcher
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import task_parts
from shared.contracts.payload import Payload
from shared.storage.aggregates import At


def on_due(state: TaskState, context: Context) -> Step:
    """Tell of every part that is late now, the lowest number first."""
    events: tuple[Payload | At, ...] = ()
    for part in state.open_parts:
        state, more = _late(state, part, context)
        events = (*events, *more)
    return state, events


def _late(state: TaskState, part: JointPart, context: Context) -> Step:
    events: tuple[Payload | At, ...] = ()
    told = {**about(state, part), "lead": state.lead, "supervisor": watcher(state, context)}
    silent, overdue = part.silent_at(), part.overdue_at(state.deadline)
    if silent is not None and silent <= context.now:
        next, _ = suggest(state, part, context)
        suggested = None if next is None else next.who
        part = part.having(silent=True, suggested=suggested)
        events = (task_parts.TaskPartSilent(**told, accept_by=part.accept_by, suggested=suggested),)
    if overdue is not None and overdue <= context.now:
        part = part.having(overdue=True)
        events = (*events, task_parts.TaskPartOverdue(**told, deadline=overdue))
    parts = tuple(part if one.number == part.number else one for one in state.parts)
    return state.having(parts=parts), events
