"""What is kept of a task."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field

from services.volunteer_dispatch.service import columns
from services.volunteer_dispatch.service.alerting import Alerts
from services.volunteer_dispatch.service.columns import Column
from services.volunteer_dispatch.service.explain import KEPT, Explained
from services.volunteer_dispatch.service.joint import JointPart, PartStatus
from services.volunteer_dispatch.service.standing import (
    Awaits,
    Clock,
    Joined,
    Problem,
    Proposal,
    Returns,
)
from shared.contracts.payload import Moment, Point
from shared.contracts.tasks import Assignee
from shared.contracts.words import Urgency
from shared.storage.aggregates import State

IMPORT_GRACE = timedelta(days=1)
"""A record of the past must not be called overdue the moment it comes in."""
_KEPT = 50
_ATTEMPTS_KEPT = 8
SHAPE = 1
"""Raise it when a computed field of `TaskState` is added or means something else: the documents
are brought up to date then (`upkeep`)."""


class Status(StrEnum):
    """How a task stands."""

    EARLY = "early"
    """The unit's records came before the request did."""
    MATCHING = "matching"
    """A volunteer is being looked for; `assignee` answers for it meanwhile."""
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    """The request ended while the task was still open."""
    FINALLY_ANSWERED = "finally_answered"
    """The formal end (终结), checked by somebody above; it is not opened again."""
    JOINED = "joined"
    """Its request shares the task of another one (`joined`), and is answered from there."""


class Gap(StrEnum):
    """What the routing table lacks for a task, which went to a duty officer or grid for it."""

    NO_RULE = "no_rule"
    """No rule fits the category, place and urgency."""
    NO_TARGET = "no_target"
    """A rule fits, but whom it names is not there: retired, no such unit here, no grid."""


OPEN = (Status.MATCHING, Status.ASSIGNED, Status.ACCEPTED)
_COLUMNS = {
    Status.MATCHING: Column.ASKING,
    Status.ASSIGNED: Column.TO_ACCEPT,
    Status.ACCEPTED: Column.IN_HAND,
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(_Part):
    """What a unit said of a task: `status` as in TaskProgress, or `done`, `withdrawn`."""

    status: str
    unit_id: str
    time: Moment
    reason: str = ""
    ground: str | None = None
    completed_at: Moment | None = None
    in_time: bool | None = None
    ask_resident: bool = True
    words: str | None = None
    """Encrypted."""


class Words(_Part):
    """What somebody wrote about the work; `text` is encrypted."""

    at: Moment
    by: str
    what: str
    text: str


class Reservation(_Part):
    """A place in a volunteer's load; `token` is of this one reservation."""

    volunteer_id: str
    token: str


class Offer(_Part):
    """The holder offers the task to somebody else (转交) and leads until that one accepts."""

    to: Assignee
    of: str
    """`kind:id` of the holder who offered it."""
    round: int
    by: str
    at: Moment
    until: Moment
    """Without an answer by then it is taken back."""
    reason: str


class TaskState(State):
    """A task. Until `request.accepted` came (`early`) only the ids and `waiting` are known."""

    task_id: str
    request_id: str
    status: Status = Status.EARLY
    category: str = ""
    urgency: Urgency = Urgency.ORDINARY
    area_path: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """Areas whose managers see the task: its path, or the top area while unlocated."""
    grid_id: str | None = None
    point: Point | None = None
    requested_at: Moment | None = None
    received_at: Moment | None = None
    reporting_unit: str | None = None
    handling_unit: str | None = None
    round: int = 1
    level: int = 0
    assignee: Assignee | None = None
    lead: Assignee | None = None
    """Who leads (首接负责): the first receiver, until another accepts; never nobody after that."""
    assisting: tuple[Assignee, ...] = ()
    """Units that the routing rule names beside the lead."""
    gap: Gap | None = None
    """What the routing table lacked when the task was routed."""
    reservation: Reservation | None = None
    group: Reservation | None = None
    """The place in a group's load (`group:<id>`), while one of its people has the task for it."""
    tried: tuple[str, ...] = ()
    """`kind:id` of who had it in this round; `volunteer:*` once no volunteer was found."""
    skill: str | None = None
    """Sought while matching."""
    prefer: str | None = None
    """The volunteer to be asked first while matching: who had it in the last round."""
    deadline: Moment | None = None
    accept_by: Moment | None = None
    overdue: bool = False
    """Whether `task.overdue` was raised in this round."""
    completed_at: Moment | None = None
    in_time: bool | None = None
    taken_at: Moment | None = None
    """When who has it accepted it."""
    ended_at: Moment | None = None
    """When the work of the last round ended."""
    offer: Offer | None = None
    """Read `offered`: an offer lapses when the task changes hands or ends."""
    hand_overs: int = 0
    """Offers that were accepted, of all rounds."""
    attempts: tuple[str, ...] = ()
    """Marks of the last bulk actions that wrote this document: none is done twice."""
    waiting: tuple[Record, ...] = ()
    """Records of units that came before the fact that makes sense of them."""
    words: tuple[Words, ...] = ()
    alerts: Alerts = Alerts()
    """Volunteers asked while matching."""
    releases: tuple[Reservation, ...] = ()
    """Reservations to be given back by the matching loop."""
    explained: tuple[Explained, ...] = ()
    """Why it went where it went: the last decisions, oldest first."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def units(self) -> tuple[str, ...]:
        """Units that see the task: the assignee's, the lead's, one that it is offered to, and
        those that assist: by a rule, or with a part of this round that they have not declined and
        nobody has cancelled."""
        offered = self.offered
        to = offered.to if offered else None
        parts = [part for part in self.parts if part.round == self.round]
        helping = [part.who for part in parts if part.is_open or part.status is PartStatus.DONE]
        over = {part.who.unit_id for part in parts} - {who.unit_id for who in helping}
        by_rule = [one for one in self.assisting if one.unit_id not in over]
        involved = (self.assignee, self.lead, *by_rule, *helping, to)
        return tuple(dict.fromkeys(one.unit_id for one in involved if one and one.unit_id))

    parts: tuple[JointPart, ...] = ()
    """Parts of helpers, of all rounds, oldest first."""
    held: Record | None = None
    """What the lead's unit told of its result by record while parts were open: the task is
    complete once the last of them has ended."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def helping(self) -> tuple[str, ...]:
        """`kind:id` of who has an open part."""
        return tuple(dict.fromkeys(part.key for part in self.open_parts))

    @property
    def open_parts(self) -> tuple[JointPart, ...]:
        """Parts that somebody still has to answer or to do."""
        return tuple(part for part in self.parts if part.is_open)

    clock: Clock = Clock()
    returns: Returns = Returns()
    proposal: Proposal | None = None
    """What the holder asks of who stands above; one at a time."""
    problem: Problem | None = None
    """The latest; a task can become a problem case again."""
    joined: Joined | None = None
    separations: int = 0
    """Rounds that began since its request was separated from another one: not redone."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def todo(self) -> bool:
        """Whether the matching loop has work here."""
        asks = self.status is Status.MATCHING and not self.alerts.full
        return asks or bool(self.releases) or bool(self.alerts.answers)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def awaits(self) -> Awaits | None:
        """What somebody above has to decide."""
        if not self.is_open:
            return None
        if self.proposal is not None:
            return Awaits(self.proposal.kind.value)
        return None if self.returns.undecided is None else Awaits.DECISION

    @computed_field  # type: ignore[prop-decorator]
    @property
    def offered_to(self) -> str | None:
        """`kind:id` of who may accept it from the holder."""
        offered = self.offered
        return None if offered is None else f"{offered.to.kind.value}:{offered.to.id}"

    @computed_field  # type: ignore[prop-decorator]
    @property
    def column(self) -> Column:
        """Where it stands on a board, by its state alone."""
        return columns.kept(
            is_open=self.is_open,
            done=self.status in (Status.COMPLETED, Status.FINALLY_ANSWERED),
            status_column=_COLUMNS.get(self.status, Column.NONE),
            paused=self.clock.pause.kind if self.clock.pause else None,
            decides=self.awaits is not None,
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def column_at(self) -> datetime | None:
        """What its column is sorted by: the deadline, or when it was done."""
        if self.is_open:
            return self.deadline
        return self.ended_at or self.completed_at or self.deadline

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shape(self) -> int:
        """The program that computed these fields."""
        return SHAPE

    @property
    def offered(self) -> Offer | None:
        """The offer that is open; None where the task changed hands or ended since."""
        offer, holder = self.offer, self.assignee
        if offer is None or holder is None or self.status is not Status.ACCEPTED:
            return None
        same = offer.of == f"{holder.kind.value}:{holder.id}" and offer.round == self.round
        return offer if same else None

    @property
    def holder(self) -> Assignee | None:
        """Who has it; None while a volunteer is looked for."""
        return None if self.status is Status.MATCHING else self.assignee

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do it."""
        return self.status in OPEN

    def overdue_at(self) -> datetime | None:
        """When the deadline's timer fires; None: it did, or there is nothing to fire for."""
        if not self.is_open or self.overdue or self.deadline is None or self.clock.pause:
            return None
        if self.handling_unit is not None and self.received_at is not None and self.round == 1:
            return max(self.deadline, self.received_at + IMPORT_GRACE)
        return self.deadline

    def silent_at(self) -> datetime | None:
        """When an assignee that has said nothing is passed over."""
        return self.accept_by if self.status is Status.ASSIGNED else None

    def warns_at(self) -> datetime | None:
        """When the next warning is told; none once the task is overdue, or while it is paused."""
        if not self.is_open or self.overdue or self.clock.pause:
            return None
        return self.clock.warn_at

    def resumes_at(self) -> datetime | None:
        """When a pause ends by itself."""
        pause = self.clock.pause
        return pause.until if pause is not None and self.is_open else None

    def part_due_at(self) -> datetime | None:
        """When the next timer of a part fires; none while the clock stands still."""
        if not self.is_open or self.clock.pause:
            return None
        times = (part.next_due(self.deadline) for part in self.parts)
        return min((at for at in times if at), default=None)

    def next_due(self) -> datetime | None:
        """See `State`."""
        asked = self.alerts.due() if self.status is Status.MATCHING else None
        offered = self.offered
        timers = (
            offered.until if offered else None,
            self.overdue_at(),
            self.silent_at(),
            self.warns_at(),
            self.resumes_at(),
            asked,
            self.part_due_at(),
        )
        return min((at for at in timers if at), default=None)

    def having(self, **changes: Any) -> "TaskState":
        """This state with changes."""
        return self.model_copy(update=changes)

    def with_words(self, at: datetime, by: str, what: str, text: str | None) -> "TaskState":
        """This state with (encrypted) words added; the last 50 are kept."""
        if text is None:
            return self
        added = Words(at=at, by=by, what=what, text=text)
        return self.having(words=(*self.words, added)[-_KEPT:])

    def attempted(self, attempt: str) -> "TaskState":
        """This state with the mark of a bulk action."""
        return self.having(attempts=(*self.attempts, attempt)[-_ATTEMPTS_KEPT:])

    def waiting_for(self, record: Record) -> "TaskState":
        """This state with a unit's record kept for later."""
        return self.having(waiting=(*self.waiting, record)[-_KEPT:])

    def explaining(self, explained: Explained) -> "TaskState":
        """This state with a decision's explanation added; the last 20 are kept."""
        return self.having(explained=(*self.explained, explained)[-KEPT:])
