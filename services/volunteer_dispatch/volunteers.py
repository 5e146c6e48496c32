"""Volunteers and their loads, in one document each: the registry's snapshot, and `tasks`.

`tasks` holds a reservation a task: `{task, token, since}`. `since` is there until the sweep has
seen that the task really names this reservation.
"""

from collections.abc import Sequence
from datetime import datetime

from services.volunteer_dispatch.service.state import Reservation
from shared.storage.client import ASCENDING, Database, Document

_HAS_ROOM = {"$expr": {"$lt": [{"$size": {"$ifNull": ["$tasks", []]}}, "$capacity"]}}
_WILLING: Document = {"available": True, "retired": False}


class Volunteers:
    """Every database call on volunteers."""

    def __init__(self, database: Database) -> None:
        self._collection = database["volunteers"]

    async def create_indexes(self) -> None:
        """Create the indexes of matching and of the sweep."""
        await self._collection.create_index(
            [("grid_id", ASCENDING), ("skills", ASCENDING), ("available", ASCENDING)]
        )
        await self._collection.create_index([("tasks.since", ASCENDING)], sparse=True)

    async def candidates(self, grid_id: str, skill: str, excluded: Sequence[str]) -> list[Document]:
        """Volunteers of a grid with the skill and room for a task (`_id`, `service_point`,
        `unit_id`, `grid_id`)."""
        wanted = {"grid_id": grid_id, "skills": skill, **_WILLING, **_HAS_ROOM}
        if excluded:
            wanted["_id"] = {"$nin": list(excluded)}
        seen = {"service_point": 1, "unit_id": 1, "grid_id": 1}
        return await self._collection.find(wanted, seen).to_list(None)

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
            {"$push": {"tasks": {"task": task_id, "token": reservation.token, "since": now}}},
        )
        return bool(result.modified_count)

    async def release(self, reservation: Reservation) -> None:
        """Give a place back; again is harmless."""
        await self._collection.update_one(
            {"_id": reservation.volunteer_id}, {"$pull": {"tasks": {"token": reservation.token}}}
        )

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
