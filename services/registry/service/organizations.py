"""Party organizations: of a unit or an area, under a parent (policy, art. 6)."""

from collections.abc import Iterable
from datetime import date

from services.registry.schemas import OrganizationBody, OrganizationView
from services.registry.service.base import (
    Kind,
    Known,
    Reference,
    Referred,
    check_kept,
    named,
    path_of,
)
from services.registry.service.trees import refuse_cycle
from services.registry.states import OrganizationState, naming
from shared.contracts.registry import OrganizationChanged
from shared.contracts.words import LABELS, OrganizationLevel
from shared.web.auth import Principal
from shared.web.problems import Problem

NAME = "organizations"
RANK = {level: rank for rank, level in enumerate(OrganizationLevel)}
"""0 for the province; lower organizations have higher ranks."""


class Organizations(Kind[OrganizationState, OrganizationBody]):
    """Organizations. One created without an area takes its unit's and keeps it."""

    name, singular = NAME, "organization"
    body, state, view_model = OrganizationBody, OrganizationState, OrganizationView
    tree = "parent"
    follows = (("area", "unit_id"), ("successors", "retired"))
    reported = ("name", "domain", "level", "unit_id", "area", "retired")

    def references(self, body: OrganizationBody) -> Iterable[Reference]:
        """Its area, unit, parent and successors."""
        own = named(areas=body.area, units=body.unit_id, organizations=body.parent)
        return [*own, *(Reference(NAME, each) for each in body.successors)]

    def build(
        self,
        id: str,
        body: OrganizationBody,
        current: OrganizationState | None,
        known: Known,
    ) -> OrganizationState:
        """See `Kind.build`."""
        if body.unit_id is None and body.area is None:
            raise Problem(422, "owner-needed", field="unit_id")
        check_kept(known, "units", "unit_id", body.unit_id, current.unit_id if current else None)
        if body.parent is not None and not (current and current.parent == body.parent):
            known.find(NAME, body.parent, "parent")
            refuse_cycle(NAME, "parent", id, body.parent, known)
        _check_level(id, body, current, known)
        area, path = self._place(body, current, known)
        return OrganizationState(
            **naming(body.name),
            domain=body.domain,
            level=body.level,
            unit_id=body.unit_id,
            area=area,
            parent=body.parent,
            area_path=path,
            founding=body.founding,
            founded=body.founded,
            successors=_successors(id, body, current, known),
        )

    @staticmethod
    def _place(
        body: OrganizationBody, current: OrganizationState | None, known: Known
    ) -> tuple[str | None, tuple[str, ...]]:
        """The area, as said or else the unit's, and its path."""
        if body.area is not None:
            stays = current is not None and current.area == body.area
            return body.area, path_of(
                known, body.area, current.area_path if current and stays else None
            )
        assert body.unit_id is not None
        if current is not None and current.unit_id == body.unit_id:
            return current.area, current.area_path
        unit = known.find("units", body.unit_id, "unit_id")
        return unit.area, unit.path

    def referred(self, state: OrganizationState) -> Referred:
        """As others see it."""
        return Referred(
            state.area_path, state.retired, parent=state.parent, level=state.level,
            unit_id=state.unit_id,
        )  # fmt: skip

    def lowers(self, body: OrganizationBody, current: OrganizationState) -> bool:
        """See `Kind.lowers`."""
        return RANK[body.level] > RANK[current.level]

    def event(self, id: str, state: OrganizationState) -> OrganizationChanged:
        """See `Kind.event`."""
        return OrganizationChanged(
            organization_id=id,
            name=state.name,
            domain=state.domain,
            level=state.level,
            unit_id=state.unit_id,
            area=state.area,
            parent=state.parent,
            retired=state.retired,
            founding=state.founding,
            founded=None if state.founded is None else date.fromisoformat(state.founded),
            successors=state.successors,
            owner=state.owner,
        )

    def view(
        self, id: str, version: int, state: OrganizationState, principal: Principal
    ) -> OrganizationView:
        """See `Kind.view`."""
        return OrganizationView(id=id, version=version, **state.model_dump())


def level_of(id: str | None, known: Known) -> OrganizationLevel | None:
    """The level of an organization; None where it is not known."""
    found = None if id is None else known.entries.get(Reference(NAME, id))
    return None if found is None or found.level is None else OrganizationLevel(found.level)


def _check_level(
    id: str, body: OrganizationBody, current: OrganizationState | None, known: Known
) -> None:
    """Raise `Problem` 422 where it would stand above its superior, or below those under it.

    Levels act together from the province down (art. 12, 16). One level may stand under itself, as a
    branch under its committee. What stays as it was is left alone.
    """
    if current is not None and (current.parent, current.level) == (body.parent, body.level):
        return
    level = level_of(body.parent, known)
    if level is not None and RANK[level] > RANK[body.level]:
        zh, en = LABELS[f"level.{level}"]
        raise Problem(422, "level-above-parent", field="level", parent=body.parent, zh=zh, en=en)
    below = [OrganizationLevel(level) for level in known.below.get(id, ())]
    highest = min(below, key=lambda level: RANK[level], default=body.level)
    if RANK[highest] < RANK[body.level]:
        zh, en = LABELS[f"level.{highest}"]
        raise Problem(422, "level-below-children", field="level", zh=zh, en=en)


def _successors(
    id: str, body: OrganizationBody, current: OrganizationState | None, known: Known
) -> tuple[str, ...]:
    retired = current is not None and current.retired if body.retired is None else body.retired
    if body.successors and (not retired or id in body.successors):
        raise Problem(422, "successors-of-retired", field="successors")
    kept = current.successors if current is not None else ()
    for each in body.successors:
        if each not in kept:
            known.find(NAME, each, "successors")
    return tuple(body.successors)
