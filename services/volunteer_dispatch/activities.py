"""Activities: their store, their lists, and the loop that asks volunteers and writes hours down.

Everything that touches another document (bookings, alerts, answers, hours) is done by the loop from
what stands in the activity, each piece so that doing it again changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.volunteer_dispatch.bookings import Bookings
from services.volunteer_dispatch.hours import HoursBook
from services.volunteer_dispatch.inviting import Wave, explained, invite, waves
from services.volunteer_dispatch.pool import Pool
from services.volunteer_dispatch.service.activities import asked, rest
from services.volunteer_dispatch.service.activity_state import (
    LIVE,
    ActivityState,
    ActivityStatus,
    Booking,
    Invite,
)
from services.volunteer_dispatch.service.activity_tables import ActivityTable, HoursTable
from services.volunteer_dispatch.service.alerting import Asking
from services.volunteer_dispatch.service.hours import of_activity
from services.volunteer_dispatch.volunteers import Span, Volunteers
from shared.contracts.topics import VOLUNTEERING
from shared.contracts.words import Urgency
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.client import ASCENDING, Database, Document
from shared.storage.loops import for_ever
from shared.storage.tables import Tables
from shared.web.paging import Paging

_BATCH = 20
_IDLE_SECONDS = 0.5
_SWEEP_AFTER = timedelta(seconds=60)
_SWEEP_EVERY_SECONDS = 10.0


def activity_store(database: Database, settings: Settings) -> AggregateStore[ActivityState]:
    """The activities, keyed by their id."""
    return AggregateStore(
        database["activities"],
        ActivityState,
        topic=VOLUNTEERING.name,
        source=f"{settings.source}/activities",
        partition_key=lambda id, _state: f"activities/{id}",
    )


class Activities:
    """Lists of activities."""

    def __init__(self, store: AggregateStore[ActivityState]) -> None:
        self.store = store

    async def create_indexes(self) -> None:
        """Lists by area and by who takes part, along the start; what the loop looks for."""
        index = self.store.collection.create_index
        order = [("state.starts_at", ASCENDING), ("_id", ASCENDING)]
        await index([("state.status", ASCENDING), *order], name="by_start")
        await index([("state.area_path", ASCENDING), *order], name="by_area")
        await index([("state.sign_ups.volunteer_id", ASCENDING), *order], name="by_person")
        await index(
            [("shard", ASCENDING)], partialFilterExpression={"state.todo": True}, name="todo"
        )

    async def find(
        self,
        paging: Paging,
        *,
        statuses: Sequence[ActivityStatus] = LIVE,
        area: str | None = None,
        kind: str | None = None,
        volunteer_id: str | None = None,
        until: datetime | None = None,
        skills: Sequence[str] | None = None,
    ) -> list[Document]:
        """Up to `limit + 1` documents by their start.

        Args:
            volunteer_id: those that he or she is in.
            skills: those with a free place, and places that somebody with these skills fits.
        """
        parts: list[Mapping[str, Any]] = [
            {"state.status": {"$in": [status.value for status in statuses]}}
        ]
        if area is not None:
            parts.append({"state.area_path": area})
        if kind is not None:
            parts.append({"state.kind": kind})
        if volunteer_id is not None:
            parts.append({"state.sign_ups.volunteer_id": volunteer_id})
        if until is not None:
            parts.append({"state.starts_at": {"$lt": until}})
        if skills is not None:
            fitting = {"state.places.skill": {"$in": [None, *skills]}}
            parts.append({"state.free": {"$gt": 0}, **fitting})
        if paging.after is not None:
            start, id = paging.after
            later = {"state.starts_at": {"$gt": start}}
            parts.append({"$or": [later, {"state.starts_at": start, "_id": {"$gt": id}}]})
        cursor = self.store.collection.find({"$and": parts}, {"state": 1, "version": 1})
        order = [("state.starts_at", ASCENDING), ("_id", ASCENDING)]
        return await cursor.sort(order).limit(paging.limit + 1).to_list(None)

    async def no_shows(self, volunteer_id: str) -> int:
        """How many activities somebody had a place in and did not come to."""
        absent = {"$elemMatch": {"volunteer_id": volunteer_id, "no_show": True}}
        return await self.store.collection.count_documents(
            {"state.sign_ups.volunteer_id": volunteer_id, "state.sign_ups": absent}
        )


class ActivityLoop:
    """What is to do beside the activities' own documents."""

    def __init__(
        self,
        store: AggregateStore[ActivityState],
        volunteers: Volunteers,
        bookings: Bookings,
        hours: HoursBook,
        pool: Pool,
        leases: Leases,
        tables: Tables,
        asking: Callable[[], Asking],
    ) -> None:
        self._store = store
        self._volunteers = volunteers
        self._bookings = bookings
        self._hours = hours
        self._pool = pool
        self._leases = leases
        self._tables = tables
        self._asking = asking

    async def run(self) -> None:
        """Serve for ever."""
        await for_ever(self._step, _IDLE_SECONDS, "activities wait for the database")

    async def _step(self) -> bool:
        return await self.serve(self._leases.mine) >= _BATCH

    async def run_sweep(self) -> None:
        """Sweep for ever, where this replica leads."""
        await for_ever(
            self._sweep,
            _SWEEP_EVERY_SECONDS,
            "the sweep of bookings waits for the database",
            when=lambda: self._leases.leads,
        )

    async def _sweep(self) -> None:
        await self.sweep(datetime.now(UTC) - _SWEEP_AFTER)

    async def serve(self, shards: Sequence[int]) -> int:
        """Do what stands in one batch of the activities of `shards`; how many there were."""
        if not shards:
            return 0
        wanted = {"state.todo": True, "shard": {"$in": list(shards)}}
        found = self._store.collection.find(wanted, {"_id": 1}).limit(_BATCH)
        loaded = await self._store.get_many([document["_id"] async for document in found])
        if not loaded:
            return 0
        now, table = datetime.now(UTC), self._tables.get(ActivityTable)
        await self._pool.freshen(now)
        if not self._pool.ready:
            return 0
        asking = self._asking()
        quiet = asking.table.quiet_ends(now, asking.zone, Urgency.ORDINARY)
        states = {
            id: one.state
            for id, one in loaded.items()
            if one.state is not None and _asks(one.state, now)
        }
        chosen = {} if quiet else waves(states, self._pool.index, table, now)
        for one in loaded.values():
            await self._serve(one, chosen.get(one.id, ()), quiet, now)
        return len(loaded)

    async def _serve(
        self,
        one: Aggregate[ActivityState],
        chosen: tuple[Wave, ...],
        quiet: datetime | None,
        now: datetime,
    ) -> None:
        state = one.state
        if state is None or not state.todo:
            return
        for booking in state.releases:
            await self._bookings.release(booking, now)
        for answer in state.invites.answers:
            await self._volunteers.count(answer)
        for served in state.served:
            found = await self._volunteers.find(served.volunteer_id) or {}
            table = self._tables.get(HoursTable)
            await self._hours.note(of_activity(state, served, found.get("unit_id"), table))
        asks = _asks(state, now)
        state = state.having(releases=(), served=(), invites=state.invites.having(answers=()))
        invites: list[Invite] = []
        decision = Decision(state, (), "counted, released, written down")
        if asks and quiet is not None:
            decision = Decision(rest(state, quiet), (), "quiet hours")
        elif asks:
            invites = await self._ask(state, chosen, now)
            decision = self._asked(state, chosen, invites, now)
        self._store.record(one, decision, by="activities")
        if not await self._store.write([one]):
            for alert in invites:
                await self._volunteers.unask(alert)

    async def _ask(
        self, state: ActivityState, chosen: tuple[Wave, ...], now: datetime
    ) -> list[Invite]:
        table, span = self._tables.get(ActivityTable), Span(state.starts_at, state.ends_at)
        asking, invites = self._asking(), list[Invite]()
        for wave in chosen:
            number = 0
            for candidate in wave.order:
                if number == wave.number:
                    break
                if any(other.volunteer_id == candidate.id for other in invites):
                    continue
                alert = invite(candidate, wave.seat, uuid4().hex, state, table, now)
                if await self._volunteers.invite(
                    alert, state.activity_id, span, asking, table.per_week
                ):
                    invites.append(alert)
                    number += 1
        return invites

    def _asked(
        self,
        state: ActivityState,
        chosen: tuple[Wave, ...],
        invites: list[Invite],
        now: datetime,
    ) -> Decision[ActivityState]:
        if not chosen:  # those who were asked are enough, or no more may be
            return Decision(rest(state, None), (), "asks nobody more for now")
        newest = self._tables.newest(ActivityTable)
        enough = len(invites) >= sum(wave.number for wave in chosen)
        short = not enough or any(wave.short for wave in chosen)
        again = now + timedelta(minutes=newest.table.look_again_minutes) if short else None
        why = explained(chosen, {one.volunteer_id for one in invites}, newest.version, now)
        return Decision(*asked(state, invites, why, again), "volunteers asked")

    async def sweep(self, before: datetime) -> int:
        """Release bookings made before that no activity names; how many."""
        released = 0
        for activity_id, booking in await self._bookings.unconfirmed(before, _BATCH):
            one = await self._store.get(activity_id)
            state = None if one is None else one.state
            if state is not None and _names(state, booking):
                await self._bookings.confirm(booking)
                continue
            if one is not None and state is not None:
                # Who booked and still lives must not write it into the activity now.
                self._store.record(one, Decision(state, (), "booking swept"), by="sweep")
                if not await self._store.write([one]):
                    continue
            await self._bookings.release(booking, datetime.now(UTC))
            released += 1
        return released


def _asks(state: ActivityState, now: datetime) -> bool:
    open = state.status is ActivityStatus.OPEN and now < state.sign_up_until
    return open and not state.invites.full and any(state.free)


def _names(state: ActivityState, booking: Booking) -> bool:
    one = state.of(booking.volunteer_id)
    return state.status in LIVE and one is not None and one.token == booking.token
