"""Matching tasks to volunteers: a loop of its own, as it touches two documents.

It asks volunteers; each alert is noted on the volunteer's document first, where the caps hold,
then the task is written on the version read, and if that write loses, the alert is taken back.
An alert reserves nothing. Who accepts (`answering`) gets a place in his or her load reserved
first, then the task is written; a process that dies between the two leaves a reservation that no
task names: the sweep finds it. Tokens tell reservations and alerts apart, so that giving one back
never touches a later one.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from services.volunteer_dispatch.choosing import Choice, choose, explained
from services.volunteer_dispatch.groups import Everybody
from services.volunteer_dispatch.pool import Pool
from services.volunteer_dispatch.service.alerting import Alert
from services.volunteer_dispatch.service.alerts import (
    alert,
    ask,
    asks_alone,
    may_wait,
    quiet_ends,
    rest,
)
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.loops import for_ever

_BATCH = 200
_AT_ONCE = 8
_IDLE_SECONDS = 0.2
SWEEP_AFTER = timedelta(seconds=60)
_SWEEP_EVERY_SECONDS = 10.0


def _searches(state: TaskState) -> bool:
    return state.status is Status.MATCHING and not state.alerts.full


class Matcher:
    """The loop and the sweep. `context` gives what decisions look at, as of now."""

    def __init__(
        self,
        store: AggregateStore[TaskState],
        volunteers: Everybody,
        pool: Pool,
        leases: Leases,
        context: Callable[[], Context],
    ) -> None:
        self._store = store
        self._volunteers = volunteers
        self._pool = pool
        self._leases = leases
        self._context = context

    async def run(self) -> None:
        """Match for ever."""
        await for_ever(self._step, _IDLE_SECONDS, "matching waits for the database")

    async def _step(self) -> bool:
        return await self.match(self._leases.mine) >= _BATCH

    async def run_sweep(self) -> None:
        """Sweep for ever, where this replica leads."""
        await for_ever(
            self._sweep,
            _SWEEP_EVERY_SECONDS,
            "the sweep waits for the database",
            when=lambda: self._leases.leads,
        )

    async def _sweep(self) -> None:
        before = datetime.now(UTC) - SWEEP_AFTER
        await self.sweep(before)
        await self._volunteers.forget_lost(before)

    async def match(self, shards: Sequence[int]) -> int:
        """Serve one batch of the tasks of `shards` that wait; how many there were."""
        if not shards:
            return 0
        wanted = {"state.todo": True, "shard": {"$in": list(shards)}}
        found = self._store.collection.find(wanted, {"_id": 1}).limit(_BATCH)
        tasks = await self._store.get_many([document["_id"] async for document in found])
        if not tasks:
            return 0
        await self._pool.freshen(datetime.now(UTC))
        if not self._pool.ready:
            return 0
        context = self._context()
        states = {id: task.state for id, task in tasks.items() if task.state is not None}
        searching = {
            id: state
            for id, state in states.items()
            if _searches(state) and quiet_ends(state, context) is None
        }
        choices = choose(searching, self._pool.index, context, self._pool.groups)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(task: Aggregate[TaskState]) -> None:
            async with turns:
                await self._serve(task, choices.get(task.id))

        async with asyncio.TaskGroup() as group:
            for task in tasks.values():
                group.create_task(in_turn(task))
        return len(tasks)

    async def _serve(self, task: Aggregate[TaskState], choice: Choice | None) -> None:
        state = task.state
        if state is None or not state.todo:
            return
        for reservation in state.releases:
            await self._volunteers.release(reservation)
        for answer in state.alerts.answers:
            await self._volunteers.count(answer)
        state = state.having(releases=(), alerts=state.alerts.having(answers=()))
        decided = await self._decide(state, choice)
        if decided is None:
            return
        decision, asked = decided
        self._store.record(task, decision, by="matching")
        if await self._store.write([task]):
            for one in asked:
                self._pool.note_asked(one.volunteer_id)
        else:
            for one in asked:
                await self._volunteers.unask(one)

    async def _decide(
        self, state: TaskState, choice: Choice | None
    ) -> tuple[Decision[TaskState], list[Alert]] | None:
        """What happens to a task, with the alerts noted for it; None: the next batch sees."""
        context = self._context()
        if not _searches(state):
            return Decision(state, (), "counted on the volunteers"), []
        until = quiet_ends(state, context)
        if until is not None:
            return Decision(rest(state, until), (), "quiet hours"), []
        if asks_alone(state):
            asked = await self._ask_preferred(state, context)
            return Decision(*ask(state, asked, None, context), "asked again"), asked
        if choice is None:
            return None  # the quiet hours ended just now, or others were chosen before it
        again = may_wait(state, context) if choice.others_wait else None
        if again is not None and not state.alerts.waiting:
            return Decision(rest(state, again), (), "all are being asked about others"), []
        asked = await self._ask(state, choice, context)
        found = bool(choice.order or choice.groups)
        if found and not asked and not state.alerts.waiting and may_wait(state, context):
            return None  # all of them are full since the index was read: the next batch knows
        reasons = explained(choice, {one.volunteer_id for one in asked}, context)
        after, events = ask(state, asked, reasons, context)
        why = "volunteers asked" if after.status is Status.MATCHING else "no volunteer"
        return Decision(after, events, why), asked

    async def _ask_preferred(self, state: TaskState, context: Context) -> list[Alert]:
        if state.prefer is None or state.prefer in state.alerts.asked:
            return []
        one = alert(state.prefer, uuid4().hex, state, context)
        may = await self._volunteers.ask(one, state.task_id, context.asking)
        return [one] if may else []

    async def _ask(self, state: TaskState, choice: Choice, context: Context) -> list[Alert]:
        asked: list[Alert] = []
        for candidates, number in ((choice.order, choice.number), (choice.groups, 1)):
            left = number
            for candidate in candidates:
                if not left:
                    break
                one = alert(candidate.id, uuid4().hex, state, context)
                if await self._volunteers.ask(one, state.task_id, context.asking):
                    asked.append(one)
                    left -= 1
        return asked

    async def sweep(self, before: datetime) -> int:
        """Release reservations made before that no task names; how many."""
        released = 0
        for task_id, reservation in await self._volunteers.unconfirmed(before, _BATCH):
            task = await self._store.get(task_id)
            state = None if task is None else task.state
            if state is not None and reservation in (state.reservation, state.group):
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
