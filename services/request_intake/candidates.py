"""Requests that a request may be joined to, found by place, category and time; never by a scan."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.request_intake.likeness import LikenessTable
from services.request_intake.near import keys_around
from services.request_intake.state import RequestState
from shared.contracts.payload import Point
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Document

_LEFT_OUT = dict.fromkeys(
    ("history", "outbox", "inbox", "state.steps", "state.follow_ups", "state.replies"), 0
)


class Candidates:
    """The index of open requests by where they are (`RequestState.near`)."""

    def __init__(self, store: AggregateStore[RequestState]) -> None:
        self._collection = store.collection

    async def create_indexes(self) -> None:
        """One index: only requests that others can be joined to are in it."""
        await self._collection.create_index(
            [
                ("state.near", ASCENDING),
                ("state.category", ASCENDING),
                ("state.accepted_at", DESCENDING),
            ],
            partialFilterExpression={"state.near": {"$gt": ""}},
            name="near",
        )

    async def find(
        self,
        point: Point | None,
        area_path: Sequence[str],
        at: datetime,
        categories: Sequence[str],
        table: LikenessTable,
    ) -> list[RequestState]:
        """At most `table.considered` open requests around a place and time, the newest first."""
        chosen = wanted(point, area_path, at, categories, table)
        if chosen is None:
            return []
        found = (
            self._collection.find(chosen, _LEFT_OUT)
            .sort([("state.accepted_at", DESCENDING)])
            .limit(table.considered)
        )
        return [RequestState.model_validate(document["state"]) async for document in found]


def wanted(
    point: Point | None,
    area_path: Sequence[str],
    at: datetime,
    categories: Sequence[str],
    table: LikenessTable,
) -> Document | None:
    """The query; None where the place is not known."""
    keys = keys_around(point, area_path, table.within_m)
    if not keys:
        return None
    within = timedelta(hours=table.within_hours)
    return {
        "state.near": {"$in": list(keys)},
        "state.category": {"$in": list(categories)},
        "state.accepted_at": {"$gte": at - within, "$lte": at + within},
    }
