"""One server as a child process: started, waited for, stopped, killed, started again."""

import contextlib
import functools
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.downloads import Progress, quiet
from deploy.local.errors import LocalError

HOST = "127.0.0.1"
POLL = 0.02
LAST_LINES = 5
OWN_PORTS = range(15_000, 32_000)
"""Below the ports the system hands to clients: a client that keeps trying to reach a killed
server's port could otherwise be given that very port, and connect to itself."""


class LocalServer(ABC):
    """A server on a loopback port with a data folder; `port` 0 picks a free one.

    After `stop` or `kill` it can be started again, on the same port and data. Usable as a
    context manager. Not for use from several threads at once.
    """

    name: str

    def __init__(self, data: Path, port: int = 0, progress: Progress = quiet) -> None:
        self.data = data.resolve()
        self.port = port or free_port()
        self.log = self.data / "server.log"
        self.progress = progress
        self._process: subprocess.Popen[bytes] | None = None
        self._logged = 0

    @abstractmethod
    def prepare(self) -> list[str]:
        """Fetch what is needed, write what the server reads, and return its command."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server answers in its own protocol."""

    @property
    def address(self) -> str:
        """What a client is given to connect to."""
        return f"{HOST}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid if self._process is not None and self.alive else None

    def start(self, deadline: float = 60.0) -> None:
        """Start and wait until it answers, at most `deadline` seconds; `LocalError` if not."""
        if self.alive:
            return
        self.launch()
        self.wait(deadline)

    def launch(self) -> None:
        """Start it and do not wait; `LocalError` where it cannot be, or its port is taken."""
        command = self.prepare()
        if not port_is_free(self.port):
            raise LocalError(
                f"Port {self.port} is taken by another program: "
                f"stop it, or give {self.name} another port."
            )
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._logged = log.tell()
            self._process = _spawn(command, log.fileno(), self.data)

    def wait(self, deadline: float = 60.0) -> None:
        """Wait until what was launched answers; it is killed where it does not."""
        end = time.monotonic() + deadline
        try:
            while not self.ready():
                if not self.alive:
                    raise LocalError(f"{self.name} ended with status {self.status}")
                if time.monotonic() > end:
                    raise LocalError(f"{self.name} was not ready after {deadline:g} seconds")
                time.sleep(POLL)
        except LocalError as error:
            self.kill()
            raise LocalError(
                f"{error}; the last lines of {self.log}: {self.last_lines()}"
            ) from None
        except BaseException:  # a Ctrl-C while it started leaves no process behind
            self.kill()
            raise

    @property
    def status(self) -> int | None:
        """The exit status of one that has ended, negative for a signal."""
        return None if self._process is None else self._process.poll()

    def stop(self, deadline: float = 20.0) -> None:
        """Ask it to end (SIGTERM), and kill it if it has not within `deadline` seconds."""
        if self._process is None:
            return
        if self.alive:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(deadline)
        self.kill()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would, and wait until it is gone."""
        if self._process is None:
            return
        if self.alive:
            # It leads a session of its own, so that this reaches its children too.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def last_lines(self) -> str:
        """The last lines that it has logged since it was started."""
        with self.log.open("rb") as log:
            log.seek(self._logged)
            lines = log.read()[-20_000:].decode(errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return " | ".join(said[-LAST_LINES:]) or "(nothing)"


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # As servers do: connections of a killed one that still linger do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


_SHARES = 16
_given: deque[int] = deque(maxlen=256)
"""Ports of which some may not be listened on yet."""


def free_port() -> int:
    """A loopback port that nothing listens on; in one process not twice within 256 asked for, and
    seldom the same for two processes that ask at once."""
    mine = OWN_PORTS[os.getpid() % _SHARES :: _SHARES]
    ports = (port for port in iter(lambda: random.choice(mine), 0) if port not in _given)
    port = next(port for port in ports if port_is_free(port))
    _given.append(port)
    return port


def _spawn(command: list[str], output: int, folder: Path) -> "subprocess.Popen[bytes]":
    tied = [sys.executable, "-I", "-S", str(Path(__file__).with_name("tied.py")), str(os.getpid())]
    result: Future[subprocess.Popen[bytes]] = Future()
    _spawner(os.getpid()).put((result, [*tied, *command], output, folder))
    return result.result()


Job = tuple["Future[subprocess.Popen[bytes]]", list[str], int, Path]


@functools.cache
def _spawner(_pid: int) -> "queue.SimpleQueue[Job]":
    """The one thread that starts children.

    The kernel's tie is to the thread that started a child, not to its process, so children
    must not be started by a worker thread that ends before the process does. (A fork of this
    process has no such thread; hence one for each process id.)
    """
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()

    def work() -> None:
        while True:
            result, command, output, folder = jobs.get()
            try:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                result.set_exception(LocalError(f"{command[0]} cannot be started: {error}"))
            else:
                result.set_result(process)
            del result

    threading.Thread(target=work, name="server-spawner", daemon=True).start()
    return jobs
