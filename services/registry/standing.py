"""Where an organization stands: its level, the area that it answers for, those above it.

An organization can be reached along two lines (policy, art. 14): its system and its place. Its
place is the areas that it lies in. Its system is the chain of its superior organizations (`parent`)
and, where its unit is under vertical management, the organization that the unit names as its
superior (`superior_organization_id`) with those above that one.

Both count for who may assign it a task (`line_between`): a tax office takes orders from the city's
tax bureau and from the district. A plan is broken down and rolls up along `parent` alone
(`lineage`): what an organization does would count twice on two lines, and its shares stand in one
whole (art. 16). Who may act for an organization is asked of its areas and its unit, not of a line.
Assessment has both lines of its own, from the unit's event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from services.registry.records.decisions import may_record
from services.registry.repository import Repository
from services.registry.service.base import Known, Reference, Referred
from services.registry.states import OrganizationState
from shared.contracts.words import AreaLevel, Domain, OrganizationLevel
from shared.storage.client import Document
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

AREA_LEVELS = {
    OrganizationLevel.PROVINCE: AreaLevel.CITY,
    OrganizationLevel.CITY: AreaLevel.CITY,
    OrganizationLevel.COUNTY: AreaLevel.DISTRICT,
    OrganizationLevel.TOWNSHIP: AreaLevel.STREET,
    OrganizationLevel.GRASSROOTS: AreaLevel.COMMUNITY,
}
"""The level of the area that an organization of a level answers for."""


class Line(StrEnum):
    """How an organization is above another (policy, art. 14)."""

    SYSTEM = "system"
    PLACE = "place"


class Party(BaseModel):
    """A side as kept with what it agreed to: `path` is of the area that it answers for."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    organization_id: str
    path: tuple[str, ...]
    unit_id: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An organization as decisions on several look at it.

    `path` is where it is registered, from the top area down; `scope` is `path` cut at the area of
    its level, as a county's bureau answers for the county and not for the street that its house
    stands in; `lineage` has those above it by `parent`, `system` those above it by its unit's
    superior, the nearest first.
    """

    organization_id: str
    domain: Domain
    level: OrganizationLevel
    unit_id: str | None
    path: tuple[str, ...]
    scope: tuple[str, ...]
    lineage: tuple[str, ...]
    system: tuple[str, ...] = ()

    def serves(self, path: Sequence[str]) -> bool:
        """Whether an area of this path lies in the area that it answers for."""
        if self.level is OrganizationLevel.PROVINCE:
            return True
        return bool(self.scope) and self.scope[-1] in path

    def party(self) -> Party:
        """As it is kept."""
        return Party(organization_id=self.organization_id, path=self.scope, unit_id=self.unit_id)


def line_between(above: Standing, below: Standing) -> Line | None:
    """The line by which `above` is over `below` (art. 14); None where there is none."""
    if above.organization_id in (*below.lineage, *below.system):
        return Line.SYSTEM
    return Line.PLACE if above.serves(below.path) else None


def scope_of(
    level: OrganizationLevel, path: Sequence[str], levels: Mapping[str, AreaLevel]
) -> tuple[str, ...]:
    """`path` down to the area of an organization's level; all of it where none is of that level."""
    for depth, code in enumerate(path):
        if levels.get(code) is AREA_LEVELS[level]:
            return tuple(path[: depth + 1])
    return tuple(path)


def lineage_of(id: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """Those above `id`, the nearest first; a cycle ends where it closes."""
    lineage: list[str] = []
    above = parents.get(id)
    while above is not None and above != id and above not in lineage:
        lineage.append(above)
        above = parents.get(above)
    return tuple(lineage)


def system_of(
    id: str, parents: Mapping[str, str | None], superiors: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Those above `id` in its unit's system, the nearest first; none where its unit names none.

    Above each is the superior of its unit, and where that names none its parent.

    Args:
        superiors: by organization, the superior organization of its unit.
    """
    if superiors.get(id) is None:
        return ()
    ways = {one: superiors.get(one) or parents.get(one) for one in (*parents, *superiors)}
    return lineage_of(id, ways)


@dataclass(frozen=True, slots=True)
class Standings:
    """The organizations that were fetched for a decision."""

    known: Known
    by_id: Mapping[str, Standing]

    def find(self, id: str, field: str) -> Standing:
        """The one named in `field`. Raises `Problem` 422 where it is unknown or retired."""
        self.known.find("organizations", id, field)
        return self.by_id[id]


async def standings(repository: Repository, ids: Iterable[str]) -> Standings:
    """How `ids` stand, those that are registered."""
    asked = set(ids)
    states: dict[str, OrganizationState] = {}
    superiors: dict[str, str | None] = {}
    wanted, tried = set(asked), set[str]()
    while wanted:
        found = await repository.stores["organizations"].get_many(wanted)
        new = {id: one.state for id, one in found.items() if one.state is not None}
        states |= new
        units = await repository.superiors({s.unit_id for s in new.values() if s.unit_id})
        superiors |= {id: units.get(state.unit_id or "") for id, state in new.items()}
        tried |= wanted
        above = {*(state.parent for state in new.values()), *superiors.values()}
        wanted = {id for id in above if id is not None} - tried
    codes = {code for id in asked & states.keys() for code in states[id].area_path}
    areas = await repository.look_up(Reference("areas", code) for code in codes)
    levels = {place.id: AreaLevel(area.level) for place, area in areas.items() if area.level}
    parents = {id: state.parent for id, state in states.items()}
    entries = {
        Reference("organizations", id): Referred(state.area_path, state.retired)
        for id, state in states.items()
    }
    by_id = {
        id: Standing(
            organization_id=id,
            domain=state.domain,
            level=state.level,
            unit_id=state.unit_id,
            path=state.area_path,
            scope=scope_of(state.level, state.area_path, levels),
            lineage=lineage_of(id, parents),
            system=system_of(id, parents, superiors),
        )
        for id, state in states.items()
        if id in asked
    }
    return Standings(Known(entries), by_id)


# Who may do what


def acts_for(principal: Principal, party: Party) -> bool:
    """Whether the caller answers for this side."""
    return may_record(principal, party.path, party.unit_id)


def ensure_acts_for(principal: Principal, *parties: Party) -> None:
    """Raise `Problem` 403 unless the caller answers for one of the sides."""
    if not any(acts_for(principal, party) for party in parties):
        raise Problem(403, "not-your-side")


def both_paths(*parties: Party) -> tuple[str, ...]:
    """The codes of all sides' areas, each once: what is agreed concerns them all."""
    return tuple(dict.fromkeys(code for party in parties for code in party.path))


def both_units(*parties: Party) -> tuple[str, ...]:
    """The units of the sides."""
    return tuple(dict.fromkeys(p.unit_id for p in parties if p.unit_id is not None))


def own_of(principal: Principal) -> Document:
    """The condition on documents (`area_path`, `units`) that lists show this caller."""
    if principal.role is Role.ADMINISTRATOR:
        return {}
    if principal.role is Role.UNIT_OPERATOR:
        return {"state.units": principal.unit_id or ""}
    return {"state.area_path": {"$in": sorted(principal.areas)}}
