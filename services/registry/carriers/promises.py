"""Decisions on promises (承诺践诺); pure (art. 8).

A promise is kept where a record shows that it was done in time, and broken where its date goes by
without one. Nobody types in which.
"""

from collections.abc import Callable
from datetime import datetime

from services.registry.carriers.schemas import PromiseBody
from services.registry.handover import Handover, Passing
from services.registry.records.decisions import RecordState, place_of
from services.registry.service.base import Known
from shared.contracts.carriers import (
    PromiseBroken,
    PromiseHandedOver,
    PromiseKept,
    PromiseMade,
    PromiseReopened,
    PromiseVoided,
)
from shared.contracts.payload import Payload
from shared.contracts.words import PromiseStatus
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

Seal = Callable[[str], str]


class PromiseState(State):
    """A promise; `text` is encrypted. `settled_at`: when it was done, or when its date went by."""

    promise_id: str
    organization_id: str | None
    person_id: str | None
    text: str
    made_at: datetime
    until: datetime
    status: PromiseStatus = PromiseStatus.OPEN
    record_id: str | None = None
    settled_at: datetime | None = None
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    handovers: tuple[Handover, ...] = ()

    def next_due(self) -> datetime | None:
        """See `State.next_due`: its date."""
        return self.until if self.status is PromiseStatus.OPEN else None


def make(
    id: str, body: PromiseBody, known: Known, now: datetime, seal: Seal
) -> Decision[PromiseState]:
    """Take in a promise. Raises `Problem` 422."""
    if body.organization_id is None and body.person_id is None:
        raise Problem(422, "promiser-needed", field="organization_id")
    if body.until <= now:
        raise Problem(422, "promise-past", field="until")
    path, unit_id = place_of(known, body.organization_id, body.person_id)
    state = PromiseState(
        promise_id=id,
        organization_id=body.organization_id,
        person_id=body.person_id,
        text=seal(body.text),
        made_at=now,
        until=body.until,
        area_path=path,
        unit_id=unit_id,
    )
    told = PromiseMade(
        promise_id=id,
        organization_id=state.organization_id,
        person_id=state.person_id,
        area_path=path,
        until=state.until,
    )
    return Decision(state, [told], "made")


def keep(
    state: PromiseState, record_id: str, record: RecordState | None
) -> Decision[PromiseState] | None:
    """Kept, by a record of those who made it, of work done before its date.

    The record may be entered after the date; what counts is when the work was done. None where it
    is kept by this record already. Raises `Problem` 409, 422.
    """
    if state.status is PromiseStatus.KEPT and state.record_id == record_id:
        return None
    if state.status in (PromiseStatus.KEPT, PromiseStatus.VOID):
        raise Problem(409, "promise-settled", id=state.promise_id, result=state.status.value)
    if record is None or record.voided is not None:
        raise Problem(
            422, "unknown-reference", field="record_id", where="/v1/records",
            kind_zh="工作记录", kind_en="record", id=record_id,
        )  # fmt: skip
    same_person = state.person_id is None or record.person_id == state.person_id
    # What was done before the promise was taken over counts for it, too.
    makers = {state.organization_id, *(one.organization_id for one in state.handovers)}
    same_organization = (
        state.organization_id is None
        or record.organization_id in makers
        or (state.person_id is not None and record.organization_id is None)
    )
    if not (same_person and same_organization and state.made_at <= record.at < state.until):
        raise Problem(422, "record-of-others", field="record_id", id=record_id)
    new = state.model_copy(
        update={"status": PromiseStatus.KEPT, "record_id": record_id, "settled_at": record.at}
    )
    told = PromiseKept(promise_id=state.promise_id, record_id=record_id)
    return Decision(new, [told], "kept")


def hand_over(state: PromiseState, passing: Passing) -> Decision[PromiseState] | None:
    """Pass it on; None where it is settled, or somebody else's."""
    if state.status is not PromiseStatus.OPEN or state.organization_id != passing.old:
        return None
    new = state.model_copy(
        update={
            "organization_id": passing.new.organization_id,
            "unit_id": passing.new.unit_id,
            "area_path": passing.new.path,
            "handovers": (*state.handovers, passing.kept("organization_id")),
        }
    )
    told = PromiseHandedOver(
        promise_id=state.promise_id,
        organization_id=passing.new.organization_id,
        from_organization_id=passing.old,
        area_path=new.area_path,
    )
    return Decision(new, [told], passing.why)


def on_due(state: PromiseState, now: datetime) -> Decision[PromiseState] | None:
    """What the timer does: broken when its date has gone by."""
    if state.status is not PromiseStatus.OPEN or now < state.until:
        return None
    new = state.model_copy(update={"status": PromiseStatus.BROKEN, "settled_at": state.until})
    return Decision(new, [PromiseBroken(promise_id=state.promise_id)], "its date went by")


def reopen(state: PromiseState | None, voided: str, now: datetime) -> Decision[PromiseState] | None:
    """Open again (or broken), as the record that showed it kept was voided."""
    if state is None or state.status is not PromiseStatus.KEPT or state.record_id != voided:
        return None
    opened = state.model_copy(
        update={"status": PromiseStatus.OPEN, "record_id": None, "settled_at": None}
    )
    told: list[Payload] = [PromiseReopened(promise_id=state.promise_id, record_id=voided)]
    late = on_due(opened, now)
    if late is None:
        return Decision(opened, told, "its record was voided")
    return Decision(late.state, [*told, PromiseBroken(promise_id=state.promise_id)], late.why)


def void(state: PromiseState, why: str) -> Decision[PromiseState] | None:
    """Take back one that was entered by mistake; it counts for nothing."""
    if state.status is PromiseStatus.VOID:
        return None
    new = state.model_copy(update={"status": PromiseStatus.VOID})
    return Decision(new, [PromiseVoided(promise_id=state.promise_id)], why)
