"""`Idempotency-Key`: the same request sent twice is done once."""

import contextlib
import hashlib
import re
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request

from shared.web.auth import principal_or_none
from shared.web.problems import Problem

KEY_LENGTH = 200
_KEY = re.compile(rf"[\x21-\x7e]{{1,{KEY_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """`key` stands for caller, method, path and header; `fingerprint` for the body.

    Both are SHA-256 in hex.
    """

    key: str
    fingerprint: str

    def check(self, fingerprint: str) -> None:
        """Raise `Problem` 422 unless the kept `fingerprint` of this key is of the same body."""
        if fingerprint != self.fingerprint:
            raise Problem(422, "idempotency-key-reused", field="Idempotency-Key")


def fingerprint_of(body: bytes) -> str:
    """SHA-256 of `body`; of JSON without regard to white space and the order of members."""
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()


IDEMPOTENT: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Send the same key again to get the first answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
        }
    ]
}
"""`openapi_extra` of a route that honours the header."""


async def idempotency_of(request: Request) -> Idempotency | None:
    """The request's idempotency, or None without the header. Call it, or depend on it.

    A malformed header is a 400 problem. Callers without a token share one name space.
    """
    # Reads the header itself: each parameter and dependency costs FastAPI some 30 µs.
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise Problem(400, "idempotency-key-invalid", field="Idempotency-Key", limit=KEY_LENGTH)
    principal = principal_or_none(request)
    scope = (principal.subject if principal else "", request.method, request.scope["path"], given)
    key = hashlib.sha256("\0".join(scope).encode()).hexdigest()
    return Idempotency(key, fingerprint_of(await request.body()))
