"""Corrections as facts in the journal: what is told of them, and a case of what was told; pure."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from services.assessment.service.cases import Case, Correction, Voided, settled
from shared.contracts.corrections import CaseCorrected, CorrectionVoided
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.messaging.processor import FactHandler
from shared.storage.aggregates import At, Decision


def untold(request_id: str, case: Case) -> list[At]:
    """The facts of the corrections that none was told of yet, with their own times: of the newest
    one, and of those made before assessment told of any."""
    return [
        fact
        for one in case.corrections[case.corrections_told :]
        for fact in (
            At(one.at, CaseCorrected.model_validate({"request_id": request_id, **_said(one)})),
            *([] if one.voided is None else [voided(request_id, one.number, one.voided)]),
        )
    ]


def voided(request_id: str, number: int, back: Voided) -> At:
    """The fact that a correction was taken back."""
    said = back.model_dump(include={"by", "reason"})
    return At(back.at, CorrectionVoided(request_id=request_id, number=number, **said))


def tell(request_id: str, case: Case | None) -> Decision[Case] | None:
    """Tell of corrections made before assessment told of any; None where that is done."""
    if case is None or not (facts := untold(request_id, case)):
        return None
    told = case.model_copy(update={"corrections_told": len(case.corrections)})
    return Decision(told, facts, why="corrections told")


def _said(one: Correction) -> dict[str, object]:
    return one.model_dump(exclude={"at", "voided"}, exclude_none=True)


def on_case_corrected(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
    """The case with a correction as it was told."""
    told = event.data
    assert isinstance(told, CaseCorrected)
    case = state or Case()
    if told.number <= len(case.corrections):
        return None
    said = told.model_dump(exclude={"request_id"})
    return _with(case, [*case.corrections, Correction(at=event.time, **said)], zone)


def on_correction_voided(state: Case | None, event: Event, zone: tzinfo) -> Decision[Case] | None:
    """The case with a correction taken back."""
    told = event.data
    assert isinstance(told, CorrectionVoided)
    case = state or Case()
    back = Voided(at=event.time, by=told.by, reason=told.reason)
    return _with(
        case,
        [
            one.model_copy(update={"voided": back}) if one.number == told.number else one
            for one in case.corrections
        ],
        zone,
    )


def _with(case: Case, corrections: Sequence[Correction], zone: tzinfo) -> Decision[Case]:
    changed = {"corrections": tuple(corrections), "corrections_told": len(corrections)}
    return Decision(settled(case.model_copy(update=changed), zone))


FACTS: Mapping[type[Payload], FactHandler[Case, tzinfo]] = {
    CaseCorrected: on_case_corrected,
    CorrectionVoided: on_correction_voided,
}
"""Assessment does not listen to its own: they make cases anew from the journals."""
