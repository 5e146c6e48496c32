"""The four services as real processes, and the command run against them."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from pymongo import MongoClient
from typer.testing import CliRunner, Result

from cli.main import app
from tests.servers import shared_broker, shared_database
from tests.system import SECRET, System

Run = Callable[..., Result]


@pytest.fixture(scope="package")
def package_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker that lasts for all modules here: the shared one may be renewed."""
    with shared_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker.address()


@pytest.fixture(scope="package")
def package_mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database server that lasts for all modules here."""
    with shared_database(tmp_path_factory.mktemp("database")) as database:
        yield database.address()


@pytest.fixture(scope="package")
def environment(
    package_broker: str, package_mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What the command needs to know of a running system of its own."""
    unique = f"t{uuid4().hex[:12]}"
    system = System(
        tmp_path_factory.mktemp("services"),
        package_broker,
        package_mongodb_uri,
        unique,
        idempotence=False,
        more={"LIANXIN_GAP_BOUND_SECONDS": "2"},
    )
    try:
        asyncio.run(system.__aenter__())
        yield {f"LIANXIN_{name.upper()}_URL": url for name, url in system.urls().items()} | {
            "LIANXIN_TOKEN_SECRET": SECRET,
            "LIANXIN_SECRETS": str(tmp_path_factory.mktemp("nothing") / "secrets.json"),
            "KAFKA_BOOTSTRAP_SERVERS": package_broker,
            "LIANXIN_TOPIC_PREFIX": f"{unique}.",
            "LIANXIN_KAFKA_IDEMPOTENCE": "false",
            "LANG": "en_US.UTF-8",
            "COLUMNS": "250",
        }
    finally:
        asyncio.run(system.stop())
        with MongoClient[dict[str, object]](package_mongodb_uri) as client:
            for name in client.list_database_names():
                if name.startswith(unique):
                    client.drop_database(name)


@pytest.fixture
def lianxin(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`lianxin(*arguments, exit=0)`: run the command; it ended with that status."""
    for name in ("LC_ALL", "LC_MESSAGES", "LIANXIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, exit: int = 0, env: dict[str, str] | None = None) -> Result:
        result = CliRunner().invoke(
            app, [str(argument) for argument in arguments], env=environment | (env or {})
        )
        assert result.exit_code == exit, f"{result.output}\n{result.exception!r}"
        assert "Traceback" not in result.output
        return result

    return run
