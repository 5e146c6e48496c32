"""What volunteer dispatch publishes on `lianxin.volunteering`: activities and service hours.

Facts. Activities have titles and descriptions, which stay with dispatch; people are ids.
"""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment, Point
from shared.contracts.tasks import Assignee

PlaceChange = Literal[
    "signed_up", "waiting", "moved_up", "left", "checked_in", "checked_out", "no_show"
]


class Places(BaseModel):
    """Places of an activity: `number` of people with `skill` (None: anybody)."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    skill: Code | None = None
    number: int = Field(ge=1)


class ActivityPublished(Fact):
    """An activity asks for volunteers. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.activity.published"

    activity_id: Id
    kind: Code
    area_path: tuple[Code, ...]
    grid_id: Id | None = None
    point: Point | None = None
    starts_at: Moment
    ends_at: Moment
    sign_up_until: Moment
    places: tuple[Places, ...] = Field(min_length=1)
    minimum: int = Field(ge=0)
    """With fewer at the end of sign-up it is called off."""
    organizer: Assignee


class ActivityAlerted(Fact):
    """Volunteers were asked whether they come. Subject: the activity's id."""

    TYPE: ClassVar[str] = "lianxin.activity.alerted"

    activity_id: Id
    volunteer_ids: tuple[Id, ...] = Field(min_length=1)
    answer_by: Moment
    """Who says nothing by then is replaced; a later yes counts while there are places."""


class ActivityPlaceChanged(Fact):
    """What became of somebody's place. Subject: the activity's id."""

    TYPE: ClassVar[str] = "lianxin.activity.place_changed"

    activity_id: Id
    volunteer_id: Id
    change: PlaceChange


class ActivityCancelled(Fact):
    """It does not take place. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.activity.cancelled"

    activity_id: Id
    reason: str = Field(pattern="^(organizer|below_minimum)$")


class ActivityEnded(Fact):
    """It is over and attendance is settled. Subject: its id."""

    TYPE: ClassVar[str] = "lianxin.activity.ended"

    activity_id: Id
    attended: tuple[Id, ...] = ()
    no_shows: tuple[Id, ...] = ()


class HoursConfirmed(Fact):
    """Who received a service confirmed its hours. Subject: the id of this one service; event time:
    when it ended."""

    TYPE: ClassVar[str] = "lianxin.hours.confirmed"

    hours_id: Id
    volunteer_id: Id
    source: Literal["task", "activity"]
    source_id: Id
    """The task or the activity."""
    round: int = Field(ge=1)
    """Of the task; 1 for an activity."""
    began_at: Moment
    ended_at: Moment
    hours: float = Field(ge=0, le=24)
    area_path: tuple[Code, ...] = ()
    """Where the service was."""
    unit_id: Id | None = None
    """The volunteer's."""


class HoursCorrected(Fact):
    """Confirmed hours were put right. Subject: the id of the service."""

    TYPE: ClassVar[str] = "lianxin.hours.corrected"

    hours_id: Id
    volunteer_id: Id
    hours: float = Field(ge=0, le=24)
    before: float = Field(ge=0, le=24)


class HoursVoided(Fact):
    """Confirmed hours do not count: they were wrong. Subject: the id of the service."""

    TYPE: ClassVar[str] = "lianxin.hours.voided"

    hours_id: Id
    volunteer_id: Id
