"""Fixtures for every test: the shared servers, and names that no other test uses."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from pymongo import MongoClient

from tests.servers import SharedServer, data_folder, shared_broker, shared_database

# How long an example takes says nothing where four workers share two cores.
settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")


@pytest.fixture(scope="session")
def session_data() -> Iterator[Path]:
    """The folder of the servers that all tests share."""
    with data_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def session_broker(session_data: Path) -> Iterator[SharedServer]:
    """The broker that all tests share."""
    with shared_broker(session_data) as broker:
        yield broker


@pytest.fixture(scope="session")
def session_database(session_data: Path) -> Iterator[SharedServer]:
    """The database server that all tests share."""
    with shared_database(session_data) as database:
        yield database


@pytest.fixture(scope="module")
def kafka_bootstrap(session_broker: SharedServer) -> str:
    """The broker's bootstrap servers. A worn broker is renewed between two modules."""
    return session_broker.address()


@pytest.fixture(scope="module")
def mongodb_uri(session_database: SharedServer) -> str:
    """The database's URI. A worn server is renewed between two modules."""
    return session_database.address()


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
