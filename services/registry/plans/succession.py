"""A plan of an organization, and shares of it in other plans, pass to who took over; pure.

Shares of one target that come together are added up: what was asked for stays as much. A share that
would stand in the successor's own plan is left out there: it does that part itself. Of two plans
that would break down the same part of a plan above, the older one is closed, with the reason.

Ours (issue 3, item 2): the policy says nothing of the plans of who is dissolved or merged.
"""

from collections.abc import Sequence
from datetime import datetime

from services.registry.handover import Passing
from services.registry.plans.decisions import caught_up, closed, snapshot
from services.registry.plans.state import Part, Place, PlanState, Revision, Target
from services.registry.watch import telling
from shared.storage.aggregates import Decision

Numbered = tuple[str, PlanState]
"""A plan with its id."""


def passed(state: PlanState, passing: Passing) -> PlanState | None:
    """The plan with the new place and parts; None where it is closed, or the old one has none."""
    old = Place(kind="organizations", id=passing.old)
    new = Place(kind="organizations", id=passing.new.organization_id)
    own, named = state.place == old, old.key in state.places
    if state.status == "closed" or not (own or named):
        return None
    place = new if own else state.place
    targets = tuple(_reparted(target, old, new, place) for target in state.targets)
    update: dict[str, object] = {
        "place": place,
        "targets": targets,
        "places": tuple(sorted({part.place.key for t in targets for part in t.parts})),
        # What a successor is behind with is found and told of it, not of the one before.
        "behind": tuple(one for one in state.behind if one.place not in (old, place)),
        "handovers": (
            *state.handovers,
            *([passing.kept("organization_id")] if own else []),
            *([passing.kept("parts")] if named else []),
        ),
    }
    if own:
        update |= {
            "level": passing.new.level,
            "area_path": passing.new.scope,
            "unit_id": passing.new.unit_id,
            "slot": state.parent and f"{state.parent}/{new.key}",
        }
    if targets != state.targets and state.status == "in_force":
        update |= _revised(state, targets, passing)
    return state.model_copy(update=update)


def _reparted(target: Target, old: Place, new: Place, own: Place) -> Target:
    """A target whose parts of `old` are of `new`; those of the plan's own place are left out."""
    if all(part.place not in (old, own) for part in target.parts):
        return target
    parts: dict[str, Part] = {}
    for part in target.parts:
        place = new if part.place == old else part.place
        if place == own:
            continue
        before = parts.get(place.key)
        parts[place.key] = Part(
            place=place,
            share=part.share + (before.share if before else 0.0),
            by=max(part.by, before.by) if before else part.by,
        )
    return target.model_copy(update={"parts": tuple(parts.values())})


def _revised(state: PlanState, targets: Sequence[Target], passing: Passing) -> dict[str, object]:
    was = tuple(target for target in state.targets if target not in targets)
    revision = Revision(
        revision=state.revision, at=passing.at, by=passing.by, reason=passing.why, was=was
    )
    return {
        "revision": state.revision + 1,
        "revisions": (*state.revisions, revision),
        "next_check": passing.at,
    }


def hand_over(
    id: str,
    state: PlanState,
    passing: Passing,
    above: PlanState | None = None,
    others: Sequence[Numbered] = (),
) -> Decision[PlanState] | None:
    """Pass it on, or close it; None where it is closed, or the old one has no part in it.

    Args:
        above: the plan that it breaks down a part of.
        others: plans not closed that break down the same plan above for the successor.
    """
    new = passed(state, passing)
    if new is None:
        return None
    if above is not None and above.place == new.place:
        return closed(id, state, f"{passing.why}; the plan above is its own", passing.at)
    for other_id, other in others:
        if new.slot == other.slot and _age(id, state) < _age(other_id, other):
            why = f"{passing.why}; it has one for the same part: {other_id}"
            return closed(id, state, why, passing.at)
    told = telling(new, passing.at, *caught_up(id, state.behind, new.behind))
    return Decision(told, [snapshot(id, told)], passing.why)


def older_than(
    id: str, state: PlanState, passing: Passing, others: Sequence[Numbered]
) -> list[str]:
    """Which of the successor's own close as this one comes: older, for the same part."""
    new = passed(state, passing)
    if new is None or new.slot is None:
        return []
    same = [(n, o) for n, o in others if o.slot == new.slot]
    if any(_age(id, state) < _age(n, o) for n, o in same):
        return []
    return [n for n, _ in same]


def _age(id: str, state: PlanState) -> tuple[datetime, str]:
    return state.since, id
