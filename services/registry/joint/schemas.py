"""Bodies and answers of joint organizations."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from services.registry.handover import HandoverView
from services.registry.schemas import Day, EntryView, OwnId, Words, distinct
from shared.contracts.words import Founding, ResourceKind
from shared.web.schemas import AreaCode, Body, PastTime, ShortText, Slug, Text4000


def _hundredths(value: float) -> float:
    return round(value, 2)


Quantity = Annotated[
    float, Field(ge=0.01, le=1e9, allow_inf_nan=False), AfterValidator(_hundredths)
]
"""How much, to a hundredth."""
Slugs = Annotated[list[Slug], Field(min_length=1, max_length=200), AfterValidator(distinct)]


class JoinBody(Body):
    """A member organization and its first day."""

    organization_id: Slug
    joined: Day


class LeaveBody(Body):
    """The first day without the member, and why."""

    left: Day
    reason: ShortText


class CouncilBody(Body):
    """Members in the order of their turns, `days` each, from `start` on."""

    order: Slugs
    start: Day
    days: int = Field(ge=1, le=366)


class JointChange(Body):
    """What can be said anew of a joint organization."""

    name: ShortText
    form: Founding
    lead: Slug = Field(description="A street or community organization")


class JointBody(JointChange):
    """A joint organization; without `area` it takes its lead's."""

    id: OwnId = None
    area: AreaCode | None = None
    members: Annotated[list[JoinBody], Field(max_length=500)] = Field(default=[])


class NeedBody(Body):
    """What a member needs; `words` are kept encrypted."""

    organization_id: Slug
    words: ShortText
    kind: ResourceKind | None = None


class ResourceBody(Body):
    """What a member's unit offers; `words` are kept encrypted."""

    organization_id: Slug
    kind: ResourceKind
    words: ShortText
    quantity: Quantity = Field(description="Rooms, places, people, yuan or hours")


class ClaimBody(Body):
    """A resource, or a part of it, for a need."""

    need_id: Slug
    resource_id: Slug
    quantity: Quantity


class EndBody(Body):
    """A project's result; `work` records it as work of the organization that helped."""

    outcome: Literal["done", "given_up"]
    words: Text4000 = Field(max_length=1000, description="Kept encrypted")
    at: PastTime | None = Field(default=None, description="Now unless given")
    need_met: bool = Field(default=True, description="Whether the need is met, if done")
    work: Slug | None = Field(default=None, description="A code of the table of works, if done")
    work_quantity: Quantity = 1


class WithdrawBody(Body):
    """Why a need or resource is taken back."""

    reason: ShortText


class HeirBody(Body):
    """A successor; in a split, with the members that go to it."""

    joint_id: Slug
    members: Annotated[list[Slug], Field(max_length=500), AfterValidator(distinct)] | None = None


class DissolveBody(Body):
    """Dissolve: into none (nothing is open), one, or several successors (a split)."""

    reason: ShortText
    into: Annotated[list[HeirBody], Field(max_length=20)] = Field(default=[])


class MergeBody(Body):
    """Joint organizations that are dissolved into this one."""

    predecessors: Annotated[
        list[Slug], Field(min_length=1, max_length=20), AfterValidator(distinct)
    ]
    reason: ShortText


class MemberView(BaseModel):
    """A member; `left` is the first day without it."""

    organization_id: str
    unit_id: str | None
    joined: str
    left: str | None


class CouncilView(BaseModel):
    """A council and from when it counts."""

    order: list[str]
    start: str
    days: int


class NeedView(BaseModel):
    """A need; `words` are null for those who may not read them."""

    id: str
    organization_id: str
    kind: ResourceKind | None
    words: str | None
    at: AwareDatetime
    outcome: str | None
    ended: AwareDatetime | None


class ResourceView(NeedView):
    """A resource; `left` of `quantity` can be claimed."""

    kind: ResourceKind
    kind_label: Words
    quantity: float
    left: float


class ProjectView(BaseModel):
    """A project; `words` are its result's, null for those who may not read them."""

    id: str
    need_id: str
    need_by: str
    resource_id: str
    resource_by: str
    kind: ResourceKind
    kind_label: Words
    quantity: float
    at: AwareDatetime
    outcome: str | None
    words: str | None
    ended: AwareDatetime | None
    ended_by: str | None
    work: str | None


class JointRow(EntryView):
    """A joint organization in lists."""

    name: str
    form: Founding
    form_label: Words
    area: str | None
    lead: str
    members: list[MemberView]
    successors: list[str]
    predecessors: list[str]
    open_needs: int
    open_resources: int
    open_projects: int
    moving: int
    """Parcels of open work that are still on their way to successors."""


class JointView(JointRow):
    """A joint organization with its council and what is open of its three lists."""

    council: CouncilView | None
    needs: list[NeedView]
    resources: list[ResourceView]
    projects: list[ProjectView]
    handovers: list[HandoverView]


class DutyHolderView(BaseModel):
    """Who of the council has duty on a day; null where nobody has."""

    day: str
    organization_id: str | None


class EndedView(BaseModel):
    """An entry of the lists that has ended, in the list `name`."""

    name: Literal["needs", "resources", "projects"]
    need: NeedView | None = None
    resource: ResourceView | None = None
    project: ProjectView | None = None
