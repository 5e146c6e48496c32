"""Units: who takes part."""

from collections.abc import Iterable

from services.registry.schemas import UnitBody, UnitView
from services.registry.service.base import Kind, Known, Reference, Referred, named, path_of
from services.registry.states import UnitState, naming
from shared.contracts.registry import UnitChanged
from shared.web.auth import Principal, Role, ensure_area, ensure_unit


class Units(Kind[UnitState, UnitBody]):
    """Units; a unit's operator may write the own one."""

    name, singular = "units", "unit"
    body, state, view_model = UnitBody, UnitState, UnitView
    writers = (Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR)

    def references(self, body: UnitBody) -> Iterable[Reference]:
        """Its area."""
        return named(areas=body.area)

    def build(self, id: str, body: UnitBody, current: UnitState | None, known: Known) -> UnitState:
        """See `Kind.build`."""
        stays = current is not None and current.area == body.area
        path = path_of(known, body.area, current.area_path if current and stays else None)
        return UnitState(**naming(body.name), domain=body.domain, area=body.area, area_path=path)

    def ensure_own(self, principal: Principal, id: str, state: UnitState) -> None:
        """The operator's own unit; a unit in the manager's areas."""
        if principal.role is Role.UNIT_OPERATOR:
            ensure_unit(principal, id)
        else:
            ensure_area(principal, state.area_path)

    def referred(self, state: UnitState) -> Referred:
        """As others see it."""
        return Referred(state.area_path, state.retired, area=state.area)

    def event(self, id: str, state: UnitState) -> UnitChanged:
        """See `Kind.event`."""
        return UnitChanged(
            unit_id=id,
            name=state.name,
            domain=state.domain,
            area=state.area,
            retired=state.retired,
        )

    def view(self, id: str, version: int, state: UnitState, principal: Principal) -> UnitView:
        """See `Kind.view`."""
        return UnitView(id=id, version=version, **state.model_dump())
