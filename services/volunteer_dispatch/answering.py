"""A volunteer who was asked answers: the first who accepts gets the task."""

from datetime import UTC, datetime
from uuid import uuid4

from fastapi import Request, Response

from services.volunteer_dispatch.access import is_asked
from services.volunteer_dispatch.desk import by_of, detail, load, parts_of
from services.volunteer_dispatch.schemas import TaskDetail
from services.volunteer_dispatch.service import alerts
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from shared.storage.aggregates import Contended, Decision, VersionMismatch
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.problems import Problem

_TRIES = 5


def answers_alert(principal: Principal, state: TaskState) -> bool:
    """Whether the caller's word is an answer to an alert."""
    return state.status is Status.MATCHING and is_asked(principal, state)


async def accept_alert(
    request: Request, response: Response, id: str, principal: Principal
) -> TaskDetail:
    """Reserve a place on the version read, then write the task on it (see `matching`).

    Raises:
        Problem: 409 where another volunteer was first, or where the caller is full.
    """
    parts = parts_of(request)
    expected, volunteer_id = if_match(request), principal.volunteer_id or ""
    for _ in range(_TRIES):
        task, state = await load(parts, id)
        if expected is not None and task.version != expected:
            raise VersionMismatch(task.version)
        _ensure_asked(principal, state)
        reservation = Reservation(volunteer_id=volunteer_id, token=uuid4().hex)
        if not await parts.volunteers.reserve(reservation, id, datetime.now(UTC)):
            raise Problem(409, "you-are-full", allowed=("decline",))
        volunteer = await parts.volunteers.find(volunteer_id) or {}
        context = parts.context()
        assignee = context.directory.volunteer(
            volunteer_id, volunteer.get("unit_id"), volunteer.get("grid_id")
        )
        step = alerts.accept(state, assignee, reservation, context)
        parts.store.record(task, Decision(*step), by=by_of(principal))
        if await parts.store.write([task]):
            task.version += 1
            response.headers["ETag"] = etag(task.version)
            return detail(parts, task, step[0], principal)
        await parts.volunteers.release(reservation)
    raise Contended(id)


async def decline_alert(
    request: Request, response: Response, id: str, principal: Principal, reason: str
) -> TaskDetail:
    """No; the next one is asked."""
    parts = parts_of(request)

    def decide(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        _ensure_asked(principal, state)
        return Decision(*alerts.decline(state, principal.volunteer_id or ""), reason)

    task = await parts.store.execute(id, decide, by=by_of(principal), version=if_match(request))
    assert task.state is not None
    response.headers["ETag"] = etag(task.version)
    return detail(parts, task, task.state, principal)


def _ensure_asked(principal: Principal, state: TaskState) -> None:
    if not answers_alert(principal, state):
        raise Problem(409, "alert-over", state=state.status.value)
