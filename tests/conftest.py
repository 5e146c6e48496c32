"""Fixtures for every test: the shared servers, and names that no other test uses."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.servers import shared_broker, shared_database


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of the broker that all tests share."""
    with shared_broker(tmp_path_factory.mktemp("shared")) as address:
        yield address


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of the database server that all tests share."""
    with shared_database(tmp_path_factory.mktemp("shared")) as uri:
        yield uri


@pytest.fixture
def unique() -> str:
    """A short name of the test's own, for topics, groups and databases."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def database_name(mongodb_uri: str, unique: str) -> Iterator[str]:
    """The name of a database of the test's own, dropped after it."""
    yield unique
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(unique)
