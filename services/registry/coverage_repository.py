"""MongoDB calls of the coverage guarantee, with its indexes."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from services.registry.coverage import City, Coverage, Place, Team
from shared.contracts import topics
from shared.contracts.words import AreaLevel, Gap, PlaceKind
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, Collection, Database, Document, aggregate

_FIELDS = {
    "areas": ("level", "area_path", "retired"),
    "grids": ("area_path", "communities", "organization_id", "leader", "members", "retired"),
    "people": ("telephone_index", "available", "retired"),
}
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

    async def known(self) -> dict[str, Aggregate[Coverage]]:
        """Every place that has or had a gap, by key."""
        found = self.store.collection.find({}, {"history": 0, "outbox": 0})
        return {document["_id"]: self.store.load(document) async for document in found}

    async def put(
        self, city: City, changed: Mapping[str, Iterable[str]] | None = None
    ) -> set[Place]:
        """Put what is registered now into `city`; the places touched.

        Args:
            changed: ids by kind (`areas`); None: everything.
        """
        touched: set[Place] = set()
        for kind in _FIELDS:
            ids = None if changed is None else list(changed.get(kind, ()))
            if ids == []:
                continue
            async for document in self._read(self._database[kind], kind, ids):
                touched |= _put(city, kind, document["_id"], document["state"])
        return touched

    @staticmethod
    async def _read(
        collection: Collection, kind: str, ids: list[str] | None
    ) -> AsyncIterator[Document]:
        chosen: Document = {} if ids is None else {"_id": {"$in": ids}}
        fields = {f"state.{name}": 1 for name in _FIELDS[kind]}
        async for document in collection.find(chosen, fields).batch_size(2000):
            yield document

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


def chosen(areas: Iterable[str] | None, area: str | None, gap: Gap | None) -> Document:
    """Places with open gaps: inside one of `areas` (None: anywhere), inside `area`, with `gap`."""
    conditions: list[Document] = [{"state.open.gap": {"$exists": True} if gap is None else gap}]
    if areas is not None:
        conditions.append({"state.area_path": {"$in": sorted(areas)}})
    if area is not None:
        conditions.append({"state.area_path": area})
    return {"$and": conditions}


def _put(city: City, kind: str, id: str, state: Mapping[str, Any]) -> set[Place]:
    path = tuple(state["area_path"]) if "area_path" in state else ()
    match kind:
        case "areas":
            there = state["level"] == AreaLevel.COMMUNITY and not state["retired"]
            return city.put_community(id, path if there else None)
        case "grids":
            team = Team(
                path,
                tuple(state["communities"]),
                state["organization_id"],
                state["leader"],
                tuple(state["members"]),
            )
            return city.put_grid(id, None if state["retired"] else team)
        case _:
            retired = state["retired"]
            there = state["telephone_index"] is not None and state["available"] and not retired
            return city.put_person(id, retired=retired, reachable=there)
