"""What is kept of an assigned task, and what others get to know of it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.registry import money
from services.registry.assignments.schemas import Status
from services.registry.handover import Handover
from services.registry.money import Line, Payment
from services.registry.standing import Line as LineOfCommand
from services.registry.standing import Party
from services.registry.watch import Watched
from shared.contracts.plans import AssignmentChanged
from shared.contracts.words import SupportKind

OPEN: tuple[Status, ...] = ("assigned", "accepted")


class Resource(BaseModel):
    """What comes with a task beside money; `what` is encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: SupportKind
    quantity: float
    what: str | None


class Note(BaseModel):
    """How a task goes; `words` are encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    at: datetime
    by: str
    words: str


class AssignmentState(Watched):
    """An assigned task; all words are encrypted, `lines` are its funds."""

    kind: str
    assigner: Party
    receiver: Party
    units: tuple[str, ...]
    line: LineOfCommand
    words: str
    residents_of: str | None
    until: datetime
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...] = ()
    resources: tuple[Resource, ...]
    no_cost_reason: str | None
    status: Status = "assigned"
    progress: tuple[Note, ...] = ()
    result: str | None = None
    return_reason: str | None = None
    return_words: str | None = None
    overdue: bool = False
    unpaid_by: datetime | None = None
    """The earliest date of money owed and not paid in full; follows from the rest (`settled`)."""
    told_unpaid: tuple[str, ...] = ()
    """Lines whose delay was told."""
    handovers: tuple[Handover, ...] = ()
    """Sides that another organization has taken over, the oldest first."""

    def owed(self) -> tuple[Line, ...]:
        """Lines not yet paid in full; a task that was given back or withdrawn is owed nothing.

        Nor does an organization owe itself: the two may have become one since.
        """
        same = self.assigner.organization_id == self.receiver.organization_id
        if same or self.status in ("returned", "cancelled"):
            return ()
        return tuple(x for x in self.lines if money.paid(self.payments, x.id) < x.fen)

    def due(self) -> datetime | None:
        """The next of: its date while it is open, the dates of money owed; those not yet told."""
        dates = [x.by for x in self.owed() if x.by and x.id not in self.told_unpaid]
        if self.status in OPEN and not self.overdue:
            dates.append(self.until)
        return min(dates, default=None)


def settled(state: AssignmentState) -> AssignmentState:
    """`state` with `unpaid_by` as the rest of it says."""
    dates = [line.by for line in state.owed() if line.by is not None]
    return state.model_copy(update={"unpaid_by": min(dates, default=None)})


def snapshot(id: str, state: AssignmentState) -> AssignmentChanged:
    """What others get to know of it."""
    return AssignmentChanged(
        assignment_id=id,
        kind=state.kind,
        assigner=state.assigner.organization_id,
        receiver=state.receiver.organization_id,
        residents_of=state.residents_of,
        until=state.until,
        status=state.status,
        return_reason=state.return_reason,
        promised_yuan=money.promised(state.lines) / 100,
        paid_yuan=money.paid(state.payments) / 100,
    )
