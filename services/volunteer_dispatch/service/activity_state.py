"""What is kept of an activity with many places."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field

from services.volunteer_dispatch.service.alerting import Alert, Alerts
from services.volunteer_dispatch.service.explain import Explained
from shared.contracts.payload import Moment, Point
from shared.contracts.tasks import Assignee
from shared.contracts.volunteering import Places
from shared.storage.aggregates import State


class ActivityStatus(StrEnum):
    """How an activity stands."""

    OPEN = "open"
    """Volunteers are asked and can sign up."""
    CLOSED = "closed"
    """Sign-up is over; from its start on it takes place."""
    ENDED = "ended"
    """Over, attendance settled."""
    CANCELLED = "cancelled"


LIVE = (ActivityStatus.OPEN, ActivityStatus.CLOSED)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Booking(_Part):
    """A span of somebody's time that is kept for an activity; `token` is of this one booking."""

    volunteer_id: str
    token: str


class SignUp(_Part):
    """Somebody who comes, or waits for a place."""

    volunteer_id: str
    token: str
    """Of the booking."""
    at: Moment
    fits: tuple[int, ...]
    """Kinds of places that he or she fits, as positions in `ActivityState.places`."""
    seat: int | None = None
    """The kind of place that he or she has; None: waits."""
    checked_in: Moment | None = None
    checked_out: Moment | None = None
    no_show: bool = False

    @property
    def booking(self) -> Booking:
        """What to release when it ends."""
        return Booking(volunteer_id=self.volunteer_id, token=self.token)


class Invite(Alert):
    """Somebody who was asked for a kind of place; `chance` as it was learnt then."""

    seat: int
    chance: float


class Invites(Alerts):
    """The volunteers asked."""

    open: tuple[Invite, ...] = ()


class Served(_Part):
    """An attendance whose hours are still to be written down."""

    volunteer_id: str
    began_at: Moment
    ended_at: Moment
    checked_out: bool
    """False: nobody checked out, the planned end counts."""


class ActivityState(State):
    """An activity. All places stand in this one document, so that they cannot be overrun."""

    activity_id: str
    title: str
    kind: str
    words: str | None = None
    meeting_place: str | None = None
    area_path: tuple[str, ...]
    grid_id: str | None = None
    point: Point | None = None
    organizer: Assignee
    leader_id: str | None = None
    """The volunteer who leads on site."""
    starts_at: Moment
    ends_at: Moment
    sign_up_until: Moment
    settles_at: Moment
    places: tuple[Places, ...]
    minimum: int = 0
    status: ActivityStatus = ActivityStatus.OPEN
    cancelled: str | None = None
    """Why: `organizer`, `below_minimum`."""
    sign_ups: tuple[SignUp, ...] = ()
    """In the order in which they came."""
    invites: Invites = Invites()
    releases: tuple[Booking, ...] = ()
    """To be given back by the loop."""
    served: tuple[Served, ...] = ()
    """To be written down by the loop."""
    explained: tuple[Explained, ...] = ()
    """Why the last waves asked whom they asked."""

    @property
    def going(self) -> tuple[SignUp, ...]:
        """Those who have a place."""
        return tuple(one for one in self.sign_ups if one.seat is not None)

    @property
    def waiting(self) -> tuple[SignUp, ...]:
        """The waiting list, the first first."""
        return tuple(one for one in self.sign_ups if one.seat is None)

    @property
    def total(self) -> int:
        """Places in all."""
        return sum(place.number for place in self.places)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def free(self) -> tuple[int, ...]:
        """Free places of each kind."""
        taken = [0] * len(self.places)
        for one in self.going:
            taken[one.seat or 0] += 1
        return tuple(place.number - n for place, n in zip(self.places, taken, strict=True))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def todo(self) -> bool:
        """Whether the loop has work here."""
        asks = self.status is ActivityStatus.OPEN and not self.invites.full and any(self.free)
        return asks or bool(self.releases or self.invites.answers or self.served)

    def of(self, volunteer_id: str | None) -> SignUp | None:
        """Somebody's sign-up."""
        return next((one for one in self.sign_ups if one.volunteer_id == volunteer_id), None)

    def next_due(self) -> datetime | None:
        """The end of somebody's time to answer, of sign-up, or of the activity."""
        match self.status:
            case ActivityStatus.OPEN:
                asked = self.invites.due()
                return self.sign_up_until if asked is None else min(asked, self.sign_up_until)
            case ActivityStatus.CLOSED:
                return self.settles_at
            case _:
                return None

    def having(self, **changes: Any) -> "ActivityState":
        """This state with changes."""
        return self.model_copy(update=changes)
