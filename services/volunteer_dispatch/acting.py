"""A command on a task by its name, from HTTP or from a bulk action: one way for both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from services.volunteer_dispatch import schemas
from services.volunteer_dispatch.access import (
    ensure_may_act,
    ensure_may_check,
    ensure_may_receive,
)
from services.volunteer_dispatch.answering import accept_alert, answers_alert, decline_alert
from services.volunteer_dispatch.claiming import claim
from services.volunteer_dispatch.desk import (
    answered,
    by_of,
    checked,
    ensure_ground,
    known_assignee,
    load,
    parts_of,
    speaking_for,
)
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service import commands, handing
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Reservation, TaskState
from services.volunteer_dispatch.taking import Taking, give_to_volunteer, marked
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role
from shared.web.etag import if_match
from shared.web.problems import Problem
from shared.web.schemas import Body

BODIES: Mapping[str, type[Body] | None] = {
    "accept": None,
    "decline": schemas.Decline,
    "return": schemas.GiveBack,
    "progress": schemas.Progress,
    "complete": schemas.Completion,
    "reassign": schemas.Reassignment,
    "wait-for-resident": schemas.Question,
    "resume": schemas.Resumption,
    "extend": schemas.Extension,
    "defer": schemas.Deferral,
    "answer-finally": schemas.FinalAnswer,
    "approve": schemas.Approval,
    "refuse": schemas.Refusal,
    "claim": None,
    "hand-over": schemas.HandOver,
    "accept-hand-over": None,
    "decline-hand-over": schemas.Refusal,
    "withdraw-hand-over": None,
}
"""The commands and what each is told."""

OF_MANAGERS = frozenset({"reassign"})
_CHECKS = frozenset({"approve", "refuse"})
_RECEIVES = frozenset({"accept-hand-over", "decline-hand-over"})
_MANAGERS = (Role.AREA_MANAGER, Role.ADMINISTRATOR)

_Decide = Callable[[TaskState, Any, str, Context], Decision[TaskState]]
_DECIDE: Mapping[str, _Decide] = {
    "accept": lambda s, _b, _by, c: commands.accept(s, c),
    "decline": lambda s, b, _by, c: commands.give_back(s, b.reason, c, b.ground),
    "return": lambda s, b, _by, c: commands.give_back(s, b.reason, c, b.ground),
    "progress": lambda s, b, by, c: commands.progress(s, b.words, by, c),
    "complete": lambda s, b, by, c: commands.complete(s, b.words, b.completed_at, by, c),
    "wait-for-resident": lambda s, b, _by, c: commands.wait(s, b.asks, c),
    "resume": lambda s, b, by, c: commands.resume(s, b.words, by, c),
    "extend": lambda s, b, by, c: commands.extend(s, b.hours, b.reason, by, c),
    "defer": lambda s, b, by, c: commands.defer(s, b.review_at, b.reason, by, c),
    "answer-finally": lambda s, b, by, c: commands.answer_finally(s, b.ground, b.reason, by, c),
    "approve": lambda s, b, _by, c: commands.approve(s, b.reason or "", c),
    "refuse": lambda s, b, _by, _c: commands.refuse(s, b.reason),
    "decline-hand-over": lambda s, b, _by, _c: handing.end(s, handing.DECLINED, b.reason),
    "withdraw-hand-over": lambda s, _b, _by, _c: handing.end(s, handing.WITHDRAWN),
}


def ensure_role(principal: Principal, name: str) -> None:
    """Raise `Problem` 403 where the command is the managers' and the caller is none."""
    if name in OF_MANAGERS and principal.role not in _MANAGERS:
        allowed = [role.value for role in _MANAGERS]
        raise Problem(403, "wrong-role", allowed=allowed, role=principal.role.value)


async def act(
    parts: Parts,
    id: str,
    principal: Principal,
    name: str,
    body: Any = None,
    *,
    version: int | None = None,
    on_behalf_of: str | None = None,
    attempt: str | None = None,
) -> Aggregate[TaskState]:
    """Do the command and answer the task as it is then.

    Args:
        body: of the class in `BODIES`.
        version: only on this version (`If-Match`).
        on_behalf_of: the volunteer whose word it is, passed on by telephone.
        attempt: a mark kept with the task; where it is there already nothing is done again.

    Raises:
        Problem, VersionMismatch, Contended: as the routes answer them.
    """
    ensure_role(principal, name)
    task, state = await load(parts, id)
    if attempt is not None and attempt in state.attempts:
        return task
    if name in ("accept", "decline", "claim") and answers_alert(principal, state, on_behalf_of):
        if name == "decline":
            return await decline_alert(
                parts, id, principal, body.reason, version, on_behalf_of, attempt
            )
        return await accept_alert(parts, id, principal, version, on_behalf_of, attempt)
    if name == "claim":
        return await claim(parts, id, principal, version=version, attempt=attempt)
    plan = await _plan(parts, principal, state, name, body, parts.context())
    if plan.giving is not None:
        return await give_to_volunteer(
            parts,
            id,
            plan.volunteer_id,
            ensure=lambda now: _ensure(name)(principal, now),
            decide=_checked_giving(plan.giving, principal, name),
            full=Problem(409, "volunteer-full", id=plan.volunteer_id),
            by=by_of(principal),
            version=version,
            attempt=attempt,
        )
    decide = plan.decide
    if on_behalf_of is not None:
        decide = speaking_for(decide, principal, on_behalf_of)
    return await parts.store.execute(
        id,
        marked(checked(principal, name, decide, _ensure(name)), attempt),
        by=by_of(principal),
        version=version,
    )


async def acted(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    name: str,
    body: Any = None,
    on_behalf_of: str | None = None,
) -> schemas.TaskDetail:
    """Do a command for a route and answer the task."""
    parts = parts_of(request)
    task = await act(
        parts, id, principal, name, body,
        version=if_match(request), on_behalf_of=on_behalf_of,
    )  # fmt: skip
    return answered(parts, response, task, principal)


def _nothing(_state: TaskState) -> Decision[TaskState]:
    raise AssertionError("a volunteer's place comes first")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is decided; `giving` where the task goes to a volunteer, whose place is reserved."""

    decide: Callable[[TaskState], Decision[TaskState]] = _nothing
    volunteer_id: str = ""
    giving: Taking | None = None


def _checked_giving(giving: Taking, principal: Principal, name: str) -> Taking:
    def inner(
        state: TaskState, volunteer: Assignee, place: Reservation, context: Context
    ) -> Decision[TaskState]:
        return checked(
            principal, name, lambda now: giving(now, volunteer, place, context), _ensure(name)
        )(state)

    return inner


def _ensure(name: str) -> Callable[[Principal, TaskState], None]:
    if name in _CHECKS:
        return ensure_may_check
    return ensure_may_receive if name in _RECEIVES else ensure_may_act


async def _plan(
    parts: Parts, principal: Principal, state: TaskState, name: str, body: Any, context: Context
) -> _Plan:
    by = by_of(principal)
    match name:
        case "reassign":
            return _reassignment(parts, body, context)
        case "hand-over":
            to, grid = await _receiver(parts, body.to)
            return _Plan(lambda s: handing.offer(s, to, grid, body.reason, by, context))
        case "accept-hand-over":
            return _acceptance(state, context)
        case "decline" | "return" if body.ground is not None:
            ensure_ground(body.ground, context.limits.return_grounds)
        case "answer-finally":
            ensure_ground(body.ground, context.limits.final_grounds)
    return _Plan(lambda s: _DECIDE[name](s, body, by, context))


def _reassignment(parts: Parts, body: schemas.Reassignment, context: Context) -> _Plan:
    if body.to.kind is AssigneeKind.VOLUNTEER:
        return _Plan(
            volunteer_id=body.to.id,
            giving=lambda s, who, place, c: commands.reassign(s, who, place, body.reason, c),
        )
    to = known_assignee(parts, body.to)
    return _Plan(lambda s: commands.reassign(s, to, None, body.reason, context))


def _acceptance(state: TaskState, context: Context) -> _Plan:
    offered = state.offered
    if offered is not None and offered.to.kind is AssigneeKind.VOLUNTEER:
        return _Plan(
            volunteer_id=offered.to.id,
            giving=lambda s, who, place, c: handing.take(s, who, place, c, offered.to.id),
        )
    return _Plan(lambda s: handing.take(s, None, None, context, None))


async def _receiver(parts: Parts, to: schemas.To) -> tuple[Assignee, str | None]:
    """Who is named, and a volunteer's grid. Raises `Problem` 422."""
    if to.kind is not AssigneeKind.VOLUNTEER:
        return known_assignee(parts, to), None
    volunteer = await parts.volunteers.find(to.id)
    if volunteer is None or volunteer.get("retired"):
        raise Problem(422, "assignee-unknown", field="to.id", kind=to.kind.value, id=to.id)
    grid = volunteer.get("grid_id")
    return parts.directory.volunteer(to.id, volunteer.get("unit_id"), grid), grid
