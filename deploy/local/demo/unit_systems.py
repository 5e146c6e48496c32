"""Units' own systems: one with a Kafka client of its own, one that only speaks HTTP."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from deploy.local.demo.actors import operator
from deploy.local.demo.api import Api
from shared.contracts.envelope import Event, encode, headers_of
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.topics import UNITS
from shared.contracts.units import RequestReported

WITH_KAFKA = ("utility-east", "utility-west", "market-bureau", "bus-group", "heating")
WITH_HTTP = ("labor-bureau", "hospital-east", "hospital-west", "retailer")


@dataclass(frozen=True, slots=True)
class Said:
    """What a unit says of `subject` (`case/…` or `task/…`), and when it happened."""

    subject: str
    data: Payload
    time: datetime


class UnitSystems:
    """Publishes what units say, numbered 1, 2, 3 … by subject, as docs/units.md asks."""

    def __init__(self, bootstrap_servers: str, api: Api) -> None:
        self._api = api
        self._topic = os.environ.get("LIANXIN_TOPIC_PREFIX", "") + UNITS.name
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
        self._sequences: Counter[tuple[str, str]] = Counter()

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._producer.stop()

    async def say(self, unit: str, said: Sequence[Said]) -> None:
        """Publish what `unit` says: itself, or through `POST /v1/unit-events`."""
        if unit in WITH_HTTP:
            await self._over_http(unit, said)
            return
        for one in said:
            key, value, headers = encode(self._event(unit, one))
            await self._producer.send_and_wait(self._topic, value, key=key, headers=headers)

    async def misspell(self, unit: str, subject: str) -> None:
        """Publish a record with a field that no contract knows."""
        headers = headers_of(
            id=uuid7(),
            source=f"/units/{unit}",
            type=RequestReported.full_type(),
            subject=subject,
            sequence=1,
            time=datetime.now(UTC),
            partition_key=subject,
            trace_parent=None,
        )
        value = (
            b'{"catagory": "traffic", "text": "\xe5\x85\xac\xe4\xba\xa4\xe7\xab\x99\xe7\x89\x8c"}'
        )
        await self._producer.send_and_wait(
            self._topic, value, key=subject.encode(), headers=headers
        )

    def _event(self, unit: str, said: Said) -> Event:
        self._sequences[unit, said.subject] += 1
        return Event(
            id=uuid7(),
            source=f"/units/{unit}",
            type=said.data.full_type(),
            subject=said.subject,
            sequence=self._sequences[unit, said.subject],
            time=said.time,
            partition_key=said.subject,
            trace_parent=None,
            data=said.data,
        )

    async def _over_http(self, unit: str, said: Sequence[Said]) -> None:
        events: list[dict[str, Any]] = [
            {
                "id": uuid7(),
                "type": one.data.full_type(),
                "subject": one.subject,
                "time": one.time.isoformat(),
                "data": one.data.model_dump(mode="json", exclude_none=True),
            }
            for one in said
        ]
        who = operator(unit)
        await self._api.post("request_intake", "/v1/unit-events", who, {"events": events})
