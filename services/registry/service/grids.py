"""Grids: cells of an area and the teams that serve them (policy, art. 6)."""

from collections.abc import Iterable

from services.registry.schemas import GridBody, GridView
from services.registry.service.base import Kind, Known, Reference, check_kept, named, path_of
from services.registry.states import GridState, naming
from shared.contracts.registry import GridChanged, Linked
from shared.web.auth import Principal
from shared.web.problems import Problem


class Grids(Kind[GridState, GridBody]):
    """Grids. Leader, members and linked are ids of people (or units) who need not be registered."""

    name, singular = "grids", "grid"
    body, state, view_model = GridBody, GridState, GridView

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
        stays = current is not None and current.area == body.area
        path = path_of(known, body.area, current.area_path if current and stays else None)
        kept = set(current.communities) if current and stays else set()
        for code in body.communities:
            if code in kept:
                continue
            if body.area not in known.find("areas", code, "communities").path:
                raise Problem(
                    422, "community-outside", field="communities", id=code, area=body.area
                )
        return GridState(
            **naming(body.name),
            area=body.area,
            area_path=path,
            communities=tuple(body.communities),
            geometry=body.geometry and _plain(body.geometry.model_dump()),
            organization_id=body.organization_id,
            leader=body.leader,
            members=tuple(body.members),
            level=body.level,
            population=body.population,
            linked=tuple(Linked(role=one.role, id=one.id) for one in body.linked),
        )

    def moves(self, body: GridBody, current: GridState) -> bool:
        """Whether the area changes: the volunteers' paths come from it."""
        return body.area != current.area

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
        )

    def view(self, id: str, version: int, state: GridState, principal: Principal) -> GridView:
        """See `Kind.view`."""
        return GridView(id=id, version=version, **state.model_dump())


def _plain(value: object) -> object:
    """`value` with lists for tuples, as the database gives it back, so that equal is equal."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
