"""Routes that read JSON strictly and refuse query parameters that they do not know."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.responses import Response

from shared.web.errors import invalid
from shared.web.problems import FieldError


class _JsonRequest(Request):
    """Reads JSON with orjson: faster, and refuses NaN, lone surrogates and very deep nesting."""

    async def json(self) -> Any:
        """The decoded body. Raises `json.JSONDecodeError`."""
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


def _query_names(dependant: Dependant) -> frozenset[str]:
    fields = get_flat_params(dependant)
    return frozenset(field.alias for field in fields if isinstance(field.field_info, params.Query))


class Route(APIRoute):
    """A route whose body is read by orjson."""

    refuses_unknown_query = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own hook."""
        handle = super().get_route_handler()
        known = _query_names(self.dependant) if self.refuses_unknown_query else None

        async def strict(request: Request) -> Response:
            if known is not None and request.scope["query_string"]:
                unknown = [name for name in request.query_params if name not in known]
                if unknown:
                    raise invalid(
                        [
                            FieldError(name[:200], "field.unknown_parameter", allowed=sorted(known))
                            for name in dict.fromkeys(unknown)
                        ]
                    )
            return await handle(_JsonRequest(request.scope, request.receive))

        return strict


class StrictRoute(Route):
    """A route that also refuses unknown query parameters: a misspelt filter must not list all."""

    refuses_unknown_query = True


def _operation_id(route: APIRoute) -> str:
    return route.name


class Router(APIRouter):
    """The router of services; operation ids are the names of the route functions.

    `any_query` lets unknown query parameters pass (Open311 needs it). Query parameters of
    dependencies given to the router itself are not known to its routes: give such dependencies to
    the routes.
    """

    def __init__(self, *, any_query: bool = False, **options: Any) -> None:
        super().__init__(
            route_class=Route if any_query else StrictRoute,
            generate_unique_id_function=_operation_id,
            **options,
        )
