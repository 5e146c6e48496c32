"""What a holder asks of who stands above: more time, a deferral, a final answer, a late return."""

from datetime import datetime

from services.volunteer_dispatch.service import clock, life, returns
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint_commands import ensure_no_open_part
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.standing import Proposal
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import task_life, tasks
from shared.contracts.task_life import PauseKind, ProposalKind


def ask_extension(state: TaskState, hours: float, reason: str, by: str, context: Context) -> Step:
    """Ask for `hours` more, as the deadline counts; before it has passed. Raises `Ruled`."""
    limits, most = context.limits, clock.longest_extension(state, context)
    if state.clock.extensions >= limits.extensions_at_most:
        raise Ruled("extended-too-often", most=limits.extensions_at_most)
    if hours > most:
        raise Ruled("extension-too-long", most=f"{most:g}", counts=state.clock.counts.value)
    if state.overdue or (state.deadline is not None and context.now > state.deadline):
        raise Ruled("deadline-passed")
    return _ask(state, ProposalKind.EXTENSION, reason, by, context, hours=hours)


def ask_deferral(
    state: TaskState, review_at: datetime, reason: str, by: str, context: Context
) -> Step:
    """Ask to set it aside until a review. Raises `Ruled`."""
    latest = clock.longest_deferral(context)
    if not context.now < review_at <= latest:
        raise Ruled("review-out-of-range", until=f"{latest:%Y-%m-%d}")
    return _ask(state, ProposalKind.DEFERRAL, reason, by, context, review_at=review_at)


def ask_final_answer(state: TaskState, ground: str, reason: str, by: str, context: Context) -> Step:
    """Ask for the formal end. Raises `Ruled`, also while a part is open."""
    ensure_no_open_part(state)
    return _ask(state, ProposalKind.FINAL_ANSWER, reason, by, context, ground=ground)


def _ask(
    state: TaskState,
    kind: ProposalKind,
    reason: str,
    by: str,
    context: Context,
    *,
    hours: float | None = None,
    review_at: datetime | None = None,
    ground: str | None = None,
) -> Step:
    if state.proposal is not None:
        raise Ruled("proposal-pending", kind=state.proposal.kind.value)
    assert state.assignee is not None
    proposal = Proposal(
        kind=kind,
        by=by,
        at=whole(context.now),
        reason=reason,
        ground=ground,
        hours=hours,
        review_at=review_at,
    )
    event = task_life.TaskProposed(
        task_id=state.task_id,
        request_id=state.request_id,
        kind=kind,
        assignee=state.assignee,
        reason=reason,
        round=state.round,
    )
    return state.having(proposal=proposal), (event,)


def refuse(state: TaskState, reason: str) -> Step:
    """Who stands above says no; everything stays as it is."""
    assert state.proposal is not None
    assert state.assignee is not None
    event = task_life.TaskProposalRefused(
        task_id=state.task_id,
        request_id=state.request_id,
        kind=state.proposal.kind,
        assignee=state.assignee,
        reason=reason,
        round=state.round,
    )
    return state.having(proposal=None), (event,)


def approve(state: TaskState, context: Context) -> Step:
    """Who stands above says yes. Raises `Ruled` where a deferral's review has passed meanwhile, or
    a part is open that a final answer would end."""
    proposal = state.proposal
    assert proposal is not None
    state = state.having(proposal=None)
    match proposal.kind:
        case ProposalKind.EXTENSION:
            return _extend(state, proposal, context)
        case ProposalKind.DEFERRAL:
            return _defer(state, proposal, context)
        case ProposalKind.FINAL_ANSWER:
            ensure_no_open_part(state)
            return life.finally_answer(state, proposal.ground or "", proposal.reason, context)
        case ProposalKind.RETURN:
            return _return(state, proposal, context)


def _extend(state: TaskState, proposal: Proposal, context: Context) -> Step:
    assert state.assignee is not None
    state = clock.extend(state, proposal.hours or 0, context)
    assert state.deadline is not None
    event = task_life.TaskExtended(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        reason=proposal.reason,
        deadline=state.deadline,
        number=state.clock.extensions,
        round=state.round,
    )
    return state, (event,)


def _defer(state: TaskState, proposal: Proposal, context: Context) -> Step:
    review = proposal.review_at
    assert review is not None
    assert state.assignee is not None
    if review <= context.now:
        raise Ruled("review-passed")
    state, resumed = clock.resume(state, context, clock.MOVED_ON)
    state = clock.pause(state, PauseKind.DEFERRAL, review, proposal.reason, context)
    assert state.deadline is not None
    event = task_life.TaskDeferred(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        reason=proposal.reason,
        review_at=review,
        deadline=state.deadline,
        round=state.round,
    )
    return state, (*resumed, event)


def _return(state: TaskState, proposal: Proposal, context: Context) -> Step:
    assert state.assignee is not None
    event = tasks.TaskReturned(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.assignee,
        reason=proposal.reason,
        ground=proposal.ground,
    )
    state, more = returns.move_on(state, context)
    return state, (event, *more)
