"""Rule 1 when a server goes: a broker that comes back empty, a database killed in mid-flow."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from deploy.local.servers import LocalServer
from shared.contracts import topics
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer, Records
from shared.messaging.producer import Outgoing, Publisher
from shared.settings import Settings
from shared.storage.client import Document
from shared.telemetry import PRODUCER_RESTARTS
from tests.eventually import eventually
from tests.integration.messaging.publishing import all_tallied, facts, send_all
from tests.integration.messaging.world import (
    Sink,
    Source,
    running_sink,
    running_source,
    settings_for,
)
from tests.servers import own_broker, own_database


async def test_a_broker_that_comes_back_empty_is_refilled(
    mongodb_uri: str, unique: str, tmp_path: Path
) -> None:
    """Its data wiped while it is down; events are written meanwhile; all end where they should.
    The database is away too at the moment when the refill is to be ordered.
    """
    with own_broker(tmp_path) as broker:
        of_source = settings_for("request_intake", broker.address, mongodb_uri, unique)
        of_sink = settings_for("sink", broker.address, mongodb_uri, unique)
        ids = [f"r{n}" for n in range(30)]
        async with running_source(of_source) as source:
            begin, failures = source.runtime.replays.begin, [AutoReconnect("away")]

            async def fails_once(*topics: Any, **options: Any) -> Document:
                if failures:
                    raise failures.pop()
                return await begin(*topics, **options)

            source.runtime.replays.begin = fails_once  # type: ignore[method-assign]
            async with running_sink(of_sink) as sink:
                await rounds(source, ids, 1)
                await source.open("quiet")  # no later event tells that one is missing
                await eventually(partial(all_tallied, sink, ids, 2), 40)
                await eventually(partial(all_tallied, sink, ["quiet"], 1), 40)
                # What was not acknowledged is published again in any case.
                await eventually(partial(_acknowledged, source))

                await asyncio.to_thread(broker.kill)
                shutil.rmtree(broker.data)
                broker.data.mkdir()
                await rounds(source, ids, 1, opened=True)  # accepted while the broker is away
                await asyncio.to_thread(broker.start)
                await rounds(source, ids, 1, opened=True)

                await eventually(partial(all_tallied, sink, ids, 4), 60)
                assert await sink.dead_letters() == []
            # A service that starts now, from the refilled log alone, comes to the same.
            async with running_sink(of_sink.model_copy(update={"service": "late"})) as late:
                await eventually(partial(all_tallied, late, ids, 4), 60)
                await eventually(partial(all_tallied, late, ["quiet"], 1), 60)
            assert not failures


async def _acknowledged(source: Source) -> bool:
    """Whether nothing waits to be published, and it is known how long the log is."""
    known = await source.runtime.database["relay_positions"].find_one({"_id": "ends"})
    waits = await source.store.collection.find_one({"outbox.0": {"$exists": True}})
    return known is not None and waits is None


async def test_a_log_that_was_lost_and_is_longer_by_now_is_read_from_its_start(
    tmp_path: Path, unique: str
) -> None:
    """aiokafka connects anew in silence, and would go on at its old position."""
    with own_broker(tmp_path) as server:
        settings = settings_for("reader", server.address, "mongodb://unused", unique)
        broker = Broker(settings)
        await broker.ensure_topics()
        read: list[bytes | None] = []

        async def keep(_topic: str, records: Records) -> None:
            read.extend(record.value for record in records)

        async def holds(values: Sequence[bytes]) -> bool:
            return set(values) <= set(read)

        consumer = Consumer(broker, "readers", [topics.REQUESTS.name], keep)
        task = asyncio.create_task(consumer.run())
        before = [b"before %d" % n for n in range(20)]
        await publish(settings, before)
        await eventually(partial(holds, before), 40)
        after = [b"after %d" % n for n in range(50)]
        replace_the_log(server, lambda: asyncio.run(publish(settings, after)))
        await eventually(partial(holds, after), 60)
        await consumer.stop()
        await task
        await broker.close()


async def test_what_a_broker_that_came_back_empty_acknowledges_is_in_its_log(
    tmp_path: Path, unique: str
) -> None:
    """aiokafka sends on by what it knew of the topics. The embedded broker takes that before it has
    them, gives the same places again once it has, and drops one of two records there."""
    with own_broker(tmp_path) as server:
        settings = settings_for("source", server.address, "mongodb://unused", unique)
        broker = Broker(settings)
        publisher = Publisher(broker, settings)
        await broker.ensure_topics()
        first = await publisher.publish([record(b"first")])
        assert not isinstance(first[0], Exception)
        replace_the_log(server)
        for _ in range(3):  # so far that the broken connection is noticed, and no new one made
            await asyncio.sleep(0)
        acknowledged: set[bytes] = set()
        for round in range(8):
            values = [b"%d %d" % (round, n) for n in range(20 - 2 * round)]
            results = await publisher.publish([record(value) for value in values])
            acknowledged |= {
                value
                for value, result in zip(values, results, strict=True)
                if not isinstance(result, Exception)
            }
            await broker.ensure_topics()  # as any other service does
        assert acknowledged
        read: set[bytes | None] = set()

        async def keep(_topic: str, records: Records) -> None:
            read.update(record.value for record in records)

        async def all_read() -> bool:
            return acknowledged <= read

        consumer = Consumer(broker, "readers", [topics.REQUESTS.name], keep)
        task = asyncio.create_task(consumer.run())
        await eventually(all_read, 30)
        await consumer.stop()
        await task
        await publisher.close()
        await broker.close()


def replace_the_log(server: LocalServer, then: Callable[[], None] = lambda: None) -> None:
    """The loop stands still meanwhile: nobody here sees anything of what goes on."""

    def work() -> None:
        server.kill()
        shutil.rmtree(server.data)
        server.data.mkdir()
        server.start()
        then()

    replacing = threading.Thread(target=work)
    replacing.start()
    replacing.join()


def record(value: bytes) -> Outgoing:
    """A record of one key."""
    return Outgoing(topics.REQUESTS.name, b"k", value, [])


async def publish(settings: Settings, values: Sequence[bytes]) -> None:
    """Publish values under one key."""
    broker = Broker(settings)
    publisher = Publisher(broker, settings)
    await broker.ensure_topics()
    results = await publisher.publish([record(value) for value in values])
    assert not [result for result in results if isinstance(result, Exception)]
    await publisher.close()
    await broker.close()


async def rounds(source: Source, ids: Sequence[str], number: int, opened: bool = False) -> None:
    """Open the requests, unless they are, and note something on each `number` times."""
    if not opened:
        await asyncio.gather(*(source.open(id) for id in ids))
    for _ in range(number):
        await asyncio.gather(*(source.note(id) for id in ids))


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_a_database_killed_in_mid_flow_loses_and_doubles_nothing(
    kafka_bootstrap: str, unique: str, tmp_path: Path, driver: str
) -> None:
    with own_database(tmp_path) as database:
        settings = settings_for("sink", kafka_bootstrap, database.address, unique, driver=driver)
        ids = [f"r{n}" for n in range(40)]
        async with running_sink(settings) as sink:
            flow = asyncio.create_task(send_all(settings, facts(ids, 20), pause=0.5))
            await eventually(partial(_some, sink, ids), 30)
            await asyncio.to_thread(database.kill)
            assert sink.runtime.alive() is None
            await asyncio.to_thread(database.start)
            await flow
            await eventually(partial(all_tallied, sink, ids, 20), 40)
            assert await sink.dead_letters() == []
            assert not sink.runtime.fatal.done()


async def _some(sink: Sink, ids: Sequence[str]) -> bool:
    return bool(await sink.store.get_many(ids))


async def test_a_producer_is_made_anew_after_a_failure(tmp_path: Path, unique: str) -> None:
    with own_broker(tmp_path) as server:
        settings = settings_for("source", server.address, "mongodb://unused", unique)
        broker = Broker(settings)
        publisher = Publisher(broker, settings)
        await broker.ensure_topics()
        [first] = await publisher.publish([record(b"v")])
        assert not isinstance(first, Exception)
        before = PRODUCER_RESTARTS._value.get()

        await asyncio.to_thread(server.kill)
        [while_away] = await publisher.publish([record(b"v")])
        assert isinstance(while_away, Exception)
        assert PRODUCER_RESTARTS._value.get() == before + 1
        [still_away] = await publisher.publish([record(b"v")])
        assert isinstance(still_away, Exception)

        await asyncio.to_thread(server.start)
        await broker.ensure_topics()
        [again] = await publisher.publish([record(b"v")])
        assert not isinstance(again, Exception)
        await publisher.close()
        await broker.close()


async def test_a_producer_that_was_idle_is_made_anew_and_nobody_is_warned(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for("source", kafka_bootstrap, "mongodb://unused", unique)
    broker = Broker(settings)
    await broker.ensure_topics()
    options = broker.connection() | {"connections_max_idle_ms": 300}
    monkeypatch.setattr(broker, "connection", lambda: options)
    publisher = Publisher(broker, settings)
    before = PRODUCER_RESTARTS._value.get()
    [first] = await publisher.publish([record(b"first")])
    assert not isinstance(first, Exception)

    async def let_go() -> bool:
        return publisher._life is None

    await eventually(let_go, 30, "the producer is let go")
    [second] = await publisher.publish([record(b"second")])
    assert not isinstance(second, Exception)
    assert PRODUCER_RESTARTS._value.get() == before
    await publisher.close()
    await broker.close()


async def test_a_record_too_large_fails_alone(kafka_bootstrap: str, unique: str) -> None:
    settings = settings_for("source", kafka_bootstrap, "mongodb://unused", unique)
    broker = Broker(settings)
    publisher = Publisher(broker, settings)
    await broker.ensure_topics()
    small, large = record(b"v"), record(b"v" * 5_000_000)
    results = await publisher.publish([small, large, small])
    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    await publisher.close()
    await broker.close()
