"""Decisions on the backbone of an organization; pure (policy, art. 7).

One document an organization holds the terms of its two posts. What follows from them and from the
clock (a vacancy, who must be trained by when, what ends next) is derived anew by `settle` in each
decision and kept beside them, for the lists and the timer.
"""

from collections.abc import Sequence
from datetime import datetime

from services.registry.backbone.state import (
    Backbone,
    Course,
    Rules,
    Tenure,
    Training,
    Untrained,
    Vacancy,
    ending,
    held,
    in_office,
    must_be_trained,
    trained_until,
)
from services.registry.registered import Registered
from shared.contracts.backbone import (
    Appointed,
    AppointmentVoided,
    TermEnded,
    TrainingCaughtUp,
    TrainingOverdue,
    VacancyEnded,
    VacancyOverdue,
)
from shared.contracts.payload import Payload
from shared.contracts.words import Chosen, Post, TermEnd, VacancyEnd
from shared.spans import add_months
from shared.storage.aggregates import At, Decision, IdempotencyConflict
from shared.web.problems import Problem


def _vacancy(state: Backbone, now: datetime, rules: Rules) -> Vacancy | None:
    if not state.in_service or in_office(state, Post.SECRETARY, now) is not None:
        return None
    ends = [each.span.until for each in held(state, Post.SECRETARY) if each.span.until <= now]
    since = max(ends, default=state.counted_from)
    since = max(since, state.back_since or since)
    overdue_at = add_months(since, rules.table.vacancy_months, rules.zone)
    before = state.vacancy
    told = before is not None and before.since == since and before.told
    return Vacancy(since=since, overdue_at=overdue_at, told=told)


def settle(
    state: Backbone,
    now: datetime,
    rules: Rules,
    events: Sequence[Payload | At] = (),
    why: str = "",
) -> Decision[Backbone]:
    """The decision to put `state` in place, with all that follows from it at `now`.

    Tells of terms that are over, of a vacancy that lasts too long, of training that is overdue, and
    when that is over.
    """
    told: list[Payload | At] = [*events]
    tenures = [_closed(tenure, now) for tenure in state.tenures]
    told += [
        _ended(state, new)
        for old, new in zip(state.tenures, tenures, strict=True)
        if new.over and not old.over
    ]
    state = state.model_copy(update={"tenures": tuple(tenures)})
    vacancy = _vacancy(state, now, rules)
    before = state.vacancy
    if before is not None and before.told and not (vacancy and vacancy.told):
        if not state.in_service:
            how = VacancyEnd.OUT_OF_SERVICE
        else:
            how = VacancyEnd.FILLED if vacancy is None else VacancyEnd.CORRECTED
        told.append(_vacancy_ended(state, before, how))
    if vacancy is not None and not vacancy.told and vacancy.overdue_at <= now:
        vacancy = vacancy.model_copy(update={"told": True})
        told.append(
            VacancyOverdue(
                organization_id=state.organization_id,
                area_path=state.area_path,
                post=Post.SECRETARY,
                since=vacancy.since,
            )
        )
    open_ends = [each for each in tenures if each.voided is None and not each.over]
    moments = [each.span.until for each in open_ends]
    moments += [each.since for each in open_ends if each.since > now]
    if vacancy is not None and not vacancy.told:
        moments.append(vacancy.overdue_at)
    first = ending(state, now) if state.in_service else []
    trained = must_be_trained(state, now, rules) if state.in_service else []
    untrained = tuple(
        Untrained(post=tenure.post, person_id=tenure.person_id, due=due)
        for tenure, due in trained
        if due <= now
    )
    told += _training(state, untrained)
    moments += [due for _, due in trained if due > now]
    new = state.model_copy(
        update={
            "vacancy": vacancy,
            "vacancy_overdue_at": vacancy and vacancy.overdue_at,
            "holders": tuple(sorted({each.person_id for each in open_ends})),
            "ends_at": first[0].span.until if first else None,
            "training_due": min((due for _, due in trained), default=None),
            "untrained": untrained,
            "rules": rules.version,
            "due": min(moments, default=None),
        }
    )
    return Decision(new, told, why)


def _closed(tenure: Tenure, now: datetime) -> Tenure:
    """The term, over where its end has come."""
    if tenure.over or tenure.voided is not None or tenure.span.until > now:
        return tenure
    return tenure.model_copy(update={"over": True, "reason": tenure.reason or TermEnd.TERM})


def _ended(state: Backbone, tenure: Tenure) -> TermEnded:
    return TermEnded(
        organization_id=state.organization_id,
        area_path=state.area_path,
        term_id=tenure.id,
        post=tenure.post,
        person_id=tenure.person_id,
        at=tenure.span.until,
        reason=tenure.reason or TermEnd.TERM,
    )


def _vacancy_ended(state: Backbone, vacancy: Vacancy, how: VacancyEnd) -> VacancyEnded:
    return VacancyEnded(
        organization_id=state.organization_id,
        area_path=state.area_path,
        post=Post.SECRETARY,
        since=vacancy.since,
        how=how,
    )


def _training(state: Backbone, untrained: Sequence[Untrained]) -> list[Payload]:
    """What to tell of training: overdue no more, or overdue now."""
    about = {"organization_id": state.organization_id, "area_path": state.area_path}
    over = [each for each in state.untrained if each not in untrained]
    new = [each for each in untrained if each not in state.untrained]
    return [
        *(TrainingCaughtUp(**about, **each.model_dump()) for each in over),
        *(TrainingOverdue(**about, **each.model_dump()) for each in new),
    ]


# Changes


def appoint(
    state: Backbone, tenure: Tenure, now: datetime, rules: Rules
) -> Decision[Backbone] | None:
    """Take in a term; None where the same attempt has made it. Raises `Problem` 422.

    First secretaries are sent to weak places, and one who is sent comes from a unit (art. 7).
    """
    made = next((each for each in state.tenures if each.id == tenure.id), None)
    if made is not None:
        if made.attempt != tenure.attempt:
            raise IdempotencyConflict
        return None
    if tenure.until <= tenure.since:
        raise Problem(422, "term-order", field="until")
    if tenure.post is Post.FIRST_SECRETARY and tenure.chosen is not Chosen.SENT:
        raise Problem(422, "first-secretary-sent", field="chosen", allowed=[Chosen.SENT.value])
    if (tenure.chosen is Chosen.SENT) != (tenure.from_unit is not None):
        raise Problem(422, "sent-from-unit", field="from_unit")
    _ensure_alone(state, tenure, rules, field="since")
    told = Appointed(
        organization_id=state.organization_id,
        area_path=state.area_path,
        term_id=tenure.id,
        post=tenure.post,
        person_id=tenure.person_id,
        chosen=tenure.chosen,
        from_unit=tenure.from_unit,
        since=tenure.since,
        until=tenure.until,
    )
    new = state.model_copy(update={"tenures": (*state.tenures, tenure)})
    return settle(new, now, rules, [told], "appointed")


def _ensure_alone(state: Backbone, tenure: Tenure, rules: Rules, *, field: str) -> None:
    """Raise `Problem` 422 where another holds the post at some moment of the term."""
    for other in held(state, tenure.post):
        if other.id != tenure.id and other.span.meets(tenure.span):
            raise Problem(
                422,
                "term-overlaps",
                field=field,
                id=other.id,
                since=other.span.since.astimezone(rules.zone).isoformat(),
                until=other.span.until.astimezone(rules.zone).isoformat(),
            )


def _find(state: Backbone, term: str) -> Tenure:
    found = next((each for each in state.tenures if each.id == term), None)
    if found is None:
        raise Problem(404, "term-not-found", id=term)
    return found


def _replace(state: Backbone, tenure: Tenure) -> Backbone:
    tenures = tuple(tenure if each.id == tenure.id else each for each in state.tenures)
    return state.model_copy(update={"tenures": tenures})


def end(
    state: Backbone, term: str, at: datetime, reason: TermEnd, now: datetime, rules: Rules
) -> Decision[Backbone] | None:
    """End a term before its planned end; None where it ended so. Raises `Problem` 404, 409, 422."""
    tenure = _find(state, term)
    if (tenure.ended, tenure.reason) == (at, reason):
        return None
    if tenure.over or tenure.voided is not None:
        raise Problem(409, "term-over", id=term)
    if not tenure.since < at <= tenure.until:
        raise Problem(422, "end-outside", field="at")
    ended = tenure.model_copy(update={"ended": at, "reason": reason})
    # An end that is put later may reach into the term of who was appointed to follow.
    _ensure_alone(state, ended, rules, field="at")
    return settle(_replace(state, ended), now, rules, why=reason.value)


def void(
    state: Backbone, term: str, why: str, now: datetime, rules: Rules
) -> Decision[Backbone] | None:
    """Take back a term that was entered by mistake. Raises `Problem` 404."""
    tenure = _find(state, term)
    if tenure.voided is not None:
        return None
    told = AppointmentVoided(
        organization_id=state.organization_id,
        area_path=state.area_path,
        term_id=term,
        post=tenure.post,
        person_id=tenure.person_id,
    )
    voided = tenure.model_copy(update={"voided": why})
    return settle(_replace(state, voided), now, rules, [told], why)


def observe(
    state: Backbone | None,
    organization: Registered,
    courses: dict[str, list[Course]],
    began: datetime,
    now: datetime,
    rules: Rules,
) -> Decision[Backbone] | None:
    """Take in what the registry says of the organization and of its holders' training.

    Args:
        courses: by person, of those in office or appointed.
        began: when vacancies were first counted in this city; none counts from before.
    """
    since = max(organization.created_at, began)
    before = state or Backbone(
        organization_id=organization.id, counted_from=since, in_service=not organization.retired
    )
    back = before.back_since
    if not before.in_service and not organization.retired:
        back = now
    table = rules.table
    trainings = [
        Training(
            person_id=person,
            last=max((course.at for course in courses.get(person, ())), default=None),
            counts_until=trained_until(
                courses.get(person, ()), table.training_hours, table.training_years, rules.zone
            ),
        )
        for person in before.holders
    ]
    new = before.model_copy(
        update={
            "area_path": organization.area_path,
            "unit_id": organization.unit_id,
            "in_service": not organization.retired,
            "counted_from": since,
            "back_since": back,
            "trainings": tuple(trainings),
        }
    )
    decision = settle(new, now, rules, why="observed")
    return None if decision.state == state else decision


def on_due(state: Backbone, now: datetime, rules: Rules) -> Decision[Backbone]:
    """What the timer does: a term begins or is over, a vacancy lasts too long."""
    return settle(state, now, rules, why="time")
