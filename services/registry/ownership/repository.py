"""Queries on who changed what by hand, and on changes that were returned."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.registry.service.base import Reference
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Document
from shared.web.paging import Paging

KINDS = ("organizations", "people")
"""Kinds that a unit's own system can be the source of, in the order in which they are listed."""


async def create_indexes(stores: Mapping[str, AggregateStore[Any]]) -> None:
    """One index a kind, of the few entries with a returned change."""
    for kind in KINDS:
        await stores[kind].collection.create_index(
            [("state.returned.by", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"state.returned.by": {"$gt": ""}},
            name="returned",
        )


async def authors(store: AggregateStore[Any], ids: Iterable[str]) -> dict[Reference, str]:
    """Who last changed each entry that nobody owns: never a unit's system."""
    kind = store.collection.name
    wanted = {"_id": {"$in": list(ids)}, "state.owner": None}
    found: dict[Reference, str] = {}
    async for document in store.collection.find(wanted, {"history.by": 1}):
        by_hand = [one["by"] for one in document["history"] if not one["by"].startswith("/")]
        if by_hand:
            found[Reference(kind, document["_id"])] = by_hand[-1]
    return found


async def returned(
    stores: Mapping[str, AggregateStore[Any]],
    by: str,
    page: Paging,
) -> Sequence[tuple[str, Document]]:
    """Up to `limit + 1` entries with changes of `by` that were returned, by kind and id."""
    after = page.after
    found: list[tuple[str, Document]] = []
    for kind in KINDS:
        if after is not None and kind < str(after.value):
            continue
        wanted: Document = {"state.returned.by": by}
        if after is not None and kind == after.value:
            wanted["_id"] = {"$gt": after.id}
        left = page.limit + 1 - len(found)
        if left > 0:
            cursor = stores[kind].collection.find(wanted, {"state.returned": 1})
            found += [
                (kind, document)
                for document in await cursor.sort("_id", ASCENDING).limit(left).to_list(None)
            ]
    return found
