"""A tiny application for the tests of `shared.web`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

import httpx
from fastapi import Depends, FastAPI, Request
from pydantic import Field

from shared.web.app import create_app
from shared.web.auth import Principal, Role, current_principal, ensure_area, issue_token, require
from shared.web.etag import ensure_version, etag, if_match
from shared.web.health import health_router
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import (
    AreaCode,
    Body,
    Json,
    Latitude,
    Longitude,
    PastTime,
    ShortText,
    Slug,
    Text4000,
)

SECRET = "s" * 40


class Place(Body):
    longitude: Longitude
    latitude: Latitude


class NewRequest(Body):
    text: Text4000
    title: ShortText | None = None
    kind: Literal["complaint", "question"] = "complaint"
    at: PastTime | None = None
    place: Place | None = None
    area: AreaCode | None = None
    category: Slug | None = None
    count: int = Field(default=1, ge=1, le=5)


router = Router(prefix="/v1")
loose = Router(any_query=True)


@router.post("/requests", status_code=201, openapi_extra=IDEMPOTENT)
async def create_request(body: NewRequest, request: Request) -> dict[str, Any]:
    kept = await idempotency_of(request)
    return body.model_dump(mode="json") | {"key": kept and kept.key}


@router.get("/requests")
async def list_requests(
    page: Annotated[Paging, Depends(paging)], state: str | None = None
) -> Page[int]:
    first = int(str(page.after.value)) + 1 if page.after else 0
    rows = list(range(5))[first : first + page.limit + 1]
    items, following = page.cut(rows, lambda row: (row, str(row)))
    return Page(items=list(items), next=following)


@router.get("/requests/{request_id}")
async def read_request(request_id: str) -> dict[str, str]:
    raise Problem(404, "not-found", path=request_id)


@router.put("/requests/{request_id}")
async def change_request(request_id: str, request: Request) -> Json:
    ensure_version(if_match(request, required=True), 7)
    return Json({}, headers={"ETag": etag(8)})


@router.get("/me")
async def me(principal: Annotated[Principal, Depends(current_principal)]) -> dict[str, str]:
    return {"subject": principal.subject, "role": principal.role}


@router.get("/areas/{code}")
async def area(
    code: str,
    principal: Annotated[Principal, Depends(require(Role.AREA_MANAGER, Role.ADMINISTRATOR))],
) -> dict[str, str]:
    ensure_area(principal, ["4403", "440310", code])
    return {"code": code}


@router.get("/boom")
async def boom() -> None:
    raise RuntimeError("a secret of the inside")


@loose.get("/loose")
async def any_query() -> Json:
    return Json({"ok": True})


CONSTANT = Json({"constant": True})


@loose.get("/constant")
async def constant() -> Json:
    return CONSTANT


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


def sample_app(**checks: Any) -> FastAPI:
    state: dict[str, str | None] = {"stuck": None}
    app = create_app(
        "sample",
        "Sample",
        lifespan,
        [router, loose, health_router(checks, lambda: state["stuck"])],
        token_secret=SECRET,
    )
    app.state.alive = state
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://sample")


def bearer(role: Role, seconds: float = 60, **rest: Any) -> dict[str, str]:
    token = issue_token(SECRET, Principal("someone", role, **rest), seconds)
    return {"Authorization": f"Bearer {token}"}
