"""Once and in order: what to do with a fact, from the last one applied. Pure."""

from enum import StrEnum

from shared.contracts.envelope import Event
from shared.storage.aggregates import Seen


class Admission(StrEnum):
    """What the gate says of a fact."""

    APPLY = "apply"
    DUPLICATE = "duplicate"
    GAP = "gap"
    """Facts before this one have not come."""
    REUSED = "reused"
    """Another event has been applied under this sequence."""


def inbox_key(source: str, subject: str) -> str:
    """Key of a source's subject in an aggregate's inbox."""
    return f"{source}|{subject}"


def admit(seen: Seen | None, event: Event) -> Admission:
    """Decide on `event` after `seen`, the last fact applied of its source and subject."""
    last = 0 if seen is None else seen.sequence
    if event.sequence == last + 1:
        return Admission.APPLY
    if event.sequence > last:
        return Admission.GAP
    if seen is not None and event.sequence == last and event.id != seen.event_id:
        return Admission.REUSED
    return Admission.DUPLICATE
