"""From confirmed service hours to records of the work `service_hours`, one for each service.

The record has the id of the service: a fact that comes twice finds it there. Who confirmed and why
something was put right stands with dispatch; here is what counts. Service hours: MZ/T 061-2015.
"""

from typing import Any

from services.registry.listening import Heard
from services.registry.records.decisions import RecordState, recorded
from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.volunteering import HoursConfirmed, HoursCorrected, HoursVoided
from shared.contracts.work import WorkCorrected, WorkVoided
from shared.messaging.processor import FactHandler, Refused
from shared.storage.aggregates import AggregateStore, Decision

WORK = "service_hours"
BY = "service:volunteer-dispatch"
_FACTS = (HoursConfirmed, HoursCorrected, HoursVoided)
_TYPES = {payload.TYPE for payload in _FACTS}


def target(event: Event) -> str | None:
    """The record of a service's hours; other facts of the topic are nothing to the registry."""
    return event.subject if event.type.rpartition(".v")[0] in _TYPES else None


def on_confirmed(state: RecordState | None, event: Event, _context: Any) -> Decision[RecordState]:
    """Begin the record."""
    data = event.data
    assert isinstance(data, HoursConfirmed)
    if state is not None:
        raise Refused("these hours stand on the sheet already; correct them instead")
    new = RecordState(
        work=WORK,
        at=data.ended_at,
        organization_id=None,
        person_id=data.volunteer_id,
        about=None,
        quantity=data.hours,
        words=None,
        area_path=data.area_path,
        unit_id=data.unit_id,
        recorded_by=BY,
    )
    return recorded(data.hours_id, new)


def on_corrected(state: RecordState | None, event: Event, _context: Any) -> Decision[RecordState]:
    """Put its quantity right."""
    data = event.data
    assert isinstance(data, HoursCorrected)
    new = _known(state).model_copy(update={"quantity": data.hours})
    told = WorkCorrected(record_id=data.hours_id, work=WORK, quantity=data.hours)
    return Decision(new, (told,), "put right where it was confirmed")


def on_voided(
    state: RecordState | None, event: Event, _context: Any
) -> Decision[RecordState] | None:
    """Take it out of every count."""
    data = event.data
    assert isinstance(data, HoursVoided)
    if _known(state).voided is not None:
        return None
    why = "voided where it was confirmed"
    new = _known(state).model_copy(update={"voided": why})
    return Decision(new, (WorkVoided(record_id=data.hours_id, work=WORK),), why)


def _known(state: RecordState | None) -> RecordState:
    # Facts of one service come in order: only a skipped confirmation leads here.
    if state is None:
        raise Refused("its hours.confirmed was not applied here; replay that one first")
    return state


def heard(records: AggregateStore[RecordState]) -> Heard:
    """What the registry hears of service hours."""
    facts: dict[type[Payload], FactHandler[Any, Any]] = {
        HoursConfirmed: on_confirmed,
        HoursCorrected: on_corrected,
        HoursVoided: on_voided,
    }
    return Heard(topics.VOLUNTEERING, records, target, facts, judges=True)
