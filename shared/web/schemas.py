"""Strict bodies and the annotated types that requests are made of."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from starlette.responses import JSONResponse

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")
CLOCK_TOLERANCE = timedelta(seconds=60)


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Change(BaseModel):
    """A line of an aggregate's history: when, who (`role:subject`), which events, and why."""

    at: datetime
    by: str
    what: list[str]
    why: str


class Json(JSONResponse):
    """A JSON answer rendered by orjson; return it from a hot route to skip the response model."""

    def render(self, content: Any) -> bytes:
        """UTF-8 JSON of `content`, datetimes as RFC 3339."""
        return orjson.dumps(content)


def clean_text(value: Any) -> Any:
    """A text without control characters (but line feed and tab) and outer white space."""
    return _CONTROL.sub("", value).strip() if isinstance(value, str) else value


def _rfc3339(value: Any) -> Any:
    # Pydantic would also take numbers and bare digits, as seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.match(value)):
        return value
    raise PydanticCustomError("datetime_type", "not an RFC 3339 time")


def _to_utc(value: datetime) -> datetime:
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_type", "outside the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _not_in_future(value: datetime) -> datetime:
    if value > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise PydanticCustomError("future_time", "in the future")
    return value


def _not_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "not a number")
    return value


Text4000 = Annotated[
    str, StringConstraints(min_length=1, max_length=4000), BeforeValidator(clean_text)
]
"""1 to 4,000 characters after `clean_text`; longer refused."""
ShortText = Annotated[
    str, StringConstraints(min_length=1, max_length=200), BeforeValidator(clean_text)
]
"""1 to 200 characters after `clean_text`; longer refused."""
Time = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_to_utc)]
"""An RFC 3339 time with offset, turned to UTC and cut to milliseconds, as the database keeps it."""
PastTime = Annotated[Time, AfterValidator(_not_in_future)]
"""A `Time` at most 60 s after now (clocks differ)."""
Longitude = Annotated[
    float, Field(ge=-180, le=180, allow_inf_nan=False), BeforeValidator(_not_boolean)
]
"""Degrees, WGS 84."""
Latitude = Annotated[
    float, Field(ge=-90, le=90, allow_inf_nan=False), BeforeValidator(_not_boolean)
]
"""Degrees, WGS 84."""
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
"""Code of a city, street or community: the national statistics code, or a city's own."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""An id of lower-case letters, digits, `_` and `-`, as of categories and units; UUIDs fit."""
DeviceText = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{16,100}$")]
"""A random text that a page made once and keeps on its device; only hashes of it are kept."""
