"""The real servers that tests run against.

Found in this order: the address in the environment (`KAFKA_BOOTSTRAP_SERVERS`, `MONGODB_URI`);
testcontainers, where a Docker engine answers; the embedded ones. `LIANXIN_TEST_BROKER=kafka`
takes Apache Kafka from its jars as the embedded broker. A server that cannot be had raises:
a test is never skipped for want of one.
"""

import os
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from deploy.local.probes import kafka_ready, mongodb_ready
from deploy.local.processes import HOST, free_port
from deploy.local.servers import ApacheKafka, EmbeddedMongo, LocalError, LocalServer, TansuBroker

KAFKA_IMAGE = "apache/kafka:4.1.0"
MONGODB_IMAGE = "mongo:8.0"
CONTAINER_DEADLINE = 120.0
WORN_FILES = 3_000
"""Ten registries' worth: see `SharedDatabase`."""


@contextmanager
def shared_broker(data: Path) -> Iterator[str]:
    """The bootstrap servers of a broker for the whole test session."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
    elif docker_answers():
        with _kafka_container() as address:
            yield address
    else:
        with own_broker(data) as broker:
            yield broker.address


class SharedDatabase:
    """The database server of a test session; the embedded one is renewed when it is worn.

    It never closes or deletes the files of databases that were dropped: each of a few thousand
    makes the next database slower, and at 20,000 it dies of open files.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._embedded: EmbeddedMongo | None = None
        self._stack = ExitStack()
        self._uri = os.environ.get("MONGODB_URI") or ""

    def __enter__(self) -> Self:
        if not self._uri and docker_answers():
            self._uri = self._stack.enter_context(_mongodb_container())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def uri(self) -> str:
        """Its URI; another one than before, and all data gone, where the server was renewed."""
        if self._uri:
            return self._uri
        if self._embedded is None or self._files() > WORN_FILES:
            self._stack.close()
            self._embedded = EmbeddedMongo(self._data / f"database-{uuid4().hex[:8]}")
            self._stack.enter_context(self._embedded)
        return self._embedded.address

    def _files(self) -> int:
        assert self._embedded is not None
        return sum(1 for _ in (self._embedded.data / "db").iterdir())


def embedded_broker() -> type[LocalServer]:
    """The kind of broker that `LIANXIN_TEST_BROKER` asks for."""
    kinds: dict[str, type[LocalServer]] = {"tansu": TansuBroker, "kafka": ApacheKafka}
    wanted = os.environ.get("LIANXIN_TEST_BROKER") or "tansu"
    if wanted not in kinds:
        raise LocalError(f"LIANXIN_TEST_BROKER is {wanted!r}: it may be {' or '.join(kinds)}.")
    return kinds[wanted]


@contextmanager
def own_broker(
    folder: Path, kind: type[LocalServer] | None = None, port: int = 0
) -> Iterator[LocalServer]:
    """A started broker of the test's own, to kill and start again.

    Of the kind that `LIANXIN_TEST_BROKER` asks for unless told. Tansu's topics do not survive.
    """
    with (kind or embedded_broker())(folder / "broker", port) as broker:
        yield broker


@contextmanager
def own_database(folder: Path, port: int = 0) -> Iterator[LocalServer]:
    """A started embedded MongoDB of the test's own, to kill and start again."""
    with EmbeddedMongo(folder / "database", port) as database:
        yield database


def docker_answers() -> bool:
    """Whether a Docker engine, and not only its client, is at `DOCKER_HOST` or its usual place.

    Asked without the Docker library, which leaves a socket open when nothing answers it.
    """
    host = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    unix = host.scheme == "unix"
    try:
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as engine:
            engine.settimeout(5)
            engine.connect(host.path if unix else (host.hostname, host.port))
            engine.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in engine.recv(100)
    except (OSError, TypeError):  # the latter for an address without a port
        return False


def _kafka_container() -> AbstractContextManager[str]:
    # Kafka tells its clients its address, so it must know the port outside before it starts.
    port = free_port()
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_MESSAGE_MAX_BYTES": "4194304",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "500",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    }
    return _container(
        KAFKA_IMAGE, 9092, port, address=f"{HOST}:{port}", ready=kafka_ready, settings=settings
    )


def _mongodb_container() -> AbstractContextManager[str]:
    port = free_port()
    uri = f"mongodb://{HOST}:{port}/?directConnection=true"
    return _container(MONGODB_IMAGE, 27017, port, address=uri, ready=mongodb_ready, settings={})


@contextmanager
def _container(
    image: str,
    inside: int,
    outside: int,
    *,
    address: str,
    ready: Callable[[str, int], bool],
    settings: dict[str, str],
) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # testcontainers' own, at import
        from testcontainers.core.container import DockerContainer

    container = DockerContainer(image).with_bind_ports(inside, outside)
    for name, value in settings.items():
        container.with_env(name, value)
    with container:
        end = time.monotonic() + CONTAINER_DEADLINE
        while not ready(HOST, outside):
            if time.monotonic() > end:
                raise LocalError(f"{image} was not ready after {CONTAINER_DEADLINE:g} seconds.")
            time.sleep(0.1)
        yield address
