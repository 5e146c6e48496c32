"""Bodies and answers of bulk actions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.volunteer_dispatch.messages_routing import Words
from services.volunteer_dispatch.service.state import Status
from shared.web.problems import Problem
from shared.web.schemas import Body

MOST = 200
_Id = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Action(Body):
    """A command on one task: `body` as that command's own, `version` as its `If-Match`."""

    task_id: _Id
    command: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    body: dict[str, Any] | None = None
    version: int | None = Field(default=None, ge=1, le=1_000_000_000)
    on_behalf_of: _Id | None = None


class BulkBody(Body):
    """Up to 200 actions, in the order in which those of one task are done."""

    actions: Annotated[list[Action], Field(min_length=1, max_length=MOST)]


class ActionResult(BaseModel):
    """What became of an action; `row` counts from 1 in the order sent."""

    row: int
    task_id: str
    status: Literal["done", "refused", "failed"] = Field(
        description="`failed`: a server was away; the same call again tries it again"
    )
    version: int | None = None
    state: Status | None = None
    code: str | None = None
    field: str | None = None
    allowed: list[Any] | None = None
    holder: dict[str, str] | None = Field(default=None, description="Who has it already")
    reason: Words | None = None

    @classmethod
    def refused(
        cls,
        row: dict[str, Any],
        problem: Problem,
        status: Literal["refused", "failed"] = "refused",
    ) -> "ActionResult":
        """The result of an action that was not done."""
        return cls(
            **row,
            status=status,
            code=problem.code,
            field=problem.errors[0].field if problem.errors else None,
            allowed=problem.extra.get("allowed"),
            holder=problem.extra.get("holder"),
            reason=Words(zh=problem.render("zh")["detail"], en=problem.render("en")["detail"]),
        )


class BulkView(BaseModel):
    """What became of each action, in the order sent."""

    results: list[ActionResult]
