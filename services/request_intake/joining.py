"""Decisions on requests that share a task (docs/dispatch/joined.md). Pure.

A joined request's own document says so (`joined`), and it alone; the lead's list of `members` only
says who has to hear what happens. So every step is one write to one document, and a step that is
done twice, or too late, changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.request_intake.state import (
    WORKED,
    Joined,
    Joining,
    Member,
    RequestState,
    Status,
    Step,
)
from shared.contracts.joins import RequestJoined, RequestSeparated
from shared.contracts.payload import Payload
from shared.storage.aggregates import Decision
from shared.web.problems import Problem

Changed = Decision[RequestState] | None

_SHOWN_AS = {
    "assigned": "assigned",
    "taken": "taken",
    "declined": "declined",
    "returned": "returned",
    "escalated": "escalated",
    "overdue": "overdue",
    "progressed": "progressed",
    "completed": "completed",
    "finally_answered": "finally_answered",
    "waiting": "waiting_for_another",
    "resumed": "resumed",
    "deferred": "deferred",
    "extended": "extended",
    "problem_raised": "problem_raised",
    "helping": "helping",
    "helped": "helped",
    "reopened": "reopened_for_another",
}
"""Steps of the lead that tell of the shared work, and how the members read them."""
_ENDS = ("completed", "finally_answered", "withdrawn")
_STATUS_AFTER = {
    "assigned": Status.ASSIGNED,
    "taken": Status.IN_HAND,
    "returned": Status.ASSIGNED,
    "progressed": Status.IN_HAND,
    "reopened": Status.REOPENED,
}


# Joining: intent (member), place in the list (lead), done (member)


def may_join(state: RequestState, lead: str) -> None:
    """Raise `Problem` unless the request can be joined to another one now."""
    if state.id == lead:
        raise Problem(409, "join-itself")
    if state.joined is not None:
        raise Problem(409, "joined-already", lead=state.joined.lead)
    if state.status == Status.CLOSED:
        raise Problem(409, "request-closed")
    if state.status not in WORKED:
        raise Problem(409, "join-after-the-work")
    if state.members:
        raise Problem(409, "leads-others", count=len(state.members), id=state.id)


def may_lead(lead: RequestState, at_most: int) -> None:
    """Raise `Problem` unless others can be joined to the request now."""
    if lead.joined is not None:
        raise Problem(409, "lead-is-joined", lead=lead.joined.lead)
    if lead.joining is not None:
        raise Problem(409, "being-joined", id=lead.id)
    if lead.status not in WORKED:
        raise Problem(409, "lead-has-ended", id=lead.id)
    if len(lead.members) >= at_most:
        raise Problem(409, "lead-is-full", most=at_most)


def start(state: RequestState, joining: Joining) -> Changed:
    """Note what is intended; None where it is joined to that one already. Raises `Problem`."""
    if state.joined is not None and state.joined.lead == joining.lead:
        return None
    if state.joining is not None:
        raise Problem(409, "being-joined", id=state.id)
    may_join(state, joining.lead)
    return Decision(state.model_copy(update={"joining": joining}), (), joining.why)


def enlist(lead: RequestState, member: Member, at_most: int) -> Changed:
    """Let the lead know who is to hear from it. Raises `Problem`."""
    if member in lead.members:
        return None
    may_lead(lead, at_most)
    members = (*lead.members, member)
    return Decision(lead.model_copy(update={"members": members}), (), "me too")


def drop(state: RequestState, join_id: str) -> Changed:
    """The lead said no: everything stays as it was."""
    if state.joining is None or state.joining.id != join_id:
        return None
    return Decision(state.model_copy(update={"joining": None}), (), "not joined")


def finish(state: RequestState, join_id: str, lead: RequestState, now: datetime) -> Changed:
    """The lead said yes: from now on the request follows it. One whose own work has ended
    meanwhile stays as it is.

    Args:
        lead: as it is since it has the request in its list, or later: what happens to it after
            this state reaches the request by `follow`.
    """
    joining = state.joining
    if joining is None or joining.id != join_id:
        return None
    state = state.model_copy(update={"joining": None})
    if state.status not in WORKED:
        return Decision(state, (), "its own work ended meanwhile: not joined")
    ended = lead.status not in WORKED
    joined = Joined(
        id=join_id,
        lead=lead.id,
        at=now,
        me_too=joining.me_too,
        # What the lead heard of its end is heard again from there.
        heard=_before_the_end(lead) if ended else lead.steps_ever,
    )
    changed = state.with_step(
        Step(at=now, step="joined"),
        joined=joined,
        question=None,
        overdue=lead.overdue,
        status=(Status.ASSIGNED if ended else Status(lead.status)).value,
        assignee=lead.assignee,
        deadline=lead.deadline,
    )
    event = RequestJoined(
        request_id=state.id, join_id=join_id, lead_request_id=lead.id, me_too=joining.me_too
    )
    return Decision(changed, [event], joining.why, time=now)


def _before_the_end(lead: RequestState) -> int:
    """How many steps the lead had before the last end of its work."""
    for back, step in enumerate(reversed(lead.steps), 1):
        if step.step in _ENDS:
            return lead.steps_ever - back
    return lead.steps_ever


# Following the lead


def follow(state: RequestState, lead: RequestState, now: datetime, follow_up: timedelta) -> Changed:
    """Take over what the lead has heard of the shared work; None where nothing is new.

    At its end each resident is asked for himself or herself; where the lead's case was withdrawn
    the request has its own task again. The end is heard once dispatch has confirmed that the
    request's own task ended for the joining: it may have ended otherwise just before.
    """
    joined = state.joined
    if joined is None or state.status == Status.CLOSED or joined.heard >= lead.steps_ever:
        return None
    steps = lead.steps[-(lead.steps_ever - joined.heard) :]
    heard = lead.steps_ever - len(steps)  # those too old to be kept are over
    for step in steps:
        if step.step in _ENDS and not joined.told:
            break
        if step.step == "withdrawn":
            return _leave(state, "lead_withdrawn", now, "the lead was withdrawn")
        state = _hear(state, step, now, follow_up)
        heard += 1
    if heard == joined.heard:
        return None
    changes = {"joined": joined.model_copy(update={"heard": heard}), "deadline": lead.deadline}
    return Decision(state.model_copy(update=changes), (), f"as {lead.id}")


def waits(state: RequestState, lead: RequestState) -> bool:
    """Whether the member cannot hear everything yet (see `follow`)."""
    joined = state.joined
    return joined is not None and state.status != Status.CLOSED and joined.heard < lead.steps_ever


def _hear(state: RequestState, step: Step, now: datetime, follow_up: timedelta) -> RequestState:
    shown = _SHOWN_AS.get(step.step)
    if shown is None:
        return state
    changes: dict[str, object] = {}
    if step.step in _STATUS_AFTER:
        changes["status"] = _STATUS_AFTER[step.step].value
    if step.step in ("assigned", "taken", "progressed", "completed", "finally_answered"):
        changes["assignee"] = step.who
    if step.step == "overdue":
        changes["overdue"] = True
    if step.step == "reopened":
        changes |= {"overdue": False, "completed_at": None, "follow_up_until": None}
    if step.step in ("completed", "finally_answered"):
        changes |= {"completed_at": step.at, "final": step.step == "finally_answered"}
    state = state.with_step(step.model_copy(update={"step": shown}), **changes)
    if step.step in ("completed", "finally_answered"):
        return asking(state, now, follow_up)
    return state


def asking(state: RequestState, now: datetime, follow_up: timedelta) -> RequestState:
    """The work is done and the resident is asked, from when that is possible: a late report must
    not shorten the time to answer.
    """
    return state.with_step(
        Step(at=now, step="asked"),
        status=Status.COMPLETED.value,
        follow_up_until=now + follow_up,
        question=None,
    )


def heard_all(
    lead: RequestState, as_of: RequestState, gone: Sequence[Member], later: bool
) -> Changed:
    """The members have heard what happened until `as_of`; those `gone` are no members any more.

    Args:
        later: some have to hear it again.
    """
    news = lead.steps_ever != as_of.steps_ever or lead.members != as_of.members
    untold = later or news
    members = tuple(member for member in lead.members if member not in gone)
    if untold == lead.untold and members == lead.members:
        return None
    return Decision(lead.model_copy(update={"untold": untold, "members": members}), (), "told")


# Parting


def separate(state: RequestState, reason: str, now: datetime) -> Decision[RequestState]:
    """Staff found that it is about something else: it has a task of its own again.

    Raises `Problem` 409 unless it is joined and still open, and dispatch has confirmed that.
    """
    if state.status == Status.CLOSED:
        raise Problem(409, "request-closed")
    if state.joined is None:
        raise Problem(409, "not-joined")
    if not state.joined.told:
        # Its own task may have ended just now; then the joining is void anyway.
        raise Problem(409, "being-joined", id=state.id)
    return _leave(state, "staff", now, reason)


def _leave(state: RequestState, why: str, now: datetime, reason: str) -> Decision[RequestState]:
    joined = state.joined
    assert joined is not None
    changed = state.with_step(
        Step(at=now, step="separated"),
        joined=None,
        status=Status.ACCEPTED.value,
        round=state.round + 1,
        assignee=None,
        deadline=None,
        overdue=False,
        completed_at=None,
        follow_up_until=None,
        final=False,
    )
    event = RequestSeparated(
        request_id=state.id,
        join_id=joined.id,
        lead_request_id=joined.lead,
        round=state.round + 1,
        why=why,
    )
    return Decision(changed, [event], reason, time=now)


def confirm(state: RequestState, join_id: str) -> Changed:
    """Dispatch ended the request's own task for the joining; one of before is passed over."""
    joined = state.joined
    if joined is None or joined.id != join_id or joined.told:
        return None
    told = joined.model_copy(update={"told": True})
    return Decision(state.model_copy(update={"joined": told}), (), "its own task ended")


def void(state: RequestState) -> tuple[RequestState, Payload]:
    """Its own work had ended before dispatch heard of the joining: it is as if never joined."""
    joined = state.joined
    assert joined is not None
    event = RequestSeparated(
        request_id=state.id,
        join_id=joined.id,
        lead_request_id=joined.lead,
        round=state.round,
        why="own_done",
    )
    apart = {"joined": None, "follow_up_until": None, "final": False}
    return state.model_copy(update=apart), event
