"""What people do with a task: accept, decline, return, progress, complete, reassign."""

from fastapi import Request, Response

from services.volunteer_dispatch.acting import acted
from services.volunteer_dispatch.desk import Manager, OnBehalf, Worker
from services.volunteer_dispatch.schemas import (
    Completion,
    Decline,
    GiveBack,
    Progress,
    Reassignment,
    TaskDetail,
)
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


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
