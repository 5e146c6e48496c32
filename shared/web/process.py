"""A service process: its parts put together, served, watched, and stopped in order."""

import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.aggregates import Contended, IdempotencyConflict, VersionMismatch
from shared.storage.client import UNREACHABLE, Client, connect
from shared.telemetry import setup_logging
from shared.web import operations
from shared.web.app import create_app
from shared.web.etag import etag
from shared.web.health import health_router
from shared.web.problems import Problem, response_of
from shared.web.serve import Fatal, serve

_TURN_SECONDS = 0.0005
"""How long a thread goes on while another one waits for the interpreter."""


@dataclass(frozen=True)
class Assembly:
    """The parts of a running service.

    Args:
        runtime: its messaging.
        parts: the service's own object that routes find in `request.app.state.parts`.
        prepare: creates the service's indexes and loads its tables, before the first request.
        close_streams: ends the answers that would never end by themselves.
    """

    runtime: Runtime
    parts: Any
    prepare: Callable[[], Awaitable[None]]
    close_streams: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Definition:
    """A service: its name, its title in OpenAPI, its routes, and how its parts are built.

    `build` runs inside the event loop; it wires and does no I/O.
    """

    name: str
    title: str
    routers: Iterable[APIRouter]
    build: Callable[[Settings, Client], Assembly]


def service_app(definition: Definition, settings: Settings, fatal: Fatal | None = None) -> FastAPI:
    """The service as an application; its lifespan starts and stops everything else."""

    def alive() -> str | None:
        runtime: Runtime = app.state.runtime
        return runtime.alive()

    async def database() -> str | None:
        runtime: Runtime = app.state.runtime
        return await runtime.database_there()

    async def broker() -> str | None:
        runtime: Runtime = app.state.runtime
        return await runtime.broker_there()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = connect(settings.mongodb_uri, settings.mongo_driver)
        assembly = definition.build(settings, client)
        runtime = assembly.runtime
        app.state.runtime, app.state.parts = runtime, assembly.parts
        app.state.close_streams = assembly.close_streams
        if fatal is not None:
            runtime.fatal.add_done_callback(lambda done: fatal.report(repr(done.result())))
        # Without its indexes a service could take the same idempotency key twice.
        await runtime.prepare_database()
        await runtime.until_there("database", assembly.prepare)
        await runtime.start()
        try:
            yield
        finally:
            assembly.close_streams()
            await runtime.stop()
            await client.close()

    app = create_app(
        definition.name,
        definition.title,
        lifespan,
        [
            *definition.routers,
            operations.router,
            health_router({"database": database, "broker": broker}, alive),
        ],
        token_secret=settings.token_secret.get_secret_value(),
    )
    app.add_exception_handler(VersionMismatch, _version_mismatch)
    app.add_exception_handler(IdempotencyConflict, _idempotency_conflict)
    for error in (Contended, *UNREACHABLE):
        app.add_exception_handler(error, _try_again)
    return app


def run_service(definition: Definition) -> int:
    """Run the service until it is told to stop; the process's exit status."""
    settings = Settings(service=definition.name)
    setup_logging(settings.service)
    fatal = Fatal()
    app = service_app(definition, settings, fatal)
    _collect_seldom()
    # Threads that reckon (a class's scores, a recount) give the event loop its turn ten times as
    # soon: each answer of the database waits for several turns, and a round took four times as
    # long meanwhile.
    sys.setswitchinterval(_TURN_SECONDS)

    def close_streams() -> None:
        getattr(app.state, "close_streams", lambda: None)()

    return serve(app, settings.host, settings.port, fatal, grace_seconds=30, on_stop=close_streams)


def _collect_seldom() -> None:
    """Have the garbage collector pass over what was loaded, and come more seldom.

    A request makes some thousand objects and no cycles; at the default thresholds the collector
    took a tenth of intake's time (bench/RESULTS.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _version_mismatch(request: Request, error: Exception) -> Response:
    assert isinstance(error, VersionMismatch)
    headers = {"ETag": etag(error.current)}
    return response_of(Problem(412, "precondition-failed", headers=headers), request.scope)


async def _idempotency_conflict(request: Request, _error: Exception) -> Response:
    problem = Problem(422, "idempotency-key-reused", field="Idempotency-Key")
    return response_of(problem, request.scope)


async def _try_again(request: Request, _error: Exception) -> Response:
    problem = Problem(503, "try-again", headers={"Retry-After": "2"})
    return response_of(problem, request.scope)
