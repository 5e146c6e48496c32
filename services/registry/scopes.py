"""What of lists and entries a caller may see."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from fastapi import Depends

from services.registry import commands
from services.registry.commands import Registry
from shared.storage.client import Document
from shared.web.auth import Principal, Role, ensure_area, require, sees_area, sees_unit
from shared.web.problems import Problem

Official = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]
"""Who answers for organizations: of an area, of the own unit, or for all."""


def answers_for(principal: Principal, area_path: Sequence[str], unit_id: str | None) -> bool:
    """Whether the caller answers for what is in that area or of that unit."""
    if principal.role is Role.UNIT_OPERATOR:
        return sees_unit(principal, unit_id)
    return sees_area(principal, area_path)


def ensure_answers(principal: Principal, area_path: Sequence[str], unit_id: str | None) -> None:
    """Raise `Problem` 403 unless `answers_for`."""
    if not answers_for(principal, area_path, unit_id):
        code = "wrong-unit" if principal.role is Role.UNIT_OPERATOR else "wrong-area"
        raise Problem(403, code)


async def scope(registry: Registry, principal: Principal, area: str | None) -> list[Document]:
    """Conditions on documents with `area_path` and `unit_id`: inside `area`, and the caller's.

    Raises:
        Problem: 404 for an unknown area; 403 for one of others, which must not look empty.
    """
    conditions: list[Document] = []
    if area is not None:
        found = await commands.read(registry, "areas", area)
        assert found.state is not None  # no entry of the registry is without
        if principal.role is not Role.UNIT_OPERATOR:
            ensure_area(principal, found.state.area_path)
        conditions.append({"state.area_path": area})
    if principal.role is Role.UNIT_OPERATOR:
        conditions.append({"state.unit_id": principal.unit_id or ""})
    elif area is None and principal.role is not Role.ADMINISTRATOR:
        conditions.append({"state.area_path": {"$in": sorted(principal.areas)}})
    return conditions


async def names_of(registry: Registry, kind: str, ids: Iterable[str]) -> Mapping[str, str]:
    """The public names of entries of a kind."""
    collection = registry.repository.stores[kind].collection
    found = collection.find({"_id": {"$in": list(set(ids))}}, {"state.name": 1})
    return {document["_id"]: document["state"]["name"] async for document in found}
