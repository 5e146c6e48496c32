"""Assessment as it runs, and the events of the services that it listens to."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.assessment.main import DEFINITION
from services.assessment.parts import Parts
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.registry import AreaChanged, OrganizationChanged, UnitChanged
from shared.messaging.broker import Broker
from shared.messaging.producer import Outgoing, Publisher
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app

ADMINISTRATOR = Principal("admin", Role.ADMINISTRATOR)


@dataclass
class Assessment:
    """A running assessment service."""

    app: FastAPI
    http: httpx.AsyncClient
    settings: Settings

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    async def get(
        self, path: str, principal: Principal = ADMINISTRATOR, status: int = 200, /, **query: Any
    ) -> Any:
        return await self._ask("GET", path, principal, status, query)

    async def recount(self) -> Any:
        return await self._ask("POST", "/v1/audit/recount", ADMINISTRATOR, 200, {})

    async def reproduced(self, period: str) -> Any:
        return await self._ask("POST", "/v1/audit/scores", ADMINISTRATOR, 200, {"period": period})

    async def correct(self, request_id: str, **said: Any) -> Any:
        path = f"/v1/cases/{request_id}/corrections"
        return await self._ask("POST", path, ADMINISTRATOR, 201, {}, said)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        principal: Principal = ADMINISTRATOR,
        status: int = 200,
    ) -> Any:
        """The answer to a command."""
        return await self._ask(method, path, principal, status, {}, body)

    async def _ask(
        self,
        method: str,
        path: str,
        principal: Principal,
        status: int,
        query: dict[str, Any],
        body: Any = None,
    ) -> Any:
        answer = await self.ask(method, path, principal, params=query, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def ask(
        self, method: str, path: str, principal: Principal, **request: Any
    ) -> httpx.Response:
        """The answer as it comes."""
        token = issue_token(self.settings.token_secret.get_secret_value(), principal)
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.request(method, path, headers=headers, **request)

    async def settled(self, cases: int) -> bool:
        """Whether `cases` requests are known, and every figure is up."""
        known = await self.parts.repository.cases.collection.count_documents(
            {"state.accepted_at": {"$ne": None}}
        )
        areas = await self.parts.repository.unmeasured_areas(1)
        return known == cases and not areas and not await self.parts.repository.count_dirty()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Assessment]:
    """Assessment with its real lifespan; the database stays."""
    app = service_app(DEFINITION, settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Assessment(app, http, settings)


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[None]:
    """Drops the service's database at the end."""
    try:
        yield
    finally:
        client = connect(settings.mongodb_uri)
        await client.drop(settings.database_name)
        await client.close()


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator["Others"]:
    """The other services' side of the topics."""
    broker = Broker(settings)
    await broker.ensure_topics()
    publisher = Publisher(broker, settings)
    try:
        yield Others(publisher)
    finally:
        await publisher.close()
        await broker.close()


class Others:
    """Publishes as the other services do."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._sequence = 0

    async def publish(self, events: Iterable[Event]) -> None:
        outgoing = [
            Outgoing(TOPIC_OF[event.type.rpartition(".v")[0]], *encode(event)) for event in events
        ]
        for result in await self._publisher.publish(outgoing):
            assert not isinstance(result, Exception), result

    async def register(self, *snapshots: tuple[str, Payload]) -> None:
        """Publish registry snapshots: subject and payload."""
        events = []
        for subject, data in snapshots:
            self._sequence += 1
            events.append(
                Event(
                    id=uuid7(),
                    source="/services/registry",
                    type=data.full_type(),
                    subject=subject,
                    sequence=self._sequence,
                    time=datetime.now(UTC),
                    partition_key=subject,
                    trace_parent=None,
                    data=data,
                )
            )
        await self.publish(events)


def area(code: str, level: str, path: Sequence[str]) -> tuple[str, Payload]:
    fields = {"area": code, "name": f"{code}街道", "level": level, "path": path}
    return code, AreaChanged.model_validate(fields)


def unit(id: str, domain: str = "agency", area: str | None = None) -> tuple[str, Payload]:
    fields = {"unit_id": id, "name": f"{id}单位", "domain": domain, "area": area}
    return id, UnitChanged.model_validate(fields)


def organization(id: str, unit_id: str) -> tuple[str, Payload]:
    fields = {"organization_id": id, "name": f"{id}支部", "domain": "agency", "unit_id": unit_id}
    return id, OrganizationChanged.model_validate(fields | {"level": "grassroots"})


CITY = (
    area("bj", "city", ("bj",)),
    area("xc", "district", ("bj", "xc")),
    area("s1", "street", ("bj", "xc", "s1")),
    area("s2", "street", ("bj", "xc", "s2")),
    area("c1", "community", ("bj", "xc", "s1", "c1")),
    area("c2", "community", ("bj", "xc", "s1", "c2")),
    area("c3", "community", ("bj", "xc", "s2", "c3")),
)
