"""Why a task goes where it goes: a route's or an escalation's explanation. Pure."""

from datetime import datetime

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.explain import Considered, Explained, Kind, considered
from services.volunteer_dispatch.service.routing import (
    Place,
    assisting,
    gap_of,
    numbered_rule,
    route,
    was_tried,
)
from services.volunteer_dispatch.service.state import Status, TaskState
from services.volunteer_dispatch.service.tables import RoutingTable, Rule
from shared.contracts.words import AssigneeKind

WHYS = ("routed", "silent", "overdue", "unmatched", "declined", "returned")
"""What can lead to a decision on the way."""
NOTES = ("chosen", "next", "tried", "below", "passed_over", "suggested")
"""What a candidate's note can be: the one chosen, still to come, had it before, of a lower level,
skipped as only those above are meant, or suggested to the duty officer who decides."""


def routed(
    state: TaskState, place: Place, context: Context, *, above: bool, overdue: bool
) -> TaskState:
    """The state with the explanation of its next place; on a fresh route also with who assists
    and what the table lacked. `above`: only those of a higher level are meant."""
    found = numbered_rule(state, context)
    number, rule = found or (0, None)
    fresh = not state.tried and not above
    if fresh:
        told = assisting(state, rule, context), gap_of(state, rule, context)
        if told != (state.assisting, state.gap):
            state = state.having(assisting=told[0], gap=told[1])
    candidates = [
        Considered(
            key=key_of(one),
            score=_share(rule, one),
            note=_note(one, place, state, context, above),
        )
        for one in route(state, context)
    ]
    if rule is not None and rule.to == AssigneeKind.AREA_DUTY.value:
        candidates += [
            Considered(key=target, score=_share_of(rule, target), note="suggested")
            for target in rule.then
        ]
    explained = Explained(
        kind=Kind.ROUTE if fresh else Kind.ESCALATION,
        at=_whole(context.now),
        table=RoutingTable.NAME,
        version=context.versions.get(RoutingTable.NAME, 0),
        rule=str(number) if number else "",
        candidates=considered(candidates, key_of(place)),
        chosen=key_of(place),
        why="overdue" if overdue else "routed" if fresh else _why(state, context),
    )
    return state.explaining(explained)


def key_of(place: Place) -> str:
    """`kind:id`; of a search for a volunteer `skill:<skill>`."""
    return f"skill:{place.skill}" if place.kind is AssigneeKind.VOLUNTEER else place.key


def _note(one: Place, chosen: Place, state: TaskState, context: Context, above: bool) -> str:
    if one == chosen:
        return "chosen"
    if was_tried(state, one, context):
        return "tried"
    if one.level < state.level:
        return "below"
    if above and one.level <= chosen.level:
        return "passed_over"
    return "next"


def _why(state: TaskState, context: Context) -> str:
    """What led here, read from the state that is left."""
    if state.status is Status.MATCHING:
        return "unmatched"
    if state.status is Status.ACCEPTED:
        return "returned"
    silent = state.silent_at()
    return "silent" if silent is not None and silent <= context.now else "declined"


def _share(rule: Rule | None, place: Place) -> float | None:
    if rule is None or place.kind is not AssigneeKind.UNIT:
        return None
    return _share_of(rule, place.key)


def _share_of(rule: Rule, target: str) -> float | None:
    by_target = dict(zip((rule.to, *rule.then), rule.shares, strict=False))
    return by_target.get(target)


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
