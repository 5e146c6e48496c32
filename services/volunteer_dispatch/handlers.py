"""From facts to decisions, and from registry snapshots to read models. Pure."""

from collections.abc import Mapping
from typing import Any

from services.volunteer_dispatch.service import joining
from services.volunteer_dispatch.service import requests as decide
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.records import apply_record, may_report, record_of
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts import care, joins, plans, registry, requests, topics, units
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event
from shared.contracts.ids import care_request_id, lead_task_id, reported_request_id
from shared.contracts.payload import Payload
from shared.contracts.words import Channel, RequestKind, Urgency
from shared.messaging.dead_letters import unit_of
from shared.messaging.processor import FactHandler, Refused, SnapshotHandler
from shared.storage.aggregates import Decision
from shared.storage.client import Document

TOPICS = (topics.REGISTRY.name, topics.REQUESTS.name, topics.CARE.name, topics.UNITS.name)
JUDGES = frozenset({topics.REGISTRY.name, topics.REQUESTS.name, topics.CARE.name})

CARE_VISIT = "care_visit"
"""The category of tasks of care, for routing, words and lists."""


def target(event: Event) -> str | None:
    """The task that a fact belongs to."""
    topic = TOPIC_OF[event.type.rpartition(".v")[0]]
    if topic == topics.REQUESTS.name:
        return lead_task_id(event.partition_key)
    if topic == topics.CARE.name:
        # A visit made before it was due: nobody was told to make it.
        early = event.sequence == 1 and event.type != care.CareDue.full_type()
        return None if early else lead_task_id(care_request_id(event.subject))
    kind, _, id = event.subject.partition("/")
    if topic != topics.UNITS.name or not id:
        return None
    if kind == "case":
        return lead_task_id(reported_request_id(event.source, event.subject))
    return id if kind == "task" else None


def on_request_accepted(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState] | None:
    """Create the task and send it on its way."""
    assert isinstance(event.data, requests.RequestAccepted)
    task_id = lead_task_id(event.data.request_id)
    return decide.take_in(state, task_id, event.data, event.time, context)


def _known(state: TaskState | None) -> TaskState:
    # Facts of one subject come in order: only a skipped first one leads here.
    if state is None or state.status is Status.EARLY:
        raise Refused("the fact that begins it was not applied here; replay that one first")
    return state


def on_request_located(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState]:
    """Place the task."""
    assert isinstance(event.data, requests.RequestLocated)
    return decide.locate(_known(state), event.data, context)


def on_request_reopened(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState]:
    """Begin a new round."""
    assert isinstance(event.data, requests.RequestReopened)
    return decide.reopen(_known(state), event.data, event.time, context)


def on_request_closed(
    state: TaskState | None, _event: Event, context: Context
) -> Decision[TaskState]:
    """End whatever is still open."""
    return decide.close(_known(state), context, "request closed")


def on_request_answered(
    state: TaskState | None, _event: Event, context: Context
) -> Decision[TaskState] | None:
    """The resident answered what was asked: the clock goes on."""
    return decide.answered(_known(state), context)


def on_request_joined(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState]:
    """End the task for another one's."""
    assert isinstance(event.data, joins.RequestJoined)
    return joining.join(_known(state), event.data, context)


def on_request_separated(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState]:
    """Begin a round of its own again."""
    assert isinstance(event.data, joins.RequestSeparated)
    return joining.separate(_known(state), event.data, event.time, context)


def on_care_due(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState] | None:
    """Create the task of a visit, as of a request without words, and send it on its way."""
    due = event.data
    assert isinstance(due, care.CareDue)
    request = requests.RequestAccepted(
        request_id=care_request_id(event.subject),
        channel=Channel.OTHER,
        kind=RequestKind.OTHER,
        category=CARE_VISIT,
        urgency=Urgency.ORDINARY,
        rules_version=0,
        grid_id=due.grid_id,
        area_path=due.area_path,
        received_at=event.time,
    )
    task_id = lead_task_id(request.request_id)
    return decide.take_in(state, task_id, request, event.time, context, due.overdue_at)


def on_care_over(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState] | None:
    """The visit is recorded, or due no more: end what is still open. The task that was completed
    here is what the registry recorded."""
    why = "the visit is recorded" if isinstance(event.data, care.CareDone) else "care ended"
    known = _known(state)
    return decide.close(known, context, why) if known.is_open else None


def on_unit_record(
    state: TaskState | None, event: Event, context: Context
) -> Decision[TaskState] | None:
    """Apply a unit's progress or result, or keep it until its case is known.

    Raises:
        Refused: the task is not known, or not the unit's.
    """
    assert isinstance(event.data, units.TaskProgress | units.TaskResult)
    unit_id = unit_of(event.source) or ""
    task_id = target(event) or ""
    record = record_of(
        event.data, unit_id=unit_id, time=event.time, task_id=task_id, context=context
    )
    if state is None or state.status is Status.EARLY:
        if not event.subject.startswith("case/"):
            raise Refused(f"there is no task {task_id}; check the id in ce_subject")
        request_id = reported_request_id(event.source, event.subject)
        early = state or TaskState(task_id=task_id, request_id=request_id)
        return Decision(early.waiting_for(record), (), "came before its request")
    if not may_report(state, record):
        raise Refused(
            f"this task is not with unit {unit_id}; only the unit that holds a task reports on it"
        )
    after, events = apply_record(state, record, context)
    why = record.reason or record.status
    return Decision(after, events, why if state.is_open else f"{why}, after the end: kept")


HANDLERS: Mapping[type[Payload], FactHandler[TaskState, Context]] = {
    requests.RequestAccepted: on_request_accepted,
    requests.RequestLocated: on_request_located,
    requests.RequestAnswered: on_request_answered,
    requests.RequestReopened: on_request_reopened,
    requests.RequestClosed: on_request_closed,
    joins.RequestJoined: on_request_joined,
    joins.RequestSeparated: on_request_separated,
    care.CareDue: on_care_due,
    care.CareDone: on_care_over,
    care.CareEnded: on_care_over,
    units.TaskProgress: on_unit_record,
    units.TaskResult: on_unit_record,
}


def _document(event: Event, *without: str) -> Document:
    assert event.data is not None
    found: dict[str, Any] = event.data.model_dump(mode="json")
    return {name: value for name, value in found.items() if name not in without}


SNAPSHOTS: Mapping[type[Payload], SnapshotHandler] = {
    registry.AreaChanged: lambda event: ("areas", _document(event)),
    registry.UnitChanged: lambda event: ("units", _document(event)),
    registry.OrganizationChanged: lambda event: ("organizations", _document(event)),
    registry.JointChanged: lambda event: ("joints", _document(event)),
    plans.PairingChanged: lambda event: ("pairings", _document(event)),
    registry.GridChanged: lambda event: ("grids", _document(event, "geometry", "boundaries")),
    registry.GroupChanged: lambda event: ("groups", _document(event)),
    # Reservations (`tasks`) stand in the same document: one conditional update sees both.
    registry.VolunteerChanged: lambda event: ("volunteers", _document(event)),
}
