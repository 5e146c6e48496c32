"""The real service on a city of its own, and what tests do to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from services.request_intake.main import DEFINITION
from shared.contracts import registry, tasks, topics
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import lead_task_id, uuid7
from shared.contracts.payload import Payload
from shared.messaging.producer import Outgoing
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.messaging.world import SECRET

SQUARE = [[114.0, 22.0], [114.1, 22.0], [114.1, 22.1], [114.0, 22.1], [114.0, 22.0]]
INSIDE = {"longitude": 114.05123, "latitude": 22.05123}
OUTSIDE = {"longitude": 100.0, "latitude": 10.0}
NOISE = {"text": "楼下广场舞噪音太大", "place": {"area": "440310001001"}}


def bearer(role: Role, subject: str = "", **more: Any) -> dict[str, str]:
    principal = Principal(subject or role.value, role, **more)
    return {"Authorization": f"Bearer {issue_token(SECRET.get_secret_value(), principal)}"}


ADMINISTRATOR = bearer(Role.ADMINISTRATOR)
RESIDENT = bearer(Role.RESIDENT, "resident-1")
MANAGER = bearer(Role.AREA_MANAGER, areas=frozenset({"440310001"}))
OTHER_MANAGER = bearer(Role.AREA_MANAGER, "other", areas=frozenset({"440310009"}))
LEADER = bearer(Role.GRID_LEADER, grids=frozenset({"grid-1"}))
OPERATOR = bearer(Role.UNIT_OPERATOR, unit_id="water")
OTHER_OPERATOR = bearer(Role.UNIT_OPERATOR, "other", unit_id="power")
VOLUNTEER = bearer(Role.VOLUNTEER, volunteer_id="v1")


@dataclass
class World:
    """A running service, a client of its API, and others' events."""

    http: httpx.AsyncClient
    runtime: Runtime
    settings: Settings

    async def publish(
        self,
        topic: str,
        source: str,
        subject: str,
        data: Payload,
        sequence: int = 1,
        *,
        key: str | None = None,
        time: datetime | None = None,
    ) -> None:
        event = Event(
            id=uuid7(),
            source=source,
            type=data.full_type(),
            subject=subject,
            sequence=sequence,
            time=time or datetime.now(UTC),
            partition_key=key or subject,
            trace_parent=None,
            data=data,
        )
        results = await self.runtime.publisher.publish([Outgoing(topic, *encode(event))])
        assert not isinstance(results[0], Exception)

    async def build_city(self) -> None:
        """One street with a community, a grid drawn on the map, and two units."""
        source, topic = "/services/registry", topics.REGISTRY.name
        street, community = "440310001", "440310001001"
        path = (street, community)
        known: list[tuple[str, Payload]] = [
            (
                street,
                registry.AreaChanged.model_validate(
                    {"area": street, "name": "龙田街道", "level": "street", "path": [street]}
                ),
            ),
            (
                community,
                registry.AreaChanged.model_validate(
                    {"area": community, "name": "南布社区", "level": "community", "path": path}
                ),
            ),
            (
                "grid-1",
                registry.GridChanged(
                    grid_id="grid-1",
                    name="南布第一网格",
                    area=community,
                    area_path=path,
                    communities=(community,),
                    geometry={"type": "Polygon", "coordinates": [SQUARE]},
                ),
            ),
            *(
                (
                    unit,
                    registry.UnitChanged.model_validate(
                        {"unit_id": unit, "name": name, "domain": "agency"}
                    ),
                )
                for unit, name in (("water", "水务局"), ("power", "供电局"))
            ),
        ]
        for subject, data in known:
            await self.publish(topic, source, subject, data)
        await eventually(self._city_known, 30, "the city is known")

    async def _city_known(self) -> bool:
        answer = await self.http.post("/v1/requests", json=NOISE, headers=ADMINISTRATOR)
        return bool(answer.status_code == 201 and answer.json()["grid_id"] == "grid-1")

    async def file(self, headers: dict[str, str] = RESIDENT, **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/v1/requests", json=NOISE | more, headers=headers)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def task(self, request_id: str, *facts: Payload, first: int = 1) -> None:
        """Publish facts of the request's lead task, numbered from `first`."""
        for sequence, fact in enumerate(facts, first):
            await self.publish(
                topics.TASKS.name,
                "/services/volunteer-dispatch",
                lead_task_id(request_id),
                fact,
                sequence,
                key=request_id,
            )

    async def has_status(self, request_id: str, status: str) -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            answer = await self.http.get(f"/v1/requests/{request_id}", headers=ADMINISTRATOR)
            body: dict[str, Any] = answer.json()
            return body if body["status"] == status else None

        found = await eventually(there, 30, f"request {request_id} is {status}")
        assert found is not None
        return found

    async def events(self, topic: str, wanted: int, subject: str) -> list[Event]:
        """The first `wanted` events about `subject` on `topic`, from its beginning."""
        consumer = AIOKafkaConsumer(
            f"{self.settings.topic_prefix}{topic}",
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        found: list[Event] = []
        await consumer.start()
        try:

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    events = [decode(record.value, record.headers) for record in records]
                    found.extend(event for event in events if event.subject == subject)
                return len(found) >= wanted

            await eventually(enough, 30, f"{wanted} events about {subject} on {topic}")
        finally:
            await consumer.stop()
        return found


def assigned(request_id: str, round: int = 1) -> tuple[tasks.TaskAssigned, tasks.TaskAccepted]:
    common = {"task_id": lead_task_id(request_id), "request_id": request_id}
    assignee = {"kind": "unit", "id": "water", "unit_id": "water"}
    return (
        tasks.TaskAssigned.model_validate(
            common
            | {
                "assignee": assignee,
                "deadline": datetime.now(UTC),
                "round": round,
                "level": 0,
            }
        ),
        tasks.TaskAccepted.model_validate(common | {"assignee": assignee}),
    )


def completed(request_id: str, round: int = 1, **more: Any) -> tasks.TaskCompleted:
    return tasks.TaskCompleted.model_validate(
        {
            "task_id": lead_task_id(request_id),
            "request_id": request_id,
            "assignee": {"kind": "unit", "id": "water", "unit_id": "water"},
            "round": round,
        }
        | more
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[World]:
    """The service with its real lifespan; its database is dropped at the end."""
    app = service_app(DEFINITION, settings)
    try:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
                world = World(http, app.state.runtime, settings)
                await eventually(lambda: _ready(world), 60, "the service is ready", 0.1)
                yield world
    finally:
        client = connect(settings.mongodb_uri, settings.mongo_driver)
        await client.drop(settings.database_name)
        await client.close()


async def _ready(world: World) -> bool:
    return (await world.http.get("/ready")).status_code == 200
