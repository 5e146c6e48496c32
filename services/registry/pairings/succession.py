"""A side of a pairing passes to the organization that took over; pure.

Two conflicts end the older pairing instead, with the reason: an organization is not paired with
itself, and the successor may have the same pairing already.

Ours (issue 3, item 2): the policy says nothing of the pairings of who is dissolved or merged.
"""

from collections.abc import Sequence

from services.registry.handover import Passing
from services.registry.pairings.decisions import SIDES, closed
from services.registry.pairings.state import PairingState, snapshot
from services.registry.standing import Party, both_paths, both_units
from shared.storage.aggregates import Decision

Numbered = tuple[str, PairingState]
"""A pairing with its id."""


def passed(state: PairingState, passing: Passing) -> PairingState | None:
    """The pairing with the new side; None where it has ended, or is none of the old one's."""
    roles = [side for side in SIDES if getattr(state, side).organization_id == passing.old]
    if state.ended or not roles:
        return None
    sides: dict[str, Party] = {
        side: passing.party if side in roles else getattr(state, side) for side in SIDES
    }
    return state.model_copy(
        update={
            **sides,
            "area_path": both_paths(*sides.values()),
            "units": both_units(*sides.values()),
            "handovers": (*state.handovers, *(passing.kept(role) for role in roles)),
        }
    )


def alike(one: PairingState, other: PairingState) -> bool:
    """Whether the two say the same: who helps whom, in which way, by whom."""

    def said(state: PairingState) -> tuple[object, ...]:
        sides = (state.giver.organization_id, state.taker.organization_id)
        return (state.kind, *sides, state.person_id)

    return said(one) == said(other)


def hand_over(
    id: str, state: PairingState, passing: Passing, others: Sequence[Numbered] = ()
) -> Decision[PairingState] | None:
    """Pass it on, or end it; None where it has ended, or is none of the old one's.

    Args:
        others: open ones that the successor has with the same other side. One that is younger
            stays, and this one ends; older ones are ended first (`older_than`).
    """
    new = passed(state, passing)
    if new is None:
        return None
    if new.giver.organization_id == new.taker.organization_id:
        return closed(id, state, f"{passing.why}; it would be paired with itself", passing.at)
    for other_id, other in others:
        if alike(new, other) and _age(id, state) < _age(other_id, other):
            return closed(id, state, f"{passing.why}; it has the same: {other_id}", passing.at)
    return Decision(new, [snapshot(id, new)], passing.why)


def older_than(
    id: str, state: PairingState, passing: Passing, others: Sequence[Numbered]
) -> list[str]:
    """Which of the successor's own end as this one comes: older, and the same."""
    new = passed(state, passing)
    if new is None or any(alike(new, o) and _age(id, state) < _age(n, o) for n, o in others):
        return []
    return [n for n, o in others if alike(new, o)]


def _age(id: str, state: PairingState) -> tuple[object, str]:
    return state.terms[0].since, id
