"""Who sees which requests: once as a question about one, once as a filter for lists. Pure."""

from typing import Any

from services.request_intake.state import RequestState
from shared.storage.client import Document
from shared.web.auth import Principal, Role, sees_area
from shared.web.problems import Problem

Filter = dict[str, Any]


def of_the_place(principal: Principal, state: RequestState) -> bool:
    """Whether the caller is responsible for the place of the request, or the administrator."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return True
        case Role.AREA_MANAGER:
            return sees_area(principal, state.area_path)
        case Role.GRID_LEADER:
            return state.grid_id in principal.grids or sees_area(principal, state.area_path)
        case _:
            return False


def staff_path(principal: Principal, state: RequestState) -> tuple[str, ...]:
    """The request's areas down to the lowest one that the caller is staff of; empty for the
    administrator, who is nobody's in particular."""
    if principal.role is Role.ADMINISTRATOR:
        return ()
    if principal.role is Role.GRID_LEADER and state.grid_id in principal.grids:
        return state.area_path
    own = [n for n, code in enumerate(state.area_path, 1) if code in principal.areas]
    return state.area_path[: max(own, default=0)]


def holds(principal: Principal, state: RequestState) -> bool:
    """Whether the caller operates the unit, or is the volunteer, that holds the task."""
    if state.assignee is None:
        return False
    if principal.role is Role.UNIT_OPERATOR:
        unit = principal.unit_id
        return unit is not None and unit in (state.assignee.unit_id, state.assignee.id)
    if principal.role is Role.VOLUNTEER:
        return principal.volunteer_id is not None and principal.volunteer_id == state.assignee.id
    return False


def sees(principal: Principal, state: RequestState) -> bool:
    """Whether the caller may read the request, requester apart. Agrees with `scope`.

    Nobody is responsible for the place of an unlocated one, so every area manager may place it.
    """
    return (
        of_the_place(principal, state)
        or holds(principal, state)
        or (state.submitted_by is not None and state.submitted_by == principal.subject)
        or (principal.role is Role.AREA_MANAGER and not state.located)
        or (
            principal.role is Role.UNIT_OPERATOR
            and principal.unit_id is not None
            and principal.unit_id == state.reporting_unit
        )
    )


def sees_requester(principal: Principal, state: RequestState) -> bool:
    """Whether the caller may read who asks."""
    if principal.role is Role.VOLUNTEER:
        return False
    return of_the_place(principal, state) or holds(principal, state)


def ensure_sees(principal: Principal, state: RequestState) -> None:
    """Raise `Problem` 403 unless `sees`."""
    if not sees(principal, state):
        unit = principal.role in (Role.UNIT_OPERATOR, Role.VOLUNTEER)
        raise Problem(403, "wrong-unit" if unit else "wrong-area")


def scope(principal: Principal) -> Filter:
    """The filter for what the caller sees; empty for the administrator."""
    if principal.role is Role.ADMINISTRATOR:
        return {}
    own: list[Document] = [{"state.submitted_by": principal.subject}]
    match principal.role:
        case Role.AREA_MANAGER:
            own += [_in("state.area_path", principal.areas), {"state.located": False}]
        case Role.GRID_LEADER:
            own += [
                _in("state.grid_id", principal.grids),
                _in("state.area_path", principal.areas),
            ]
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            own += [
                {"state.assignee.unit_id": principal.unit_id},
                {"state.assignee.id": principal.unit_id},
                {"state.reporting_unit": principal.unit_id},
            ]
        case Role.VOLUNTEER if principal.volunteer_id is not None:
            own.append({"state.assignee.id": principal.volunteer_id})
        case _:
            pass
    return {"$or": own}


def _in(name: str, values: frozenset[str]) -> Document:
    return {name: {"$in": sorted(values)}}
