"""What people do with a task: accept, decline, return, progress, complete, reassign."""

from typing import Any

from fastapi import Request, Response

from services.volunteer_dispatch.acting import act
from services.volunteer_dispatch.desk import Manager, OnBehalf, Worker, answered, parts_of
from services.volunteer_dispatch.schemas import (
    Completion,
    Decline,
    GiveBack,
    Progress,
    Reassignment,
    TaskDetail,
)
from shared.web.auth import Principal
from shared.web.etag import if_match
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


async def acted(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    name: str,
    body: Any = None,
    on_behalf_of: str | None = None,
) -> TaskDetail:
    """Do a command for a route and answer the task."""
    parts = parts_of(request)
    task = await act(
        parts, id, principal, name, body,
        version=if_match(request), on_behalf_of=on_behalf_of,
    )  # fmt: skip
    return answered(parts, response, task, principal)


@router.post("/tasks/{id}/accept")
async def accept_task(
    request: Request,
    response: Response,
    id: str,
    principal: Worker,
    on_behalf_of: OnBehalf = None,
) -> TaskDetail:
    """Take the task. A volunteer who was asked gets it as the first who accepts."""
    return await acted(request, response, id, principal, "accept", None, on_behalf_of)


@router.post("/tasks/{id}/decline")
async def decline_task(
    request: Request,
    response: Response,
    id: str,
    body: Decline,
    principal: Worker,
    on_behalf_of: OnBehalf = None,
) -> TaskDetail:
    """Say no before taking it; the next one gets it, or is asked."""
    return await acted(request, response, id, principal, "decline", body, on_behalf_of)


@router.post("/tasks/{id}/return")
async def return_task(
    request: Request,
    response: Response,
    id: str,
    body: GiveBack,
    principal: Worker,
    on_behalf_of: OnBehalf = None,
) -> TaskDetail:
    """Give a task back after taking it (退单), within its time; the next one gets it.

    The last return that is allowed leaves it to the higher level, which decides (`decide`).
    """
    return await acted(request, response, id, principal, "return", body, on_behalf_of)


@router.post("/tasks/{id}/progress")
async def report_progress(
    request: Request,
    response: Response,
    id: str,
    body: Progress,
    principal: Worker,
    on_behalf_of: OnBehalf = None,
) -> TaskDetail:
    """Tell how it goes."""
    return await acted(request, response, id, principal, "progress", body, on_behalf_of)


@router.post("/tasks/{id}/complete")
async def complete_task(
    request: Request,
    response: Response,
    id: str,
    body: Completion,
    principal: Worker,
    on_behalf_of: OnBehalf = None,
) -> TaskDetail:
    """The work is done."""
    return await acted(request, response, id, principal, "complete", body, on_behalf_of)


@router.post("/tasks/{id}/reassign")
async def reassign_task(
    request: Request, response: Response, id: str, body: Reassignment, principal: Manager
) -> TaskDetail:
    """Name the assignee: unit, grid team, volunteer (with room for it) or area duty."""
    return await acted(request, response, id, principal, "reassign", body)
