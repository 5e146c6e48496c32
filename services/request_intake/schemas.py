"""Bodies and query parameters of the HTTP API."""

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.payload import Code
from shared.contracts.words import Channel, RequestKind
from shared.web.reasons import Reason
from shared.web.schemas import (
    AreaCode,
    Body,
    DeviceText,
    Latitude,
    Longitude,
    PastTime,
    ShortText,
    Text4000,
)

Telephone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise PydanticCustomError("email", "no e-mail address")
    return value


Email = Annotated[str, StringConstraints(max_length=200), AfterValidator(_email)]
RequestId = Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z-]{1,120}$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^[^\s|/]{1,120}$")]


class PointIn(Body):
    """WGS 84 degrees."""

    longitude: Longitude
    latitude: Latitude


class Place(Body):
    """A point, a street's or community's code, or both: then the code serves where the point is
    in no grid.
    """

    point: PointIn | None = None
    area: AreaCode | None = None

    @model_validator(mode="after")
    def _one_given(self) -> Self:
        if self.point is None and self.area is None:
            raise PydanticCustomError("place_missing", "no place")
        return self


class RequesterIn(Body):
    """Who asks; kept encrypted, in no event."""

    name: ShortText | None = None
    telephone: Telephone | None = None
    address: ShortText | None = None
    email: Email | None = None


class NewRequest(Body):
    """What a resident asks for. `happened_at`: for imports by units and administrators."""

    channel: Channel = Channel.WEB
    kind: RequestKind = RequestKind.OTHER
    text: Text4000
    category: Code | None = None
    place: Place
    requester: RequesterIn | None = None
    happened_at: PastTime | None = None


class JoinIn(Body):
    """The request that a request is joined to, and why."""

    to: RequestId
    reason: Reason | None = None


class SeparateIn(Body):
    """Why two joined requests are not about the same thing."""

    reason: Reason


class MeToo(Body):
    """A request of one's own about what somebody asked for already. The place is that one's
    unless given."""

    channel: Channel = Channel.WEB
    text: Text4000 | None = None
    place: Place | None = None
    requester: RequesterIn | None = None


class Answer(Body):
    """The answer of a resident: contacted by those in charge? solved? satisfied (1 to 5)?"""

    contacted: bool
    solved: bool | None = None
    satisfied: int | None = Field(default=None, ge=1, le=5, strict=True)
    words: Text4000 | None = None

    @model_validator(mode="after")
    def _solved_known(self) -> Self:
        if self.solved is None and self.contacted:
            raise PydanticCustomError("solved_missing", "solved is missing")
        if self.solved is None and self.satisfied is not None:
            raise PydanticCustomError("satisfied_alone", "satisfied without solved")
        return self


class OwnAnswer(Answer):
    """The answer that a resident gives with the tracking code; it always says whether solved.

    `device` is a random text that the page made once and keeps on the device; it says nothing of
    the person, and only a hash of it is kept.
    """

    solved: bool
    device: DeviceText | None = None


class ReplyIn(Body):
    """The resident's answer to what was asked during the work."""

    words: Text4000


class UnitEvents(Body):
    """Events of one unit; each is read on its own, so that one bad event spoils no other."""

    unit_id: UnitId | None = None
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]
