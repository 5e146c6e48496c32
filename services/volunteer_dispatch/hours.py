"""Service hours: their store, their lists, and what finds the tasks that volunteers have done.

Hours of tasks follow from what this service has published: of a `task.completed` by a volunteer the
journal also has the `task.accepted` before it. How far it was read is kept after the hours were
written down, and the same task in the same round has the same id: nothing is lost or counted twice.
"""

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from services.volunteer_dispatch.service.activity_tables import HoursTable
from services.volunteer_dispatch.service.hours import HoursState, HoursStatus, of_task
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import tasks
from shared.contracts.topics import TASKS, VOLUNTEERING
from shared.contracts.words import AssigneeKind
from shared.messaging.journal import Journal
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore, Decision
from shared.storage.client import (
    ASCENDING,
    DESCENDING,
    Database,
    Document,
    DuplicateKeyError,
    aggregate,
)
from shared.storage.loops import for_ever
from shared.web.paging import Paging

_BATCH = 500
_PAUSE_SECONDS = 0.5
_OVERLAP = timedelta(seconds=10)
"""How late an entry may show up in the journal: clocks that differ, a slow write."""
_BACK = 900
"""Facts of a task that are looked through for its acceptance."""
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_PLACE = "hours/lianxin.tasks"


def hours_store(database: Database, settings: Settings) -> AggregateStore[HoursState]:
    """The hours, keyed by the id of the service."""
    return AggregateStore(
        database["hours"],
        HoursState,
        topic=VOLUNTEERING.name,
        source=f"{settings.source}/hours",
        partition_key=lambda id, _state: f"hours/{id}",
    )


class HoursBook:
    """Service hours, written down once each, and lists of them."""

    def __init__(self, store: AggregateStore[HoursState]) -> None:
        self.store = store

    async def create_indexes(self) -> None:
        """A list by each of those who may ask, the latest service first."""
        index = self.store.collection.create_index
        order = [("state.ended_at", DESCENDING), ("_id", ASCENDING)]
        await index([("state.status", ASCENDING), *order], name="by_status")
        for field in ("volunteer_id", "areas", "grid_id", "receiver_unit_id", "leader_id"):
            await index([(f"state.{field}", ASCENDING), *order], name=f"by_{field}")
        await index([("state.source_id", ASCENDING)], name="by_source")

    async def note(self, state: HoursState) -> bool:
        """Write hours down, to be confirmed; whether they were not there yet."""
        with contextlib.suppress(DuplicateKeyError):
            await self.store.create(
                state.hours_id, Decision(state, (), "served"), by="service", answer={}
            )
            return True
        return False

    async def of_volunteer(
        self,
        volunteer_id: str,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
    ) -> tuple[dict[str, float], list[HoursState]]:
        """Somebody's hours, of services that ended in a span: sums by status (`proposed`,
        `confirmed`), and the latest services, void ones too."""
        span = {"$gte": since, "$lt": until}
        ended = {name: at for name, at in span.items() if at is not None}
        wanted: Document = {"state.volunteer_id": volunteer_id}
        if ended:
            wanted["state.ended_at"] = ended
        sums = {HoursStatus.PROPOSED.value: 0.0, HoursStatus.CONFIRMED.value: 0.0}
        by_status = {"_id": "$state.status", "hours": {"$sum": "$state.hours"}}
        async for row in aggregate(
            self.store.collection, [{"$match": wanted}, {"$group": by_status}]
        ):
            if row["_id"] in sums:
                sums[row["_id"]] = round(float(row["hours"]), 2)
        found = self.store.collection.find(wanted, {"state": 1})
        latest = found.sort([("state.ended_at", DESCENDING), ("_id", ASCENDING)]).limit(limit)
        return sums, [HoursState.model_validate(one["state"]) async for one in latest]

    async def find(self, scope: Mapping[str, Any], paging: Paging, **equal: Any) -> list[Document]:
        """Up to `limit + 1` documents that the caller may see, the latest service first."""
        parts: list[Mapping[str, Any]] = [scope] if scope else []
        parts += [{f"state.{name}": value} for name, value in equal.items() if value is not None]
        if paging.after is not None:
            at, id = paging.after
            earlier = {"state.ended_at": {"$lt": at}}
            parts.append({"$or": [earlier, {"state.ended_at": at, "_id": {"$gt": id}}]})
        wanted: Document = {"$and": parts} if parts else {}
        cursor = self.store.collection.find(wanted, {"state": 1, "version": 1})
        order = [("state.ended_at", DESCENDING), ("_id", ASCENDING)]
        return await cursor.sort(order).limit(paging.limit + 1).to_list(None)

    async def ids_of(self, source_id: str) -> list[str]:
        """Ids of the hours of an activity that are to be confirmed."""
        wanted = {"state.source_id": source_id, "state.status": HoursStatus.PROPOSED.value}
        return [one["_id"] async for one in self.store.collection.find(wanted, {"_id": 1})]


class TaskHours:
    """The loop that writes down the hours of tasks, while this replica leads."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        leases: Leases,
        tasks_store: AggregateStore[TaskState],
        book: HoursBook,
        table: Callable[[], HoursTable],
    ) -> None:
        self._places = database["followers"]
        self._journal = journal
        self._leases = leases
        self._tasks = tasks_store
        self._book = book
        self._table = table
        self._seen: dict[str, datetime] = {}

    async def run(self) -> None:
        """Follow for ever."""
        await for_ever(self._step, _PAUSE_SECONDS, "hours wait for the database")

    async def _step(self) -> bool:
        if self._leases.leads:
            return await self.round() >= _BATCH
        self._seen = {}
        return False

    async def round(self) -> int:
        """Write down what was completed since the last time; how many completions there were."""
        kept = await self._places.find_one({"_id": _PLACE})
        read_to: datetime = kept["read_to"] if kept else _BEGINNING
        since = read_to - _OVERLAP
        self._seen = {id: at for id, at in self._seen.items() if at >= since}
        entries = await self._journal.of_type(
            TASKS.name, tasks.TaskCompleted.full_type(), since, _BATCH + len(self._seen)
        )
        new = [entry for entry in entries if entry["_id"] not in self._seen]
        for entry in new:
            await self._note(entry)
            self._seen[entry["_id"]] = entry["at"]
        if new:
            newest = max(entry["at"] for entry in new)
            if newest > read_to:
                place = {"$set": {"read_to": newest}}
                await self._places.update_one({"_id": _PLACE}, place, upsert=True)
        return len(new)

    async def _note(self, entry: Document) -> None:
        done = tasks.TaskCompleted.model_validate_json(entry["data"])
        if done.assignee.kind is not AssigneeKind.VOLUNTEER:
            return
        accepted_at = await self._accepted(entry, done)
        task = await self._tasks.get(done.task_id)
        if accepted_at is None or task is None or task.state is None:
            return
        state = task.state
        await self._book.note(
            of_task(
                task_id=done.task_id,
                round=done.round,
                volunteer_id=done.assignee.id,
                unit_id=done.assignee.unit_id,
                category=state.category,
                area_path=state.area_path,
                areas=state.areas,
                grid_id=state.grid_id,
                accepted_at=accepted_at,
                completed_at=done.completed_at or entry["time"],
                table=self._table(),
            )
        )

    async def _accepted(self, entry: Document, done: tasks.TaskCompleted) -> datetime | None:
        """When the volunteer last accepted the task before completing it."""
        found: datetime | None = None
        first = max(1, entry["n"] - _BACK)
        for earlier in await self._journal.of_subject(entry["source"], entry["subject"], first):
            if earlier["n"] >= entry["n"]:
                break
            if earlier["type"] != tasks.TaskAccepted.full_type():
                continue
            who = tasks.TaskAccepted.model_validate_json(earlier["data"]).assignee
            if (who.kind, who.id) == (done.assignee.kind, done.assignee.id):
                found = earlier["time"]
        return found
