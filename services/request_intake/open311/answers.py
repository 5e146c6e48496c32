"""Answers in the format of the address, and every error in the standard's shape."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.request_intake.open311 import xml
from shared.storage.aggregates import Contended, IdempotencyConflict
from shared.storage.client import UNREACHABLE
from shared.web.errors import failure_problem, http_problem, validation_problem
from shared.web.messages import LANGUAGE_TAGS, Language, choose_language
from shared.web.problems import Problem
from shared.web.routing import Route

_SHOWN = 200


def language_of(request: Request) -> Language:
    """The language that the caller reads."""
    return choose_language(request.headers.get("accept-language"))


def answer(
    request: Request,
    root: str,
    content: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`content` as JSON where the address ends so, else as XML below `root`."""
    if request.url.path.endswith(".json"):
        body, media_type = orjson.dumps(content), "application/json; charset=utf-8"
    else:
        body, media_type = xml.document(root, content), "text/xml; charset=utf-8"
    language = {
        "Content-Language": LANGUAGE_TAGS[language_of(request)],
        "Vary": "Accept-Language",
    }
    return Response(body, status, {**language, **(headers or {})}, media_type)


def status_of(problem: Problem) -> int:
    """The HTTP status that the standard has for a problem.

    404 for what does not exist, 403 for the key, 400 for anything else that the caller can mend.
    Failures on our side keep their 5xx, so that a client knows that it may try again.
    """
    if problem.status >= 500 or problem.status in (403, 404):
        return problem.status
    return 403 if problem.status == 401 else 400


def errors_of(problem: Problem, language: Language) -> list[dict[str, Any]]:
    """`[{code, description}]`, one for each field where fields are wrong."""
    status = status_of(problem)
    shown = problem.render(language)
    told = [shown["detail"]]
    if problem.code == "invalid-content":
        colon = "：" if language == "zh" else ": "
        told = [
            f"{error['field']}{colon}{error['detail']}"
            + (f" ({', '.join(map(str, error['allowed']))})" if "allowed" in error else "")
            for error in shown["errors"]
        ]
    return [{"code": status, "description": sentence} for sentence in told]


class Open311Route(Route):
    """A route whose errors have the standard's shape, whatever raises them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own hook."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                problem = _problem(error, request)
                content = errors_of(problem, language_of(request))
                return answer(request, "errors", content, status_of(problem), problem.headers)

        return answered


def _problem(error: Exception, request: Request) -> Problem:
    path = request.url.path[:_SHOWN]
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        if any(one["loc"][0] == "path" for one in error.errors()):
            return Problem(404, "open311-nothing", path=path)
        return validation_problem(error)
    if isinstance(error, HTTPException):
        return http_problem(error, request.method, path)
    if isinstance(error, IdempotencyConflict):
        return Problem(422, "idempotency-key-reused")
    if isinstance(error, (Contended, *UNREACHABLE)):
        return Problem(503, "try-again", headers={"Retry-After": "2"})
    return failure_problem(error, request.method, path)
