"""Handing a task over, over HTTP (转交): the holder leads until the receiver accepts."""

from fastapi import Request, Response

from services.volunteer_dispatch.acting import acted
from services.volunteer_dispatch.desk import Worker
from services.volunteer_dispatch.schemas import HandOver, Refusal, TaskDetail
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


@router.post("/tasks/{id}/hand-over")
async def hand_over(
    request: Request, response: Response, id: str, body: HandOver, principal: Worker
) -> TaskDetail:
    """Offer the task to another holder; the table `lists` says who may receive.

    Who says nothing for as long as an assignee may be silent has declined.
    """
    return await acted(request, response, id, principal, "hand-over", body)


@router.post("/tasks/{id}/accept-hand-over")
async def accept_hand_over(
    request: Request, response: Response, id: str, principal: Worker
) -> TaskDetail:
    """Take what is offered; the receiver has it in hand at once."""
    return await acted(request, response, id, principal, "accept-hand-over")


@router.post("/tasks/{id}/decline-hand-over")
async def decline_hand_over(
    request: Request, response: Response, id: str, body: Refusal, principal: Worker
) -> TaskDetail:
    """Say no to what is offered: it goes back."""
    return await acted(request, response, id, principal, "decline-hand-over", body)


@router.post("/tasks/{id}/withdraw-hand-over")
async def withdraw_hand_over(
    request: Request, response: Response, id: str, principal: Worker
) -> TaskDetail:
    """Take an offer back, which nobody has accepted."""
    return await acted(request, response, id, principal, "withdraw-hand-over")
