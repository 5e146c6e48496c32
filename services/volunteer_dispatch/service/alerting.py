"""What is kept of the volunteers whom a task asks, and the city's table for asking."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Moment
from shared.contracts.words import Urgency
from shared.storage.tables import Table

ACCEPTED, DECLINED, SILENT, WITHDRAWN = "accepted", "declined", "silent", "withdrawn"
"""What became of an alert."""


N = TypeVar("N", int, float)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Alert(_Part):
    """A volunteer was asked; `token` is of this one alert."""

    volunteer_id: str
    token: str
    at: Moment
    until: Moment
    """Who says nothing by then is replaced; a later yes still counts while the task is free."""
    silent: bool = False
    """`until` has passed."""


class Answer(_Part):
    """What became of an alert, to be counted on the volunteer's document."""

    volunteer_id: str
    token: str
    said: str


class Alerts(_Part):
    """The volunteers asked about a task."""

    open: tuple[Alert, ...] = ()
    """Those who may still accept, also silent ones."""
    asked: tuple[str, ...] = ()
    """Ids of all who were asked in `round`: nobody is asked twice in one."""
    round: int = 0
    since: Moment | None = None
    """When the search began."""
    full: bool = False
    """Enough are asked, or nobody is left, or all rest until `wake`: nothing to do for the loop."""
    wake: Moment | None = None
    """Quiet hours end then, or others' answers are due."""
    answers: tuple[Answer, ...] = ()
    """To be counted by the loop."""

    @property
    def waiting(self) -> int:
        """Alerts within their time."""
        return sum(not alert.silent for alert in self.open)

    def of(self, volunteer_id: str | None) -> Alert | None:
        """The alert of a volunteer."""
        return next((one for one in self.open if one.volunteer_id == volunteer_id), None)

    def due(self) -> datetime | None:
        """When somebody's time ends, or the quiet hours do."""
        times = [alert.until for alert in self.open if not alert.silent]
        return min([*times, *([] if self.wake is None else [self.wake])], default=None)

    def having(self, **changes: Any) -> "Alerts":
        """These with changes."""
        return self.model_copy(update=changes)

    def begun(self, round: int, now: datetime) -> "Alerts":
        """For a new search; who was asked in the same round is not asked again."""
        asked = self.asked if self.round == round else ()
        return self.having(asked=asked, round=round, since=now, full=False, wake=None)

    def ended(self, said: dict[str, str]) -> "Alerts":
        """Without the alerts of these volunteers, with what they said."""
        gone = [alert for alert in self.open if alert.volunteer_id in said]
        answers = tuple(
            Answer(volunteer_id=a.volunteer_id, token=a.token, said=said[a.volunteer_id])
            for a in gone
        )
        left = tuple(alert for alert in self.open if alert.volunteer_id not in said)
        return self.having(open=left, answers=(*self.answers, *answers))


class _OfUrgency(_Part, Generic[N]):
    model_config = ConfigDict(frozen=True, extra="forbid")

    danger: N
    utilities: N
    ordinary: N
    complex: N

    def of(self, urgency: Urgency) -> N:
        """The number for `urgency`."""
        number: N = getattr(self, urgency.value)
        return number


_AtOnce = _OfUrgency[Annotated[int, Field(ge=1, le=20)]]
_Minutes = _OfUrgency[Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)]]


class AlertTable(Table):
    """How volunteers are asked and chosen (docs/dispatch/matching.md says where numbers are from).

    Phased alerts: GoodSAM, 29,307 alerts, doi 10.1371/journal.pone.0343762 (DOMAIN.md).
    """

    NAME: ClassVar[str] = "alerts"

    at_once: _AtOnce = _AtOnce(danger=7, utilities=3, ordinary=3, complex=3)
    """How many are asked at once; each refusal or silence is replaced by the next."""
    silent_minutes: _Minutes = _Minutes(danger=2, utilities=3, ordinary=10, complex=30)
    """How long somebody may say nothing."""
    most_asked: int = Field(default=21, ge=1, le=200)
    """Asked in one round at most; then the next place after the volunteers gets the task."""
    per_day: int = Field(default=3, ge=1, le=100)
    """Alerts that one person gets from midnight to midnight."""
    per_week: int = Field(default=7, ge=1, le=200)
    """Alerts that one person gets in any seven days."""
    group_per_day: int = Field(default=10, ge=1, le=500)
    """As `per_day`, of one group: its people share them."""
    group_per_week: int = Field(default=40, ge=1, le=2000)
    quiet_from: time | None = time(22, 0)
    """The city's clock; None: no quiet hours."""
    quiet_until: time = time(7, 0)
    quiet_spares: tuple[Urgency, ...] = (Urgency.DANGER,)
    """Urgencies that ask in quiet hours too."""
    within_km: float = Field(default=10.0, gt=0, le=1000)
    """Nobody farther away is asked, but people of the own grid."""
    considered: int = Field(default=40, ge=1, le=500)
    """The nearest so many are scored."""
    half_km: float = Field(default=2.0, gt=0, le=1000)
    """Distance at which travel counts a half."""
    load_weight: float = Field(default=1.0, ge=0, le=100)
    """How much load counts: at 1 a full load halves the score."""
    prior_mean: float = Field(default=0.32, gt=0, lt=1)
    """Chance to accept before anybody was asked (17 to 47 %: JMIR mHealth 2023 e41551)."""
    prior_strength: float = Field(default=6.0, gt=0, le=1000)
    """Answers that the prior counts for."""

    def for_groups(self) -> "AlertTable":
        """The table with the caps of groups in place of people's."""
        return self.model_copy(
            update={"per_day": self.group_per_day, "per_week": self.group_per_week}
        )

    def quiet_ends(self, now: datetime, zone: tzinfo, urgency: Urgency) -> datetime | None:
        """When quiet hours that hold now end; None where it may ask."""
        if self.quiet_from is None or urgency in self.quiet_spares:
            return None
        here = now.astimezone(zone)
        clock = here.time().replace(tzinfo=None)
        overnight = self.quiet_until <= self.quiet_from
        if overnight:
            quiet = clock >= self.quiet_from or clock < self.quiet_until
        else:
            quiet = self.quiet_from <= clock < self.quiet_until
        if not quiet:
            return None
        day = here.date()
        if overnight and clock >= self.quiet_from:
            day += timedelta(days=1)
        return datetime.combine(day, self.quiet_until, zone).astimezone(now.tzinfo)

    def rests_until(self, alerts: list[datetime], now: datetime, zone: tzinfo) -> datetime | None:
        """Until when caps forbid to ask somebody who had alerts then; None where none does."""
        midnight = self.day_of(now, zone)
        until = []
        if sum(at >= midnight for at in alerts) >= self.per_day:
            until.append(self.day_of(midnight + timedelta(hours=36), zone))
        week = sorted(at for at in alerts if at > now - WEEK)
        if len(week) >= self.per_week:
            until.append(week[-self.per_week] + WEEK)
        return max(until, default=None)

    @staticmethod
    def day_of(now: datetime, zone: tzinfo) -> datetime:
        """The last midnight of the city's clock."""
        here = now.astimezone(zone)
        return datetime.combine(here.date(), time(), zone).astimezone(now.tzinfo)


WEEK = timedelta(days=7)
CITY_ZONE = ZoneInfo("Asia/Shanghai")


class Asking(_Part):
    """The table in force, its version, and the city's clock."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    table: AlertTable = AlertTable()
    version: int = 0
    zone: ZoneInfo = CITY_ZONE
