"""Whistles: times to report in, each unit's way, and who hears of absent ones."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.volunteer_dispatch.messages_whistles import WHISTLES
from services.volunteer_dispatch.service import whistling
from services.volunteer_dispatch.service.limits import CHINA
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.whistle_table import WhistleTable, Within
from services.volunteer_dispatch.service.whistling import Status, Summoned, WhistleState
from shared.contracts import whistles
from shared.contracts.whistles import WhistleCase
from shared.storage.aggregates import At, Decision
from tests.unit.services.volunteer_dispatch.city import CALENDAR, DATA, HOUR, NOON, PATH, context

TIMES = WhistleTable.model_validate_json((DATA / "whistle-times.json").read_bytes())
MINUTE = timedelta(minutes=1)


def whistle(*units: str) -> WhistleState:
    ctx = context()
    due = TIMES.emergency.after(NOON, CALENDAR)
    return WhistleState(
        whistle_id="w1",
        case=WhistleCase.EMERGENCY,
        area="S1-1",
        area_path=PATH,
        text="sealed",
        blown_at=NOON,
        blown_by="area_manager:m",
        supervisor=whistling.supervisor_of(PATH, ctx),
        summoned=tuple(
            Summoned(unit=ctx.directory.unit(id), asks="come", report_by=due)
            for id in units or ("power", "water")
        ),
    )


def told(decision: Decision[WhistleState]) -> list[Any]:
    return [item.data if isinstance(item, At) else item for item in decision.events]


def test_an_emergency_has_thirty_minutes_the_others_one_working_day() -> None:
    friday = datetime(2026, 3, 6, 16, tzinfo=CHINA)
    assert TIMES.of(WhistleCase.EMERGENCY).after(friday, CALENDAR) == friday + 30 * MINUTE
    for case in (WhistleCase.BEYOND_POWER, WhistleCase.JOINT_ENFORCEMENT):
        due = TIMES.of(case).after(friday, CALENDAR)
        assert due == datetime(2026, 3, 9, 16, tzinfo=CHINA)  # Monday
    with pytest.raises(ValidationError):
        Within(minutes=30, working_days=1)


def test_the_duty_officer_above_the_whistling_area_hears_of_it() -> None:
    assert whistle().supervisor.id == "S1"
    assert whistling.supervisor_of(("C",), context()).id == "C"


def test_who_has_not_reported_in_is_told_of_once() -> None:
    state = whistling.report_in(whistle(), "power", context(NOON + MINUTE)).state
    assert state.next_due() == NOON + 30 * MINUTE
    assert whistling.on_due(state, NOON + 29 * MINUTE) is None
    decision = whistling.on_due(state, NOON + 30 * MINUTE)
    assert decision is not None
    (absent,) = told(decision)
    assert isinstance(absent, whistles.WhistleAbsent)
    assert (absent.unit.id, absent.supervisor.id) == ("water", "S1")
    after = decision.state
    assert (after.late, after.next_due()) == (True, None)
    assert whistling.on_due(after, NOON + 99 * HOUR) is None
    late = whistling.report_in(after, "water", context(NOON + HOUR))
    assert (told(late)[0].in_time, late.state.late) == (False, False)


def test_each_command_has_its_time() -> None:
    state, ctx = whistle(), context(NOON + MINUTE)
    does: dict[str, Any] = {
        "report_in": lambda s, u: whistling.report_in(s, u, ctx),
        "plan": lambda s, u: whistling.plan(s, u, "sealed", ctx),
        "done": lambda s, u: whistling.done(s, u, "sealed", ctx),
        "rate": lambda s, u: whistling.rate(s, u, 4, None, "m", ctx),
    }

    def refused(name: str, state: WhistleState, unit: str = "power") -> str:
        with pytest.raises(Ruled) as rule:
            does[name](state, unit)
        assert rule.value.code in WHISTLES
        return rule.value.code

    assert {refused(name, state, "agency") for name in does} == {"whistle-not-summoned"}
    assert {refused(name, state) for name in ("plan", "done")} == {"whistle-not-there"}
    there = does["report_in"](state, "power").state
    assert refused("report_in", there) == "whistle-reported-already"
    assert refused("rate", there) == "whistle-not-done"
    planned = does["plan"](there, "power")
    assert len(planned.events) == 1
    assert does["plan"](planned.state, "power").events == ()
    done = does["done"](planned.state, "power").state
    assert {refused(name, done) for name in ("plan", "done")} == {"whistle-done-already"}
    rated = does["rate"](done, "power")
    (fact,) = told(rated)
    assert (fact.rating, fact.reported_at, fact.in_time, fact.done) == (
        *(4, NOON + MINUTE, True, True),
    )
    assert refused("rate", rated.state) == "whistle-rated"
    ended = whistling.end(rated.state, "sealed", "m", ctx)
    assert told(ended)[0].absent == ("water",)
    assert refused("report_in", ended.state, "water") == "whistle-ended"
    with pytest.raises(Ruled):
        whistling.end(ended.state, "sealed", "m", ctx)
    never = told(does["rate"](ended.state, "water"))[0]
    assert (never.reported_at, never.in_time, never.done) == (None, False, False)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["time", "report_in", "plan", "done", "rate", "end"]),
            st.sampled_from(["power", "water"]),
            st.integers(0, 60),
        ),
        max_size=25,
    )
)
def test_in_any_order_each_fact_is_told_once_a_unit_and_an_ended_one_is_at_rest(
    steps: list[tuple[str, str, int]],
) -> None:
    state, now, facts = whistle(), NOON, list[Any]()
    for name, unit, minutes in steps:
        now += minutes * MINUTE
        ctx = context(now)
        decision: Decision[WhistleState] | None = None
        try:
            match name:
                case "report_in":
                    decision = whistling.report_in(state, unit, ctx)
                case "plan":
                    decision = whistling.plan(state, unit, "s", ctx)
                case "done":
                    decision = whistling.done(state, unit, "s", ctx)
                case "rate":
                    decision = whistling.rate(state, unit, 3, None, "m", ctx)
                case "end":
                    decision = whistling.end(state, "s", "m", ctx)
                case _:
                    decision = whistling.on_due(state, now)
        except Ruled:
            continue
        if decision is not None:
            state, facts = decision.state, facts + told(decision)
        seen = [(type(f), f.unit.id) for f in facts if isinstance(f, whistles.SummonsFact)]
        assert len(seen) == len(set(seen))
        due = state.next_due()
        assert state.status is Status.OPEN or due is None
        for one in state.summoned:
            waits = one.reported_at is None and not one.absent and state.status is Status.OPEN
            assert not waits or (due is not None and due <= one.report_by)
            assert one.done_at is None or one.reported_at is not None
