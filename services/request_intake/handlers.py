"""What the events of others change in a request. Pure; `Context` is fetched before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from services.request_intake import joining
from services.request_intake.classification import Classifier
from services.request_intake.locator import Locator
from services.request_intake.service import accept, close_reported
from services.request_intake.state import Question, RequestState, Status, Step
from shared.contracts import joins, task_life, task_parts, tasks
from shared.contracts.envelope import Event
from shared.contracts.ids import care_round, lead_task_id, reported_request_id
from shared.contracts.payload import Payload
from shared.contracts.units import RequestReported
from shared.messaging.dead_letters import unit_of
from shared.messaging.processor import NotYet, Refused
from shared.storage.aggregates import Decision
from shared.web.schemas import CLOCK_TOLERANCE

Changed = Decision[RequestState] | None


@dataclass(frozen=True, slots=True)
class Context:
    """What the handlers of a batch look at besides state and event.

    Args:
        sealed: texts of the batch's reports, encrypted; by the report's request id.
        codes: a new tracking code for each; by request id.
    """

    now: datetime
    locator: Locator
    classifier: Classifier
    follow_up: timedelta
    sealed: Mapping[str, str]
    codes: Mapping[str, str]


def target(event: Event) -> str | None:
    """The request that a fact is about; None where it is another service's, or a care visit's."""
    if event.type.startswith("lianxin.task."):
        return None if care_round(event.partition_key) else event.partition_key
    if event.type.rpartition(".v")[0] == RequestReported.TYPE:
        return reported_request_id(event.source, event.subject)
    return None


# Units


def on_request_reported(state: RequestState | None, event: Event, context: Context) -> Changed:
    """A unit took in a request itself. Its own category code is kept, whatever it is."""
    report = cast(RequestReported, event.data)
    if state is not None:
        raise Refused("this case was reported before; send its progress as task_progress")
    if not event.subject.startswith("case/"):
        raise Refused("the subject of a report must be case/{your number}")
    if event.time > context.now + CLOCK_TOLERANCE:
        raise Refused("ce_time is in the future; check the clock and the offset")
    if report.area is not None and report.area not in context.locator.areas:
        raise NotYet(
            f"area {report.area!r} is not known; the registry lists the codes at /v1/areas"
        )
    placement = context.locator.locate(report.point, report.area, event.time)
    classifier = context.classifier
    classified = classifier.classify(report.text or "", report.category)
    given = report.category is not None and report.urgency is not None
    id = reported_request_id(event.source, event.subject)
    return accept(
        RequestState(
            id=id,
            tracking_code=context.codes[id],
            channel=report.channel.value,
            kind=report.kind.value,
            category=classified.category,
            urgency=(report.urgency or classified.urgency).value,
            rules_version=0 if given else classifier.version,
            text=context.sealed.get(id),
            point=report.point,
            area=report.area,
            grid_id=placement.grid_id if placement else None,
            area_path=placement.area_path if placement else (),
            located=placement is not None,
            accepted_at=event.time,
            received_at=context.now,
            reporting_unit=unit_of(event.source),
            case_number=event.subject.removeprefix("case/"),
            handling_unit=report.handling_unit,
        )
    )


# Tasks

TaskHandler = Callable[[RequestState, Event, Any, Context], Changed]


def _task(handler: TaskHandler, *, late_too: bool = False) -> Callable[..., Changed]:
    """A handler of facts of the lead task, of the running round, while the request is open.

    Assisting tasks and rounds that are over change nothing that the resident is told.
    """

    def handle(state: RequestState | None, event: Event, context: Context) -> Changed:
        data = cast(tasks.TaskFact, event.data)
        if state is None:
            raise Refused("this request is not known to intake; restore its data, then replay")
        if data.task_id != lead_task_id(state.id) or state.status == Status.CLOSED:
            return None
        if getattr(data, "round", state.round) < state.round:
            return None
        if state.joined is not None:
            return _own(state, event, data, context)
        if state.status == Status.COMPLETED and not late_too:
            return None
        return handler(state, event, data, context)

    return handle


_ENDS = (tasks.TaskCompleted, tasks.TaskCancelled, task_life.TaskFinallyAnswered)


def _own(state: RequestState, event: Event, data: tasks.TaskFact, context: Context) -> Changed:
    """A fact of a joined request's own task, which is not the one that is worked."""
    joined = state.joined
    assert joined is not None
    if isinstance(data, joins.TaskJoined):
        return joining.confirm(state, data.join_id)
    if joined.told or not isinstance(data, _ENDS):
        return None
    apart, told = joining.void(state)
    ended = _BY_FACT[type(data)](apart, event, data, context)
    assert ended is not None
    return Decision(ended.state, [told, *ended.events], "its own work was done", time=ended.time)


def _created(state: RequestState, event: Event, data: tasks.TaskCreated, _: Context) -> Changed:
    return Decision(state.model_copy(update={"deadline": data.deadline}))


def _assigned(state: RequestState, event: Event, data: tasks.TaskAssigned, _: Context) -> Changed:
    step = Step(at=event.time, step="assigned", who=data.assignee)
    status = Status.ASSIGNED.value
    return Decision(
        state.with_step(step, status=status, assignee=data.assignee, deadline=data.deadline)
    )


def _accepted(state: RequestState, event: Event, data: tasks.TaskAccepted, _: Context) -> Changed:
    step = Step(at=event.time, step="taken", who=data.assignee)
    return Decision(state.with_step(step, status=Status.IN_HAND.value, assignee=data.assignee))


def _declined(state: RequestState, event: Event, data: tasks.TaskDeclined, _: Context) -> Changed:
    step = Step(at=event.time, step="declined", who=data.assignee, reason=data.reason)
    return Decision(state.with_step(step))


def _returned(state: RequestState, event: Event, data: tasks.TaskReturned, _: Context) -> Changed:
    step = Step(at=event.time, step="returned", who=data.assignee, reason=data.reason)
    return Decision(state.with_step(step, status=Status.ASSIGNED.value))


def _escalated(state: RequestState, event: Event, _: tasks.TaskEscalated, __: Context) -> Changed:
    return Decision(state.with_step(Step(at=event.time, step="escalated")))


def _overdue(state: RequestState, event: Event, data: tasks.TaskOverdue, _: Context) -> Changed:
    step = Step(at=event.time, step="overdue", who=data.assignee)
    return Decision(state.with_step(step, overdue=True))


def _progressed(
    state: RequestState, event: Event, data: tasks.TaskProgressed, _: Context
) -> Changed:
    step = Step(at=event.time, step="progressed", who=data.assignee)
    return Decision(state.with_step(step, status=Status.IN_HAND.value))


def _completed(
    state: RequestState, event: Event, data: tasks.TaskCompleted, context: Context
) -> Changed:
    at = data.completed_at or event.time
    step = Step(at=at, step="completed", who=data.assignee)
    changed = state.with_step(step, completed_at=at, assignee=data.assignee)
    if not data.ask_resident:
        return close_reported(changed, at, "the unit's record of the past")
    return Decision(joining.asking(changed, context.now, context.follow_up))


def _waiting(state: RequestState, event: Event, data: task_life.TaskWaiting, _: Context) -> Changed:
    step = Step(
        at=event.time, step="waiting", who=data.assignee, reason=data.asks, until=data.until
    )
    question = Question(asks=data.asks, until=data.until)
    return Decision(state.with_step(step, question=question, deadline=data.deadline))


def _deferred(
    state: RequestState, event: Event, data: task_life.TaskDeferred, _: Context
) -> Changed:
    step = Step(
        at=event.time, step="deferred", who=data.assignee, reason=data.reason, until=data.review_at
    )
    return Decision(state.with_step(step, deadline=data.deadline))


def _resumed(state: RequestState, event: Event, data: task_life.TaskResumed, _: Context) -> Changed:
    question = None if data.kind is task_life.PauseKind.RESIDENT else state.question
    changed = state.model_copy(update={"deadline": data.deadline, "question": question})
    if data.why == "moved_on":  # what it moved on to is told next
        return Decision(changed)
    return Decision(changed.with_step(Step(at=event.time, step="resumed", until=data.deadline)))


def _extended(
    state: RequestState, event: Event, data: task_life.TaskExtended, _: Context
) -> Changed:
    step = Step(
        at=event.time, step="extended", who=data.assignee, reason=data.reason, until=data.deadline
    )
    return Decision(state.with_step(step, deadline=data.deadline))


def _problem(
    state: RequestState, event: Event, _data: task_life.TaskProblemRaised, _: Context
) -> Changed:
    return Decision(state.with_step(Step(at=event.time, step="problem_raised")))


def _helping(
    state: RequestState, event: Event, data: task_parts.TaskPartAccepted, _: Context
) -> Changed:
    return Decision(state.with_step(Step(at=event.time, step="helping", who=data.who)))


def _helped(
    state: RequestState, event: Event, data: task_parts.TaskPartDone, _: Context
) -> Changed:
    return Decision(state.with_step(Step(at=event.time, step="helped", who=data.who)))


def _finally_answered(
    state: RequestState, event: Event, data: task_life.TaskFinallyAnswered, context: Context
) -> Changed:
    step = Step(at=event.time, step="finally_answered", who=data.assignee, reason=data.reason)
    changed = state.with_step(step, completed_at=event.time, assignee=data.assignee, final=True)
    return Decision(joining.asking(changed, context.now, context.follow_up))


def _cancelled(state: RequestState, event: Event, data: tasks.TaskCancelled, _: Context) -> Changed:
    changed = state.with_step(Step(at=event.time, step="withdrawn", reason=data.reason))
    return close_reported(changed, event.time, data.reason)


def _joined(_state: RequestState, _e: Event, _data: joins.TaskJoined, _c: Context) -> Changed:
    return None  # it was separated before dispatch's word came


_BY_FACT: dict[type[Payload], TaskHandler] = {
    tasks.TaskCompleted: _completed,
    tasks.TaskCancelled: _cancelled,
    task_life.TaskFinallyAnswered: _finally_answered,
}

HANDLERS: dict[type[Payload], Callable[..., Changed]] = {
    RequestReported: on_request_reported,
    tasks.TaskCreated: _task(_created),
    tasks.TaskAssigned: _task(_assigned),
    tasks.TaskAccepted: _task(_accepted),
    tasks.TaskDeclined: _task(_declined),
    tasks.TaskReturned: _task(_returned),
    tasks.TaskEscalated: _task(_escalated),
    tasks.TaskOverdue: _task(_overdue),
    tasks.TaskProgressed: _task(_progressed),
    tasks.TaskCompleted: _task(_completed),
    tasks.TaskCancelled: _task(_cancelled, late_too=True),
    task_life.TaskWaiting: _task(_waiting),
    task_life.TaskDeferred: _task(_deferred),
    task_life.TaskResumed: _task(_resumed),
    task_life.TaskExtended: _task(_extended),
    task_life.TaskProblemRaised: _task(_problem),
    task_life.TaskFinallyAnswered: _task(_finally_answered),
    joins.TaskJoined: _task(_joined),
    task_parts.TaskPartAccepted: _task(_helping),
    task_parts.TaskPartDone: _task(_helped),
}
