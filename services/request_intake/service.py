"""Decisions on requests that people make. Pure."""

import secrets
from datetime import datetime

from services.request_intake.locator import Placement
from services.request_intake.state import (
    FOLLOW_UPS_KEPT,
    FollowUp,
    Reply,
    RequestState,
    Status,
    Step,
)
from shared.contracts.payload import Payload
from shared.contracts.requests import (
    RequestAccepted,
    RequestAnswered,
    RequestClosed,
    RequestFollowedUp,
    RequestLocated,
    RequestReopened,
)
from shared.contracts.words import Channel, RequestKind, Urgency
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", " -")


def new_tracking_code() -> str:
    """60 random bits in Crockford's base32, as `7K3M-9QWX-2BTD`."""
    bits = secrets.randbits(60)
    digits = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(55, -1, -5))
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def read_tracking_code(text: str) -> str:
    """A tracking code as people type it (lower case, no hyphens, O for 0) in its one form."""
    digits = text.upper().translate(_READ_AS)
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def accept(request: RequestState) -> Decision[RequestState]:
    """Take a new request in; its first step is written here."""
    state = request.with_step(Step(at=request.accepted_at, step="accepted"))
    point = state.point
    event = RequestAccepted(
        request_id=state.id,
        channel=Channel(state.channel),
        kind=RequestKind(state.kind),
        category=state.category,
        urgency=Urgency(state.urgency),
        rules_version=state.rules_version,
        grid_id=state.grid_id,
        area_path=state.area_path,
        point=point.rounded() if point else None,
        reporting_unit=state.reporting_unit,
        case_number=state.case_number,
        handling_unit=state.handling_unit,
        received_at=state.received_at,
    )
    return Decision(state, [event], time=state.accepted_at)


def place(state: RequestState, placement: Placement, now: datetime) -> Decision[RequestState]:
    """Place an unlocated request.

    Raises `Problem` 409 for one that has its place.
    """
    if state.located:
        raise Problem(409, "already-located")
    changed = state.with_step(
        Step(at=now, step="located"),
        located=True,
        grid_id=placement.grid_id,
        area_path=placement.area_path,
    )
    event = RequestLocated(
        request_id=state.id, grid_id=placement.grid_id, area_path=placement.area_path
    )
    return Decision(changed, [event], time=now)


def follow_up(state: RequestState, answer: FollowUp) -> Decision[RequestState]:
    """Take an answer of the resident.

    Solved closes the request, not solved opens it again for another round, and without either
    (nobody was reached) the resident is asked on. After a final answer it is not opened again: the
    answer counts as any other, and the request is closed. One that shares another one's task is
    opened with a task of its own, for who did the shared work. `answer.round` is set here.

    Raises `Problem` 409 unless the work is completed and the resident is asked.
    """
    if state.status == Status.CLOSED:
        raise Problem(409, "request-closed")
    if state.status != Status.COMPLETED:
        raise Problem(409, "work-not-completed")
    handled_by = state.assignee if state.joined else None
    origin = {} if answer.origin is None else answer.origin.model_dump()
    events: list[Payload] = [
        RequestFollowedUp(
            request_id=state.id,
            contacted=answer.contacted,
            solved=answer.solved,
            satisfied=answer.satisfied,
            round=state.round,
            handled_by=handled_by,
            **origin,
        )
    ]
    told = "followed_up" if answer.contacted or answer.solved is not None else "not_reached"
    changed = state.with_step(Step(at=answer.at, step=told))
    if answer.solved is True:
        changed = _closed(changed, "solved", answer.at)
        events.append(RequestClosed(request_id=state.id, outcome="solved", final=state.final))
    elif answer.solved is False and state.final:
        changed = _closed(changed, "final", answer.at)
        # Of the outcomes that are told: by the record, whatever the resident says.
        events.append(RequestClosed(request_id=state.id, outcome="reported", final=True))
    elif answer.solved is False:
        changed = changed.with_step(
            Step(at=answer.at, step="reopened"),
            status=Status.REOPENED.value,
            round=state.round + 1,
            overdue=False,
            completed_at=None,
            follow_up_until=None,
            joined=None,
        )
        events.append(
            RequestReopened(request_id=state.id, round=state.round + 1, handled_by=handled_by)
        )
    kept = answer.model_copy(update={"round": state.round, "answered": changed.status})
    follow_ups = (*state.follow_ups, kept)[-FOLLOW_UPS_KEPT:]
    return Decision(changed.model_copy(update={"follow_ups": follow_ups}), events, time=answer.at)


def reply(state: RequestState, given: Reply) -> Decision[RequestState]:
    """Take the answer to what was asked during the work; the work goes on.

    Raises `Problem` 409 unless something is asked.
    """
    if state.status == Status.CLOSED:
        raise Problem(409, "request-closed")
    if state.question is None:
        raise Problem(409, "nothing-asked")
    replies = (*state.replies, given)[-FOLLOW_UPS_KEPT:]
    changed = state.with_step(Step(at=given.at, step="answered"), question=None, replies=replies)
    event = RequestAnswered(request_id=state.id, round=state.round)
    return Decision(changed, [event], time=given.at)


def on_due(state: RequestState, now: datetime) -> Decision[RequestState] | None:
    """Close a request whose resident has not answered in time."""
    due = state.next_due()
    if due is None or due > now:
        return None
    closed = RequestClosed(request_id=state.id, outcome="no_answer", final=state.final)
    return Decision(_closed(state, "no_answer", now), [closed], why="no answer in time", time=now)


def close_reported(state: RequestState, at: datetime, why: str) -> Decision[RequestState]:
    """Close a request of which the unit's record says that it is over; nobody is asked."""
    closed = RequestClosed(request_id=state.id, outcome="reported")
    return Decision(_closed(state, "reported", at), [closed], why=why, time=at)


def _closed(state: RequestState, outcome: str, at: datetime) -> RequestState:
    return state.with_step(
        Step(at=at, step=f"closed_{outcome}"),
        status=Status.CLOSED.value,
        outcome=outcome,
        follow_up_until=None,
        question=None,
    )
