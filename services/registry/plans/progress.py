"""How far a plan is: recorded facts summed over the tree of its parts; pure (art. 16).

A record goes down the tree from the plan into the one part that holds it, and on into the parts of
that, as far as there are any. It is recorded in every place on its way; it is reported by them only
where it ends in a part that is not broken down further. So each record counts once, a place reports
the sum of what its parts report, and never more than what was recorded in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.registry.plans.schemas import (
    FiguresView,
    PartProgress,
    TargetProgress,
)
from services.registry.plans.state import Place, PlanState
from services.registry.plans.table import PlanTable

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Group:
    """Records alike in where they were done and by whom.

    `path` has codes from the top area down; `organizations` the one that did it and those above it,
    the nearest first.
    """

    path: tuple[str, ...]
    organizations: tuple[str, ...]
    quantity: float


@dataclass(slots=True)
class Branch:
    """A place with its parts by `Place.key`, and what was counted of it.

    `plan_id` is the plan that breaks it down; None where it is not. `in_no_part` was recorded here,
    but in none of the parts, if there are any.
    """

    place: Place
    plan_id: str | None = None
    parts: dict[str, "Branch"] = field(default_factory=dict)
    recorded: float = 0.0
    reported: float = 0.0
    in_no_part: float = 0.0

    def holder(self, group: Group) -> "Branch | None":
        """The part that holds the records, the innermost one; None where none does."""
        for organization in group.organizations:
            if (found := self.parts.get(f"organizations/{organization}")) is not None:
                return found
        for code in reversed(group.path):
            if (found := self.parts.get(f"areas/{code}")) is not None:
                return found
        return None


def roll_up(root: Branch, groups: Iterable[Group]) -> Branch:
    """Count records that were all done in the root's place."""
    for group in groups:
        way, last = [root], root
        while last.parts and (inner := last.holder(group)) is not None:
            way.append(inner)
            last = inner
        for branch in way:
            branch.recorded += group.quantity
            if not last.parts:
                branch.reported += group.quantity
        if last.parts:
            last.in_no_part += group.quantity
    return root


Children = Mapping[str, Mapping[str, tuple[str, PlanState]]]
"""Plans in force by the plan above and by the key of the part that they break down."""


def tree_of(id: str, state: PlanState, target_id: str, children: Children) -> Branch:
    """The branches of a target, through all plans below that count the same."""
    branch = Branch(state.place, id)
    target = state.target(target_id)
    for part in target.parts if target else ():
        below = children.get(id, {}).get(part.place.key)
        inner = below and below[1].target(target_id)
        if target and below and inner and inner.measure == target.measure:
            branch.parts[part.place.key] = tree_of(*below, target_id, children)
        else:
            branch.parts[part.place.key] = Branch(part.place)
    return branch


# Against the time


def elapsed(since: datetime, until: datetime, now: datetime) -> float:
    """The share of the time that has passed, 0 to 1."""
    return min(1.0, max(0.0, (now - since) / (until - since)))


def _figures(
    branch: Branch, quantity: float, since: datetime, by: datetime, now: datetime, rules: PlanTable
) -> FiguresView:
    share = elapsed(since, by, now)
    # At the end nothing may be missing any more.
    least = quantity * share * (1 - rules.tolerance if share < 1 else 1)
    return FiguresView(
        quantity=quantity,
        by=by,
        recorded=branch.recorded,
        reported=branch.reported,
        elapsed=share,
        expected=quantity * share,
        behind=share >= rules.from_share and branch.reported < least * (1 - _CLOSE),
    )


def progress_of(
    state: PlanState, counted: Mapping[str, Branch], now: datetime, rules: PlanTable
) -> list[TargetProgress]:
    """Each target and its parts against the time; `counted` is by target."""
    found = []
    for target in state.targets:
        root = counted[target.id]
        figures = _figures(root, target.quantity, state.since, target.until, now, rules)
        parts = []
        for part in target.parts:
            branch = root.parts[part.place.key]
            own = _figures(branch, part.share, state.since, part.by, now, rules)
            parts.append(
                PartProgress(**own.model_dump(), **part.place.fields, plan_id=branch.plan_id)
            )
        found.append(
            TargetProgress(
                **figures.model_dump(),
                id=target.id,
                parts=parts,
                in_no_part=root.in_no_part,
            )
        )
    return found
