"""What volunteer dispatch publishes on `lianxin.tasks`: facts.

Subject: the task's id. Key: the request's id, so that one request's events keep one partition
number. Every payload names both. The task of a care visit (`lianxin.care`) has `care-{care_id}-
{round}` in place of a request's id: nobody asked for it, and nobody is asked whether it helped.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import AssigneeKind, Urgency


class Assignee(BaseModel):
    """Who holds a task, with the unit and organization that answer for it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: AssigneeKind
    id: Id
    """Unit id, grid id, volunteer id or area code, by kind."""
    unit_id: Id | None = None
    organization_id: Id | None = None


class TaskFact(Fact):
    """A change of a task."""

    task_id: Id
    request_id: Id


class TaskCreated(TaskFact):
    """A task was made for a request."""

    TYPE: ClassVar[str] = "lianxin.task.created"

    category: Code
    urgency: Urgency
    deadline: Moment
    area_path: tuple[Code, ...] = ()
    grid_id: Id | None = None


class TaskAssigned(TaskFact):
    """The task was sent to somebody; the first receiver leads until another accepts."""

    TYPE: ClassVar[str] = "lianxin.task.assigned"

    assignee: Assignee
    deadline: Moment
    round: int = Field(ge=1)
    level: int = Field(ge=0)
    """0 at the first place, one more for each level up."""
    lead: Assignee | None = None
    """Who leads until this assignee accepts (首接负责): the first receiver, or who accepted last;
    None in records older than the field: the assignee."""
    assisting: tuple[Assignee, ...] = ()
    """Units that assist whoever leads (协办)."""


class TaskAlerted(TaskFact):
    """Volunteers were asked whether they take the task; the first who accepts gets it."""

    TYPE: ClassVar[str] = "lianxin.task.alerted"

    volunteer_ids: tuple[Id, ...]
    answer_by: Moment
    """Who says nothing by then is replaced by the next; a later yes counts while it is free."""
    group_ids: tuple[Id, ...] = ()
    """Groups that were asked: one of their members may take it."""


class TaskAlertsEnded(TaskFact):
    """Volunteers asked said no, were silent for too long, or need not answer any more."""

    TYPE: ClassVar[str] = "lianxin.task.alerts_ended"

    volunteer_ids: tuple[Id, ...]
    reason: str = Field(pattern="^(declined|silent|withdrawn)$")
    group_ids: tuple[Id, ...] = ()


class TaskAccepted(TaskFact):
    """The assignee took the task, and leads from now on."""

    TYPE: ClassVar[str] = "lianxin.task.accepted"

    assignee: Assignee


class TaskDeclined(TaskFact):
    """The assignee said no before taking the task."""

    TYPE: ClassVar[str] = "lianxin.task.declined"

    assignee: Assignee
    reason: str = Field(max_length=200)
    ground: Code | None = None
    """From dispatch's list of grounds; None where a unit's system gave none."""


class TaskReturned(TaskFact):
    """The assignee gave a task back after taking it (退单)."""

    TYPE: ClassVar[str] = "lianxin.task.returned"

    assignee: Assignee
    reason: str = Field(max_length=200)
    ground: Code | None = None
    """From dispatch's list of grounds; None where a unit's system gave none."""


class TaskEscalated(TaskFact):
    """Nobody was left at a level, or the deadline passed: the task went one level up."""

    TYPE: ClassVar[str] = "lianxin.task.escalated"

    reason: str = Field(pattern="^(nobody_left|overdue)$")
    level: int = Field(ge=1)


class TaskOverdue(TaskFact):
    """The deadline passed before the task was completed. Raised once a round."""

    TYPE: ClassVar[str] = "lianxin.task.overdue"

    assignee: Assignee | None = None
    deadline: Moment
    round: int = Field(ge=1)
    supervisor: Assignee | None = None
    """The duty officer above, who watches over it from now on (督办)."""


class TaskProgressed(TaskFact):
    """The assignee reported progress; the words stay with dispatch."""

    TYPE: ClassVar[str] = "lianxin.task.progressed"

    assignee: Assignee


class TaskLocated(TaskFact):
    """The task's place became known after it was created."""

    TYPE: ClassVar[str] = "lianxin.task.located"

    area_path: tuple[Code, ...]
    grid_id: Id | None = None


class TaskCompleted(TaskFact):
    """The work was done. Event time: when."""

    TYPE: ClassVar[str] = "lianxin.task.completed"

    assignee: Assignee
    round: int = Field(ge=1)
    completed_at: Moment | None = None
    """None where the unit's record does not say when."""
    in_time: bool | None = None
    """Judged by the deadline, or by the unit's own record where it gives no time; None: unknown."""
    ask_resident: bool = True
    """False for records of the past, whose residents are not asked now."""


class TaskCancelled(TaskFact):
    """The task ended without work: the unit's record says that the case was withdrawn."""

    TYPE: ClassVar[str] = "lianxin.task.cancelled"

    reason: str = Field(max_length=200)
