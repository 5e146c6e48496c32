"""The table of care (policy, art. 3): who is marked, when a visit is due, and when overdue."""

from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug


class CareKind(BaseModel):
    """A reason for care; a visit each `every_days`, overdue so many days after it is due."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText
    every_days: int = Field(ge=1, le=1000)
    overdue_after_days: int = Field(ge=1, le=1000)


class CareRules(Table):
    """Kinds of care and their rhythm; art. 3 names old, hardship and mobile members."""

    NAME: ClassVar[str] = "care-rules"

    kinds: Annotated[tuple[CareKind, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _codes_differ(self) -> "CareRules":
        if len(self.by_code) != len(self.kinds):
            raise ValueError("a code stands there twice")
        return self

    @cached_property
    def by_code(self) -> dict[str, CareKind]:
        """The kinds by code."""
        return {kind.code: kind for kind in self.kinds}
