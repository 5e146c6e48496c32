"""What happens to a rated subject: steps in their order, locks, unlocking, the result; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import fsum
from typing import Any, Literal

from services.assessment.ratings.result import PublicResult, Tally
from services.assessment.ratings.votes import Purpose
from services.assessment.rounds.state import (
    STAGE_OF,
    STEPS,
    Deadlines,
    Item,
    ItemRating,
    Judgement,
    LineRating,
    Rated,
    Reminder,
    Round,
    SelfRating,
    Stage,
    Subject,
    Terms,
    Unlocking,
)
from services.assessment.rounds.table import LineWeights
from shared.contracts.payload import Payload
from shared.contracts.rounds import (
    RatingLine,
    RatingStep,
    RoundCompleted,
    RoundLeftOpen,
    RoundOpened,
    RoundRated,
    RoundStepDue,
    RoundStepLocked,
    RoundStepUnlocked,
)
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

SELF, PUBLIC, ORGANIZATIONAL = STEPS
_MISSING_PUBLIC = "public"


# Opening


def opened(round_id: str, round: Round) -> Decision[Round]:
    """A round is opened; its subjects' documents are made by the loop. `Problem` 422 where the
    deadlines are not in order."""
    until = round.deadlines
    before = round.opened_at
    for step in STEPS:
        if until.of(step) <= before:
            raise Problem(422, "round-deadlines", field=f"until.{step.value}")
        before = until.of(step)
    if not round.waiting:
        raise Problem(422, "round-of-nobody", field="classes")
    told = RoundOpened(
        round_id=round_id,
        scheme_version=round.terms.scheme_version,
        period=round.period,
        subject_kind=round.kind.value,
        subjects=round.subjects,
        self_rating_until=until.self_rating,
        public_rating_until=until.public_rating,
        organizational_rating_until=until.organizational_rating,
    )
    return Decision(round, [told], why="opened")


def entered(round_id: str, round: Round, subject: Subject) -> Rated:
    """A subject at the beginning of a round. Reminders that lie before it are left out."""
    moments = (
        Reminder(step=step, at=round.deadlines.of(step) - timedelta(hours=hours))
        for step in STEPS
        for hours in round.terms.remind_hours
    )
    return Rated(
        round_id=round_id,
        period=round.period,
        kind=round.kind,
        subject=subject,
        deadlines=round.deadlines,
        reminders=tuple(one for one in moments if one.at > round.opened_at),
    )


# The three steps


def self_rated(
    state: Rated, items: Sequence[Item], ratings: Sequence[ItemRating], by: str, now: datetime
) -> Decision[Rated]:
    """The subject rates itself, every item once; again until the deadline."""
    _ensure_open(state, SELF, now)
    known, given = [item.id for item in items], [rating.item for rating in ratings]
    if sorted(given) != sorted(known):
        raise Problem(422, "self-rating-items", field="items", allowed=known)
    weights = {item.id: item.weight for item in items}
    points = _mean((rating.points, weights[rating.item]) for rating in ratings)
    rating = SelfRating(items=tuple(ratings), points=points, by=by, at=now)
    told = RoundRated(**_of(state), step=SELF, points=points)
    return Decision(state.model_copy(update={"self_rating": rating}), [told], why="self-rating")


def line_rated(
    state: Rated, line: RatingLine, points: float, reason: str, by: str, now: datetime
) -> Decision[Rated]:
    """A line rates the subject: in the third step, or later where that line is missing."""
    if line is RatingLine.RECIPIENTS:
        raise Problem(422, "recipients-by-panel", field="line")
    if line not in state.subject.lines:
        raise Problem(422, "line-not-needed", field="line", allowed=list(state.subject.lines))
    late = state.stage is Stage.OPEN and line in state.missing
    if not late:
        _ensure_open(state, ORGANIZATIONAL, now)
    rating = LineRating(points=points, reason=reason, by=by, at=now)
    changes: dict[str, object] = {"lines": state.lines | {line.value: rating}}
    if late:
        changes["tally_due"] = True
    told = RoundRated(**_of(state), step=ORGANIZATIONAL, line=line, points=points)
    return Decision(state.model_copy(update=changes), [told], why=reason)


def ensure_voices(state: Rated, purpose: Purpose, now: datetime) -> None:
    """Raise `Problem` 409 unless voices are taken now."""
    if purpose is Purpose.RECIPIENTS:
        step = state.step
        if state.stage is Stage.OPEN and RatingLine.RECIPIENTS in state.missing:
            return
        if step in (PUBLIC, ORGANIZATIONAL) and now < state.deadlines.organizational_rating:
            return
    _ensure_open(state, PUBLIC, now)


def _ensure_open(state: Rated, step: RatingStep, now: datetime) -> None:
    if state.stage is STAGE_OF[step] and now < state.deadlines.of(step):
        return
    order = list(STAGE_OF.values())
    early = state.stage in order and order.index(state.stage) < order.index(STAGE_OF[step])
    code = "step-not-yet" if early else "step-locked"
    until = state.deadlines.of(step).isoformat()
    raise Problem(409, code, extra={"until": until}, **_words(step))


STEP_WORDS = {SELF: ("自评", "self-rating"), PUBLIC: ("群众测评", "public rating"),
              ORGANIZATIONAL: ("组织考评", "organizational rating")}  # fmt: skip


# Time


def on_due(state: Rated, now: datetime) -> Decision[Rated] | None:
    """Tell the reminders that are due, and lock the step whose deadline has passed."""
    if state.stage is Stage.OPEN:
        return Decision(state.model_copy(update={"tally_due": True}), why="looked at again")
    step = state.step
    if step is None or state.ended:
        return None
    until = state.deadlines.of(step)
    due = [one for one in state.reminders if one.step is step and one.at <= now]
    left = tuple(one for one in state.reminders if one not in due)
    # Whether the recipients are heard is known once their voices are counted: it is told then.
    counts = step is ORGANIZATIONAL and RatingLine.RECIPIENTS in state.subject.lines
    missing = _lines_missing(state) if step is ORGANIZATIONAL else ()
    changes: dict[str, object]
    events: list[Payload] = []
    if now < until:
        if not due:
            return None
        changes = {"reminders": left}
        done = (step is SELF and state.self_rating is not None) or (
            step is ORGANIZATIONAL and not missing
        )
        if counts:
            changes |= {"tally_due": True, "untold": "due"}
        elif not done:
            events.append(RoundStepDue(**_of(state), step=step, until=until, missing=missing))
        return Decision(state.model_copy(update=changes), events, why="reminder")
    changes = {"reminders": tuple(one for one in state.reminders if one.step is not step)}
    if step is SELF:
        rated = state.self_rating is not None
        changes["stage"] = Stage.PUBLIC
    elif step is PUBLIC:
        rated = True
        changes |= {"stage": Stage.ORGANIZATIONAL, "tally_due": True}
    else:
        rated = not missing
        changes |= {"ended": True, "tally_due": True, "untold": "locked" if counts else None}
    if not counts:
        events.append(RoundStepLocked(**_of(state), step=step, rated=rated))
    return Decision(state.model_copy(update=changes), events, why="deadline")


def _lines_missing(state: Rated) -> tuple[RatingLine, ...]:
    """Lines that nobody has entered; whether the recipients are heard, their voices say."""
    return tuple(line for line in state.subject.lines if line.value not in state.lines)


def unlocked(
    state: Rated, step: RatingStep, until: datetime, reason: str, by: str, now: datetime
) -> Decision[Rated]:
    """An administrator opens a step again. Later steps whose deadline does not come after it move
    on by the time that lay between. What was rated stays until it is rated anew."""
    stages = list(STAGE_OF.values())
    at = stages.index(state.stage) if state.stage in stages else len(stages)
    if STEPS.index(step) >= at and not (state.ended and step is ORGANIZATIONAL):
        raise Problem(409, "step-not-locked", **_words(step))
    if until <= now:
        raise Problem(422, "unlock-until", field="until")
    moved = {step.value: until}
    for before, after in pairwise(STEPS):
        if STEPS.index(after) > STEPS.index(step):
            between = state.deadlines.of(after) - state.deadlines.of(before)
            planned, earliest = state.deadlines.of(after), moved[before.value]
            moved[after.value] = planned if planned > earliest else earliest + between
    unlocking = Unlocking(step=step, until=until, reason=reason, by=by, at=now)
    changed = state.model_copy(
        update={
            "stage": STAGE_OF[step],
            "deadlines": Deadlines.model_validate(state.deadlines.model_dump() | moved),
            "unlockings": (*state.unlockings, unlocking),
            "ended": False,
            "missing": (),
            "recheck_at": None,
            "tally_due": step is ORGANIZATIONAL and state.tally_due,
            "untold": None,
            # Counted again when the step ends again.
            **({} if step is ORGANIZATIONAL else {"tally": None, "public": None}),
        }
    )
    return Decision(changed, [RoundStepUnlocked(**_of(state), step=step, until=until)], why=reason)


def _words(step: RatingStep) -> dict[str, Any]:
    zh, en = STEP_WORDS[step]
    return {"zh": zh, "en": en}


def judged(
    state: Rated, group: str, counts: bool, reason: str, by: str, now: datetime
) -> Decision[Rated]:
    """A person says that a group of voices counts, or does not. A locked rating, and all that it
    touched, is counted again."""
    judgement = Judgement(group=group, counts=counts, reason=reason, by=by, at=now)
    changes: dict[str, object] = {
        "judgements": (*state.judgements, judgement),
        "tally_due": state.tally_due or state.public_locked,
    }
    return Decision(state.model_copy(update=changes), why=reason)


def recounted(state: Rated, why: str) -> Decision[Rated] | None:
    """What a locked rating was counted from changed: it is counted again, also where it is just
    being counted."""
    if not state.public_locked:
        return None
    changes = {"tally_due": True, "recounts": state.recounts + 1}
    return Decision(state.model_copy(update=changes), why=why)


# The result


def settled(
    state: Rated,
    terms: Terms,
    public: PublicResult | None,
    recipients_least: int,
    now: datetime,
    *,
    counted: Rated | None = None,
) -> Decision[Rated] | None:
    """The public rating as counted and, once the last step has ended, the result or what is
    missing; None where nothing changes.

    Args:
        public: of the class as it stands; None where nobody in it has a voice.
        counted: the state whose voices were counted, with `tally` and `recipients` new; None for
            one of the class that is only looked at anew.
    """
    if not state.public_locked:
        return None
    changes: dict[str, object] = {"public": public}
    if counted is not None:
        changes |= {"tally": counted.tally, "recipients": counted.recipients}
        # Judged again meanwhile, or another answer came: it is counted again.
        changes["tally_due"] = any(getattr(state, n) != getattr(counted, n) for n in _COUNTED_WITH)
        if state.untold == counted.untold:
            changes["untold"] = None
    now_ = state.model_copy(update=changes)
    events: list[Payload] = []
    if public is not None and (state.public is None or state.public.points != public.points):
        events.append(RoundRated(**_of(state), step=PUBLIC, points=public.points))
    if state.untold is not None and now_.untold is None:
        events += _told_late(now_, state.untold, recipients_least)
    if now_.ended:
        now_, told = _ended(now_, state, terms, recipients_least, now)
        events += told
    if now_ == state:
        return None
    return Decision(now_, events, why="counted")


_COUNTED_WITH = ("judgements", "lines", "ended", "recounts", "untold")


def _told_late(state: Rated, untold: Literal["due", "locked"], least: int) -> list[Payload]:
    heard = _heard(state, least)
    missing = tuple(line for line in state.subject.lines if line not in heard)
    if untold == "locked":
        return [RoundStepLocked(**_of(state), step=ORGANIZATIONAL, rated=not missing)]
    until = state.deadlines.of(ORGANIZATIONAL)
    due = RoundStepDue(**_of(state), step=ORGANIZATIONAL, until=until, missing=missing)
    return [due] if missing else []


def _heard(state: Rated, least: int) -> dict[RatingLine, float]:
    """The points of each line that is heard; of the recipients with `least` voices or more."""
    points = {RatingLine(line): rating.points for line, rating in state.lines.items()}
    if RatingLine.RECIPIENTS in state.subject.lines and state.recipients is not None:
        hits, size = state.recipients.sample
        if size >= least:
            points[RatingLine.RECIPIENTS] = 100 * hits / size
    return points


def _ended(
    now_: Rated, before: Rated, terms: Terms, recipients_least: int, now: datetime
) -> tuple[Rated, list[Payload]]:
    points = _heard(now_, recipients_least)
    lines = tuple(line for line in now_.subject.lines if line not in points)
    missing = tuple(line.value for line in lines)
    if now_.public is None:
        missing = (*missing, _MISSING_PUBLIC)
    if missing:
        left = now_.model_copy(
            update={
                "stage": Stage.OPEN,
                "missing": missing,
                "organizational": None,
                "total": None,
                "grade": None,
                "corrected": now_.corrected or before.total is not None,
                "recheck_at": now + timedelta(minutes=terms.recheck_minutes)
                if before.recheck_at is None or before.recheck_at <= now
                else before.recheck_at,
            }
        )
        told = RoundLeftOpen(**_of(now_), missing=lines, public_missing=_MISSING_PUBLIC in missing)
        return left, [] if before.missing == missing else [told]
    assert now_.public is not None
    own = now_.self_rating.points if now_.self_rating is not None else 0.0
    organizational = organizational_of(points, now_.subject.lines, terms.lines)
    steps = terms.steps
    total = total_of(
        (own, steps.self_rating),
        (now_.public.points, steps.public_rating),
        (organizational, steps.organizational_rating),
    )
    grade = next(grade.id for grade in terms.grades if total >= grade.at_least)
    told_before = before.total is not None
    changed = before.total != total or before.grade != grade
    done = now_.model_copy(
        update={
            "stage": Stage.COMPLETE,
            "missing": (),
            "recheck_at": None,
            "organizational": organizational,
            "total": total,
            "grade": grade,
            "corrected": now_.corrected or (told_before and changed),
        }
    )
    completed = RoundCompleted(
        **_of(now_),
        self_rating=own,
        public_rating=now_.public.points,
        organizational_rating=organizational,
        public_voices=now_.public.voices,
        total=total,
        grade=grade,
        corrected=done.corrected,
    )
    return done, [completed] if changed or before.stage is not Stage.COMPLETE else []


def organizational_of(
    points: Mapping[RatingLine, float], lines: Iterable[RatingLine], weights: LineWeights
) -> float:
    """The mean of the lines by their weights."""
    return _mean((points[line], getattr(weights, line.value)) for line in lines)


def total_of(*parts: tuple[float, float]) -> float:
    """The weighted sum of `(points, percent)`: 0 to 100."""
    return min(100.0, fsum(points * percent for points, percent in parts) / 100)


def _mean(parts: Iterable[tuple[float, float]]) -> float:
    parts = list(parts)
    return fsum(points * weight for points, weight in parts) / fsum(w for _, w in parts)


def counted(state: Rated, tally: Tally, recipients: Tally | None) -> Rated:
    """The state with its voices counted anew."""
    return state.model_copy(update={"tally": tally, "recipients": recipients})


def _of(state: Rated) -> dict[str, str]:
    return {
        "round_id": state.round_id,
        "subject_kind": state.kind.value,
        "subject_id": state.subject.id,
    }
