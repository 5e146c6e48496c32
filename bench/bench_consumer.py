"""The consumer runtime against a bare aiokafka loop, on the same records of one broker.

Each round runs, one after the other: the bare loop (`getmany`, the payload decoded by pydantic,
a commit a second), our consumer with a process function that decodes the payload alike and does
nothing, and our consumer with the whole envelope decoded as services do. Time runs from the first
record at hand to the last one done; joining the group is not measured.

    python -m bench.bench_consumer
"""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import OffsetAndMetadata
from pydantic import SecretStr

from shared.contracts import requests, topics
from shared.contracts.envelope import Event, decode, encode
from shared.contracts.ids import uuid7
from shared.messaging.broker import Broker
from shared.messaging.consumer import BATCH_RECORDS, Consumer, Process, Records
from shared.settings import Settings
from tests.servers import own_broker

RECORDS = 20_000
ROUNDS = 7
_PATIENCE_SECONDS = 120.0


def accepted() -> Event:
    """A request as intake publishes it."""
    id, now = uuid7(), datetime.now(UTC)
    data = requests.RequestAccepted.model_validate(
        {
            "request_id": id,
            "channel": "web",
            "kind": "complaint",
            "category": "street_light",
            "urgency": "ordinary",
            "rules_version": 3,
            "grid_id": "grid-440310001-02",
            "area_path": ["440310", "440310001", "440310001002"],
            "point": {"longitude": 114.346, "latitude": 22.691},
            "received_at": now,
        }
    )
    source = "/services/request-intake"
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return Event(id, source, data.full_type(), id, 1, now, id, trace, data)


async def fill(settings: Settings) -> None:
    """Publish the records."""
    broker = Broker(settings)
    await broker.ensure_topics([topics.REQUESTS])
    await broker.close()
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await producer.start()
    try:
        for _ in range(RECORDS // 500):
            sent = []
            for _ in range(500):
                key, value, headers = encode(accepted())
                sent.append(await producer.send(topics.REQUESTS.name, value, key, headers=headers))
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def bare(settings: Settings) -> float:
    """Records a second of the bare loop."""
    consumer = AIOKafkaConsumer(
        topics.REQUESTS.name,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=uuid7(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=settings.kafka_session_timeout_ms,
        max_partition_fetch_bytes=4 * 1024 * 1024,
        fetch_max_wait_ms=250,
    )
    await consumer.start()
    done, began, next_commit = 0, 0.0, 0.0
    try:
        while done < RECORDS:
            batches = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            if batches and not began:
                began = time.perf_counter()
                next_commit = began + 1
            for records in batches.values():
                for record in records:
                    payload_only(record)
                done += len(records)
            if began and time.perf_counter() > next_commit:
                next_commit += 1
                await consumer.commit(
                    {p: OffsetAndMetadata(r[-1].offset + 1, "") for p, r in batches.items()}
                )
        return RECORDS / (time.perf_counter() - began)
    finally:
        await consumer.stop()


async def runtime(settings: Settings, read: Any) -> float:
    """Records a second of our consumer whose process function calls `read` on each record."""
    done, began = 0, 0.0
    ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def process(_topic: str, records: Records) -> None:
        nonlocal done, began
        began = began or time.perf_counter()
        for record in records:
            read(record)
        done += len(records)
        if done >= RECORDS and not ended.done():
            ended.set_result(time.perf_counter())

    broker = Broker(settings)
    run: Process = process
    consumer = Consumer(broker, uuid7(), [topics.REQUESTS.name], run)
    running = asyncio.create_task(consumer.run())
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return RECORDS / (await ended - began)
    finally:
        await consumer.stop()
        await running
        await broker.close()


def payload_only(record: Any) -> None:
    """What the bare loop does with a record."""
    requests.RequestAccepted.model_validate_json(record.value)


def whole(record: Any) -> None:
    """What services do with a record before their handlers."""
    decode(record.value, record.headers)


async def measure(folder: Path) -> dict[str, float]:
    """Medians in records a second, and their ratios to the bare loop, by round."""
    secret = SecretStr("a secret of the measurement, 32 characters or more")
    rates: dict[str, list[float]] = {"bare": [], "runtime": [], "envelope": []}
    with own_broker(folder) as server:
        settings = Settings(
            service="bench",
            token_secret=secret,
            field_key=secret,
            kafka_partitions=4,
            kafka_session_timeout_ms=3000,
            KAFKA_BOOTSTRAP_SERVERS=server.address,
        )
        await fill(settings)
        for _ in range(ROUNDS):
            rates["bare"].append(await bare(settings))
            rates["runtime"].append(await runtime(settings, payload_only))
            rates["envelope"].append(await runtime(settings, whole))
    found = {name: statistics.median(rate) for name, rate in rates.items()}
    for name in ("runtime", "envelope"):
        pairs = zip(rates[name], rates["bare"], strict=True)
        found[f"{name}_ratio"] = statistics.median(ours / theirs for ours, theirs in pairs)
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder:
        found = asyncio.run(measure(Path(folder)))
    print(
        f"bare {found['bare']:.0f}/s, runtime {found['runtime']:.0f}/s "
        f"(ratio {found['runtime_ratio']:.2f}, at least 0.7), with the whole envelope decoded "
        f"{found['envelope']:.0f}/s (ratio {found['envelope_ratio']:.2f})"
    )


if __name__ == "__main__":
    main()
