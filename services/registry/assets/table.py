"""The table of the six assets: what is counted, how many at least, in which time (art. 4)."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.words import Asset, CarrierKind, Domain, Post
from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug


class Count(StrEnum):
    """Facts that can be counted of an organization."""

    TERMS = "terms"
    """Posts that are held now, of `posts`."""
    TRAINED = "trained"
    """Those in office whose training is not out of date."""
    VENUES = "venues"
    VENUE_USES = "venue_uses"
    """Different uses of its venues together."""
    CARRIERS = "carriers"
    """Duty posts and responsibility areas, of `kinds`, that somebody holds now."""
    PROMISES = "promises"
    """Kept, by when they were."""
    ERRANDS = "errands"
    """Done; with `satisfied`, those whose resident gave at least so much."""
    RECORDS = "records"
    """Records of `works`; with `sum`, their quantities."""


class Criterion(BaseModel):
    """One fact that an asset asks for; `domains` empty: of organizations of all domains."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    asset: Asset
    zh: ShortText
    en: ShortText
    todo_zh: ShortText
    todo_en: ShortText
    count: Count
    at_least: float = Field(gt=0, le=1_000_000)
    within_months: int | None = Field(default=None, ge=1, le=600)
    domains: tuple[Domain, ...] = ()
    posts: tuple[Post, ...] = ()
    kinds: tuple[CarrierKind, ...] = ()
    works: Annotated[tuple[Slug, ...], Field(max_length=100)] = ()
    sum: bool = False
    satisfied: int | None = Field(default=None, ge=1, le=5)

    @model_validator(mode="after")
    def _says_of_what(self) -> "Criterion":
        needed = {Count.TERMS: self.posts, Count.CARRIERS: self.kinds, Count.RECORDS: self.works}
        if self.count in needed and not needed[self.count]:
            raise ValueError("say what is counted: posts, kinds or works")
        return self


class AssetTable(Table):
    """The criteria of the six assets, and within how many years an organization is to have all."""

    NAME: ClassVar[str] = "six-assets"

    target_years: int = Field(ge=1, le=20)
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _each_asset_once(self) -> "AssetTable":
        codes = [criterion.code for criterion in self.criteria]
        if len(set(codes)) != len(codes):
            raise ValueError("a code stands there twice")
        for domain in Domain:
            if {criterion.asset for criterion in self.of(domain)} != set(Asset):
                raise ValueError("each of the six assets needs a criterion in each domain")
        return self

    def of(self, domain: Domain) -> list[Criterion]:
        """The criteria for organizations of a domain."""
        return [each for each in self.criteria if not each.domains or domain in each.domains]
