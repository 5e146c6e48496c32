"""Whom to ask for help with a task, over HTTP."""

from fastapi import Request
from pydantic import BaseModel, Field

from services.volunteer_dispatch.access import ensure_sees
from services.volunteer_dispatch.desk import Worker, load, parts_of
from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.service.help import Step, help_path
from shared.contracts.tasks import Assignee
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])


class HelperView(BaseModel):
    """One who can be asked."""

    step: Step
    who: Assignee
    through: str | None = Field(description="The joint organization or pairing that leads there")
    words: Words


class HelpersView(BaseModel):
    """Whom to ask, nearest first."""

    items: list[HelperView]


@router.get("/tasks/{id}/helpers")
async def list_helpers(request: Request, id: str, principal: Worker) -> HelpersView:
    """Whom to ask beyond the own grid: neighbour grids, members of the same joint organization,
    paired organizations, then the duty officers above. Nobody is asked by this."""
    parts = parts_of(request)
    _, state = await load(parts, id)
    ensure_sees(principal, state)
    return HelpersView(
        items=[
            HelperView(
                step=one.step,
                who=one.who,
                through=one.through,
                words=words_of(f"help-{one.step.value}", through=one.through or ""),
            )
            for one in help_path(state, parts.context())
        ]
    )
