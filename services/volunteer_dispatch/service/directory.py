"""The city as routing sees it: areas, grids, units and the organizations that answer for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, NamedTuple

from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.successors import heir_of

NO_CITY = "city"
"""The top area's code while no area is known."""


class AreaSeen(NamedTuple):
    """As much of an area as routing looks at."""

    parent: str | None
    retired: bool
    level: str | None = None
    """As in `words.AreaLevel`; None: not told."""


class GridSeen(NamedTuple):
    """As much of a grid as routing looks at."""

    organization_id: str | None
    area: str | None
    retired: bool


class UnitSeen(NamedTuple):
    """As much of a unit as routing looks at."""

    domain: str | None
    area: str | None
    retired: bool


class OrganizationSeen(NamedTuple):
    """As much of an organization as routing looks at."""

    unit_id: str | None
    area: str | None
    retired: bool
    successors: tuple[str, ...] = ()


class JointSeen(NamedTuple):
    """As much of a joint organization as the way to help looks at."""

    lead: str | None
    members: tuple[tuple[str, str | None], ...]
    """Organizations, with the first day without them (ISO date) or None."""
    retired: bool


class PairingSeen(NamedTuple):
    """As much of a pairing as the way to help looks at; times in ISO form, in UTC."""

    giver: str | None
    taker: str | None
    since: str | None
    until: str | None
    ended: bool


_SEEN: dict[str, Any] = {
    "areas": AreaSeen,
    "grids": GridSeen,
    "units": UnitSeen,
    "organizations": OrganizationSeen,
    "joints": JointSeen,
    "pairings": PairingSeen,
}
KINDS: dict[str, tuple[str, ...]] = {kind: seen._fields for kind, seen in _SEEN.items()}
"""Read-model collections that the directory is made of, and the fields that it keeps of each.

A city has 100,000 organizations: whole documents would be ten times as large.
"""


@dataclass
class Directory:
    """What routing looks at of the registry, by kind and id (`put`), and look-ups over it."""

    areas: dict[str, AreaSeen] = field(default_factory=dict)
    grids: dict[str, GridSeen] = field(default_factory=dict)
    units: dict[str, UnitSeen] = field(default_factory=dict)
    organizations: dict[str, OrganizationSeen] = field(default_factory=dict)
    joints: dict[str, JointSeen] = field(default_factory=dict)
    pairings: dict[str, PairingSeen] = field(default_factory=dict)
    _of_unit: dict[str, str] = field(default_factory=dict)
    _of_area: dict[str, str] = field(default_factory=dict)
    _by_domain: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _top: str = NO_CITY
    _stale: set[str] = field(default_factory=set)

    def put(self, kind: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take in documents (`_id` is the registry id) of one of `KINDS`."""
        known: dict[str, Any] = getattr(self, kind)
        seen, fields = _SEEN[kind], KINDS[kind]
        for document in documents:
            new = seen._make(_kept(name, document.get(name)) for name in fields)
            if known.get(document["_id"]) != new:
                known[document["_id"]] = new
                self._stale.add(kind)

    def _index(self) -> None:
        if "organizations" in self._stale:
            self._of_unit, self._of_area = {}, {}
            for id, organization in _active(self.organizations):
                # Of several the lowest id.
                if organization.unit_id:
                    _lowest(self._of_unit, organization.unit_id, id)
                elif organization.area:
                    _lowest(self._of_area, organization.area, id)
        if "units" in self._stale:
            self._by_domain = {}
            for id, unit in sorted(_active(self.units)):
                if unit.area:
                    self._by_domain.setdefault((unit.domain, unit.area), []).append(id)
        if "areas" in self._stale:
            tops = [id for id, area in _active(self.areas) if not area.parent]
            self._top = min(tops, default=NO_CITY)
        self._stale.clear()

    def top_area(self) -> str:
        """Code of the area above all others; `city` while none is known."""
        self._index()
        return self._top

    def path_of(self, code: str | None) -> tuple[str, ...]:
        """Codes from the top area down to this one; nothing for None."""
        path: list[str] = []
        while code is not None and code not in path:
            path.append(code)
            area = self.areas.get(code)
            code = area.parent if area else None
        return tuple(reversed(path))

    def knows(self, kind: AssigneeKind, id: str) -> bool:
        """Whether there is such a unit, grid or area in service (volunteers are not kept here)."""
        known: Mapping[AssigneeKind, Mapping[str, Any]] = {
            AssigneeKind.UNIT: self.units,
            AssigneeKind.GRID_TEAM: self.grids,
            AssigneeKind.AREA_DUTY: self.areas,
        }
        found = known.get(kind, {}).get(id)
        return found is not None and not found.retired

    def has_retired_unit(self, id: str) -> bool:
        """Whether this unit is known to take part no more."""
        return id in self.units and self.units[id].retired

    def answers_for(self, grid_id: str) -> str | None:
        """The organization of a grid, or the one in service that took over from it.

        None where it is retired and nobody, or more than one, took over: what no one answers for
        counts for no one, until the registry names another for the grid.
        """
        grid = self.grids.get(grid_id)
        named = grid.organization_id if grid else None
        seen = None if named is None else self.organizations.get(named)
        if named is None or seen is None or not seen.retired:
            return named
        heir = heir_of(named, self.organizations)
        return heir if heir is not None and not self.organizations[heir].retired else None

    def has_retired_grid(self, grid_id: str) -> bool:
        """Whether the grid is known, and is in service no more."""
        return grid_id in self.grids and self.grids[grid_id].retired

    def units_of(self, domain: str, area: str) -> list[str]:
        """Ids of the units of a domain registered at exactly this area, sorted."""
        self._index()
        return self._by_domain.get((domain, area), [])

    def of_area(self, code: str) -> str | None:
        """The organization of an area."""
        self._index()
        return self._of_area.get(code)

    def holder(self, organization_id: str) -> Assignee | None:
        """Who works for an organization: its unit, or the duty officer of its area."""
        seen = self.organizations.get(organization_id)
        if seen is None or seen.retired:
            return None
        if seen.unit_id:
            known = self.knows(AssigneeKind.UNIT, seen.unit_id)
            return self.unit(seen.unit_id) if known else None
        known = seen.area is not None and self.knows(AssigneeKind.AREA_DUTY, seen.area)
        return self.area_duty(seen.area) if known and seen.area else None

    def unit(self, id: str) -> Assignee:
        """A unit as assignee."""
        self._index()
        return Assignee(
            kind=AssigneeKind.UNIT, id=id, unit_id=id, organization_id=self._of_unit.get(id)
        )

    def grid_team(self, id: str) -> Assignee:
        """A grid's team as assignee."""
        organization = self.answers_for(id)
        return Assignee(kind=AssigneeKind.GRID_TEAM, id=id, organization_id=organization)

    def area_duty(self, code: str) -> Assignee:
        """The duty officer of an area as assignee."""
        self._index()
        return Assignee(
            kind=AssigneeKind.AREA_DUTY, id=code, organization_id=self._of_area.get(code)
        )

    def volunteer(self, id: str, unit_id: str | None, grid_id: str | None) -> Assignee:
        """A volunteer as assignee: the own unit's organization answers, or the grid's."""
        self._index()
        organization = self._of_unit.get(unit_id) if unit_id else None
        if organization is None and grid_id is not None:
            organization = self.answers_for(grid_id)
        return Assignee(
            kind=AssigneeKind.VOLUNTEER, id=id, unit_id=unit_id, organization_id=organization
        )

    def of(self, kind: AssigneeKind, id: str) -> Assignee:
        """A unit, grid team or area duty as assignee. Volunteers: `volunteer`."""
        if kind is AssigneeKind.UNIT:
            return self.unit(id)
        return self.grid_team(id) if kind is AssigneeKind.GRID_TEAM else self.area_duty(id)


def _active(known: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((id, seen) for id, seen in known.items() if not seen.retired)


def _kept(name: str, value: Any) -> Any:
    """The value, its text shared by all that have it; what is not told is not retired."""
    if name in ("retired", "ended"):
        return bool(value)
    if name == "members":
        return tuple((one["organization_id"], one.get("left")) for one in value or ())
    if name == "successors":
        return tuple(intern(id) for id in value or ())
    return intern(value) if isinstance(value, str) else None


def _lowest(found: dict[str, str], key: str, id: str) -> None:
    if key not in found or id < found[key]:
        found[key] = id
