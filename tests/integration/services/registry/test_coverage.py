"""The coverage guarantee through HTTP and Kafka: each gap within 5 s, each event once."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.registry.bulk import load
from services.registry.commands import Registry
from services.registry.coverage_watch import CoverageWatch
from services.registry.main import DEFINITION
from shared.contracts import topics
from shared.contracts.coverage import GapClosed, GapFound
from shared.contracts.envelope import Event, decode
from shared.contracts.ids import uuid7
from shared.storage.client import connect
from shared.web.auth import Principal, Role
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.services.registry.world import CITY, World, registry_settings, running

WITHIN = 5.0
COMMUNITY = "440310001001"
OTHER = "440310002001"
GRID = {"id": "g1", "name": "第一网格", "area": "440310001", "communities": [COMMUNITY]}
LEADER = {"id": "v1", "name": "王芳", "telephone": "13800001234", "grid_id": "g1"}
ANY = {"If-Match": "*"}
Told = tuple[str, str, str]


class Facts:
    """What stands on `lianxin.coverage`, read as it comes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=world.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
        )
        self.events: list[Event] = []

    async def __aenter__(self) -> "Facts":
        await self._consumer.start()
        broker = self._world.app.state.runtime.broker
        await broker.ensure_topics()
        name = broker.topic(topics.COVERAGE.name)
        partitions = range(self._world.settings.kafka_partitions)
        self._consumer.assign([TopicPartition(name, n) for n in partitions])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def read(self, for_ms: int = 100) -> list[Told]:
        """All facts so far: what, of which subject, which gap; by subject in their order."""
        for records in (await self._consumer.getmany(timeout_ms=for_ms)).values():
            self.events += [decode(record.value, record.headers) for record in records]
        told = []
        for event in sorted(self.events, key=lambda event: (event.subject, event.sequence)):
            assert isinstance(event.data, GapFound | GapClosed)
            what = "found" if isinstance(event.data, GapFound) else "closed"
            told.append((what, event.subject, event.data.gap.value))
        return told

    async def until(self, *wanted: Told) -> None:
        """Within 5 s exactly these facts stand there."""

        async def all_there() -> bool:
            return Counter(await self.read()) == Counter(wanted)

        await eventually(all_there, WITHIN, f"the facts {wanted}")


async def gaps(client: httpx.AsyncClient, query: str = "") -> dict[str, list[str]]:
    answer = await client.get(f"/v1/coverage{query}")
    assert answer.status_code == 200, answer.text
    return {
        item["place"] + "/" + item["id"]: [gap["gap"] for gap in item["gaps"]]
        for item in answer.json()["items"]
    }


def found(subject: str, gap: str) -> Told:
    return ("found", subject, gap)


def closed(subject: str, gap: str) -> Told:
    return ("closed", subject, gap)


C, G, D = f"community/{COMMUNITY}", "grid/g1", f"community/{OTHER}"


async def story(world: World, facts: Facts, admin: httpx.AsyncClient) -> list[Told]:
    """A community without a grid, served, and left again by the leader; what was told."""
    await world.load("areas", CITY)
    told = [found(C, "no_team"), found(D, "no_team")]
    await facts.until(*told)
    assert (await admin.post("/v1/grids", json=GRID)).status_code == 201
    told.append(found(G, "no_team"))
    await facts.until(*told)
    assert (await admin.post("/v1/people", json=LEADER)).status_code == 201
    answer = await admin.put("/v1/grids/g1", json=GRID | {"leader": "v1"}, headers=ANY)
    assert answer.status_code == 200
    told += [closed(G, "no_team"), closed(C, "no_team")]
    await facts.until(*told)
    assert (await admin.delete("/v1/people/v1")).status_code == 200
    for place in (G, C):
        told += [found(place, "no_leader"), found(place, "nobody_reachable")]
    await facts.until(*told)
    return told


async def test_gaps_open_and_close_with_the_changes_that_make_them(world: World) -> None:
    async with Facts(world) as facts:
        told = await story(world, facts, world.admin)
        both = ["no_leader", "nobody_reachable"]
        assert await gaps(world.admin) == {C: both, G: both, D: ["no_team"]}
        [event, *_] = [e for e in facts.events if e.subject == C]
        assert event.data is not None
        assert event.data.model_dump() == {
            "place": "community",
            "place_id": COMMUNITY,
            "area_path": ("4403", "440310", "440310001", COMMUNITY),
            "gap": "no_team",
        }
        # A retired place needs no team.
        await world.admin.delete("/v1/grids/g1")
        await world.admin.delete(f"/v1/areas/{OTHER}")
        told += [closed(G, gap) for gap in both] + [closed(C, gap) for gap in both]
        told += [found(C, "no_team"), closed(D, "no_team")]
        await facts.until(*told)
        assert await gaps(world.admin) == {C: ["no_team"]}


async def test_a_person_who_cannot_be_reached_leaves_a_gap(world: World) -> None:
    async with Facts(world) as facts:
        await world.load("areas", CITY[:3])
        await world.load("grids", [GRID | {"communities": ["440310001"], "leader": "v1"}])
        told = [found(G, gap) for gap in ("no_leader", "nobody_reachable")]
        await facts.until(*told)
        await world.admin.post("/v1/people", json=LEADER)
        told += [closed(G, gap) for gap in ("no_leader", "nobody_reachable")]
        await facts.until(*told)
        for missing in ({"available": False}, {"telephone": None}):
            await world.admin.put("/v1/people/v1", json=LEADER | missing, headers=ANY)
            told.append(found(G, "nobody_reachable"))
            await facts.until(*told)
            await world.admin.put("/v1/people/v1", json=LEADER, headers=ANY)
            told.append(closed(G, "nobody_reachable"))
            await facts.until(*told)


async def test_the_list_says_what_to_do_to_those_responsible(world: World) -> None:
    await world.load("areas", CITY)
    await world.load("grids", [GRID | {"members": ["v1"]}])
    await world.load("people", [LEADER])

    async def known() -> bool:
        return await gaps(world.admin) == {C: ["no_leader"], G: ["no_leader"], D: ["no_team"]}

    await eventually(known, WITHIN)
    answer = (await world.admin.get("/v1/coverage")).json()
    totals: dict[str, Any] = {total["gap"]: total for total in answer["totals"]}
    counted = {gap: (total["communities"], total["grids"]) for gap, total in totals.items()}
    assert counted == {"no_team": (1, 0), "no_leader": (1, 1), "nobody_reachable": (0, 0)}
    assert totals["no_team"]["label"] == {"zh": "没有服务团队", "en": "No team"}
    assert totals["no_leader"]["what_to_do"]["zh"].startswith("请为网格指定")
    assert [item["name"] for item in answer["items"]] == ["六联社区", "坪环社区", "第一网格"]
    assert await gaps(world.admin, "?gap=no_team") == {D: ["no_team"]}
    assert await gaps(world.admin, "?area=440310002") == {D: ["no_team"]}
    paged: list[str] = []
    query = "?limit=2"
    while query:
        page = (await world.admin.get(f"/v1/coverage{query}")).json()
        paged += [item["id"] for item in page["items"]]
        query = page["next"] and f"?limit=2&cursor={page['next']}"
    assert paged == [COMMUNITY, OTHER, "g1"]
    manager = world.as_(Role.AREA_MANAGER, areas={"440310002"})
    assert await gaps(manager) == {D: ["no_team"]}
    assert (await manager.get("/v1/coverage")).json()["totals"][0]["communities"] == 1
    refused = await manager.get("/v1/coverage?area=440310001")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/wrong-area")
    assert (await world.admin.get("/v1/coverage?area=nowhere")).status_code == 404
    for role in (Role.RESIDENT, Role.GRID_LEADER, Role.UNIT_OPERATOR):
        assert (await world.as_(role, areas={"4403"}).get("/v1/coverage")).status_code == 403


async def test_two_replicas_and_a_restart_tell_each_gap_once(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with running(settings) as world, Facts(world) as facts:
        other = settings.model_copy(update={"replica": f"registry-{uuid7()}"})
        async with AsyncExitStack() as life:
            second = service_app(DEFINITION, other)
            await life.enter_async_context(second.router.lifespan_context(second))
            watches = [app.state.runtime.leases for app in (world.app, second)]

            async def both_work() -> bool:
                return all(leases.mine for leases in watches)

            await eventually(both_work, message="both replicas hold shards")
            told = await story(world, facts, World(second, other).admin)
        # A third starts with the city there and reads it whole: nothing is told again.
        third = settings.model_copy(update={"replica": f"registry-{uuid7()}"})
        app = service_app(DEFINITION, third)
        async with app.router.lifespan_context(app):
            runtime, coverage = app.state.runtime, app.state.parts.coverage
            # Two that lead at once beside it, each looking at everything and then at what is new.
            leaders = [CoverageWatch(coverage, runtime.journal, runtime.leases) for _ in range(2)]
            for _ in range(3):
                await asyncio.gather(*(leader.round() for leader in leaders))
            assert Counter(await facts.read(for_ms=1000)) == Counter(told)
            # The same when there is something to tell.
            await world.admin.post("/v1/grids", json=GRID | {"id": "g2"})
            for _ in range(10):
                await asyncio.gather(*(leader.round() for leader in leaders))
            told.append(found("grid/g2", "no_team"))
            await facts.until(*told)


async def test_a_city_that_was_there_before_is_looked_at_when_the_service_starts(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    parts: Registry = DEFINITION.build(settings, client).parts  # never started
    principal = Principal("root", Role.ADMINISTRATOR)
    await load(parts, parts.kinds["areas"], CITY, principal)
    await client.close()
    async with running(settings) as world, Facts(world) as facts:
        await facts.until(found(C, "no_team"), found(D, "no_team"))
