"""Three replicas ask, many volunteers answer at once: nobody holds more than the capacity."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.state import Reservation
from shared.contracts import tasks, topics
from shared.contracts.ids import lead_task_id
from shared.storage.aggregates import Decision
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    INTAKE,
    REGISTRY,
    World,
    accepted,
    bearer,
    dropped,
    event_of,
    replica,
    volunteer,
)

TASKS, VOLUNTEERS = 60, 24
CAPACITY = {f"x{n:02}": n % 2 + 1 for n in range(VOLUNTEERS)}
OVER = ("accepted", "assigned")


async def test_capacity_holds_with_three_replicas_and_racing_volunteers(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    others = [settings.model_copy(update={"replica": f"r{n}"}) for n in range(2)]
    async with dropped(settings), AsyncExitStack() as stack:
        worlds = [await stack.enter_async_context(replica(s)) for s in (settings, *others)]
        world = worlds[0]
        await world.build_city()
        await world.ask_at_any_hour(
            per_day=100,
            per_week=200,
            silent_minutes=dict.fromkeys(("danger", "utilities", "ordinary", "complex"), 0.05),
        )
        people = [
            event_of(REGISTRY, id, volunteer(id, capacity=number, skills=["errands"]))
            for id, number in CAPACITY.items()
        ]
        await world.publish(topics.REGISTRY.name, people)
        await eventually(lambda: _known(worlds), 30, "all replicas know all volunteers")
        facts = [
            event_of(INTAKE, f"r{n}", accepted(f"r{n}", category="errands")) for n in range(TASKS)
        ]
        await world.publish(topics.REQUESTS.name, facts)
        ids = [lead_task_id(f"r{n}") for n in range(TASKS)]
        await eventually(lambda: _created(world), 30, "all tasks are there")

        # Told to stop, not cancelled: a cancellation in the middle of a request can get lost in a
        # driver (pymongo's, once), and they would go on for ever.
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for id in CAPACITY:
                group.create_task(_answer(id, random.Random(id), worlds, over))
            try:
                await eventually(lambda: _settled(world, ids), 90, "every task is with somebody")
            finally:
                over.set()

        states = [await world.state(id) for id in ids]
        held = Counter(
            s.assignee.id for s in states if s.assignee and s.assignee.kind == "volunteer"
        )
        assert all(number <= CAPACITY[id] for id, number in held.items())
        assert sum(held.values()) == sum(CAPACITY.values()), "every place is used"
        loads = {
            id: len(((await world.parts.volunteers.find(id)) or {}).get("tasks", []))
            for id in CAPACITY
        }
        assert {id: number for id, number in loads.items() if number} == dict(held)
        assert all(s.alerts.open == () for s in states)

        events = [e for e in await world.published(4 * TASKS) if e.subject in ids]
        taken = Counter(e.subject for e in events if isinstance(e.data, tasks.TaskAccepted))
        assert set(taken.values()) == {1}, "one lead a task"
        await _counted_once(world, ids)
        await _sweep(world.parts, ids)


async def _known(worlds: Sequence[World]) -> bool:
    """Whether all replicas know all volunteers, and may ask them at this hour: a task that one with
    the shipped table looked at after 22 o'clock would wait until the morning."""
    for world in worlds:
        await world.parts.pool.refresh(datetime.now(UTC))
        if world.parts.asking.table.quiet_from is not None:
            return False
    return all(len(world.parts.pool.index) == VOLUNTEERS + 1 for world in worlds)


async def _created(world: World) -> bool:
    return await world.parts.store.collection.count_documents({}) == TASKS


async def _settled(world: World, ids: Sequence[str]) -> bool:
    found = {"_id": {"$in": list(ids)}, "state.status": {"$in": OVER}, "state.todo": False}
    return await world.parts.store.collection.count_documents(found) == len(ids)


async def _answer(
    id: str, rng: random.Random, worlds: Sequence[World], over: asyncio.Event
) -> None:
    """A volunteer who looks at his list on any replica, and mostly says yes to all at once."""
    me = bearer(Role.VOLUNTEER, id, volunteer_id=id)
    while not over.is_set():
        world = rng.choice(worlds)
        listed = await world.http.get("/v1/tasks", params={"status": "matching"}, headers=me)
        assert listed.status_code == 200, listed.text
        shown = listed.json()["items"]
        for item in shown:
            assert [one["volunteer_id"] for one in item["asked"]] == [id]

        async def say(item: dict[str, str]) -> None:
            word = "decline" if rng.random() < 0.2 else "accept"
            body = {"reason": "没有空"} if word == "decline" else None
            answer = await rng.choice(worlds).post(f"{item['id']}/{word}", body, me)
            assert answer.status_code in (200, 403, 409), answer.text

        await asyncio.gather(*(say(item) for item in shown))
        await asyncio.sleep(0.05)


async def _counted_once(world: World, ids: Sequence[str]) -> None:
    """The counts on volunteers' documents are those of the facts."""
    yes = Counter(
        s.assignee.id
        for s in [await world.state(id) for id in ids]
        if s.assignee and s.assignee.kind == "volunteer"
    )
    for id in CAPACITY:
        found = await world.parts.volunteers.find(id)
        assert found is not None
        answers = found.get("answers", {"asked": 0, "accepted": 0})
        assert answers["accepted"] == yes[id]
        said = Counter(one["said"] for one in found.get("alerts", []))
        assert said["accepted"] == yes[id]
        assert answers["asked"] == said["accepted"] + said["declined"] + said["silent"]
        assert said[""] == 0, "nobody is kept waiting"


async def _sweep(parts: Parts, ids: Sequence[str]) -> None:
    """A reservation of a process that died is given back; those in use stay."""
    store, volunteers = parts.store, parts.volunteers
    found = (await store.get_many(ids)).values()
    task = next(t for t in found if t.state and t.state.reservation is None)
    held = next(t.state.reservation for t in found if t.state and t.state.reservation)
    full = held.volunteer_id
    lost = Reservation(volunteer_id=full, token="lost")
    document = await volunteers.find(full)
    assert document is not None
    before = len(document["tasks"])
    collection = store.collection.database["volunteers"]  # type: ignore[attr-defined]
    await collection.update_one({"_id": full}, {"$set": {"capacity": before + 1}})
    assert await volunteers.reserve(lost, task.id, datetime.now(UTC))
    assert not await volunteers.reserve(lost, task.id, datetime.now(UTC))
    now = datetime.now(UTC)
    assert await parts.matcher.sweep(now - timedelta(seconds=60)) == 0
    assert await parts.matcher.sweep(now + timedelta(seconds=1)) == 1
    # Who made the reservation read the task before the sweep: the write must lose.
    assert task.state is not None
    store.record(task, Decision(task.state, (), "late"), by="test")
    assert not await store.write([task])
    after = await volunteers.find(full)
    assert after is not None
    assert len(after["tasks"]) == before
    assert all("since" not in entry for entry in after["tasks"])
    assert await volunteers.unconfirmed(now + timedelta(seconds=1), 10) == []
