"""Every query on tasks and on the registry's read models, with their indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.volunteer_dispatch.service.directory import KINDS, Directory
from services.volunteer_dispatch.service.standing import Awaits
from services.volunteer_dispatch.service.state import OPEN, Status, TaskState
from shared.contracts.task_life import PauseKind, ProblemReason
from shared.contracts.topics import TASKS
from shared.contracts.words import Urgency
from shared.messaging.gate import inbox_key
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Database, Document
from shared.web.paging import Paging

_INTAKE = "/services/request-intake"
_OVERLAP = timedelta(seconds=5)
"""Replicas' clocks differ, and a snapshot's time is set a moment before its write."""
_AT_ONCE = 5000
"""Documents taken in at once, so that a whole city is not in memory twice."""
_SCOPES = ("state.areas", "state.grid_id", "state.units", "state.assignee.id")


def task_store(database: Database, settings: Settings) -> AggregateStore[TaskState]:
    """The tasks, keyed by task id; their events by request id."""
    return AggregateStore(
        database["tasks"],
        TaskState,
        topic=TASKS.name,
        source=settings.source,
        partition_key=lambda _id, state: state.request_id,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a list; `scope` is what the caller may see, as a query."""

    scope: Mapping[str, Any]
    statuses: Sequence[Status] = OPEN
    assignee: tuple[str, str] | None = None
    area: str | None = None
    overdue: bool | None = None
    urgency: Urgency | None = None
    awaits: Awaits | None = None
    paused: PauseKind | None = None


class Tasks:
    """Lists of tasks."""

    def __init__(self, store: AggregateStore[TaskState]) -> None:
        self._store = store

    async def create_indexes(self) -> None:
        """One index a list, in the order that it is shown in; one for the loop of matching."""
        collection = self._store.collection
        tail = [("state.status", ASCENDING), ("state.deadline", ASCENDING), ("_id", ASCENDING)]
        await collection.create_index(tail, name="by_deadline")
        for scope in _SCOPES:
            await collection.create_index([(scope, ASCENDING), *tail], name=f"by_{scope}")
        asked = "state.alerts.open.volunteer_id"
        await collection.create_index(
            [(asked, ASCENDING), *tail],
            partialFilterExpression={asked: {"$exists": True}},
            name="by_asked",
        )
        await collection.create_index(
            [("state.request_id", ASCENDING)],
            partialFilterExpression={"state.request_id": {"$exists": True}},
            name="audit",
        )
        await collection.create_index(
            [("shard", ASCENDING)],
            partialFilterExpression={"state.todo": True},
            name="todo",
        )
        await collection.create_index(
            [
                ("state.problem.open", ASCENDING),
                ("state.problem.raised_at", ASCENDING),
                ("_id", ASCENDING),
            ],
            partialFilterExpression={"state.problem.raised_at": {"$exists": True}},
            name="problems",
        )

    async def find(self, wanted: Wanted, paging: Paging, now: datetime) -> list[Document]:
        """Up to `limit + 1` documents (`_id`, `version`, `state`) by deadline: overdue first."""
        parts: list[Mapping[str, Any]] = [
            {"state.status": {"$in": [status.value for status in wanted.statuses]}}
        ]
        if wanted.scope:
            parts.append(wanted.scope)
        if wanted.assignee is not None:
            kind, id = wanted.assignee
            parts.append({"state.assignee.id": id, "state.assignee.kind": kind})
        if wanted.area is not None:
            parts.append({"state.areas": wanted.area})
        if wanted.urgency is not None:
            parts.append({"state.urgency": wanted.urgency.value})
        if wanted.awaits is not None:
            parts.append({"state.awaits": wanted.awaits.value})
        if wanted.paused is not None:
            parts.append({"state.clock.pause.kind": wanted.paused.value})
        if wanted.overdue is not None:
            parts.append({"state.deadline": {"$lt" if wanted.overdue else "$gte": now}})
        if paging.after is not None:
            deadline, id = paging.after
            parts.append(
                {
                    "$or": [
                        {"state.deadline": {"$gt": deadline}},
                        {"state.deadline": deadline, "_id": {"$gt": id}},
                    ]
                }
            )
        cursor = self._store.collection.find({"$and": parts}, {"state": 1, "version": 1})
        order = [("state.deadline", ASCENDING), ("_id", ASCENDING)]
        return await cursor.sort(order).limit(paging.limit + 1).to_list(None)

    async def problems(
        self,
        scope: Mapping[str, Any],
        paging: Paging,
        *,
        open: bool,
        owner_area: str | None,
        reason: ProblemReason | None,
    ) -> list[Document]:
        """Up to `limit + 1` problem cases (`_id`, `version`, `state`), the oldest first."""
        parts: list[Mapping[str, Any]] = [{"state.problem.open": open}]
        if scope:
            parts.append(scope)
        if owner_area is not None:
            parts.append({"state.problem.owner_area": owner_area})
        if reason is not None:
            parts.append({"state.problem.reason": reason.value})
        if paging.after is not None:
            raised, id = paging.after
            parts.append(
                {
                    "$or": [
                        {"state.problem.raised_at": {"$gt": raised}},
                        {"state.problem.raised_at": raised, "_id": {"$gt": id}},
                    ]
                }
            )
        cursor = self._store.collection.find({"$and": parts}, {"state": 1, "version": 1})
        order = [("state.problem.raised_at", ASCENDING), ("_id", ASCENDING)]
        return await cursor.sort(order).limit(paging.limit + 1).to_list(None)

    async def audit(self, after: str, limit: int) -> list[Document]:
        """What `lianxin audit` asks, after a request id."""
        found = self._store.collection.find(
            {"state.request_id": {"$gt": after}}, {"state.request_id": 1, "sequence": 1, "inbox": 1}
        )
        items: list[Document] = []
        async for document in found.sort([("state.request_id", ASCENDING)]).limit(limit):
            request_id = document["state"]["request_id"]
            seen = document["inbox"].get(inbox_key(_INTAKE, request_id).replace(".", "%2E"))
            items.append(
                {
                    "request_id": request_id,
                    "task_id": document["_id"],
                    "sequence": document["sequence"],
                    "requests_sequence": seen[0] if seen else 0,
                }
            )
        return items


class Follower:
    """Keeps a directory at the registry's read models, which all replicas write together."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._seen: dict[str, datetime] = {}

    async def create_indexes(self) -> None:
        """One index a read model, for what is new."""
        for kind in KINDS:
            await self._database[kind].create_index([("applied_at", ASCENDING)])

    async def refresh(self) -> None:
        """Read what was applied since the last time."""
        for kind, fields in KINDS.items():
            began = datetime.now(UTC)
            since = newest = self._seen.get(kind)
            wanted = {} if since is None else {"applied_at": {"$gte": since - _OVERLAP}}
            seen = dict.fromkeys((*fields, "applied_at"), 1)
            cursor = self._database[kind].find(wanted, seen)
            while documents := await cursor.to_list(_AT_ONCE):
                self._directory.put(kind, documents)
                at = max(document["applied_at"] for document in documents)
                newest = at if newest is None else max(newest, at)
            if newest is not None:
                # What was written behind the place that was just read is met by the next time.
                self._seen[kind] = min(newest, began)
