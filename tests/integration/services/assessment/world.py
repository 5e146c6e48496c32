"""Assessment as it runs, and the events of the services that it listens to."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from services.assessment.main import DEFINITION
from services.assessment.parts import Parts
from shared.contracts import topics
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.registry import AreaChanged, OrganizationChanged, UnitChanged
from shared.messaging.broker import Broker
from shared.messaging.producer import Outgoing, Publisher
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import Document, connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from tests.eventually import eventually

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
        self,
        path: str,
        principal: Principal | None = ADMINISTRATOR,
        status: int = 200,
        /,
        **query: Any,
    ) -> Any:
        return await self._answer("GET", path, principal, status, params=query)

    async def recount(self) -> Any:
        return await self.send("POST", "/v1/audit/recount")

    async def reproduced(self, period: str) -> Any:
        query = {"period": period}
        return await self._answer("POST", "/v1/audit/scores", ADMINISTRATOR, 200, params=query)

    async def correct(self, request_id: str, **said: Any) -> Any:
        return await self.send("POST", f"/v1/cases/{request_id}/corrections", said, status=201)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        principal: Principal | None = ADMINISTRATOR,
        status: int = 200,
        **headers: str,
    ) -> Any:
        """The answer to a command."""
        return await self._answer(method, path, principal, status, json=body, headers=headers)

    async def _answer(
        self, method: str, path: str, principal: Principal | None, status: int, **request: Any
    ) -> Any:
        answer = await self.ask(method, path, principal, **request)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def ask(
        self,
        method: str,
        path: str,
        principal: Principal | None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """The answer as it comes; `principal`: None: who calls has no token."""
        sent = dict(headers or {})
        if principal is not None:
            secret = self.settings.token_secret.get_secret_value()
            sent["Authorization"] = f"Bearer {issue_token(secret, principal)}"
        return await self.http.request(method, path, headers=sent, **request)

    async def told(
        self, *stores: AggregateStore[Any], topic: str = topics.REVIEWS.name
    ) -> list[Document]:
        """The journal of a topic, once `stores` have published all that they have."""

        async def drained() -> bool:
            pending = {"pending_since": {"$exists": True}}
            return not any([await store.collection.count_documents(pending) for store in stores])

        await eventually(drained, 30, "everything is published")
        since, until = (each.replace(tzinfo=UTC) for each in (datetime.min, datetime.max))
        return [e async for some in self.runtime.journal.walk(topic, since, until) for e in some]

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
        self._sequences: Counter[tuple[str, str]] = Counter()
        self.registered: list[Event] = []
        """What the registry has told, in order."""

    async def publish(self, events: Iterable[Event]) -> None:
        outgoing = [
            Outgoing(TOPIC_OF[event.type.rpartition(".v")[0]], *encode(event)) for event in events
        ]
        for result in await self._publisher.publish(outgoing):
            assert not isinstance(result, Exception), result

    async def register(self, *told: tuple[str, Payload], part: str = "") -> None:
        """Publish what the registry, or a `part` of it, tells: subject and payload."""
        source = f"/services/registry{part}"
        events = []
        for subject, data in told:
            self._sequences[source, subject] += 1
            events.append(
                Event(
                    id=uuid7(),
                    source=source,
                    type=data.full_type(),
                    subject=subject,
                    sequence=self._sequences[source, subject],
                    time=datetime.now(UTC),
                    partition_key=subject,
                    trace_parent=None,
                    data=data,
                )
            )
        self.registered += events
        await self.publish(events)


def area(code: str, level: str, path: Sequence[str]) -> tuple[str, Payload]:
    fields = {"area": code, "name": f"{code}街道", "level": level, "path": path}
    return code, AreaChanged.model_validate(fields)


def unit(id: str, domain: str = "agency", area: str | None = None) -> tuple[str, Payload]:
    fields = {"unit_id": id, "name": f"{id}单位", "domain": domain, "area": area}
    return id, UnitChanged.model_validate(fields)


def organization(id: str, unit_id: str, level: str = "grassroots") -> tuple[str, Payload]:
    fields = {"organization_id": id, "name": f"{id}支部", "domain": "agency", "unit_id": unit_id}
    return id, OrganizationChanged.model_validate(fields | {"level": level})


def branch(
    id: str, area: str = "c1", parent: str | None = None, level: str = "grassroots"
) -> tuple[str, Payload]:
    """An area's own organization."""
    fields = {"organization_id": id, "name": f"{id}党支部", "domain": "community", "area": area}
    return id, OrganizationChanged.model_validate(fields | {"level": level, "parent": parent})


CITY = (
    area("bj", "city", ("bj",)),
    area("xc", "district", ("bj", "xc")),
    area("s1", "street", ("bj", "xc", "s1")),
    area("s2", "street", ("bj", "xc", "s2")),
    area("c1", "community", ("bj", "xc", "s1", "c1")),
    area("c2", "community", ("bj", "xc", "s1", "c2")),
    area("c3", "community", ("bj", "xc", "s2", "c3")),
)
SCHEME = """\
name: {zh: 试行方案, en: Trial}
source: tests
valid_from: 2026-04
classes:
  - {id: agency, label: {zh: 机关, en: Agencies}, kind: unit, domains: [agency]}
  - {id: street, label: {zh: 街道, en: Streets}, kind: street}
indicators:
  - id: resolution
    label: {zh: 解决率, en: Resolution}
    formula: solved / contacted
    sample: contacted
    weight: 60
    floor: 0.5
    target: 1
    minimum_sample: 5
  - id: in_time
    label: {zh: 按时率, en: In time}
    formula: in_time / judged
    sample: judged
    weight: 40
    floor: 0
    target: 1
    minimum_sample: 5
grades:
  - {id: good, label: {zh: 好, en: Good}, at_least: 80}
  - {id: poor, label: {zh: 差, en: Poor}, at_least: 0}
steps: {self_rating: 20, public_rating: 40, organizational_rating: 40}
"""
"""A city's own scheme, as it is written."""
