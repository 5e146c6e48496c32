"""Publishing many facts straight to the broker, and waiting until they are tallied."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts import topics
from shared.contracts.envelope import Event, encode
from shared.settings import Settings
from tests.integration.messaging.world import Sink, accepted, followed_up

SOURCE = "/services/request-intake"


def facts(ids: Sequence[str], each: int) -> list[Event]:
    """Facts 1 to `each` of every id, interleaved."""
    return [
        Event(
            f"{id}-{sequence}",
            SOURCE,
            (payload := accepted(id) if sequence == 1 else followed_up(id)).full_type(),
            id,
            sequence,
            datetime.now(UTC),
            id,
            None,
            payload,
        )
        for sequence in range(1, each + 1)
        for id in ids
    ]


async def send_all(settings: Settings, events: Sequence[Event], pause: float = 0.0) -> None:
    """Publish in order; with a `pause` after each hundred, so that the flow takes its time."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    try:
        for start in range(0, len(events), 100):
            sent = []
            for event in events[start : start + 100]:
                key, value, headers = encode(event)
                topic = f"{settings.topic_prefix}{topics.REQUESTS.name}"
                sent.append(await producer.send(topic, value=value, key=key, headers=headers))
            await asyncio.gather(*sent)
            await asyncio.sleep(pause)
    finally:
        await producer.stop()


async def all_tallied(sink: Sink, ids: Sequence[str], each: int) -> bool:
    """Whether every id has its facts applied, each once and in order."""
    found = await sink.store.get_many(ids)
    wanted = tuple(range(1, each + 1))
    return len(found) == len(ids) and all(
        aggregate.state is not None and aggregate.state.applied == wanted
        for aggregate in found.values()
    )


async def send(
    settings: Settings,
    *records: tuple[Any, Any, Any],
    partition: int = 0,
    topic: str = topics.REQUESTS.name,
) -> None:
    """Publish records as they stand: key, value, headers."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, max_request_size=4_000_000
    )
    await producer.start()
    try:
        for key, value, headers in records:
            await producer.send_and_wait(
                f"{settings.topic_prefix}{topic}",
                value=value,
                key=key,
                headers=headers,
                partition=partition,
            )
    finally:
        await producer.stop()


async def read_dead_letters(settings: Settings, number: int) -> list[dict[str, str]]:
    """Headers of the first `number` records of the dead-letter topic."""
    consumer = AIOKafkaConsumer(
        f"{settings.topic_prefix}{topics.DEAD_LETTERS.name}",
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_000_000,
    )
    await consumer.start()
    found: list[dict[str, str]] = []
    try:
        async with asyncio.timeout(20):
            while len(found) < number:
                record = await consumer.getone()
                found.append({n: v.decode(errors="replace") for n, v in record.headers})
    finally:
        await consumer.stop()
    return found
