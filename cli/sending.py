"""Unit events on their way: by HTTP through intake, or straight to the topic.

Both take events in their order and say for each what became of it. By HTTP the service checks
and knows again what it has; on the topic a consumer does so later, and what it refuses is a dead
letter: `lianxin dead-letters list` shows it.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

import httpx
from aiokafka.errors import KafkaError
from pydantic import SecretStr, ValidationError

from cli.failures import failure
from cli.http import answer_of, connect_async, problem_of
from cli.world import World
from shared.contracts.envelope import Event, encode
from shared.contracts.payload import Payload
from shared.contracts.topics import UNITS
from shared.messaging.broker import Broker
from shared.messaging.producer import Outgoing, Publisher
from shared.settings import Settings
from shared.telemetry import new_trace_parent

BATCH = 250
"""Events of one call; intake takes at most 500 and 1 MB."""
_TRIES = 5
_BUSY = (429, 502, 503, 504)


class Via(StrEnum):
    """The way that events take."""

    HTTP = "http"
    KAFKA = "kafka"


@dataclass(frozen=True, slots=True)
class UnitEvent:
    """An event of a unit, as its contract accepts it."""

    unit_id: str
    id: str
    subject: str
    sequence: int
    time: datetime
    data: Payload

    def as_json(self) -> dict[str, Any]:
        """The event as `POST /v1/unit-events` takes it."""
        return {
            "id": self.id,
            "type": self.data.TYPE.removeprefix("lianxin.unit."),
            "subject": self.subject,
            "sequence": self.sequence,
            "time": self.time.isoformat(),
            "data": self.data.model_dump(mode="json", exclude_none=True),
        }

    def as_record(self) -> Outgoing:
        """The event as a record of `lianxin.units`."""
        event = Event(
            id=self.id,
            source=f"/units/{self.unit_id}",
            type=self.data.full_type(),
            subject=self.subject,
            sequence=self.sequence,
            time=self.time,
            partition_key=self.subject,
            trace_parent=new_trace_parent(),
            data=self.data,
        )
        return Outgoing(UNITS.name, *encode(event))


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an event; `reason` where it was rejected."""

    status: Literal["accepted", "duplicate", "rejected"]
    reason: str = ""
    sequence: int | None = None


class Sender(Protocol):
    """Sends events of one unit."""

    async def send(self, events: Sequence[UnitEvent]) -> list[Sent]:
        """Send a batch; what became of each. Raises `Failure` where nothing can be sent."""


class HttpSender:
    """Sends through intake's `POST /v1/unit-events`."""

    def __init__(self, client: httpx.AsyncClient, unit_id: str | None) -> None:
        self._client = client
        self._unit = unit_id

    async def send(self, events: Sequence[UnitEvent]) -> list[Sent]:
        """Send a batch."""
        return await self.send_json([event.as_json() for event in events])

    async def send_json(self, events: Sequence[dict[str, Any]]) -> list[Sent]:
        """Send events as they stand; what is wrong with one, the service says."""
        body = {"events": events} | ({"unit_id": self._unit} if self._unit else {})
        response = await self._patiently(body)
        items = problem_of(response).get("items")
        if isinstance(items, list) and len(items) == len(events):  # with 422: all are rejected
            return [_sent(item) for item in items]
        answer_of(response)
        raise failure("not-lianxin", url=response.url)

    async def _patiently(self, body: dict[str, Any]) -> httpx.Response:
        """Send; again where the service is busy or away for a moment: events have ids."""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response = await self._client.post("/v1/unit-events", json=body)
            except httpx.TransportError:
                if last:
                    raise
            else:
                if last or response.status_code not in _BUSY:
                    return response
            await asyncio.sleep(0.3 * 2**attempt)
        raise AssertionError("the last try returns or raises")


def _sent(item: dict[str, Any]) -> Sent:
    field, reason = item.get("field"), item.get("reason") or ""
    words = f"{field}: {reason}" if field and reason else reason
    return Sent(item["status"], words, item.get("sequence"))


class KafkaSender:
    """Sends straight to `lianxin.units`."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def send(self, events: Sequence[UnitEvent]) -> list[Sent]:
        """Send a batch. What the broker did not take is tried again by the next run."""
        results = await self._publisher.publish([event.as_record() for event in events])
        failed = next((result for result in results if isinstance(result, Exception)), None)
        if failed is not None:
            raise failure("broker-away", error=repr(failed))
        return [Sent("accepted", sequence=event.sequence) for event in events]


@asynccontextmanager
async def open_sender(via: Via, world: World, unit_id: str) -> AsyncIterator[Sender]:
    """A sender for one unit's events, closed at the end."""
    if via is Via.HTTP:
        async with connect_async(world, "request_intake") as client:
            yield HttpSender(client, unit_id)
        return
    settings = kafka_settings()
    broker = Broker(settings)
    publisher = Publisher(broker, settings)
    # What it logs of a broker that is away is told in one sentence here.
    for name in ("aiokafka", "shared.messaging"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        try:
            await broker.ping()
        except (KafkaError, OSError, TimeoutError) as error:
            raise failure("broker-away", error=repr(error)) from None
        yield KafkaSender(publisher)
    finally:
        await publisher.close()
        await broker.close()


def kafka_settings() -> Settings:
    """How to reach the broker: `KAFKA_BOOTSTRAP_SERVERS` and `LIANXIN_KAFKA_…` as the services."""
    if "KAFKA_BOOTSTRAP_SERVERS" not in os.environ:
        raise failure("no-broker")
    unused = SecretStr("the command neither signs nor encrypts here")
    try:
        return Settings(service="cli", token_secret=unused, field_key=unused)
    except ValidationError as error:
        names = ", ".join(str(entry["loc"][0]) for entry in error.errors())
        raise failure("bad-settings", names=names) from None
