"""What people do with a task: accept, decline, return, progress, complete, reassign."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from fastapi import Request, Response

from services.volunteer_dispatch.access import ensure_may_act
from services.volunteer_dispatch.answering import accept_alert, answers_alert, decline_alert
from services.volunteer_dispatch.desk import (
    Manager,
    Worker,
    by_of,
    command,
    ensure_ground,
    known_assignee,
    load,
    parts_of,
)
from services.volunteer_dispatch.schemas import (
    Completion,
    Decline,
    GiveBack,
    Progress,
    Reassignment,
    TaskDetail,
)
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Contended, Decision, VersionMismatch
from shared.web.auth import Principal
from shared.web.etag import if_match
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])

_TRIES = 5


@router.post("/tasks/{id}/accept")
async def accept_task(
    request: Request, response: Response, id: str, principal: Worker
) -> TaskDetail:
    """Take the task. A volunteer who was asked gets it as the first who accepts."""
    if answers_alert(principal, (await load(parts_of(request), id))[1]):
        return await accept_alert(request, response, id, principal)
    return await command(request, response, id, principal, "accept", commands.accept)


@router.post("/tasks/{id}/decline")
async def decline_task(
    request: Request, response: Response, id: str, body: Decline, principal: Worker
) -> TaskDetail:
    """Say no before taking it; the next one gets it, or is asked."""
    if answers_alert(principal, (await load(parts_of(request), id))[1]):
        return await decline_alert(request, response, id, principal, body.reason)
    context = parts_of(request).context()
    if body.ground is not None:
        ensure_ground(body.ground, context.limits.return_grounds)
    return await command(
        request, response, id, principal, "decline",
        lambda state: commands.give_back(state, body.reason, context, body.ground),
    )  # fmt: skip


@router.post("/tasks/{id}/return")
async def return_task(
    request: Request, response: Response, id: str, body: GiveBack, principal: Worker
) -> TaskDetail:
    """Give a task back after taking it (退单), within its time; the next one gets it.

    The last return that is allowed leaves it to the higher level, which decides (`decide`).
    """
    context = parts_of(request).context()
    ensure_ground(body.ground, context.limits.return_grounds)
    return await command(
        request, response, id, principal, "return",
        lambda state: commands.give_back(state, body.reason, context, body.ground),
    )  # fmt: skip


@router.post("/tasks/{id}/progress")
async def report_progress(
    request: Request, response: Response, id: str, body: Progress, principal: Worker
) -> TaskDetail:
    """Tell how it goes."""
    context = parts_of(request).context()
    return await command(
        request, response, id, principal, "progress",
        lambda state: commands.progress(state, body.words, by_of(principal), context),
    )  # fmt: skip


@router.post("/tasks/{id}/complete")
async def complete_task(
    request: Request, response: Response, id: str, body: Completion, principal: Worker
) -> TaskDetail:
    """The work is done."""
    context = parts_of(request).context()
    return await command(
        request, response, id, principal, "complete",
        lambda state: commands.complete(
            state, body.words, body.completed_at, by_of(principal), context
        ),
    )  # fmt: skip


@router.post("/tasks/{id}/reassign")
async def reassign_task(
    request: Request, response: Response, id: str, body: Reassignment, principal: Manager
) -> TaskDetail:
    """Name the assignee: unit, grid team, volunteer (with room for it) or area duty."""
    if body.to.kind is AssigneeKind.VOLUNTEER:
        return await _reassign_to_volunteer(request, response, id, body, principal)
    parts = parts_of(request)
    assignee = known_assignee(parts, body.to)
    return await command(
        request, response, id, principal, "reassign",
        lambda state: commands.reassign(state, assignee, None, body.reason, parts.context()),
    )  # fmt: skip


async def _reassign_to_volunteer(
    request: Request, response: Response, id: str, body: Reassignment, principal: Principal
) -> TaskDetail:
    """Reserve on the version read, then write on it (see `matching`)."""
    parts = parts_of(request)
    expected = if_match(request)
    for _ in range(_TRIES):
        task, state = await load(parts, id)
        ensure_may_act(principal, state)
        volunteer = await parts.volunteers.find(body.to.id)
        reservation = Reservation(volunteer_id=body.to.id, token=uuid4().hex)
        if volunteer is None or not await parts.volunteers.reserve(
            reservation, id, datetime.now(UTC)
        ):
            raise Problem(409, "volunteer-full", id=body.to.id)
        context = parts.context()
        assignee = context.directory.volunteer(
            body.to.id, volunteer.get("unit_id"), volunteer.get("grid_id")
        )
        try:
            return await command(
                request, response, id, principal, "reassign",
                _giving(assignee, reservation, body.reason, context),
                version=task.version if expected is None else expected,
            )  # fmt: skip
        except VersionMismatch:
            await parts.volunteers.release(reservation)
            if expected is not None:
                raise
        except Problem:
            await parts.volunteers.release(reservation)
            raise
    raise Contended(id)


def _giving(
    assignee: Assignee, reservation: Reservation, reason: str, context: Context
) -> Callable[[TaskState], Decision[TaskState]]:
    return lambda state: commands.reassign(state, assignee, reservation, reason, context)
