"""What is kept of a request."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from services.request_intake.near import keys_of
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


WORKED = (Status.ACCEPTED, Status.ASSIGNED, Status.IN_HAND, Status.REOPENED)
"""Somebody works on it, or will: the only time in which requests can be joined."""


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


class Origin(_Part):
    """Where an answer comes from, as the event says it (`request.followed_up`)."""

    by: Literal["resident", "staff"]
    device: str | None = None
    network: str | None = None
    asker: str | None = None
    staff_path: tuple[str, ...] = ()


class FollowUp(_Part):
    """An answer of the resident; `words` encrypted."""

    at: datetime
    by: str
    round: int
    contacted: bool
    solved: bool | None = None
    satisfied: int | None = None
    words: str | None = None
    origin: Origin | None = None
    key: str | None = None
    """Idempotency key, with the fingerprint of the body and the status that was answered."""
    fingerprint: str | None = None
    answered: str | None = None


class Joining(_Part):
    """It is to be joined to `lead`, which has to say yes; nobody has been told yet."""

    id: str
    """Of this joining: the later ones of the same two requests have others."""
    lead: str
    at: datetime
    by: str
    me_too: bool = False
    why: str = ""


class Joined(_Part):
    """It shares the task of the request `lead`."""

    id: str
    lead: str
    at: datetime
    me_too: bool = False
    heard: int
    """How many of the lead's steps it knows (`RequestState.steps_ever` of the lead)."""
    told: bool = False
    """Whether dispatch has ended its own task for the joining."""


class Member(_Part):
    """A request that is joined to this one, or is just being; the member's document decides."""

    id: str
    join_id: str


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
    steps_ever: int = 0
    """Steps written, with those that are not kept any more."""
    joining: Joining | None = None
    joined: Joined | None = None
    members: tuple[Member, ...] = ()
    untold: bool = False
    """Whether its members have to hear what is new."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def todo(self) -> bool:
        """Whether the loop of joined requests has work here."""
        return self.untold or self.joining is not None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def near(self) -> tuple[str, ...]:
        """Where one looks for it; nowhere unless others may be joined to it."""
        if self.joined is not None or self.status not in WORKED:
            return ()
        return keys_of(self.point, self.area_path)

    def next_due(self) -> datetime | None:
        """When asking the resident ends without an answer."""
        return self.follow_up_until if self.status == Status.COMPLETED else None

    def with_step(self, step: Step, **changes: object) -> "RequestState":
        """The state with one more line in the timeline and other `changes`."""
        steps = (*self.steps, step)[-STEPS_KEPT:]
        told = {"steps_ever": self.steps_ever + 1, "untold": bool(self.members)}
        return self.model_copy(update={"steps": steps, **told, **changes})
