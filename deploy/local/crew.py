"""The processes of a local run: started together, watched, started again, stopped in order."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.local.errors import LocalError
from deploy.local.processes import LocalServer

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
CRASHES, WITHIN_SECONDS = 5, 60.0
"""So many crashes of one process within so many seconds stop everything."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a crashed process is started again, by the number of its recent crashes."""


class Crew:
    """Servers and services of one run. `servers` are needed by `services`, and outlive them."""

    def __init__(
        self,
        servers: Sequence[LocalServer],
        services: Sequence[LocalServer],
        tell: Callable[[str], None],
    ) -> None:
        self.servers, self.services = tuple(servers), tuple(services)
        self._tell = tell

    def launch_services(self, waiting: Callable[[list[str]], None]) -> None:
        """Start the services together; `waiting` is told whose turn it still is.

        Raises `LocalError` with the last log lines of one that ends or is not ready in time.
        """
        for service in self.services:
            service.launch()
        left = list(self.services)
        end = time.monotonic() + READY_SECONDS
        while left:
            waiting([service.name for service in left])
            left[0].wait(max(0.0, end - time.monotonic()))
            left = [service for service in left[1:] if not service.ready()]

    async def watch(self) -> None:
        """Start again what crashes, until a process crashes too often: then `LocalError`."""
        processes = (*self.servers, *self.services)
        await asyncio.gather(*(self._keep(process) for process in processes))

    async def _keep(self, process: LocalServer) -> None:
        crashes: deque[float] = deque(maxlen=CRASHES)
        while True:
            while process.alive:  # noqa: ASYNC110 (a process is no task: nothing to await)
                await asyncio.sleep(0.2)
            now = time.monotonic()
            crashes.append(now)
            recent = [at for at in crashes if at > now - WITHIN_SECONDS]
            said = f"{process.name} ended with status {process.status}; the last lines of "
            said += f"{process.log}: {process.last_lines()}"
            if len(recent) >= CRASHES:
                raise LocalError(
                    f"{said} — it has crashed {CRASHES} times within {WITHIN_SECONDS:g} seconds: "
                    "everything is stopped."
                )
            pause = PAUSES[min(len(recent), len(PAUSES)) - 1]
            self._tell(f"{said} — it is started again in {pause:g} s.")
            await asyncio.sleep(pause)
            process.launch()

    def stop(self) -> None:
        """Stop the services, then the servers, the last started first; they keep their data."""
        with ThreadPoolExecutor(len(self.services) or 1) as pool:
            list(pool.map(lambda service: service.stop(STOP_SECONDS), self.services))
        for server in reversed(self.servers):
            server.stop(STOP_SECONDS)
