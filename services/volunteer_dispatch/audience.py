"""Who hears of a task's changes, as keys to look listeners up by. Pure; the same as `access.sees`.

A key is `*` (administrators), `area:<code>`, `grid:<id>`, `unit:<id>` or `volunteer:<id>`.
"""

from collections.abc import Mapping
from typing import Any

from services.volunteer_dispatch.service.joint import PartStatus
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.words import AssigneeKind
from shared.web.auth import Principal, Role

EVERYBODY = "*"


def audience_of(task: TaskState) -> frozenset[str]:
    """The keys of those who see the task."""
    keys = {EVERYBODY, *(f"area:{code}" for code in task.areas)}
    keys |= {f"unit:{id}" for id in task.units}
    keys |= {f"volunteer:{alert.volunteer_id}" for alert in task.alerts.open}
    if task.grid_id is not None:
        keys.add(f"grid:{task.grid_id}")
    holder = task.assignee
    is_volunteers = holder is not None and holder.kind is AssigneeKind.VOLUNTEER
    if holder is not None and is_volunteers and task.status is not Status.MATCHING:
        keys.add(f"volunteer:{holder.id}")
    for part in task.parts:
        if part.round != task.round or not (part.is_open or part.status is PartStatus.DONE):
            continue
        keys |= {f"area:{code}" for code in part.areas}
        if part.who.kind is AssigneeKind.GRID_TEAM:
            keys.add(f"grid:{part.who.id}")
    if task.offered_to is not None and task.offered_to.startswith("volunteer:"):
        keys.add(task.offered_to)
    return frozenset(keys)


def keys_of(principal: Principal) -> frozenset[str]:
    """The keys that a caller listens to."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return frozenset({EVERYBODY})
        case Role.AREA_MANAGER:
            return frozenset(f"area:{code}" for code in principal.areas)
        case Role.GRID_LEADER:
            return frozenset(f"grid:{id}" for id in principal.grids)
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            return frozenset({f"unit:{principal.unit_id}"})
        case Role.VOLUNTEER if principal.volunteer_id is not None:
            return frozenset({f"volunteer:{principal.volunteer_id}"})
    return frozenset()


def named_in(data: Mapping[str, Any], task: TaskState) -> frozenset[str]:
    """The keys of those whom a fact's payload names, or who had the task in this round when it was
    assigned anew: they hear that it is theirs no more, should they not see it."""
    keys = {f"volunteer:{id}" for id in data.get("volunteer_ids", ())}
    for member in ("assignee", "to", "who"):
        one = data.get(member) or {}
        if one.get("unit_id"):
            keys.add(f"unit:{one['unit_id']}")
        if one.get("kind") == AssigneeKind.VOLUNTEER.value:
            keys.add(f"volunteer:{one['id']}")
        if one.get("kind") == AssigneeKind.GRID_TEAM.value:
            keys.add(f"grid:{one['id']}")
    if "lead" in data:  # of an assignment
        had = {key for key in task.tried if key.startswith(("unit:", "volunteer:"))}
        keys |= had - {"volunteer:*"}
    return frozenset(keys)
