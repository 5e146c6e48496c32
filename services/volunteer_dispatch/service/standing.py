"""What is kept of a task's time, returns and open questions: parts of `TaskState`."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from services.volunteer_dispatch.service.calendar import Counts
from shared.contracts.payload import Moment
from shared.contracts.task_life import PauseKind, ProblemReason, ProposalKind
from shared.contracts.tasks import Assignee


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pause(_Part):
    """The clock stands still. `deadline` is what it was before; the task's own one is meanwhile
    that of a pause which lasts to its end."""

    kind: PauseKind
    since: Moment
    until: Moment
    deadline: Moment
    reason: str
    """What is asked of the resident, or why the task is set aside."""


class Clock(_Part):
    """The time of a round. Deadline: when `total + paused` has counted since `start`."""

    counts: Counts = Counts.CALENDAR
    start: Moment | None = None
    """None for tasks of before there were warnings."""
    total: int = 0
    """Milliseconds allowed, with extensions."""
    paused: int = 0
    warned: int = 0
    """The highest percent that was told, or that had passed before the task came."""
    warn_at: Moment | None = None
    warn_percent: int = 0
    extensions: int = 0
    waits: int = 0
    pause: Pause | None = None
    supervisor: Assignee | None = None
    """Who stands above and watches over it, once it is overdue (督办)."""


class Proposal(_Part):
    """What the holder asks of who stands above. `by` is `role:subject`, or a unit's source."""

    kind: ProposalKind
    by: str
    at: Moment
    reason: str
    ground: str | None = None
    hours: float | None = None
    """Of an extension, as the deadline counts."""
    review_at: Moment | None = None
    """Of a deferral."""


class Problem(_Part):
    """The case is hard: an area above looks after it until it has found what is the matter."""

    reason: ProblemReason
    owner_area: str
    round: int
    raised_at: Moment
    open: bool = True
    closed_at: Moment | None = None
    finding: str | None = None
    by: str | None = None


class Joined(_Part):
    """The task ended for another request's, which is about the same thing."""

    join_id: str
    lead_request_id: str
    lead_task_id: str


class Returns(_Part):
    """How the task was given back."""

    return_by: Moment | None = None
    """Until when who holds it may give it back."""
    number: int = 0
    """Returns that counted, of all rounds."""
    undecided: Assignee | None = None
    """Who gave it back last, while the higher level has to decide whose it is."""
    bound: bool = False
    """The higher level decided: who holds it cannot give it back."""
    passed: tuple[str, ...] = ()
    """`kind:id` of those through whose hands it went in this round."""
    told: bool = False
    """Whether this round's passing became a problem case."""


class Awaits(StrEnum):
    """What somebody above has to decide."""

    EXTENSION = "extension"
    DEFERRAL = "deferral"
    FINAL_ANSWER = "final_answer"
    RETURN = "return"
    DECISION = "decision"
    """Returned too often: whose is it?"""
