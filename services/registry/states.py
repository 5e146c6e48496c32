"""What the registry keeps of each aggregate."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.registry.chinese import grams, sort_key
from shared.contracts.payload import Point
from shared.contracts.registry import Boundary, Linked
from shared.contracts.words import AreaLevel, Domain, Founding, GridLevel, OrganizationLevel
from shared.storage.aggregates import State


class Returned(BaseModel):
    """A change by hand that the first report of the owner's system has overwritten."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    at: datetime
    by: str
    """Who had made it, as in the history."""
    unit_id: str
    fields: tuple[str, ...]


class Entry(State):
    """What all have: whether it is retired, the codes of its areas from the top down, and who
    owns it (`service/ownership.py`)."""

    area_path: tuple[str, ...] = ()
    retired: bool = False
    owner: str | None = None
    """The unit whose own system reports it; None: it is kept by hand."""
    barred: tuple[str, ...] = ()
    """Units that an administrator took it away from."""
    returned: tuple[Returned, ...] = ()


class Named(Entry):
    """An entry with a public name; `sort_key` and `grams` follow from it (`naming`)."""

    name: str
    sort_key: str
    grams: tuple[str, ...]


def naming(name: str) -> dict[str, Any]:
    """The three fields of `Named` for a name."""
    return {"name": name, "sort_key": sort_key(name), "grams": grams(name)}


class AreaState(Named):
    """An area; its `area_path` ends with its own code."""

    level: AreaLevel
    parent: str | None = None


class UnitState(Named):
    """A unit."""

    domain: Domain
    area: str | None = None
    system: str | None = None
    superior_unit_id: str | None = None
    superior_organization_id: str | None = None


class OrganizationState(Named):
    """A party organization."""

    domain: Domain
    level: OrganizationLevel
    unit_id: str | None = None
    area: str | None = None
    parent: str | None = None
    founding: Founding | None = None
    founded: str | None = None
    """The day, as `2026-03-01`."""
    successors: tuple[str, ...] = ()


class GridState(Named):
    """A grid and its team; `geometry` is GeoJSON.

    Area, path, communities, geometry and level are the boundary that counts now, from `valid_from`
    (None: the beginning) until `valid_until`; `boundaries` are the others (`service/boundaries`).
    """

    area: str
    communities: tuple[str, ...] = ()
    geometry: dict[str, Any] | None = None
    organization_id: str | None = None
    leader: str | None = None
    members: tuple[str, ...] = ()
    level: GridLevel = GridLevel.COMMUNITY_GRID
    population: int | None = None
    linked: tuple[Linked, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    undated: bool = False
    boundaries: tuple[Boundary, ...] = ()
    in_force: bool = True
    """Whether the boundary counts: not of a grid that is still to come, or has ended."""
    due: datetime | None = None
    """When the next boundary takes effect; then `grid_id` is the own id, for the timer."""
    grid_id: str | None = None

    def next_due(self) -> datetime | None:
        """When the next boundary takes effect."""
        return self.due


class PersonState(Entry):
    """A member or volunteer. Name and telephone are encrypted; their blind indexes find equal ones.

    The service point is kept as rounded as events carry it: nobody needs it finer. `once` stands
    for name and telephone together, `number` for the person; both are nobody else's.
    """

    number: str | None = None
    once: str | None = None

    name: str
    name_index: str
    telephone: str | None = None
    telephone_index: str | None = None
    skills: tuple[str, ...] = ()
    grid_id: str
    capacity: int
    available: bool
    service_point: Point | None = None
    unit_id: str | None = None
    organization_id: str | None = None
    services: tuple[str, ...] = ()
