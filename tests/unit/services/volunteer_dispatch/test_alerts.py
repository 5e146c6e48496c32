"""Caps, quiet hours, who is asked next: pure."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteer_dispatch.choosing import choose, explained
from services.volunteer_dispatch.match.index import Index, Volunteer
from services.volunteer_dispatch.service import alerts, life
from services.volunteer_dispatch.service.alerting import WEEK, AlertTable
from services.volunteer_dispatch.service.explain import Kind
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from services.volunteer_dispatch.service.timers import on_due
from shared.contracts import requests, tasks
from shared.contracts.words import Urgency
from tests.unit.services.volunteer_dispatch.city import (
    DATA,
    NOON,
    context,
    event,
    handle,
    held,
    names,
    new,
    payload_of,
)

TABLE = AlertTable.model_validate_json((DATA / "alerts.json").read_bytes())
ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/Los_Angeles", "UTC")]
MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 31)).map(
    lambda at: at.replace(tzinfo=UTC)
)
MINUTE = timedelta(minutes=1)


def test_the_shipped_table_is_the_default_one() -> None:
    assert AlertTable() == TABLE


@given(MOMENTS, st.sampled_from(ZONES), st.times(), st.times())
def test_quiet_hours_end_when_they_say(
    now: datetime, zone: ZoneInfo, start: object, end: object
) -> None:
    table = AlertTable.model_validate({"quiet_from": start, "quiet_until": end})
    assert table.quiet_ends(now, zone, Urgency.DANGER) is None
    ends = table.quiet_ends(now, zone, Urgency.ORDINARY)
    if ends is None:
        return
    assert now < ends <= now + timedelta(hours=25)
    clock = ends.astimezone(zone).time()
    assert clock == table.quiet_until or zone != ZONES[0]
    if start != end:
        assert table.quiet_ends(ends, zone, Urgency.ORDINARY) is None


@pytest.mark.parametrize(
    ("hour", "minute", "ends"),
    [(21, 59, None), (22, 0, 9), (23, 59, 8), (0, 0, 7), (6, 59, 1), (7, 0, None), (12, 0, None)],
)
def test_the_shipped_quiet_hours(hour: int, minute: int, ends: int | None) -> None:
    zone = ZONES[0]
    now = datetime(2026, 11, 24, hour, minute, tzinfo=zone)
    found = TABLE.quiet_ends(now, zone, Urgency.ORDINARY)
    if ends is None:
        assert found is None
    else:
        assert found is not None
        assert found.astimezone(zone).time() == TABLE.quiet_until
        assert 0 <= ends * 60 - (found - now).total_seconds() / 60 < 60
    assert AlertTable(quiet_from=None).quiet_ends(now, zone, Urgency.ORDINARY) is None


@given(MOMENTS, st.lists(st.integers(0, 9 * 24 * 60), max_size=12), st.sampled_from(ZONES))
def test_who_rests_may_be_asked_just_then_and_not_before(
    now: datetime, minutes_ago: list[int], zone: ZoneInfo
) -> None:
    had = [now - timedelta(minutes=n) for n in minutes_ago]

    def may(at: datetime) -> bool:
        """The caps in words: fewer than `per_day` since midnight, than `per_week` in a week."""
        local = at.astimezone(zone)
        today = [one for one in had if one.astimezone(zone).date() == local.date()]
        week = [one for one in had if one > at - WEEK]
        return len(today) < TABLE.per_day and len(week) < TABLE.per_week

    until = TABLE.rests_until(had, now, zone)
    assert (until is None) == may(now)
    if until is not None:
        assert until > now
        assert may(until)
        assert not may(until - timedelta(seconds=1))


def volunteers(number: int, **more: Any) -> Index:
    index = Index()
    for n in range(number):
        place = (22.5 + n / 1000, 114.0)
        index.put(Volunteer(f"v{n:02}", ("care",), "g1", "u", place, 1)._replace(**more))
    return index


def search(**more: Any) -> TaskState:
    point = {"longitude": 114.0, "latitude": 22.5}
    state = new(category="care", point=point, **more).state
    assert state.status is Status.MATCHING
    assert state.todo
    return state


def asking(state: TaskState, index: Index, now: datetime = NOON) -> TaskState:
    """The loop's turn."""
    ctx = context(now)
    choice = choose({state.task_id: state}, index, ctx)[state.task_id]
    given = [
        alerts.alert(one.id, f"t-{one.id}", state, ctx) for one in choice.order[: choice.number]
    ]
    for one in given:
        index.note_asked(one.volunteer_id)
    reasons = explained(choice, {one.volunteer_id for one in given}, ctx)
    return alerts.ask(state, given, reasons, ctx)[0]


def ids(state: TaskState) -> list[str]:
    return [one.volunteer_id for one in state.alerts.open]


def test_three_are_asked_and_each_refusal_or_silence_is_replaced() -> None:
    index, state = volunteers(6), search()
    state = asking(state, index)
    assert ids(state) == ["v00", "v01", "v02"]
    assert not state.todo
    assert held(state) == "grid_team:g1", "who answers meanwhile"
    assert state.next_due() == NOON + 10 * MINUTE

    state, told = alerts.decline(state, "v01")
    assert payload_of(told[0]).model_dump()["volunteer_ids"] == ("v01",)
    assert state.todo
    state = asking(state, index, NOON + MINUTE)
    assert ids(state) == ["v00", "v02", "v03"]

    late = on_due(state, context(NOON + 10 * MINUTE))
    assert late is not None
    assert payload_of(late.events[0]).volunteer_ids == ("v00", "v02")
    assert [one.silent for one in late.state.alerts.open] == [True, True, False]
    state = asking(late.state, index, NOON + 10 * MINUTE)
    assert ids(state) == ["v00", "v02", "v03", "v04", "v05"]
    assert state.alerts.waiting == 3

    # A late yes counts while nobody else took it.
    ctx = context(NOON + 11 * MINUTE)
    place = Reservation(volunteer_id="v00", token="r")
    taken, events = alerts.accept(state, ctx.directory.volunteer("v00", None, "g1"), place, ctx)
    assert [type(payload_of(one)) for one in events] == [
        tasks.TaskAlertsEnded,
        tasks.TaskAssigned,
        tasks.TaskAccepted,
    ]
    assert payload_of(events[0]).volunteer_ids == ("v02", "v03", "v04", "v05")
    assert (held(taken), taken.status, ids(taken)) == ("volunteer:v00", Status.ACCEPTED, [])
    said = [(one.volunteer_id, one.said) for one in taken.alerts.answers]
    assert said[:3] == [("v01", "declined"), ("v00", "silent"), ("v02", "silent")]
    assert said[3] == ("v00", "accepted")
    assert {what for _, what in said[4:]} == {"withdrawn"}
    why = next(one for one in taken.explained if one.kind is Kind.MATCH)
    asked = [one.note.startswith("asked: chance 0.32") for one in why.candidates]
    assert asked == [True, True, True, False, False, False]
    assert (why.table, why.chosen, why.why) == ("alerts", "volunteer:v00", "asked")


def test_the_grid_team_gets_it_when_nobody_is_left() -> None:
    index, state = volunteers(1), search()
    state = asking(state, index)
    state = asking(state.having(alerts=state.alerts.having(full=False)), index)
    assert state.status is Status.MATCHING, "v00 has time to answer"
    decision = on_due(state, context(NOON + 10 * MINUTE))
    assert decision is not None
    state = asking(decision.state, index, NOON + 10 * MINUTE)
    assert (held(state), state.status) == ("grid_team:g1", Status.ASSIGNED)
    assert ids(state) == []


def test_nobody_is_asked_twice_in_a_round_and_not_more_than_the_table_says() -> None:
    index, state, now = volunteers(40), search(), NOON
    while state.status is Status.MATCHING:
        state = asking(state, index, now)
        due = state.next_due()
        assert due is not None
        if state.status is Status.MATCHING:
            now = due
            decision = on_due(state, context(now))
            assert decision is not None
            state = decision.state
    assert len(state.alerts.asked) == len(set(state.alerts.asked)) == TABLE.most_asked


def test_whoever_had_it_is_asked_alone_when_it_comes_back() -> None:
    index, state = volunteers(5), search()
    ctx = context(NOON)
    state = asking(state, index)
    place = Reservation(volunteer_id="v01", token="r")
    state, _ = alerts.accept(state, ctx.directory.volunteer("v01", None, "g1"), place, ctx)
    state, _ = life.complete(
        state, ctx, at=NOON, completed_at=NOON, in_time=None, ask_resident=True
    )
    again = requests.RequestReopened(request_id="r1", round=2)
    state = handle(state, event(again, time=NOON + MINUTE), context(NOON + MINUTE)).state
    assert (state.status, state.prefer) == (Status.MATCHING, "v01")
    assert alerts.asks_alone(state)
    assert alerts.wanted(state, ctx) == 1
    mine = alerts.alert("v01", "t", state, ctx)
    state, _ = alerts.ask(state, [mine], None, ctx)
    state, _ = alerts.decline(state, "v01")
    assert not alerts.asks_alone(state)
    assert alerts.wanted(state, ctx) == 3
    assert "v01" not in ids(asking(state, index))


def test_however_a_search_ends_those_asked_are_told() -> None:
    state = asking(search(), volunteers(3))
    closed = requests.RequestClosed(request_id="r1", outcome="solved")
    ended = handle(state, event(closed, time=NOON))
    assert (names(ended), ended.state.alerts.open) == (["TaskAlertsEnded"], ())
    assert len(ended.state.alerts.answers) == 3
    gone, events = life.cancel(state, "withdrawn", NOON, context(NOON))
    assert [type(payload_of(one)).__name__ for one in events] == [
        "TaskAlertsEnded",
        "TaskCancelled",
    ]
    assert gone.alerts.open == ()
    overdue = on_due(state, context(NOON + timedelta(days=8)))
    assert overdue is not None
    assert "TaskAlertsEnded" in names(overdue)
    assert overdue.state.alerts.open == ()


def test_at_night_it_rests_until_the_morning_while_the_grid_team_answers() -> None:
    night = NOON + timedelta(hours=12)
    state = search()
    ends = alerts.quiet_ends(state, context(night))
    assert ends == datetime(2026, 11, 24, 23, tzinfo=UTC)
    state = alerts.rest(state, ends)
    assert (state.todo, state.next_due(), held(state)) == (False, ends, "grid_team:g1")
    assert on_due(state, context(ends - MINUTE)) is None
    woken = on_due(state, context(ends))
    assert woken is not None
    assert woken.state.todo
    assert names(woken) == []
    danger = state.having(urgency=Urgency.DANGER)
    assert alerts.quiet_ends(danger, context(night)) is None


def test_tasks_of_a_batch_ask_different_people() -> None:
    index, ctx = volunteers(6), context(NOON)
    states = {f"t{n}": search().having(task_id=f"t{n}") for n in range(3)}
    choices = choose(states, index, ctx)
    first = [[one.id for one in choice.order[:2]] for choice in choices.values()]
    assert len({id for two in first for id in two}) == 6
    # Of seven tasks one is left to the next batch, which sees who is being asked by then.
    many = {f"t{n}": search().having(task_id=f"t{n}") for n in range(7)}
    assert len(choose(many, index, ctx)) == 6


def test_a_crowd_in_one_place_asks_beyond_those_that_all_consider() -> None:
    """Sixty tasks consider the same forty people; twice as many others are free."""
    index, ctx = volunteers(120), context(NOON)
    left = {f"t{n}": search().having(task_id=f"t{n}") for n in range(60)}
    asked: set[str] = set()
    batches = 0
    while left:
        batches += 1
        for id, choice in choose(left, index, ctx).items():
            assert not choice.others_wait, (batches, len(left))
            for one in choice.order[:1]:
                index.note_asked(one.id)
                asked.add(one.id)
            del left[id]
    assert len(asked) == 60
    assert batches < 5


def test_a_task_waits_where_all_are_being_asked() -> None:
    ctx = context(NOON)
    full = volunteers(2, waiting=1)
    choice = choose({"t": search()}, full, ctx)["t"]
    assert (choice.order, choice.others_wait) == ((), True)
    assert alerts.may_wait(search(), ctx) == NOON + MINUTE
    assert alerts.may_wait(search(), context(NOON + timedelta(days=1))) is None
