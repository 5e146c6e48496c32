"""Cursor paging: a page says where the next one starts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from shared.web.problems import Problem

T = TypeVar("T")
Scalar = str | int | float | bool | datetime | None

DEFAULT_LIMIT, MAX_LIMIT = 50, 200


class Page(BaseModel, Generic[T]):
    """`items`, and `next`: the `cursor` of the following page, null on the last."""

    items: list[T]
    next: str | None = None


class Cursor(NamedTuple):
    """The place after one row: the value it is sorted by, and its id to part equal values."""

    value: Scalar
    id: str


def encode_cursor(value: Scalar, row_id: str) -> str:
    """An opaque, URL-safe text for a place. A datetime must carry its time zone."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a cursor's datetime needs a time zone")
        parts: list[Any] = [value.isoformat(), row_id, "t"]
    else:
        parts = [value, row_id]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor:
    """The place that `encode_cursor` wrote. Raises `Problem` 400 `invalid-cursor`.

    Only scalars come out, so that a forged cursor cannot smuggle an operator into a query.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        match parts:
            case [str(value), str(row_id), "t"]:
                moment = datetime.fromisoformat(value)
                if moment.tzinfo is not None:
                    return Cursor(moment, row_id)
            case [str() | int() | float() | bool() | None as value, str(row_id)]:
                return Cursor(value, row_id)
            case _:
                pass
    except (ValueError, binascii.Error):
        pass
    raise Problem(400, "invalid-cursor", field="cursor")


@dataclass(frozen=True, slots=True)
class Paging:
    """What the caller asked for: at most `limit` rows after the place `after`."""

    limit: int
    after: Cursor | None

    def cut(
        self, rows: Sequence[T], place: Callable[[T], tuple[Scalar, str]]
    ) -> tuple[Sequence[T], str | None]:
        """A page's items and the next cursor from `limit + 1` rows in order.

        Query one row more than `limit`: whether it exists tells if there is a next page.
        """
        if len(rows) <= self.limit:
            return rows, None
        items = rows[: self.limit]
        return items, encode_cursor(*place(items[-1]))


async def paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows a page")] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="`next` of the page before")
    ] = None,
) -> Paging:
    """Dependency: paging from the query parameters `limit` and `cursor`."""
    return Paging(limit, decode_cursor(cursor) if cursor else None)
