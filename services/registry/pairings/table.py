"""Which organizations fit which kind of pairing, as data (policy, art. 12)."""

from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registry.standing import Standing
from shared.contracts.words import Domain, OrganizationLevel, PairingKind
from shared.storage.tables import Table


class Side(BaseModel):
    """Domains and levels that fit a side; an empty list: all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domains: tuple[Domain, ...] = ()
    levels: tuple[OrganizationLevel, ...] = ()

    def fits(self, who: Standing) -> bool:
        """Whether the organization can stand on this side."""
        return (not self.domains or who.domain in self.domains) and (
            not self.levels or who.level in self.levels
        )


class PairingRule(BaseModel):
    """A kind of pairing: who gives, who takes, and how the two must differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PairingKind
    giver: Side
    taker: Side
    domains: Literal["any", "same", "different"] = "any"
    other_area: bool = Field(default=False, description="The sides answer for different areas")
    person: bool = Field(default=False, description="A person is sent from one to the other")
    stronger: bool = Field(
        default=False, description="The giver holds more of the six assets, or a reason is given"
    )


class PairingTable(Table):
    """Kinds of pairings: which domains and levels fit each side, and when the end is near."""

    NAME: ClassVar[str] = "pairing-kinds"

    warn_days: int = Field(ge=0, le=365, description="The end of a term is told so many days ahead")
    kinds: Annotated[tuple[PairingRule, ...], Field(min_length=1, max_length=len(PairingKind))]

    @model_validator(mode="after")
    def _kinds_differ(self) -> "PairingTable":
        if len(self.by_kind) != len(self.kinds):
            raise ValueError("a kind stands there twice")
        return self

    @cached_property
    def by_kind(self) -> dict[PairingKind, PairingRule]:
        """The rules by kind."""
        return {rule.kind: rule for rule in self.kinds}
