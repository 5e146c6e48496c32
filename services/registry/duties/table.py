"""The table of duties: what organizations of each domain owe a year (policy, art. 5)."""

from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.words import Domain
from shared.storage.tables import Table
from shared.web.schemas import Slug


class Duty(BaseModel):
    """A work that organizations of a domain do so many times a year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: Domain
    work: Slug = Field(description="A code of the table of works")
    times: int = Field(ge=1, le=1000, description="Records a year")
    quantity: float | None = Field(
        default=None, gt=0, le=1e12, allow_inf_nan=False, description="A year, in the work's unit"
    )
    article: int | None = Field(default=None, ge=1, le=1000, description="Of the policy")


class DutyTable(Table):
    """Duties by domain: which works, how often and how much a year, by which article."""

    NAME: ClassVar[str] = "duties"

    duties: Annotated[tuple[Duty, ...], Field(max_length=500)]

    @model_validator(mode="after")
    def _stand_once(self) -> "DutyTable":
        if len({(duty.domain, duty.work) for duty in self.duties}) != len(self.duties):
            raise ValueError("a work stands there twice for one domain")
        return self

    @cached_property
    def by_domain(self) -> dict[Domain, tuple[Duty, ...]]:
        """The duties of each domain that has any, in the table's order."""
        return {
            domain: found
            for domain in Domain
            if (found := tuple(duty for duty in self.duties if duty.domain is domain))
        }
