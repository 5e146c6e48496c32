"""Fixtures for every test: the shared servers, and names that no other test uses."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pymongo import MongoClient

from tests.servers import SharedDatabase, shared_broker


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of the broker that all tests share."""
    with shared_broker(tmp_path_factory.mktemp("shared")) as address:
        yield address


@pytest.fixture(scope="session")
def shared_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedDatabase]:
    """The database server that all tests share."""
    with SharedDatabase(tmp_path_factory.mktemp("shared")) as database:
        yield database


@pytest.fixture(scope="module")
def mongodb_uri(shared_database: SharedDatabase) -> str:
    """Its URI. A worn server is renewed between two modules."""
    return shared_database.uri()


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
