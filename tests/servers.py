"""The real servers that tests run against.

Found in this order: the address in the environment (`KAFKA_BOOTSTRAP_SERVERS`, `MONGODB_URI`);
testcontainers, where a Docker engine answers; the embedded ones. `LIANXIN_TEST_BROKER=kafka`
takes Apache Kafka from its jars as the embedded broker. A server that cannot be had raises:
a test is never skipped for want of one.
"""

import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
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
WORN_FILES = 6_000
"""Of a database: twenty registries' worth."""
WORN_PARTITIONS = 1_000


class SharedServer:
    """A server of a test session; an embedded one is renewed when it is worn.

    Args:
        given: its address where the environment names one.
        container: starts one where a Docker engine answers.
        files: the folder in an embedded one's data that fills up.
        worn: with more entries than these it is renewed.
    """

    def __init__(
        self,
        data: Path,
        given: str | None,
        container: Callable[[], AbstractContextManager[str]],
        kind: type[LocalServer],
        files: str,
        worn: int,
    ) -> None:
        self.worn = worn
        self._data = data
        self._address = given or ""
        self._container = container
        self._kind = kind
        self._files = files
        self._embedded: LocalServer | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if not self._address and docker_answers():
            self._address = self._stack.enter_context(self._container())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def address(self) -> str:
        """Its address; another one than before, and all data gone, where it was renewed."""
        if self._address:
            return self._address
        if self._embedded is None or self._entries(self._embedded) > self.worn:
            self._stack.close()
            self._embedded = None  # the one that has ended is nobody's, also where no new one comes
            self._embedded = self._renewed()
        return self._embedded.address

    def _renewed(self) -> LocalServer:
        """A new embedded one; on another port where somebody took its first one meanwhile."""
        for _ in range(2):
            with suppress(LocalError):
                return self._stack.enter_context(self._new())
        return self._stack.enter_context(self._new())

    def _new(self) -> LocalServer:
        return self._kind(self._data / f"{self._kind.__name__}-{uuid4().hex[:8]}")

    def _entries(self, server: LocalServer) -> int:
        folder = server.data / self._files
        return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes; what a session's servers need is a tenth of it."""


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for the shared servers' data, in memory where there is room.

    Half of the time of a test was its service's: 200 files for a database's indexes, each made
    known to the disk. Who tests what a disk keeps takes a server of its own in `tmp_path`.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="lianxin-", dir=MEMORY if roomy else None) as folder:
        yield Path(folder)


def shared_broker(data: Path) -> SharedServer:
    """The broker of a test session.

    Apache Kafka makes each topic slower than the one before; tests leave dozens each.
    """
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    return SharedServer(data, given, _kafka_container, embedded_broker(), "logs", WORN_PARTITIONS)


def shared_database(data: Path) -> SharedServer:
    """The database server of a test session.

    The embedded one never closes or deletes the files of databases that were dropped: each of a
    few thousand makes the next database slower, and at 20,000 it dies of open files.
    """
    given = os.environ.get("MONGODB_URI")
    return SharedServer(data, given, _mongodb_container, EmbeddedMongo, "db", WORN_FILES)


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
