"""Standings (the grade that a subject has) and settlements of periods, and what changes them;
pure."""

from datetime import datetime

from services.assessment.scores.score import Near
from shared.contracts.payload import Payload
from shared.contracts.scores import GradeChanged, GradeNear, PeriodSettled
from shared.storage.aggregates import Decision, State


class Standing(State):
    """What was last told of a subject's grade in a period. Its history says how it came about."""

    period: str
    kind: str
    subject_id: str
    class_id: str
    scheme_version: int
    total: float | None = None
    """When it was last told: the score of now is computed when it is read."""
    rank: int | None = None
    grade: str | None = None
    below: str | None = None
    """The worse grade that is near."""
    above: str | None = None


TOLD = ("class_id", "scheme_version", "grade", "below", "above")
"""What makes a standing another one."""


def told(
    known: Standing | None, now: Standing, near: tuple[Near | None, Near | None]
) -> Decision[Standing] | None:
    """The change from `known` to `now`; None where nothing is to be told."""
    if known is not None and all(getattr(known, name) == getattr(now, name) for name in TOLD):
        return None
    events: list[Payload] = []
    about = {
        "period": now.period,
        "subject_kind": now.kind,
        "subject_id": now.subject_id,
        "class_id": now.class_id,
        "scheme_version": now.scheme_version,
    }
    before = None if known is None else known.grade
    if before != now.grade:
        change = {"before": before, "after": now.grade, "score": now.total, "rank": now.rank}
        events.append(GradeChanged.model_validate(about | change))
    for direction, one, was in (
        ("down", near[0], known and known.below),
        ("up", near[1], known and known.above),
    ):
        if one is not None and now.grade is not None and (one.grade != was or before != now.grade):
            warning = {
                "grade": now.grade,
                "near": one.grade,
                "direction": direction,
                "points": one.points,
            }
            events.append(GradeNear.model_validate(about | warning))
    again = known is not None and known.scheme_version != now.scheme_version
    why = f"schemes/{now.scheme_version}" if again else "its figures changed"
    return Decision(now, events, why=why)


class Settlement(State):
    """The scores of a period, kept for good: once asked for, the loop of the leader keeps them."""

    period: str
    scheme_version: int
    revision: int
    at: datetime
    by: str
    reason: str
    done: bool = False
    subjects: int = 0

    @property
    def shown(self) -> int:
        """The revision that is read; 0: none yet."""
        return self.revision if self.done else self.revision - 1


def settle(
    known: Settlement | None, period: str, scheme_version: int, at: datetime, by: str, reason: str
) -> Decision[Settlement] | None:
    """Ask for a period to be settled, or settled again; None while it is being done."""
    if known is not None and not known.done:
        return None
    revision = 1 if known is None else known.revision + 1
    state = Settlement(
        period=period,
        scheme_version=scheme_version,
        revision=revision,
        at=at,
        by=by,
        reason=reason,
    )
    return Decision(state, why=reason)


def kept(known: Settlement | None, revision: int, subjects: int) -> Decision[Settlement] | None:
    """Note that a revision is kept; None where it is noted already, or another one is asked for."""
    if known is None or known.done or known.revision != revision:
        return None
    done = known.model_copy(update={"done": True, "subjects": subjects})
    event = PeriodSettled(
        period=known.period,
        scheme_version=known.scheme_version,
        revision=revision,
        subjects=subjects,
    )
    return Decision(done, [event], why="kept")
