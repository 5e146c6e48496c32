"""Every MongoDB call of the registry, with its indexes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.registry.chinese import wanted_grams
from services.registry.moves import Move, beside
from services.registry.service.base import Kind, Known, Reference, Referred
from services.registry.service.organizations import LEVELS
from services.registry.stores import entry_store
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, IdempotencyConflict
from shared.storage.changes import Changes, changes_of
from shared.storage.client import ASCENDING, Collection, Database, Document
from shared.web.idempotency import Idempotency
from shared.web.paging import Paging

_HANGING = {
    "areas": (("areas", "parent"), ("units", "area"), ("organizations", "area"), ("grids", "area")),
    "grids": (("people", "grid_id"),),
}
"""Which entries derive their place from an entry of a kind, and by which field."""
_FILTERS = {
    "areas": ("parent",),
    "units": ("domain", "area", "system", "superior_unit_id"),
    "organizations": ("domain", "unit_id", "area", "parent", "founding"),
    "grids": ("area", "communities"),
    "people": ("grid_id", "skills", "unit_id"),
}
_REFERRED = {
    "state.area_path": 1,
    "state.retired": 1,
    "state.parent": 1,
    "state.area": 1,
    "state.level": 1,
    "state.unit_id": 1,
}
_LISTED = {"history": 0, "outbox": 0, "inbox": 0, "state.geometry": 0, "state.grams": 0}


class Repository:
    """The stores of the registry, by kind, and what is asked across them."""

    def __init__(
        self, database: Database, kinds: Sequence[Kind[Any, Any]], settings: Settings
    ) -> None:
        self._database = database
        self.stores: dict[str, AggregateStore[Any]] = {
            kind.name: entry_store(database, kind.name, kind.state, settings) for kind in kinds
        }

    async def create_indexes(self) -> None:
        """Create the indexes that lists and look-ups walk along."""
        for name, store in self.stores.items():
            if name == "people":
                order = [("_id", ASCENDING)]
                await _index(store.collection, "telephone", [("state.telephone_index", ASCENDING)])
            else:
                order = [("state.sort_key", ASCENDING), ("_id", ASCENDING)]
                await _index(store.collection, "order", order)
                await _index(store.collection, "grams", [("state.grams", ASCENDING)])
            await _index(store.collection, "path", [("state.area_path", ASCENDING), *order])
            for field in _FILTERS[name]:
                await _index(store.collection, field, [(f"state.{field}", ASCENDING), *order])

    async def earlier(self, kind: str, attempt: Idempotency | None) -> Document | None:
        """The answer of an earlier creation with this key. Raises `IdempotencyConflict`."""
        if attempt is None:
            return None
        found = await self.stores[kind].collection.find_one(
            {"idempotency.key": attempt.key}, {"idempotency": 1}
        )
        if found is None:
            return None
        if found["idempotency"]["fingerprint"] != attempt.fingerprint:
            raise IdempotencyConflict
        answer: Document = found["idempotency"]["answer"]
        return answer

    async def changes(self) -> Changes:
        """How many changes of each kind there have been."""
        return await changes_of(self._database, self.stores)

    # What decisions look at

    async def known(
        self,
        kind: Kind[Any, Any],
        asked: Iterable[tuple[str, Any, Aggregate[Any] | None]],
        open: Iterable[Move] = (),
    ) -> Known:
        """What must be known to decide on `asked`: ids, bodies, and what is there now.

        Args:
            open: moves in the tree that may still be written.
        """
        wanted: set[Reference] = set()
        moving: set[str] = set()
        for id, body, current in asked:
            wanted.update(kind.references(body))
            if current is not None and current.state and kind.moves(body, current.state):
                moving.add(id)
        entries = await self.look_up(wanted)
        known = Known(entries, await self._in_use(kind.name, moving), beside(open))
        found = entries
        for _ in range(LEVELS if kind.tree else 0):
            above = {
                Reference(kind.name, parent)
                for reference in found
                if reference.kind == kind.name
                for parent in known.parents(kind.name, reference.id)
            } - known.entries.keys()
            found = await self.look_up(above)
            if not found:
                break
            known.entries.update(found)
        return known

    async def look_up(self, wanted: Iterable[Reference]) -> dict[Reference, Referred]:
        """Those of `wanted` that are there; a kind is the name of its collection."""
        by_kind: dict[str, list[str]] = {}
        for reference in wanted:
            by_kind.setdefault(reference.kind, []).append(reference.id)
        found: dict[Reference, Referred] = {}
        for kind, ids in by_kind.items():
            cursor = self._database[kind].find({"_id": {"$in": ids}}, _REFERRED)
            async for document in cursor:
                state = document["state"]
                found[Reference(kind, document["_id"])] = Referred(
                    path=tuple(state["area_path"]),
                    retired=state["retired"],
                    parent=state.get("parent"),
                    area=state.get("area"),
                    level=state.get("level"),
                    unit_id=state.get("unit_id"),
                )
        return found

    async def _in_use(self, kind: str, ids: set[str]) -> frozenset[str]:
        used: set[str] = set()
        for other, field in _HANGING.get(kind, ()) if ids else ():
            key = f"state.{field}"
            collection = self.stores[other].collection
            used.update(await collection.distinct(key, {key: {"$in": sorted(ids)}}))
        return frozenset(used)

    # Lists

    async def list(
        self, kind: str, filters: Mapping[str, Any], text: str | None, page: Paging
    ) -> Sequence[Document]:
        """Up to `page.limit + 1` documents of a kind in its order.

        Args:
            filters: conditions on fields of `state`; those that are None are left out.
            text: words that must all be in the name.
        """
        conditions: list[Document] = [
            {f"state.{field}": value} for field, value in filters.items() if value is not None
        ]
        if text is not None:
            conditions.append({"state.grams": {"$all": wanted_grams(text) or [""]}})
        by_name = kind != "people"
        if page.after is not None:
            value, id = page.after
            later: Document = {"_id": {"$gt": id}}
            if by_name:
                after = str(value)
                later = {
                    "$or": [{"state.sort_key": {"$gt": after}}, {"state.sort_key": after} | later]
                }
            conditions.append(later)
        order = [("state.sort_key", ASCENDING)] if by_name else []
        return (
            await self.stores[kind]
            .collection.find({"$and": conditions} if conditions else {}, _LISTED)
            .sort([*order, ("_id", ASCENDING)])
            .limit(page.limit + 1)
            .to_list(None)
        )

    async def grids_in(self, area: str) -> Sequence[Document]:
        """The grids in use in an area or one inside it: id, name, level and geometry."""
        wanted = {"state.area_path": area, "state.retired": False}
        shown = {"state.name": 1, "state.level": 1, "state.geometry": 1}
        return await self.stores["grids"].collection.find(wanted, shown).to_list(None)

    async def with_telephone(self, index: str) -> Sequence[Document]:
        """Volunteers, at most 100, whose telephone has this blind index."""
        found = self.stores["people"].collection.find({"state.telephone_index": index}, _LISTED)
        return await found.sort("_id", ASCENDING).limit(100).to_list(None)


async def _index(collection: Collection, name: str, keys: list[tuple[str, int]]) -> None:
    await collection.create_index(keys, name=name)
