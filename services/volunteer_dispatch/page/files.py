"""The page's files over HTTP. They hold no data, so they need no token."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request, Response

from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(tags=["page"])

FOLDER = Path(__file__).parent / "static"
PAGE = "index.html"
HEADERS = {
    # Nothing from elsewhere, nothing inline, no text turned into markup.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    tag: str


def _read(path: Path) -> _File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


_FILES = {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.is_file()}
"""By name, read once: no name that a caller gives ever reaches the file system."""


@router.get("/board", include_in_schema=False)
async def show_board_page(request: Request) -> Response:
    """The page; a volunteer sees the own list, others a board."""
    return _answer(request, PAGE)


@router.get("/my-tasks", include_in_schema=False)
async def show_own_page(request: Request) -> Response:
    """The same page, which begins with the own list."""
    return _answer(request, PAGE)


@router.get("/page/{name}", include_in_schema=False)
async def show_file(request: Request, name: str) -> Response:
    """One of the page's files."""
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    found = _FILES.get(name)
    if found is None:
        raise Problem(404, "not-found", path=request.url.path[:200])
    headers = {**HEADERS, "ETag": found.tag}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)
