"""What volunteer dispatch publishes on `lianxin.tasks` when a holder hands a task over.

Subject and key as in `tasks`. Until the receiver accepts, the holder leads (首接负责).
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Moment
from shared.contracts.task_life import Reason
from shared.contracts.tasks import Assignee, TaskFact


class TaskOffered(TaskFact):
    """The holder offers the task to somebody else (转交); it stays the holder's until accepted."""

    TYPE: ClassVar[str] = "lianxin.task.offered"

    assignee: Assignee
    """Who holds it."""
    to: Assignee
    reason: Reason
    answer_by: Moment
    round: int = Field(ge=1)


class TaskOfferEnded(TaskFact):
    """The receiver accepted or declined, said nothing in time, or the holder took it back.

    An offer also ends, without this, when the task changes hands otherwise or ends.
    """

    TYPE: ClassVar[str] = "lianxin.task.offer_ended"

    assignee: Assignee
    """Who held it when it was offered."""
    to: Assignee
    ended: str = Field(pattern="^(accepted|declined|silent|withdrawn)$")
    reason: Reason = ""
    round: int = Field(ge=1)
