"""Three matchers race on one database: no volunteer holds more than the capacity."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from services.volunteer_dispatch.handlers import HANDLERS, SNAPSHOTS
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts import requests
from shared.contracts.ids import lead_task_id
from shared.storage.aggregates import SHARDS, Aggregate, Decision
from shared.storage.client import Database, connect
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    INTAKE,
    REGISTRY,
    accepted,
    city,
    dropped,
    event_of,
    volunteer,
)

TASKS, VOLUNTEERS = 300, 60
ALL = range(SHARDS)


async def test_capacity_holds_with_three_racing_matchers(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    async with dropped(settings):
        clients = [connect(mongodb_uri) for _ in range(3)]
        replicas = [
            Parts(settings.model_copy(update={"replica": f"r{n}"}), client)
            for n, client in enumerate(clients)
        ]
        database = clients[0].database(settings.database_name)
        capacity = {f"v{n:02}": n % 3 + 1 for n in range(VOLUNTEERS)}
        snapshots = [pair for pair in city() if pair[0] != "v1"]
        snapshots += [(id, volunteer(id, capacity=number)) for id, number in capacity.items()]
        for id, data in snapshots:
            name, document = SNAPSHOTS[type(data)](event_of(REGISTRY, id, data))
            now = datetime.now(UTC)
            await database[name].insert_one(
                {"_id": id, "sequence": 1, "applied_at": now, **document}
            )
        for parts in replicas:
            await parts.runtime.prepare_database()
            await parts.prepare()
        store, context = replicas[0].store, replicas[0].context()
        created = []
        for n in range(TASKS):
            event = event_of(INTAKE, f"r{n}", accepted(f"r{n}", category="care"))
            task: Aggregate[TaskState] = Aggregate(lead_task_id(f"r{n}"))
            decision = HANDLERS[requests.RequestAccepted](None, event, context)
            assert decision is not None
            store.record(task, decision, by="test")
            created.append(task)
        assert await store.write(created)

        async def race(parts: Parts) -> None:
            while await parts.matcher.match(ALL):
                pass

        await asyncio.gather(*(race(parts) for parts in replicas))

        states = [task.state for task in (await store.get_many([t.id for t in created])).values()]
        held = Counter(
            s.assignee.id for s in states if s and s.assignee and s.assignee.kind == "volunteer"
        )
        room = sum(capacity.values())
        assert sum(held.values()) == room, "every place is used, none twice"
        assert all(number <= capacity[id] for id, number in held.items())
        grid = sum(1 for s in states if s and s.assignee and s.assignee.kind == "grid_team")
        assert grid == TASKS - room
        loads = {v["_id"]: len(v["tasks"]) async for v in database["volunteers"].find({})}
        assert loads == dict(held), "no reservation is left over"

        await _sweep(replicas[0], database, capacity)
        for parts in replicas:
            await parts.runtime.stop()
        for client in clients:
            await client.close()


async def _sweep(parts: Parts, database: Database, capacity: dict[str, int]) -> None:
    """A reservation of a process that died is given back; those in use stay."""
    store = parts.store
    task = next(
        t
        for t in (await store.get_many([lead_task_id(f"r{n}") for n in range(TASKS)])).values()
        if t.state and t.state.reservation is None
    )
    held = await store.collection.find_one({"state.reservation": {"$ne": None}})
    assert held is not None
    full = held["state"]["reservation"]["volunteer_id"]
    lost = Reservation(volunteer_id=full, token="lost")
    await database["volunteers"].update_one(
        {"_id": full}, {"$set": {"capacity": capacity[full] + 1}}
    )
    assert await parts.volunteers.reserve(lost, task.id, datetime.now(UTC))
    assert not await parts.volunteers.reserve(lost, task.id, datetime.now(UTC))
    now = datetime.now(UTC)
    assert await parts.matcher.sweep(now - timedelta(seconds=60)) == 0
    assert await parts.matcher.sweep(now + timedelta(seconds=1)) == 1
    # Who made the reservation read the task before the sweep: the write must lose.
    assert task.state is not None
    store.record(task, Decision(task.state, (), "late"), by="test")
    assert not await store.write([task])
    after = await parts.volunteers.find(full)
    assert after is not None
    assert len(after["tasks"]) == capacity[full]
    assert all("since" not in entry for entry in after["tasks"])
    assert await parts.volunteers.unconfirmed(now + timedelta(seconds=1), 10) == []
