"""Groups beside volunteers: their documents are kept and written alike, in a collection each."""

from datetime import datetime
from typing import Any

from services.volunteer_dispatch.match.groups import Group
from services.volunteer_dispatch.service.alerting import WEEK, Alert, Answer, Asking
from services.volunteer_dispatch.service.group_ids import group_key, group_of, is_group
from services.volunteer_dispatch.service.state import Reservation
from services.volunteer_dispatch.volunteers import Volunteers
from shared.contracts.payload import Point
from shared.storage.client import ASCENDING, Collection, Database, Document

FOLLOWED = (
    "skills", "area", "service_point", "capacity", "available", "retired", "tasks.task", "alerts",
    "answers", "applied_at",
)  # fmt: skip


def group_volunteers(database: Database) -> Volunteers:
    """Groups' documents: the registry's snapshot, with loads, alerts and answers as volunteers'."""
    return Volunteers(database, "groups", FOLLOWED)


def seen_group(document: Document, asking: Asking, now: datetime) -> Group:
    """A group's document as matching keeps it."""
    place = document.get("service_point")
    point = None if place is None else Point.model_validate(place)
    alerts = document.get("alerts", [])
    table = asking.table.for_groups()
    rests = table.rests_until([one["at"] for one in alerts], now, asking.zone)
    answers = document.get("answers", {})
    may = document.get("available", True) and not document.get("retired", False)
    return Group(
        id=group_key(document["_id"]),
        skills=tuple(document.get("skills", ())),
        area=document.get("area") or "",
        place=None if point is None else (point.latitude, point.longitude),
        capacity=document.get("capacity", 0) if may else 0,
        held=len(document.get("tasks", [])),
        waiting=sum(not one["said"] and one["until"] > now for one in alerts),
        week=sum(one["at"] > now - WEEK for one in alerts),
        rests_until=0 if rests is None else int(rests.timestamp()) + 1,
        asked=answers.get("asked", 0),
        accepted=answers.get("accepted", 0),
    )


class Everybody:
    """Whoever can be asked, by the id in the alert: volunteers, and `group:<id>`."""

    def __init__(self, volunteers: Volunteers, groups: Volunteers) -> None:
        self._volunteers = volunteers
        self._groups = groups

    def _of(self, id: str) -> tuple[Volunteers, dict[str, Any]]:
        """Where the document is, and the id there as a change."""
        if is_group(id):
            return self._groups, {"volunteer_id": group_of(id)}
        return self._volunteers, {}

    async def ask(self, alert: Alert, task_id: str, asking: Asking) -> bool:
        """See `Volunteers.ask`; groups have caps of their own."""
        where, changed = self._of(alert.volunteer_id)
        if where is self._groups:
            asking = asking.model_copy(update={"table": asking.table.for_groups()})
        return await where.ask(alert.model_copy(update=changed), task_id, asking)

    async def unask(self, alert: Alert) -> None:
        """See `Volunteers.unask`."""
        where, changed = self._of(alert.volunteer_id)
        await where.unask(alert.model_copy(update=changed))

    async def count(self, answer: Answer) -> None:
        """See `Volunteers.count`."""
        where, changed = self._of(answer.volunteer_id)
        await where.count(answer.model_copy(update=changed))

    async def reserve(self, reservation: Reservation, task_id: str, now: datetime) -> bool:
        """See `Volunteers.reserve`."""
        where, changed = self._of(reservation.volunteer_id)
        return await where.reserve(reservation.model_copy(update=changed), task_id, now)

    async def release(self, reservation: Reservation) -> None:
        """See `Volunteers.release`."""
        where, changed = self._of(reservation.volunteer_id)
        await where.release(reservation.model_copy(update=changed))

    async def confirm(self, reservation: Reservation) -> None:
        """See `Volunteers.confirm`."""
        where, changed = self._of(reservation.volunteer_id)
        await where.confirm(reservation.model_copy(update=changed))

    async def forget_lost(self, before: datetime) -> int:
        """See `Volunteers.forget_lost`."""
        return await self._volunteers.forget_lost(before) + await self._groups.forget_lost(before)

    async def unconfirmed(self, before: datetime, limit: int) -> list[tuple[str, Reservation]]:
        """See `Volunteers.unconfirmed`."""
        of_groups = [
            (task_id, one.model_copy(update={"volunteer_id": group_key(one.volunteer_id)}))
            for task_id, one in await self._groups.unconfirmed(before, limit)
        ]
        return [*await self._volunteers.unconfirmed(before, limit), *of_groups]


class GroupTasks:
    """The tasks that a group is asked about, or that one of its members has for it."""

    def __init__(self, tasks: Collection) -> None:
        self._tasks = tasks

    async def create_indexes(self) -> None:
        """Those that are held; what is asked is found as volunteers' alerts are."""
        held = "state.group.volunteer_id"
        await self._tasks.create_index(
            [(held, ASCENDING), ("state.deadline", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={held: {"$exists": True}},
            name="by_group",
        )

    async def of(self, group_id: str, limit: int) -> list[Document]:
        """Up to `limit` documents (`version`, `state`) by deadline."""
        key = group_key(group_id)
        wanted = {
            "$or": [{"state.group.volunteer_id": key}, {"state.alerts.open.volunteer_id": key}]
        }
        found = self._tasks.find(wanted, {"state": 1, "version": 1})
        order = [("state.deadline", ASCENDING), ("_id", ASCENDING)]
        return await found.sort(order).limit(limit).to_list(None)
