"""Decisions on duty posts (党员先锋岗) and responsibility areas (党员责任区); pure (art. 8)."""

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.registry.carriers.schemas import CarrierBody, HoldingBody
from services.registry.handover import Handover, Passing
from services.registry.records.decisions import place_of
from services.registry.service.base import Known
from shared.contracts.carriers import (
    CarrierClosed,
    CarrierHandedOver,
    CarrierHeld,
    CarrierOpened,
    CarrierReleased,
)
from shared.contracts.words import CarrierKind
from shared.spans import Span
from shared.storage.aggregates import Decision, IdempotencyConflict, State
from shared.web.problems import Problem

Seal = Callable[[str], str]
_OPEN_END = datetime.max


class Holding(BaseModel):
    """Who holds it, from when to when; `until` None: until released."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    person_id: str
    since: datetime
    until: datetime | None = None
    attempt: str | None = None
    """Fingerprint of the body that made it, where that had an idempotency key."""

    @property
    def span(self) -> Span:
        """From `since` on; without an end, to the end of the calendar."""
        return Span(self.since, self.until or _OPEN_END.replace(tzinfo=self.since.tzinfo))


class CarrierState(State):
    """A duty post or responsibility area; `name` is encrypted: it may name people."""

    kind: CarrierKind
    organization_id: str
    name: str
    venue_id: str | None = None
    grid_id: str | None = None
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    holdings: tuple[Holding, ...] = ()
    closed: datetime | None = None
    retired: bool = False
    handovers: tuple[Handover, ...] = ()


def open_carrier(id: str, body: CarrierBody, known: Known, seal: Seal) -> Decision[CarrierState]:
    """Set one up. A responsibility area is a grid. Raises `Problem` 422."""
    path, unit_id = place_of(known, body.organization_id, None)
    if body.venue_id is not None:
        known.find("venues", body.venue_id, "venue_id")
    if body.grid_id is not None:
        path = known.find("grids", body.grid_id, "grid_id").path
    elif body.kind is CarrierKind.RESPONSIBILITY_AREA:
        raise Problem(422, "grid-needed", field="grid_id")
    state = CarrierState(
        **body.model_dump(exclude={"name"}),
        name=seal(body.name),
        area_path=path,
        unit_id=unit_id,
    )
    told = CarrierOpened(
        carrier_id=id,
        kind=state.kind,
        organization_id=state.organization_id,
        area_path=path,
        venue_id=state.venue_id,
        grid_id=state.grid_id,
    )
    return Decision(state, [told], "opened")


def hold(
    id: str, state: CarrierState, holding: str, body: HoldingBody, attempt: str | None
) -> Decision[CarrierState] | None:
    """Give it to somebody; None where the same attempt has done so. Raises `Problem` 409, 422.

    A duty post has one holder at a time, a responsibility area may have several; nobody holds
    the same one twice at once.
    """
    made = next((each for each in state.holdings if each.id == holding), None)
    if made is not None:
        if made.attempt != attempt:
            raise IdempotencyConflict
        return None
    _refuse_closed(id, state)
    new = Holding(id=holding, attempt=attempt, **body.model_dump())
    if new.until is not None and new.until <= new.since:
        raise Problem(422, "term-order", field="until")
    alone = state.kind is CarrierKind.DUTY_POST
    for other in state.holdings:
        if (alone or other.person_id == new.person_id) and other.span.meets(new.span):
            raise Problem(422, "holding-overlaps", field="since", id=other.id)
    told = CarrierHeld(
        carrier_id=id,
        organization_id=state.organization_id,
        person_id=new.person_id,
        since=new.since,
        until=new.until,
    )
    changed = state.model_copy(update={"holdings": (*state.holdings, new)})
    return Decision(changed, [told], "held")


def release(id: str, state: CarrierState, holding: str, at: datetime) -> Decision[CarrierState]:
    """End a holding, now, before or later. Raises `Problem` 404, 409, 422."""
    _refuse_closed(id, state)
    found = next((each for each in state.holdings if each.id == holding), None)
    if found is None:
        raise Problem(404, "holding-not-found", id=holding)
    if not found.since < at <= found.span.until:
        raise Problem(422, "end-outside", field="at")
    changed = _ended(state, at, only=holding)
    return Decision(changed, [_released(id, state, found, at)], "released")


def close(id: str, state: CarrierState, why: str, now: datetime) -> Decision[CarrierState] | None:
    """Close it, and end what is held of it. None where it is closed."""
    if state.closed is not None:
        return None
    ends = [each for each in state.holdings if each.span.until > now]
    told = [_released(id, state, each, max(each.since, now)) for each in ends]
    changed = _ended(state, now).model_copy(update={"closed": now, "retired": True})
    closed = CarrierClosed(carrier_id=id, organization_id=state.organization_id)
    return Decision(changed, [*told, closed], why)


def hand_over(id: str, state: CarrierState, passing: Passing) -> Decision[CarrierState] | None:
    """Pass it on with those who hold it; None where it is closed, or somebody else's."""
    if state.closed is not None or state.organization_id != passing.old:
        return None
    changed = state.model_copy(
        update={
            "organization_id": passing.new.organization_id,
            "unit_id": passing.new.unit_id,
            # One that is a grid, or lies in one, stays where it is.
            "area_path": passing.new.path if state.grid_id is None else state.area_path,
            "handovers": (*state.handovers, passing.kept("organization_id")),
        }
    )
    told = CarrierHandedOver(
        carrier_id=id,
        organization_id=changed.organization_id,
        from_organization_id=passing.old,
        area_path=changed.area_path,
    )
    return Decision(changed, [told], passing.why)


def holders(state: CarrierState, now: datetime) -> list[str]:
    """Who holds it at a moment."""
    return [each.person_id for each in state.holdings if each.span.covers(now)]


def _refuse_closed(id: str, state: CarrierState) -> None:
    if state.closed is not None:
        raise Problem(409, "carrier-closed", id=id)


def _ended(state: CarrierState, at: datetime, only: str | None = None) -> CarrierState:
    """The holdings, or one of them, ended at a moment; what begins later never begins."""
    holdings = [
        each.model_copy(update={"until": max(each.since, at)})
        if only in (None, each.id) and each.span.until > at
        else each
        for each in state.holdings
    ]
    return state.model_copy(update={"holdings": tuple(holdings)})


def _released(id: str, state: CarrierState, holding: Holding, at: datetime) -> CarrierReleased:
    return CarrierReleased(
        carrier_id=id,
        organization_id=state.organization_id,
        person_id=holding.person_id,
        at=at,
    )
