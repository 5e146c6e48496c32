"""What volunteer dispatch publishes on `lianxin.tasks` of joint work: the parts of a task (协办).

Subject and key as in `tasks`. A part is one helper's share of a task, with its own deadline and
result; it is known by its number within the task. Reasons and what is asked are short texts that
were checked for personal data; results stay with dispatch.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Id, Moment
from shared.contracts.task_life import Reason
from shared.contracts.tasks import Assignee, TaskFact


class PartOrigin(StrEnum):
    """Why somebody was asked for a part."""

    RULE = "rule"
    """The routing rule names the unit beside the lead."""
    ASKED = "asked"
    """Who leads, or who stands above, asked."""
    PASSED_ON = "passed_on"
    """Another helper declined; this is the next one on the way to help."""
    REOPENED = "reopened"
    """The request was opened again; who did a part before is asked anew."""


class PartFact(TaskFact):
    """A change of a part."""

    part: int = Field(ge=1)
    """The part's number within the task."""
    who: Assignee
    round: int = Field(ge=1)


class TaskPartAsked(PartFact):
    """Somebody was asked to do a part of a task."""

    TYPE: ClassVar[str] = "lianxin.task.part_asked"

    origin: PartOrigin
    asks: Reason | None = None
    """What is asked; None: to assist, as the rule says."""
    deadline: Moment
    """Not after the task's; moves with it where the part has none of its own."""
    accept_by: Moment
    """Who has not answered by then is told of once."""
    step: Code | None = None
    """How the helper was found: neighbour_grid, joint, paired, above; None: named by who asked."""
    through: Id | None = None
    """The joint organization or the pairing that leads to the helper."""


class TaskPartAccepted(PartFact):
    """The helper takes the part."""

    TYPE: ClassVar[str] = "lianxin.task.part_accepted"


class TaskPartDeclined(PartFact):
    """The helper does not do it."""

    TYPE: ClassVar[str] = "lianxin.task.part_declined"

    reason: Reason
    suggested: Assignee | None = None
    """The next helper up the way; None: nobody is left."""


class TaskPartDone(PartFact):
    """The part is done; the words stay with dispatch."""

    TYPE: ClassVar[str] = "lianxin.task.part_done"

    in_time: bool


class TaskPartCancelled(PartFact):
    """The part is not needed any more, or whoever asked waits for it no longer."""

    TYPE: ClassVar[str] = "lianxin.task.part_cancelled"

    reason: Reason


class TaskPartSilent(PartFact):
    """Who was asked has not answered in time. Told once a part."""

    TYPE: ClassVar[str] = "lianxin.task.part_silent"

    accept_by: Moment
    lead: Assignee | None = None
    """Who leads the task, and may end the part or ask the next."""
    supervisor: Assignee | None = None
    """The duty officer above."""
    suggested: Assignee | None = None
    """The next helper up the way."""


class TaskPartOverdue(PartFact):
    """The part's deadline passed before it ended. Told once a part."""

    TYPE: ClassVar[str] = "lianxin.task.part_overdue"

    deadline: Moment
    lead: Assignee | None = None
    """Who leads the task, and may end the part."""
    supervisor: Assignee | None = None
    """The duty officer above."""
