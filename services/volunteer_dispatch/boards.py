"""Boards: every query on tasks by column, each with one index.

A document keeps its column and what that is sorted by (`state.column`, `state.column_at`). Whether
a task is overdue or due soon is a matter of the moment, and a range of the same index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.volunteer_dispatch.service.columns import KEPT_AS, Column, Shown, between
from services.volunteer_dispatch.service.columns import shown as shown_as
from services.volunteer_dispatch.service.lists import ListTable
from services.volunteer_dispatch.service.standing import Awaits
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.words import Urgency
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Document, aggregate
from shared.web.paging import Paging

SEEN: Document = {
    "history": 0, "outbox": 0, "inbox": 0, "state.words": 0, "state.explained": 0,
    "state.waiting": 0,
}  # fmt: skip
"""Left out of lists: what no row shows."""
_TAIL = [("state.column", ASCENDING), ("state.column_at", ASCENDING), ("_id", ASCENDING)]
_ON_BOARD: Document = {"state.column": {"$gt": ""}}
_SCOPES = ("state.areas", "state.grid_id", "state.units")
_HOLDER = "state.assignee.id"
_REQUEST = "state.request_id"
DONE_BY = "done_by"
"""The index of what a holder has done."""
OPEN = [c.value for c in Column if c not in (Column.NONE, Column.DONE)]
"""Columns of open tasks."""


def _index_of(filters: Sequence[Mapping[str, Any]]) -> str:
    """The index of the narrowest filter."""
    named = {name for one in filters for name in one}
    if _REQUEST in named:
        return "audit"  # of `repository`: a request has a task or a few
    if _HOLDER in named:
        return f"by_{_HOLDER}"  # of `repository`: a holder has few tasks
    for scope in reversed(_SCOPES):
        if scope in named:
            return f"board_{scope}"
    return "board"


@dataclass(frozen=True, slots=True)
class BoardWanted:
    """Filters of a board; `scope` is what the caller may see, as a query."""

    scope: Mapping[str, Any]
    statuses: Sequence[Status] = ()
    category: str | None = None
    """A code, or a prefix that ends with a point."""
    urgency: Urgency | None = None
    area: str | None = None
    grid: str | None = None
    holders: Sequence[str] = ()
    """`kind:id`; one of them."""
    request: str | None = None
    """A request's id."""
    overdue: bool | None = None
    awaits: Awaits | None = None

    def filters(self, now: datetime) -> list[Mapping[str, Any]]:
        """The filters as queries."""
        found: list[Mapping[str, Any]] = [self.scope] if self.scope else []
        if self.statuses:
            found.append({"state.status": {"$in": [one.value for one in self.statuses]}})
        if self.category is not None:
            found.append({"state.category": in_category(self.category)})
        if self.urgency is not None:
            found.append({"state.urgency": self.urgency.value})
        if self.area is not None:
            found.append({"state.areas": self.area})
        if self.grid is not None:
            found.append({"state.grid_id": self.grid})
        if self.request is not None:
            found.append({_REQUEST: self.request})
        if self.holders:
            pairs = [holder.partition(":")[::2] for holder in self.holders]
            found.append(
                {
                    _HOLDER: {"$in": sorted({id for _, id in pairs})},
                    "$or": [{_HOLDER: id, "state.assignee.kind": kind} for kind, id in pairs],
                }
            )
        if self.overdue is not None:
            found.append({"state.deadline": {"$lt" if self.overdue else "$gte": now}})
            found.append({"state.column": {"$in": OPEN}})
        if self.awaits is not None:
            found.append({"state.awaits": self.awaits.value})
        return found


def in_category(category: str) -> Any:
    """A code, or a range for a prefix that ends with a point; no pattern comes from outside."""
    if not category.endswith("."):
        return category
    return {"$gte": category, "$lt": category[:-1] + "/"}


class Boards:
    """Counts and pages of boards."""

    def __init__(self, store: AggregateStore[TaskState]) -> None:
        self._tasks = store.collection

    async def create_indexes(self) -> None:
        """One index a scope; tasks that are on no board yet are in none."""
        for scope in (None, *_SCOPES):
            head = [] if scope is None else [(scope, ASCENDING)]
            await self._tasks.create_index(
                [*head, *_TAIL],
                partialFilterExpression=_ON_BOARD,
                name=f"board_{scope}" if scope else "board",
            )
        await self._tasks.create_index(
            [(_HOLDER, ASCENDING), *_TAIL[1:]],
            partialFilterExpression={"state.column": Column.DONE.value},
            name=DONE_BY,
        )
        await self._tasks.create_index(
            [("state.offered_to", ASCENDING)],
            partialFilterExpression={"state.offered_to": {"$gt": ""}},
            name="offered",
        )

    async def counts(
        self, wanted: BoardWanted, table: ListTable, now: datetime
    ) -> dict[Shown, int]:
        """How many tasks each column has."""
        filters = wanted.filters(now)
        hint = _index_of(filters)
        late, soon = ({"$lt": ["$state.column_at", at]} for at in (now, now + table.soon))
        open = [*filters, {"state.column": {"$in": OPEN}}]
        found = dict.fromkeys(Shown, 0)
        pipeline: list[Document] = [
            {"$match": {"$and": open}},
            {
                "$group": {
                    "_id": {"column": "$state.column", "late": late, "soon": soon},
                    "number": {"$sum": 1},
                }
            },
        ]
        async for row in aggregate(self._tasks, pipeline, hint=hint):
            key = row["_id"]
            at = now if key["soon"] else now + table.soon
            at = now - timedelta(seconds=1) if key["late"] else at
            column = shown_as(Column(key["column"]), at, now, table.soon)
            if column is not None:
                found[column] += row["number"]
        done = {"$and": [*filters, *self._of(Shown.DONE_LATELY, table, now)]}
        found[Shown.DONE_LATELY] = await self._tasks.count_documents(done, hint=hint)
        return found

    def _of(self, column: Shown, table: ListTable, now: datetime) -> list[Document]:
        since, until = between(column, now, table.soon, table.lately)
        parts: list[Document] = [{"state.column": {"$in": [one.value for one in KEPT_AS[column]]}}]
        if since is not None:
            parts.append({"state.column_at": {"$gte": since}})
        if until is not None:
            parts.append({"state.column_at": {"$lt": until}})
        return parts

    async def page(
        self, wanted: BoardWanted, column: Shown, table: ListTable, paging: Paging, now: datetime
    ) -> list[Document]:
        """Up to `limit + 1` documents of a column: due first, of those done the last first."""
        parts = [*wanted.filters(now), *self._of(column, table, now)]
        return await self.find(parts, paging, latest_first=column is Shown.DONE_LATELY)

    async def find(
        self,
        parts: Sequence[Mapping[str, Any]],
        paging: Paging,
        *,
        latest_first: bool = False,
        hint: str | None = None,
    ) -> list[Document]:
        """Up to `limit + 1` documents on boards that fit, by what their column is sorted by."""
        query: list[Mapping[str, Any]] = [*parts]
        if paging.after is not None:
            at, id = paging.after
            beyond = "$lt" if latest_first else "$gt"
            query.append(
                {
                    "$or": [
                        {"state.column_at": {beyond: at}},
                        {"state.column_at": at, "_id": {beyond: id}},
                    ]
                }
            )
        order = DESCENDING if latest_first else ASCENDING
        cursor = self._tasks.find({"$and": query}, SEEN).hint(hint or _index_of(parts))
        cursor = cursor.sort([("state.column_at", order), ("_id", order)])
        return await cursor.limit(paging.limit + 1).to_list(None)

    async def offered(self, to: str, limit: int) -> list[Document]:
        """Documents of tasks that are offered to `kind:id`."""
        return await self._tasks.find({"state.offered_to": to}, SEEN).limit(limit).to_list(None)

    async def asked(self, volunteer_id: str, limit: int) -> list[Document]:
        """Documents of tasks about which a volunteer is asked."""
        query = {"state.alerts.open.volunteer_id": volunteer_id}
        return await self._tasks.find(query, SEEN).limit(limit).to_list(None)
