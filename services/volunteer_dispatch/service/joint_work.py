"""Joint work (协办): steps of a task's parts, from asking a helper to the end. A step as in `life`.

A part never outlives its task: whatever ends the task ends its parts first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.volunteer_dispatch.service import clock
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.clock import Step
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.explain import Considered, Explained, Kind, considered
from services.volunteer_dispatch.service.help import Helper, help_path
from services.volunteer_dispatch.service.joint import JointPart, PartStatus, kept, key_of
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import task_parts
from shared.contracts.payload import Payload
from shared.contracts.task_parts import PartOrigin
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import At

REQUEST_CLOSED, REPORTED_DONE, REOPENED = "request_closed", "reported_done", "reopened"
"""Reasons of parts that end with their task, or with a round."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a helper. `deadline`: None: the task's."""

    origin: PartOrigin
    asks: str | None = None
    deadline: datetime | None = None
    pass_on: bool = False
    by: str = ""
    attempt: str | None = None


def part_of(state: TaskState, number: int) -> JointPart | None:
    """The part of that number."""
    return next((part for part in state.parts if part.number == number), None)


def _with(state: TaskState, part: JointPart) -> TaskState:
    parts = tuple(part if one.number == part.number else one for one in state.parts)
    return state.having(parts=parts)


def ask(
    state: TaskState, who: Assignee, wish: Wish, context: Context, helper: Helper | None = None
) -> Step:
    """Ask `who` for a part. Whether that may be, the command has checked."""
    assert state.deadline is not None
    deadline = wish.deadline
    if deadline is None and state.deadline <= context.now:
        # No time of the task is left: it is due when an answer is due.
        deadline = clock.accept_by(state, context)
    part = JointPart(
        number=max((one.number for one in state.parts), default=0) + 1,
        round=state.round,
        who=who,
        areas=_areas_of(who, context),
        origin=wish.origin,
        asks=wish.asks,
        step=helper.step.value if helper else None,
        through=helper.through if helper else None,
        pass_on=wish.pass_on,
        asked_at=whole(context.now),
        asked_by=wish.by,
        accept_by=clock.accept_by(state, context),
        deadline=deadline,
        attempt=wish.attempt,
    )
    event = task_parts.TaskPartAsked(
        task_id=state.task_id,
        request_id=state.request_id,
        part=part.number,
        who=who,
        round=state.round,
        origin=part.origin,
        asks=part.asks,
        deadline=deadline or state.deadline,
        accept_by=part.accept_by,
        step=part.step,
        through=part.through,
    )
    return state.having(parts=kept((*state.parts, part))), (event,)


def _areas_of(who: Assignee, context: Context) -> tuple[str, ...]:
    city = context.directory
    area: str | None = None
    if who.kind is AssigneeKind.UNIT:
        unit = city.units.get(who.id)
        area = unit.area if unit else None
    elif who.kind is AssigneeKind.GRID_TEAM:
        grid = city.grids.get(who.id)
        area = grid.area if grid else None
    else:
        area = who.id
    return city.path_of(area)


def ask_by_rule(state: TaskState, context: Context) -> Step:
    """Ask the units that the routing rule names beside the lead, each once in a task's life."""
    had = {part.key for part in state.parts}
    had |= {key_of(one) for one in (state.assignee, state.lead) if one}
    events: tuple[Payload | At, ...] = ()
    for who in state.assisting:
        if key_of(who) not in had:
            state, more = ask(state, who, Wish(PartOrigin.RULE, by="rule"), context)
            events = (*events, *more)
    return state, events


def accept(state: TaskState, part: JointPart, at: datetime | None = None) -> Step:
    """The helper takes the part."""
    taken = part.having(status=PartStatus.ACCEPTED)
    event = task_parts.TaskPartAccepted(**about(state, part))
    return _with(state, taken), (event if at is None else At(at, event),)


def decline(state: TaskState, part: JointPart, reason: str, by: str, context: Context) -> Step:
    """The helper does not do it; the next one up the way is suggested, or asked."""
    next, path = suggest(state, part, context)
    who = None if next is None else next.who
    chosen = None if who is None else key_of(who)
    state = _explained(state, path, chosen, "help-declined", context)
    ended = _ended(part, PartStatus.DECLINED, by, context).having(reason=reason, suggested=who)
    event = task_parts.TaskPartDeclined(**about(state, part), reason=reason, suggested=who)
    state = _with(state, ended)
    if next is None or not part.pass_on or not room(state, context):
        return state, (event,)
    own = part.deadline if part.deadline and part.deadline > context.now else None
    wish = Wish(PartOrigin.PASSED_ON, part.asks, own, pass_on=True, by=part.asked_by)
    state, more = ask(state, next.who, wish, context, next)
    return state, (event, *more)


def done(
    state: TaskState,
    part: JointPart,
    sealed: str | None,
    by: str,
    context: Context,
    at: datetime | None = None,
) -> Step:
    """The part is done, at `at` or now; `sealed` are encrypted words. Who has done it took it."""
    events: tuple[Payload | At, ...] = ()
    if part.status is PartStatus.ASKED:
        state, events = accept(state, part, at)
    due, when = part.due(state.deadline), whole(at or context.now)
    in_time = due is None or when <= due
    ended = _ended(part, PartStatus.DONE, by, context).having(
        ended_at=when, in_time=in_time, result=sealed
    )
    event = task_parts.TaskPartDone(**about(state, part), in_time=in_time)
    return _with(state, ended), (*events, event if at is None else At(at, event))


def cancel(state: TaskState, part: JointPart, reason: str, by: str, context: Context) -> Step:
    """Whoever asked waits for the part no longer."""
    ended = _ended(part, PartStatus.CANCELLED, by, context).having(reason=reason)
    event = task_parts.TaskPartCancelled(**about(state, part), reason=reason)
    return _with(state, ended), (event,)


def cancel_all(state: TaskState, reason: str, context: Context) -> Step:
    """End every open part, as the task or the round ends."""
    events: tuple[Payload | At, ...] = ()
    for part in state.open_parts:
        state, more = cancel(state, part, reason, "task", context)
        events = (*events, *more)
    return state.having(held=None), events


def ask_again(state: TaskState, round: int, context: Context) -> Step:
    """In a new round: who did a part in the round `round`, or still had one, is asked again."""
    events: tuple[Payload | At, ...] = ()
    again = {
        part.key: part
        for part in state.parts
        if part.round == round and (part.status is PartStatus.DONE or part.reason == REOPENED)
    }
    for key, part in again.items():
        holds = state.assignee is not None and key == key_of(state.assignee)
        if holds or not context.directory.knows(part.who.kind, part.who.id):
            continue
        wish = Wish(PartOrigin.REOPENED, part.asks, pass_on=part.pass_on, by=part.asked_by)
        state, more = ask(state, part.who, wish, context)
        events = (*events, *more)
    return state, events


def room(state: TaskState, context: Context) -> bool:
    """Whether one more helper may be asked in this round."""
    number = sum(part.round == state.round for part in state.parts)
    return number < context.limits.parts_at_most


def completed_at(state: TaskState, said: datetime) -> datetime:
    """When the work was complete: not before the last part that was done."""
    ends = (part.ended_at for part in state.parts if part.status is PartStatus.DONE)
    return max((said, *(at for at in ends if at is not None)))


def suggest(
    state: TaskState, part: JointPart, context: Context
) -> tuple[Helper | None, tuple[Helper, ...]]:
    """The next helper up the way after this part's, and the whole way."""
    path = help_path(state, context, asked_too=True)
    place = next((n for n, one in enumerate(path) if key_of(one.who) == part.key), -1)
    asked = {one.key for one in state.parts if one.round == state.round}
    asked |= {key_of(one) for one in state.assisting}
    next_ = next((one for one in path[place + 1 :] if key_of(one.who) not in asked), None)
    return next_, path


def explain_asking(
    state: TaskState, who: Assignee, context: Context
) -> tuple[TaskState, Helper | None]:
    """The way to help with `who` as the one asked, explained; and where on it `who` stands."""
    path = help_path(state, context, asked_too=True)
    found = next((one for one in path if key_of(one.who) == key_of(who)), None)
    return _explained(state, path, key_of(who), "help-asked", context), found


def _explained(
    state: TaskState, path: tuple[Helper, ...], chosen: str | None, why: str, context: Context
) -> TaskState:
    candidates = [
        Considered(key=key_of(one.who), note=one.step.value, through=one.through or "")
        for one in path
    ]
    told = Explained(
        kind=Kind.HELP,
        at=whole(context.now),
        candidates=considered(candidates, chosen),
        chosen=chosen,
        why=why,
    )
    return state.explaining(told)


def _ended(part: JointPart, status: PartStatus, by: str, context: Context) -> JointPart:
    return part.having(status=status, ended_at=whole(context.now), ended_by=by)


def about(state: TaskState, part: JointPart) -> dict[str, Any]:
    """What every fact of a part says."""
    return {
        "task_id": state.task_id,
        "request_id": state.request_id,
        "part": part.number,
        "who": part.who,
        "round": part.round,
    }
