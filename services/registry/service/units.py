"""Units: who takes part, and who stands above them in their system (policy, art. 14)."""

from collections.abc import Iterable

from services.registry.schemas import UnitBody, UnitView
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
from services.registry.states import UnitState, naming
from shared.contracts.registry import UnitChanged
from shared.web.auth import Principal, Role, ensure_area, ensure_unit
from shared.web.problems import Problem


class Units(Kind[UnitState, UnitBody]):
    """Units; a unit's operator may write the own one."""

    name, singular = "units", "unit"
    body, state, view_model = UnitBody, UnitState, UnitView
    tree = "superior_unit_id"
    writers = (Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR)

    def references(self, body: UnitBody) -> Iterable[Reference]:
        """Its area, and who stands above it in its system."""
        return named(
            areas=body.area,
            units=body.superior_unit_id,
            organizations=body.superior_organization_id,
        )

    def build(self, id: str, body: UnitBody, current: UnitState | None, known: Known) -> UnitState:
        """See `Kind.build`."""
        stays = current is not None and current.area == body.area
        path = path_of(known, body.area, current.area_path if current and stays else None)
        if body.superior_unit_id == id:
            raise Problem(422, "superior-is-itself", field="superior_unit_id")
        for kind, name in (
            ("units", "superior_unit_id"),
            ("organizations", "superior_organization_id"),
        ):
            check_kept(known, kind, name, getattr(body, name), getattr(current, name, None))
        superior = body.superior_unit_id
        if superior is not None and not (current and current.superior_unit_id == superior):
            refuse_cycle(self.name, "superior_unit_id", id, superior, known)
        return UnitState(
            **naming(body.name),
            domain=body.domain,
            area=body.area,
            area_path=path,
            system=body.system,
            superior_unit_id=body.superior_unit_id,
            superior_organization_id=body.superior_organization_id,
        )

    def ensure_own(self, principal: Principal, id: str, state: UnitState) -> None:
        """The operator's own unit; a unit in the manager's areas."""
        if principal.role is Role.UNIT_OPERATOR:
            ensure_unit(principal, id)
        else:
            ensure_area(principal, state.area_path)

    def referred(self, state: UnitState) -> Referred:
        """As others see it."""
        superior = state.superior_unit_id
        return Referred(state.area_path, state.retired, parent=superior, area=state.area)

    def event(self, id: str, state: UnitState) -> UnitChanged:
        """See `Kind.event`."""
        return UnitChanged(
            unit_id=id,
            name=state.name,
            domain=state.domain,
            area=state.area,
            retired=state.retired,
            system=state.system,
            superior_unit_id=state.superior_unit_id,
            superior_organization_id=state.superior_organization_id,
        )

    def view(self, id: str, version: int, state: UnitState, principal: Principal) -> UnitView:
        """See `Kind.view`."""
        return UnitView(id=id, version=version, **state.model_dump())
