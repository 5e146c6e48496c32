"""Bodies and answers of joint work."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.schemas import Reason, To
from services.volunteer_dispatch.service.joint import JointPart, PartStatus
from services.volunteer_dispatch.service.joint_commands import commands_of
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.task_parts import PartOrigin
from shared.contracts.tasks import Assignee
from shared.web.messages import knows
from shared.web.schemas import Body, Text4000, Time


class HelpWanted(Body):
    """Who is asked to do what. `deadline`: the task's unless given, and never after it."""

    to: To
    asks: Reason
    deadline: Time | None = None
    pass_on: bool = Field(
        default=False, description="Ask the next helper up the way where this one declines"
    )


class PartDecline(Body):
    """Why a part is not done."""

    reason: Reason


class PartEnd(Body):
    """Why a part is waited for no longer."""

    reason: Reason


class PartResult(Body):
    """What was done."""

    words: Text4000


class PartView(BaseModel):
    """A part of a task."""

    task_id: str
    request_id: str
    number: int = Field(description="Within the task")
    round: int
    status: PartStatus
    who: Assignee
    origin: PartOrigin
    origin_words: Words
    asks: str | None = Field(description="None: to assist, as the routing rule says")
    step: str | None = Field(description="Where on the way to help the helper stands")
    through: str | None = Field(description="The joint organization or pairing that leads there")
    through_words: Words | None
    pass_on: bool
    asked_at: datetime
    accept_by: datetime
    deadline: datetime | None
    silent: bool = Field(description="Told once: no answer in time")
    overdue: bool = Field(description="Open after its deadline")
    ended_at: datetime | None
    in_time: bool | None
    reason: str | None
    reason_words: Words | None = Field(description="Where it ended with its task or round")
    result: str | None
    suggested: Assignee | None = Field(description="The next helper to ask")
    commands: tuple[str, ...]


class PartsView(BaseModel):
    """The parts of a task, oldest first."""

    items: list[PartView]
    open: int
    held: bool = Field(description="The lead is done; the task is complete with the last part")
    commands: tuple[str, ...] = Field(description="`ask`: helpers can be asked now")


def part_view(
    state: TaskState, part: JointPart, now: datetime, result: str | None
) -> dict[str, Any]:
    """The members of `PartView`; `result` in plain words."""
    due = part.due(state.deadline)
    ended = f"part-ended-{part.reason}"
    same = (
        "number", "round", "status", "who", "origin", "asks", "step", "through", "pass_on",
        "asked_at", "accept_by", "silent", "ended_at", "in_time", "reason", "suggested",
    )  # fmt: skip
    return {
        "task_id": state.task_id,
        "request_id": state.request_id,
        "origin_words": words_of(f"part-origin-{part.origin.value}"),
        "through_words": part.step and words_of(f"help-{part.step}", through=part.through or ""),
        "deadline": due,
        "overdue": part.is_open and due is not None and due < now,
        "reason_words": words_of(ended) if knows(ended) else None,
        "result": result,
        "commands": commands_of(state, part),
        **{name: getattr(part, name) for name in same},
    }
