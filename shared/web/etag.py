"""`ETag` and `If-Match`: nobody overwrites what somebody else has just changed."""

import re

from starlette.requests import Request

from shared.web.problems import Problem

# Proxies that compress mark a tag as weak; a version is the same version for all that.
_TAG = re.compile(r'\s*(?:W/)?"(\d{1,18})"\s*')


def etag(version: int) -> str:
    """The `ETag` of an aggregate's version, as `"7"`."""
    return f'"{version}"'


def if_match(request: Request, *, required: bool = False) -> int | None:
    """The version that the caller read, or None where any will do (`*`, or no header).

    `Problem` 428 where the header is required and absent, 400 where it is not one such tag.
    """
    given = request.headers.get("if-match")
    if given is None:
        if required:
            raise Problem(428, "precondition-required")
        return None
    if given.strip() == "*":
        return None
    found = _TAG.fullmatch(given)
    if not found:
        raise Problem(400, "if-match-invalid", field="If-Match")
    return int(found[1])


def ensure_version(expected: int | None, actual: int) -> None:
    """Raise `Problem` 412 unless the caller read the version that is there now."""
    if expected is not None and expected != actual:
        raise Problem(412, "precondition-failed", headers={"ETag": etag(actual)})
