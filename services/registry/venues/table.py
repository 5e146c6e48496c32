"""The table of what a venue is used for (policy, art. 8: one room, many uses)."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug


class Use(BaseModel):
    """A use, with its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText


class VenueUses(Table):
    """Uses that a venue can have."""

    NAME: ClassVar[str] = "venue-uses"

    uses: Annotated[tuple[Use, ...], Field(min_length=1, max_length=200)]

    @property
    def codes(self) -> list[str]:
        """The codes, in their order."""
        return [use.code for use in self.uses]
