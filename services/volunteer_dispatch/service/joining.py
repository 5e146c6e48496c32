"""Requests that share a task: the joined one's own task ends, and begins anew when they part."""

from datetime import datetime

from services.volunteer_dispatch.service import clock
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.joint_work import JOINED, ask_again, cancel_all
from services.volunteer_dispatch.service.life import let_go, send_on, withdraw
from services.volunteer_dispatch.service.records import RESULTS, apply_waiting
from services.volunteer_dispatch.service.standing import Joined
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.ids import lead_task_id
from shared.contracts.joins import RequestJoined, RequestSeparated, TaskJoined
from shared.storage.aggregates import Decision


def join(state: TaskState, request: RequestJoined, context: Context) -> Decision[TaskState]:
    """End the task for the one that is worked; whoever has it, helps, or is asked, is free.

    One that has ended stays as it is: the fact of its end is on its way to intake, which then
    takes the request out of the group again.
    """
    if not state.is_open:
        return Decision(state, (), "ended before the joining: kept")
    state, resumed = clock.resume(state, context, clock.MOVED_ON)
    state, told = withdraw(let_go(state))
    state, parts = cancel_all(state, JOINED, context)
    joined = Joined(
        join_id=request.join_id,
        lead_request_id=request.lead_request_id,
        lead_task_id=lead_task_id(request.lead_request_id),
    )
    event = TaskJoined(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=state.holder,
        **joined.model_dump(),
    )
    ended = state.having(status=Status.JOINED, accept_by=None, proposal=None, joined=joined)
    return Decision(ended, (*resumed, *told, *parts, event), "joined")


def separate(
    state: TaskState, request: RequestSeparated, time: datetime, context: Context
) -> Decision[TaskState]:
    """A round of its own begins: it goes its way by the table in force, with a new deadline, and
    who helped is asked again.

    A result that a unit recorded of it meanwhile is applied; what was said of taking it or giving
    it back was of the round that ended. Nothing to do where the joining found the task
    ended (`join`).
    """
    if state.status is not Status.JOINED:
        return Decision(state, (), "was not joined here: kept")
    results = tuple(record for record in state.waiting if record.status in RESULTS)
    before = state.round
    passed = {"passed": (), "told": False}
    state = state.having(
        round=request.round,
        level=0,
        tried=(),
        completed_at=None,
        in_time=None,
        waiting=(),
        joined=None,
        separations=state.separations + 1,
        returns=state.returns.model_copy(update=passed),
    )
    state = clock.begin(state, time, context)
    state, events = send_on(state, context)
    state, more = ask_again(state, before, context)
    events = (*events, *more)
    state, more = apply_waiting(state, results, context)
    return Decision(state, (*events, *more), f"separated: {request.why}")
