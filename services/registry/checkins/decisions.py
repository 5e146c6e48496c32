"""Decisions on check-ins, their reports and the community's word; pure (policy, art. 5)."""

import calendar
from datetime import datetime, timedelta
from typing import Any

from services.registry.checkins.posts import all_left
from services.registry.checkins.states import Book, Checkin, Feedback, Report, Stage, facts_of
from services.registry.checkins.table import CheckinRules
from shared.contracts.checkins import (
    CheckedIn,
    CheckinEnded,
    CheckinFact,
    FeedbackGiven,
    PostLeft,
    ReportDue,
    Reported,
    ReportOverdue,
)
from shared.contracts.payload import Payload
from shared.storage.aggregates import Decision, IdempotencyConflict
from shared.web.auth import Principal, Role, sees_area, sees_unit
from shared.web.problems import Problem

ENDED_KEPT = 20
"""Ended check-ins that a book keeps; what came before stands in records and events."""
REPORTS_KEPT = 12
FEEDBACK_KEPT = 12
_ORDER: tuple[Stage, ...] = ("in_order", "due", "reminded", "overdue")


def is_reporter(principal: Principal, book: Book) -> bool:
    """Whether the caller is the person whose book it is."""
    person = principal.role is Role.VOLUNTEER and book.kind == "people"
    return person and principal.volunteer_id == book.reporter


def may_act(principal: Principal, book: Book, checkin: Checkin) -> bool:
    """The reporter, the unit, and those who answer for the community."""
    if principal.role is Role.UNIT_OPERATOR:
        return sees_unit(principal, book.unit_id)
    return is_reporter(principal, book) or answers_for(principal, checkin)


def answers_for(principal: Principal, checkin: Checkin) -> bool:
    """Whether the caller speaks for the community."""
    roles = (Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER)
    return principal.role in roles and sees_area(principal, checkin.area_path)


def months_after(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the month's last day."""
    month = moment.year * 12 + moment.month - 1 + months
    year, month = month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def due_by(due_at: datetime, rules: CheckinRules) -> dict[str, Any]:
    """The date of a report, and when it is told, reminded of, and overdue."""
    return {
        "due_at": due_at,
        "tell_at": due_at - timedelta(days=rules.tell_days_before),
        "remind_at": due_at - timedelta(days=rules.remind_days_before),
        "overdue_at": due_at + timedelta(days=rules.overdue_days_after),
        "stage": "in_order",
    }


def check_in(
    book: Book,
    id: str,
    community: str,
    path: tuple[str, ...],
    services: list[str],
    rules: CheckinRules,
    now: datetime,
    attempt: str | None = None,
) -> Decision[Book] | None:
    """Report to a community; None where this attempt did it before. Raises `Problem` 409."""
    earlier = book.find(id)
    if earlier is not None:
        if earlier.attempt != attempt:
            raise IdempotencyConflict
        return None
    for one in book.active:
        if one.community == community:
            raise Problem(
                409, "checked-in", field="community", where=f"/v1/checkins/{one.id}", id=one.id
            )
    limit = getattr(rules.communities_each, book.kind)
    if len(book.active) >= limit:
        raise Problem(409, "communities-each", field="community", limit=limit)
    made = Checkin(
        id=id,
        community=community,
        area_path=path,
        services=tuple(services),
        since=now,
        attempt=attempt,
        **due_by(months_after(now, rules.report_every_months), rules),
    )
    ended = [one for one in book.checkins if one.ended_at is not None and not one.posts]
    dropped = {one.id for one in ended[: max(0, len(ended) - ENDED_KEPT)]}
    kept = tuple(one for one in book.checkins if one.id not in dropped)
    new = book.model_copy(update={"checkins": kept}).put(made, now)
    told = CheckedIn(services=made.services, **facts_of(book, made))
    return Decision(new, [told], "checked in")


def report(
    book: Book,
    checkin: Checkin,
    report_id: str,
    words: str | None,
    rules: CheckinRules,
    now: datetime,
) -> Decision[Book] | None:
    """Make the report; a further one within a period moves no date. Raises `Problem` 409.

    None where it was made before. A late one does not put off the next: dates stay half a year
    apart.
    """
    ensure_active(checkin)
    if any(one.id == report_id for one in checkin.reports):
        return None
    every = rules.report_every_months
    due_at, moved = checkin.due_at, dict[str, Any]()
    counts = now >= months_after(due_at, -every)
    if counts:
        following = months_after(due_at, every)
        while following <= now:
            following = months_after(following, every)
        moved = due_by(following, rules)
    made = Report(id=report_id, at=now, due_at=due_at if counts else None, words=words)
    reports = (*checkin.reports, made)[-REPORTS_KEPT:]
    changed = checkin.model_copy(update={"reports": reports} | moved)
    return Decision(
        book.put(changed, now),
        [Reported(due_at=made.due_at, **facts_of(book, checkin))],
        "reported",
    )


def give_feedback(
    book: Book, checkin: Checkin, given: Feedback, now: datetime
) -> Decision[Book] | None:
    """The community's word on a period, instead of an earlier one; None where this was given."""
    if any(one.id == given.id for one in checkin.feedback):
        return None
    others = [one for one in checkin.feedback if one.period != given.period]
    changed = checkin.model_copy(update={"feedback": (*others, given)[-FEEDBACK_KEPT:]})
    told = FeedbackGiven(period=given.period, **facts_of(book, checkin))
    return Decision(book.put(changed, now), [told], f"word on {given.period}")


def end(book: Book, checkin: Checkin, reason: str, now: datetime) -> Decision[Book] | None:
    """End a check-in; its posts are left. None where it has ended."""
    if checkin.ended_at is not None:
        return None
    changed = all_left(checkin).model_copy(update={"ended_at": now})
    of = facts_of(book, checkin)
    left = [PostLeft(post=one.post, **of) for one in checkin.posts if one.status == "held"]
    return Decision(book.put(changed, now), [*left, CheckinEnded(**of)], reason)


def on_due(book: Book, now: datetime, *, gone: bool = False) -> Decision[Book] | None:
    """Tell that reports are due, remind, tell that they are overdue.

    Of several steps that were missed (the service was down) only the last is told. `gone`: the
    entry was retired, so that its check-ins end.
    """
    told: list[Payload] = []
    new = book
    for checkin in book.active:
        if gone:
            decision = end(new, checkin, "", now)
            assert decision is not None  # it is active
            new, told = decision.state, [*told, *decision.events]  # type: ignore[list-item]
            continue
        stage = _stage(checkin, now)
        if _ORDER.index(stage) > _ORDER.index(checkin.stage):
            new = new.put(checkin.model_copy(update={"stage": stage}), now)
            told.append(_told(stage, checkin.due_at, facts_of(book, checkin)))
    why = "the entry was retired" if gone else "the date of the report"
    return Decision(new, told, why) if told else None


def _stage(checkin: Checkin, now: datetime) -> Stage:
    steps: tuple[tuple[Stage, datetime], ...] = (
        ("overdue", checkin.overdue_at),
        ("reminded", checkin.remind_at),
        ("due", checkin.tell_at),
    )
    return next((stage for stage, at in steps if at <= now), "in_order")


def _told(stage: Stage, due_at: datetime, of: dict[str, Any]) -> CheckinFact:
    if stage == "overdue":
        return ReportOverdue(due_at=due_at, **of)
    return ReportDue(due_at=due_at, reminder=stage == "reminded", **of)


def ensure_active(checkin: Checkin) -> None:
    """Raise `Problem` 409 where the check-in has ended."""
    if checkin.ended_at is not None:
        raise Problem(409, "checkin-ended", where="/v1/checkins")
