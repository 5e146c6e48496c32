"""Every MongoDB call of recurring problems, with its indexes.

Counts are added up from the cases each time, a category at a time: nothing is kept that could
differ from them, and no event costs more for it (docs/assessment/problems.md).
"""

from collections.abc import Collection as Some
from collections.abc import Sequence
from datetime import datetime

from services.assessment.problems.counts import Cell, Row, grid_of
from services.assessment.problems.programme import ProgrammeState
from services.assessment.problems.state import OPEN, WORKED_ON, ProblemState
from services.assessment.problems.table import ProblemRules
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import (
    ASCENDING,
    DESCENDING,
    Collection,
    Database,
    Document,
    aggregate,
)

_LISTED = {"history": 0, "outbox": 0}
_WORKING = ("state.organization_id", "state.measures.organization_id")
_BATCH = 1000
"""Larger ones would keep the event loop for as long as they take to be read."""


class Problems:
    """Problems, programmes, what each month has found, and the counts of cases."""

    def __init__(self, database: Database, cases: Collection, settings: Settings) -> None:
        self.store: AggregateStore[ProblemState] = AggregateStore(
            database["problems"],
            ProblemState,
            topic=topics.REVIEWS.name,
            source=settings.source,
            subject=lambda id: f"problems/{id}",
            partition_key=lambda id, _state: f"problems/{id}",
        )
        self.programmes: AggregateStore[ProgrammeState] = AggregateStore(
            database["programmes"],
            ProgrammeState,
            topic=topics.REVIEWS.name,
            source=settings.source,
            subject=lambda id: f"programmes/{id}",
            partition_key=lambda id, _state: f"programmes/{id}",
        )
        self._rounds = database["problem_rounds"]
        self._cases = cases

    async def create_indexes(self) -> None:
        """Create the indexes of problems and of the counts; the stores create theirs."""
        await self._cases.create_index(
            [("state.category", ASCENDING), ("state.month", ASCENDING), ("_id", ASCENDING)],
            name="topic",
        )
        problems = self.store.collection
        newest = [("state.month", DESCENDING), ("_id", ASCENDING)]
        await problems.create_index(newest, name="newest")
        await problems.create_index([("state.seen_by", ASCENDING), *newest], name="seen")
        await problems.create_index(
            [("state.category", ASCENDING), ("state.status", ASCENDING)], name="category"
        )
        await self._rounds.create_index(
            [("wanted", ASCENDING)], partialFilterExpression={"wanted": {"$exists": True}}
        )

    # Counting

    async def topics(self, months: Sequence[str], rules: ProblemRules) -> dict[str, list[str]]:
        """Categories that cases of these months have, by what they count as."""
        found = await self._cases.distinct("state.category", {"state.month": {"$in": list(months)}})
        topics: dict[str, list[str]] = {}
        for category in sorted(category for category in found if category is not None):
            topics.setdefault(rules.topic_of(category), []).append(category)
        return topics

    async def categories_of(
        self, topic: str, months: Sequence[str], rules: ProblemRules
    ) -> list[str]:
        """Categories of these months that count as `topic`; itself where there are none."""
        if rules.category_parts is None:
            return [topic]
        return (await self.topics(months, rules)).get(topic, [topic])

    async def rows(
        self, months: Sequence[str], rules: ProblemRules, categories: Some[str] | None = None
    ) -> list[Row]:
        """Counts of the months by path of areas, grid and month; of all categories without any."""
        chosen = _chosen(rules)
        if categories is not None:
            chosen["state.category"] = {"$in": sorted(categories)}
        rows: list[Row] = []
        # The embedded engine does one thing at a time: months of all categories one by one.
        for some in [months] if categories is not None else [[month] for month in months]:
            match = chosen | {"state.month": {"$in": list(some)}}
            steps: list[Document] = [{"$match": match}, {"$group": _group(rules)}]
            options = {"allowDiskUse": True, "batchSize": _BATCH}
            async for one in aggregate(self._cases, steps, **options):
                key = one.pop("_id")
                cell = Cell(*(one[name] for name in Cell._fields))
                rows.append(Row(tuple(key["path"]), key.get("grid"), key["month"], cell))
        return rows

    async def cases_of(
        self,
        categories: Some[str],
        place: str,
        month: str,
        rules: ProblemRules,
        after: str | None,
        limit: int,
    ) -> list[Document]:
        """Cases that a count is made of, by id: `_id`, `state`."""
        chosen = _chosen(rules) | {
            "state.category": {"$in": sorted(categories)},
            "state.month": month,
        }
        grid = grid_of(place)
        if grid is None:
            chosen["state.area_path"] = place
        else:
            chosen["state.grid_id"] = grid
        if after is not None:
            chosen["_id"] = {"$gt": after}
        found = self._cases.find(chosen, {"state": 1}).sort("_id", ASCENDING).limit(limit)
        return await found.to_list(None)

    # Problems

    async def open_ones(self) -> list[Aggregate[ProblemState]]:
        """Every problem that is not ended."""
        found = self.store.collection.find({"state.status": {"$in": list(OPEN)}}, _LISTED)
        return [self.store.load(document) async for document in found]

    async def organizations(self) -> set[str]:
        """Organizations that lead the work on problems, or that measures are with."""
        chosen = {"state.status": {"$in": list(WORKED_ON)}}
        found: set[str | None] = set()
        for field in _WORKING:
            found.update(await self.store.collection.distinct(field, chosen))
        return {id for id in found if id is not None}

    async def with_organizations(self, ids: Some[str]) -> list[str]:
        """Problems that these work on, by id."""
        chosen = {
            "state.status": {"$in": list(WORKED_ON)},
            "$or": [{field: {"$in": sorted(ids)}} for field in _WORKING],
        }
        found = self.store.collection.find(chosen, {"_id": 1}).sort("_id", ASCENDING)
        return [document["_id"] async for document in found]

    # What months have found

    async def want(self, month: str, at: datetime) -> None:
        """Have a month looked at (again)."""
        await self._rounds.update_one({"_id": month}, {"$set": {"wanted": at}}, upsert=True)

    async def wanted(self) -> tuple[str, datetime] | None:
        """The earliest month that is to be looked at, and when that was asked for."""
        found = self._rounds.find({"wanted": {"$exists": True}}, {"wanted": 1})
        for document in await found.sort("_id", ASCENDING).limit(1).to_list(None):
            return document["_id"], document["wanted"]
        return None

    async def keep_round(self, month: str, found: Document, wanted: datetime | None) -> None:
        """Keep what a month has found; what was asked for meanwhile stays asked for."""
        await self._rounds.update_one({"_id": month}, {"$set": found}, upsert=True)
        if wanted is not None:
            await self._rounds.update_one(
                {"_id": month, "wanted": wanted}, {"$unset": {"wanted": ""}}
            )

    async def round(self, month: str) -> Document | None:
        """What a month has found; None where it has not been looked at."""
        return await self._rounds.find_one({"_id": month, "at": {"$exists": True}})

    async def rounds(self) -> dict[str, datetime]:
        """Months that were looked at and when, the earliest month first."""
        found = self._rounds.find({"at": {"$exists": True}}, {"at": 1}).sort("_id", ASCENDING)
        return {document["_id"]: document["at"] async for document in found}


def _chosen(rules: ProblemRules) -> Document:
    """Requests that count: of the kinds that tell of problems, each joined group once, placed, and
    not excluded by a correction (such a case counts in no group)."""
    return {
        "state.kind": {"$in": [kind.value for kind in rules.kinds]},
        "state.measure.requests": {"$ne": 0},
        "state.area_path.0": {"$exists": True},
        "state.keys.0": {"$exists": True},
    }


def _group(rules: ProblemRules) -> Document:
    late = {
        "$and": [
            {"$eq": ["$state.measure.judged", 1]},
            {"$eq": ["$state.measure.in_time", 0]},
        ]
    }
    branches = [
        {"case": {"$eq": ["$state.urgency", urgency.value]}, "then": hours}
        for urgency, hours in rules.long_hours.items()
    ]
    # Nothing is longer than what has no limit.
    limit = {"$switch": {"branches": branches, "default": 1e300}} if branches else 1e300
    timed = {"$gt": ["$state.measure.hours", None]}
    long = {"$or": [late, {"$and": [timed, {"$gt": ["$state.measure.hours", limit]}]}]}
    judged = {"$or": [{"$eq": ["$state.measure.judged", 1]}, timed]}
    return {
        "_id": {
            "path": "$state.area_path",
            "grid": "$state.grid_id",
            "month": "$state.month",
        },
        "requests": {"$sum": 1},
        "judged": {"$sum": {"$cond": [judged, 1, 0]}},
        "long": {"$sum": {"$cond": [long, 1, 0]}},
        "reopened": {"$sum": {"$cond": [{"$gt": ["$state.reopened", 0]}, 1, 0]}},
    }
