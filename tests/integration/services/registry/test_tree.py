"""The tree by superior organization never has a cycle: whoever changes it at once, and whoever
is killed between any two steps on the database."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.registry import bulk, commands
from services.registry.commands import Registry
from services.registry.main import DEFINITION
from services.registry.moves import Moves, moved
from services.registry.schemas import OrganizationBody
from shared.storage.aggregates import Contended
from shared.storage.client import connect
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.integration.services.registry.world import CITY, World, registry_settings, running

ROOT = Principal("root", Role.ADMINISTRATOR)
ANY = {"If-Match": "*"}
NAMES = "abcde"


def organization(id: str, parent: str | None = None) -> dict[str, Any]:
    return {
        "id": id,
        "name": f"{id}党支部",
        "domain": "community",
        "level": "grassroots",
        "area": "4403",
        "parent": parent,
    }


def cycle_in(parents: dict[str, str | None]) -> list[str]:
    """The ids of a cycle, or nothing."""
    for start in parents:
        seen: list[str] = []
        at: str | None = start
        while at is not None and at not in seen:
            seen.append(at)
            at = parents.get(at)
        if at is not None:
            return seen
    return []


async def parents_of(registry: Registry) -> dict[str, str | None]:
    found = registry.repository.stores["organizations"].collection.find({}, {"state.parent": 1})
    return {document["_id"]: document["state"]["parent"] async for document in found}


# Through HTTP


async def parents(world: World) -> dict[str, str | None]:
    items = (await world.admin.get("/v1/organizations?limit=200")).json()["items"]
    return {item["id"]: item["parent"] for item in items}


async def put(world: World, id: str, parent: str | None) -> int:
    body = organization(id, parent)
    answer = await world.admin.put(f"/v1/organizations/{id}", json=body, headers=ANY)
    assert answer.is_success or answer.json()["type"] == "/problems/parent-cycle", answer.text
    return answer.status_code


async def test_of_two_moves_at_once_that_close_a_cycle_one_is_refused(world: World) -> None:
    await world.load("areas", CITY[:1])
    for turn in range(15):
        a, b = f"a{turn}", f"b{turn}"
        await world.load("organizations", [organization(a), organization(b)])
        codes = await asyncio.gather(put(world, a, b), put(world, b, a))
        assert sorted(codes) == [200, 422]
    assert cycle_in(await parents(world)) == []


async def test_many_at_once_and_bulk_loads_among_them(world: World) -> None:
    await world.load("areas", CITY[:1])
    await world.load("organizations", [organization(id) for id in NAMES])
    ring = list(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))
    for _ in range(4):
        rows = [organization("e", "a"), organization("new", "c"), organization("a", "new")]
        await asyncio.gather(
            *(put(world, *edge) for edge in ring), world.load("organizations", rows)
        )
        assert cycle_in(await parents(world)) == []
        for id in NAMES:
            await put(world, id, None)
    # Turned round in one load: who was above comes below.
    await put(world, "a", "b")
    turned = await world.load("organizations", [organization("b", "a"), organization("a")])
    assert {row["status"] for row in turned} == {"changed"}
    assert (await parents(world))["b"] == "a"


async def test_a_move_left_behind_by_a_killed_process_holds_nobody_up_for_long(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with running(settings) as world:
        await world.load("areas", CITY[:1])
        await world.load("organizations", [organization("a"), organization("b")])
        registry: Registry = world.app.state.parts
        look = await registry.moves["organizations"].look()
        [claimed] = moved("a", 1, None, "b")
        assert await registry.moves["organizations"].claim(look, [claimed])
        # Killed here. The opposite move waits until that one can never be written, and is done.
        assert await put(world, "b", "a") == 200
        stale = {"If-Match": '"1"'}
        body = organization("a", "b")
        late = await world.admin.put("/v1/organizations/a", json=body, headers=stale)
        assert late.status_code == 412


# Step by step

_actor: ContextVar[int | None] = ContextVar("actor", default=None)


class Gate:
    """Lets one actor at a time do its next step on the database."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[None]] = {}

    async def step(self) -> None:
        actor = _actor.get()
        if actor is not None:
            self.waiting[actor] = asyncio.get_running_loop().create_future()
            await self.waiting[actor]


class Gated:
    """A real collection whose calls wait at a gate."""

    def __init__(self, collection: Any, gate: Gate) -> None:
        self._collection, self._gate = collection, gate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._collection, name)
        if name in {"find_one", "update_one", "insert_one", "bulk_write"}:
            return self._after(found)
        return found

    def _after(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def gated(*args: Any, **kwargs: Any) -> Any:
            await self._gate.step()
            return await call(*args, **kwargs)

        return gated

    def find(self, *args: Any, **kwargs: Any) -> Any:
        async def rows() -> Any:
            await self._gate.step()
            async for row in self._collection.find(*args, **kwargs):
                yield row

        return rows()


class GatedDatabase:
    def __init__(self, database: Any, gate: Gate) -> None:
        self._database, self._gate = database, gate

    def __getitem__(self, name: str) -> Gated:
        return Gated(self._database[name], self._gate)


Actor = tuple[str, list[tuple[str, str | None]]]
few = st.sampled_from("abc")
edges = st.tuples(few, few | st.sampled_from([*NAMES, "n", None]))
actors = st.one_of(
    st.tuples(st.just("put"), st.lists(edges, min_size=1, max_size=1)),
    st.tuples(st.just("load"), st.lists(edges, min_size=1, max_size=3)),
    st.tuples(
        st.just("create"), st.tuples(st.just("n"), st.sampled_from(NAMES)).map(lambda e: [e])
    ),
)


async def act(registry: Registry, actor: Actor, number: int) -> None:
    _actor.set(number)
    what, wanted = actor
    kind = registry.kinds["organizations"]
    with contextlib.suppress(Problem, Contended):
        if what == "load":
            rows = [organization(*edge) for edge in wanted]
            await bulk.load(registry, kind, rows, ROOT)
        else:
            [(id, parent)] = wanted
            body = OrganizationBody.model_validate(organization(id, parent))
            if what == "put":
                await commands.change(registry, kind, id, body, ROOT, None)
            else:
                await commands.create(registry, kind, body, ROOT, None)


@pytest.mark.parametrize("stale", [timedelta(0), timedelta(hours=1)], ids=["ended", "kept"])
def test_no_order_of_steps_and_no_kill_makes_a_cycle(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, stale: timedelta
) -> None:
    made = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    with asyncio.Runner() as runner:

        async def build() -> tuple[Any, Registry, Any, Gate]:
            client = connect(made.mongodb_uri, made.mongo_driver)
            parts: Registry = DEFINITION.build(made, client).parts
            database = client.database(made.database_name)
            await bulk.load(parts, parts.kinds["areas"], CITY[:1], ROOT)
            gate = Gate()
            gated: Any = GatedDatabase(database, gate)
            store = parts.repository.stores["organizations"]
            store.collection = gated["organizations"]
            parts.repository._database = gated
            object.__setattr__(
                parts, "moves", {"organizations": Moves(gated, "organizations", stale)}
            )
            return client, parts, database, gate

        client, registry, database, gate = runner.run(build())

        async def play(
            start: list[tuple[str, str | None]], crowd: list[Actor], turns: list[tuple[int, bool]]
        ) -> None:
            for name in ("organizations", "moves"):
                await database[name].delete_many({})
            gate.waiting.clear()
            _actor.set(None)
            kind = registry.kinds["organizations"]
            await bulk.load(registry, kind, [organization(id) for id in NAMES], ROOT)
            await bulk.load(registry, kind, [organization(*edge) for edge in start], ROOT)
            tasks = [asyncio.create_task(act(registry, a, n)) for n, a in enumerate(crowd)]
            for turn, kill in turns:
                await _settle(gate, tasks)
                waiting = [n for n in sorted(gate.waiting) if not tasks[n].done()]
                if not waiting:
                    break
                actor = waiting[turn % len(waiting)]
                step = gate.waiting.pop(actor)
                if kill:
                    tasks[actor].cancel()
                else:
                    step.set_result(None)
            await _settle(gate, tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            found = await parents_of(registry)
            assert cycle_in(found) == [], found

        @settings(
            max_examples=100,
            phases=[Phase.explicit, Phase.generate],
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            st.lists(edges, max_size=4),
            st.lists(actors, min_size=2, max_size=3),
            st.lists(
                st.tuples(st.integers(0, 5), st.integers(0, 39).map(lambda n: n == 0)),
                min_size=30,
                max_size=60,
            ),
        )
        def any_order(
            start: list[tuple[str, str | None]], crowd: list[Actor], turns: list[tuple[int, bool]]
        ) -> None:
            runner.run(play(start, crowd, turns))

        try:
            any_order()
        finally:
            runner.run(client.drop(made.database_name))
            runner.run(client.close())


async def _settle(gate: Gate, tasks: list[asyncio.Task[None]]) -> None:
    """Until every actor waits at the gate, pauses, or is done."""
    for _ in range(200):
        if all(task.done() or n in gate.waiting for n, task in enumerate(tasks)):
            return
        await asyncio.sleep(0.001)
