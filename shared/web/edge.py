"""The outermost middleware, pure ASGI: trace, body limit, access log, duration, last resort.

One class, because each of them alone would wrap `send` once more per request.
"""

import logging
import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import HTTP_SECONDS, child_of, trace_parent
from shared.web.errors import BODY_LIMIT_BYTES, failure_problem
from shared.web.problems import Problem, response_of

log = logging.getLogger("lianxin.access")

QUIET_PATHS = frozenset({"/live", "/ready", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLIENT_GONE = 499


def route_of(scope: Scope) -> str:
    """The route's template (`/v1/requests/{id}`), or `unmatched`: few enough for a label."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    for source in (included, getattr(included, "starlette_route", None), scope.get("route")):
        path = getattr(source, "path_format", None) or getattr(source, "path", None)
        if path:
            return str(path)
    return "unmatched"


class Edge:
    """See the module. `limit` is the largest body in bytes."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT_BYTES) -> None:
        self._app = app
        self._limit = limit
        self._durations: dict[tuple[str, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; anything but HTTP is passed on untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        parent, length = _headers(scope)
        trace = child_of(parent)
        token = trace_parent.set(trace)
        status, taken = 0, 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                if taken > self._limit:
                    # Not a Problem: while it parses, FastAPI lets only HTTPException through.
                    raise HTTPException(413)
            return message

        async def traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A new list: the response object may be a constant that is sent again.
                message["headers"] = [*message["headers"], (b"traceparent", trace.encode())]
            await send(message)

        try:
            if length > self._limit:
                too_large = Problem(413, "body-too-large", limit=self._limit)
                await response_of(too_large, scope)(scope, receive, traced)
            else:
                await self._app(scope, counted, traced)
        except Exception as exc:
            problem = failure_problem(exc, scope["method"], scope["path"])
            if status:
                raise  # half an answer is out: the server can only cut the connection
            await response_of(problem, scope)(scope, receive, traced)
        finally:
            self._account(scope, status or _CLIENT_GONE, time.perf_counter() - started)
            trace_parent.reset(token)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        key = (method, route_of(scope), status)
        duration = self._durations.get(key)
        if duration is None:
            # The look-up by labels takes a lock and costs more than the observation.
            duration = self._durations[key] = HTTP_SECONDS.labels(method, key[1], str(status))
        duration.observe(seconds)
        quiet = scope["path"] in QUIET_PATHS and status < 400
        level = logging.DEBUG if quiet else logging.INFO
        if log.isEnabledFor(level):
            # Made by hand: `log.info` would walk the stack for a file name nobody needs here.
            record = logging.LogRecord(log.name, level, "", 0, "request", None, None)
            record.__dict__.update(
                method=method,
                path=scope["path"][:200],
                route=key[1],
                status=status,
                milliseconds=round(seconds * 1000, 2),
            )
            log.handle(record)


def _headers(scope: Scope) -> tuple[str | None, int]:
    """The caller's `traceparent` and the announced length of the body (0 where not announced)."""
    parent, length = None, 0
    for name, value in scope["headers"]:
        if name == b"traceparent":
            parent = value.decode("latin-1")
        elif name == b"content-length" and value.isdigit():
            length = int(value[:20])
    return parent, length
