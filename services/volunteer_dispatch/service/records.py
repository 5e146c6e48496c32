"""What units' records do to a task."""

from collections.abc import Sequence
from datetime import datetime

from services.volunteer_dispatch.service import joint_work
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint import PartStatus
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


def helps(state: TaskState, unit_id: str) -> bool:
    """Whether the unit was asked for a part, in whatever round."""
    return any(part.who.unit_id == unit_id for part in state.parts)


def may_report(state: TaskState, record: Record) -> bool:
    """Whether the record is the unit's to make: it holds the task or has it in its own system,
    tells the result of a case of its own, or was asked for a part."""
    return (
        _own_result(state, record)
        or holds(state, record.unit_id)
        or state.handling_unit == record.unit_id
        or helps(state, record.unit_id)
    )


def _own_result(state: TaskState, record: Record) -> bool:
    return record.status in RESULTS and state.reporting_unit == record.unit_id


def apply_record(state: TaskState, record: Record, context: Context) -> Step:
    """Apply a record that may be made.

    One that comes after the work ended is kept: should the resident have asked again before it,
    then the request's fact of that is still on its way, and the record belongs to the new round.
    """
    if not state.is_open:
        return state.waiting_for(record), ()
    by = f"/units/{record.unit_id}"
    at = record.time
    if _is_of_part(state, record):
        return _on_part(state, record, context)
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


def _is_of_part(state: TaskState, record: Record) -> bool:
    """Whether the record tells of the unit's part, and not of the whole task."""
    if holds(state, record.unit_id) or _own_result(state, record):
        return False
    has_open = any(part.who.unit_id == record.unit_id for part in state.open_parts)
    return has_open or state.handling_unit != record.unit_id


def _on_part(state: TaskState, record: Record, context: Context) -> Step:
    """The unit's open parts go on; what comes after their end changes nothing."""
    by = f"/units/{record.unit_id}"
    events: tuple[Payload | At, ...] = ()
    for part in state.open_parts:
        if part.who.unit_id != record.unit_id:
            continue
        more: tuple[Payload | At, ...] = ()
        if record.status == "done":
            at = record.completed_at or record.time
            state, more = joint_work.done(state, part, record.words, by, context, at)
        elif record.status in ("declined", "returned", "withdrawn"):
            reason = record.reason or record.status
            state, more = joint_work.decline(state, part, reason, by, context)
        elif part.status is PartStatus.ASKED:
            state, more = joint_work.accept(state, part, record.time)
        events = (*events, *more)
    state, more = finish_held(state, context)
    return state, (*events, *more)


def _hold(state: TaskState, record: Record, context: Context) -> Step:
    """The lead's unit is done while others' parts are open: kept until the last has ended."""
    events: tuple[Payload | At, ...] = ()
    if state.status is Status.ASSIGNED:
        state, events = accept(state, record.completed_at or record.time)
    state, more = progress(state, record.time)
    return state.having(held=record), (*events, *more)


def finish_held(state: TaskState, context: Context) -> Step:
    """Complete the task where its lead is done and the last part has ended now."""
    record = state.held
    if record is None or state.open_parts or state.status is not Status.ACCEPTED:
        return state, ()
    done = record.completed_at and joint_work.completed_at(state, record.completed_at)
    return complete(
        state,
        context,
        at=whole(context.now),
        completed_at=done,
        in_time=record.in_time,
        ask_resident=True,
    )


def _end(state: TaskState, record: Record, context: Context) -> Step:
    if record.status == "withdrawn":
        return cancel(state, "withdrawn", record.time, context)
    events: tuple[Payload | At, ...] = ()
    if holds(state, record.unit_id):
        by = f"/units/{record.unit_id}"
        for part in state.open_parts:
            if part.who.unit_id == record.unit_id:
                state, more = joint_work.done(state, part, record.words, by, context)
                events = (*events, *more)
        if state.open_parts and record.ask_resident:
            state, more = _hold(state, record, context)
            return state, (*events, *more)
    state, more = joint_work.cancel_all(state, joint_work.REPORTED_DONE, context)
    events = (*events, *more)
    if state.status is Status.ASSIGNED and holds(state, record.unit_id):
        state, more = accept(state, record.completed_at or record.time)
        events = (*events, *more)
    done = record.completed_at and joint_work.completed_at(state, record.completed_at)
    state, more = complete(
        state,
        context,
        at=record.time,
        completed_at=done,
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
