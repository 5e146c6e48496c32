"""The index of volunteers, kept at their documents, which all replicas write together."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from services.volunteer_dispatch.groups import seen_group
from services.volunteer_dispatch.match.chance import Prior
from services.volunteer_dispatch.match.groups import Groups
from services.volunteer_dispatch.match.index import Index, Volunteer
from services.volunteer_dispatch.match.score import Weights
from services.volunteer_dispatch.service.alerting import WEEK, AlertTable, Asking
from services.volunteer_dispatch.service.group_ids import is_group
from services.volunteer_dispatch.volunteers import Volunteers
from shared.contracts.payload import Point
from shared.storage.client import Document

_OVERLAP = timedelta(seconds=5)
"""Replicas' clocks differ, and a write lands a moment after its time was taken."""

_FRESH_FOR = timedelta(seconds=0.5)


class Pool:
    """`index`, made anew where the table changes what it is made of; the old one serves meanwhile.

    A million volunteers take the better part of a minute: until they are read for the first time
    (`ready`) nobody can be matched, as all who are not read yet would seem not to be there.
    """

    def __init__(
        self,
        volunteers: Volunteers,
        asking: Callable[[], Asking],
        groups: Volunteers | None = None,
    ) -> None:
        self._volunteers = volunteers
        self._groups = groups
        self._asking = asking
        self._made_of: AlertTable | None = None
        self._since: datetime | None = None
        self._read: datetime | None = None
        self._reading = asyncio.Lock()
        self.index = Index()
        self.groups = _groups(AlertTable())
        self._groups_since: datetime | None = None

    @property
    def ready(self) -> bool:
        """Whether everybody was read once."""
        return self._made_of is not None

    async def freshen(self, now: datetime) -> None:
        """Refresh, where that was not done just now and is not being done."""
        if not self._reading.locked() and (self._read is None or now - self._read >= _FRESH_FOR):
            await self.refresh(now)

    async def refresh(self, now: datetime) -> None:
        """Read what was written since the last time."""
        async with self._reading:
            asking = self._asking()
            anew = asking.table != self._made_of
            index = _index(asking.table) if anew else self.index
            groups = _groups(asking.table) if anew else self.groups
            self._since = await _read(
                self._volunteers,
                None if anew else self._since,
                now,
                lambda documents: index.put_all(_seen(documents, asking, now)),
            )
            if self._groups is not None:
                self._groups_since = await _read(
                    self._groups,
                    None if anew else self._groups_since,
                    now,
                    lambda found: groups.put_all(seen_group(one, asking, now) for one in found),
                )
            self.index, self.groups = index, groups
            self._made_of, self._read = asking.table, now

    def note_asked(self, id: str) -> None:
        """An alert was just sent."""
        (self.groups if is_group(id) else self.index).note_asked(id)


async def _read(
    volunteers: Volunteers,
    newest: datetime | None,
    now: datetime,
    put: Callable[[list[Document]], None],
) -> datetime | None:
    """Read what was written since `newest` (all: None); up to where it was read."""
    since = None if newest is None else newest - _OVERLAP
    async for documents in volunteers.changed(since):
        put(documents)
        last = max(document["applied_at"] for document in documents)
        newest = last if newest is None else max(newest, last)
    # What was written behind the place that was just read is met by the next one.
    return None if newest is None else min(newest, now)


def _index(table: AlertTable) -> Index:
    return Index(
        Prior(table.prior_mean, table.prior_strength),
        Weights(table.half_km, table.load_weight),
        table.per_week,
    )


def _groups(table: AlertTable) -> Groups:
    return Groups(
        Prior(table.prior_mean, table.prior_strength),
        Weights(table.half_km, table.load_weight),
        table.group_per_week,
    )


def _seen(documents: Iterable[Document], asking: Asking, now: datetime) -> Iterable[Volunteer]:
    return (seen(document, asking, now) for document in documents)


def seen(document: Document, asking: Asking, now: datetime) -> Volunteer:
    """A volunteer's document as the index keeps it."""
    place = document.get("service_point")
    point = None if place is None else Point.model_validate(place)
    alerts = document.get("alerts", [])
    rests = asking.table.rests_until([one["at"] for one in alerts], now, asking.zone)
    answers = document.get("answers", {})
    may = document.get("available", True) and not document.get("retired", False)
    return Volunteer(
        id=document["_id"],
        skills=tuple(document.get("skills", ())),
        grid_id=document.get("grid_id") or "",
        # Of a person of no unit the grid's others are the group.
        group=document.get("unit_id") or f"grid:{document.get('grid_id')}",
        place=None if point is None else (point.latitude, point.longitude),
        capacity=document.get("capacity", 0) if may else 0,
        held=len(document.get("tasks", [])),
        waiting=sum(
            not one["said"] and one["until"] > now and not one.get("activity") for one in alerts
        ),
        week=sum(one["at"] > now - WEEK for one in alerts),
        rests_until=0 if rests is None else int(rests.timestamp()) + 1,
        asked=answers.get("asked", 0),
        accepted=answers.get("accepted", 0),
    )
