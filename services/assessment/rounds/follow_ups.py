"""The follow-ups that rate a subject in a round, as voices; pure.

What counts is the resident's latest answer before the public rating's deadline, by the event's
time, as corrections judge it; and it rates who did the work of that answer's round, whoever has the
case later. So it depends on what is known of the case, and not on when that came or was counted.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from services.assessment.ratings.votes import Entered, Source, Vote
from services.assessment.rounds.access import place_of
from services.assessment.rounds.state import Rated
from services.assessment.schemes.periods import months_of
from services.assessment.service.cases import (
    Case,
    FollowUp,
    as_judged,
    holding,
    is_excluded,
    key_of,
    responsible_for,
)
from services.assessment.service.figures import SubjectKind

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOWHERE = "-"
"""The place of an unlocated request's voice."""


def keys_of(state: Rated) -> tuple[str, ...]:
    """The groups of cases that may rate a subject, one a month of the period."""
    return tuple(key_of(state.kind.group, state.subject.id, m) for m in months_of(state.period))


def votes_of(state: Rated, cases: Iterable[tuple[str, Case]], satisfied_from: int) -> list[Vote]:
    """The voices for a subject from the cases (with their ids) that may rate it."""
    found = (_vote(state, id, case, satisfied_from) for id, case in cases)
    return [vote for vote in found if vote is not None]


def answered_before(case: Case, until: datetime) -> list[str]:
    """Rounds whose answer came before `until`; of those kept without a time one cannot say."""
    return [n for n, one in case.follow_ups.items() if one.at is None or one.at < until]


def _vote(state: Rated, id: str, case: Case, satisfied_from: int) -> Vote | None:
    corrections = holding(case)
    if is_excluded(corrections):
        return None
    judged = as_judged(case, corrections)
    latest = max(answered_before(judged, state.deadlines.public_rating), key=int, default=None)
    if latest is None or not _rates(state, judged, latest):
        return None
    answer = judged.follow_ups[latest]
    if answer.satisfied is None:
        return None
    by_staff = answer.by == "staff"
    return Vote(
        id=id,
        at=answer.at or judged.accepted_at or _LONG_AGO,
        source=Source.FOLLOW_UP,
        place=judged.area_path[-1] if judged.area_path else NOWHERE,
        device=answer.device or "",
        network=answer.network or "",
        satisfied=answer.satisfied >= satisfied_from,
        asker="" if by_staff else answer.asker or "",
        entered=_entered(state, answer),
    )


def _rates(state: Rated, case: Case, number: str) -> bool:
    id = state.subject.id
    if state.kind.group == "area":
        return id in case.area_path
    who = responsible_for(case, number)
    return id == (who.unit_id if state.kind is SubjectKind.UNIT else who.organization_id)


def _entered(state: Rated, answer: FollowUp) -> Entered:
    if answer.by != "staff":
        return answer.by or "unknown"
    place = place_of(state.kind, state.subject)
    return "own_staff" if place is not None and place in answer.staff_path else "staff"
