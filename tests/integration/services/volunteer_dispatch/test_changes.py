"""Changes as server-sent events over real connections, with two replicas."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn

from services.volunteer_dispatch.main import DEFINITION
from services.volunteer_dispatch.service.state import SHAPE
from shared.settings import Settings
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from shared.web.serve import Server, bind
from tests.eventually import eventually
from tests.integration.messaging.world import SECRET, settings_for
from tests.integration.services.volunteer_dispatch.world import (
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_LEADER,
    RESIDENT,
    World,
    accepted,
    dropped,
)

SERVICE = "volunteer_dispatch"


@dataclass
class Served(World):
    """A replica behind a real port; `stop` begins its end, as a signal does."""

    stop: Callable[[], None] = lambda: None


@asynccontextmanager
async def served(settings: Settings, port: int = 0) -> AsyncIterator[Served]:
    """A replica behind a real port; at the end it stops as on a signal."""
    app = service_app(DEFINITION, settings)
    listener = bind("127.0.0.1", port)
    config = uvicorn.Config(app, lifespan="on", log_config=None, timeout_graceful_shutdown=20)
    server = Server(config, 60, lambda: close_streams(app))
    running = asyncio.create_task(server.serve(sockets=[listener]))

    async def started() -> bool:
        return bool(server.started)

    try:
        await eventually(started, 30, "it listens")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # The server closes a connection after 5 s: never use one that it is about to close.
        limits = httpx.Limits(keepalive_expiry=2)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as http:
            yield Served(http, app.state.parts, settings, stop=server.stop)
    finally:
        server.stop()
        await running
        server.finished()
        listener.close()


def close_streams(app: Any) -> None:
    app.state.close_streams()


@dataclass
class Heard:
    """What a stream has brought."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last_id: str = ""
    beats: int = 0
    ended: bool = False

    def of(self, task: str) -> list[str]:
        return [data["what"] for event, data in self.events if data.get("task_id") == task]


@asynccontextmanager
async def listening(
    world: World, headers: dict[str, str], last_id: str | None = None
) -> AsyncIterator[Heard]:
    """Hear the stream, once it is there."""
    heard = Heard()
    more = {} if last_id is None else {"Last-Event-ID": last_id}

    async def hear() -> None:
        url = "/v1/changes"
        async with world.http.stream("GET", url, headers=headers | more) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            event = ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "id":
                    heard.last_id = value
                elif name == "data":
                    heard.events.append((event, json.loads(value)))
                elif line.startswith(":"):
                    heard.beats += 1
        heard.ended = True

    async def ready() -> bool:
        return any(event == "ready" for event, _ in heard.events)

    task = asyncio.create_task(hear())
    try:
        await eventually(ready, 30, "the stream is there")
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def hears(heard: Heard, task: str, *what: str) -> None:
    async def all_of_it() -> bool:
        assert heard.of(task) == list(what), heard.of(task)
        return True

    await eventually(all_of_it, 30, f"{what} is heard")


async def test_changes_of_all_replicas_are_heard_by_those_who_see_the_task_and_resumed(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    first = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    second = first.model_copy(update={"replica": "second"})
    async with dropped(first), served(first) as one, served(second) as two:
        await one.build_city()
        assert (await one.http.get("/v1/changes", headers=RESIDENT)).status_code == 403
        async with (
            listening(two, LEADER) as leader,
            listening(two, OTHER_LEADER) as other,
            listening(two, OPERATOR) as power,
        ):
            task = await one.request(accepted("r-heard"))
            await hears(leader, task, "task.created", "task.assigned")
            await one.until(task, "assigned", "grid_team:g1")
            body = {"to": {"kind": "unit", "id": "power"}, "reason": "属电力"}
            assert (await one.post(f"{task}/reassign", body, MANAGER)).is_success
            await hears(power, task, "task.assigned")
            away = {"to": {"kind": "unit", "id": "water"}, "reason": "属水务"}
            assert (await one.post(f"{task}/reassign", away, MANAGER)).is_success
            await hears(leader, task, "task.created", *["task.assigned"] * 3)
            await hears(power, task, "task.assigned", "gone")
            assert other.of(task) == []
            members = {"task_id", "request_id", "what", "sequence", "at"}
            said = [data for event, data in leader.events if event == "change"]
            assert all(set(data) == members for data in said)
            assert [data["sequence"] for data in said] == [1, 2, 3, 4]
        # While nobody listens; then the other replica is asked for what was missed.
        assert (await two.post(f"{task}/accept", None, MANAGER)).is_success
        async with listening(one, LEADER, leader.last_id) as back:
            await hears_at_last(back, task, "task.accepted")
            assert [event for event, _ in back.events if event == "reload"] == []
        old = str(int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000))
        for unknown in (old, "x", "99999999999999999999"):
            async with listening(one, LEADER, unknown) as late:
                assert [event for event, _ in late.events] == ["reload", "ready"]


async def hears_at_last(heard: Heard, task: str, what: str) -> None:
    async def there() -> bool:
        return what in heard.of(task)

    await eventually(there, 30, f"{what} is heard")


async def test_streams_are_bounded_a_slow_one_is_cut_off_and_all_end_with_the_service(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    async with dropped(settings), served(settings) as world:
        await world.build_city()
        changes = world.parts.changes
        changes.most_each, changes.room, changes.heartbeat_seconds = 2, 5, 0.2
        leader = Principal("slow", Role.GRID_LEADER, grids=frozenset({"g1"}))
        slow = await changes.listen(leader, None)
        place = str(changes.position)
        ids = [await world.request(accepted(f"r-slow{n}")) for n in range(4)]

        async def cut_off() -> bool:
            return slow.ended

        await eventually(cut_off, 30, "who takes nothing is cut off")
        assert await slow.take(1) is None
        changes.leave(slow)
        for id in ids:
            await world.until(id, "assigned")

        async def published() -> bool:
            journal = world.parts.runtime.database["journal"]
            return bool(await journal.count_documents({"subject": {"$in": ids}}) == 8)

        await eventually(published, 30, "all is published")
        again = await changes.listen(leader, place)
        missed = await again.take(1) or b""
        assert all(missed.count(id.encode()) == 2 for id in ids), missed
        changes.leave(again)

        short = issue_token(SECRET.get_secret_value(), leader, seconds=2)
        expires = {"Authorization": f"Bearer {short}"}
        async with listening(world, LEADER) as a, listening(world, LEADER) as b:
            third = await world.http.get("/v1/changes", headers=LEADER)
            assert third.status_code == 429
            assert third.headers["retry-after"] == "30"
            assert third.json()["type"] == "/problems/too-many-streams"
            changes.most_each = 3
            async with listening(world, expires) as short_lived:
                await _ends(short_lived)
            assert min(a.beats, b.beats) > 0
            assert not a.ended
            # Well before the 20 s that requests under way are given.
            world.stop()
            await _ends(a)
            await _ends(b)


async def _ends(heard: Heard) -> None:
    async def ended() -> bool:
        return heard.ended

    await eventually(ended, 30, "the stream ends cleanly")


async def test_old_documents_are_found_by_their_units_soon_after_the_start(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    first = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    second = first.model_copy(update={"replica": "second"})
    async with dropped(first):
        async with served(first) as world:
            await world.build_city()
            ids = [await world.request(accepted(f"r{n}", handling_unit="power")) for n in range(9)]
            for id in ids:
                await world.until(id, "accepted", "unit:power")
            # As a program wrote them that knew neither units nor columns.
            gone = dict.fromkeys(
                (f"state.{n}" for n in ("units", "column", "column_at", "shape", "offered_to")), ""
            )
            await world.parts.store.collection.update_many({}, {"$unset": gone})
            mine = (await world.http.get("/v1/tasks", headers=OPERATOR)).json()["items"]
            assert mine == []
            # Some have no state yet, and of one nobody knows what it was.
            bare = {"version": 1, "sequence": 0, "inbox": {}, "shard": 0, "history": []}
            odd = {"task_id": "odd", "request_id": "odd", "status": "lost"}
            strange = [{"_id": "none", "state": None} | bare, {"_id": "odd", "state": odd} | bare]
            await world.parts.store.collection.insert_many(strange)
            versions = {id: (await world.parts.store.get(id)) for id in ids}
        async with served(first) as one, served(second) as two:

            async def found() -> bool:
                listed = await two.http.get("/v1/tasks", headers=OPERATOR)
                board = await two.http.get("/v1/board?limit=0", headers=OPERATOR)
                numbers = {c["column"]: c["number"] for c in board.json()["columns"]}
                assert len(listed.json()["items"]) == 9
                return bool(sum(numbers.values()) == 9)

            await eventually(found, 30, "the unit finds its old tasks")
            collection = one.parts.store.collection
            assert await collection.count_documents({"state.shape": SHAPE}) == 9
            for id, before in versions.items():
                after = await one.parts.store.get(id)
                assert after is not None
                assert before is not None
                assert after.version == before.version
                assert after.state == before.state
