"""Bodies and answers of activities and service hours."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.volunteer_dispatch.schemas import To
from services.volunteer_dispatch.service.activity_state import ActivityState, ActivityStatus
from services.volunteer_dispatch.service.explain import Explained
from services.volunteer_dispatch.service.hours import HoursState, HoursStatus, Revision
from shared.contracts.payload import Point
from shared.contracts.tasks import Assignee
from shared.web.reasons import Reason
from shared.web.schemas import AreaCode, Body, Latitude, Longitude, ShortText, Slug, Text4000, Time

EntryId = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class PointBody(Body):
    """WGS 84 degrees."""

    longitude: Longitude
    latitude: Latitude


class PlacesBody(Body):
    """Places for people with a skill; without one for anybody."""

    skill: Slug | None = None
    number: int = Field(ge=1, le=500)


class ActivityBody(Body):
    """An activity with many places; it asks for volunteers once it is there."""

    title: ShortText
    kind: Slug = Field(description="A code of the table activity-rules")
    words: Text4000 | None = None
    meeting_place: ShortText | None = None
    grid_id: EntryId | None = None
    area: AreaCode | None = Field(default=None, description="Where there is no grid")
    point: PointBody | None = None
    organizer: To
    leader_id: EntryId | None = Field(default=None, description="Volunteer who leads on site")
    starts_at: Time
    ends_at: Time
    sign_up_until: Time
    places: list[PlacesBody] = Field(min_length=1, max_length=20)
    minimum: int = Field(default=0, ge=0, le=100_000, description="With fewer it is called off")


class OnSite(Body):
    """Who comes or goes: oneself with the code of the place, or somebody whom the leader names."""

    code: Annotated[str, StringConstraints(max_length=40)] | None = None
    volunteer_id: EntryId | None = None


class Confirmation(Body):
    """Hours as they were, where they were others than counted; then with the reason."""

    hours: float | None = Field(default=None, ge=0, le=24, allow_inf_nan=False)
    reason: Reason | None = None


class Correction(Body):
    """The right number of hours, and why."""

    hours: float = Field(ge=0, le=24, allow_inf_nan=False)
    reason: Reason


class Voiding(Body):
    """Why the hours do not count."""

    reason: Reason


class SignUpView(BaseModel):
    """Somebody who comes or waits."""

    volunteer_id: str
    at: datetime
    place: Literal["going", "waiting"]
    skill: str | None = Field(description="Of the place; null: an ordinary one, or none yet")
    checked_in: datetime | None
    checked_out: datetime | None
    no_show: bool


class PlacesView(BaseModel):
    """Places of one kind."""

    skill: str | None
    number: int
    free: int


class ActivityView(BaseModel):
    """An activity in a list; `mine` is the caller's own place."""

    id: str
    title: str
    kind: str
    status: ActivityStatus
    cancelled: str | None
    words: str | None
    meeting_place: str | None
    area_path: tuple[str, ...]
    grid_id: str | None
    point: Point | None
    organizer: Assignee
    leader_id: str | None
    starts_at: datetime
    ends_at: datetime
    sign_up_until: datetime
    places: list[PlacesView]
    minimum: int
    going: int
    waiting: int
    asked: int
    mine: SignUpView | None
    invited: bool = Field(description="The caller was asked and may still say yes")


class ActivityDetail(ActivityView):
    """An activity; who comes, and why whom was asked, only for those in charge."""

    sign_ups: list[SignUpView] | None
    explained: tuple[Explained, ...] | None


class CodeView(BaseModel):
    """What is shown on site for checking in and out."""

    code: str


class HoursView(BaseModel):
    """Hours of one service."""

    id: str
    volunteer_id: str
    source: Literal["task", "activity"]
    source_id: str
    round: int
    kind: str
    began_at: datetime
    ended_at: datetime
    checked_out: bool
    hours: float
    counted: float
    capped: bool
    status: HoursStatus
    confirmed_at: datetime | None
    confirmed_by: str | None
    revisions: tuple[Revision, ...]
    void_reason: str | None


class VolunteerHours(BaseModel):
    """Somebody's hours: sums, and the latest services."""

    volunteer_id: str
    confirmed: float
    proposed: float
    no_shows: int = Field(description="Activities with a place to which he or she did not come")
    items: list[HoursView]


class Confirmed(BaseModel):
    """How many services were confirmed."""

    confirmed: int


def shown_activity(state: ActivityState, volunteer_id: str | None) -> dict[str, Any]:
    """The fields of `ActivityView`."""
    own = state.of(volunteer_id)
    places = [
        PlacesView(skill=place.skill, number=place.number, free=free)
        for place, free in zip(state.places, state.free, strict=True)
    ]
    return {
        **state.model_dump(include=set(ActivityView.model_fields) - {"places", "waiting", "going"}),
        "id": state.activity_id,
        "places": places,
        "going": len(state.going),
        "waiting": len(state.waiting),
        "asked": len(state.invites.asked),
        "mine": None if own is None else shown_sign_ups(state, volunteer_id)[0],
        "invited": state.invites.of(volunteer_id) is not None,
    }


def shown_sign_ups(state: ActivityState, only: str | None = None) -> list[SignUpView]:
    """Who comes or waits."""
    return [
        SignUpView(
            **one.model_dump(
                include={"volunteer_id", "at", "checked_in", "checked_out", "no_show"}
            ),
            place="waiting" if one.seat is None else "going",
            skill=None if one.seat is None else state.places[one.seat].skill,
        )
        for one in state.sign_ups
        if only is None or one.volunteer_id == only
    ]


def shown_hours(state: HoursState) -> HoursView:
    """Hours as they are answered."""
    return HoursView(id=state.hours_id, **state.model_dump(include=set(HoursView.model_fields)))
