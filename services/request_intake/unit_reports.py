"""Events that units send by HTTP: read, checked and numbered. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.contracts.catalog import BY_FULL_TYPE, PUBLISHED
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.topics import UNITS
from shared.contracts.units import RequestReported, TaskResult, UnitFact
from shared.storage.aggregates import Decision, State
from shared.web.errors import field_error
from shared.web.problems import FieldError
from shared.web.schemas import CLOCK_TOLERANCE, Body, PastTime

KEPT = 500
"""Events of one subject remembered, to know them again."""
_NAMES: dict[str, type[Payload]] = {
    name: payload
    for payload in PUBLISHED[UNITS.name]
    for name in (payload.TYPE.removeprefix("lianxin.unit."), payload.TYPE, payload.full_type())
}
TYPES = sorted(name for name in _NAMES if name in BY_FULL_TYPE)


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)

    sequence: int
    id: str
    fingerprint: str


class UnitReportState(State):
    """The latest events of one unit's subject."""

    kept: tuple[_Kept, ...] = ()


class UnitEvent(Body):
    """One event of a unit; `data` as its type's contract says."""

    type: str = Field(max_length=100, examples=["request_reported"])
    subject: Annotated[
        str, StringConstraints(pattern=r"^(case|task|organization|person)/\S+$", max_length=120)
    ]
    id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None = None
    time: PastTime
    data: dict[str, Any]
    sequence: int | None = Field(default=None, ge=1, le=2**53)


@dataclass(frozen=True, slots=True)
class Read:
    """An event that its contract accepts."""

    id: str
    subject: str
    time: datetime
    sequence: int | None
    data: Payload
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an event; a `sequence` where it is there, an `error` where it is not."""

    sequence: int | None = None
    duplicate: bool = False
    error: FieldError | None = None
    decision: Decision[UnitReportState] | None = None


def read(given: Mapping[str, Any], now: datetime) -> Read | FieldError:
    """Read one event of the body."""
    try:
        event = UnitEvent.model_validate(given)
    except ValidationError as error:
        return _first(error)
    payload = _NAMES.get(event.type)
    if payload is None:
        return FieldError("type", "field.choice", allowed=TYPES)
    try:
        data = payload.model_validate(event.data)
    except ValidationError as error:
        return _first(error, "data")
    if isinstance(data, RequestReported) and not event.subject.startswith("case/"):
        return FieldError("subject", "field.report_is_a_case")
    if isinstance(data, UnitFact) and not event.subject.startswith(
        tuple(f"{about}/" for about in data.ABOUT)
    ):
        wanted = " | ".join(f"{about}/…" for about in data.ABOUT)
        return FieldError("subject", "field.subject_of_type", {"wanted": wanted})
    completed = data.completed_at if isinstance(data, TaskResult) else None
    if completed is not None and completed > now + CLOCK_TOLERANCE:
        return FieldError("data.completed_at", "field.future_time")
    body = orjson.dumps(
        [payload.TYPE, event.time, data.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS
    )
    fingerprint = hashlib.sha256(body).hexdigest()[:32]
    return Read(event.id or uuid7(), event.subject, event.time, event.sequence, data, fingerprint)


def _first(error: ValidationError, prefix: str = "") -> FieldError:
    first = error.errors()[0]
    path = (prefix, *first["loc"]) if prefix else first["loc"]
    return field_error({**first, "loc": ("body", *path)})


def number(state: UnitReportState | None, last: int, event: Read) -> Verdict:
    """Give `event` the sequence after `last`, or know it again, or say why not."""
    kept = () if state is None else state.kept
    for earlier in kept:
        if earlier.id == event.id:
            if earlier.fingerprint != event.fingerprint:
                return Verdict(error=FieldError("id", "field.event_id_reused"))
            return Verdict(earlier.sequence, duplicate=True)
        if earlier.sequence == event.sequence and earlier.fingerprint == event.fingerprint:
            return Verdict(earlier.sequence, duplicate=True)
    sequence = last + 1
    if event.sequence not in (None, sequence):
        wrong = FieldError("sequence", "field.wrong_sequence", {"expected": sequence})
        return Verdict(error=wrong)
    if isinstance(event.data, RequestReported) and sequence != 1:
        return Verdict(error=FieldError("subject", "field.reported_before"))
    added = _Kept(sequence=sequence, id=event.id, fingerprint=event.fingerprint)
    changed = UnitReportState(kept=(*kept, added)[-KEPT:])
    return Verdict(sequence, decision=Decision(changed, [event.data], time=event.time))
