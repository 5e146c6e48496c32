"""What is kept of joint work: the parts of a task, each with its helper, deadline and result.

Parts live in the task's document (docs/dispatch/joint.md).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.contracts.payload import Moment
from shared.contracts.task_parts import PartOrigin
from shared.contracts.tasks import Assignee

KEPT = 60
"""Parts kept of one task, over all rounds; of those that have ended the oldest give way."""


class PartStatus(StrEnum):
    """How a part stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DONE = "done"
    DECLINED = "declined"
    CANCELLED = "cancelled"


OPEN_PARTS = (PartStatus.ASKED, PartStatus.ACCEPTED)


class JointPart(BaseModel):
    """One helper's share of a task."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    """Within the task, from 1; never used again."""
    round: int
    who: Assignee
    areas: tuple[str, ...] = ()
    """The helper's own area and those above it, whose managers may answer for it."""
    origin: PartOrigin
    asks: str | None = None
    step: str | None = None
    """How the helper was found, as in `help.Step`; None: named by the rule or by who asked."""
    through: str | None = None
    pass_on: bool = False
    """Whether the next helper up the way is asked by itself where this one declines."""
    status: PartStatus = PartStatus.ASKED
    asked_at: Moment
    asked_by: str = ""
    accept_by: Moment
    deadline: Moment | None = None
    """The part's own; None: the task's, wherever that moves."""
    silent: bool = False
    """Whether it was told that nobody answered."""
    overdue: bool = False
    """Whether it was told that the deadline passed."""
    ended_at: Moment | None = None
    ended_by: str | None = None
    in_time: bool | None = None
    reason: str | None = None
    """Why it was declined or cancelled."""
    result: str | None = None
    """What was done; encrypted."""
    suggested: Assignee | None = None
    """The next helper, where this one declined or is silent."""
    attempt: str | None = None
    """`Idempotency-Key` of who asked, hashed, and the body's fingerprint: `key fingerprint`."""

    @property
    def is_open(self) -> bool:
        """Whether the helper still has to answer or to do it."""
        return self.status in OPEN_PARTS

    @property
    def key(self) -> str:
        """`kind:id` of the helper."""
        return key_of(self.who)

    def due(self, of_task: datetime | None) -> datetime | None:
        """The deadline; `of_task` is the task's."""
        return self.deadline or of_task

    def silent_at(self) -> datetime | None:
        """When it is told that nobody answered."""
        waits = self.status is PartStatus.ASKED and not self.silent
        return self.accept_by if waits else None

    def overdue_at(self, of_task: datetime | None) -> datetime | None:
        """When it is told that the deadline passed."""
        return self.due(of_task) if self.is_open and not self.overdue else None

    def next_due(self, of_task: datetime | None) -> datetime | None:
        """When its next timer fires."""
        times = (self.silent_at(), self.overdue_at(of_task))
        return min((at for at in times if at is not None), default=None)

    def having(self, **changes: Any) -> "JointPart":
        """This part with changes."""
        return self.model_copy(update=changes)


def key_of(who: Assignee) -> str:
    """`kind:id`, as in `TaskState.tried`."""
    return f"{who.kind.value}:{who.id}"


def kept(parts: tuple[JointPart, ...]) -> tuple[JointPart, ...]:
    """As many as are kept: every open one, and the youngest of those that have ended."""
    beyond = len(parts) - KEPT
    if beyond <= 0:
        return parts
    ended = [part.number for part in parts if not part.is_open]
    gone = set(ended[:beyond])
    return tuple(part for part in parts if part.number not in gone)
