"""Bodies and answers of venues."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registry.schemas import EntryBody, EntryView, OwnId, PointBody
from services.registry.venues.hours import overlap
from shared.contracts.registry import OpenSpan
from shared.web.schemas import AreaCode, Body, ShortText, Slug

_CLOCK = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"


def _distinct(value: list[str]) -> list[str]:
    if len(set(value)) != len(value):
        raise PydanticCustomError("not_unique", "repeated items")
    return value


def minutes(clock: str) -> int:
    """Minutes of the day of `09:30`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def clock(minutes: int) -> str:
    """`09:30` of minutes of the day."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


Clock = Annotated[
    str, StringConstraints(pattern=_CLOCK), Field(json_schema_extra={"examples": ["09:00"]})
]


class OpenBody(Body):
    """Open from a time of the day until another, as 09:00 and 17:30; the day ends at 24:00."""

    opens: Clock
    closes: Clock

    @model_validator(mode="after")
    def _in_order(self) -> "OpenBody":
        if minutes(self.closes) <= minutes(self.opens):
            raise PydanticCustomError("hours_order", "closes before it opens")
        return self

    def span(self) -> OpenSpan:
        """In minutes."""
        return OpenSpan(opens=minutes(self.opens), closes=minutes(self.closes))


class WeekdayBody(OpenBody):
    """Open on a day of each week: 1 Monday to 7 Sunday."""

    weekday: int = Field(ge=1, le=7)


def _apart(spans: list[Any]) -> list[Any]:
    by_day: dict[int, list[OpenSpan]] = {}
    for body in spans:
        by_day.setdefault(getattr(body, "weekday", 0), []).append(body.span())
    if any(overlap(day) for day in by_day.values()):
        raise PydanticCustomError("hours_overlap", "spans of one day overlap")
    return spans


class DateBody(Body):
    """What holds on one date in place of the week's hours; no spans: closed."""

    date: date
    spans: Annotated[list[OpenBody], Field(max_length=10), AfterValidator(_apart)] = Field(
        default=[]
    )


def _each_once(value: list[DateBody]) -> list[DateBody]:
    _distinct([str(each.date) for each in value])
    return value


class VenueBody(EntryBody):
    """A venue (服务场所) of an organization or a unit; hours on the city's clock."""

    id: OwnId = None
    name: ShortText
    area: AreaCode
    organization_id: Slug | None = None
    unit_id: Slug | None = None
    address: ShortText | None = None
    point: PointBody | None = None
    uses: Annotated[list[Slug], Field(max_length=50), AfterValidator(_distinct)] = Field(
        default=[], description="Codes of /v1/venue-uses"
    )
    capacity: int | None = Field(default=None, ge=0, le=1_000_000, description="People")
    weekly: Annotated[list[WeekdayBody], Field(max_length=70), AfterValidator(_apart)] = Field(
        default=[]
    )
    exceptions: Annotated[list[DateBody], Field(max_length=400), AfterValidator(_each_once)] = (
        Field(default=[])
    )


class VenueView(EntryView):
    """A venue; `unit_id` is the owning unit, or the owning organization's.

    `open_now`: on the city's clock; a retired one is never open.
    """

    name: str
    area: str
    organization_id: str | None
    unit_id: str | None
    address: str | None
    point: PointBody | None
    uses: list[str]
    capacity: int | None
    weekly: list[WeekdayBody]
    exceptions: list[DateBody]
    open_now: bool
