"""What of lists and entries a caller may see."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from fastapi import Depends

from services.registry import commands
from services.registry.commands import Registry
from services.registry.records.decisions import may_record
from shared.storage.client import Document
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.problems import Problem

Official = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]
"""Who answers for organizations: of an area, of the own unit, or for all."""


Server = Annotated[
    Principal,
    Depends(
        require(
            Role.ADMINISTRATOR,
            Role.AREA_MANAGER,
            Role.GRID_LEADER,
            Role.UNIT_OPERATOR,
            Role.VOLUNTEER,
        )
    ),
]
"""Who serves residents, too: a volunteer sees and does what is his or her own."""


def ensure_answers(
    principal: Principal,
    area_path: tuple[str, ...],
    unit_id: str | None,
    person_id: str | None = None,
) -> None:
    """Raise `Problem` 403 unless the caller answers for what is in that area, of that unit, or
    a volunteer's own."""
    if principal.role is Role.VOLUNTEER:
        mine = person_id is not None and person_id == principal.volunteer_id
    else:
        mine = may_record(principal, area_path, unit_id)
    if not mine:
        unit = principal.role is Role.UNIT_OPERATOR
        raise Problem(403, "wrong-unit" if unit else "wrong-area")


async def scope(registry: Registry, principal: Principal, area: str | None) -> list[Document]:
    """Conditions on documents with `area_path`, `unit_id` and for volunteers `person_id`: inside
    `area`, and the caller's.

    Raises:
        Problem: 404 for an unknown area; 403 for one of others, which must not look empty.
    """
    conditions: list[Document] = []
    if area is not None:
        found = await commands.read(registry, "areas", area)
        assert found.state is not None  # no entry of the registry is without
        if principal.role not in (Role.UNIT_OPERATOR, Role.VOLUNTEER):
            ensure_area(principal, found.state.area_path)
        conditions.append({"state.area_path": area})
    if principal.role is Role.UNIT_OPERATOR:
        conditions.append({"state.unit_id": principal.unit_id or ""})
    elif principal.role is Role.VOLUNTEER:
        conditions.append({"state.person_id": principal.volunteer_id or ""})
    elif area is None and principal.role is not Role.ADMINISTRATOR:
        conditions.append({"state.area_path": {"$in": sorted(principal.areas)}})
    return conditions


async def names_of(registry: Registry, kind: str, ids: Iterable[str]) -> Mapping[str, str]:
    """The public names of entries of a kind."""
    collection = registry.repository.stores[kind].collection
    found = collection.find({"_id": {"$in": list(set(ids))}}, {"state.name": 1})
    return {document["_id"]: document["state"]["name"] async for document in found}
