"""What units' records do to a task."""

from collections.abc import Sequence
from datetime import datetime

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import (
    Step,
    accept,
    cancel,
    complete,
    progress,
    settle,
)
from services.volunteer_dispatch.service.returns import by_record
from services.volunteer_dispatch.service.state import Record, Status, TaskState
from shared.contracts import units
from shared.contracts.payload import Payload
from shared.storage.aggregates import At

RESULTS = ("done", "withdrawn")


def record_of(
    data: units.TaskProgress | units.TaskResult,
    *,
    unit_id: str,
    time: datetime,
    task_id: str,
    context: Context,
) -> Record:
    """A unit's record as it is kept: its words encrypted."""
    if isinstance(data, units.TaskProgress):
        return Record(
            status=data.status,
            unit_id=unit_id,
            time=time,
            reason=data.reason or "",
            ground=data.ground,
        )
    return Record(
        status=data.outcome,
        unit_id=unit_id,
        time=time,
        completed_at=data.completed_at,
        in_time=data.in_time,
        ask_resident=data.ask_resident,
        words=None if data.words is None else context.seal(task_id, data.words),
    )


def holds(state: TaskState, unit_id: str) -> bool:
    """Whether the unit has the task: it, or its volunteer, is the assignee."""
    assignee = state.assignee
    if assignee is None or state.status is Status.MATCHING:
        return False
    return assignee.unit_id == unit_id


def may_report(state: TaskState, record: Record) -> bool:
    """Whether the record is the unit's to make: it holds the task or has it in its own system,
    or tells the result of a case of its own."""
    own_result = record.status in RESULTS and state.reporting_unit == record.unit_id
    return own_result or holds(state, record.unit_id) or state.handling_unit == record.unit_id


def apply_record(state: TaskState, record: Record, context: Context) -> Step:
    """Apply a record that may be made.

    One that comes after the work ended is kept: should the resident have asked again before it,
    then the request's fact of that is still on its way, and the record belongs to the new round.
    """
    if not state.is_open:
        return state.waiting_for(record), ()
    by = f"/units/{record.unit_id}"
    at = record.time
    if record.status in RESULTS:
        state, events = settle(state, context)
        state = state.with_words(at, by, "result", record.words)
        state, more = _end(state, record, context)
        return state, (*events, *more)
    if not holds(state, record.unit_id):
        return state, ()  # it was the handling unit's once and went on since
    if record.status == "accepted":
        return accept(state, at) if state.status is Status.ASSIGNED else (state, ())
    if record.status == "in_hand":
        return progress(state, at)
    return by_record(state, record, context)


def _end(state: TaskState, record: Record, context: Context) -> Step:
    if record.status == "withdrawn":
        return cancel(state, "withdrawn", record.time, context)
    events: tuple[Payload | At, ...] = ()
    if state.status is Status.ASSIGNED and holds(state, record.unit_id):
        state, events = accept(state, record.completed_at or record.time)
    state, more = complete(
        state,
        context,
        at=record.time,
        completed_at=record.completed_at,
        in_time=record.in_time,
        ask_resident=record.ask_resident,
    )
    return state, (*events, *more)


def apply_waiting(state: TaskState, waiting: Sequence[Record], context: Context) -> Step:
    """Apply, in their order, the records that came too early; what is not the unit's is left."""
    events: tuple[Payload | At, ...] = ()
    for record in waiting:
        if may_report(state, record):
            state, more = apply_record(state, record, context)
            events = (*events, *more)
    return state, events
