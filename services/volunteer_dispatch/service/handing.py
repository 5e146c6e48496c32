"""Handing a task over (转交): the holder offers it, and leads until the receiver accepts. Pure."""

from services.volunteer_dispatch.service import clock, life
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Offer, Reservation, TaskState
from shared.contracts import handover
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Decision

ACCEPTED, DECLINED, SILENT, WITHDRAWN = "accepted", "declined", "silent", "withdrawn"


def check(state: TaskState, to: Assignee, to_grid: str | None, context: Context) -> None:
    """Raise `Ruled` unless the holder may hand the task over to `to` (`to_grid`: a volunteer's).

    What the holder asked of those above comes first, and a decision of theirs binds.
    """
    holder = state.assignee
    assert holder is not None
    if state.returns.bound:
        raise Ruled("decision-binds")
    if state.proposal is not None:
        raise Ruled("proposal-pending", kind=state.proposal.kind.value)
    if state.clock.pause is not None:
        raise Ruled("hand-over-paused")
    if state.hand_overs >= context.lists.hand_overs_at_most:
        raise Ruled("handed-over-too-often", most=context.lists.hand_overs_at_most)
    kinds = context.lists.receivers.of(holder.kind)
    if to.kind not in kinds:
        raise Ruled("receiver-kind", kinds="、".join(kind.value for kind in kinds))
    if (to.kind, to.id) == (holder.kind, holder.id) or not _in_place(state, to, to_grid, context):
        raise Ruled("receiver-elsewhere", kind=to.kind.value, id=to.id)


def _in_place(state: TaskState, to: Assignee, to_grid: str | None, context: Context) -> bool:
    match to.kind:
        case AssigneeKind.UNIT:
            unit = context.directory.units.get(to.id)
            return unit is not None and unit.area in state.areas
        case AssigneeKind.GRID_TEAM:
            return to.id == state.grid_id
        case AssigneeKind.VOLUNTEER:
            return to_grid is not None and to_grid == state.grid_id
        case AssigneeKind.AREA_DUTY:
            return to.id in below(state)


def below(state: TaskState) -> tuple[str, ...]:
    """Areas of the task below the duty officer who has it."""
    holder, path = state.assignee, state.areas
    if holder is None or holder.kind is not AssigneeKind.AREA_DUTY or holder.id not in path:
        return ()
    return path[path.index(holder.id) + 1 :]


def offer(
    state: TaskState, to: Assignee, to_grid: str | None, reason: str, by: str, context: Context
) -> Decision[TaskState]:
    """Offer it; the receiver may be silent as long as an assignee may. Raises `Ruled`."""
    check(state, to, to_grid, context)
    assert state.assignee is not None
    holder = state.assignee
    made = Offer(
        to=to,
        of=f"{holder.kind.value}:{holder.id}",
        round=state.round,
        by=by,
        at=whole(context.now),
        until=clock.accept_by(state, context),
        reason=reason,
    )
    told = handover.TaskOffered(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=holder,
        to=to,
        reason=reason,
        answer_by=made.until,
        round=state.round,
    )
    return Decision(state.having(offer=made), (told,), reason)


def take(
    state: TaskState,
    volunteer: Assignee | None,
    reservation: Reservation | None,
    context: Context,
    asked: str | None,
) -> Decision[TaskState]:
    """The receiver accepts, has it in hand at once, and leads.

    Args:
        volunteer: with `reservation`, where `asked`, whom the offer named when it was read, is one.

    Raises:
        Ruled: meanwhile it is offered to another.
    """
    made = state.offered
    assert made is not None
    is_volunteer = made.to.kind is AssigneeKind.VOLUNTEER
    if is_volunteer != (volunteer is not None) or (is_volunteer and made.to.id != asked):
        raise Ruled("offer-changed")
    told = _ended(state, ACCEPTED)
    state = state.having(hand_overs=state.hand_overs + 1)
    to = volunteer or made.to
    state, given = life.give(state, to, context, level=state.level, reservation=reservation)
    state, taken = life.accept(state, now=context.now)
    return Decision(state, (told, *given, *taken), made.reason)


def end(state: TaskState, ended: str, reason: str = "") -> Decision[TaskState]:
    """It goes back: declined, or taken back; the holder has had it all the time."""
    return Decision(state.having(offer=None), (_ended(state, ended, reason),), reason or ended)


def on_due(state: TaskState, context: Context) -> Step | None:
    """The receiver said nothing in time; None while there is time, or no offer."""
    made = state.offered
    if made is None or made.until > context.now:
        return None
    return state.having(offer=None), (_ended(state, SILENT),)


def _ended(state: TaskState, ended: str, reason: str = "") -> handover.TaskOfferEnded:
    made, holder = state.offered, state.assignee
    assert made is not None
    assert holder is not None
    return handover.TaskOfferEnded(
        task_id=state.task_id,
        request_id=state.request_id,
        assignee=holder,
        to=made.to,
        ended=ended,
        reason=reason,
        round=state.round,
    )
