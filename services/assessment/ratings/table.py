"""How the public rating counts and what it guards against, as data."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.storage.tables import Table


class SourceRule(BaseModel):
    """How many voices of one source (a device, a network, a telephone) count for one subject.

    A source with at least `least` voices that are more than `share` of the voices which came alone
    from theirs counts for nothing until a person has judged it. Below that it counts with its first
    `most` voices, or with `most_share` of the lone ones where that is more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: int = Field(ge=2, le=1000)
    share: float = Field(gt=0, le=1)
    most: int = Field(ge=1, le=100_000)
    most_share: float = Field(ge=0, le=1)


class RatingRules(Table):
    """Rules of the public rating: who counts as satisfied, and what a source may bring."""

    NAME: ClassVar[str] = "rating-rules"

    source: str
    """Where the numbers come from, and how sure they are."""
    satisfied_from: int = Field(ge=1, le=5, description="A rating of 1 to 5 from which on")
    few_voices: int = Field(
        ge=1, le=1_000_000, description="Fewer counted voices are marked as few"
    )
    recipients_least: int = Field(
        ge=1, le=1_000_000, description="Voices that the recipients' line needs"
    )
    device: SourceRule
    network: SourceRule
    ipv4_bits: int = Field(ge=8, le=32, description="An address's first bits are its network")
    ipv6_bits: int = Field(ge=16, le=128)
    rate_voices: int = Field(
        ge=2, le=1_000_000, description="More voices at one place within `rate_seconds`…"
    )
    rate_seconds: float = Field(gt=0)
    regular_voices: int = Field(
        ge=5, le=1_000_000, description="So many in a row at even gaps are a machine's"
    )
    regular_tolerance: float = Field(ge=0, lt=1, description="Gaps this alike (share of the gap)")
    own_staff_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="A larger share of follow-ups entered by the subject's own staff does not "
        "count; null: no limit, the share is shown",
    )
