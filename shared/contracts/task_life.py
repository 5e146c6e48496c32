"""What volunteer dispatch publishes on `lianxin.tasks` of a task's time, returns and formal ends.

Subject and key as in `tasks`. Reasons are short texts that were checked for personal data.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Moment
from shared.contracts.tasks import Assignee, TaskFact

Reason = Annotated[str, Field(max_length=200)]


class PauseKind(StrEnum):
    """Why a task's clock stands still."""

    RESIDENT = "resident"
    """The resident was asked something."""
    DEFERRAL = "deferral"
    """It is set aside on record (挂账)."""


class ProposalKind(StrEnum):
    """What a holder asks of who stands above."""

    EXTENSION = "extension"
    DEFERRAL = "deferral"
    FINAL_ANSWER = "final_answer"
    RETURN = "return"
    """A unit's system returned a task that it may no longer return by itself."""


class ProblemReason(StrEnum):
    """Why a task became a problem case."""

    REDONE = "redone"
    NO_LEAD = "no_lead"


class TaskWarned(TaskFact):
    """So much of the time has passed. Each percent once a round."""

    TYPE: ClassVar[str] = "lianxin.task.warned"

    assignee: Assignee | None = None
    percent: int = Field(ge=1, le=99)
    deadline: Moment
    round: int = Field(ge=1)


class TaskWaiting(TaskFact):
    """The resident was asked something: the clock stands still until the answer, or `until`."""

    TYPE: ClassVar[str] = "lianxin.task.waiting"

    assignee: Assignee
    asks: Reason
    until: Moment
    deadline: Moment
    """If it lasts until then."""
    round: int = Field(ge=1)


class TaskDeferred(TaskFact):
    """The task was set aside on record until its review; it does not count as done."""

    TYPE: ClassVar[str] = "lianxin.task.deferred"

    assignee: Assignee
    reason: Reason
    review_at: Moment
    deadline: Moment
    """If it lasts until then."""
    round: int = Field(ge=1)


class TaskResumed(TaskFact):
    """The clock goes on, after an answer or without one, or at the review."""

    TYPE: ClassVar[str] = "lianxin.task.resumed"

    kind: PauseKind
    why: str = Field(max_length=40)
    """answered, time_up, review_due, moved_on."""
    deadline: Moment
    round: int = Field(ge=1)


class TaskProposed(TaskFact):
    """The holder asks for more time, a deferral, a final answer, or to give the task back."""

    TYPE: ClassVar[str] = "lianxin.task.proposed"

    kind: ProposalKind
    assignee: Assignee
    reason: Reason
    round: int = Field(ge=1)


class TaskProposalRefused(TaskFact):
    """Who stands above said no."""

    TYPE: ClassVar[str] = "lianxin.task.proposal_refused"

    kind: ProposalKind
    assignee: Assignee
    reason: Reason
    round: int = Field(ge=1)


class TaskExtended(TaskFact):
    """The task got more time."""

    TYPE: ClassVar[str] = "lianxin.task.extended"

    assignee: Assignee
    reason: Reason
    deadline: Moment
    number: int = Field(ge=1)
    """Extensions of this round, with this one."""
    round: int = Field(ge=1)


class TaskDecided(TaskFact):
    """Returned too often, the higher level decided whose the task is; that binds."""

    TYPE: ClassVar[str] = "lianxin.task.decided"

    assignee: Assignee
    kept: bool
    """Whether it is who gave it back last."""
    reason: Reason
    round: int = Field(ge=1)


class TaskProblemRaised(TaskFact):
    """The task was redone, or passed on, too often: the area above looks after it."""

    TYPE: ClassVar[str] = "lianxin.task.problem_raised"

    reason: ProblemReason
    owner_area: Code
    round: int = Field(ge=1)


class TaskProblemClosed(TaskFact):
    """The area above found what was the matter."""

    TYPE: ClassVar[str] = "lianxin.task.problem_closed"

    reason: ProblemReason
    owner_area: Code
    finding: Reason
    round: int = Field(ge=1)


class TaskFinallyAnswered(TaskFact):
    """The formal end (终结答复), checked by somebody above; the task is not opened again."""

    TYPE: ClassVar[str] = "lianxin.task.finally_answered"

    assignee: Assignee
    ground: Code
    reason: Reason
    round: int = Field(ge=1)
