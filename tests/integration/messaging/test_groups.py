"""Offsets and groups: commits never run ahead, a killed member's work is done again, members
come and go while facts flow."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts import topics
from shared.contracts.topics import TOPICS
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer, Records
from shared.settings import Settings
from shared.storage.client import connect
from tests.eventually import eventually
from tests.integration.messaging.publishing import all_tallied, facts, send_all
from tests.integration.messaging.world import SECRET, Sink, running_sink, settings_for


async def committed(settings: Settings, group: str) -> dict[int, int]:
    """Offsets committed by the group on the requests' topic."""
    topic = f"{settings.topic_prefix}{topics.REQUESTS.name}"
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
    )
    partitions = [TopicPartition(topic, n) for n in range(settings.kafka_partitions)]
    await reader.start()
    try:
        reader.assign(partitions)
        return {p.partition: await reader.committed(p) or 0 for p in partitions}
    finally:
        await reader.stop()


class Gatekeeper:
    """A process function that waits for leave before it finishes a batch."""

    def __init__(self) -> None:
        self.begun = 0
        self.done: dict[int, int] = {}
        self.leave = asyncio.Event()

    async def process(self, _topic: str, records: Records) -> None:
        self.begun += len(records)
        await self.leave.wait()
        self.done[records[0].partition] = records[-1].offset + 1


async def test_only_what_is_done_is_committed(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    broker, gate = Broker(settings), Gatekeeper()
    await broker.ensure_topics(TOPICS)
    consumer = Consumer(broker, unique, [topics.REQUESTS.name], gate.process)
    running = asyncio.create_task(consumer.run())
    try:
        ids = [f"r{n}" for n in range(40)]
        await send_all(settings, facts(ids, 5))
        await eventually(lambda: _at_least(gate, 50), 30)
        # Commits are due once a second; two of them pass by with nothing done.
        progress = consumer._progress
        await eventually(lambda: _later(consumer, progress + 2.2), 30)
        assert set((await committed(settings, unique)).values()) == {0}
        gate.leave.set()
        await eventually(lambda: _same(settings, unique, gate, 200), 30)
    finally:
        await consumer.stop()
        await running
        await broker.close()
    assert await committed(settings, unique) == gate.done


async def _at_least(gate: Gatekeeper, number: int) -> bool:
    return gate.begun >= number


async def _later(consumer: Consumer, moment: float) -> bool:
    return consumer._progress > moment


async def _same(settings: Settings, group: str, gate: Gatekeeper, total: int) -> bool:
    return sum(gate.done.values()) == total and await committed(settings, group) == gate.done


@asynccontextmanager
async def member(settings: Settings, slow: float) -> AsyncIterator[asyncio.subprocess.Process]:
    """A sink in a process of its own."""
    environment = os.environ | {
        "LIANXIN_SERVICE": settings.service,
        "LIANXIN_TOPIC_PREFIX": settings.topic_prefix,
        "LIANXIN_DATABASE": settings.database,
        "LIANXIN_TOKEN_SECRET": SECRET.get_secret_value(),
        "LIANXIN_FIELD_KEY": SECRET.get_secret_value(),
        "LIANXIN_KAFKA_PARTITIONS": str(settings.kafka_partitions),
        "LIANXIN_KAFKA_IDEMPOTENCE": "false",
        "LIANXIN_KAFKA_SESSION_TIMEOUT_MS": str(settings.kafka_session_timeout_ms),
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "MONGODB_URI": settings.mongodb_uri,
        "SLOW_SECONDS": str(slow),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.messaging.member", env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_member_killed_in_mid_batch_loses_and_doubles_nothing(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("sink", kafka_bootstrap, mongodb_uri, unique)
    ids = [f"r{n}" for n in range(30)]
    broker = Broker(settings)
    await broker.ensure_topics(TOPICS)
    group = f"{settings.topic_prefix}lianxin.sink"
    await send_all(settings, facts(ids, 20))
    async with member(settings, slow=0.004) as process:
        client = connect(mongodb_uri)
        tallies = client.database(settings.database_name)["tallies"]

        async def some() -> bool:
            return await tallies.count_documents({"version": {"$gte": 1}}) >= 5

        await eventually(some, 30, interval=0.005)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await client.close()
    before = await committed(settings, group)
    assert sum(before.values()) < 600
    async with running_sink(settings) as sink:
        await eventually(partial(all_tallied, sink, ids, 20), 40)
        assert await sink.dead_letters() == []
    await broker.close()


async def test_members_join_and_leave_while_facts_flow(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """2,000 facts; a second and a third member come, the second goes again in mid-flow."""
    ids = [f"r{n}" for n in range(100)]

    def settings() -> Settings:
        return settings_for("sink", kafka_bootstrap, mongodb_uri, unique)

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running_sink(settings()))
        flow = asyncio.create_task(send_all(settings(), facts(ids, 20), pause=0.4))
        async with running_sink(settings(), drop=False) as second:
            third = await stack.enter_async_context(running_sink(settings(), drop=False))
            for sink in (second, third):
                await eventually(partial(_has_joined, sink), 30)
        await flow
        await eventually(partial(all_tallied, first, ids, 20), 40)
        assert await first.dead_letters() == []
        assert not any(sink.runtime.fatal.done() for sink in (first, third))


async def _has_joined(sink: Sink) -> bool:
    return all(consumer.assigned.is_set() for consumer in sink.runtime.consumers)
