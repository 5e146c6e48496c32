"""What assessment does with each event; the one list of handlers."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from services.assessment.service import facts
from services.assessment.service.cases import Case, settled
from services.assessment.support import handlers as support
from shared.contracts.envelope import Event
from shared.contracts.ids import care_round, lead_task_id
from shared.contracts.joins import RequestJoined, RequestSeparated
from shared.contracts.payload import Payload
from shared.contracts.registry import AreaChanged, OrganizationChanged, UnitChanged
from shared.contracts.requests import (
    RequestAccepted,
    RequestClosed,
    RequestFollowedUp,
    RequestLocated,
    RequestReopened,
)
from shared.contracts.task_life import TaskFinallyAnswered
from shared.contracts.tasks import (
    TaskAccepted,
    TaskAssigned,
    TaskCancelled,
    TaskCompleted,
    TaskFact,
    TaskOverdue,
)
from shared.messaging.processor import FactHandler, SnapshotHandler
from shared.storage.aggregates import Decision
from shared.storage.client import Document


def target(event: Event) -> str | None:
    """The case of an event: a request's and its tasks' events carry the request's id as key.

    A care visit is no case: no resident asked, and the rates are of what residents asked for.
    """
    return None if care_round(event.partition_key) else event.partition_key


def _decided(
    state: Case | None, changed: Case, event: Event, zone: tzinfo
) -> Decision[Case] | None:
    judged = settled(changed, zone)
    # A case that is as it was needs no new figures; its inbox moves on all the same.
    if state is not None and judged == state.model_copy(update={"dirty": True}):
        return None
    # The history leads from a score down to its events.
    return Decision(judged, why=f"{event.type} #{event.sequence} {event.id}")


def on_request_accepted(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
    """A request counts from now on, in the month of the event's time."""
    assert isinstance(event.data, RequestAccepted)
    return _decided(state, facts.accepted(state or Case(), event.data, event.time), event, zone)


def _on(change: Callable[[Case, Any], Case]) -> FactHandler[Case, tzinfo]:
    """A handler of a request's fact from what it changes."""

    def handle(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
        return _decided(state, change(state or Case(), event.data), event, zone)

    return handle


def _of_lead(handle: FactHandler[Case, tzinfo]) -> FactHandler[Case, tzinfo]:
    """For the lead task's facts only; who assists (协办) is not answerable for the case."""

    def handle_lead(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
        assert isinstance(event.data, TaskFact)
        if event.data.task_id != lead_task_id(event.partition_key):
            return None
        return handle(state, event, zone)

    return handle_lead


def _on_lead(change: Callable[[Case, Any], Case]) -> FactHandler[Case, tzinfo]:
    """A handler of the lead task's fact from what it changes."""
    return _of_lead(_on(change))


def _finally_answered(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
    assert isinstance(event.data, TaskFinallyAnswered)
    changed = facts.finally_answered(state or Case(), event.data, event.time)
    return _decided(state, changed, event, zone)


def on_request_followed_up(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
    """The resident answered, at the event's time."""
    assert isinstance(event.data, RequestFollowedUp)
    changed = facts.followed_up(state or Case(), event.data, event.time)
    return _decided(state, changed, event, zone)


on_request_located = _on(facts.located)
on_request_reopened = _on(facts.reopened)
on_request_closed = _on(facts.closed)
on_request_joined = _on(facts.joined)
on_request_separated = _on(facts.separated)
on_task_assigned = _on_lead(facts.assigned)
on_task_accepted = _on_lead(facts.taken)
on_task_overdue = _on_lead(facts.overdue)
on_task_completed = _on_lead(facts.completed)
on_task_cancelled = _on_lead(facts.cancelled)
on_task_finally_answered = _of_lead(_finally_answered)

HANDLERS: dict[type[Payload], FactHandler[Case, tzinfo]] = {
    RequestAccepted: on_request_accepted,
    RequestLocated: on_request_located,
    RequestFollowedUp: on_request_followed_up,
    RequestReopened: on_request_reopened,
    RequestClosed: on_request_closed,
    RequestJoined: on_request_joined,
    RequestSeparated: on_request_separated,
    TaskAssigned: on_task_assigned,
    TaskAccepted: on_task_accepted,
    TaskOverdue: on_task_overdue,
    TaskCompleted: on_task_completed,
    TaskCancelled: on_task_cancelled,
    TaskFinallyAnswered: on_task_finally_answered,
}


def on_area_changed(event: Event) -> tuple[str, Document]:
    """An area's name, level and path; its figures are computed anew, as its level may be new."""
    data = event.data
    assert isinstance(data, AreaChanged)
    return "areas", {
        "name": data.name,
        "level": data.level.value,
        "path": list(data.path),
        "retired": data.retired,
        "unmeasured": True,
    }


def on_unit_changed(event: Event) -> tuple[str, Document]:
    """A unit's name and domain, and who manages it from above."""
    data = event.data
    assert isinstance(data, UnitChanged)
    return "units", {
        "name": data.name,
        "domain": data.domain.value,
        "area": data.area,
        "system": data.system,
        "superior_unit_id": data.superior_unit_id,
        "retired": data.retired,
    }


def on_organization_changed(event: Event) -> tuple[str, Document]:
    """An organization's name, domain and unit; who took over from it."""
    data = event.data
    assert isinstance(data, OrganizationChanged)
    return "organizations", {
        "name": data.name,
        "domain": data.domain.value,
        "level": data.level.value,
        "unit_id": data.unit_id,
        "area": data.area,
        "parent": data.parent,
        "retired": data.retired,
        "successors": list(data.successors),
    }


SNAPSHOTS: Mapping[type[Payload], SnapshotHandler] = {
    AreaChanged: on_area_changed,
    UnitChanged: on_unit_changed,
    OrganizationChanged: on_organization_changed,
    **support.SNAPSHOTS,
}
