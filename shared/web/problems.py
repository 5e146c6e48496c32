"""Errors as RFC 9457 problem details, in Chinese or English."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response
from starlette.types import Scope

from shared.web.messages import LANGUAGE_TAGS, Language, choose_language, knows, say

MEDIA_TYPE = "application/problem+json"
_IN_PATHS = "/:@!$&'()*+,;=~"
"""Characters that RFC 3986 leaves as they are in a path."""


@dataclasses.dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its dotted path (`place.longitude`) and a message key."""

    field: str
    message: str
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    allowed: Sequence[Any] | None = None

    def render(self, language: Language) -> dict[str, Any]:
        """`{"field", "detail"}` and, where values are prescribed, `"allowed"`."""
        answer: dict[str, Any] = {
            "field": self.field,
            "detail": say(self.message, language, self.parameters),
        }
        if self.allowed is not None:
            answer["allowed"] = list(self.allowed)
        return answer


class Problem(Exception):
    """An error to be answered; raise it anywhere below a route.

    `code` is a slug: the answer's `type` is `/problems/<code>` and, unless `message` names another
    key of `shared.web.messages`, the sentence is the one behind `code`. `parameters` fill its
    placeholders. `field` (dotted path) adds the one entry of `errors`; give `errors` where there
    are several. `allowed` lists the allowed values, `where` is the URL where to list them, `extra`
    holds any other member of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        message: str | None = None,
        field: str | None = None,
        errors: Sequence[FieldError] = (),
        allowed: Sequence[Any] | None = None,
        where: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        self.message = message or code
        self.parameters = parameters
        self.errors = (
            (FieldError(field, self.message, parameters),) if field is not None else tuple(errors)
        )
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        if allowed is not None:
            self.extra["allowed"] = list(allowed)
        if where is not None:
            self.extra["where"] = where

    def __str__(self) -> str:
        return f"{self.status} {self.code} {self.parameters or ''}".rstrip()

    def render(self, language: Language, instance: str | None = None) -> dict[str, Any]:
        """The members of the problem document."""
        title = f"title.{self.status}"
        errors = [error.render(language) for error in self.errors]
        only = {"field": errors[0]["field"], "reason": errors[0]["detail"]} if errors else {}
        answer: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": say(title if knows(title) else "title.other", language),
            "status": self.status,
            "detail": say(self.message, language, only | self.parameters),
        }
        if instance is not None:
            answer["instance"] = instance
        if errors:
            answer["errors"] = errors
        return answer | self.extra


def response_of(problem: Problem, scope: Scope) -> Response:
    """The answer to the HTTP request of `scope`, in the language that it asks for."""
    accept = [value for name, value in scope["headers"] if name == b"accept-language"]
    language = choose_language(b",".join(accept).decode("latin-1") if accept else None)
    return Response(
        orjson.dumps(problem.render(language, quote(scope["path"], safe=_IN_PATHS)), default=str),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={
            **problem.headers,
            "Content-Language": LANGUAGE_TAGS[language],
            "Vary": "Accept-Language",
        },
    )


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457); further members depend on `type`.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "One sentence that says what to do."},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": {"type": "string", "examples": ["place.longitude"]},
                    "detail": {"type": "string"},
                    "allowed": {"type": "array", "items": {}},
                },
            },
        },
        "allowed": {"type": "array", "items": {}},
        "where": {"type": "string", "description": "Where to list the allowed values."},
        "trace_id": {"type": "string", "description": "Given with status 500."},
    },
}
"""JSON Schema of the answer, for OpenAPI."""
