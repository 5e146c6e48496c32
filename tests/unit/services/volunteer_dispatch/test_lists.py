"""Columns, claims, handing over and who hears of it: decisions, without a server."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.volunteer_dispatch.access import scope_of, sees
from services.volunteer_dispatch.audience import audience_of, keys_of, named_in
from services.volunteer_dispatch.changes import Listener
from services.volunteer_dispatch.service import claims, commands, handing, life
from services.volunteer_dispatch.service.alerting import Alert, Alerts
from services.volunteer_dispatch.service.claims import Claimer
from services.volunteer_dispatch.service.columns import (
    KEPT_AS,
    Column,
    Shown,
    between,
    shown,
)
from services.volunteer_dispatch.service.joint import JointPart, PartStatus
from services.volunteer_dispatch.service.lists import ClaimRule, Claims, ListTable, Source
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts.task_parts import PartOrigin
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind, Urgency
from shared.web.auth import Principal, Role
from tests.unit.services.volunteer_dispatch.city import HOUR, NOON, context, names, new

SOON, LATELY = timedelta(hours=24), timedelta(days=7)
POWER = Assignee(kind=AssigneeKind.UNIT, id="power", unit_id="power", organization_id="org-power")
WATER = Assignee(kind=AssigneeKind.UNIT, id="water", unit_id="water")
V1 = Assignee(kind=AssigneeKind.VOLUNTEER, id="v1")
PLACE = Reservation(volunteer_id="v1", token="t")


def with_team() -> TaskState:
    state = new().state
    assert state.holder is not None
    assert state.holder.kind is AssigneeKind.GRID_TEAM
    return state


def in_hand() -> TaskState:
    return commands.accept(with_team(), context()).state


def searched() -> TaskState:
    state = new(category="care").state
    assert state.status is Status.MATCHING
    return state


@pytest.mark.parametrize("column", [c for c in Column if c is not Column.NONE])
@pytest.mark.parametrize("hours", [-200, -1, 0, 1, 23, 24, 25, 200])
def test_at_every_moment_a_task_stands_in_one_shown_column(column: Column, hours: int) -> None:
    at = NOON + hours * HOUR
    found = shown(column, at, NOON, SOON)
    within = []
    for one in Shown:
        since, until = between(one, NOON, SOON, LATELY)
        if column in KEPT_AS[one] and (since or at) <= at < (until or at + HOUR):
            within.append(one)
    old = column is Column.DONE and hours == -200
    assert within == ([] if old else [found])


def test_what_is_kept_of_a_column_follows_the_state() -> None:
    state = in_hand()
    ctx = context()
    assert with_team().column is Column.TO_ACCEPT
    assert searched().column is Column.ASKING
    assert (state.column, state.column_at) == (Column.IN_HAND, state.deadline)
    assert commands.wait(state, "asks", ctx).state.column is Column.WAITING
    asked = commands.extend(state, 1, "r", "x:y", ctx).state
    assert asked.column is Column.DECIDING
    done = commands.complete(state, "w", NOON - HOUR, "x:y", ctx).state
    assert (done.column, done.column_at) == (Column.DONE, NOON - HOUR)
    assert TaskState(task_id="t", request_id="r").column is Column.NONE


# Claims


def claimer(who: Assignee = V1, **more: Any) -> Claimer:
    return Claimer(who, **({"grids": frozenset({"g1"}), "skills": frozenset({"care"})} | more))


def unit(area: str = "S1") -> Claimer:
    return Claimer(POWER, area=area)


def refused(state: TaskState, by: Claimer, table: Claims | None = None) -> str:
    with pytest.raises(Ruled) as rule:
        claims.check(state, by, table or Claims())
    return rule.value.code


def test_who_takes_a_task_has_it_in_hand_and_leads() -> None:
    for state, by, place in (
        (with_team(), claimer(), PLACE),
        (searched(), claimer(), PLACE),
        (with_team(), unit(), None),
    ):
        after, events = claims.claim(state, by, place, context())
        assert (after.status, after.assignee, after.lead) == (Status.ACCEPTED, by.who, by.who)
        assert (after.reservation, after.taken_at) == (place, NOON)
        told = [type(event).__name__ for event in events]
        assert told[-2:] == ["TaskAssigned", "TaskAccepted"]


def test_those_who_were_asked_are_told_when_somebody_else_takes_it() -> None:
    asked = Alert(volunteer_id="v7", token="a", at=NOON, until=NOON + HOUR)
    state = searched()
    state = state.having(alerts=state.alerts.having(open=(asked,), asked=("v7",)))
    after, events = claims.claim(state, claimer(), PLACE, context())
    assert next(type(event).__name__ for event in events) == "TaskAlertsEnded"
    assert after.alerts.open == ()


def test_nobody_takes_what_is_not_there_to_be_taken() -> None:
    assert refused(with_team(), claimer(grids=frozenset({"g2"}))) == "claim-elsewhere"
    assert refused(with_team(), unit("S2")) == "claim-elsewhere"
    assert refused(in_hand(), claimer()) == "already-taken"
    assert refused(searched(), claimer(skills=frozenset())) == "claim-needs-skill"
    danger = with_team().having(urgency=Urgency.DANGER)
    assert refused(danger, claimer()) == "claim-not-open"
    claims.check(danger, unit(), Claims())
    assert refused(searched(), unit()) == "claim-not-open"
    done = commands.complete(in_hand(), "w", None, "x:y", context()).state
    assert refused(done, claimer()) == "claim-over"
    only_units = Claims(volunteer=ClaimRule(sources=()))
    assert refused(with_team(), claimer(), only_units) == "claim-not-open"
    undecided = with_team()
    undecided = undecided.having(returns=undecided.returns.model_copy(update={"undecided": POWER}))
    assert refused(undecided, claimer()) == "claim-over"


def fits(query: Any, state: TaskState) -> bool:
    """Whether a stored task fits a query of those that `pool_of` makes."""
    kept = state.model_dump(mode="json")

    def value(path: str) -> Any:
        found: Any = {"state": kept}
        for name in path.split("."):
            found = None if found is None else found.get(name)
        return found

    for path, wanted in query.items():
        if path == "$or":
            if not any(fits(one, state) for one in wanted):
                return False
            continue
        is_, found = (wanted["$in"] if isinstance(wanted, dict) else [wanted]), value(path)
        if not any(one in is_ for one in (found if isinstance(found, list) else [found])):
            return False
    return True


def test_the_pool_lists_what_may_be_taken_and_nothing_else() -> None:
    duty = Assignee(kind=AssigneeKind.AREA_DUTY, id="S1-1")
    states = [with_team(), in_hand(), searched(), with_team().having(assignee=duty)]
    states += [one.having(urgency=Urgency.DANGER) for one in states]
    states += [one.having(grid_id="g2", areas=("C", "D", "S2", "S2-1")) for one in states]
    team = Assignee(kind=AssigneeKind.GRID_TEAM, id="g1")
    people = [claimer(), claimer(skills=frozenset()), unit(), unit("S2"), claimer(team)]
    found = 0
    for by in people:
        query = claims.pool_of(by, Claims())
        for state in states:
            try:
                claims.check(state, by, Claims())
                may = True
            except Ruled:
                may = False
            assert fits(query, state) == may, (by, state.status, state.urgency)
            found += may
    assert found > 10
    nothing = Claims(unit=ClaimRule(sources=()))
    assert claims.pool_of(unit(), nothing) is None
    assert set(Source) == {*Claims().volunteer.sources, *Claims().unit.sources}


# Handing over


def offered(to: Assignee = POWER, grid: str | None = None) -> TaskState:
    return handing.offer(in_hand(), to, grid, "why", "x:y", context()).state


def not_to(state: TaskState, to: Assignee, grid: str | None = None) -> str:
    with pytest.raises(Ruled) as rule:
        handing.check(state, to, grid, context())
    return rule.value.code


def test_what_is_offered_stays_with_the_holder_until_the_receiver_accepts() -> None:
    state = offered()
    assert (state.assignee, state.lead) == (in_hand().assignee, in_hand().assignee)
    assert "power" in state.units
    assert state.offered_to == "unit:power"
    ended = handing.end(state, handing.DECLINED, "no")
    assert names(ended) == ["TaskOfferEnded"]
    assert (ended.state.offered_to, ended.state.assignee) == (None, state.assignee)
    taken = handing.take(state, None, None, context(), None)
    assert names(taken) == ["TaskOfferEnded", "TaskAssigned", "TaskAccepted"]
    after = taken.state
    assert (after.status, after.assignee, after.lead) == (Status.ACCEPTED, POWER, POWER)
    assert (after.hand_overs, after.offered_to) == (1, None)


def test_silence_sends_it_back_at_its_time() -> None:
    state = offered()
    assert state.offer is not None
    until = state.offer.until
    assert state.next_due() is not None
    assert handing.on_due(state, context(until - HOUR)) is None
    decision = on_due(state.having(clock=state.clock.model_copy(update={"warn_at": None})),
                      context(until))  # fmt: skip
    assert decision is not None
    assert names(decision) == ["TaskOfferEnded"]
    assert decision.state.offer is None


@pytest.mark.parametrize("how", ["complete", "return", "reassign"])
def test_an_offer_lapses_when_the_task_goes_another_way(how: str) -> None:
    ctx, state = context(), offered()
    after = {
        "complete": lambda: commands.complete(state, "w", None, "x:y", ctx),
        "return": lambda: commands.give_back(state, "why", ctx),
        "reassign": lambda: commands.reassign(state, WATER, None, "why", ctx),
    }[how]().state
    assert after.offered_to is None
    assert "power" not in after.units or after.assignee == POWER
    # And does not come back to life with its holder.
    back, _ = life.give(after, state.assignee or POWER, ctx, level=0)
    assert life.accept(back, now=NOON)[0].offered_to is None


def test_the_table_says_who_may_receive_and_how_often() -> None:
    state = in_hand()
    duty = Assignee(kind=AssigneeKind.AREA_DUTY, id="S1")
    assert not_to(state, duty) == "receiver-kind"
    handing.check(state, V1, "g1", context())
    assert not_to(state, V1, "g2") == "receiver-elsewhere"
    elsewhere = Assignee(kind=AssigneeKind.UNIT, id="shut", unit_id="shut")
    assert not_to(state.having(areas=("C", "D", "S2")), elsewhere) == "receiver-elsewhere"
    most = ListTable().hand_overs_at_most
    assert not_to(state.having(hand_overs=most), POWER) == "handed-over-too-often"
    bound = state.returns.model_copy(update={"bound": True})
    assert not_to(state.having(returns=bound), POWER) == "decision-binds"
    asks = commands.extend(state, 1, "r", "x:y", context()).state
    assert not_to(asks, POWER) == "proposal-pending"
    waits = commands.wait(state, "asks", context()).state
    assert not_to(waits, POWER) == "hand-over-paused"
    high = state.having(assignee=Assignee(kind=AssigneeKind.AREA_DUTY, id="D"))
    handing.check(high, duty, None, context())
    assert not_to(high, high.assignee or duty) == "receiver-elsewhere"
    top = Assignee(kind=AssigneeKind.AREA_DUTY, id="C")
    assert not_to(high, top) == "receiver-elsewhere"


def test_who_answers_for_an_offer_that_changed_meanwhile_is_told() -> None:
    with pytest.raises(Ruled, match="offer-changed"):
        handing.take(offered(), V1, PLACE, context(), "v1")
    to_v1 = offered(V1, "g1")
    with pytest.raises(Ruled, match="offer-changed"):
        handing.take(to_v1, V1, PLACE, context(), "v2")
    with pytest.raises(Ruled, match="offer-changed"):
        handing.take(to_v1, None, None, context(), None)
    taken = handing.take(to_v1, V1, PLACE, context(), "v1").state
    assert taken.reservation == PLACE


# Changes

TEAM2 = Assignee(kind=AssigneeKind.GRID_TEAM, id="g2")


def helped(who: Assignee, status: PartStatus) -> TaskState:
    part = JointPart(
        number=1, round=1, who=who, areas=("S2", "S2-1"), origin=PartOrigin.ASKED, status=status,
        asked_at=NOON, accept_by=NOON,
    )  # fmt: skip
    return in_hand().having(parts=(part,))


def test_who_hears_of_a_task_is_who_sees_it() -> None:
    asked = Alert(volunteer_id="v7", token="a", at=NOON, until=NOON + HOUR)
    search = searched()
    states = [
        with_team(), in_hand(), search, offered(), offered(V1, "g1"),
        search.having(alerts=Alerts(open=(asked,))),
        commands.reassign(with_team(), V1, PLACE, "r", context()).state,
        search.having(assignee=V1), new(handling_unit="power").state,
        *(helped(who, status) for who in (TEAM2, WATER) for status in PartStatus),
    ]  # fmt: skip
    callers = [
        Principal("a", Role.ADMINISTRATOR),
        Principal("r", Role.RESIDENT),
        *(Principal("m", Role.AREA_MANAGER, areas=frozenset({a})) for a in ("C", "S1-1", "S2")),
        *(Principal("l", Role.GRID_LEADER, grids=frozenset({g})) for g in ("g1", "g2")),
        *(Principal("u", Role.UNIT_OPERATOR, unit_id=u) for u in ("power", "water", None)),
        *(Principal("v", Role.VOLUNTEER, volunteer_id=v) for v in ("v1", "v7", "v9", None)),
    ]
    for state in states:
        for caller in callers:
            hears = not keys_of(caller).isdisjoint(audience_of(state))
            assert hears == sees(caller, state), (caller, state.status, state.assignee)
    assert "$or" in scope_of(callers[-3])


def test_whoever_lost_a_task_hears_that_it_is_gone() -> None:
    state = commands.reassign(in_hand(), POWER, None, "r", context()).state
    state = commands.reassign(state, WATER, None, "r", context()).state
    assigned = {"lead": None, "assignee": {"kind": "unit", "id": "water", "unit_id": "water"}}
    assert named_in(assigned, state) == {"unit:power", "unit:water"}
    assert named_in({"volunteer_ids": ["v1"]}, state) == {"volunteer:v1"}
    assert named_in({"assignee": None}, state) == frozenset()


async def test_a_listener_gets_what_came_and_is_cut_off_when_too_slow() -> None:
    one = Listener(frozenset(), "x", room=2)
    assert await one.take(0.01) == b""
    one.put(b"b")
    one.first([b"a"])
    assert await one.take(1) == b"ab"
    waits = asyncio.create_task(one.take(10))
    await asyncio.sleep(0)
    one.put(b"c")
    assert await waits == b"c"
    for _ in range(3):
        one.put(b"d")
    assert one.ended
    assert await one.take(1) is None
