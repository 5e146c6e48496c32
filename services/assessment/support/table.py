"""From where on support counts as lacking, as data."""

from typing import ClassVar

from pydantic import Field

from services.assessment.support.groups import Bounds
from shared.storage.tables import Table


class SupportRules(Table):
    """Who is compared in a group of its own, as it lacks what it was promised."""

    NAME: ClassVar[str] = "support-rules"

    source: str
    """Where the numbers come from, and how sure they are."""
    funds_share: float = Field(
        ge=0, le=1, description="Less than this share of the money due was given"
    )
    venue_counts: bool = Field(description="Whether to have no venue is a lack")

    @property
    def bounds(self) -> Bounds:
        """As the decision takes them."""
        return Bounds(self.funds_share, self.venue_counts)
