"""Run an application as a process: uvicorn, signals, fatal errors, exit status."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

log = logging.getLogger("lianxin.serve")

GRACE_SECONDS = 10.0


class Fatal:
    """Where background tasks report that the process cannot go on. Safe from any thread."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._stop: Callable[[], None] | None = None

    def report(self, reason: str) -> None:
        """End the process with status 1; the first reason counts and is logged."""
        if self.reason is None:
            self.reason = reason
            log.critical("fatal: %s", reason)
        if self._stop:
            self._stop()

    def watch(self, task: asyncio.Task[Any]) -> None:
        """Report `task` when it fails, or ends although nobody cancelled it."""
        task.add_done_callback(self._ended)

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start `work` as a task that must not end, and watch it."""
        task = asyncio.create_task(work, name=name)
        self.watch(task)
        return task

    def on_report(self, stop: Callable[[], None]) -> None:
        """Call `stop` upon a report, at once where there has been one."""
        self._stop = stop
        if self.reason is not None:
            stop()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            return
        exc = task.exception()
        why = f"failed: {type(exc).__name__}: {exc}" if exc else "ended unexpectedly"
        if exc:
            log.error("background task %s failed", task.get_name(), exc_info=exc)
        self.report(f"{task.get_name()} {why}")


class Server(uvicorn.Server):
    """uvicorn's server that does not raise the signal again once it has stopped for it.

    What is still running `grace_seconds` after the wish to stop is ended with the process: a
    consumer that hangs would otherwise keep it, and its partitions, for ever.
    """

    def __init__(
        self, config: uvicorn.Config, grace_seconds: float, on_stop: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._grace_seconds = grace_seconds
        self._deadline: threading.Timer | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT for as long as the context lasts."""
        handlers = {s: signal.signal(s, self._on_signal) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.should_exit and number == signal.SIGINT:
            self.force_exit = True
        self.stop()

    def stop(self) -> None:
        """Begin the graceful end."""
        self.should_exit = True
        if self._deadline is None:
            self._deadline = threading.Timer(self._grace_seconds, self._give_up)
            self._deadline.daemon = True
            self._deadline.start()

    def _give_up(self) -> None:
        log.critical("did not stop within %g s: ending the process", self._grace_seconds)
        logging.shutdown()
        os._exit(1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would never end by itself, then as uvicorn does."""
        self._on_stop()
        await super().shutdown(sockets)

    def finished(self) -> None:
        """All has stopped: take the deadline back."""
        if self._deadline:
            self._deadline.cancel()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError` where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def serve(
    app: ASGIApp,
    host: str,
    port: int,
    fatal: Fatal | None = None,
    *,
    grace_seconds: float = GRACE_SECONDS,
    on_stop: Callable[[], None] = lambda: None,
) -> int:
    """Serve `app` until SIGTERM, SIGINT or a fatal report, and return the exit status.

    0 after a signal; 1 after a fatal report, or where the port is taken (one logged line); 3 where
    the application did not start. Call it from the main thread. Requests under way have half of
    `grace_seconds`, then the lifespan has the rest; after that the process ends with status 1.
    Port 0 takes any free port; the port is logged. `on_stop` is called in the event loop before
    requests under way are waited for: it ends streams.
    """
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        listener = bind(host, port)
    except OSError as exc:
        log.error(
            "cannot listen on %s:%d (%s): stop what uses it, or set another port",
            host, port, exc.strerror or exc,
        )  # fmt: skip
        return 1
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=max(1, int(grace_seconds / 2)),
    )
    server = Server(config, grace_seconds, on_stop)
    fatal = fatal or Fatal()
    fatal.on_report(server.stop)
    log.info("listening", extra={"host": host, "port": listener.getsockname()[1]})
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve(sockets=[listener]))
    except SystemExit as exc:  # uvicorn's way to say that the lifespan failed; it has logged why
        return exc.code if isinstance(exc.code, int) and exc.code else 1
    finally:
        listener.close()
        server.finished()
    return 0 if fatal.reason is None else 1
