"""The servers without Docker: they start, speak, survive being killed, and say what is wrong."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient, ReturnDocument, WriteConcern
from pymongo.errors import DuplicateKeyError

from deploy.local.servers import ApacheKafka, EmbeddedMongo, LocalError, LocalServer, TansuBroker
from tests.eventually import eventually
from tests.servers import own_broker, own_database

BROKERS = [TansuBroker, ApacheKafka]
SERVERS = [*BROKERS, EmbeddedMongo]
SAFE = WriteConcern(w="majority", j=True)


@pytest.fixture(scope="module", params=BROKERS, ids=lambda kind: kind.name)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with own_broker(tmp_path_factory.mktemp("broker"), request.param) as server:
        yield server


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    with own_database(tmp_path_factory.mktemp("database")) as server:
        yield server


@contextlib.asynccontextmanager
async def motor(server: LocalServer) -> AsyncIterator[Any]:
    client: Any = AsyncIOMotorClient(server.address)
    yield client
    client.close()


@contextlib.asynccontextmanager
async def pymongo(server: LocalServer) -> AsyncIterator[Any]:
    async with AsyncMongoClient[dict[str, Any]](server.address) as client:
        yield client


async def create_topic(server: LocalServer, topic: str, partitions: int = 3) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.address)
    await admin.start()
    try:
        configs = {"cleanup.policy": "delete", "max.message.bytes": "4194304"}
        new = NewTopic(topic, partitions, 1, topic_configs=configs)
        answer: Any = await admin.create_topics([new])
        assert [error for _, error, *_ in answer.topic_errors] == [0]
    finally:
        await admin.close()


async def produce(server: LocalServer, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=server.address, acks="all", max_request_size=4_194_304
    ) as producer:
        for value in values:
            await producer.send_and_wait(
                topic, value, key=value[:20], headers=[("ce_type", b"x"), ("none", None)]
            )


async def consume(server: LocalServer, topic: str, group: str, count: int) -> list[Any]:
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=server.address,
        group_id=group,
        auto_offset_reset="earliest",
        session_timeout_ms=2000,  # tansu lets a group form for half of it
        heartbeat_interval_ms=400,
        enable_auto_commit=False,
        fetch_max_bytes=8_388_608,
        max_partition_fetch_bytes=4_194_304,
    ) as consumer:
        records: list[Any] = []

        async def enough() -> bool:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records.extend(batch)
            return len(records) >= count

        await eventually(enough, 30, f"{count} records of {topic}")
        await consumer.commit({tp: await consumer.position(tp) for tp in consumer.assignment()})
        return records


async def test_a_broker_carries_records_with_headers_through_a_group(
    broker: LocalServer, unique: str
) -> None:
    await create_topic(broker, unique)
    values = [b"one", b"two", b"three", b"l" * 2_000_000]
    await produce(broker, unique, values)
    records = await consume(broker, unique, unique, 4)
    assert sorted(record.value for record in records) == sorted(values)
    assert {record.headers for record in records} == {(("ce_type", b"x"), ("none", None))}
    await produce(broker, unique, [b"later"])
    assert [record.value for record in await consume(broker, unique, unique, 1)] == [b"later"]


async def test_killed_kafka_keeps_its_records_and_offsets(tmp_path: Path, unique: str) -> None:
    with own_broker(tmp_path, ApacheKafka) as kafka:
        await create_topic(kafka, unique)
        await produce(kafka, unique, [b"one", b"two"])
        await consume(kafka, unique, unique, 2)
        await produce(kafka, unique, [b"three"])
        kafka.kill()
        assert not kafka.alive
        await asyncio.to_thread(kafka.start)
        assert [record.value for record in await consume(kafka, unique, unique, 1)] == [b"three"]


async def test_killed_tansu_comes_back_empty_at_the_same_address(
    tmp_path: Path, unique: str
) -> None:
    with own_broker(tmp_path, TansuBroker) as tansu:
        address = tansu.address
        await create_topic(tansu, unique)
        await produce(tansu, unique, [b"lost"])
        tansu.kill()
        tansu.start()
        assert tansu.address == address
        await create_topic(tansu, unique)  # it is not known any more
        await produce(tansu, unique, [b"kept"])
        assert [record.value for record in await consume(tansu, unique, "g", 1)] == [b"kept"]


@pytest.mark.parametrize("driver", [motor, pymongo])
async def test_the_database_does_what_the_services_need(
    database: LocalServer, unique: str, driver: Any
) -> None:
    async with driver(database) as client:
        assert (await client.admin.command("hello"))["isWritablePrimary"]
        things = client[unique].get_collection("things", write_concern=SAFE)
        await things.create_index("number", unique=True)
        await things.create_index(
            "token", unique=True, partialFilterExpression={"token": {"$exists": True}}
        )
        result = await things.insert_one({"_id": 1, "number": 1, "token": "a"})
        assert result.acknowledged
        await things.insert_many([{"_id": 2, "number": 2}, {"_id": 3, "number": 3}])
        for wrong in ({"number": 1}, {"number": 4, "token": "a"}):
            with pytest.raises(DuplicateKeyError):
                await things.insert_one(wrong)
        changed = await things.find_one_and_update(
            {"_id": 1, "number": 1},
            {"$push": {"last": {"$each": [1, 2, 3], "$slice": -2}}, "$inc": {"number": 9}},
            return_document=ReturnDocument.AFTER,
        )
        assert changed == {"_id": 1, "number": 10, "token": "a", "last": [2, 3]}
        await asyncio.gather(*(things.find_one({"_id": 2}) for _ in range(100)))
        await client.drop_database(unique)


async def test_the_database_plans_where_no_plan_finds_anything_soon(
    database: LocalServer, unique: str
) -> None:
    async with pymongo(database) as client:
        found = client[unique]["found"]
        await found.create_index([("seen", 1), ("at", 1)])
        # The one index would sort them all, the other goes by 20,000 that do not fit.
        await found.insert_many({"_id": n, "seen": n > 20_000} for n in range(32_000))
        documents = await found.find({"seen": True}).sort("_id", 1).limit(200).to_list()
        assert [one["_id"] for one in documents] == list(range(20_001, 20_201))


async def test_a_killed_database_keeps_what_it_acknowledged(tmp_path: Path, unique: str) -> None:
    with own_database(tmp_path) as database:
        async with motor(database) as client:
            things = client[unique].get_collection("things", write_concern=SAFE)
            await things.create_index("n", unique=True)
            await asyncio.gather(*(things.insert_one({"n": n}) for n in range(200)))
            database.kill()
            await asyncio.to_thread(database.start)
            assert await eventually(lambda: things.count_documents({})) == 200
            with pytest.raises(DuplicateKeyError):
                await things.insert_one({"n": 7})


def test_a_stopped_database_ends_by_itself(tmp_path: Path) -> None:
    with own_database(tmp_path) as database:
        database.stop(deadline=10)
        assert (database.alive, database.pid) == (False, None)
        database.start()
        assert database.alive


@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
def test_a_taken_port_is_said_in_a_sentence(kind: type[LocalServer], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = kind(tmp_path / "data", port)
        with pytest.raises(LocalError, match=f"^Port {port} is taken by another program: stop it"):
            server.start()
        assert not server.alive


def test_a_server_that_ends_while_it_starts_says_its_last_lines(tmp_path: Path) -> None:
    with own_database(tmp_path):
        second = EmbeddedMongo(tmp_path / "database")  # the same files
        with pytest.raises(LocalError, match=r"ended with status 1.* last lines .*lock"):
            second.start()


async def test_servers_die_with_their_parent(tmp_path: Path) -> None:
    # Started by a worker thread that ends: the servers must not end with it, only with Python.
    script = f"""
import sys, threading
from pathlib import Path
from deploy.local.servers import EmbeddedMongo, TansuBroker
servers = [kind(Path({str(tmp_path)!r}, kind.name)) for kind in (TansuBroker, EmbeddedMongo)]
for server in servers:
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
print(*(server.pid for server in servers if server.ready()), flush=True)
sys.stdin.read()
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=PIPE, stdout=PIPE
    )
    assert parent.stdout
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    parent.kill()
    await parent.communicate()

    async def gone() -> bool:
        return not any(runs(pid) for pid in pids)

    await eventually(gone, 30)


async def test_one_in_the_foreground_stops_when_asked(tmp_path: Path) -> None:
    command = ["-m", "deploy.local.servers", "tansu", "--port", "0", "--data", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
    assert process.stdout
    said = await process.stdout.readline()
    assert said.startswith(b"tansu is ready at 127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    await process.communicate()
    assert process.returncode == 0


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that nobody has waited for yet has ended all the same.
    return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
