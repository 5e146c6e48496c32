"""Bodies and answers of guarantees and of support."""

from pydantic import AwareDatetime, BaseModel, Field

from services.assessment.support.groups import Lack, SupportGroup
from shared.contracts.support import GuaranteeKind
from shared.web.money import Yuan
from shared.web.reasons import Reason
from shared.web.schemas import Body, Change, PastTime, Slug, Time


class GuaranteeBody(Body):
    """A guarantee: who promises what to whom, until when, and by which decision."""

    kind: GuaranteeKind
    organization_id: Slug
    giver: Slug = Field(description="The organization that promises it")
    year: int = Field(ge=2000, le=2100)
    yuan: Yuan
    by: Time
    reason: Reason = Field(description="The decision or document that promises it")


class GiftBody(Body):
    """A part that was given."""

    yuan: Yuan
    at: PastTime
    reason: Reason = Field(description="The voucher, or how it is known")


class WhyBody(Body):
    """Why."""

    reason: Reason


class CreatedOut(BaseModel):
    """The id of what was made."""

    id: str


class GiftOut(BaseModel):
    """What was given; `voided` has the reason of one that does not count."""

    id: str
    yuan: float
    at: AwareDatetime
    by: str
    voided: str | None


class GuaranteeOut(BaseModel):
    """A guarantee as it stands."""

    id: str
    version: int
    kind: GuaranteeKind
    kind_label: str
    organization_id: str
    giver: str
    year: int
    by: AwareDatetime
    promised_yuan: float
    given_yuan: float
    missing_yuan: float
    overdue: bool
    withdrawn: str | None
    gifts: list[GiftOut]
    history: list[Change] | None = Field(default=None, description="Of one guarantee alone")


class DueOut(BaseModel):
    """A target, or a share of one, of the subject: what was to be done until when, and was.

    `done` is null where the plan counts new entries of the registry: its progress says how many.
    """

    plan_id: str
    target: str
    work: str | None
    share: float
    by: AwareDatetime
    done: float | None
    missing: float | None
    overdue: bool


class SupportOut(BaseModel):
    """What a subject was given to work with, and what it was to do, up to the end of a period."""

    kind: str
    id: str
    name: str
    period: str
    organizations: list[str]
    funds_promised: float = Field(description="Yuan that were to be there by the end")
    funds_given: float
    has_venue: bool | None = Field(description="Null where the registry has not told")
    plans_due: int = Field(description="Targets and shares due in the period")
    plans_overdue: int = Field(description="Those of them that were not reached")
    group: SupportGroup
    group_label: str
    lacks: list[Lack]
    inputs: dict[str, float] = Field(description="As formulas of schemes see them")
    plans: list[DueOut]
    guarantees: list[GuaranteeOut]
