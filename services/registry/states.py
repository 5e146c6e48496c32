"""What the registry keeps of each aggregate."""

from typing import Any

from services.registry.chinese import grams, sort_key
from shared.contracts.payload import Point
from shared.contracts.registry import Linked
from shared.contracts.words import AreaLevel, Domain, Founding, GridLevel, OrganizationLevel
from shared.storage.aggregates import State


class Entry(State):
    """What all have: whether it is retired, and the codes of its areas from the top down."""

    area_path: tuple[str, ...] = ()
    retired: bool = False


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
    successors: tuple[str, ...] = ()


class GridState(Named):
    """A grid and its team; `geometry` is GeoJSON."""

    area: str
    communities: tuple[str, ...] = ()
    geometry: dict[str, Any] | None = None
    organization_id: str | None = None
    leader: str | None = None
    members: tuple[str, ...] = ()
    level: GridLevel = GridLevel.COMMUNITY_GRID
    population: int | None = None
    linked: tuple[Linked, ...] = ()


class PersonState(Entry):
    """A volunteer. Name and telephone are encrypted; their blind indexes find equal ones.

    The service point is kept as rounded as events carry it: nobody needs it finer.
    """

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
