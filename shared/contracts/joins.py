"""What tells of requests about the same thing that share one task (docs/dispatch/joined.md): facts.

On `lianxin.requests` (subject: the joined request) what intake decided; on `lianxin.tasks`
(subject: the joined request's own task) that its task ended for it.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Fact, Id
from shared.contracts.tasks import Assignee, TaskFact


class RequestJoined(Fact):
    """The request is about the same thing as another one, and is answered by that one's task."""

    TYPE: ClassVar[str] = "lianxin.request.joined"

    request_id: Id
    join_id: Id
    """Of this joining; another one after a separation has another."""
    lead_request_id: Id
    """The request whose task is worked; never joined to another one itself."""
    me_too: bool = False
    """A resident said "me too"; else staff joined them."""


class RequestSeparated(Fact):
    """The request is on its own again; where its task had ended for the joining, a round begins."""

    TYPE: ClassVar[str] = "lianxin.request.separated"

    request_id: Id
    join_id: Id
    lead_request_id: Id
    round: int = Field(ge=1)
    """The request's round of work from now on."""
    why: str = Field(pattern="^(staff|lead_withdrawn|own_done)$")
    """staff: they are not about the same thing; lead_withdrawn: the lead's case was withdrawn;
    own_done: its own work had ended before dispatch heard of the joining, which is void."""


class TaskJoined(TaskFact):
    """The task ended, as its request shares another one's task: the answer comes from there."""

    TYPE: ClassVar[str] = "lianxin.task.joined"

    join_id: Id
    lead_request_id: Id
    lead_task_id: Id
    assignee: Assignee | None = None
    """Who had it until now."""
