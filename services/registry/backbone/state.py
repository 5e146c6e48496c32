"""What an organization's backbone is, and what can be read off it at a moment; pure (art. 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from services.registry.backbone.table import BackboneRules
from shared.contracts.words import Chosen, Post, TermEnd
from shared.spans import Span, add_months, gaps
from shared.storage.aggregates import State


class Tenure(BaseModel):
    """A term (任期) of a post; `ended` where it is over before `until`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    id: str
    post: Post
    person_id: str
    chosen: Chosen
    from_unit: str | None = None
    since: datetime
    until: datetime
    ended: datetime | None = None
    reason: TermEnd | None = None
    over: bool = False
    """Whether its end has been told."""
    voided: str | None = None
    attempt: str | None = None
    """Fingerprint of the body that made it, where that had an idempotency key."""

    @property
    def span(self) -> Span:
        """From taking office until the end, planned or come."""
        return Span(self.since, self.ended or self.until)


class Vacancy(BaseModel):
    """The post of secretary has had nobody `since`; `told` once that was for too long."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    since: datetime
    overdue_at: datetime
    told: bool = False


class Training(BaseModel):
    """What records say of a person: the newest training, and until when it counts (None: never)."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    person_id: str
    last: datetime | None = None
    counts_until: datetime | None = None


class Untrained(BaseModel):
    """Training of somebody in office that was told to be overdue."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    post: Post
    person_id: str
    due: datetime


class Backbone(State):
    """The terms of an organization, and what is derived of them; times are UTC."""

    organization_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    in_service: bool = True
    counted_from: datetime
    """A vacancy of an organization that never had a secretary counts from here."""
    back_since: datetime | None = None
    """When the organization was last brought back into service."""
    tenures: tuple[Tenure, ...] = ()
    trainings: tuple[Training, ...] = ()
    rules: int = 0
    """Version of the rules that it was derived by."""
    vacancy: Vacancy | None = None
    vacancy_overdue_at: datetime | None = None
    holders: tuple[str, ...] = ()
    """People in office, or appointed to be."""
    ends_at: datetime | None = None
    """The next end of a term in office that nobody's follows."""
    training_due: datetime | None = None
    """When training of the first of those in office is or was due."""
    untrained: tuple[Untrained, ...] = ()
    due: datetime | None = None

    def next_due(self) -> datetime | None:
        """See `State.next_due`."""
        return self.due


@dataclass(frozen=True, slots=True)
class Rules:
    """The table in force with its version, and the city's time zone."""

    table: BackboneRules
    version: int
    zone: ZoneInfo


class Course(NamedTuple):
    """A record of training."""

    at: datetime
    hours: float


def held(state: Backbone, post: Post) -> list[Tenure]:
    """The terms of a post that count, in their order."""
    found = [each for each in state.tenures if each.post is post and each.voided is None]
    return sorted(found, key=lambda each: each.since)


def in_office(state: Backbone, post: Post, now: datetime) -> Tenure | None:
    """Whose term it is."""
    return next((each for each in held(state, post) if each.span.covers(now)), None)


def vacancies(state: Backbone, now: datetime) -> list[Span]:
    """When until now the post of secretary had nobody; with the terms they tile the time.

    The time begins with the first term, or where the organization never had one before with
    `counted_from`.
    """
    spans = [each.span for each in held(state, Post.SECRETARY)]
    since = min([state.counted_from, *(span.since for span in spans)])
    return gaps(spans, Span(since, max(since, now)))


def trained_until(
    courses: Sequence[Course], hours: float, years: int, zone: ZoneInfo
) -> datetime | None:
    """Until when the hours within the last `years` are enough; None where they never were.

    Of the newest courses that together reach `hours`, the oldest drops out first.
    """
    total = 0.0
    for course in sorted(courses, reverse=True):
        total += course.hours
        if total >= hours:
            return add_months(course.at, 12 * years, zone)
    return None


def training_due(state: Backbone, tenure: Tenure, rules: Rules) -> datetime:
    """When the holder must have been trained (art. 7): some years after taking office, or after
    the last training. A term that follows one's own does not begin the time anew."""
    since = tenure.since
    for other in reversed(held(state, tenure.post)):
        if other.person_id == tenure.person_id and other.span.until == since:
            since = other.since
    due = add_months(since, 12 * rules.table.training_years, rules.zone)
    known = {each.person_id: each.counts_until for each in state.trainings}
    until = known.get(tenure.person_id)
    return due if until is None else max(due, until)


def must_be_trained(state: Backbone, now: datetime, rules: Rules) -> list[tuple[Tenure, datetime]]:
    """Those in office whom the rule concerns, and when their training is due."""
    current = [in_office(state, post, now) for post in rules.table.trained]
    return [(each, training_due(state, each, rules)) for each in current if each is not None]


def ending(state: Backbone, now: datetime) -> list[Tenure]:
    """Terms in office that no other one follows at once, the first to end first."""
    found = []
    for post in Post:
        current = in_office(state, post, now)
        starts = {each.since for each in held(state, post)}
        if current is not None and current.span.until not in starts:
            found.append(current)
    return sorted(found, key=lambda each: each.span.until)
