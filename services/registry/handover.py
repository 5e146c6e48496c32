"""Work that passes from one organization to another: who had it, who has it since when, why; pure.

Each open piece of work is a document of its own, so that a follower passes them on one by one
(`succession/`). What it decides of a piece looks only at who has it now: done again, it finds the
piece with somebody else and does nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

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
    """What `old` has passes to `new`, at a moment, by whom and why."""

    old: str
    new: Standing
    at: datetime
    by: str
    why: str

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


class Succeeded(NamedTuple):
    """As much of an organization as says who takes over."""

    retired: bool
    successors: tuple[str, ...] = ()


def heir_of(id: str, organizations: Mapping[str, Succeeded]) -> str | None:
    """Who takes over all that `id` has open: its one successor, or that one's, and so on.

    None where it is in service, names nobody, or names several (a person says who gets what); and
    where the successors lead round to one already passed. The chain ends at one that is in
    service, or that has not one successor itself: what is open waits there for a person.
    """
    seen = {id}
    here = id
    while (found := organizations.get(here)) and found.retired and len(found.successors) == 1:
        following = found.successors[0]
        if following in seen:
            return None
        if following not in organizations:
            break
        seen.add(following)
        here = following
    return None if here == id else here
