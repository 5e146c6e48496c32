"""What is kept of a request."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.contracts.payload import Point
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import State

COLLECTION = "requests"
STEPS_KEPT = 200
FOLLOW_UPS_KEPT = 50


class Status(StrEnum):
    """Where a request stands."""

    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_HAND = "in_hand"
    COMPLETED = "completed"
    """The work is done and the resident is asked."""
    REOPENED = "reopened"
    CLOSED = "closed"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Requester(_Part):
    """Who asks; every value is encrypted."""

    name: str | None = None
    telephone: str | None = None
    address: str | None = None
    email: str | None = None


class Step(_Part):
    """One line of the timeline. `step` is a key of its words (`timeline.<step>`)."""

    at: datetime
    step: str
    who: Assignee | None = None
    reason: str | None = None
    until: datetime | None = None


class Question(_Part):
    """What is asked of the resident during the work; the work waits for the answer."""

    asks: str
    until: datetime


class Reply(_Part):
    """The resident's answer to a question; `words` encrypted."""

    at: datetime
    by: str
    round: int
    words: str
    key: str | None = None
    """Idempotency key, with the fingerprint of the body."""
    fingerprint: str | None = None


class FollowUp(_Part):
    """An answer of the resident; `words` encrypted."""

    at: datetime
    by: str
    round: int
    contacted: bool
    solved: bool | None = None
    satisfied: int | None = None
    words: str | None = None
    key: str | None = None
    """Idempotency key, with the fingerprint of the body and the status that was answered."""
    fingerprint: str | None = None
    answered: str | None = None


class RequestState(State):
    """A request. Texts of people are encrypted; `point` is exact, events carry it rounded."""

    id: str
    tracking_code: str
    status: str = Status.ACCEPTED.value
    channel: str
    kind: str
    category: str
    urgency: str
    rules_version: int
    text: str | None = None
    requester: Requester | None = None
    point: Point | None = None
    area: str | None = None
    """The area code that the sender gave."""
    grid_id: str | None = None
    area_path: tuple[str, ...] = ()
    located: bool
    accepted_at: datetime
    """When it was made; `received_at` is later for what was imported."""
    received_at: datetime
    submitted_by: str | None = None
    """Subject of the token that filed it."""
    reporting_unit: str | None = None
    case_number: str | None = None
    handling_unit: str | None = None
    round: int = 1
    assignee: Assignee | None = None
    deadline: datetime | None = None
    overdue: bool = False
    completed_at: datetime | None = None
    follow_up_until: datetime | None = None
    question: Question | None = None
    replies: tuple[Reply, ...] = ()
    final: bool = False
    """A final answer was given: it is not opened again."""
    outcome: str | None = None
    steps: tuple[Step, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()

    def next_due(self) -> datetime | None:
        """When asking the resident ends without an answer."""
        return self.follow_up_until if self.status == Status.COMPLETED else None

    def with_step(self, step: Step, **changes: object) -> "RequestState":
        """The state with one more line in the timeline and other `changes`."""
        steps = (*self.steps, step)[-STEPS_KEPT:]
        return self.model_copy(update={"steps": steps, **changes})
