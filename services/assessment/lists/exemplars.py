"""Exemplars (先进典型) and the practices written up of them; pure (policy, art. 13).

A candidate is found from facts: sustained over several periods, and recognized by the public. A
person checks it. An accepted one's practice is written up in steps and published; others adopt it
and report how it went: taken over, taken over in another form, or dropped.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.assessment.lists.table import ListRules
from services.assessment.service.figures import SubjectKind
from services.assessment.service.pieces import Piece
from services.assessment.subjects import Subject
from shared.contracts.lists import (
    AdoptionReported,
    ExemplarDecided,
    ExemplarFound,
    ExemplarRevoked,
    PracticeAdopted,
    PracticePublished,
    PracticeWithdrawn,
)
from shared.contracts.payload import Payload
from shared.contracts.words import AdoptionOutcome
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

EDITIONS_LIMIT, ADOPTIONS_LIMIT = 50, 2000


class PeriodFacts(Piece):
    """How a subject did in a period; None without a sample."""

    period: str
    score: float | None
    satisfied: int
    rated: int


class Candidacy(Piece):
    """The facts that made a candidate, by period, oldest first."""

    scheme: str
    periods: tuple[PeriodFacts, ...]


class ExemplarStage(StrEnum):
    """How far it is."""

    CANDIDATE = "candidate"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REVOKED = "revoked"


_OVER = frozenset({ExemplarStage.REFUSED, ExemplarStage.REVOKED})


class Revoked(Piece):
    """An accepted exemplar is none any more."""

    at: datetime
    by: str
    reason: str


class Exemplar(State):
    """A subject that is, or might be, an example to others; `findings` are sealed."""

    kind: SubjectKind
    subject_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    stage: ExemplarStage
    found_at: datetime
    candidacy: Candidacy
    checker: str | None = None
    findings: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    revoked: Revoked | None = None


def candidacy(periods: Sequence[PeriodFacts], scheme: str, rules: ListRules) -> Candidacy | None:
    """What makes a candidate of these periods, one after the other; None where they do not.

    Sustained: the score of each period. Recognized by the public: satisfaction of each, by enough
    residents in all of them together.
    """
    if len(periods) != rules.sustained_periods:
        return None
    for each in periods:
        if each.score is None or each.score < rules.score_at_least or not each.rated:
            return None
        if each.satisfied < rules.satisfaction_at_least * each.rated:
            return None
    if sum(each.rated for each in periods) < rules.rated_at_least:
        return None
    return Candidacy(scheme=scheme, periods=tuple(periods))


def _about(state: "Exemplar | Practice") -> dict[str, Any]:
    return {
        "subject_kind": state.kind.value,
        "subject_id": state.subject_id,
        "area_path": state.area_path,
    }


def find(
    state: Exemplar | None, subject: Subject, found: Candidacy, now: datetime
) -> Decision[Exemplar] | None:
    """Take in a candidate; None where it is one, or accepted, or was refused, or found and then
    revoked, on these periods."""
    if state is not None and state.stage not in _OVER:
        return None
    if state is not None and {p.period for p in found.periods} & {
        p.period for p in state.candidacy.periods
    }:
        return None  # refused or revoked on some of the same facts
    new = Exemplar(
        kind=subject.kind,
        subject_id=subject.id,
        area_path=subject.path,
        unit_id=subject.unit_id,
        stage=ExemplarStage.CANDIDATE,
        found_at=now,
        candidacy=found,
    )
    event = ExemplarFound(
        **_about(new),
        period=found.periods[-1].period,
        scheme=found.scheme,
        periods=len(found.periods),
    )
    return Decision(new, [event], "sustained and recognized by the public")


def decide(
    state: Exemplar,
    accepted: bool,
    checker: str,
    findings: str,
    reason: str,
    by: str,
    now: datetime,
) -> Decision[Exemplar]:
    """Accept or refuse a candidate after a check. Raises `Problem` 409."""
    if state.stage is not ExemplarStage.CANDIDATE:
        raise Problem(409, "exemplar-decided", extra={"stage": state.stage})
    new = state.model_copy(
        update={
            "stage": ExemplarStage.ACCEPTED if accepted else ExemplarStage.REFUSED,
            "checker": checker,
            "findings": findings,
            "decided_at": now,
            "decided_by": by,
            "reason": reason,
        }
    )
    event = ExemplarDecided(**_about(new), checker=checker, accepted=accepted)
    return Decision(new, [event], reason)


def revoke(state: Exemplar, reason: str, by: str, now: datetime) -> Decision[Exemplar] | None:
    """An accepted one is an exemplar no more; None where that was done. Raises `Problem` 409.

    What it wrote up stays until somebody withdraws it.
    """
    if state.stage is ExemplarStage.REVOKED:
        return None
    if state.stage is not ExemplarStage.ACCEPTED:
        raise Problem(409, "exemplar-not-to-revoke", extra={"stage": state.stage})
    new = state.model_copy(
        update={
            "stage": ExemplarStage.REVOKED,
            "revoked": Revoked(at=now, by=by, reason=reason),
        }
    )
    return Decision(new, [ExemplarRevoked(**_about(new))], reason)


# Practices


class Edition(Piece):
    """A practice as it was published; a text for everybody, without names."""

    number: int
    at: datetime
    by: str
    title: str
    summary: str
    steps: tuple[str, ...]


class Adoption(Piece):
    """An organization that tries it; `result` is sealed."""

    organization_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    at: datetime
    by: str
    edition: int
    outcome: AdoptionOutcome | None = None
    result: str | None = None
    reported_at: datetime | None = None
    reported_by: str | None = None


class Practice(State):
    """What an exemplar does, in steps that others can follow."""

    practice_id: str
    kind: SubjectKind
    subject_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    editions: tuple[Edition, ...]
    adoptions: tuple[Adoption, ...] = ()
    withdrawn: str | None = None

    @property
    def edition(self) -> Edition:
        """The one in force."""
        return self.editions[-1]


Decide = Callable[[Practice], Decision[Practice] | None]


def _practice(state: Practice, event: Payload, why: str, **changes: Any) -> Decision[Practice]:
    return Decision(state.model_copy(update=changes), [event], why)


def _published(state: Practice) -> PracticePublished:
    return PracticePublished(
        **_about(state),
        practice_id=state.practice_id,
        edition=state.edition.number,
        steps=len(state.edition.steps),
    )


def publish(id: str, exemplar: Exemplar | None, edition: Edition) -> Decision[Practice]:
    """Write up what an accepted exemplar does. Raises `Problem` 409."""
    if exemplar is None or exemplar.stage is not ExemplarStage.ACCEPTED:
        raise Problem(409, "exemplar-not-accepted")
    new = Practice(
        practice_id=id,
        kind=exemplar.kind,
        subject_id=exemplar.subject_id,
        area_path=exemplar.area_path,
        unit_id=exemplar.unit_id,
        editions=(edition,),
    )
    return Decision(new, [_published(new)], "published")


def republish(state: Practice, edition: Edition, reason: str) -> Decision[Practice]:
    """Publish another edition. Raises `Problem` 409."""
    _ensure_there(state)
    if len(state.editions) >= EDITIONS_LIMIT:
        raise Problem(409, "too-many-editions", limit=EDITIONS_LIMIT)
    edition = edition.model_copy(update={"number": state.edition.number + 1})
    new = state.model_copy(update={"editions": (*state.editions, edition)})
    return Decision(new, [_published(new)], reason)


def withdraw(state: Practice, reason: str) -> Decision[Practice] | None:
    """Recommend it no more; None where that was done."""
    if state.withdrawn is not None:
        return None
    event = PracticeWithdrawn(**_about(state), practice_id=state.practice_id)
    return _practice(state, event, reason, withdrawn=reason)


def _ensure_there(state: Practice) -> None:
    if state.withdrawn is not None:
        raise Problem(409, "practice-withdrawn")


def adopt(state: Practice, adopter: Subject, by: str, now: datetime) -> Decision[Practice] | None:
    """An organization tries it; None where it does. Raises `Problem` 409, 422.

    One that dropped it may try again: that is a new adoption.
    """
    _ensure_there(state)
    if adopter.id == state.subject_id:
        raise Problem(422, "own-practice", field="organization_id")
    last = _adoption(state, adopter.id)
    if last is not None and last.outcome is not AdoptionOutcome.DROPPED:
        return None
    if len(state.adoptions) >= ADOPTIONS_LIMIT:
        raise Problem(409, "too-many-adoptions", limit=ADOPTIONS_LIMIT)
    adoption = Adoption(
        organization_id=adopter.id,
        area_path=adopter.path,
        unit_id=adopter.unit_id,
        at=now,
        by=by,
        edition=state.edition.number,
    )
    event = PracticeAdopted(practice_id=state.practice_id, organization_id=adopter.id)
    return _practice(state, event, "adopted", adoptions=(*state.adoptions, adoption))


def _adoption(state: Practice, organization_id: str) -> Adoption | None:
    own = (a for a in reversed(state.adoptions) if a.organization_id == organization_id)
    return next(own, None)


def report(
    state: Practice,
    organization_id: str,
    outcome: AdoptionOutcome,
    result: str,
    by: str,
    now: datetime,
) -> Decision[Practice]:
    """How it went; a later report of the same adoption replaces the earlier. Raises `Problem`."""
    last = _adoption(state, organization_id)
    if last is None:
        raise Problem(404, "not-adopted", id=organization_id)
    reported = last.model_copy(
        update={"outcome": outcome, "result": result, "reported_at": now, "reported_by": by}
    )
    adoptions = tuple(reported if each is last else each for each in state.adoptions)
    event = AdoptionReported(
        practice_id=state.practice_id, organization_id=organization_id, outcome=outcome
    )
    return _practice(state, event, outcome.value, adoptions=adoptions)
