"""A side of an assigned task passes to the organization that took over; pure.

Ours (issue 3, item 2): the policy says nothing of the open work of who is dissolved or merged.
"""

from services.registry.assignments.state import OPEN, AssignmentState, settled, snapshot
from services.registry.handover import Passing
from services.registry.standing import both_paths, both_units
from shared.storage.aggregates import Decision

_SIDES = ("assigner", "receiver")


def is_open(state: AssignmentState) -> bool:
    """Whether something is still to be done or to be paid."""
    return state.status in OPEN or bool(state.owed())


def hand_over(
    id: str, state: AssignmentState, passing: Passing
) -> Decision[AssignmentState] | None:
    """Pass it on; None where nothing of it is open, or it is none of the old one's.

    A task that an organization would have assigned to itself is withdrawn, with the reason; money
    still owed for one that is done is then owed no more.
    """
    roles = [side for side in _SIDES if getattr(state, side).organization_id == passing.old]
    if not roles or not is_open(state):
        return None
    sides = {side: passing.party if side in roles else getattr(state, side) for side in _SIDES}
    update: dict[str, object] = {
        **sides,
        "area_path": both_paths(*sides.values()),
        "units": both_units(*sides.values()),
        "handovers": (*state.handovers, *(passing.kept(role) for role in roles)),
    }
    why = passing.why
    if len({side.organization_id for side in sides.values()}) == 1 and state.status in OPEN:
        update = {"status": "cancelled"}
        why = f"{passing.why}; it would be assigned to itself"
    new = settled(state.model_copy(update=update))
    return Decision(new, [snapshot(id, new)], why)
