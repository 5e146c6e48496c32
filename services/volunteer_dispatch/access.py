"""Who sees a task and who may act on it. Pure."""

from collections.abc import Collection
from typing import Any

from services.volunteer_dispatch.service.joint import JointPart, PartStatus
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.ids import care_round
from shared.contracts.words import AssigneeKind
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

_NOTHING: dict[str, Any] = {"_id": {"$in": []}}


def scope_of(principal: Principal) -> dict[str, Any]:
    """The tasks that the caller sees, as a query on the collection; the same as `sees`, but for
    grids and areas elsewhere that help with a part (`GET /v1/parts` lists those)."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return {}
        case Role.AREA_MANAGER:
            return {"state.areas": {"$in": sorted(principal.areas)}}
        case Role.GRID_LEADER:
            return {"state.grid_id": {"$in": sorted(principal.grids)}}
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            return {"state.units": principal.unit_id}
        case Role.VOLUNTEER if principal.volunteer_id is not None:
            own = {
                "state.assignee.id": principal.volunteer_id,
                "state.assignee.kind": AssigneeKind.VOLUNTEER.value,
            }
            asked = {"state.alerts.open.volunteer_id": principal.volunteer_id}
            offered = {"state.offered_to": f"volunteer:{principal.volunteer_id}"}
            return {"$or": [own, asked, offered]}
        case _:
            return _NOTHING


def sees(principal: Principal, task: TaskState) -> bool:
    """Whether the caller sees the task, as its own or for a part of it."""
    return sees_as_own(principal, task) or any(
        part.round == task.round
        and (part.is_open or part.status is PartStatus.DONE)
        and may_answer(principal, part)
        for part in task.parts
    )


def sees_whole(principal: Principal, task: TaskState) -> bool:
    """Whether the caller sees all of the task: not whoever only assists, or has a part."""
    if principal.role is Role.UNIT_OPERATOR:
        holders = (task.assignee, task.lead)
        return any(one is not None and one.unit_id == principal.unit_id for one in holders)
    return sees_as_own(principal, task)


def may_answer(principal: Principal, part: JointPart) -> bool:
    """Whether the caller answers for who was asked for the part, or stands above."""
    who = part.who
    match principal.role:
        case Role.ADMINISTRATOR:
            return True
        case Role.UNIT_OPERATOR:
            return who.unit_id is not None and who.unit_id == principal.unit_id
        case Role.GRID_LEADER:
            return who.kind is AssigneeKind.GRID_TEAM and who.id in principal.grids
        case Role.AREA_MANAGER:
            return not principal.areas.isdisjoint(part.areas)
        case _:
            return False


def may_coordinate(principal: Principal, task: TaskState) -> bool:
    """Whether the caller may ask helpers and end parts: who has or leads it, or stands above."""
    if may_act(principal, task):
        return True
    lead = task.lead
    if lead is None or not sees_as_own(principal, task):
        return False
    leads_unit = principal.role is Role.UNIT_OPERATOR and lead.unit_id == principal.unit_id
    return leads_unit or (principal.role is Role.GRID_LEADER and lead.id in principal.grids)


def sees_as_own(principal: Principal, task: TaskState) -> bool:
    """Whether the caller sees the task without having a part of it."""
    if principal.role is Role.VOLUNTEER:
        mine = f"volunteer:{principal.volunteer_id}" == task.offered_to
        return _is_volunteer(principal, task) or is_asked(principal, task) or mine
    return is_responsible(principal, task.areas, task.grid_id, task.units)


def is_responsible(
    principal: Principal, areas: Collection[str], grid_id: str | None, units: Collection[str | None]
) -> bool:
    """Whether the caller answers for one of the areas, the grid or one of the units; no resident
    and no volunteer does.
    """
    match principal.role:
        case Role.ADMINISTRATOR:
            return True
        case Role.AREA_MANAGER:
            return not principal.areas.isdisjoint(areas)
        case Role.GRID_LEADER:
            return grid_id in principal.grids
        case Role.UNIT_OPERATOR:
            return principal.unit_id is not None and principal.unit_id in units
        case _:
            return False


def may_act(principal: Principal, task: TaskState) -> bool:
    """Whether the caller is the assignee, or stands above it.

    A grid leader stands above the grid's volunteers, an area manager above all who work in the
    area, but not above the duty officer of a larger area.
    """
    assignee = task.assignee
    if assignee is None or not sees_as_own(principal, task):
        return False
    match principal.role:
        case Role.UNIT_OPERATOR:  # who leads or assists sees it and holds nothing
            return assignee.unit_id == principal.unit_id
        case Role.VOLUNTEER:
            return _is_volunteer(principal, task)
        case Role.GRID_LEADER:
            return assignee.kind in (AssigneeKind.GRID_TEAM, AssigneeKind.VOLUNTEER)
        case Role.AREA_MANAGER if assignee.kind is AssigneeKind.AREA_DUTY:
            path = list(task.areas)
            below = path.index(assignee.id) + 1 if assignee.id in path else len(path)
            return not principal.areas.isdisjoint(path[:below])
        case _:
            return True


def is_asked(principal: Principal, task: TaskState) -> bool:
    """Whether the caller is a volunteer who was asked and may still accept."""
    return principal.role is Role.VOLUNTEER and bool(task.alerts.of(principal.volunteer_id))


def ensure_sees(principal: Principal, task: TaskState) -> None:
    """Raise `Problem` 403 unless the caller sees the task."""
    if sees(principal, task):
        return
    wrong = {Role.AREA_MANAGER: "wrong-area", Role.UNIT_OPERATOR: "wrong-unit"}
    raise Problem(403, wrong.get(principal.role, "not-your-task"))


def ensure_may_act(principal: Principal, task: TaskState) -> None:
    """Raise `Problem` 403 unless the caller may act on the task."""
    ensure_sees(principal, task)
    if not may_act(principal, task):
        raise Problem(403, "not-your-task")


def ensure_may_receive(principal: Principal, task: TaskState) -> None:
    """Raise `Problem` 403 unless the caller may act for whom the task is offered to."""
    ensure_sees(principal, task)
    offered = task.offered
    if offered is None or not may_act(principal, task.having(assignee=offered.to)):
        raise Problem(403, "not-offered-to-you")


def ensure_speaks_for(principal: Principal, task: TaskState, volunteer_id: str) -> None:
    """Raise `Problem` unless the caller may pass on what a volunteer says by telephone: who stands
    above the volunteers of the task, and the volunteer is asked about it or has it."""
    if principal.role is Role.VOLUNTEER and principal.volunteer_id == volunteer_id:
        return
    ensure_sees(principal, task)
    if principal.role not in (Role.GRID_LEADER, Role.AREA_MANAGER, Role.ADMINISTRATOR):
        raise Problem(403, "not-for-others")
    holder = task.holder
    has = holder is not None and (holder.kind, holder.id) == (AssigneeKind.VOLUNTEER, volunteer_id)
    if not has and task.alerts.of(volunteer_id) is None:
        raise Problem(409, "volunteer-not-involved", id=volunteer_id)


def stands_above(principal: Principal, task: TaskState) -> bool:
    """Whether the caller stands above whoever answers for the task, and so may approve.

    A grid leader stands above the grid's volunteers; an area manager above all who work in the
    area, and above the duty officers of the areas within it, but not of the area itself.
    """
    assignee = task.assignee
    if assignee is None or not sees_as_own(principal, task):
        return False
    match principal.role:
        case Role.ADMINISTRATOR:
            return True
        case Role.AREA_MANAGER:
            path = list(task.areas)
            own = assignee.kind is AssigneeKind.AREA_DUTY and assignee.id in path
            return not principal.areas.isdisjoint(path[: path.index(assignee.id)] if own else path)
        case Role.GRID_LEADER:
            return assignee.kind is AssigneeKind.VOLUNTEER
        case _:
            return False


def ensure_may_check(principal: Principal, task: TaskState) -> None:
    """Raise `Problem` 403 unless the caller stands above and is not who asked (four eyes)."""
    ensure_sees(principal, task)
    if not stands_above(principal, task):
        raise Problem(403, "not-above")
    asked_by = task.proposal.by.partition(":")[2] if task.proposal else ""
    if asked_by == principal.subject:
        raise Problem(403, "four-eyes")


def ensure_may_close_problem(principal: Principal, task: TaskState) -> None:
    """Raise `Problem` 403 unless the caller manages the area that looks after it, or one above."""
    ensure_sees(principal, task)
    owner = task.problem.owner_area if task.problem else ""
    path = list(task.areas)
    above = path[: path.index(owner) + 1] if owner in path else path
    if principal.role is not Role.ADMINISTRATOR and principal.areas.isdisjoint(above):
        raise Problem(403, "not-above")


def commands_of(task: TaskState) -> tuple[str, ...]:
    """The commands that are possible now."""
    found: list[str] = []
    match task.status:
        case Status.MATCHING:
            found = ["reassign"]
        case Status.ASSIGNED:
            found = ["accept", "decline", "reassign"]
            if task.returns.undecided is not None:
                found.append("decide")
        case Status.ACCEPTED:
            found = ["progress", "complete", "return", "reassign"]
            if task.clock.pause is not None:
                found.append("resume")
            elif not care_round(task.request_id):
                found.append("wait-for-resident")
            if task.proposal is None:
                found += ["extend", "defer", "answer-finally"]
            if task.offered is not None:
                found += ["accept-hand-over", "decline-hand-over", "withdraw-hand-over"]
            elif task.proposal is None and task.clock.pause is None:
                found.append("hand-over")
    if task.proposal is not None and task.is_open:
        found += ["approve", "refuse"]
    return tuple(found)


def _is_volunteer(principal: Principal, task: TaskState) -> bool:
    assignee = task.assignee
    return (
        assignee is not None
        and principal.volunteer_id is not None
        and assignee.kind is AssigneeKind.VOLUNTEER
        and assignee.id == principal.volunteer_id
        and task.status is not Status.MATCHING
    )
