"""What the routes of activities and hours share: who may do what, finding, changing, the code."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response

from services.volunteer_dispatch import messages_activities as _messages  # noqa: F401 (registers)
from services.volunteer_dispatch.access import is_responsible
from services.volunteer_dispatch.desk import by_of, parts_of
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas_activities import (
    ActivityDetail,
    shown_activity,
    shown_sign_ups,
)
from services.volunteer_dispatch.service.activities import Step
from services.volunteer_dispatch.service.activity_state import ActivityState
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.hours import HoursState
from services.volunteer_dispatch.service.returns import Ruled
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role
from shared.web.etag import etag, if_match
from shared.web.problems import Problem


def moment() -> datetime:
    """Now, as the database keeps it."""
    return whole(datetime.now(UTC))


def manages(principal: Principal, state: ActivityState) -> bool:
    """Whether the caller answers for the activity: organizer, grid leader, areas above."""
    return is_responsible(principal, state.area_path, state.grid_id, (state.organizer.unit_id,))


def in_charge(principal: Principal, state: ActivityState) -> bool:
    """Who manages it, or leads on site."""
    leads = principal.role is Role.VOLUNTEER and principal.volunteer_id is not None
    return manages(principal, state) or (leads and principal.volunteer_id == state.leader_id)


def may_confirm(principal: Principal, state: HoursState) -> bool:
    """Whether the caller received the service, or stands above who did."""
    if principal.role is Role.VOLUNTEER:
        return principal.volunteer_id is not None and principal.volunteer_id == state.leader_id
    return is_responsible(principal, state.areas, state.grid_id, (state.receiver_unit_id,))


def ensure_may_confirm(principal: Principal, state: HoursState) -> None:
    """Raise `Problem` 403 unless the caller may confirm, and for somebody else."""
    if principal.volunteer_id is not None and principal.volunteer_id == state.volunteer_id:
        raise Problem(403, "own-hours")
    if not may_confirm(principal, state):
        raise Problem(403, "hours-not-yours")


def hours_scope(principal: Principal) -> dict[str, Any]:
    """The hours that the caller sees, as a query."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return {}
        case Role.AREA_MANAGER:
            return {"state.areas": {"$in": sorted(principal.areas)}}
        case Role.GRID_LEADER:
            return {"state.grid_id": {"$in": sorted(principal.grids)}}
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            return {"state.receiver_unit_id": principal.unit_id}
        case Role.VOLUNTEER if principal.volunteer_id is not None:
            mine = ("state.volunteer_id", "state.leader_id")
            return {"$or": [{field: principal.volunteer_id} for field in mine]}
        case _:
            return {"_id": {"$in": []}}


async def load_activity(parts: Parts, id: str) -> tuple[Aggregate[ActivityState], ActivityState]:
    """The activity `id`. Raises `Problem` 404."""
    found = await parts.activities.store.get(id)
    if found is None or found.state is None:
        raise Problem(404, "activity-not-found", id=id[:120])
    return found, found.state


def shown(state: ActivityState, principal: Principal) -> ActivityDetail:
    """The answer that shows an activity to somebody."""
    open = in_charge(principal, state)
    return ActivityDetail(
        **shown_activity(state, principal.volunteer_id),
        sign_ups=shown_sign_ups(state) if open else None,
        explained=state.explained if open else None,
    )


def ruled(rule: Ruled, **more: Any) -> Problem:
    """What a rule forbids, as an answer."""
    return Problem(409, rule.code, **(rule.parameters | more))


async def act(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    decide: Callable[[ActivityState], Step],
    why: str = "",
    about: str = "",
) -> ActivityDetail:
    """Decide on the activity and write; answer it as it is then."""
    parts = parts_of(request)
    await load_activity(parts, id)

    def checked(state: ActivityState | None) -> Decision[ActivityState] | None:
        assert state is not None
        try:
            after, events = decide(state)
        except Ruled as rule:
            raise ruled(rule, id=about) from None
        return None if after == state else Decision(after, events, why)

    done = await parts.activities.store.execute(
        id, checked, by=by_of(principal), version=if_match(request)
    )
    assert done.state is not None
    response.headers["ETag"] = etag(done.version)
    return shown(done.state, principal)


def code_of(parts: Parts, activity_id: str) -> str:
    """Eight letters and digits from the id and a key, so that they are kept nowhere."""
    return parts.mark(f"check-in:{activity_id}")[:8].upper()


def ensure_code(parts: Parts, activity_id: str, code: str | None) -> None:
    """Raise `Problem` 403 unless the code of the place is right."""
    given = (code or "").strip().upper().encode()
    if not hmac.compare_digest(given, code_of(parts, activity_id).encode()):
        raise Problem(403, "wrong-code", field="code")
