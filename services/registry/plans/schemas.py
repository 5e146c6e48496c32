"""Bodies and answers of plans."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.handover import HandoverView
from services.registry.schemas import Words
from shared.contracts.words import OrganizationLevel, PlanCount
from shared.web.schemas import AreaCode, Body, PastTime, ShortText, Slug, Time

Status = Literal["draft", "in_force", "closed"]
Quantity = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)]


class PartBody(Body):
    """What of a target is up to an area or to an organization, until then."""

    area: AreaCode | None = None
    organization_id: Slug | None = None
    share: Quantity
    by: Time


class BaselineBody(Body):
    """What there was when it was surveyed: how much, when, from which source."""

    quantity: float = Field(ge=0, le=1e12, allow_inf_nan=False)
    at: PastTime
    source: ShortText


class TargetBody(Body):
    """So much of a work, or so many new entries, until then."""

    id: Slug = Field(description="Chosen by the caller; the same in plans that break it down")
    work: Slug | None = None
    count: PlanCount | None = None
    quantity: Quantity
    until: Time
    baseline: BaselineBody | None = None
    parts: Annotated[list[PartBody], Field(max_length=500)] = Field(default=[])
    reason: ShortText | None = Field(
        default=None, description="For equal shares, or shares that add up to more"
    )


class PlanBody(Body):
    """A plan for an area or for an organization and those below it."""

    name: ShortText
    level: OrganizationLevel | None = Field(
        default=None, description="Absent: that of the area or organization"
    )
    area: AreaCode | None = None
    organization_id: Slug | None = None
    parent: Slug | None = Field(default=None, description="The plan that gave the share")
    since: Time
    targets: Annotated[list[TargetBody], Field(min_length=1, max_length=20)]
    reason: ShortText | None = Field(default=None, description="Of a change while in force")


class PartView(BaseModel):
    """The share of an area or of an organization."""

    area: str | None
    organization_id: str | None
    share: float
    by: AwareDatetime


class BaselineView(BaseModel):
    """What there was when it was surveyed."""

    quantity: float
    at: AwareDatetime
    source: str


class TargetView(BaseModel):
    """A target; `warnings` (`one-size`, `added-on`) were let pass for `reason`."""

    id: str
    work: str | None
    count: PlanCount | None
    unit: str | None
    quantity: float
    until: AwareDatetime
    baseline: BaselineView | None
    parts: list[PartView]
    reason: str | None
    warnings: list[str]


class RevisionView(BaseModel):
    """A change while in force: its reason, and the targets that it changed as they were before."""

    revision: int
    at: AwareDatetime
    by: str
    reason: str
    was: list[TargetView]


class BehindView(BaseModel):
    """A target, or one part of it, that was behind when last looked at."""

    target: str
    area: str | None
    organization_id: str | None
    since: AwareDatetime


class PlanView(BaseModel):
    """A plan; `revision` counts from 1, `revisions` has each change while in force."""

    id: str
    version: int
    name: str
    level: OrganizationLevel
    level_label: Words
    area: str | None
    organization_id: str | None
    parent: str | None
    status: Status
    since: AwareDatetime
    targets: list[TargetView]
    revision: int
    revisions: list[RevisionView]
    behind: list[BehindView]
    outcome: str | None
    area_path: list[str]
    handovers: list[HandoverView] = []


class FiguresView(BaseModel):
    """What was recorded, what of it is reported, and what the time asks for.

    `reported` is the sum of the parts' own, where there are parts; `expected` is the quantity times
    the share of time that has passed.
    """

    quantity: float
    by: AwareDatetime
    recorded: float
    reported: float
    elapsed: float
    expected: float
    behind: bool


class PartProgress(FiguresView):
    """A part; `plan_id` is the plan that breaks it down further."""

    area: str | None
    organization_id: str | None
    plan_id: str | None


class TargetProgress(FiguresView):
    """A target, its parts, and what was recorded inside the plan but in none of them."""

    id: str
    parts: list[PartProgress]
    in_no_part: float


class ProgressView(BaseModel):
    """How far a plan is, counted now."""

    plan_id: str
    at: AwareDatetime
    targets: list[TargetProgress]
