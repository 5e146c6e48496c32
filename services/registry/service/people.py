"""People: what dispatch needs of them in the open, who they are under lock.

Members and volunteers: policy, art. 5, 9, and MZ/T 061-2015; the lock: DESIGN.md 3, rule 4.
"""

from collections.abc import Iterable, Sequence

from services.registry.schemas import PersonBody, PersonView
from services.registry.service.base import (
    Holder,
    Kind,
    Known,
    Reference,
    Unique,
    check_kept,
    named,
)
from services.registry.states import PersonState
from shared.contracts.ids import derived_id
from shared.contracts.payload import Point
from shared.contracts.registry import VolunteerChanged
from shared.storage.aggregates import Decision
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal, Role, sees_area
from shared.web.problems import Problem

_INDEX_KEPT = 32
"""Hex digits of `once`: 128 bits, so that nobody is taken for another by chance."""


class People(Kind[PersonState, PersonBody]):
    """People; `cipher` locks their names and telephone numbers."""

    name, singular = "people", "person"
    body, state, view_model = PersonBody, PersonState, PersonView
    reported = ("skills", "grid_id", "organization_id", "available", "unit_id", "retired")

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    def references(self, body: PersonBody) -> Iterable[Reference]:
        """The home grid, the unit and the organization."""
        return named(grids=body.grid_id, units=body.unit_id, organizations=body.organization_id)

    def build(
        self, id: str, body: PersonBody, current: PersonState | None, known: Known
    ) -> PersonState:
        """See `Kind.build`. What was encrypted and is the same stays as it is.

        The area path is the home grid's of now; when that changes, `homes` takes people along.
        """
        for kind, field in (("units", "unit_id"), ("organizations", "organization_id")):
            kept = None if current is None else getattr(current, field)
            check_kept(known, kind, field, getattr(body, field), kept)
        if current is not None and current.grid_id == body.grid_id:
            grid = known.entries.get(Reference("grids", body.grid_id))
            path = current.area_path if grid is None else grid.path
        else:
            path = known.find("grids", body.grid_id, "grid_id").path
        name, name_index = self._lock("name", id, body.name, current)
        telephone = telephone_index = None
        if body.telephone is not None:
            telephone, telephone_index = self._lock("telephone", id, body.telephone, current)
        point = body.service_point
        number = None if current is None else current.number
        return PersonState(
            number=body.number or number or known.numbers.get(id),
            once=self._once(body),
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
            organization_id=body.organization_id,
            services=tuple(body.services),
        )

    def decide(
        self,
        id: str,
        body: PersonBody,
        current: PersonState | None,
        known: Known,
        principal: Principal,
    ) -> Decision[PersonState] | None:
        """See `Kind.decide`; a person or a number that is registered already is refused (409)."""
        decision = super().decide(id, body, current, known, principal)
        if decision is not None and known.holders:
            for unique in self.unique(body):
                holder = known.holders.get(unique)
                if holder is not None and holder.id != id:
                    raise self._registered(unique, holder, principal)
        return decision

    def taken_along(
        self, id: str, state: PersonState, path: tuple[str, ...] | None
    ) -> Decision[PersonState] | None:
        """Where the home grid is now; None where that is no news, or the grid is not there."""
        if path is None or path == state.area_path:
            return None
        new = state.model_copy(update={"area_path": path})
        return Decision(new, [self.event(id, new)], "its home grid is in another area")

    def _registered(self, unique: Unique, holder: Holder, principal: Principal) -> Problem:
        code, field = {
            "once": ("person-registered", "telephone"),
            "number": ("number-registered", "number"),
        }[unique.field]
        if not self.may_see(principal, holder.path, holder.grid_id):
            return Problem(409, code, message=f"{code}-elsewhere", field=field)
        id = holder.id
        return Problem(409, code, field=field, where=f"/v1/people/{id}", extra={"id": id}, id=id)

    def unique(self, body: PersonBody) -> Iterable[Unique]:
        """Name and telephone together, and a number that is given."""
        once = self._once(body)
        if once is not None:
            yield Unique("once", once)
        if body.number is not None:
            yield Unique("number", body.number)

    def wants_number(self, body: PersonBody, current: PersonState | None) -> bool:
        """See `Kind.wants_number`."""
        return body.number is None and (current is None or current.number is None)

    def _once(self, body: PersonBody) -> str | None:
        if body.telephone is None:
            return None
        return self._cipher.blind_index(f"once:{body.telephone}:{body.name}")[:_INDEX_KEPT]

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
        """From the telephone's blind index, which nobody can turn back without the key.

        Without a telephone from the number, where one is given.
        """
        if body.telephone is not None:
            return derived_id("volunteer", self.telephone_index(body.telephone))
        return body.number and derived_id("person", body.number)

    @staticmethod
    def may_see(principal: Principal, path: Sequence[str], grid_id: str | None) -> bool:
        """Whether the caller answers for the people of a grid, and may see who they are."""
        match principal.role:
            case Role.ADMINISTRATOR:
                return True
            case Role.AREA_MANAGER:
                return sees_area(principal, path)
            case Role.GRID_LEADER:
                return grid_id in principal.grids or sees_area(principal, path)
            case _:
                return False

    @classmethod
    def may_see_person(cls, principal: Principal, state: PersonState) -> bool:
        """Whether the caller may see name and telephone of this person."""
        return cls.may_see(principal, state.area_path, state.grid_id)

    def unlocked(self, id: str, state: PersonState) -> dict[str, str | None]:
        """Name and telephone, readable; for those who may see them."""
        return {
            field: self._unlock(field, id, getattr(state, field)) for field in ("name", "telephone")
        }

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
            organization_id=state.organization_id,
            services=state.services,
            retired=state.retired,
            owner=state.owner,
        )

    def view(self, id: str, version: int, state: PersonState, principal: Principal) -> PersonView:
        """See `Kind.view`; name and telephone only for those who may see them."""
        shown = state.model_dump() | {"name": None, "telephone": None}
        if self.may_see_person(principal, state):
            shown |= self.unlocked(id, state)
        return PersonView(id=id, version=version, **shown)
