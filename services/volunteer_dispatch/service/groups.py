"""Asking groups beside single volunteers; within a group somebody named takes the task. Pure.

An alert to a group carries `group:<id>` where a volunteer's carries the id. Who takes the task is a
member: he or she is the assignee and holds a place in the own load, the group one in its own.
"""

from collections.abc import Iterable

from services.volunteer_dispatch.service import alerts
from services.volunteer_dispatch.service.alerting import ACCEPTED
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.group_ids import group_key, is_group
from services.volunteer_dispatch.service.life import Step
from services.volunteer_dispatch.service.state import Reservation, TaskState
from shared.contracts.tasks import Assignee


def wants_group(state: TaskState, context: Context) -> bool:
    """Whether a group is to be asked now: one at a time, each refusal or silence replaced."""
    if alerts.asks_alone(state):
        return False
    waits = any(is_group(one.volunteer_id) and not one.silent for one in state.alerts.open)
    number = alerts.wanted(state, context)
    return not waits and len(state.alerts.asked) + number < context.asking.table.most_asked


def accept(
    state: TaskState,
    group_id: str,
    volunteer: Assignee,
    reservation: Reservation,
    place: Reservation,
    context: Context,
) -> Step:
    """A member takes the task for the group, which said yes; all others are told that it is gone.

    Args:
        reservation: the member's place.
        place: the group's.
    """
    said = state.alerts.ended({group_key(group_id): ACCEPTED})
    state, events = alerts.accept(state.having(alerts=said), volunteer, reservation, context)
    return state.having(group=place), events


def members_of(group: dict[str, object]) -> frozenset[str]:
    """Leader and members of a group's document."""
    leader, members = group.get("leader"), group.get("members") or ()
    assert isinstance(members, Iterable)
    return frozenset(str(one) for one in (leader, *members) if one)
