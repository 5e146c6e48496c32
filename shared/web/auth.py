"""Who is calling: bearer tokens (JWT, HS256), roles, and who may see what."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jwt
from fastapi import Request
from fastapi.openapi.models import HTTPBearer as BearerScheme
from fastapi.security.base import SecurityBase

from shared.web.problems import Problem

AUDIENCE = "lianxin"
_ALGORITHM = "HS256"
_READ_TOKENS_KEPT = 4096


class Role(StrEnum):
    """What a caller may do; each but the administrator sees its own area and work only."""

    RESIDENT = "resident"
    VOLUNTEER = "volunteer"
    UNIT_OPERATOR = "unit_operator"
    GRID_LEADER = "grid_leader"
    AREA_MANAGER = "area_manager"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: `subject` is who, `areas` area codes, `grids` grid ids, the rest ids."""

    subject: str
    role: Role
    areas: frozenset[str] = frozenset()
    unit_id: str | None = None
    grids: frozenset[str] = frozenset()
    volunteer_id: str | None = None


def issue_token(secret: str, principal: Principal, seconds: float = 3600.0) -> str:
    """A token for `principal` that expires `seconds` from now."""
    now = time.time()
    claims: dict[str, Any] = {
        "sub": principal.subject,
        "aud": AUDIENCE,
        "iat": int(now),
        "exp": int(now + seconds),
        "role": principal.role.value,
        "areas": sorted(principal.areas),
        "unit": principal.unit_id,
        "grids": sorted(principal.grids),
        "volunteer": principal.volunteer_id,
    }
    present = {name: value for name, value in claims.items() if value not in (None, [])}
    return jwt.encode(present, secret, algorithm=_ALGORITHM)


class TokenReader:
    """Checks tokens against one secret (at least 32 characters) and remembers the recent ones.

    Checking a signature costs about ten times a look-up, and callers repeat their tokens.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:
            raise ValueError("the token secret needs at least 32 characters")
        self._secret = secret
        self._read: dict[str, tuple[Principal, float]] = {}

    def read(self, token: str) -> Principal:
        """The principal of `token`. Raises `Problem` 401 for one that is not valid or expired."""
        known = self._read.get(token)
        if known is None:
            known = self._decode(token)
            if len(self._read) >= _READ_TOKENS_KEPT:
                self._read.clear()
            self._read[token] = known
        principal, expires = known
        if time.time() >= expires:
            raise _unauthorized("token-expired")
        return principal

    def _decode(self, token: str) -> tuple[Principal, float]:
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "aud", "sub"]},
            )
            principal = Principal(
                subject=_text(claims["sub"]),
                role=Role(_text(claims.get("role"))),
                areas=_texts(claims.get("areas")),
                unit_id=_text_or_none(claims.get("unit")),
                grids=_texts(claims.get("grids")),
                volunteer_id=_text_or_none(claims.get("volunteer")),
            )
        except jwt.ExpiredSignatureError as exc:
            raise _unauthorized("token-expired") from exc
        except (jwt.PyJWTError, ValueError, TypeError) as exc:
            raise _unauthorized("token-invalid") from exc
        return principal, float(claims["exp"])


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a claim is not a text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _texts(value: object) -> frozenset[str]:
    if not isinstance(value, list | None):
        raise ValueError("a claim is not a list")
    return frozenset(_text(item) for item in value or ())


def _unauthorized(code: str) -> Problem:
    challenge = 'Bearer realm="lianxin"'
    if code != "token-missing":
        challenge += ', error="invalid_token"'
    return Problem(401, code, headers={"WWW-Authenticate": challenge})


def principal_or_none(request: Request) -> Principal | None:
    """The caller, or None without an `Authorization` header; a bad token is a 401 problem."""
    kept = request.scope.get("lianxin.principal")
    if kept is not None:
        return kept  # type: ignore[no-any-return]
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("token-invalid")
    return principal_of(request, token.strip())


def principal_of(request: Request, token: str) -> Principal:
    """The caller whom `token` names, from here on the request's; a bad one is a 401 problem."""
    reader: TokenReader = request.app.state.tokens
    principal = reader.read(token)
    request.scope["lianxin.principal"] = principal
    return principal


class _Bearer(SecurityBase):
    """A dependency that answers the caller; a `SecurityBase`, so that OpenAPI shows the scheme."""

    scheme_name = "bearer"

    def __init__(self, roles: frozenset[Role] = frozenset(), optional: bool = False) -> None:
        self.model = BearerScheme(
            bearerFormat="JWT", description="JWT, HS256, audience `lianxin`, with an expiry."
        )
        self._roles = roles
        self._optional = optional

    async def __call__(self, request: Request) -> Principal | None:
        principal = principal_or_none(request)
        if principal is None:
            if self._optional:
                return None
            raise _unauthorized("token-missing")
        if self._roles and principal.role not in self._roles:
            raise Problem(
                403,
                "wrong-role",
                allowed=sorted(role.value for role in self._roles),
                role=principal.role.value,
            )
        return principal


current_principal = _Bearer()
"""Dependency: the caller; 401 without a valid token."""
optional_principal = _Bearer(optional=True)
"""Dependency: the caller, or None for one without a token; 401 for a bad token."""


def require(*roles: Role) -> _Bearer:
    """Dependency: the caller with one of `roles` (administrator only where named); else 403."""
    if not roles:
        raise ValueError("name at least one role")
    return _Bearer(frozenset(roles))


def sees_area(principal: Principal, area_path: Sequence[str]) -> bool:
    """Whether one of `area_path` (codes from the city down to the community) is the caller's."""
    return principal.role is Role.ADMINISTRATOR or not principal.areas.isdisjoint(area_path)


def ensure_area(principal: Principal, area_path: Sequence[str]) -> None:
    """Raise `Problem` 403 `wrong-area` unless `sees_area`."""
    if not sees_area(principal, area_path):
        raise Problem(403, "wrong-area")


def sees_unit(principal: Principal, unit_id: str | None) -> bool:
    """Whether `unit_id` is the caller's own unit; nobody's unit is the administrator's only."""
    if principal.role is Role.ADMINISTRATOR:
        return True
    return unit_id is not None and principal.unit_id == unit_id


def ensure_unit(principal: Principal, unit_id: str | None) -> None:
    """Raise `Problem` 403 `wrong-unit` unless `sees_unit`."""
    if not sees_unit(principal, unit_id):
        raise Problem(403, "wrong-unit")
