"""The index of volunteers, kept at their documents, which all replicas write together."""

import asyncio
from collections.abc import AsyncIterator, Callable
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

_SETTLED = timedelta(seconds=2)
"""Two writes of one millisecond have both landed by then."""

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
        self._volunteers = _Followed(volunteers)
        self._groups = None if groups is None else _Followed(groups)
        self._asking = asking
        self._made_of: AlertTable | None = None
        self._read: datetime | None = None
        self._reading = asyncio.Lock()
        self.index = Index()
        self.groups = _groups(AlertTable())

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
            async for found in self._volunteers.written(now, anew=anew):
                index.put_all(seen(one, asking, now) for one in found)
            if self._groups is not None:
                async for found in self._groups.written(now, anew=anew):
                    groups.put_all(seen_group(one, asking, now) for one in found)
            self.index, self.groups = index, groups
            self._made_of, self._read = asking.table, now

    def note_asked(self, id: str) -> None:
        """An alert was just sent."""
        (self.groups if is_group(id) else self.index).note_asked(id)


class _Followed:
    """A collection that is read again where it was written.

    Whoever was written lately is looked up each time, by an index alone, and read twice: when the
    write is seen, and once more when no other write can have its time. Replicas that read whole
    documents for as long as `_OVERLAP` were slower together than one (bench/RESULTS.md).
    """

    def __init__(self, volunteers: Volunteers) -> None:
        self._volunteers = volunteers
        self._newest: datetime | None = None
        """The newest write that was met, at most the time of the reading."""
        self._seen: dict[str, tuple[datetime, datetime | None]] = {}
        """Of those written lately the write, and when it was first read; None: for good."""

    async def written(self, now: datetime, *, anew: bool) -> AsyncIterator[list[Document]]:
        """Whom to read: those written since the last time, or all."""
        newest, seen = None if anew else self._newest, {}
        wanted: list[str] | None = None
        if newest is not None:
            touched = await self._volunteers.touched(newest - _OVERLAP)
            seen = {id: self._seen[id] for id in touched if id in self._seen}
            wanted = [id for id, at in touched.items() if _to_read(seen.get(id), at, now)]
        if wanted is None or wanted:
            async for documents in self._volunteers.followed(wanted):
                yield documents
                for document in documents:
                    id, at = document["_id"], document["applied_at"]
                    if wanted is not None:  # of all, a million would be noted
                        known = seen.get(id)
                        seen[id] = (at, None if known is not None and known[0] == at else now)
                    newest = at if newest is None else max(newest, at)
        # What was written behind the place that was just read is met by the next one.
        self._newest = None if newest is None else min(newest, now)
        edge = now if self._newest is None else self._newest - _OVERLAP
        self._seen = {id: one for id, one in seen.items() if one[0] >= edge}


def _to_read(seen: tuple[datetime, datetime | None] | None, at: datetime, now: datetime) -> bool:
    if seen is None or seen[0] != at:
        return True
    return seen[1] is not None and now - seen[1] >= _SETTLED


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
