"""The registry running in the test's own world, over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI
from pydantic import SecretStr
from pymongo import MongoClient

from deploy.local.services import ServiceProcess
from services.registry.main import DEFINITION
from shared.contracts import topics
from shared.contracts.envelope import Event, decode
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from tests.integration.messaging.world import SECRET, settings_for

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[114.3, 22.6], [114.4, 22.6], [114.4, 22.7], [114.3, 22.7], [114.3, 22.6]]],
}
CROSSING = {
    "type": "Polygon",
    "coordinates": [[[114.3, 22.6], [114.4, 22.7], [114.4, 22.6], [114.3, 22.7], [114.3, 22.6]]],
}
CITY = [
    {"id": "4403", "name": "深圳市", "level": "city"},
    {"id": "440310", "name": "坪山区", "level": "district", "parent": "4403"},
    {"id": "440310001", "name": "坪山街道", "level": "street", "parent": "440310"},
    {"id": "440310002", "name": "马峦街道", "level": "street", "parent": "440310"},
    {"id": "440310001001", "name": "六联社区", "level": "community", "parent": "440310001"},
    {"id": "440310002001", "name": "坪环社区", "level": "community", "parent": "440310002"},
]


def registry_settings(kafka: str, mongo: str, unique: str) -> Settings:
    """Settings with a field key of one secret: a comma in it would part several.

    The embedded broker lets a group's first member in after a third of the session's time, in
    whole seconds, and no member leaves before it was let in: most tests here are shorter.
    """
    made = settings_for("registry", kafka, mongo, unique)
    key = SecretStr("0123456789abcdef" * 3)
    return made.model_copy(update={"field_key": key, "kafka_session_timeout_ms": 2000})


def token(settings: Settings, role: Role, **rest: Any) -> str:
    secret = settings.token_secret.get_secret_value()
    return issue_token(secret, Principal("someone", role, **rest))


class World:
    """A running registry; `as_` gives a client for a role."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.clients: list[httpx.AsyncClient] = []
        self.admin = self.as_(Role.ADMINISTRATOR)

    def as_(self, role: Role | None, **rest: Any) -> httpx.AsyncClient:
        headers = {}
        if role is not None:
            if "areas" in rest:
                rest["areas"] = frozenset(rest["areas"])
            if "grids" in rest:
                rest["grids"] = frozenset(rest["grids"])
            headers["Authorization"] = f"Bearer {token(self.settings, role, **rest)}"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://registry",
            headers=headers,
            timeout=60,
        )
        self.clients.append(client)
        return client

    async def load(self, kind: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = await self.admin.post(f"/v1/imports/{kind}", json={"rows": list(rows)})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def city(self) -> None:
        """Six areas, a grid, a unit."""
        for kind, rows in (
            ("areas", CITY),
            ("grids", [{"id": "g1", "name": "第一网格", "area": "440310001", "geometry": SQUARE}]),
            ("units", [{"id": "u1", "name": "供水公司", "domain": "state_enterprise",
                        "area": "440310001"}]),
        ):  # fmt: skip
            assert {r["status"] for r in await self.load(kind, rows)} == {"created"}

    async def events(self, at_least: int, deadline: float = 30) -> list[Event]:
        """What stands on `lianxin.registry`, once it is `at_least` so many."""
        return await told(self, topics.REGISTRY, at_least, deadline)


async def told(
    world: World, topic: topics.Topic, at_least: int, deadline: float = 30
) -> list[Event]:
    """What stands on a topic, once it is `at_least` so many."""
    runtime: Runtime = world.app.state.runtime
    name = runtime.broker.topic(topic.name)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.settings.kafka_bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[Event] = []
    try:
        async with asyncio.timeout(deadline):
            places = [TopicPartition(name, n) for n in range(world.settings.kafka_partitions)]
            consumer.assign(places)
            while len(found) < at_least:
                batch = await consumer.getmany(timeout_ms=200)
                for records in batch.values():
                    found += [decode(r.value, r.headers) for r in records]
            # Nothing more than that: what is still to come would come now.
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [decode(r.value, r.headers) for r in records]
    finally:
        await consumer.stop()
    return found


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[World]:
    app = service_app(DEFINITION, settings)
    async with app.router.lifespan_context(app):
        world = World(app, settings)
        try:
            yield world
        finally:
            for client in world.clients:
                await client.aclose()
    database = connect(settings.mongodb_uri, settings.mongo_driver)
    await database.drop(settings.database_name)
    await database.close()


@contextmanager
def registry_process(folder: Path, kafka: str, mongo: str, unique: str) -> Iterator[ServiceProcess]:
    """The registry as a process on its own topics and database, which is dropped after it."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "MONGODB_URI": mongo,
        "LIANXIN_TOPIC_PREFIX": f"{unique}.",
        "LIANXIN_DATABASE": unique,
        "LIANXIN_TOKEN_SECRET": SECRET.get_secret_value(),
        "LIANXIN_FIELD_KEY": "f" * 40,
        "LIANXIN_KAFKA_IDEMPOTENCE": "false",
        "LIANXIN_KAFKA_PARTITIONS": "4",
        "LIANXIN_KAFKA_SESSION_TIMEOUT_MS": "2000",
    }
    with ServiceProcess("registry", folder, environment) as process:
        yield process
    with MongoClient[dict[str, Any]](mongo) as client:
        client.drop_database(unique)
