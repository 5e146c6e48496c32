"""Matching tasks to volunteers: a loop of its own, as it touches two documents.

The volunteer's place is reserved first, then the task is written on the version read; if that
write loses, the place is given back. A process that dies between the two leaves a reservation
that no task names: the sweep finds it. Tokens tell reservations apart, so that giving one back
never touches a later one.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import matched, unmatched
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.volunteers import Volunteers
from shared.contracts.payload import Point
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.client import UNREACHABLE, Document

log = logging.getLogger(__name__)

_BATCH = 200
_AT_ONCE = 8
_IDLE_SECONDS = 0.2
_TRIES = 10
SWEEP_AFTER = timedelta(seconds=60)
_SWEEP_EVERY_SECONDS = 10.0
_EARTH_KM = 6371.0


def distance_km(a: Point, b: Point) -> float:
    """Great-circle distance (haversine)."""
    north_a, north_b = math.radians(a.latitude), math.radians(b.latitude)
    half_north = (north_b - north_a) / 2
    half_east = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_north) ** 2 + math.cos(north_a) * math.cos(north_b) * math.sin(half_east) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(h)))


def in_order(task: TaskState, candidates: Sequence[Document]) -> list[Document]:
    """Candidates as they are asked: the nearest first, those of no known place last, then by id."""

    def rank(volunteer: Document) -> tuple[float, str]:
        place = volunteer.get("service_point")
        away = math.inf
        if place is not None and task.point is not None:
            away = distance_km(task.point, Point.model_validate(place))
        return away, volunteer["_id"]

    return sorted(candidates, key=rank)


class Matcher:
    """The loop and the sweep. `context` gives what decisions look at, as of now."""

    def __init__(
        self,
        store: AggregateStore[TaskState],
        volunteers: Volunteers,
        leases: Leases,
        context: Callable[[], Context],
    ) -> None:
        self._store = store
        self._volunteers = volunteers
        self._leases = leases
        self._context = context

    async def run(self) -> None:
        """Match for ever."""
        while True:
            try:
                found = await self.match(self._leases.mine)
            except UNREACHABLE as error:
                log.warning("matching waits for the database", extra={"error": repr(error)})
                found = 0
            if found < _BATCH:
                await asyncio.sleep(_IDLE_SECONDS)

    async def run_sweep(self) -> None:
        """Sweep for ever, where this replica leads."""
        while True:
            if self._leases.leads:
                try:
                    await self.sweep(datetime.now(UTC) - SWEEP_AFTER)
                except UNREACHABLE as error:
                    log.warning("the sweep waits", extra={"error": repr(error)})
            await asyncio.sleep(_SWEEP_EVERY_SECONDS)

    async def match(self, shards: Sequence[int]) -> int:
        """Serve one batch of the tasks of `shards` that wait; how many there were."""
        if not shards:
            return 0
        wanted = {"state.todo": True, "shard": {"$in": list(shards)}}
        found = self._store.collection.find(wanted, {"_id": 1}).limit(_BATCH)
        tasks = await self._store.get_many([document["_id"] async for document in found])
        turns = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(task: Aggregate[TaskState]) -> None:
            async with turns:
                await self._serve(task)

        async with asyncio.TaskGroup() as group:
            for task in tasks.values():
                group.create_task(in_turn(task))
        return len(tasks)

    async def _serve(self, task: Aggregate[TaskState]) -> None:
        state = task.state
        if state is None or not state.todo:
            return
        for reservation in state.releases:
            await self._volunteers.release(reservation)
        state = state.having(releases=())
        if state.status is not Status.MATCHING:
            self._store.record(task, Decision(state, (), "load released"), by="matching")
            await self._store.write([task])
            return
        reserved = await self._reserve(state)
        if reserved is None:
            after, events = unmatched(state, self._context())
            self._store.record(task, Decision(after, events, "no volunteer"), by="matching")
            await self._store.write([task])
            return
        volunteer, reservation = reserved
        context = self._context()
        assignee = context.directory.volunteer(
            volunteer["_id"], volunteer.get("unit_id"), volunteer.get("grid_id")
        )
        after, events = matched(state, assignee, reservation, context)
        self._store.record(task, Decision(after, events, "nearest volunteer"), by="matching")
        if not await self._store.write([task]):
            await self._volunteers.release(reservation)

    async def _reserve(self, state: TaskState) -> tuple[Document, Reservation] | None:
        asked = [key.partition(":")[2] for key in state.tried if key.startswith("volunteer:")]
        if state.prefer is not None:
            preferred = await self._volunteers.find(state.prefer)
            if preferred is not None and (got := await self._try(state, preferred)) is not None:
                return preferred, got
        for _ in range(_TRIES):
            candidates = await self._volunteers.candidates(
                state.grid_id or "", state.skill or state.category, asked
            )
            for volunteer in in_order(state, candidates)[:_TRIES]:
                if (got := await self._try(state, volunteer)) is not None:
                    return volunteer, got
            if len(candidates) <= _TRIES:
                return None
        return None

    async def _try(self, state: TaskState, volunteer: Document) -> Reservation | None:
        reservation = Reservation(volunteer_id=volunteer["_id"], token=uuid4().hex)
        now = datetime.now(UTC)
        reserved = await self._volunteers.reserve(reservation, state.task_id, now)
        return reservation if reserved else None

    async def sweep(self, before: datetime) -> int:
        """Release reservations made before that no task names; how many."""
        released = 0
        for task_id, reservation in await self._volunteers.unconfirmed(before, _BATCH):
            task = await self._store.get(task_id)
            state = None if task is None else task.state
            if state is not None and state.reservation == reservation:
                await self._volunteers.confirm(reservation)
                continue
            if task is not None and state is not None:
                # Who made the reservation and still lives must not write it into the task now:
                # this moves the version that it has read.
                self._store.record(task, Decision(state, (), "reservation swept"), by="sweep")
                if not await self._store.write([task]):
                    continue  # it did just now; the next sweep sees
            await self._volunteers.release(reservation)
            released += 1
        return released
