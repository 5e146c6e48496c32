"""A volunteer who was asked answers: the first who accepts gets the task."""

from services.volunteer_dispatch.access import ensure_sees, ensure_speaks_for
from services.volunteer_dispatch.desk import by_of, for_volunteer
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service import alerts
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.taking import give_to_volunteer, marked
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem


def answers_alert(principal: Principal, state: TaskState, on_behalf_of: str | None = None) -> bool:
    """Whether this is an answer to an alert: the caller's own, or passed on for a volunteer."""
    if state.status is not Status.MATCHING:
        return False
    if on_behalf_of is not None:
        return True
    return principal.role is Role.VOLUNTEER and bool(state.alerts.of(principal.volunteer_id))


def whose(principal: Principal, on_behalf_of: str | None) -> str:
    """The volunteer whose word it is."""
    return on_behalf_of or principal.volunteer_id or ""


async def accept_alert(
    parts: Parts,
    id: str,
    principal: Principal,
    version: int | None,
    on_behalf_of: str | None,
    attempt: str | None = None,
) -> Aggregate[TaskState]:
    """Yes. Arguments as of `acting.act`.

    Raises:
        Problem: 409 where another volunteer was first, or where the volunteer is full.
    """
    volunteer_id = whose(principal, on_behalf_of)

    def decide(
        state: TaskState, volunteer: Assignee, place: Reservation, context: Context
    ) -> Decision[TaskState]:
        decision = Decision(*alerts.accept(state, volunteer, place, context))
        return for_volunteer(decision, volunteer_id) if on_behalf_of else decision

    full = Problem(409, "you-are-full", allowed=("decline",))
    if on_behalf_of:
        full = Problem(409, "volunteer-full", id=volunteer_id)
    return await give_to_volunteer(
        parts,
        id,
        volunteer_id,
        ensure=lambda state: _ensure_asked(principal, state, volunteer_id),
        decide=decide,
        full=full,
        by=by_of(principal),
        version=version,
        attempt=attempt,
    )


async def decline_alert(
    parts: Parts,
    id: str,
    principal: Principal,
    reason: str,
    version: int | None,
    on_behalf_of: str | None,
    attempt: str | None = None,
) -> Aggregate[TaskState]:
    """No; the next one is asked."""
    volunteer_id = whose(principal, on_behalf_of)

    def decide(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        _ensure_asked(principal, state, volunteer_id)
        decision = Decision(*alerts.decline(state, volunteer_id), reason)
        return for_volunteer(decision, volunteer_id) if on_behalf_of else decision

    return await parts.store.execute(
        id, marked(decide, attempt), by=by_of(principal), version=version
    )


def _ensure_asked(principal: Principal, state: TaskState, volunteer_id: str) -> None:
    if principal.volunteer_id != volunteer_id:
        ensure_sees(principal, state)
    if state.status is not Status.MATCHING or state.alerts.of(volunteer_id) is None:
        raise Problem(409, "alert-over", state=state.status.value)
    ensure_speaks_for(principal, state, volunteer_id)
