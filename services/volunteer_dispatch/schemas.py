"""Bodies and answers of dispatch."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.volunteer_dispatch.access import commands_of
from services.volunteer_dispatch.service.calendar import Counts
from services.volunteer_dispatch.service.explain import Explained
from services.volunteer_dispatch.service.standing import Awaits, Joined
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.ids import care_round
from shared.contracts.task_life import PauseKind, ProblemReason, ProposalKind
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind, Urgency
from shared.web.reasons import Reason
from shared.web.schemas import Body, PastTime, Text4000, Time

GroundCode = Annotated[str, StringConstraints(min_length=1, max_length=40)]
"""A code of the table `limits`."""


class Decline(Body):
    """Why a task is not taken; the ground where one of the list fits."""

    reason: Reason
    ground: GroundCode | None = None


class GiveBack(Body):
    """Why a task is given back, with the ground from the list."""

    reason: Reason
    ground: GroundCode


class Question(Body):
    """What the resident is asked; it stands in the resident's timeline."""

    asks: Reason


class Resumption(Body):
    """What the resident answered, where somebody took it by telephone."""

    words: Text4000 | None = None


class Extension(Body):
    """How much more time, in hours as the deadline counts, and why."""

    hours: float = Field(gt=0, le=24 * 366, allow_inf_nan=False)
    reason: Reason


class Deferral(Body):
    """Until when the task is set aside, and why; the resident is told both."""

    review_at: Time
    reason: Reason


class FinalAnswer(Body):
    """Why nothing more can be done, with the ground from the list; the resident is told."""

    ground: GroundCode
    reason: Reason


class Approval(Body):
    """A note to the approval."""

    reason: Reason | None = None


class Refusal(Body):
    """Why who stands above says no."""

    reason: Reason


class Finding(Body):
    """What was the matter with a problem case, and what was done."""

    finding: Reason


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


class HandOver(Body):
    """Who is to have the task, and why; it is the holder's until that one accepts."""

    to: To
    reason: Reason


class Ruling(Body):
    """Whose the task is that was given back too often: `to`, or who gave it back last (None)."""

    to: To | None = None
    reason: Reason


class WordsView(BaseModel):
    """What somebody wrote about the work."""

    at: datetime
    by: str
    what: Literal["progress", "result", "answer"]
    text: str


class AlertView(BaseModel):
    """A volunteer who was asked and may still accept."""

    volunteer_id: str
    answer_by: datetime
    silent: bool = Field(description="Said nothing in time: others are asked too")


class PauseView(BaseModel):
    """The clock stands still; `reason`: what is asked, or why it is set aside."""

    kind: PauseKind
    since: datetime
    until: datetime
    reason: str


class ProposalView(BaseModel):
    """What the holder asks of who stands above."""

    kind: ProposalKind
    by: str
    at: datetime
    reason: str
    ground: str | None
    hours: float | None
    review_at: datetime | None


class OfferView(BaseModel):
    """The holder offers it to somebody, who has not answered."""

    to: Assignee
    by: str
    at: datetime
    until: datetime
    reason: str


class ProblemView(BaseModel):
    """A problem case, looked after by an area above."""

    reason: ProblemReason
    owner_area: str
    round: int
    raised_at: datetime
    open: bool
    closed_at: datetime | None
    finding: str | None
    by: str | None


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
    awaits: Awaits | None = Field(description="What somebody above has to decide")
    pause: PauseView | None
    offer: OfferView | None = Field(description="Offered to somebody else (转交)")
    warned: int = Field(description="Percent of the time: the last warning")
    supervisor: Assignee | None = Field(description="Watches over it since it is overdue")
    joined: Joined | None = Field(description="The task that answers for it, where it is joined")
    version: int


class ProblemCase(TaskView):
    """A task that is a problem case."""

    problem: ProblemView


class TaskDetail(TaskView):
    """A task with what was written about it and what can be done now."""

    commands: tuple[str, ...]
    words: list[WordsView]
    explained: list[Explained] = Field(description="Why it went where it went, oldest first")
    proposal: ProposalView | None
    problem: ProblemView | None
    counts: Counts = Field(description="The time that the deadline counts in")
    calendar_known: bool = Field(
        description="False: the holidays of the deadline's year are not in the calendar yet"
    )
    extensions: int = Field(description="Of this round")
    returns: int = Field(description="Of all rounds")
    return_by: datetime | None = Field(description="Until when the holder may give it back")
    bound: bool = Field(description="Decided by the higher level: it cannot be given back")
    visit: str | None = Field(
        description="Of a care visit: where the registry tells those in charge whom to visit"
    )


def shown(
    state: TaskState, version: int, now: datetime, volunteer_id: str | None = None
) -> dict[str, Any]:
    """The members of `TaskView`; to a volunteer (`volunteer_id`) of those asked only he or she."""
    late = state.is_open and state.deadline is not None and state.deadline < now
    same = (
        "request_id", "status", "category", "urgency", "area_path", "grid_id", "round", "level",
        "requested_at", "deadline", "accept_by", "completed_at", "in_time",
        "lead", "assisting", "joined",
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
        "awaits": state.awaits,
        "pause": _plain(state.clock.pause),
        "offer": _plain(state.offered),
        "warned": state.clock.warned,
        "supervisor": state.clock.supervisor,
        "proposal": _plain(state.proposal),
        "problem": _plain(state.problem),
        "counts": state.clock.counts,
        "extensions": state.clock.extensions,
        "returns": state.returns.number,
        "return_by": state.returns.return_by,
        "bound": state.returns.bound,
        "visit": _visit(state),
        **{name: getattr(state, name) for name in same},
    }


def _visit(state: TaskState) -> str | None:
    round = care_round(state.request_id)
    return round and f"/v1/care/{round.rpartition('-')[0]}"


def _commands(state: TaskState, volunteer_id: str | None) -> tuple[str, ...]:
    if state.status is Status.MATCHING and state.alerts.of(volunteer_id):
        return ("accept", "decline")
    return commands_of(state)


def _plain(part: BaseModel | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump()
