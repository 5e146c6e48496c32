"""`POST /v1/unit-events`: what units without a Kafka client report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import TypeAdapter, ValidationError

from services.request_intake.parts import now, parts_of
from services.request_intake.repository import UnitReports
from services.request_intake.schemas import UnitEvents, UnitId
from services.request_intake.unit_reports import Read, UnitReportState, Verdict, number, read
from shared.storage.aggregates import Aggregate, Contended
from shared.web.auth import Principal, Role, ensure_unit, require
from shared.web.messages import Language, choose_language
from shared.web.problems import FieldError, Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["units"])

Reporter = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.UNIT_OPERATOR))]

_TRIES = 20
_UNIT_ID: TypeAdapter[str] = TypeAdapter(UnitId)


def _unit_of(principal: Principal, given: str | None) -> str:
    """The unit whose events these are. Raises `Problem` 422 where that is not said, 403 where
    it is another one than the operator's.
    """
    unit = given or principal.unit_id
    if unit is None:
        raise Problem(422, "unit-missing", field="unit_id")
    ensure_unit(principal, unit)
    try:
        return _UNIT_ID.validate_python(unit)
    except ValidationError:
        raise Problem(422, "unit-missing", field="unit_id") from None


@router.post("/unit-events", status_code=202)
async def report_unit_events(request: Request, body: UnitEvents, principal: Reporter) -> Response:
    """Take up to 500 events of a unit, as if it had published them on `lianxin.units`.

    Each is accepted, known already (`duplicate`: same id, or same sequence and content) or
    rejected with its field and reason; 422 where all are rejected. Events of one subject are
    numbered in their order. Send ids: with them, the same call can be repeated safely.
    """
    unit = _unit_of(principal, body.unit_id)
    moment = now()
    events = [read(event, moment) for event in body.events]
    by = f"{principal.role}:{principal.subject}"
    verdicts = await _store(parts_of(request).unit_reports, unit, events, by)
    language = choose_language(request.headers.get("accept-language"))
    items = [
        _item(given, event, verdict, language)
        for given, event, verdict in zip(body.events, events, verdicts, strict=True)
    ]
    tally = {
        status: sum(item["status"] == status for item in items)
        for status in ("accepted", "duplicate", "rejected")
    }
    if tally["rejected"] == len(items):
        raise Problem(
            422, "unit-events-rejected", extra={**tally, "items": items}, count=len(items)
        )
    return Json({"unit_id": unit, **tally, "items": items}, 202)


@dataclass(slots=True)
class _Batch:
    """The verdicts so far; `decided`: events that an earlier try of this call decided to take."""

    verdicts: list[Verdict]
    decided: set[int]


async def _store(
    reports: UnitReports, unit: str, events: Sequence[Read | FieldError], by: str
) -> list[Verdict]:
    """Number and write the events, all subjects in one bulk write."""
    store = reports.store
    ids = {f"{unit}|{event.subject}" for event in events if isinstance(event, Read)}
    batch = _Batch([], set())
    for _ in range(_TRIES):
        aggregates = await store.get_many(ids)
        batch.verdicts = []
        for index, event in enumerate(events):
            if isinstance(event, FieldError):
                batch.verdicts.append(Verdict(error=event))
                continue
            id = f"{unit}|{event.subject}"
            aggregate: Aggregate[UnitReportState] = aggregates.setdefault(id, Aggregate(id))
            verdict = number(aggregate.state, aggregate.sequence, event)
            if verdict.decision is not None:
                store.record(aggregate, verdict.decision, by=by)
                batch.decided.add(index)
            elif verdict.duplicate and index in batch.decided:
                # Written by the try before, which lost only on another subject.
                verdict = Verdict(verdict.sequence)
            batch.verdicts.append(verdict)
        if await store.write(list(aggregates.values())):
            return batch.verdicts
    raise Contended(unit)


def _item(
    given: dict[str, Any], event: Read | FieldError, verdict: Verdict, language: Language
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": event.id if isinstance(event, Read) else _text(given.get("id")),
        "subject": _text(given.get("subject")),
        "sequence": verdict.sequence,
        "status": "accepted",
        "field": None,
        "reason": None,
    }
    if verdict.duplicate:
        item["status"] = "duplicate"
    if verdict.error is not None:
        error = verdict.error.render(language)
        item |= {"status": "rejected", "field": error["field"], "reason": error["detail"]}
        if "allowed" in error:
            item["allowed"] = error["allowed"]
    return item


def _text(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) else None
