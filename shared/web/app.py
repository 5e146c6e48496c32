"""The application factory of every service."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI

from shared.web.auth import TokenReader
from shared.web.edge import Edge
from shared.web.errors import BODY_LIMIT_BYTES, add_handlers
from shared.web.problems import MEDIA_TYPE, PROBLEM_SCHEMA

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_ANSWERED = {"description": "Problem", "content": {MEDIA_TYPE: {
    "schema": {"$ref": "#/components/schemas/Problem"}}}}  # fmt: skip
_STANDARD = ("HTTPValidationError", "ValidationError")


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Say in `schema` that every error is a problem, in place of FastAPI's own error schemas."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _STANDARD:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    for path in schema["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            if "422" in responses:
                responses["422"] = _ANSWERED
            if "security" in operation:
                responses |= {"401": _ANSWERED, "403": _ANSWERED}
            responses.setdefault("default", _ANSWERED)
    return schema


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once. Warns of equal names of route functions."""
        if not self.openapi_schema:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def create_app(
    name: str,
    title: str,
    lifespan: Lifespan | None,
    routers: Iterable[APIRouter],
    *,
    token_secret: str,
    version: str = "1",
    description: str = "",
    body_limit_bytes: int = BODY_LIMIT_BYTES,
) -> FastAPI:
    """A FastAPI application with everything that all services share.

    Errors as problem details, bodies up to `body_limit_bytes`, trace, access log and durations,
    bearer tokens signed with `token_secret`, OpenAPI at `/openapi.json` whose operation ids are
    the names of the route functions. `name` is the service's, kept in `app.state.service`.
    """
    app = _App(
        title=title,
        version=version,
        description=description,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
        # Its own tracing and metrics would repeat ours; asking whether they are on costs each call.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.service = name
    app.state.tokens = TokenReader(token_secret)
    add_handlers(app)
    app.add_middleware(Edge, limit=body_limit_bytes)
    for router in routers:
        # `include_router` would make each route once more, at the first request, and look for it
        # twice: half a second and 10 MB in a service of 300 routes.
        app.router.routes.extend(router.routes)
    return app
