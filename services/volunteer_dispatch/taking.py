"""A volunteer gets a task: the place in the load first, then the task, on the version read.

A process that dies between the two leaves a reservation that no task names (see `matching`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from services.volunteer_dispatch.desk import load
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Aggregate, Contended, Decision, VersionMismatch
from shared.web.problems import Problem

_TRIES = 8

Taking = Callable[[TaskState, Assignee, Reservation, Context], Decision[TaskState]]


async def give_to_volunteer(
    parts: Parts,
    id: str,
    volunteer_id: str,
    *,
    ensure: Callable[[TaskState], None],
    decide: Taking,
    full: Problem,
    by: str,
    version: int | None = None,
    attempt: str | None = None,
) -> Aggregate[TaskState]:
    """Reserve, decide, write; again where another writer was first.

    Args:
        ensure: looks at the state before anything is reserved; raises `Problem`.
        decide: pure; may raise `Problem` or `Ruled`.
        full: raised where the volunteer has no room, or is not available.
        version: only on this version (`If-Match`).
        attempt: see `marked`.

    Raises:
        Problem: also 404. Ruled. VersionMismatch. Contended.
    """
    for _ in range(_TRIES):
        task, state = await load(parts, id)
        if version is not None and task.version != version:
            raise VersionMismatch(task.version)
        if attempt is not None and attempt in state.attempts:
            return task
        ensure(state)
        reservation = Reservation(volunteer_id=volunteer_id, token=uuid4().hex)
        if not await parts.volunteers.reserve(reservation, id, datetime.now(UTC)):
            raise full
        try:
            volunteer = await parts.volunteers.find(volunteer_id) or {}
            context = parts.context()
            assignee = context.directory.volunteer(
                volunteer_id, volunteer.get("unit_id"), volunteer.get("grid_id")
            )
            decision = decide(state, assignee, reservation, context)
            parts.store.record(task, _mark(decision, attempt), by=by)
        except (Problem, Ruled):
            await parts.volunteers.release(reservation)
            raise
        if await parts.store.write([task]):
            task.version += 1
            return task
        await parts.volunteers.release(reservation)
    raise Contended(id)


def marked(
    decide: Callable[[TaskState | None], Decision[TaskState]], attempt: str | None
) -> Callable[[TaskState | None], Decision[TaskState] | None]:
    """`decide` done once: its mark is written with it; where it is there, nothing is decided."""

    def inner(state: TaskState | None) -> Decision[TaskState] | None:
        if attempt is not None and state is not None and attempt in state.attempts:
            return None
        return _mark(decide(state), attempt)

    return inner


def _mark(decision: Decision[TaskState], attempt: str | None) -> Decision[TaskState]:
    if attempt is None:
        return decision
    return replace(decision, state=decision.state.attempted(attempt))
