"""What the framework raises, turned into problems: validation, routing, failures."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.telemetry import trace_id_of, trace_parent
from shared.web.messages import knows
from shared.web.problems import FieldError, Problem, response_of

log = logging.getLogger("lianxin.web")

BODY_LIMIT_BYTES = 1_000_000
_ERRORS_SHOWN = 20
_PATH_SHOWN = 200  # a field's name is the caller's

_SAME_SENTENCE = {
    "int_type": "integer",
    "int_parsing": "integer",
    "int_parsing_size": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "bool_type": "boolean",
    "bool_parsing": "boolean",
    "list_type": "list",
    "tuple_type": "list",
    "set_type": "list",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "enum": "choice",
    "literal_error": "choice",
    "union_tag_invalid": "choice",
    "union_tag_not_found": "choice",
    "datetime_type": "datetime",
    "datetime_parsing": "datetime",
    "datetime_from_date_parsing": "datetime",
    "datetime_object_invalid": "datetime",
    "datetime_past": "future_time",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "uuid_type": "uuid",
    "uuid_parsing": "uuid",
    "uuid_version": "uuid",
}
"""Pydantic's error types that share a sentence; a type not here and not in the table is `other`."""

_BODY_IS_NOT_AN_OBJECT = frozenset({"model_type", "model_attributes_type", "dict_type"})
_QUOTED = re.compile(r"'([^']*)'")


def allowed_values(context: Mapping[str, Any]) -> list[str] | None:
    """Allowed values of a literal, enum or tag from the context of pydantic's error.

    Pydantic gives them as text only: `'a', 'b' or 'c'`.
    """
    text = context.get("expected") or context.get("expected_tags")
    if not isinstance(text, str):
        return None
    return _QUOTED.findall(text) or re.split(r", | or ", text)


def field_error(error: Mapping[str, Any]) -> FieldError:
    """One error of pydantic as a field error. The caller's input is never repeated."""
    kind, context = error["type"], error.get("ctx") or {}
    location = error["loc"]
    path = ".".join(str(part) for part in (location[1:] if len(location) > 1 else location))
    message = f"field.{_SAME_SENTENCE.get(kind, kind)}"
    return FieldError(
        path[:_PATH_SHOWN],
        message if knows(message) else "field.other",
        context,
        allowed_values(context),
    )


def invalid(errors: Sequence[FieldError]) -> Problem:
    """The 422 problem for fields that are not valid."""
    message = "invalid-field" if len(errors) == 1 else None
    return Problem(
        422, "invalid-content", message=message, errors=errors[:_ERRORS_SHOWN], count=len(errors)
    )


def validation_problem(exc: RequestValidationError) -> Problem:
    """422 for what the request's parameters and body are not, field by field."""
    errors = exc.errors()
    first = errors[0]
    if first["type"] == "json_invalid":
        return Problem(422, "malformed-json", position=first["loc"][-1])
    if first["loc"] == ("body",) and first["type"] in _BODY_IS_NOT_AN_OBJECT:
        return Problem(422, "not-json")
    return invalid([field_error(error) for error in errors])


def http_problem(exc: HTTPException, method: str, path: str) -> Problem:
    """The problem for Starlette's own errors: no such route, no such method, unreadable body."""
    headers = dict(exc.headers or {})
    match exc.status_code:
        case 404:
            return Problem(404, "not-found", headers=headers, path=path[:_PATH_SHOWN])
        case 405:
            methods = [name.strip() for name in headers.get("Allow", "").split(",") if name]
            return Problem(
                405, "method-not-allowed", headers=headers, allowed=sorted(methods), method=method
            )
        case 413:
            return Problem(413, "body-too-large", headers=headers, limit=BODY_LIMIT_BYTES)
        case 400:
            return Problem(400, "unreadable-body", headers=headers)
        case status:
            return Problem(status, "http-error", headers=headers)


def failure_problem(exc: Exception, method: str, path: str) -> Problem:
    """500 for an exception nobody foresaw: logged with its stack, answered with the trace id."""
    log.error("request failed", exc_info=exc, extra={"method": method, "path": path[:_PATH_SHOWN]})
    trace = trace_id_of(trace_parent.get())
    return Problem(500, "internal-error", extra={"trace_id": trace}, trace_id=trace)


async def _on_problem(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, Problem)
    return response_of(exc, request.scope)


async def _on_invalid(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    return response_of(validation_problem(exc), request.scope)


async def _on_http(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    if exc.status_code < 400:
        return Response(status_code=exc.status_code, headers=exc.headers)
    return response_of(http_problem(exc, request.method, request.url.path), request.scope)


def add_handlers(app: FastAPI) -> None:
    """Answer problems, validation errors and Starlette's errors as problem details.

    An unforeseen exception is left to the outermost middleware (`shared.web.edge`), which has the
    trace and the access log.
    """
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
