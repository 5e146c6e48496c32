"""MongoDB calls of the coverage guarantee, with its indexes."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from services.registry.coverage import City, Coverage, Path, Team
from shared.contracts import topics
from shared.contracts.words import AreaLevel, Gap, PlaceKind
from shared.messaging.ending import end_tasks
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, Database, Document, aggregate

_AREAS = ("level", "area_path", "retired")
_GRIDS = (
    "area_path", "communities", "organization_id", "leader", "members", "population", "retired",
    "in_force",
)  # fmt: skip
_KINDS = ("areas", "grids", "organizations", "people")
_IDS_AT_ONCE = 5_000
_ROWS_AT_ONCE = 2_000


_REACHABLE: Document = {
    "state.retired": False, "state.available": True, "state.telephone_index": {"$gt": ""},
}  # fmt: skip
_REACHABLE_INDEX = "coverage_reachable"
"""Answers who is reachable by itself: of all the teams of a city 90,000 would be fetched."""
_Batch = TypeVar("_Batch")
_REGISTERED = {PlaceKind.COMMUNITY: "areas", PlaceKind.GRID: "grids"}


class CoverageRepository:
    """The documents of places with gaps, and what of the registry decides on them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self.store: AggregateStore[Coverage] = AggregateStore(
            database["coverage"], Coverage, topic=topics.COVERAGE.name, source=settings.source
        )

    async def create_indexes(self) -> None:
        """Create the indexes of the list; the store creates its own."""
        by_id = ("_id", ASCENDING)
        for name, field in (("path", "state.area_path"), ("gap", "state.open.gap")):
            await self.store.collection.create_index([(field, ASCENDING), by_id], name=name)
        await self._database["people"].create_index(
            [by_id, ("state.available", ASCENDING)],
            name=_REACHABLE_INDEX,
            partialFilterExpression=_REACHABLE,
        )

    async def known(self) -> dict[str, Aggregate[Coverage]]:
        """Every place that has or had a gap, by key."""
        found = self.store.collection.find({}, {"history": 0, "outbox": 0})
        return {document["_id"]: self.store.load(document) async for document in found}

    async def put(self, city: City, changed: Mapping[str, Iterable[str]] | None = None) -> None:
        """Put what is registered now into `city`.

        Args:
            changed: ids by kind (`areas`); None: everything.
        """
        ids = {} if changed is None else {kind: list(changed.get(kind, ())) for kind in _KINDS}
        paths: dict[Path, Path] = {}  # many share one: held once
        async for batch in _ahead(self._read("areas", _AREAS, ids.get("areas"))):
            for id, state in batch:
                there = state["level"] == AreaLevel.COMMUNITY and not state["retired"]
                city.put_community(id, _path(state, paths) if there else None)
        async for batch in _ahead(self._read("grids", _GRIDS, ids.get("grids"))):
            for id, state in batch:
                city.put_grid(id, _team(state, paths))
        await self._put_organizations(city, ids.get("organizations"))
        # Only after the grids: they say of which people anything need be known.
        people = {*city.in_a_team(ids.get("people", ())), *city.unread()}
        await self._put_people(city, sorted(people))

    async def _read(
        self, kind: str, fields: Iterable[str], ids: list[str] | None
    ) -> AsyncIterator[list[tuple[str, Document]]]:
        """Id and some fields of the state of entries, in batches; of all where `ids` is None."""
        if ids == []:
            return
        chosen: Document = {} if ids is None else {"_id": {"$in": ids}}
        shown = {f"state.{name}": 1 for name in fields}
        found = self._database[kind].find(chosen, shown).batch_size(_ROWS_AT_ONCE)
        while batch := await found.to_list(_ROWS_AT_ONCE):
            yield [(document["_id"], document["state"]) for document in batch]

    async def _put_organizations(self, city: City, ids: list[str] | None) -> None:
        """Those of `ids` as they are; where it is None those that are retired, which are few."""
        if ids == []:
            return
        chosen: Document = {"state.retired": True} if ids is None else {"_id": {"$in": ids}}
        async for one in self._database["organizations"].find(chosen, {"state.retired": 1}):
            city.put_organization(one["_id"], retired=one["state"]["retired"])

    async def _put_people(self, city: City, ids: Sequence[str]) -> None:
        async for asked, reachable, serving in _ahead(self._standings(ids)):
            for id in asked:
                city.put_person(id, serving=id in serving, reachable=id in reachable)

    async def _standings(
        self, ids: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[str], set[str], set[str]]]:
        """Of `ids`, in batches, those that are reachable and those that are in service."""
        for start in range(0, len(ids), _IDS_AT_ONCE):
            asked = ids[start : start + _IDS_AT_ONCE]
            reachable = await self._reachable(asked)
            others = [id for id in asked if id not in reachable]
            yield asked, reachable, reachable | await self._serving(others)

    async def _reachable(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` who are reachable, from the index alone."""
        pipeline: list[Document] = [
            {"$match": {"_id": {"$in": list(ids)}} | _REACHABLE},
            {"$group": {"_id": None, "ids": {"$push": "$_id"}}},
        ]
        found = aggregate(self._database["people"], pipeline, hint=_REACHABLE_INDEX)
        return {id async for group in found for id in group["ids"]}

    async def _serving(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` who are registered and not retired."""
        wanted = {"_id": {"$in": list(ids)}, "state.retired": False}
        found = self._database["people"].find(wanted, {"_id": 1}) if ids else None
        return set() if found is None else {document["_id"] async for document in found}

    # Reading

    async def totals(self, chosen: Document) -> dict[tuple[Gap, PlaceKind], int]:
        """How many places have each gap."""
        pipeline: list[Document] = [
            {"$match": chosen},
            {"$unwind": "$state.open"},
            {"$group": {"_id": ["$state.open.gap", "$state.place"], "places": {"$sum": 1}}},
        ]
        return {
            (Gap(row["_id"][0]), PlaceKind(row["_id"][1])): row["places"]
            async for row in aggregate(self.store.collection, pipeline)
        }

    async def list(self, chosen: Document, after: str | None, limit: int) -> list[Document]:
        """Up to `limit` places with open gaps by key: `_id`, `state`."""
        later = [] if after is None else [{"_id": {"$gt": after}}]
        found = self.store.collection.find({"$and": [chosen, *later]}, {"state": 1})
        return await found.sort("_id", ASCENDING).limit(limit).to_list(None)

    async def names(self, places: Iterable[Coverage]) -> dict[tuple[PlaceKind, str], str]:
        """The registered names of places."""
        ids: dict[PlaceKind, list[str]] = {}
        for place in places:
            ids.setdefault(place.place, []).append(place.place_id)
        return {
            (kind, document["_id"]): document["state"]["name"]
            for kind, wanted in ids.items()
            async for document in self._database[_REGISTERED[kind]].find(
                {"_id": {"$in": wanted}}, {"state.name": 1}
            )
        }


async def _ahead(batches: AsyncIterator[_Batch]) -> AsyncIterator[_Batch]:
    """The same batches, each asked for while the one before is worked on."""
    coming = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.ensure_future(anext(batches, None))
            await asyncio.sleep(0)  # the question goes out before the work begins
            yield batch
    finally:
        await end_tasks([coming])


def chosen(areas: Iterable[str] | None, area: str | None, gap: Gap | None) -> Document:
    """Places with open gaps: inside one of `areas` (None: anywhere), inside `area`, with `gap`."""
    conditions: list[Document] = [{"state.open.gap": {"$exists": True} if gap is None else gap}]
    if areas is not None:
        conditions.append({"state.area_path": {"$in": sorted(areas)}})
    if area is not None:
        conditions.append({"state.area_path": area})
    return {"$and": conditions}


def _path(state: Mapping[str, Any], paths: dict[Path, Path]) -> Path:
    path = tuple(state["area_path"])
    return paths.setdefault(path, path)


def _team(state: Mapping[str, Any], paths: dict[Path, Path]) -> Team | None:
    """The team of a grid; None where it is not in service."""
    if state["retired"] or not state.get("in_force", True):
        return None
    return Team(
        _path(state, paths),
        tuple(state["communities"]),
        state["organization_id"],
        state["leader"],
        tuple(state["members"]),
        state.get("population") != 0,
    )
