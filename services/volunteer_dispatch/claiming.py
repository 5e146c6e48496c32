"""Who takes a task without being asked, and the taking: exactly one gets it."""

from typing import Any

from services.volunteer_dispatch.desk import by_of
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service import claims
from services.volunteer_dispatch.service.claims import Claimer
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, TaskState
from services.volunteer_dispatch.taking import give_to_volunteer, marked
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

CLAIMED = "claimed"
_FORBIDDEN = frozenset({"claim-elsewhere", "claim-not-open", "claim-needs-skill"})


async def claimer_of(parts: Parts, principal: Principal, grid_id: str | None = None) -> Claimer:
    """The caller as somebody who takes; a grid leader takes for the team of the task's grid.

    Raises:
        Problem: 403 where the caller is nobody who takes tasks.
    """
    directory = parts.directory
    match principal.role:
        case Role.VOLUNTEER if principal.volunteer_id is not None:
            found = await parts.volunteers.find(principal.volunteer_id)
            if found is not None and not found.get("retired"):
                grid = found.get("grid_id")
                return Claimer(
                    directory.volunteer(principal.volunteer_id, found.get("unit_id"), grid),
                    grids=frozenset([grid] if grid else []),
                    skills=frozenset(found.get("skills", ())),
                )
        case Role.UNIT_OPERATOR if principal.unit_id in directory.units:
            assert principal.unit_id is not None
            unit = directory.units[principal.unit_id]
            if not unit.retired:
                return Claimer(directory.unit(principal.unit_id), area=unit.area)
        case Role.GRID_LEADER if principal.grids:
            grid = grid_id if grid_id in principal.grids else min(principal.grids)
            return Claimer(directory.grid_team(grid or ""), grids=principal.grids)
    raise Problem(403, "claims-nothing")


async def claim(
    parts: Parts,
    id: str,
    principal: Principal,
    *,
    version: int | None = None,
    attempt: str | None = None,
) -> Aggregate[TaskState]:
    """Take the task.

    Raises:
        Problem: 409 `already-taken` with `holder`, `claim-over`, `you-are-full`; 403 where the
            caller may not take it.
    """
    task = await parts.store.get(id)
    grid = task.state.grid_id if task is not None and task.state is not None else None
    claimer = await claimer_of(parts, principal, grid)
    try:
        if claimer.who.kind is AssigneeKind.VOLUNTEER:
            return await give_to_volunteer(
                parts,
                id,
                claimer.who.id,
                ensure=lambda state: claims.check(state, claimer, parts.context().lists.claims),
                decide=lambda state, _who, place, context: _taken(state, claimer, place, context),
                full=Problem(409, "you-are-full"),
                by=by_of(principal),
                version=version,
                attempt=attempt,
            )

        def decide(state: TaskState | None) -> Decision[TaskState]:
            assert state is not None
            return _taken(state, claimer, None, parts.context())

        return await parts.store.execute(
            id, marked(decide, attempt), by=by_of(principal), version=version
        )
    except Ruled as rule:
        raise problem_of(rule) from None


def _taken(
    state: TaskState, claimer: Claimer, place: Reservation | None, context: Context
) -> Decision[TaskState]:
    return Decision(*claims.claim(state, claimer, place, context), CLAIMED)


def problem_of(rule: Ruled) -> Problem:
    """403 where the caller may never take it, else 409; `holder` says who has it."""
    extra: dict[str, Any] = {}
    if rule.code == "already-taken":
        extra["holder"] = {"kind": rule.parameters["kind"], "id": rule.parameters["id"]}
    status = 403 if rule.code in _FORBIDDEN else 409
    return Problem(status, rule.code, extra=extra, **rule.parameters)
