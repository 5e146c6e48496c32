"""The city as routing sees it: areas, grids, units and the organizations that answer for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind

NO_CITY = "city"
"""The top area's code while no area is known."""
KINDS = ("areas", "grids", "units", "organizations")
"""Read-model collections that the directory is made of."""


@dataclass
class Directory:
    """Registry documents in memory by kind and id (`put`), and look-ups over them."""

    areas: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    grids: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    units: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    organizations: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _of_unit: dict[str, str] = field(default_factory=dict)
    _of_area: dict[str, str] = field(default_factory=dict)
    _by_domain: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _top: str = NO_CITY
    _stale: bool = False

    def put(self, kind: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take in documents (`_id` is the registry id) of one of `KINDS`."""
        known: dict[str, Mapping[str, Any]] = getattr(self, kind)
        for document in documents:
            known[document["_id"]] = document
            self._stale = True

    def _index(self) -> None:
        if not self._stale:
            return
        self._stale = False
        self._of_unit, self._of_area, self._by_domain = {}, {}, {}
        for id, organization in sorted(_active(self.organizations), reverse=True):
            # In reverse, so that the lowest id of several wins.
            if organization.get("unit_id"):
                self._of_unit[organization["unit_id"]] = id
            elif organization.get("area"):
                self._of_area[organization["area"]] = id
        for id, unit in sorted(_active(self.units)):
            if unit.get("area"):
                self._by_domain.setdefault((unit["domain"], unit["area"]), []).append(id)
        tops = [id for id, area in _active(self.areas) if not area.get("parent")]
        self._top = min(tops, default=NO_CITY)

    def top_area(self) -> str:
        """Code of the area above all others; `city` while none is known."""
        self._index()
        return self._top

    def knows(self, kind: AssigneeKind, id: str) -> bool:
        """Whether there is such a unit, grid or area in service (volunteers are not kept here)."""
        known = {
            AssigneeKind.UNIT: self.units,
            AssigneeKind.GRID_TEAM: self.grids,
            AssigneeKind.AREA_DUTY: self.areas,
        }.get(kind, {})
        return id in known and not known[id].get("retired")

    def has_retired_grid(self, id: str) -> bool:
        """Whether the grid is known, and is in service no more."""
        return bool(self.grids.get(id, {}).get("retired"))

    def units_of(self, domain: str, area: str) -> list[str]:
        """Ids of the units of a domain registered at exactly this area, sorted."""
        self._index()
        return self._by_domain.get((domain, area), [])

    def unit(self, id: str) -> Assignee:
        """A unit as assignee."""
        self._index()
        return Assignee(
            kind=AssigneeKind.UNIT, id=id, unit_id=id, organization_id=self._of_unit.get(id)
        )

    def grid_team(self, id: str) -> Assignee:
        """A grid's team as assignee."""
        organization = self.grids.get(id, {}).get("organization_id")
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
            organization = self.grids.get(grid_id, {}).get("organization_id")
        return Assignee(
            kind=AssigneeKind.VOLUNTEER, id=id, unit_id=unit_id, organization_id=organization
        )

    def of(self, kind: AssigneeKind, id: str) -> Assignee:
        """A unit, grid team or area duty as assignee. Volunteers: `volunteer`."""
        if kind is AssigneeKind.UNIT:
            return self.unit(id)
        return self.grid_team(id) if kind is AssigneeKind.GRID_TEAM else self.area_duty(id)


def _active(known: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    return [(id, document) for id, document in known.items() if not document.get("retired")]
