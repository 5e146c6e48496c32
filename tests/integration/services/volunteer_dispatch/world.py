"""The real service on a small city, and what tests do to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from services.volunteer_dispatch.main import DEFINITION
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import plans, registry, requests, topics
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import lead_task_id, uuid7
from shared.contracts.payload import Payload
from shared.messaging.producer import Outgoing
from shared.settings import Settings
from shared.storage.aggregates import shard_of
from shared.storage.client import Database, connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.messaging.world import SECRET

INTAKE, REGISTRY = "/services/request-intake", "/services/registry"
PATH = ("C", "S1", "S1-1")


def bearer(role: Role, subject: str = "", **more: Any) -> dict[str, str]:
    principal = Principal(subject or role.value, role, **more)
    return {"Authorization": f"Bearer {issue_token(SECRET.get_secret_value(), principal)}"}


ADMINISTRATOR = bearer(Role.ADMINISTRATOR)
LEADER = bearer(Role.GRID_LEADER, grids=frozenset({"g1"}))
OTHER_LEADER = bearer(Role.GRID_LEADER, "other", grids=frozenset({"g2"}))
MANAGER = bearer(Role.AREA_MANAGER, areas=frozenset({"S1"}))
OTHER_MANAGER = bearer(Role.AREA_MANAGER, "other", areas=frozenset({"S2"}))
OPERATOR = bearer(Role.UNIT_OPERATOR, unit_id="power")
OTHER_OPERATOR = bearer(Role.UNIT_OPERATOR, "other", unit_id="water")
VOLUNTEER = bearer(Role.VOLUNTEER, volunteer_id="v1")
RESIDENT = bearer(Role.RESIDENT)


def city() -> list[tuple[str, Payload]]:
    """Snapshots of two streets, two grids, two units, two organizations and a volunteer."""
    areas = {"C": "city", "S1": "street", "S1-1": "community", "S2": "street"}
    paths = {"C": ("C",), "S1": ("C", "S1"), "S1-1": PATH, "S2": ("C", "S2")}
    found: list[tuple[str, Payload]] = [
        (
            code,
            registry.AreaChanged.model_validate(
                {
                    "area": code,
                    "name": f"区域{code}",
                    "level": level,
                    "parent": paths[code][-2] if len(paths[code]) > 1 else None,
                    "path": paths[code],
                }
            ),
        )
        for code, level in areas.items()
    ]
    for grid, path in (("g1", PATH), ("g2", ("C", "S2"))):
        found.append(
            (
                grid,
                registry.GridChanged(
                    grid_id=grid,
                    name=grid,
                    area=path[-1],
                    area_path=path,
                    organization_id=f"org-{grid}",
                ),
            )
        )
    for unit in ("power", "water"):
        data = {"unit_id": unit, "name": unit, "domain": "state_enterprise", "area": "S1"}
        found.append((unit, registry.UnitChanged.model_validate(data)))
        data = {
            "organization_id": f"org-{unit}",
            "name": unit,
            "domain": "state_enterprise",
            "level": "grassroots",
            "unit_id": unit,
        }
        found.append((f"org-{unit}", registry.OrganizationChanged.model_validate(data)))
    found.append(("v1", volunteer("v1")))
    return found


def volunteer(id: str, **more: Any) -> registry.VolunteerChanged:
    return registry.VolunteerChanged.model_validate(
        {"volunteer_id": id, "skills": ["care"], "grid_id": "g1", "area_path": PATH, "capacity": 1}
        | more
    )


def accepted(id: str, **more: Any) -> requests.RequestAccepted:
    return requests.RequestAccepted.model_validate(
        {
            "request_id": id,
            "channel": "web",
            "kind": "help",
            "category": "other",
            "urgency": "ordinary",
            "rules_version": 1,
            "grid_id": "g1",
            "area_path": PATH,
            "received_at": datetime.now(UTC),
        }
        | more
    )


def event_of(
    source: str,
    subject: str,
    data: Payload,
    sequence: int = 1,
    *,
    key: str | None = None,
    time: datetime | None = None,
) -> Event:
    return Event(
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


def helpers_elsewhere() -> list[Event]:
    """A joint organization that leads from grid g1 to water, and a pairing that leads to power."""
    now = datetime.now(UTC)
    joint = registry.JointChanged.model_validate(
        {
            "joint_id": "j1",
            "name": "片区党委",
            "form": "joint_area",
            "lead": "org-g1",
            "members": [{"organization_id": "org-water", "joined": "2020-01-01"}],
            **dict.fromkeys(("open_needs", "open_resources", "open_projects"), 0),
        }
    )
    pairing = plans.PairingChanged.model_validate(
        {
            "pairing_id": "p1",
            "kind": "secondment",
            "giver": "org-power",
            "taker": "org-g1",
            "since": now - timedelta(days=1),
            "until": now + timedelta(days=1),
            "term": 1,
            "goals": (),
            "promised_yuan": 0,
            "paid_yuan": 0,
        }
    )
    return [event_of(REGISTRY, "j1", joint), event_of(REGISTRY, "p1", pairing)]


@dataclass
class World:
    """A running replica, a client of its API, and others' events."""

    http: httpx.AsyncClient
    parts: Parts
    settings: Settings
    facts: dict[str, int] = field(default_factory=dict)

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        outgoing = [Outgoing(topic, *encode(event)) for event in events]
        results = await self.parts.runtime.publisher.publish(outgoing)
        assert not any(isinstance(result, Exception) for result in results)

    async def request(self, data: Any, time: datetime | None = None) -> str:
        """Publish the next fact of a request; the task's id."""
        id = data.request_id
        self.facts[id] = self.facts.get(id, 0) + 1
        event = event_of(INTAKE, id, data, self.facts[id], time=time)
        await self.publish(topics.REQUESTS.name, [event])
        return lead_task_id(id)

    async def unit(self, subject: str, data: Payload, sequence: int, unit: str = "power") -> None:
        event = event_of(f"/units/{unit}", subject, data, sequence)
        await self.publish(topics.UNITS.name, [event])

    async def build_city(self) -> None:
        events = [event_of(REGISTRY, subject, data) for subject, data in city()]
        await self.publish(topics.REGISTRY.name, events)

        async def known() -> bool:
            there = self.parts.directory
            volunteer = await self.parts.volunteers.find("v1")
            numbers = [len(o) for o in (there.areas, there.units, there.organizations, there.grids)]
            return numbers == [4, 2, 2, 2] and volunteer is not None

        await eventually(known, 30, "the city is known")

    async def ask_at_any_hour(self, **table: Any) -> None:
        """Put a table of alerts without quiet hours in force: tests run at night too."""
        changes = {"quiet_from": None, **table}
        shown = await self.http.get("/v1/alerts", headers=ADMINISTRATOR)
        headers = {**ADMINISTRATOR, "If-Match": shown.headers["etag"]}
        body = shown.json()["table"] | changes
        put = await self.http.put("/v1/alerts", json=body, headers=headers)
        assert put.status_code == 200, put.text

    async def asked(self, task_id: str, number: int = 1) -> TaskState:
        """The task once so many volunteers are asked."""

        async def there() -> TaskState | None:
            state = await self.state(task_id)
            assert state.alerts.waiting == number, f"{state.status} {state.alerts}"
            return state

        found = await eventually(there, 30, f"{task_id} asks {number}")
        assert found is not None
        return found

    async def state(self, task_id: str) -> TaskState:
        task = await self.parts.store.get(task_id)
        assert task is not None
        assert task.state is not None
        return task.state

    async def until(self, task_id: str, status: str, holder: str = "") -> TaskState:
        async def there() -> TaskState | None:
            state = await self.state(task_id)
            right = state.status == status
            if holder and right:
                assert state.assignee is not None
                right = f"{state.assignee.kind}:{state.assignee.id}" == holder
            assert right, f"{state.status} {state.assignee}"
            return state

        found = await eventually(there, 30, f"{task_id} is {status} {holder}")
        assert found is not None
        return found

    async def post(
        self, path: str, body: Any = None, headers: dict[str, str] = ADMINISTRATOR
    ) -> httpx.Response:
        return await self.http.post(f"/v1/tasks/{path}", json=body, headers=headers)

    async def published(self, number: int, topic: str = topics.TASKS.name) -> list[Event]:
        """The first `number` events on `topic`."""
        consumer = AIOKafkaConsumer(
            self.parts.runtime.broker.topic(topic),
            bootstrap_servers=self.settings.kafka_bootstrap_servers,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        found: list[Event] = []

        async def enough() -> bool:
            batches = await consumer.getmany(timeout_ms=100)
            found.extend(decode(r.value, r.headers) for b in batches.values() for r in b)
            return len(found) >= number

        try:
            await eventually(enough, 60, f"{number} events on {topic}")
        finally:
            await consumer.stop()
        return found


def document(state: TaskState) -> dict[str, Any]:
    """A task as the store leaves it, without a timer."""
    return {
        "_id": state.task_id, "version": 1, "sequence": 1, "state": state.model_dump(),
        "inbox": {}, "shard": shard_of(state.request_id), "created_at": datetime.now(UTC),
        "history": [], "outbox": [],
    }  # fmt: skip


@asynccontextmanager
async def replica(settings: Settings) -> AsyncIterator[World]:
    """A running replica; the caller drops the database (see `running`)."""
    app = service_app(DEFINITION, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield World(http, app.state.parts, settings)


@asynccontextmanager
async def dropped(settings: Settings) -> AsyncIterator[Database]:
    """The service's database, dropped at the end."""
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    try:
        yield client.database(settings.database_name)
    finally:
        await client.drop(settings.database_name)
        await client.close()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[World]:
    """A running replica on a city."""
    async with dropped(settings), replica(settings) as world:
        await world.build_city()
        await world.ask_at_any_hour()
        yield world
