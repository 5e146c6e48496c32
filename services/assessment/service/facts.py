"""What the facts of intake and dispatch make of a case; pure.

The facts of a request and of its task come each in their own order, but in any order between the
two. Each decision here only adds what its fact knows, so that any such order ends in the same case.
"""

from datetime import datetime

from services.assessment.service.cases import Case, FollowUp, Responsible, Round, to_millis
from shared.contracts.joins import RequestJoined, RequestSeparated
from shared.contracts.requests import (
    RequestAccepted,
    RequestClosed,
    RequestFollowedUp,
    RequestLocated,
    RequestReopened,
)
from shared.contracts.task_life import TaskFinallyAnswered
from shared.contracts.tasks import (
    Assignee,
    TaskAccepted,
    TaskAssigned,
    TaskCancelled,
    TaskCompleted,
    TaskOverdue,
)
from shared.contracts.words import AssigneeKind

_OF_ANSWERS = ("contacted", "solved", "satisfied", "by", "device", "network", "asker", "staff_path")

# What intake says


def accepted(case: Case, fact: RequestAccepted, time: datetime) -> Case:
    """The request was taken in; `time` is the event's."""
    return case.model_copy(
        update={
            "accepted_at": to_millis(time),
            "channel": fact.channel.value,
            "kind": fact.kind.value,
            "category": fact.category,
            "urgency": fact.urgency.value,
            "area_path": fact.area_path,
            "grid_id": fact.grid_id,
            "reporting_unit": fact.reporting_unit,
        }
    )


def located(case: Case, fact: RequestLocated) -> Case:
    """It was placed, or placed anew."""
    return case.model_copy(update={"area_path": fact.area_path, "grid_id": fact.grid_id})


def followed_up(case: Case, fact: RequestFollowedUp, time: datetime) -> Case:
    """The resident answered, at `time`; the last answer of a round counts."""
    shared = None if fact.handled_by is None else _responsible(fact.handled_by)
    answer = FollowUp(
        **{name: getattr(fact, name) for name in _OF_ANSWERS}, at=to_millis(time), handled_by=shared
    )
    changes: dict[str, object] = {"follow_ups": case.follow_ups | {str(fact.round): answer}}
    if shared is not None:
        changes |= {f"shared_{name}": id for name, id in shared.model_dump().items()}
    return _in_round(case, fact.round).model_copy(update=changes)


def reopened(case: Case, fact: RequestReopened) -> Case:
    """Another round of work begins; one that was joined has its own task again."""
    return _in_round(_apart(case), fact.round).model_copy(
        update={"reopened": case.reopened + 1, "closed": None}
    )


def joined(case: Case, _fact: RequestJoined) -> Case:
    """It shares another request's task from now on."""
    return _apart(case).model_copy(update={"joined": True})


def separated(case: Case, fact: RequestSeparated) -> Case:
    """It has its own task again."""
    return _in_round(_apart(case), fact.round)


def _apart(case: Case) -> Case:
    return case.model_copy(
        update={"joined": False, "shared_unit_id": None, "shared_organization_id": None}
    )


def closed(case: Case, fact: RequestClosed) -> Case:
    """The request ended."""
    return case.model_copy(update={"closed": fact.outcome})


# What dispatch says of the lead task


def unit_of(assignee: Assignee) -> str | None:
    """The unit that answers for what `assignee` does."""
    if assignee.unit_id is None and assignee.kind is AssigneeKind.UNIT:
        return assignee.id
    return assignee.unit_id


def _responsible(assignee: Assignee) -> Responsible:
    return Responsible(unit_id=unit_of(assignee), organization_id=assignee.organization_id)


def held(case: Case, assignee: Assignee) -> Case:
    """The task is with `assignee` now."""
    return case.model_copy(update=_responsible(assignee).model_dump())


def assigned(case: Case, fact: TaskAssigned) -> Case:
    """The task was sent to somebody."""
    alive = case.model_copy(update={"cancelled": False})
    return _in_round(held(alive, fact.assignee), fact.round)


def taken(case: Case, fact: TaskAccepted) -> Case:
    """Somebody took the task; who accepts leads, whoever it was sent to."""
    return held(case, fact.assignee)


def overdue(case: Case, fact: TaskOverdue) -> Case:
    """The deadline of a round passed before completion."""
    return _in_round(_with_round(case, fact.round, overdue=True), fact.round)


def completed(case: Case, fact: TaskCompleted) -> Case:
    """The work of a round was done."""
    at = None if fact.completed_at is None else to_millis(fact.completed_at)
    done = _with_round(
        case,
        fact.round,
        completed=True,
        completed_at=at,
        in_time=fact.in_time,
        responsible=_responsible(fact.assignee),
    )
    return _in_round(held(done, fact.assignee), fact.round)


def finally_answered(case: Case, fact: TaskFinallyAnswered, time: datetime) -> Case:
    """The round ended formally (终结答复), at `time`: done, and in time unless it was overdue.

    Dispatch tells of a deadline that passes before it tells of the end, in the same order here.
    """
    late = case.rounds.get(str(fact.round), Round()).overdue
    done = _with_round(
        case,
        fact.round,
        completed=True,
        completed_at=to_millis(time),
        in_time=not late,
        responsible=_responsible(fact.assignee),
    )
    return _in_round(held(done, fact.assignee), fact.round)


def cancelled(case: Case, _fact: TaskCancelled) -> Case:
    """The case was withdrawn: it stays a request, and is neither judged nor timed."""
    return case.model_copy(update={"cancelled": True})


def _in_round(case: Case, number: int) -> Case:
    return case.model_copy(update={"round": max(case.round, number)})


def _with_round(case: Case, number: int, **known: object) -> Case:
    work = case.rounds.get(str(number), Round()).model_copy(update=known)
    return case.model_copy(update={"rounds": case.rounds | {str(number): work}})
