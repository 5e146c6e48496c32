"""What ops and units do to a service's messages: see, replay or skip dead letters; replay; read
the journal."""

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request, Response
from pydantic import Field

from shared.messaging.dead_letters import Status, unit_of
from shared.messaging.runtime import Runtime
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Body, Json, PastTime, Time

router = Router(prefix="/v1", tags=["operations"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
Reader = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.UNIT_OPERATOR))]


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


def _shown(document: Document, *, whole: bool = False) -> dict[str, Any]:
    names = ("status", "code", "reason", "topic", "partition", "offset", "source", "subject")
    shown: dict[str, Any] = {"id": document["_id"]} | {name: document[name] for name in names}
    shown |= {
        "sequence": document["sequence"],
        "type": document["type"],
        "unit_id": unit_of(document["source"]),
        "seen_at": document["seen_at"],
    }
    if whole:
        value: bytes | None = document["value"]
        shown["key"] = _text(document["key"])
        shown["value"] = None if value is None else _text(value[:20_000])
        shown["value_bytes"] = None if value is None else len(value)
        shown["headers"] = [[name, _text(header)] for name, header in document["headers"]]
    return shown


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


async def _find(request: Request, id: str, principal: Principal) -> Document:
    document = await _runtime(request).dead_letters.find(id)
    unseen = principal.role is not Role.ADMINISTRATOR and (
        document is None or unit_of(document["source"]) != principal.unit_id
    )
    if document is None or unseen:
        raise Problem(404, "dead-letter-not-found", id=id)
    return document


@router.get("/dead-letters")
async def list_dead_letters(
    request: Request,
    principal: Reader,
    status: Status = Status.DEAD,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[dict[str, Any]]:
    """Records that could not be applied (`dead`) or wait for one before them (`waiting`).

    A unit operator sees those of the own unit.
    """
    source = None
    if principal.role is not Role.ADMINISTRATOR:
        source = f"/units/{principal.unit_id}"
    found = await _runtime(request).dead_letters.list(status, cursor, limit + 1, source)
    next = found[limit - 1]["_id"] if len(found) > limit else None
    return Page(items=[_shown(document) for document in found[:limit]], next=next)


@router.get("/dead-letters/{id}")
async def show_dead_letter(request: Request, id: str, principal: Reader) -> Response:
    """One record with its headers and the first 20,000 bytes of its value."""
    shown = _shown(await _find(request, id, principal), whole=True)
    return Json(shown)


@router.post("/dead-letters/{id}/replay", status_code=202)
async def replay_dead_letter(request: Request, id: str, principal: Administrator) -> Response:
    """Try a dead letter again, then what stands behind it, in order."""
    await _find(request, id, principal)
    return Json({"released": await _runtime(request).dead_letters.release(id)}, 202)


@router.post("/dead-letters/{id}/skip", status_code=202)
async def skip_dead_letter(request: Request, id: str, principal: Administrator) -> Response:
    """Count a dead letter as done without applying it; release what stands behind it."""
    await _find(request, id, principal)
    return Json({"released": await _runtime(request).dead_letters.release(id, skip=True)}, 202)


class ReplayOrder(Body):
    """What to publish again: everything since a time."""

    since: PastTime


def _job(job: Document) -> dict[str, Any]:
    return {"id": job["_id"]} | {
        name: job[name] for name in ("topics", "since", "until", "published", "total", "state")
    }


@router.post("/replays", status_code=202)
async def begin_replay(request: Request, order: ReplayOrder, principal: Administrator) -> Response:
    """Publish the journal again from a time on; consumers skip what they know."""
    since: datetime = order.since
    return Json(_job(await _runtime(request).replays.begin(since=since)), 202)


@router.get("/replays/{id}")
async def show_replay(request: Request, id: str, principal: Administrator) -> Response:
    """How far a replay is."""
    job = await _runtime(request).replays.find(id)
    if job is None:
        raise Problem(404, "replay-not-found", id=id)
    return Json(_job(job))


def _event(entry: Document) -> dict[str, Any]:
    """An entry as a CloudEvent in JSON, with its topic and when it was kept."""
    return {
        "specversion": "1.0",
        "id": entry["id"],
        "source": entry["source"],
        "type": entry["type"],
        "subject": entry["subject"],
        "sequence": entry["n"],
        "time": entry["time"],
        "partitionkey": entry["key"],
        "traceparent": entry["trace"],
        "data": orjson.Fragment(entry["data"]),
        "topic": entry["topic"],
        "kept_at": entry["at"],
    }


@router.get("/journal")
async def read_journal(
    request: Request,
    _principal: Administrator,
    topic: Annotated[str, Query(max_length=100)],
    types: Annotated[
        list[str] | None, Query(alias="type", max_length=20, description="With the version")
    ] = None,
    since: Annotated[Time | None, Query(description="Of the event's time or later")] = None,
    until: Annotated[Time | None, Query(description="Before this time")] = None,
    after: Annotated[str | None, Query(max_length=500, description="`next` of a page")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """Events that this service published on a topic: a subject's facts stand together and in
    order; of a snapshot there is the newest."""
    journal = _runtime(request).journal
    found = await journal.page(topic, after, limit + 1, types=types or (), since=since, until=until)
    next = found[limit - 1]["_id"] if len(found) > limit else None
    return Json({"items": [_event(entry) for entry in found[:limit]], "next": next})


class SubjectsOfJournal(Body):
    """Whose facts are wanted."""

    source: str = Field(min_length=1, max_length=200)
    subjects: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        min_length=1, max_length=200
    )


@router.post("/journal/of")
async def read_journal_of(
    request: Request, wanted: SubjectsOfJournal, _principal: Administrator
) -> Response:
    """Every fact of some subjects of a source, each subject's together and in order."""
    found = await _runtime(request).journal.of_subjects(wanted.source, wanted.subjects)
    return Json({"items": [_event(entry) for entry in found]})
