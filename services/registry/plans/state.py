"""What is kept of a plan."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry.handover import Handover
from services.registry.plans.schemas import Status
from services.registry.watch import Watched
from shared.contracts.words import OrganizationLevel, PlanCount


class Kept(BaseModel):
    """A frozen piece of state."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Place(Kept):
    """An area or an organization; `kind` as in paths."""

    kind: Literal["areas", "organizations"]
    id: str

    @property
    def key(self) -> str:
        """As `areas/440310001`."""
        return f"{self.kind}/{self.id}"

    @property
    def fields(self) -> dict[str, str | None]:
        """As bodies, answers and events name it."""
        area = self.id if self.kind == "areas" else None
        return {"area": area, "organization_id": None if area else self.id}


class Part(Kept):
    """A share of a target."""

    place: Place
    share: float
    by: datetime


class Baseline(Kept):
    """What there was when it was surveyed (art. 10)."""

    quantity: float
    at: datetime
    source: str


class Target(Kept):
    """So much of a work, or so many new entries, until then."""

    id: str
    work: str | None
    count: PlanCount | None
    quantity: float
    until: datetime
    baseline: Baseline | None
    parts: tuple[Part, ...]
    reason: str | None

    @property
    def measure(self) -> tuple[str | None, PlanCount | None]:
        """What is counted."""
        return self.work, self.count


class Revision(Kept):
    """A change while in force: `was` has the targets that it changed, as they were."""

    revision: int
    at: datetime
    by: str
    reason: str
    was: tuple[Target, ...]


class Behind(Kept):
    """A target, or one part of it, that is behind, and since when that is known."""

    target: str
    place: Place | None
    since: datetime

    @property
    def key(self) -> tuple[str, str | None]:
        """Target and place."""
        return self.target, self.place.key if self.place else None


class PlanState(Watched):
    """A plan; `area_path` is of its area, or of the area that its organization answers for.

    `slot` keeps a second plan for the same part of the plan above out (a unique index): None for
    one that has no plan above or is closed. `places` has the keys of all parts, for the list.
    """

    name: str
    level: OrganizationLevel
    place: Place
    unit_id: str | None
    parent: str | None
    slot: str | None
    status: Status = "draft"
    since: datetime
    targets: tuple[Target, ...]
    places: tuple[str, ...]
    revision: int = 1
    revisions: tuple[Revision, ...] = ()
    behind: tuple[Behind, ...] = ()
    is_behind: bool = False
    next_check: datetime | None = None
    outcome: str | None = None
    handovers: tuple[Handover, ...] = ()
    """Of the plan (`organization_id`) or of its parts (`parts`), the oldest first."""

    def due(self) -> datetime | None:
        """When it is compared with the time that has passed next."""
        return self.next_check

    def target(self, id: str) -> Target | None:
        """The target `id`, if there is one."""
        return next((target for target in self.targets if target.id == id), None)

    def share_of(self, target_id: str, place: Place) -> tuple[Target, Part] | None:
        """A target and what of it is up to `place`, if anything is."""
        target = self.target(target_id)
        part = target and next((part for part in target.parts if part.place == place), None)
        return (target, part) if target and part else None
