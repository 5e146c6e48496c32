"""MongoDB calls of recorded work, with its indexes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.registry.records.decisions import RecordState
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Database, Document, aggregate

NAME = "records"
_LISTED = ("organization_id", "person_id", "about.id", "unit_id")


class Total(NamedTuple):
    """How often and how much of one work."""

    records: int
    quantity: float


class Records:
    """The store of records, and sums over them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.store: AggregateStore[RecordState] = entry_store(
            database, NAME, RecordState, settings, topics.WORK
        )

    async def create_indexes(self) -> None:
        """One index for each of those who did it; those of absent values are empty."""
        index = self.store.collection.create_index
        times = [("state.at", ASCENDING), ("_id", DESCENDING)]
        await index([("state.area_path", ASCENDING), *times], name="path")
        for name in _LISTED:
            field = f"state.{name}"
            chosen = {field: {"$gt": ""}}
            await index([(field, ASCENDING), *times], partialFilterExpression=chosen, name=name)

    async def totals(self, conditions: Document, by: str = "work") -> Mapping[str, Total]:
        """Records that count and pass `conditions` (see `chosen`), summed by a field of theirs."""
        pipeline: list[Document] = [
            {"$match": {"$and": [{"state.voided": None}, conditions]}},
            {
                "$group": {
                    "_id": f"$state.{by}",
                    "records": {"$sum": 1},
                    "quantity": {"$sum": "$state.quantity"},
                }
            },
        ]
        return {
            str(row["_id"]): Total(row["records"], float(row["quantity"]))
            async for row in aggregate(self.store.collection, pipeline)
        }

    async def latest(self, conditions: Document, limit: int) -> Sequence[Aggregate[RecordState]]:
        """The latest records that count and pass `conditions`, by when the work was done."""
        found = self.store.collection.find(
            {"$and": [{"state.voided": None}, conditions]}, {"history": 0, "outbox": 0}
        )
        newest = [("state.at", DESCENDING), ("_id", ASCENDING)]
        documents = await found.sort(newest).limit(limit).to_list(None)
        return [self.store.load(document) for document in documents]


def chosen(
    *, since: datetime | None = None, until: datetime | None = None, **fields: Any
) -> Document:
    """Conditions on records: equal `fields` of their state (None: any), done in a span of time.

    A field that is a list asks for one of its values; `about.id` is written `about_id`.
    """
    wanted: Document = {}
    for name, value in fields.items():
        if value is not None:
            field = f"state.{name.replace('about_', 'about.')}"
            wanted[field] = {"$in": list(value)} if isinstance(value, list | tuple) else value
    span = {"$gte": since, "$lt": until}
    at = {name: moment for name, moment in span.items() if moment is not None}
    return wanted | ({"state.at": at} if at else {})
