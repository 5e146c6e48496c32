"""What is kept of a joint organization; pure questions on it (policy, art. 6).

Days are ISO dates as texts, which the database keeps as they are and which sort as they should.
Free words are encrypted before they come here, bound to the id of their entry, so that they stay
readable where the entry moves to another document.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from services.registry.handover import Handover
from services.registry.states import Named
from shared.contracts.registry import JointChanged, JointCouncil, JointMember, JointResult
from shared.contracts.words import Founding, ResourceKind

E = TypeVar("E", "Need", "Resource", "Project")

LongAgo = datetime(2000, 1, 1, tzinfo=UTC)
Outcome = Literal["done", "given_up", "withdrawn"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Member(_Part):
    """A member organization and its unit; `left` is the first day without it."""

    organization_id: str
    unit_id: str | None
    joined: str
    left: str | None = None


class Council(_Part):
    """Who has duty in turn, from `start` on, `days` each."""

    order: tuple[str, ...]
    start: str
    days: int


class Need(_Part):
    """What a member needs. `outcome` stands where it is closed."""

    id: str
    organization_id: str
    kind: ResourceKind | None
    words: str
    at: datetime
    fingerprint: str | None = None
    outcome: Outcome | None = None
    ended: datetime | None = None


class Resource(_Part):
    """What a member offers: `quantity` at first, of which `left` is not claimed."""

    id: str
    organization_id: str
    kind: ResourceKind
    words: str
    quantity: float
    left: float
    at: datetime
    origin: str | None = None
    """The resource that this is a part of, given back after that one had gone elsewhere."""
    fingerprint: str | None = None
    outcome: Outcome | None = None
    ended: datetime | None = None


class Project(_Part):
    """A resource, or a part of it, claimed for a need; with a result once it has ended."""

    id: str
    need_id: str
    need_by: str
    resource_id: str
    resource_by: str
    kind: ResourceKind
    quantity: float
    at: datetime
    resource_words: str
    resource_origin: str
    """The id that the words were encrypted for."""
    returns: bool = True
    """Whether what was claimed is there again if it is given up; not of a withdrawn resource."""
    fingerprint: str | None = None
    outcome: Outcome | None = None
    words: str | None = None
    ended: datetime | None = None
    ended_by: str | None = None
    work: str | None = None
    work_quantity: float = 1


class Lists(_Part):
    """The three lists."""

    needs: tuple[Need, ...] = ()
    resources: tuple[Resource, ...] = ()
    projects: tuple[Project, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.needs or self.resources or self.projects)

    def __add__(self, other: "Lists") -> "Lists":
        """Both; what is in both stands there once."""
        return Lists(
            needs=_once((*self.needs, *other.needs)),
            resources=_once((*self.resources, *other.resources)),
            projects=_once((*self.projects, *other.projects)),
        )

    def without(self, ids: Iterable[str]) -> "Lists":
        """Those whose id is not among `ids`."""
        gone = set(ids)
        return Lists(
            needs=tuple(each for each in self.needs if each.id not in gone),
            resources=tuple(each for each in self.resources if each.id not in gone),
            projects=tuple(each for each in self.projects if each.id not in gone),
        )

    def offers(self) -> tuple[Need | Resource, ...]:
        """What members asked for or offered, not the projects."""
        return (*self.needs, *self.resources)

    def every(self) -> tuple[Need | Resource | Project, ...]:
        """All of them."""
        return (*self.needs, *self.resources, *self.projects)


def _once(entries: tuple[E, ...]) -> tuple[E, ...]:
    return tuple({each.id: each for each in entries}.values())


class Heir(_Part):
    """Who takes over what is open of `members`; of all where that is None."""

    joint_id: str
    members: tuple[str, ...] | None = None


class Parcel(_Part):
    """What is on its way to a successor; `key` is the same whenever it is sent."""

    key: str
    to: str
    day: str
    lists: Lists
    members: tuple[Member, ...] = ()
    via: tuple[str, ...] = ()
    """Those that handed it on; none of them does so again."""


class JointState(Named):
    """A joint organization.

    `closed` waits to be put into documents of its own, `parcels` to be delivered, `absorbing`
    (ids) to be dissolved into this one; `received` are the keys of parcels taken in.
    """

    form: Founding
    area: str | None
    lead: str
    lead_unit_id: str | None = None
    members: tuple[Member, ...] = ()
    councils: tuple[Council, ...] = ()
    open: Lists = Lists()
    closed: Lists = Lists()
    heirs: tuple[Heir, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    absorbing: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()
    handovers: tuple[Handover, ...] = ()
    """Of places that organizations had in it."""
    results: tuple[JointResult, ...] = ()
    """Of the projects that ended last, for those who are told."""

    def next_due(self) -> datetime | None:
        """At once, where something of it must go to another document."""
        return LongAgo if self.closed or self.parcels or self.absorbing else None

    def current(self) -> dict[str, Member]:
        """Those that are members now, by organization; the lead among them."""
        lead = Member(organization_id=self.lead, unit_id=self.lead_unit_id, joined="")
        members = {each.organization_id: each for each in self.members if each.left is None}
        return {self.lead: lead} | members


def on_duty(councils: Iterable[Council], day: date) -> str | None:
    """Who of the council has duty on a day: the members in order, `days` each, over and over.

    Of several councils the one that started last by that day counts; None before the first.
    """
    found: str | None = None
    latest = ""
    for council in councils:
        start = date.fromisoformat(council.start)
        if start <= day and council.start >= latest:
            latest = council.start
            turn = (day - start).days // council.days
            found = council.order[turn % len(council.order)] if council.order else None
    return found


def snapshot(id: str, state: JointState) -> JointChanged:
    """What is told of it: no words."""
    return JointChanged(
        joint_id=id,
        name=state.name,
        form=state.form,
        area=state.area,
        area_path=state.area_path,
        lead=state.lead,
        members=tuple(JointMember.model_validate(each.model_dump()) for each in state.members),
        open_needs=len(state.open.needs),
        open_resources=len(state.open.resources),
        open_projects=len(state.open.projects),
        councils=tuple(JointCouncil.model_validate(one.model_dump()) for one in state.councils),
        results=state.results,
        successors=tuple(heir.joint_id for heir in state.heirs),
        retired=state.retired,
    )
