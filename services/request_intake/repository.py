"""Every MongoDB call of intake, with its indexes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from services.request_intake.classification import Table
from services.request_intake.state import COLLECTION, RequestState
from services.request_intake.unit_reports import UnitReportState
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Database, Document, DuplicateKeyError

_LISTED = (
    "status",
    "area_path",
    "category",
    "grid_id",
    "reporting_unit",
    "submitted_by",
    "assignee.unit_id",
    "assignee.id",
)
_SUMMARY = {"version": 1, "state": 1}


class Requests:
    """Requests as aggregates, and their lists."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._collection = database[COLLECTION]
        self.store: AggregateStore[RequestState] = AggregateStore(
            self._collection, RequestState, topic=topics.REQUESTS.name, source=settings.source
        )

    async def create_indexes(self) -> None:
        """One index for each filter of the list, newest first; those of absent values are empty."""
        index = self._collection.create_index
        newest = [("state.accepted_at", DESCENDING), ("_id", DESCENDING)]
        await index(newest, name="newest")
        await index(
            [("state.tracking_code", ASCENDING)],
            unique=True,
            partialFilterExpression={"state.tracking_code": {"$gt": ""}},
            name="tracking_code",
        )
        await index(newest, partialFilterExpression={"state.located": False}, name="unlocated")
        for name in _LISTED:
            field = f"state.{name}"
            await index(
                [(field, ASCENDING), *newest],
                partialFilterExpression={field: {"$gt": ""}},
                name=name,
            )

    async def by_tracking_code(self, code: str) -> Aggregate[RequestState] | None:
        """The request of a tracking code in its one form."""
        found = await self._collection.find_one(
            {"state.tracking_code": code}, {"history": 0, "outbox": 0}
        )
        return None if found is None else self.store.load(found)

    async def newest(
        self, filters: list[Document], after: tuple[Any, str] | None, limit: int
    ) -> list[RequestState]:
        """At most `limit` requests that pass all `filters`, newest first, after a place."""
        conditions = [condition for condition in filters if condition]
        if after is not None:
            at, id = after
            conditions += [
                {"state.accepted_at": {"$lte": at}},
                {"$or": [{"state.accepted_at": {"$lt": at}}, {"_id": {"$lt": id}}]},
            ]
        found = (
            self._collection.find({"$and": conditions} if conditions else {}, _SUMMARY)
            .sort([("state.accepted_at", DESCENDING), ("_id", DESCENDING)])
            .limit(limit)
        )
        return [
            RequestState.model_validate(document["state"])
            async for document in found
            if document["state"] is not None
        ]

    async def shown(
        self, query: Document, fields: Iterable[str], limit: int
    ) -> list[Mapping[str, Any]]:
        """Some `fields` of the states that `query` finds, newest first; of `steps` the last.

        What is not named is not read: texts and requesters stay in the database.
        """
        projection: Document = {f"state.{name}": 1 for name in fields}
        if "state.steps" in projection:
            projection["state.steps"] = {"$slice": -1}
        found = (
            self._collection.find(query, projection)
            .sort([("state.accepted_at", DESCENDING), ("_id", DESCENDING)])
            .limit(limit)
        )
        return [document["state"] async for document in found if document.get("state")]

    async def audit(self, after: str, limit: int) -> list[Document]:
        """`{request_id, sequence}` of every request, by id."""
        found = (
            self._collection.find({"_id": {"$gt": after}}, {"sequence": 1})
            .sort([("_id", ASCENDING)])
            .limit(limit)
        )
        return [{"request_id": d["_id"], "sequence": d["sequence"]} async for d in found]


class UnitReports:
    """What units report by HTTP, one aggregate for each unit's subject (`{unit}|{subject}`)."""

    def __init__(self, database: Database) -> None:
        self.store: AggregateStore[UnitReportState] = AggregateStore(
            database["unit_reports"],
            UnitReportState,
            topic=topics.UNITS.name,
            source=lambda id: f"/units/{id.partition('|')[0]}",
            subject=lambda id: id.partition("|")[2],
            partition_key=lambda id, _state: id.partition("|")[2],
        )


class Tables:
    """Versions of the category table; the highest is in force, the others stay."""

    SHIPPED = "shipped"

    def __init__(self, database: Database) -> None:
        self._collection = database["category_tables"]

    async def newest(self, above: int = 0) -> Document | None:
        """The version in force where it is higher than `above`: `_id`, `table`, `at`, `by`."""
        found = (
            await self._collection.find({"_id": {"$gt": above}})
            .sort([("_id", DESCENDING)])
            .limit(1)
            .to_list(None)
        )
        return found[0] if found else None

    async def add(self, version: int, table: Table, by: str) -> bool:
        """Write a version; False where it is there already."""
        document: Mapping[str, Any] = {
            "_id": version,
            "table": table.model_dump(mode="json"),
            "at": datetime.now(UTC),
            "by": by,
        }
        try:
            await self._collection.insert_one(dict(document))
        except DuplicateKeyError:
            return False
        return True

    async def ship(self, table: Table) -> None:
        """Bring the table that came with the program into force, unless a person's is."""
        there = await self.newest()
        if there is None:
            await self.add(1, table, self.SHIPPED)
        elif there["by"] == self.SHIPPED and there["table"] != table.model_dump(mode="json"):
            await self.add(there["_id"] + 1, table, self.SHIPPED)
