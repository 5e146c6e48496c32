"""The fixtures that every other test stands on."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.probes import mongodb_ready
from deploy.local.servers import ApacheKafka, LocalError, TansuBroker
from tests.servers import docker_answers, embedded_broker, shared_broker, shared_database


async def test_the_shared_broker_takes_records(kafka_bootstrap: str, unique: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 1, 1)])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        assert (await producer.send_and_wait(unique, b"value")).offset == 0
    await admin.delete_topics([unique])
    await admin.close()


async def test_the_shared_database_takes_documents(mongodb_uri: str, database_name: str) -> None:
    client: Any = AsyncIOMotorClient(mongodb_uri)
    await client[database_name].things.insert_one({"_id": 1})
    assert await client[database_name].things.find_one() == {"_id": 1}
    client.close()


def test_an_address_in_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.test:9092")
    monkeypatch.setenv("MONGODB_URI", "mongodb://mongo.test")
    with shared_broker(tmp_path) as broker, shared_database(tmp_path) as database:
        assert (broker.address(), database.address()) == ("kafka.test:9092", "mongodb://mongo.test")


@pytest.mark.skipif(docker_answers(), reason="the embedded server only")
def test_a_worn_embedded_database_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    with shared_database(tmp_path) as database:
        first = database.address()
        assert database.address() == first
        database.worn = 0
        second = database.address()
        assert second != first
        assert mongodb_ready(*_place(second))
        assert not mongodb_ready(*_place(first))


def _place(uri: str) -> tuple[str, int]:
    parts = urlsplit(uri)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def test_the_environment_says_which_broker_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIANXIN_TEST_BROKER", raising=False)
    assert embedded_broker() is TansuBroker
    monkeypatch.setenv("LIANXIN_TEST_BROKER", "kafka")
    assert embedded_broker() is ApacheKafka
    monkeypatch.setenv("LIANXIN_TEST_BROKER", "rabbit")
    with pytest.raises(LocalError, match="it may be tansu or kafka"):
        embedded_broker()
