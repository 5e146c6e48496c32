"""Who owns an entry: a unit whose own system reports it, or nobody (then it is kept by hand).

Issue 3, item 11: the owner wins; the other change is returned with a reason. Pure.
"""

from collections.abc import Iterable
from typing import Any

from services.registry.states import Entry
from shared.web.auth import Principal, Role
from shared.web.problems import Problem


def carried(current: Entry | None) -> dict[str, Any]:
    """The fields of ownership, which no body says and every change leaves as they are."""
    if current is None:
        return {}
    return {"owner": current.owner, "barred": current.barred, "returned": current.returned}


def differing(fields: Iterable[str], one: Entry, other: Entry) -> tuple[str, ...]:
    """Those of `fields` in which two states differ."""
    return tuple(name for name in fields if getattr(one, name, None) != getattr(other, name, None))


def ensure_unowned(
    principal: Principal, kind: str, id: str, reported: Iterable[str], current: Entry, new: Entry
) -> None:
    """Raise `Problem` 409 where `new` changes what the system of another one's unit reports."""
    owner = current.owner
    if owner is None:
        return
    if principal.role is Role.UNIT_OPERATOR and principal.unit_id == owner:
        return
    if fields := differing(reported, current, new):
        raise Problem(
            409,
            "owned-by-unit",
            field=fields[0],
            where=f"/v1/{kind}/{id}/owner",
            extra={"owner": owner, "fields": list(fields)},
            id=id,
            owner=owner,
            fields=", ".join(fields),
        )
