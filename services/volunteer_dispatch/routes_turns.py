"""What a holder may ask beside the work itself, and what those above decide on it."""

from fastapi import Request, Response

from services.volunteer_dispatch.acting import acted
from services.volunteer_dispatch.desk import (
    Manager,
    Worker,
    command,
    known_assignee,
    parts_of,
)
from services.volunteer_dispatch.schemas import (
    Approval,
    Deferral,
    Extension,
    FinalAnswer,
    Question,
    Refusal,
    Resumption,
    Ruling,
    TaskDetail,
)
from services.volunteer_dispatch.service import commands
from shared.contracts.words import AssigneeKind
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


@router.post("/tasks/{id}/wait-for-resident")
async def wait_for_resident(
    request: Request, response: Response, id: str, body: Question, principal: Worker
) -> TaskDetail:
    """Ask the resident something; the clock stands still until the answer or the time limit."""
    return await acted(request, response, id, principal, "wait-for-resident", body)


@router.post("/tasks/{id}/resume")
async def resume_task(
    request: Request, response: Response, id: str, body: Resumption, principal: Worker
) -> TaskDetail:
    """The resident answered, or what was set aside is taken up again; the clock goes on."""
    return await acted(request, response, id, principal, "resume", body)


@router.post("/tasks/{id}/extend")
async def ask_extension(
    request: Request, response: Response, id: str, body: Extension, principal: Worker
) -> TaskDetail:
    """Ask for more time (延期); somebody above approves or refuses."""
    return await acted(request, response, id, principal, "extend", body)


@router.post("/tasks/{id}/defer")
async def ask_deferral(
    request: Request, response: Response, id: str, body: Deferral, principal: Worker
) -> TaskDetail:
    """Ask to set the task aside until a review (挂账); somebody above approves or refuses."""
    return await acted(request, response, id, principal, "defer", body)


@router.post("/tasks/{id}/answer-finally")
async def ask_final_answer(
    request: Request, response: Response, id: str, body: FinalAnswer, principal: Worker
) -> TaskDetail:
    """Ask for the formal end (终结答复); another person above checks it."""
    return await acted(request, response, id, principal, "answer-finally", body)


@router.post("/tasks/{id}/approve")
async def approve_proposal(
    request: Request, response: Response, id: str, body: Approval, principal: Worker
) -> TaskDetail:
    """Say yes to what the holder asks; who stands above, and not who asked."""
    return await acted(request, response, id, principal, "approve", body)


@router.post("/tasks/{id}/refuse")
async def refuse_proposal(
    request: Request, response: Response, id: str, body: Refusal, principal: Worker
) -> TaskDetail:
    """Say no to what the holder asks; who stands above, and not who asked."""
    return await acted(request, response, id, principal, "refuse", body)


@router.post("/tasks/{id}/decide")
async def decide_task(
    request: Request, response: Response, id: str, body: Ruling, principal: Manager
) -> TaskDetail:
    """Decide whose the task is that was returned too often; it binds."""
    parts = parts_of(request)
    if body.to is not None and body.to.kind is AssigneeKind.VOLUNTEER:
        raise Problem(422, "decided-for-volunteer", field="to.kind")
    to = None if body.to is None else known_assignee(parts, body.to)
    context = parts.context()
    return await command(
        request, response, id, principal, "decide",
        lambda state: commands.decide(state, to, body.reason, context),
    )  # fmt: skip
