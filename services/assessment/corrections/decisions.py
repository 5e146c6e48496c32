"""Corrections as decisions on a case; pure."""

from datetime import datetime, tzinfo

from services.assessment.corrections import (
    facts,
    messages,  # noqa: F401  (registers the sentences)
)
from services.assessment.corrections.schemas import CorrectionBody
from services.assessment.service.cases import Case, Correction, Voided, settled
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

MOST = 50
"""Corrections of one case."""
_OF_ANSWER = ("without_answer", "contacted", "solved", "satisfied")


def correct(
    request_id: str,
    case: Case | None,
    body: CorrectionBody,
    now: datetime,
    by: str,
    zone: tzinfo,
) -> Decision[Case] | None:
    """Judge a case otherwise; None where the last correction says the same.

    Raises:
        Problem: the case is not known, there is no answer to correct, or there are too many.
    """
    case = _known(case)
    said = body.model_dump(exclude={"reason"}, exclude_none=True)
    rounds: dict[str, int] = {}
    if any(name in said for name in _OF_ANSWER):
        latest = max(case.follow_ups, key=int, default=None)
        if latest is None:
            raise Problem(409, "no-answer-to-correct")
        rounds["answer_round"] = int(latest)
    if "verdict" in said:
        rounds["work_round"] = case.round
    made = Correction.model_validate(
        {"number": len(case.corrections) + 1, "at": now, "by": by, "reason": body.reason}
        | said
        | rounds
    )
    if case.corrections:
        last = case.corrections[-1]
        if last == made.model_copy(update={"number": last.number, "at": last.at}):
            return None
    if len(case.corrections) >= MOST:
        raise Problem(409, "corrections-too-many", most=MOST)
    changed = _with(case, (*case.corrections, made), zone)
    events = facts.untold(request_id, case.model_copy(update={"corrections": changed.corrections}))
    return Decision(changed, events, why=body.reason)


def void(
    request_id: str,
    case: Case | None,
    number: int,
    reason: str,
    now: datetime,
    by: str,
    zone: tzinfo,
) -> Decision[Case] | None:
    """Take a correction back; None where that was done before.

    Raises:
        Problem: the case or the correction is not known.
    """
    case = _known(case)
    if not 1 <= number <= len(case.corrections):
        raise Problem(404, "correction-not-found", number=number, corrections=len(case.corrections))
    one = case.corrections[number - 1]
    if one.voided is not None:
        return None
    back = Voided(at=now, by=by, reason=reason)
    corrections = (
        *case.corrections[: number - 1],
        one.model_copy(update={"voided": back}),
        *case.corrections[number:],
    )
    events = [*facts.untold(request_id, case), facts.voided(request_id, number, back)]
    return Decision(_with(case, corrections, zone), events, why=reason)


def _with(case: Case, corrections: tuple[Correction, ...], zone: tzinfo) -> Case:
    told = {"corrections": corrections, "corrections_told": len(corrections)}
    return settled(case.model_copy(update=told), zone)


def _known(case: Case | None) -> Case:
    if case is None or case.accepted_at is None:
        raise Problem(404, "case-not-found")
    return case
