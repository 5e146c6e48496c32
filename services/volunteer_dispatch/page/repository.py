"""Names from the registry's read models."""

import re
from collections.abc import Mapping, Sequence

from shared.contracts.words import AssigneeKind
from shared.storage.client import Database, Document

COLLECTIONS: Mapping[str, str] = {
    "area": "areas",
    AssigneeKind.AREA_DUTY: "areas",
    AssigneeKind.GRID_TEAM: "grids",
    AssigneeKind.UNIT: "units",
}
"""By kind. A volunteer's name is personal: it stays in the registry."""


class Names:
    """Look-ups of names, which the directory in memory does not keep."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, keys: Sequence[str]) -> dict[str, str]:
        """Names by `kind:id`, as far as they are known."""
        wanted: dict[str, dict[str, list[str]]] = {}
        for key in keys:
            kind, _, id = key.partition(":")
            if kind in COLLECTIONS:
                wanted.setdefault(COLLECTIONS[kind], {}).setdefault(id, []).append(key)
        found: dict[str, str] = {}
        for collection, ids in wanted.items():
            for row in await self._find(collection, {"_id": {"$in": sorted(ids)}}):
                found.update((key, row["name"]) for key in ids[row["_id"]])
        return found

    async def like(self, collection: str, ids: Sequence[str], text: str) -> dict[str, str]:
        """Those of `ids` whose name or id holds the text, with their names."""
        query: Document = {"_id": {"$in": list(ids)}}
        if text:
            pattern = {"$regex": re.escape(text), "$options": "i"}
            query = {"$and": [query, {"$or": [{"name": pattern}, {"_id": pattern}]}]}
        return {row["_id"]: row["name"] for row in await self._find(collection, query)}

    async def _find(self, collection: str, query: Document) -> list[Document]:
        found = self._database[collection].find(query, {"name": 1})
        return [row for row in await found.to_list(None) if row.get("name")]
