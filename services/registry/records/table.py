"""The table of works: what can be recorded, in which unit it is counted.

Each work names its article of the policy (art. 3 to 12); one without is a city's own.
"""

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table
from shared.web.problems import Problem
from shared.web.schemas import ShortText, Slug

Doer = Literal["organization", "person"]


class Work(BaseModel):
    """A kind of work, as visits to households."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Slug
    zh: ShortText
    en: ShortText
    unit: ShortText = Field(description="What a quantity counts: times, hours, households, yuan")
    doers: Annotated[tuple[Doer, ...], Field(min_length=1)]
    article: int | None = Field(default=None, ge=1, le=1000, description="Of the policy")


class WorkTable(Table):
    """Works that can be recorded: code, names, the unit of their quantity, and who can do them."""

    NAME: ClassVar[str] = "works"

    works: Annotated[tuple[Work, ...], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _codes_differ(self) -> "WorkTable":
        if len(self.by_code) != len(self.works):
            raise ValueError("a code stands there twice")
        return self

    @cached_property
    def by_code(self) -> dict[str, Work]:
        """The works by code."""
        return {work.code: work for work in self.works}

    def find(self, code: str, field: str) -> Work:
        """The work named in `field`. Raises `Problem` 422."""
        work = self.by_code.get(code)
        if work is None:
            raise Problem(422, "unknown-work", field=field, where="/v1/works", id=code)
        return work
