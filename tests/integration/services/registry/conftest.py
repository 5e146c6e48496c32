"""A registry of the test's own: in the test's process, or as a process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.services import ServiceProcess
from tests.integration.messaging.world import SECRET
from tests.integration.services.registry.world import World, registry_settings, running


@pytest.fixture
async def world(kafka_bootstrap: str, mongodb_uri: str, unique: str) -> AsyncIterator[World]:
    """A registry of the test's own, empty."""
    async with running(registry_settings(kafka_bootstrap, mongodb_uri, unique)) as made:
        yield made


@pytest.fixture
def registry(
    tmp_path: Path, kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> Iterator[ServiceProcess]:
    """A process of its own, that can be killed."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "MONGODB_URI": mongodb_uri,
        "LIANXIN_TOPIC_PREFIX": f"{unique}.",
        "LIANXIN_DATABASE": unique,
        "LIANXIN_TOKEN_SECRET": SECRET.get_secret_value(),
        "LIANXIN_FIELD_KEY": "f" * 40,
        "LIANXIN_KAFKA_IDEMPOTENCE": "false",
        "LIANXIN_KAFKA_PARTITIONS": "4",
    }
    with ServiceProcess("registry", tmp_path, environment) as process:
        yield process
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.drop_database(unique)
