"""Grids: cells of an area and the teams that serve them (policy, art. 6)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.registry.schemas import GridBody, GridView
from services.registry.service import boundaries
from services.registry.service.base import Kind, Known, Reference, check_kept, named
from services.registry.states import GridState, naming
from shared.contracts.registry import Boundary, GridChanged, Linked
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, ensure_area
from shared.web.problems import Problem


class Grids(Kind[GridState, GridBody]):
    """Grids. Leader, members and linked are ids of people (or units) who need not be registered.

    One who is not is no leader and cannot be reached, for coverage.
    """

    name, singular = "grids", "grid"
    body, state, view_model = GridBody, GridState, GridView
    follows = (("communities", "area"),)

    def references(self, body: GridBody) -> Iterable[Reference]:
        """Its area, communities and organization."""
        communities = [Reference("areas", code) for code in body.communities]
        return [*named(areas=body.area, organizations=body.organization_id), *communities]

    def build(self, id: str, body: GridBody, current: GridState | None, known: Known) -> GridState:
        """See `Kind.build`."""
        if body.geometry is None and not body.communities:
            raise Problem(422, "extent-needed", field="geometry")
        check_kept(
            known,
            "organizations",
            "organization_id",
            body.organization_id,
            current.organization_id if current else None,
        )
        timeline = () if current is None else boundaries.timeline_of(current)
        where = _extent(body, timeline, known)
        state = GridState(
            **naming(body.name),
            **where,
            organization_id=body.organization_id,
            leader=body.leader,
            members=tuple(body.members),
            population=body.population,
            linked=tuple(Linked(role=one.role, id=one.id) for one in body.linked),
            undated=current.undated if current else body.valid_from is None,
        )
        since = body.valid_from
        if current is not None and since is None and where == boundaries.extent(current):
            return boundaries.shown(state, id, timeline, known.now)
        since = since or known.now
        if timeline and since <= boundaries.start(timeline[0]):
            state = state.model_copy(update={"undated": False})
        return boundaries.shown(state, id, boundaries.put(timeline, where, since), known.now)

    def settled(
        self, id: str, state: GridState, current: GridState | None, now: datetime
    ) -> GridState:
        """Retiring ends the boundary at that moment, bringing back begins it anew."""
        timeline = boundaries.timeline_of(state)
        if current is not None and current.retired:
            before = boundaries.timeline_of(current)
            if not state.retired:
                timeline = boundaries.resumed(timeline, now)
            elif before[-1].valid_until is not None:
                timeline = boundaries.ended(timeline, before[-1].valid_until)
            elif timeline != before:  # retired before there were dates: it never counts
                timeline = boundaries.ended(timeline[-1:], boundaries.start(timeline[-1]))
        elif state.retired:
            timeline = boundaries.ended(timeline, now)
        if boundaries.start(timeline[0]) == boundaries.end(timeline[0]):
            state = state.model_copy(update={"undated": False})  # it never counted
        return boundaries.shown(state, id, boundaries.bounded(timeline, now), now)

    def decide(
        self,
        id: str,
        body: GridBody,
        current: GridState | None,
        known: Known,
        principal: Principal,
    ) -> Decision[GridState] | None:
        """See `Kind.decide`; a boundary of any time must lie in the caller's areas."""
        decision = super().decide(id, body, current, known, principal)
        if decision is not None:
            before = () if current is None else boundaries.timeline_of(current)
            there = [boundaries.extent(boundary) for boundary in before]
            for boundary in boundaries.timeline_of(decision.state):
                if boundaries.extent(boundary) not in there:
                    ensure_area(principal, boundary.area_path)
        return decision

    def said(self, id: str, state: GridState) -> dict[str, Any]:
        """See `Kind.said`; without a time, so that what is changed counts from now on."""
        said = super().said(id, state)
        said.pop("valid_from", None)
        return said

    def event(self, id: str, state: GridState) -> GridChanged:
        """See `Kind.event`."""
        return GridChanged(
            grid_id=id,
            name=state.name,
            area=state.area,
            area_path=state.area_path,
            communities=state.communities,
            geometry=state.geometry,
            organization_id=state.organization_id,
            leader=state.leader,
            members=state.members,
            level=state.level,
            population=state.population,
            linked=state.linked,
            retired=state.retired,
            valid_from=state.valid_from,
            valid_until=state.valid_until,
            undated=state.undated,
            boundaries=state.boundaries,
        )

    def view(self, id: str, version: int, state: GridState, principal: Principal) -> GridView:
        """See `Kind.view`."""
        return GridView(id=id, version=version, **state.model_dump())


def on_due(state: GridState, now: datetime) -> Decision[GridState] | None:
    """Let a boundary that was to count from now on count; for the timer."""
    if state.due is None or state.due > now or state.grid_id is None:
        return None
    id = state.grid_id
    new = boundaries.shown(state, id, boundaries.timeline_of(state), now)
    return Decision(new, [Grids().event(id, new)], "its boundary takes effect")


def _extent(body: GridBody, timeline: Iterable[Boundary], known: Known) -> dict[str, Any]:
    """Where the body says that the grid is. Raises `Problem` 422.

    What an earlier boundary of the same area has referred to is left alone.
    """
    same = [boundary for boundary in timeline if boundary.area == body.area]
    path = same[-1].area_path if same else known.find("areas", body.area, "area").path
    kept = {code for boundary in same for code in boundary.communities}
    for code in body.communities:
        if code in kept:
            continue
        if body.area not in known.find("areas", code, "communities").path:
            raise Problem(422, "community-outside", field="communities", id=code, area=body.area)
    return {
        "area": body.area,
        "area_path": path,
        "communities": tuple(body.communities),
        "geometry": body.geometry and _plain(body.geometry.model_dump()),
        "level": body.level,
    }


def _plain(value: object) -> object:
    """`value` with lists for tuples, as the database gives it back, so that equal is equal."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
