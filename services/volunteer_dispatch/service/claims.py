"""Taking a task without being asked (自领). Pure; the route reserves a volunteer's place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.volunteer_dispatch.service import life
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.lists import Claims, Source
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind

_LIES_WITH = {
    AssigneeKind.GRID_TEAM: Source.GRID_TEAM,
    AssigneeKind.AREA_DUTY: Source.AREA_DUTY,
}


@dataclass(frozen=True, slots=True)
class Claimer:
    """Who takes, and where: `grids` of a volunteer or grid team, `area` of a unit."""

    who: Assignee
    grids: frozenset[str] = frozenset()
    area: str | None = None
    skills: frozenset[str] = frozenset()
    """Of a volunteer: a search asks for one of them."""


def source_of(state: TaskState) -> Source | None:
    """Where a task lies that nobody has taken yet; None: somebody has it, or it has ended."""
    if state.awaits is not None:
        return None
    if state.status is Status.MATCHING:
        return Source.SEARCH
    if state.status is not Status.ASSIGNED or state.assignee is None:
        return None
    return _LIES_WITH.get(state.assignee.kind)


def is_here(state: TaskState, claimer: Claimer) -> bool:
    """Whether the task lies in the claimer's place."""
    if claimer.who.kind is AssigneeKind.UNIT:
        return claimer.area is not None and claimer.area in state.areas
    return state.grid_id in claimer.grids


def check(state: TaskState, claimer: Claimer, claims: Claims) -> None:
    """Raise `Ruled` unless the claimer may take the task now.

    `claim-elsewhere`, `already-taken` (`holder` says who has it), `claim-not-open`,
    `claim-needs-skill`.
    """
    if not is_here(state, claimer):
        raise Ruled("claim-elsewhere")
    rule, source = claims.of(claimer.who.kind), source_of(state)
    if source is None:
        holder = state.holder
        if state.is_open and holder is not None and state.awaits is None:
            raise Ruled("already-taken", kind=holder.kind.value, id=holder.id)
        raise Ruled("claim-over", state=state.status.value)
    if source not in rule.sources or state.urgency not in rule.urgencies:
        raise Ruled("claim-not-open", kind=claimer.who.kind.value)
    needs = state.skill if source is Source.SEARCH else None
    if claimer.who.kind is AssigneeKind.VOLUNTEER and needs and needs not in claimer.skills:
        raise Ruled("claim-needs-skill", skill=needs)


def claim(
    state: TaskState, claimer: Claimer, reservation: Reservation | None, context: Context
) -> Step:
    """The claimer has the task in hand at once, and leads. Raises `Ruled`."""
    check(state, claimer, context.lists.claims)
    state, given = life.give(
        state, claimer.who, context, level=state.level, reservation=reservation
    )
    state, taken = life.accept(state, now=context.now)
    return state, (*given, *taken)


def pool_of(claimer: Claimer, claims: Claims) -> Mapping[str, Any] | None:
    """The tasks that `check` lets the claimer take, as a query; None: none at all."""
    rule = claims.of(claimer.who.kind)
    here: dict[str, Any] = {"state.grid_id": {"$in": sorted(claimer.grids)}}
    if claimer.who.kind is AssigneeKind.UNIT:
        here = {"state.areas": claimer.area}
    lies: list[dict[str, Any]] = []
    kinds = [kind.value for kind, source in _LIES_WITH.items() if source in rule.sources]
    if kinds:
        lies.append({"state.column": "to_accept", "state.assignee.kind": {"$in": kinds}})
    if Source.SEARCH in rule.sources:
        search: dict[str, Any] = {"state.column": "asking"}
        if claimer.who.kind is AssigneeKind.VOLUNTEER:
            search["state.skill"] = {"$in": sorted(claimer.skills)}
        lies.append(search)
    if not lies:
        return None
    return {
        **here,
        "state.column": {"$in": ["to_accept", "asking"]},
        "state.urgency": {"$in": [one.value for one in rule.urgencies]},
        "$or": lies,
    }
