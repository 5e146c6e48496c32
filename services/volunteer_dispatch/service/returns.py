"""Giving a task back (退单), who decides when it was given back too often, and problem cases."""

from datetime import datetime
from typing import Any

from services.volunteer_dispatch.service import life
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import NOBODY_LEFT, Step, area_above
from services.volunteer_dispatch.service.routing import next_place
from services.volunteer_dispatch.service.standing import Problem, Proposal
from services.volunteer_dispatch.service.state import Record, Status, TaskState
from shared.contracts import task_life, tasks
from shared.contracts.payload import Payload
from shared.contracts.task_life import ProblemReason, ProposalKind
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import At


class Ruled(Exception):
    """A rule forbids the command. `code` is the key of the sentence that says what to do."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


def check(state: TaskState, context: Context) -> None:
    """Whether who holds the task may give it back. Raises `Ruled`.

    A volunteer always may. A duty officer who has to decide whose it is may leave that to the one
    above.
    """
    returns, limits = state.returns, context.limits
    place = next_place(state, context, above=_goes_up(state, context))
    if state.assignee is not None and place.key == _key(state.assignee):
        raise Ruled("nobody-above")
    if not _counted(state):
        return
    if returns.bound:
        raise Ruled("decision-binds")
    if returns.number >= limits.returns_at_most:
        raise Ruled("returned-too-often", most=limits.returns_at_most)
    if returns.return_by is not None and context.now > returns.return_by:
        raise Ruled("return-too-late", until=returns.return_by.isoformat(timespec="minutes"))


def _key(assignee: Assignee) -> str:
    return f"{assignee.kind.value}:{assignee.id}"


def _is_volunteer(state: TaskState) -> bool:
    return state.assignee is not None and state.assignee.kind is AssigneeKind.VOLUNTEER


def _counted(state: TaskState) -> bool:
    return not _is_volunteer(state) and state.returns.undecided is None


def _goes_up(state: TaskState, context: Context) -> bool:
    """Whether the next return leaves it to the higher level."""
    if not _counted(state):
        return state.returns.undecided is not None
    return state.returns.number + 1 >= context.limits.returns_at_most


def give_back(
    state: TaskState,
    reason: str,
    context: Context,
    *,
    ground: str | None = None,
    at: datetime | None = None,
) -> Step:
    """The assignee declines it, or returns what was taken; the next one gets it.

    The last return that the table allows takes it one level up, where it is decided whose it is.
    """
    assert state.assignee is not None
    kind = tasks.TaskReturned if state.status is Status.ACCEPTED else tasks.TaskDeclined
    event = kind(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        reason=reason,
        ground=ground,
    )
    up = _goes_up(state, context)
    undecided = (state.returns.undecided or state.assignee) if up else None
    if _counted(state):
        number = state.returns.number + 1
        state = state.having(returns=state.returns.model_copy(update={"number": number}))
    state, more = move_on(state, context, above=up, undecided=undecided)
    return state, (event if at is None else At(at, event), *more)


def move_on(
    state: TaskState,
    context: Context,
    *,
    why: str = NOBODY_LEFT,
    above: bool = False,
    undecided: Assignee | None = None,
) -> Step:
    """The task leaves who holds it, for the next place; noted as one more pair of hands.

    A question that was left to the higher level goes along: only a level above can decide it.
    """
    holder = state.holder
    undecided = undecided or state.returns.undecided
    state, events = life.send_on(state, context, why=why, above=above or undecided is not None)
    passed = state.returns.passed
    if holder is not None and holder.kind is not AssigneeKind.VOLUNTEER:
        passed = passed if _key(holder) in passed else (*passed, _key(holder))
    returns = state.returns.model_copy(update={"undecided": undecided, "passed": passed})
    state, raised = _without_lead(state.having(returns=returns), context)
    return state, (*events, *raised)


def _without_lead(state: TaskState, context: Context) -> Step:
    returns = state.returns
    if returns.told or len(returns.passed) < context.limits.problem_after_units:
        return state, ()
    state = state.having(returns=returns.model_copy(update={"told": True}))
    return raise_problem(state, ProblemReason.NO_LEAD, context)


def begin_round(state: TaskState, context: Context) -> Step:
    """A new round: nobody has passed it on yet; redone too often it becomes a problem case."""
    returns = state.returns.model_copy(update={"passed": (), "told": False})
    state = state.having(returns=returns)
    if state.round - state.separations <= context.limits.problem_after_redone:
        return state, ()
    return raise_problem(state, ProblemReason.REDONE, context)


def raise_problem(state: TaskState, reason: ProblemReason, context: Context) -> Step:
    """Let the area above look after the task; one that looks after it already goes on."""
    if state.problem is not None and state.problem.open:
        return state, ()
    area = area_above(state, context)
    problem = Problem(
        reason=reason, owner_area=area, round=state.round, raised_at=whole(context.now)
    )
    event = task_life.TaskProblemRaised(
        task_id=state.task_id,
        request_id=state.request_id,
        reason=reason,
        owner_area=area,
        round=state.round,
    )
    return state.having(problem=problem), (event,)


def close_problem(state: TaskState, finding: str, by: str, context: Context) -> Step:
    """The area found what was the matter."""
    problem = state.problem
    assert problem is not None
    closed = problem.model_copy(
        update={
            "open": False,
            "closed_at": whole(context.now),
            "finding": finding,
            "by": by,
        }
    )
    event = task_life.TaskProblemClosed(
        task_id=state.task_id,
        request_id=state.request_id,
        reason=problem.reason,
        owner_area=problem.owner_area,
        finding=finding,
        round=state.round,
    )
    return state.having(problem=closed), (event,)


def decide(state: TaskState, to: Assignee | None, reason: str, context: Context) -> Step:
    """The higher level says whose the task is: who gave it back last (None), or another.

    It binds: the task is theirs at once, and they cannot give it back.
    """
    undecided = state.returns.undecided
    assert undecided is not None
    assignee = to or undecided
    state, given = life.give(state, assignee, context, level=state.level)
    state, taken = life.accept(state, now=context.now)
    event = task_life.TaskDecided(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=assignee,
        kept=_key(assignee) == _key(undecided),
        reason=reason,
        round=state.round,
    )
    returns = state.returns.model_copy(update={"bound": True})
    return state.having(returns=returns), (event, *given, *taken)


def by_record(state: TaskState, record: Record, context: Context) -> Step:
    """A unit's system gives the task back.

    Where it may not do so by itself any more, its record asks who stands above; where that was
    decided already, or something else is asked, it is told no. Its task is not refused as a
    record: later records of the same task would wait behind it.
    """
    assert state.assignee is not None
    try:
        check(state, context)
    except Ruled as rule:
        asks = state.proposal is None and rule.code != "decision-binds"
        reason = record.reason if asks else rule.code
        kind = task_life.TaskProposed if asks else task_life.TaskProposalRefused
        told: Payload = kind(
            task_id=state.task_id,
            request_id=state.request_id,
            kind=ProposalKind.RETURN,
            assignee=state.assignee,
            reason=reason,
            round=state.round,
        )
        if asks:
            proposal = Proposal(
                kind=ProposalKind.RETURN,
                by=f"/units/{record.unit_id}",
                at=whole(context.now),
                reason=record.reason,
                ground=record.ground,
            )
            state = state.having(proposal=proposal)
        return state, (told,)
    return give_back(state, record.reason, context, ground=record.ground, at=record.time)
