"""Two small services on the real runtime: one publishes requests' facts, the other tallies them."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from deploy.local.servers import ApacheKafka
from shared.contracts import requests, topics
from shared.contracts.envelope import Event
from shared.contracts.ids import uuid7
from shared.messaging.processor import Consumes, nothing
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore, Decision, State
from shared.storage.client import Client, connect
from tests.servers import embedded_broker

SECRET = SecretStr("a secret of the tests with 32 characters or more")


def settings_for(
    service: str, kafka: str, mongo: str, unique: str, *, driver: str | None = None, **more: Any
) -> Settings:
    """Settings of a service in a world of its own: topics, groups and database by `unique`.

    `driver`: None: as `MONGO_DRIVER` says, else motor.
    """
    return Settings(
        service=service,
        replica=f"{service}-{uuid7()}",
        topic_prefix=f"{unique}.",
        database=f"{unique}_{service}",
        token_secret=SECRET,
        field_key=SECRET,
        kafka_partitions=4,
        KAFKA_BOOTSTRAP_SERVERS=kafka,
        MONGODB_URI=mongo,
        MONGO_DRIVER=driver or os.environ.get("MONGO_DRIVER", "motor"),
        **{
            "kafka_idempotence": embedded_broker() is ApacheKafka,
            "kafka_session_timeout_ms": 3000,
            "gap_grace_seconds": 0.3,
            "gap_bound_seconds": 2.0,
        }
        | more,
    )


class Case(State):
    """What the source keeps of a request."""

    notes: int = 0


class TallyState(State):
    """What the sink keeps of a request: the sequences it applied, in order."""

    applied: tuple[int, ...] = ()


def source_store(runtime_database: Any, settings: Settings) -> AggregateStore[Case]:
    return AggregateStore(
        runtime_database["cases"], Case, topic=topics.REQUESTS.name, source=settings.source
    )


def accepted(id: str) -> requests.RequestAccepted:
    return requests.RequestAccepted.model_validate(
        {
            "request_id": id,
            "channel": "web",
            "kind": "help",
            "category": "other",
            "urgency": "ordinary",
            "rules_version": 1,
            "received_at": datetime.now(UTC),
        }
    )


def followed_up(id: str) -> requests.RequestFollowedUp:
    return requests.RequestFollowedUp(request_id=id, contacted=True, round=1)


def tally(state: TallyState | None, event: Event, _context: None) -> Decision[TallyState]:
    state = state or TallyState()
    return Decision(TallyState(applied=(*state.applied, event.sequence)))


class Source:
    """Publishes facts of requests."""

    def __init__(self, runtime: Runtime, store: AggregateStore[Case]) -> None:
        self.runtime = runtime
        self.store = store

    async def open(self, id: str) -> None:
        await self.store.create(id, Decision(Case(), [accepted(id)]), by="test", answer={})

    async def note(self, id: str) -> None:
        def add(state: Case | None) -> Decision[Case]:
            assert state is not None
            return Decision(Case(notes=state.notes + 1), [followed_up(id)])

        await self.store.execute(id, add, by="test")


class Sink:
    """Tallies facts of requests."""

    def __init__(self, runtime: Runtime, store: AggregateStore[TallyState]) -> None:
        self.runtime = runtime
        self.store = store

    async def applied(self, id: str) -> tuple[int, ...]:
        aggregate = await self.store.get(id)
        return () if aggregate is None or aggregate.state is None else aggregate.state.applied

    async def dead_letters(self) -> list[dict[str, Any]]:
        found = self.runtime.dead_letters.collection.find({"status": "dead"})
        return await found.to_list(None)


@asynccontextmanager
async def running_source(settings: Settings, drop: bool = True) -> AsyncIterator[Source]:
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    store = source_store(client.database(settings.database_name), settings)
    runtime = Runtime(settings, client, stores=[store])
    async with _running(runtime, client, drop):
        yield Source(runtime, store)


@asynccontextmanager
async def running_sink(
    settings: Settings,
    handler: Callable[..., Any] = tally,
    *,
    listens: Sequence[str] = (topics.REQUESTS.name,),
    handlers: dict[Any, Any] | None = None,
    drop: bool = True,
) -> AsyncIterator[Sink]:
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    database = client.database(settings.database_name)
    store = AggregateStore(
        database["tallies"], TallyState, topic=topics.TASKS.name, source=settings.source
    )
    consumes = Consumes(
        topics=listens,
        store=store,
        facts=handlers or {requests.RequestAccepted: handler, requests.RequestFollowedUp: handler},
        target=lambda event: event.partition_key,
        prepare=nothing,
        snapshots={},
        judges=frozenset(listens),
    )
    runtime = Runtime(settings, client, stores=[store], consumes=consumes)
    async with _running(runtime, client, drop):
        yield Sink(runtime, store)


@asynccontextmanager
async def _running(runtime: Runtime, client: Client, drop: bool = True) -> AsyncIterator[None]:
    await runtime.prepare()
    await runtime.start()
    try:
        yield
    finally:
        await runtime.stop()
        if drop:
            await client.drop(runtime.settings.database_name)
        await client.close()
