"""What other services' facts say of a subject's standing: vacancies, training, gaps, plans; pure.

Each fact changes one document, of the subject that the fact is about. What was so at a past moment
stays readable, so that a month that is judged again comes out the same, and by which event it was
told.
"""

from datetime import datetime, timedelta
from typing import Any

from services.assessment.heard import Told, told_by
from services.assessment.service.pieces import Piece
from shared.contracts.backbone import (
    Appointed,
    AppointmentVoided,
    TermEnded,
    TrainingCaughtUp,
    TrainingOverdue,
    VacancyEnded,
    VacancyOverdue,
)
from shared.contracts.coverage import GapClosed, GapFound
from shared.contracts.envelope import Event
from shared.contracts.plans import AssignmentOverdue, PlanBehind, PlanCaughtUp
from shared.contracts.words import Gap, Post, VacancyEnd
from shared.storage.aggregates import Decision, State

TASK = "task"
"""What is late of an assigned task."""


class Tenure(Piece):
    """A term of the secretary."""

    id: str
    since: datetime
    until: datetime
    """Its end, planned or come."""
    told: Told | None = None
    """The last that was told of it."""


class Open(Piece):
    """Something that was so from `since` on, until `ended` where it is over; `what` of its kind."""

    what: str
    since: datetime
    ended: datetime | None = None
    told: Told | None = None
    """That it is so."""

    def at(self, moment: datetime) -> bool:
        """Whether it was so."""
        return self.since <= moment and (self.ended is None or moment < self.ended)


class Posts(State):
    """Terms, vacancies and training of an organization, by `lianxin.backbone`."""

    tenures: tuple[Tenure, ...] = ()
    vacancies: tuple[Open, ...] = ()
    untrained: tuple[Open, ...] = ()


class Place(State):
    """Gaps in the coverage of a community or grid, by `lianxin.coverage`."""

    area_path: tuple[str, ...] = ()
    gaps: tuple[Open, ...] = ()


class Behind(Piece):
    """A plan's target, or one part of it, that was behind from `at` on, until `ended` where it
    is no more; or an overdue task."""

    what: str
    at: datetime
    area: str | None = None
    organization_id: str | None = None
    told: Told | None = None
    ended: datetime | None = None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """What is behind, and whose it is."""
        return self.what, self.area, self.organization_id


class Lateness(State):
    """What was told of one plan or one assigned task, by `lianxin.plans`."""

    behind: tuple[Behind, ...] = ()


# What it says


def post_at(state: Posts, moment: datetime) -> Tenure | Open | None:
    """What says how the post of secretary stood at `moment`: the term that ran, else the end of the
    last one, or what was told of a vacancy, whichever was later; None where nothing was told."""
    for each in state.tenures:
        if each.since <= moment < each.until:
            return each
    vacant: list[Tenure | Open] = [each for each in state.vacancies if each.at(moment)]
    vacant += [each for each in state.tenures if each.until <= moment][-1:]
    return max(vacant, key=_vacant_since, default=None)


def _vacant_since(said: Tenure | Open) -> datetime:
    return said.until if isinstance(said, Tenure) else said.since


def vacant_days(state: Posts, moment: datetime) -> float | None:
    """Whole days that the post of secretary had been vacant at `moment`, 0 where it was held.

    None where nothing was told of the post: an organization that never had a secretary is told of
    once that was for longer than the city allows.
    """
    said = post_at(state, moment)
    if said is None:
        return None
    return float(max(timedelta(0), moment - _vacant_since(said)) // timedelta(days=1))


def trainings_overdue(state: Posts, moment: datetime) -> float:
    """How many of those in office should have been trained by then and were not."""
    return float(sum(each.at(moment) for each in state.untrained))


def gaps_at(state: Place, moment: datetime) -> int:
    """How many gaps the place had."""
    return sum(each.at(moment) for each in state.gaps)


def late_in(state: Lateness, begin: datetime, end: datetime, moment: datetime) -> list[Behind]:
    """What of a plan is behind at a moment, or the task whose date passed undone in a period."""
    return [
        each
        for each in state.behind
        if (
            begin <= each.at < end
            if each.what == TASK
            else each.at <= moment and (each.ended is None or moment < each.ended)
        )
    ]


# Facts


def _changed(state: State, why: str, **changes: Any) -> Decision[Any]:
    return Decision(state.model_copy(update=changes), why=why)


def on_appointed(state: Posts | None, event: Event, _: object) -> Decision[Posts] | None:
    """A secretary's term."""
    told = event.data
    assert isinstance(told, Appointed)
    if told.post is not Post.SECRETARY:
        return None
    state = state or Posts()
    tenure = Tenure(id=told.term_id, since=told.since, until=told.until, told=told_by(event))
    tenures = [each for each in state.tenures if each.id != tenure.id]
    ordered = sorted([*tenures, tenure], key=lambda each: each.until)
    return _changed(state, "appointed", tenures=tuple(ordered))


def on_appointment_voided(state: Posts | None, event: Event, _: object) -> Decision[Posts] | None:
    """The term never was."""
    told = event.data
    assert isinstance(told, AppointmentVoided)
    if state is None:
        return None
    left = tuple(each for each in state.tenures if each.id != told.term_id)
    return _changed(state, "voided", tenures=left)


def on_term_ended(state: Posts | None, event: Event, _: object) -> Decision[Posts] | None:
    """The term ended so; perhaps earlier than planned."""
    told = event.data
    assert isinstance(told, TermEnded)
    if state is None:
        return None
    tenures = [
        each.model_copy(update={"until": told.at, "told": told_by(event)})
        if each.id == told.term_id
        else each
        for each in state.tenures
    ]
    ordered = sorted(tenures, key=lambda each: each.until)
    return _changed(state, "ended", tenures=tuple(ordered))


def _opened(known: tuple[Open, ...], what: str, since: datetime, event: Event) -> tuple[Open, ...]:
    return (*known, Open(what=what, since=since, told=told_by(event)))


def _ended(known: tuple[Open, ...], what: str, at: datetime) -> tuple[Open, ...]:
    """The one of this kind that is open, over at that moment."""
    return tuple(
        each.model_copy(update={"ended": at}) if each.what == what and each.ended is None else each
        for each in known
    )


def on_vacancy_overdue(state: Posts | None, event: Event, _: object) -> Decision[Posts]:
    """The post has been vacant for long."""
    told = event.data
    assert isinstance(told, VacancyOverdue)
    state = state or Posts()
    vacancies = _opened(state.vacancies, told.post.value, told.since, event)
    return _changed(state, "vacant", vacancies=vacancies)


def on_vacancy_ended(state: Posts | None, event: Event, _: object) -> Decision[Posts] | None:
    """It is held again; or the vacancy was another one, told of by the terms."""
    told = event.data
    assert isinstance(told, VacancyEnded)
    if state is None:
        return None
    if told.how is VacancyEnd.CORRECTED:
        left = tuple(v for v in state.vacancies if v.ended is not None or v.since != told.since)
        return _changed(state, "corrected", vacancies=left)
    ended = _ended(state.vacancies, told.post.value, event.time)
    return _changed(state, told.how.value, vacancies=ended)


def on_training_overdue(state: Posts | None, event: Event, _: object) -> Decision[Posts]:
    """Somebody in office was not trained in time."""
    told = event.data
    assert isinstance(told, TrainingOverdue)
    state = state or Posts()
    what = f"{told.post.value}/{told.person_id}"
    known = _ended(state.untrained, what, told.due)  # told again: of another time
    return _changed(state, "not trained", untrained=_opened(known, what, told.due, event))


def on_training_caught_up(state: Posts | None, event: Event, _: object) -> Decision[Posts] | None:
    """Trained, or in office no more."""
    told = event.data
    assert isinstance(told, TrainingCaughtUp)
    if state is None:
        return None
    what = f"{told.post.value}/{told.person_id}"
    return _changed(state, "trained", untrained=_ended(state.untrained, what, event.time))


def on_gap_found(state: Place | None, event: Event, _: object) -> Decision[Place]:
    """A place lacks something."""
    told = event.data
    assert isinstance(told, GapFound)
    state = state or Place()
    known = _ended(state.gaps, told.gap.value, event.time)
    gaps = _opened(known, told.gap.value, event.time, event)
    return _changed(state, told.gap.value, area_path=told.area_path, gaps=gaps)


def on_gap_closed(state: Place | None, event: Event, _: object) -> Decision[Place] | None:
    """It lacks it no more."""
    told = event.data
    assert isinstance(told, GapClosed)
    if state is None:
        return None
    return _changed(state, "closed", gaps=_ended(state.gaps, Gap(told.gap).value, event.time))


def on_plan_behind(state: Lateness | None, event: Event, _: object) -> Decision[Lateness]:
    """A target or a part of it is behind."""
    told = event.data
    assert isinstance(told, PlanBehind)
    state = state or Lateness()
    late = Behind(
        what=told.target,
        at=event.time,
        area=told.area,
        organization_id=told.organization_id,
        told=told_by(event),
    )
    return _changed(state, "behind", behind=(*state.behind, late))


def on_plan_caught_up(state: Lateness | None, event: Event, _: object) -> Decision[Lateness] | None:
    """A target or a part of it is behind no more."""
    told = event.data
    assert isinstance(told, PlanCaughtUp)
    if state is None:
        return None
    key = (told.target, told.area, told.organization_id)
    behind = tuple(
        each.model_copy(update={"ended": event.time})
        if each.key == key and each.ended is None
        else each
        for each in state.behind
    )
    return _changed(state, "caught up", behind=behind)


def on_assignment_overdue(state: Lateness | None, event: Event, _: object) -> Decision[Lateness]:
    """A task was not done by its date."""
    told = event.data
    assert isinstance(told, AssignmentOverdue)
    state = state or Lateness()
    late = Behind(what=TASK, at=told.until, organization_id=told.receiver, told=told_by(event))
    return _changed(state, "overdue", behind=(*state.behind, late))
