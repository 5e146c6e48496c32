"""People: what dispatch needs of them in the open, who they are under lock."""

from collections.abc import Iterable

from services.registry.schemas import PersonBody, PersonView
from services.registry.service.base import Kind, Known, Reference, check_kept, named
from services.registry.states import PersonState
from shared.contracts.ids import derived_id
from shared.contracts.payload import Point
from shared.contracts.registry import VolunteerChanged
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal, Role, sees_area


class People(Kind[PersonState, PersonBody]):
    """People; `cipher` locks their names and telephone numbers."""

    name, singular = "people", "person"
    body, state, view_model = PersonBody, PersonState, PersonView
    reported = ("skills", "grid_id", "organization_id", "available", "unit_id", "retired")

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def references(self, body: PersonBody) -> Iterable[Reference]:
        """The home grid and the unit."""
        return named(grids=body.grid_id, units=body.unit_id)

    def build(
        self, id: str, body: PersonBody, current: PersonState | None, known: Known
    ) -> PersonState:
        """See `Kind.build`. What was encrypted and is the same stays as it is."""
        check_kept(known, "units", "unit_id", body.unit_id, current.unit_id if current else None)
        if current is not None and current.grid_id == body.grid_id:
            path = current.area_path
        else:
            path = known.find("grids", body.grid_id, "grid_id").path
        name, name_index = self._lock("name", id, body.name, current)
        telephone = telephone_index = None
        if body.telephone is not None:
            telephone, telephone_index = self._lock("telephone", id, body.telephone, current)
        point = body.service_point
        return PersonState(
            name=name,
            name_index=name_index,
            telephone=telephone,
            telephone_index=telephone_index,
            skills=tuple(body.skills),
            grid_id=body.grid_id,
            area_path=path,
            capacity=body.capacity,
            available=body.available,
            service_point=point and Point(**point.model_dump()).rounded(),
            unit_id=body.unit_id,
        )

    def _lock(self, field: str, id: str, text: str, current: PersonState | None) -> tuple[str, str]:
        index = self._cipher.blind_index(f"{field}:{text}")
        if current is not None and getattr(current, f"{field}_index") == index:
            kept: str = getattr(current, field)
            if not self._cipher.needs_rotation(kept):
                return kept, index
        return self._cipher.encrypt(text, context_of(self.name, field, id)), index

    def _unlock(self, field: str, id: str, value: str | None) -> str | None:
        return value and self._cipher.decrypt(value, context_of(self.name, field, id))

    def telephone_index(self, telephone: str) -> str:
        """What `state.telephone_index` is for a number in `Telephone`'s form."""
        return self._cipher.blind_index(f"telephone:{telephone}")

    def import_id(self, body: PersonBody) -> str | None:
        """From the telephone's blind index, which nobody can turn back without the key."""
        if body.telephone is None:
            return None
        return derived_id("volunteer", self.telephone_index(body.telephone))

    @staticmethod
    def may_see_person(principal: Principal, state: PersonState) -> bool:
        """Whether the caller may see name and telephone of this volunteer."""
        match principal.role:
            case Role.ADMINISTRATOR:
                return True
            case Role.AREA_MANAGER:
                return sees_area(principal, state.area_path)
            case Role.GRID_LEADER:
                return state.grid_id in principal.grids or sees_area(principal, state.area_path)
            case _:
                return False

    def event(self, id: str, state: PersonState) -> VolunteerChanged:
        """See `Kind.event`."""
        return VolunteerChanged(
            volunteer_id=id,
            skills=state.skills,
            grid_id=state.grid_id,
            area_path=state.area_path,
            capacity=state.capacity,
            available=state.available,
            service_point=state.service_point,
            unit_id=state.unit_id,
            retired=state.retired,
        )

    def view(self, id: str, version: int, state: PersonState, principal: Principal) -> PersonView:
        """See `Kind.view`; name and telephone only for those who may see them."""
        shown = state.model_dump() | {"name": None, "telephone": None}
        if self.may_see_person(principal, state):
            shown["name"] = self._unlock("name", id, state.name)
            shown["telephone"] = self._unlock("telephone", id, state.telephone)
        return PersonView(id=id, version=version, **shown)
