"""Bodies and answers of the six assets."""

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.schemas import Words
from shared.contracts.words import Asset
from shared.spans import Day
from shared.web.schemas import Body, ShortText


class TargetBody(Body):
    """By when the organization is to have all six; null: as the table says."""

    at: Day | None
    why: ShortText = Field(description="For the history")


class CriterionView(BaseModel):
    """A fact that an asset asks for: what was found, from where, and what is missing."""

    code: str
    label: Words
    found: float
    at_least: float
    since: AwareDatetime | None
    """Counted from then on; null: what is there now."""
    source: Words
    where: str
    met: bool
    missing: Words | None


class AssetView(BaseModel):
    """One of the six."""

    asset: Asset
    label: Words
    met: bool
    criteria: list[CriterionView]


class ScorecardView(BaseModel):
    """The six assets of an organization as the facts are now."""

    organization_id: str
    organization: str | None
    area_path: list[str]
    held: int
    assets: list[AssetView]
    target_at: AwareDatetime
    target_set: bool
    """Whether it was set for this organization."""
    overdue: bool


class ListedScorecard(BaseModel):
    """How many of the six an organization has, as last counted."""

    organization_id: str
    organization: str | None
    area_path: list[str]
    held: int
    lacking: list[Asset]
    target_at: AwareDatetime
    overdue: bool


class TotalView(BaseModel):
    """How many organizations have so many of the six."""

    held: int
    organizations: int


class AssetTotalsView(BaseModel):
    """By how many of the six, from none to all."""

    items: list[TotalView]
