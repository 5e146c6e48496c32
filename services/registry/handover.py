"""Work that passes from one organization to another: who had it, who has it since when, why; pure.

Each open piece of work is a document of its own, so that a follower passes them on one by one
(`succession/`). What it decides of a piece looks only at who has it now: done again, it finds the
piece with somebody else and does nothing.

Ours (issue 3, item 2): the policy says nothing of the work of who is dissolved or merged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.registry.standing import Party, Standing


class Handover(BaseModel):
    """`organization_id` had it until `at`, `to` has it since; `role` is what it was in it."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    role: str
    organization_id: str
    to: str
    at: AwareDatetime
    by: str
    why: str


class HandoverView(BaseModel):
    """`organization_id` had it until `at`, `to` has it since; `role` is what it was in it."""

    role: str
    organization_id: str
    to: str
    at: AwareDatetime
    by: str
    why: str


def views_of(handovers: Iterable[Handover]) -> list[HandoverView]:
    """As they are answered."""
    return [HandoverView(**one.model_dump()) for one in handovers]


@dataclass(frozen=True, slots=True)
class Passing:
    """What `old` has passes to `new`, at a moment, by whom and why; `unit_id` is that of `old`."""

    old: str
    new: Standing
    at: datetime
    by: str
    why: str
    unit_id: str | None = None

    @property
    def party(self) -> Party:
        """The new side."""
        return self.new.party()

    def kept(self, role: str) -> Handover:
        """The entry in the history of a piece of work."""
        return Handover(
            role=role,
            organization_id=self.old,
            to=self.new.organization_id,
            at=self.at,
            by=self.by,
            why=self.why,
        )
