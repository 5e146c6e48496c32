"""`/open311`: GeoReport v2 and its discovery (docs/open311.md)."""

from fastapi import Request, Response

from services.request_intake.open311 import (
    messages,  # noqa: F401 (its sentences)
    routes_requests,
    routes_services,
)
from services.request_intake.open311.here import open311_router
from shared.web.problems import Problem

_rest = open311_router()


@_rest.api_route(
    "/open311/{rest:path}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
async def no_open311(request: Request, rest: str) -> Response:
    """Everything else below `/open311`: not found, in the standard's shape too."""
    raise Problem(404, "open311-nothing", path=request.url.path[:200])


ROUTERS = (routes_services.router, routes_requests.router, _rest)
