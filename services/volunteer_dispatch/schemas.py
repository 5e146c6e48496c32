"""Bodies and answers of dispatch."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.service.explain import Explained
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts import units
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind, Urgency
from shared.web.schemas import Body, PastTime, ShortText, Text4000


def _not_personal(reason: str) -> str:
    """Hold people's reasons to the rule of units' reasons: both stand in events."""
    try:
        units.TaskProgress(status="declined", reason=reason)
    except ValidationError:
        raise PydanticCustomError("personal_data", "personal data") from None
    return reason


Reason = Annotated[ShortText, AfterValidator(_not_personal)]


class GiveBack(Body):
    """Why a task is declined or returned."""

    reason: Reason


class Progress(Body):
    """How it goes."""

    words: Text4000


class Completion(Body):
    """What was done; `completed_at` is now unless given."""

    words: Text4000
    completed_at: PastTime | None = None


class To(Body):
    """Whom a task goes to: unit id, grid id, volunteer id or area code, by kind."""

    kind: AssigneeKind
    id: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Reassignment(Body):
    """Who gets the task now, and why."""

    to: To
    reason: Reason


class WordsView(BaseModel):
    """What somebody wrote about the work."""

    at: datetime
    by: str
    what: Literal["progress", "result"]
    text: str


class AlertView(BaseModel):
    """A volunteer who was asked and may still accept."""

    volunteer_id: str
    answer_by: datetime
    silent: bool = Field(description="Said nothing in time: others are asked too")


class TaskView(BaseModel):
    """A task in a list."""

    id: str
    request_id: str
    status: Status
    category: str
    urgency: Urgency
    area_path: tuple[str, ...]
    grid_id: str | None
    assignee: Assignee | None
    lead: Assignee | None = Field(description="Who leads until another accepts")
    assisting: tuple[Assignee, ...]
    round: int
    level: int
    requested_at: datetime | None
    deadline: datetime | None
    accept_by: datetime | None
    overdue: bool = Field(description="Open after its deadline")
    completed_at: datetime | None
    in_time: bool | None
    asked: list[AlertView] = Field(description="Volunteers asked; to volunteers only they")
    version: int


class TaskDetail(TaskView):
    """A task with what was written about it and what can be done now."""

    commands: tuple[str, ...]
    words: list[WordsView]
    explained: list[Explained] = Field(description="Why it went where it went, oldest first")


def shown(
    state: TaskState, version: int, now: datetime, volunteer_id: str | None = None
) -> dict[str, Any]:
    """The members of `TaskView`; to a volunteer (`volunteer_id`) of those asked only he or she."""
    late = state.is_open and state.deadline is not None and state.deadline < now
    same = (
        "request_id", "status", "category", "urgency", "area_path", "grid_id", "round", "level",
        "requested_at", "deadline", "accept_by", "completed_at", "in_time",
        "lead", "assisting",
    )  # fmt: skip
    assignee = None if state.status is Status.MATCHING else state.assignee
    return {
        "id": state.task_id,
        "version": version,
        "overdue": late,
        "assignee": assignee,
        "asked": [
            {"volunteer_id": one.volunteer_id, "answer_by": one.until, "silent": one.silent}
            for one in state.alerts.open
            if volunteer_id in (None, one.volunteer_id)
        ],
        "commands": _commands(state, volunteer_id),
        **{name: getattr(state, name) for name in same},
    }


def _commands(state: TaskState, volunteer_id: str | None) -> tuple[str, ...]:
    if state.status is Status.MATCHING and state.alerts.of(volunteer_id):
        return ("accept", "decline")
    return commands_of(state)
