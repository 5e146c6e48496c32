"""How much of the registry is there: the same count where it is kept and where it is known."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.storage.client import Database, aggregate

Changes = Mapping[str, int]
"""By kind (`areas`): the changes of all entries since the beginning, which never get fewer."""


async def changes_of(
    database: Database, kinds: Iterable[str], applied_before: datetime | None = None
) -> Changes:
    """Sums of the entries' sequences; with `applied_before`, only of what was applied by then."""
    match: dict[str, Any] = (
        {} if applied_before is None else {"applied_at": {"$lt": applied_before}}
    )
    group = {"_id": None, "changes": {"$sum": "$sequence"}}
    found = dict.fromkeys(kinds, 0)
    for kind in found:
        async for sums in aggregate(database[kind], [{"$match": match}, {"$group": group}]):
            found[kind] = sums["changes"]
    return found
