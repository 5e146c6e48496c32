"""Every MongoDB call of the registry, with its indexes."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.registry.chinese import wanted_grams
from services.registry.moves import Move, beside
from services.registry.numbers import FIRST, made_number
from services.registry.service.base import Holder, Kind, Known, Reference, Referred, Unique
from services.registry.service.trees import LEVELS
from services.registry.stores import entry_store
from shared.contracts.words import AreaLevel
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, IdempotencyConflict
from shared.storage.changes import Changes, changes_of
from shared.storage.client import (
    ASCENDING,
    Collection,
    Database,
    Document,
    DuplicateKeyError,
    ReturnDocument,
)
from shared.web.idempotency import Idempotency
from shared.web.paging import Paging

_HANGING = {
    "areas": (
        ("areas", "parent"),
        ("units", "area"),
        ("organizations", "area"),
        ("grids", "area"),
        ("venues", "area"),
        ("groups", "area"),
    ),
}
"""Which entries keep their place from an entry of a kind, and by which field."""
_FILTERS = {
    "areas": ("parent",),
    "units": ("domain", "area", "system", "superior_unit_id"),
    "organizations": ("domain", "unit_id", "area", "parent", "founding"),
    "grids": ("area", "communities"),
    "people": ("grid_id", "skills", "unit_id"),
    "venues": ("organization_id", "unit_id", "uses"),
    "groups": ("organization_id", "skills"),
}
_UNIQUE = {"people": ("once", "number")}
"""Fields whose value no other entry of the kind has."""
_SOMETIMES = {
    "grids": ("organization_id",),
    "people": ("organization_id", "services"),
    "organizations": ("successors",),
}
"""Filters that most entries have no value for: their indexes hold only those that have one."""
_REFERRED = {
    "state.area_path": 1,
    "state.retired": 1,
    "state.parent": 1,
    "state.superior_unit_id": 1,
    "state.area": 1,
    "state.level": 1,
    "state.unit_id": 1,
    "state.organization_id": 1,
}
_LISTED = {
    "history": 0,
    "outbox": 0,
    "inbox": 0,
    "state.geometry": 0,
    "state.boundaries.geometry": 0,
    "state.grams": 0,
}


class Repository:
    """The stores of the registry, by kind, and what is asked across them."""

    def __init__(
        self, database: Database, kinds: Sequence[Kind[Any, Any]], settings: Settings
    ) -> None:
        self._database = database
        self.stores: dict[str, AggregateStore[Any]] = {
            kind.name: entry_store(database, kind.name, kind.state, settings) for kind in kinds
        }
        self._numbers = database["numbers"]

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
            if name == "grids":
                others = "state.boundaries.area_path"
                await _index(store.collection, "boundaries", [(others, ASCENDING)])
            for field in _FILTERS[name]:
                await _index(store.collection, field, [(f"state.{field}", ASCENDING), *order])
            for field in _SOMETIMES.get(name, ()):
                await _index(
                    store.collection, field, [(f"state.{field}", ASCENDING), *order], some=True
                )
            for field in _UNIQUE.get(name, ()):
                keys = [(f"state.{field}", ASCENDING)]
                await _index(store.collection, field, keys, some=True, unique=True)
        with contextlib.suppress(DuplicateKeyError):  # another replica did it just now
            first = {"$setOnInsert": {"made": 0}}
            await self._numbers.update_one({"_id": "people"}, first, upsert=True)

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
        *,
        holders: bool = False,
    ) -> Known:
        """What must be known to decide on `asked`: ids, bodies, and what is there now.

        Args:
            open: moves in the tree that may still be written.
            holders: look up too who has the unique values asked for, and pass over numbers that
                somebody was given. Left out, the write tells that one is taken.
        """
        wanted: set[Reference] = set()
        moving: set[str] = set()
        lowered: set[str] = set()
        unique: set[Unique] = set()
        numberless: set[str] = set()
        for id, body, current in asked:
            state = None if current is None else current.state
            wanted.update(kind.references(body))
            if state is not None and kind.moves(body, state):
                moving.add(id)
            if state is not None and kind.lowers(body, state):
                lowered.add(id)
            if holders:
                unique.update(kind.unique(body))
            if kind.wants_number(body, state):
                numberless.add(id)
        entries = await self.look_up(wanted)
        known = Known(
            entries,
            await self._in_use(kind.name, moving),
            beside(open),
            await self._levels_below(kind.name, lowered),
            await self._holders(kind.name, unique),
            await self._reserve(kind.name, numberless, untaken=holders),
        )
        if kind.tree:
            await self.climb(kind.name, known)
        return known

    async def climb(self, name: str, known: Known) -> None:
        """Fetch into `known` all that stand above its entries of a tree."""
        found = known.entries
        for _ in range(LEVELS):
            above = {
                Reference(name, parent)
                for reference in found
                if reference.kind == name
                for parent in known.parents(name, reference.id)
            } - known.entries.keys()
            found = await self.look_up(above)
            if not found:
                break
            known.entries.update(found)

    async def look_up(self, wanted: Iterable[Reference]) -> dict[Reference, Referred]:
        """Those of `wanted` that are there; a kind is the name of its collection."""
        by_kind: dict[str, list[str]] = {}
        for reference in wanted:
            by_kind.setdefault(reference.kind, []).append(reference.id)
        found: dict[Reference, Referred] = {}
        for kind, ids in by_kind.items():
            # Other documents of the database are no entries, though a caller may name them.
            entries = {"_id": {"$in": ids}, "state.area_path": {"$exists": True}}
            cursor = self._database[kind].find(entries, _REFERRED)
            async for document in cursor:
                state = document.get("state")
                if not state:
                    continue  # no aggregate of the registry
                found[Reference(kind, document["_id"])] = Referred(
                    path=tuple(state.get("area_path", ())),
                    retired=state.get("retired", False),
                    parent=state.get("parent", state.get("superior_unit_id")),
                    area=state.get("area"),
                    level=state.get("level"),
                    unit_id=state.get("unit_id"),
                    organization_id=state.get("organization_id"),
                )
        return found

    async def superiors(self, units: Iterable[str]) -> dict[str, str]:
        """The superior organization of each of these units under vertical management."""
        wanted = {"_id": {"$in": sorted(units)}, "state.superior_organization_id": {"$gt": ""}}
        shown = {"state.superior_organization_id": 1}
        found = self.stores["units"].collection.find(wanted, shown)
        return {
            document["_id"]: document["state"]["superior_organization_id"]
            async for document in found
        }

    async def succeeded(self, ids: Iterable[str]) -> set[str]:
        """Which of these organizations name a successor."""
        wanted = {"_id": {"$in": list(ids)}, "state.successors.0": {"$exists": True}}
        found = self.stores["organizations"].collection.find(wanted, {"_id": 1})
        return {document["_id"] async for document in found}

    async def _levels_below(self, kind: str, ids: set[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if ids:
            wanted = {"state.parent": {"$in": sorted(ids)}, "state.retired": False}
            shown = {"state.parent": 1, "state.level": 1}
            async for document in self.stores[kind].collection.find(wanted, shown):
                state = document["state"]
                found.setdefault(state["parent"], []).append(state["level"])
        return found

    async def _holders(self, kind: str, wanted: Iterable[Unique]) -> dict[Unique, Holder]:
        by_field: dict[str, list[str]] = {}
        for unique in wanted:
            by_field.setdefault(unique.field, []).append(unique.value)
        found: dict[Unique, Holder] = {}
        for field, values in by_field.items():
            key = f"state.{field}"
            shown = {key: 1, "state.area_path": 1, "state.grid_id": 1}
            cursor = self.stores[kind].collection.find({key: {"$in": values, "$gt": ""}}, shown)
            async for document in cursor:
                state = document["state"]
                found[Unique(field, state[field])] = Holder(
                    document["_id"], tuple(state["area_path"]), state.get("grid_id")
                )
        return found

    async def _reserve(self, kind: str, ids: Iterable[str], *, untaken: bool) -> dict[str, str]:
        """A number for each of `ids`, never given out again; `untaken`: nobody was given it."""
        waiting, reserved, more = sorted(ids), dict[str, str](), 0
        while waiting:
            count = len(waiting) + more
            counter = await self._numbers.find_one_and_update(
                {"_id": kind}, {"$inc": {"made": count}}, return_document=ReturnDocument.AFTER
            )
            assert counter is not None  # made with the indexes
            last = FIRST + int(counter["made"])
            numbers = [made_number(serial) for serial in range(last - count, last)]
            if untaken:
                taken = await self._holders(kind, [Unique("number", n) for n in numbers])
                numbers = [n for n in numbers if Unique("number", n) not in taken]
                # A city may have brought numbers of this form with it, a long row of them.
                more = min(2 * count, 5_000)
            reserved.update(zip(waiting, numbers, strict=False))
            waiting = waiting[len(numbers) :]
        return reserved

    async def _in_use(self, kind: str, ids: set[str]) -> frozenset[str]:
        used: set[str] = set()
        for other, field in _HANGING.get(kind, ()) if ids else ():
            key = f"state.{field}"
            collection = self.stores[other].collection
            used.update(await collection.distinct(key, {key: {"$in": sorted(ids)}}))
        return frozenset(used)

    # Lists

    async def list(
        self,
        kind: str,
        filters: Mapping[str, Any],
        text: str | None,
        page: Paging,
        also: Document | None = None,
    ) -> Sequence[Document]:
        """Up to `page.limit + 1` documents of a kind in its order.

        Args:
            filters: conditions on fields of `state`; those that are None are left out.
            text: words that must all be in the name.
            also: a further condition on documents.
        """
        conditions: list[Document] = [
            {f"state.{field}": value} for field, value in filters.items() if value is not None
        ]
        if also is not None:
            conditions.append(also)
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

    async def grids_of(self, area: str) -> Sequence[Document]:
        """The grids that are or were or will be in an area or one inside it; `_id`, `state`."""
        fields = ("state.area_path", "state.boundaries.area_path")
        wanted = {"$or": [{field: area} for field in fields]}
        return await self.stores["grids"].collection.find(wanted, {"state": 1}).to_list(None)

    async def communities_in(self, area: str) -> dict[str, str]:
        """The names of the communities in service in an area, by code."""
        wanted = {
            "state.area_path": area,
            "state.level": AreaLevel.COMMUNITY,
            "state.retired": False,
        }
        found = self.stores["areas"].collection.find(wanted, {"state.name": 1})
        return {document["_id"]: document["state"]["name"] async for document in found}

    async def has_number(self, number: str) -> bool:
        """Whether somebody has this number."""
        wanted = {"state.number": number}
        return await self.stores["people"].collection.find_one(wanted, {"_id": 1}) is not None

    async def with_telephone(self, index: str) -> Sequence[Document]:
        """Volunteers, at most 100, whose telephone has this blind index."""
        found = self.stores["people"].collection.find({"state.telephone_index": index}, _LISTED)
        return await found.sort("_id", ASCENDING).limit(100).to_list(None)


async def _index(
    collection: Collection,
    name: str,
    keys: list[tuple[str, int]],
    *,
    some: bool = False,
    unique: bool = False,
) -> None:
    """`some`: only of documents whose first key has a text."""
    options: Document = {"unique": True} if unique else {}
    if some:
        options["partialFilterExpression"] = {keys[0][0]: {"$gt": ""}}
    await collection.create_index(keys, name=name, **options)
