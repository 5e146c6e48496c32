"""Areas: city, districts, streets, communities, a tree as the national division codes have it."""

from collections.abc import Iterable

from services.registry.schemas import AreaBody, AreaView
from services.registry.service.base import Kind, Known, Reference, Referred, named
from services.registry.states import AreaState, naming
from shared.contracts.registry import AreaChanged
from shared.contracts.words import AreaLevel
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

DEPTH = {level: depth for depth, level in enumerate(AreaLevel)}


class Areas(Kind[AreaState, AreaBody]):
    """Areas; a parent is of a higher level, so that there are no cycles."""

    name, singular = "areas", "area"
    body, state, view_model = AreaBody, AreaState, AreaView
    writers = (Role.ADMINISTRATOR,)

    def references(self, body: AreaBody) -> Iterable[Reference]:
        """Its parent."""
        return named(areas=body.parent)

    def build(self, id: str, body: AreaBody, current: AreaState | None, known: Known) -> AreaState:
        """See `Kind.build`."""
        path: tuple[str, ...] = (id,)
        if current is not None and (current.parent, current.level) == (body.parent, body.level):
            path = current.area_path
        elif body.parent is not None:
            parent = known.find("areas", body.parent, "parent")
            if parent.level is None or DEPTH[AreaLevel(parent.level)] >= DEPTH[body.level]:
                raise Problem(422, "parent-level", field="parent", parent=body.parent)
            path = (*parent.path, id)
        elif body.level in {AreaLevel.STREET, AreaLevel.COMMUNITY}:
            raise Problem(422, "parent-needed", field="parent", where="/v1/areas")
        return AreaState(**naming(body.name), level=body.level, parent=body.parent, area_path=path)

    def moves(self, body: AreaBody, current: AreaState) -> bool:
        """Whether parent or level change."""
        return (current.parent, current.level) != (body.parent, body.level)

    def referred(self, state: AreaState) -> Referred:
        """As others see it."""
        return Referred(state.area_path, state.retired, parent=state.parent, level=state.level)

    def event(self, id: str, state: AreaState) -> AreaChanged:
        """See `Kind.event`."""
        return AreaChanged(
            area=id,
            name=state.name,
            level=state.level,
            parent=state.parent,
            path=state.area_path,
            retired=state.retired,
        )

    def view(self, id: str, version: int, state: AreaState, principal: Principal) -> AreaView:
        """See `Kind.view`."""
        return AreaView(id=id, version=version, **state.model_dump())
