"""What the registry publishes of pairings, assignments and plans (policy, art. 10, 12, 16).

Snapshots go out on `lianxin.registry`; facts on `lianxin.plans`, as compaction would lose all but
the last. A fact's subject is `{kind}/{id}`, as `pairings/…`. Money is in yuan.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment, Snapshot
from shared.contracts.words import OrganizationLevel, PairingKind, PlanCount


class PairingGoal(BaseModel):
    """So much of a work, until then."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    work: Code
    quantity: float
    by: Moment


class PairingChanged(Snapshot):
    """A pairing in its current term. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.pairing.changed"

    pairing_id: Id
    kind: PairingKind
    giver: Id
    """The organization that helps, or sends the person."""
    taker: Id
    person_id: Id | None = None
    since: Moment
    until: Moment
    term: int = Field(ge=1)
    """Counts renewals from 1."""
    goals: tuple[PairingGoal, ...]
    promised_yuan: float
    paid_yuan: float
    ended: bool = False


class PairingEnding(Fact):
    """A pairing's term ends soon: sum up, then renew or end it."""

    TYPE: ClassVar[str] = "lianxin.pairing.ending"

    pairing_id: Id
    kind: PairingKind
    giver: Id
    taker: Id
    until: Moment


class PairingEnded(Fact):
    """A pairing's term is over, or the pairing was ended before."""

    TYPE: ClassVar[str] = "lianxin.pairing.ended"

    pairing_id: Id
    kind: PairingKind
    giver: Id
    taker: Id
    until: Moment
    early: bool


class AssignmentChanged(Snapshot):
    """A task assigned by an organization to a lower one. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.assignment.changed"

    assignment_id: Id
    kind: Code
    assigner: Id
    receiver: Id
    residents_of: Code | None = None
    """The area whose residents it serves."""
    until: Moment
    status: Code
    """assigned, accepted, returned, done, cancelled."""
    return_reason: Code | None = None
    promised_yuan: float
    paid_yuan: float


class AssignmentOverdue(Fact):
    """An assigned task was not done by its date."""

    TYPE: ClassVar[str] = "lianxin.assignment.overdue"

    assignment_id: Id
    assigner: Id
    receiver: Id
    until: Moment


class AssignmentFundsOverdue(Fact):
    """Money promised with a task was not paid in full by its date."""

    TYPE: ClassVar[str] = "lianxin.assignment.funds_overdue"

    assignment_id: Id
    assigner: Id
    receiver: Id
    line: Code
    promised_yuan: float
    missing_yuan: float
    by: Moment


class PlannedPart(BaseModel):
    """The share of an area or of an organization."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    area: Code | None = None
    organization_id: Id | None = None
    share: float
    by: Moment


class PlannedTarget(BaseModel):
    """So much of a work or of new entries, until then, and its parts."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: Code
    work: Code | None = None
    count: PlanCount | None = None
    quantity: float
    until: Moment
    parts: tuple[PlannedPart, ...] = ()


class PlanChanged(Snapshot):
    """A plan. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.plan.changed"

    plan_id: Id
    level: OrganizationLevel
    area: Code | None = None
    organization_id: Id | None = None
    parent: Id | None = None
    """The plan one part of which this one breaks down."""
    status: Code
    """draft, in_force, closed."""
    revision: int = Field(ge=1)
    since: Moment
    targets: tuple[PlannedTarget, ...]


class PlanBehind(Fact):
    """A target, or one part of it, fell behind the share of time that has passed."""

    TYPE: ClassVar[str] = "lianxin.plan.behind"

    plan_id: Id
    target: Code
    area: Code | None = None
    """With `organization_id`, the part that is behind; both None: the target as a whole."""
    organization_id: Id | None = None
    quantity: float
    reported: float
    expected: float
    """The quantity times the share of time that has passed."""


class PlanCaughtUp(Fact):
    """What was told to be behind is so no more: it caught up, the plan was changed or closed, or
    the part passed to a successor.

    For whoever counts or calls those behind: assessment's lists, the unit that was told.
    """

    TYPE: ClassVar[str] = "lianxin.plan.caught_up"

    plan_id: Id
    target: Code
    area: Code | None = None
    """As of `PlanBehind`."""
    organization_id: Id | None = None
    since: Moment
    """Since when it was behind."""
