"""Gaps of the routing table: every query on the tasks that it did not cover, with their index.

A task carries its gap itself, written with the decision that found it, so that nothing is counted
twice or forgotten; a partial index holds those tasks alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.volunteer_dispatch.service.state import OPEN, Gap, TaskState
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Document, aggregate
from shared.web.paging import Paging

_HAS_GAP: Document = {"state.gap": {"$gt": ""}}
_OPEN = [status.value for status in OPEN]
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class GapsWanted:
    """Filters of the list; `scope` is what the caller may see, as a query."""

    scope: Mapping[str, Any]
    since: datetime
    gap: Gap | None = None
    area: str | None = None


class Gaps:
    """Lists and counts of the tasks that the table did not cover."""

    def __init__(self, store: AggregateStore[TaskState]) -> None:
        self._tasks = store.collection

    async def create_indexes(self) -> None:
        """One partial index: tasks without a gap cost nothing."""
        await self._tasks.create_index(
            [
                ("state.gap", ASCENDING),
                ("state.status", ASCENDING),
                ("state.requested_at", ASCENDING),
            ],
            partialFilterExpression=_HAS_GAP,
            name="gaps",
        )

    async def count_open(self) -> int:
        """Open tasks that the table did not cover."""
        return await self._tasks.count_documents({**_HAS_GAP, "state.status": {"$in": _OPEN}})

    async def find(self, wanted: GapsWanted, paging: Paging) -> list[Document]:
        """Up to `limit + 1` gaps, those with most tasks first.

        Each: `_id` (category, area and kind in one), `category`, `area_path`, `urgencies`, `gap`,
        `tasks`, `open`, `first`, `last` (times of requests), `examples` (ids of the latest tasks).
        """
        matched: list[Mapping[str, Any]] = [
            _HAS_GAP,
            {"state.requested_at": {"$gte": wanted.since}},
        ]
        if wanted.scope:
            matched.append(wanted.scope)
        if wanted.gap is not None:
            matched.append({"state.gap": wanted.gap.value})
        if wanted.area is not None:
            matched.append({"state.areas": wanted.area})
        is_open = {"$in": ["$state.status", _OPEN]}
        latest = {"n": _EXAMPLES, "sortBy": {"state.requested_at": -1}, "output": "$_id"}
        pipeline: list[Document] = [
            {"$match": {"$and": matched}},
            {
                "$group": {
                    "_id": {
                        "$concat": [
                            *("$state.category", "|"),
                            *({"$last": "$state.area_path"}, "|", "$state.gap"),
                        ]
                    },
                    "category": {"$first": "$state.category"},
                    "area_path": {"$first": "$state.area_path"},
                    "urgencies": {"$addToSet": "$state.urgency"},
                    "gap": {"$first": "$state.gap"},
                    "tasks": {"$sum": 1},
                    "open": {"$sum": {"$cond": [is_open, 1, 0]}},
                    "first": {"$min": "$state.requested_at"},
                    "last": {"$max": "$state.requested_at"},
                    "examples": {"$topN": latest},
                }
            },
        ]
        if paging.after is not None:
            tasks, id = paging.after
            later = [{"tasks": {"$lt": tasks}}, {"tasks": tasks, "_id": {"$gt": id}}]
            pipeline.append({"$match": {"$or": later}})
        pipeline += [{"$sort": {"tasks": -1, "_id": 1}}, {"$limit": paging.limit + 1}]
        return [row async for row in aggregate(self._tasks, pipeline, allowDiskUse=True)]
