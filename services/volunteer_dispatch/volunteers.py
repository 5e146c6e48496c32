"""Volunteers and their loads, in one document each: the registry's snapshot, and what is ours.

`tasks` holds a reservation a task: `{task, token, since}`. `since` is there until the sweep has
seen that the task really names this reservation. `alerts` holds the alerts of the last week:
`{task, token, at, until, said}`, `said` empty while an answer is awaited; those of activities are
marked `activity`. `answers` counts what was said. `bookings` holds the time kept for activities
(`bookings.py`). Each of our writes moves `applied_at`, as a snapshot does: replicas follow it.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.volunteer_dispatch.service.alerting import (
    ACCEPTED,
    SILENT,
    WEEK,
    WITHDRAWN,
    Alert,
    Answer,
    Asking,
)
from services.volunteer_dispatch.service.state import Reservation
from shared.storage.client import ASCENDING, Database, Document

_HAS_ROOM = {"$expr": {"$lt": [{"$size": {"$ifNull": ["$tasks", []]}}, "$capacity"]}}
_WILLING: Document = {"available": True, "retired": False}
_ALERTS = {"$ifNull": ["$alerts", []]}
_AT_ONCE = 500
_FOLLOWED = (
    "skills", "grid_id", "unit_id", "service_point", "capacity", "available", "retired",
    "tasks.task", "alerts", "answers", "applied_at",
)  # fmt: skip


class Span(NamedTuple):
    """From a moment until another."""

    since: datetime
    until: datetime


def free_in(span: Span) -> Document:
    """Condition on `bookings`: none that overlaps."""
    overlaps = {"from": {"$lt": span.until}, "until": {"$gt": span.since}}
    return {"$not": {"$elemMatch": overlaps}}


def _fewer(since: datetime, number: int, also: Document | None = None) -> Document:
    condition: Document = {"$gte": ["$$this.at", since]}
    if also is not None:
        condition = {"$and": [condition, also]}
    had = {"$filter": {"input": _ALERTS, "cond": condition}}
    return {"$lt": [{"$size": had}, number]}


def _touched() -> Document:
    return {"applied_at": datetime.now(UTC)}


class Volunteers:
    """Every database call on volunteers."""

    def __init__(
        self,
        database: Database,
        collection: str = "volunteers",
        followed: Sequence[str] = _FOLLOWED,
    ) -> None:
        self._collection = database[collection]
        self._followed = followed

    async def create_indexes(self) -> None:
        """Create the indexes of matching and of the sweep."""
        await self._collection.create_index([("applied_at", ASCENDING), ("_id", ASCENDING)])
        await self._collection.create_index([("tasks.since", ASCENDING)], sparse=True)
        await self._collection.create_index(
            [("alerts.said", ASCENDING), ("alerts.until", ASCENDING)], sparse=True
        )

    async def touched(self, since: datetime) -> dict[str, datetime]:
        """Who was written since, and when last; from an index alone."""
        wanted = {"applied_at": {"$gte": since}}
        found = self._collection.find(wanted, {"applied_at": 1}).sort("applied_at", ASCENDING)
        return {document["_id"]: document["applied_at"] async for document in found}

    async def followed(self, ids: Sequence[str] | None = None) -> AsyncIterator[list[Document]]:
        """What the index follows of those (all: None), some at a time."""
        wanted = {} if ids is None else {"_id": {"$in": ids}}
        cursor = self._collection.find(wanted, dict.fromkeys(self._followed, 1))
        while documents := await cursor.to_list(_AT_ONCE):
            yield documents

    async def find(self, volunteer_id: str) -> Document | None:
        """A volunteer's document."""
        return await self._collection.find_one({"_id": volunteer_id})

    async def reserve(self, reservation: Reservation, task_id: str, now: datetime) -> bool:
        """Take a place in the volunteer's load: one conditional update, so that capacity holds
        whoever races. False: not available, full, or has this task already."""
        result = await self._collection.update_one(
            {
                "_id": reservation.volunteer_id,
                **_WILLING,
                **_HAS_ROOM,
                "tasks.task": {"$ne": task_id},
            },
            {
                "$push": {"tasks": {"task": task_id, "token": reservation.token, "since": now}},
                "$set": _touched(),
            },
        )
        return bool(result.modified_count)

    async def release(self, reservation: Reservation) -> None:
        """Give a place back; again is harmless."""
        await self._collection.update_one(
            {"_id": reservation.volunteer_id, "tasks.token": reservation.token},
            {"$pull": {"tasks": {"token": reservation.token}}, "$set": _touched()},
        )

    async def ask(self, alert: Alert, task_id: str, asking: Asking) -> bool:
        """Note an alert: one conditional update, so that the caps hold whoever races. False: not
        available, full, or has had as many alerts as a day or a week may have."""
        return await self._note(alert, task_id, asking, {}, [_HAS_ROOM["$expr"]], {})

    async def invite(
        self, alert: Alert, activity_id: str, span: Span, asking: Asking, per_week: int
    ) -> bool:
        """As `ask`, about an activity at that time: it takes no room among tasks, only `per_week`
        of a week's alerts may be such, and nobody is asked who has something else then."""
        few = _fewer(alert.at - WEEK, per_week, {"$eq": ["$$this.activity", True]})
        return await self._note(
            alert, activity_id, asking, {"bookings": free_in(span)}, [few], {"activity": True}
        )

    async def _note(
        self,
        alert: Alert,
        about: str,
        asking: Asking,
        wanted: Document,
        also: Sequence[Document],
        more: Document,
    ) -> bool:
        table = asking.table
        midnight, week = table.day_of(alert.at, asking.zone), alert.at - WEEK
        conditions = [*also, _fewer(midnight, table.per_day), _fewer(week, table.per_week)]
        entry = {
            "task": about, "token": alert.token, "at": alert.at, "until": alert.until, "said": "",
        } | more  # fmt: skip
        kept = {"$filter": {"input": _ALERTS, "cond": {"$gte": ["$$this.at", week]}}}
        result = await self._collection.update_one(
            {"_id": alert.volunteer_id, **_WILLING, **wanted, "$expr": {"$and": conditions}},
            [
                {"$set": {"alerts": {"$concatArrays": [kept, [{"$literal": entry}]]}}},
                {"$set": _touched()},
            ],
        )
        return bool(result.modified_count)

    async def unask(self, alert: Alert) -> None:
        """Take an alert back that the task does not name: nobody was told of it."""
        await self._collection.update_one(
            {"_id": alert.volunteer_id, "alerts.token": alert.token},
            {"$pull": {"alerts": {"token": alert.token}}, "$set": _touched()},
        )

    async def count(self, answer: Answer) -> None:
        """Count what became of an alert, once; a yes after a silence makes that one a yes."""
        number = {
            "answers.asked": int(answer.said != WITHDRAWN),
            "answers.accepted": int(answer.said == ACCEPTED),
        }
        if not await self._say(answer, "", number) and answer.said == ACCEPTED:
            await self._say(answer, SILENT, {"answers.accepted": 1})

    async def _say(self, answer: Answer, before: str, number: dict[str, int]) -> bool:
        entry: dict[str, Any] = {"token": answer.token, "said": before}
        result = await self._collection.update_one(
            {"_id": answer.volunteer_id, "alerts": {"$elemMatch": entry}},
            {"$set": {"alerts.$.said": answer.said, **_touched()}, "$inc": number},
        )
        return bool(result.modified_count)

    async def forget_lost(self, before: datetime) -> int:
        """Alerts whose time ended before and that no task has answered for since: the process
        that made them died. Nobody waits for them; they count for nothing but the caps."""
        lost = {"said": "", "until": {"$lt": before}}
        is_lost = {"$and": [{"$eq": ["$$this.said", ""]}, {"$lt": ["$$this.until", before]}]}
        marked = {"$cond": [is_lost, {"$mergeObjects": ["$$this", {"said": "lost"}]}, "$$this"]}
        result = await self._collection.update_many(
            {"alerts": {"$elemMatch": lost}},
            [
                {"$set": {"alerts": {"$map": {"input": "$alerts", "in": marked}}}},
                {"$set": _touched()},
            ],
        )
        return int(result.modified_count)

    async def confirm(self, reservation: Reservation) -> None:
        """Note that the task names this reservation, so that the sweep need not look again."""
        await self._collection.update_one(
            {"_id": reservation.volunteer_id, "tasks.token": reservation.token},
            {"$unset": {"tasks.$.since": ""}},
        )

    async def unconfirmed(self, before: datetime, limit: int) -> list[tuple[str, Reservation]]:
        """Reservations made before, whose tasks were not looked at yet: task id, reservation."""
        found = self._collection.find({"tasks.since": {"$lt": before}}, {"tasks": 1}).limit(limit)
        return [
            (entry["task"], Reservation(volunteer_id=document["_id"], token=entry["token"]))
            async for document in found
            for entry in document["tasks"]
            if entry.get("since") is not None and entry["since"] < before
        ]
