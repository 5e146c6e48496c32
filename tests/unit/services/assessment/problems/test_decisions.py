"""A problem's life: found, taken, followed, raised, closed, found again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.problems import decisions
from services.assessment.problems.decisions import follow, found_again, on_due, opened, put_to
from services.assessment.problems.findings import Basis
from services.assessment.problems.state import (
    OPEN,
    Line,
    Measure,
    ProblemState,
    Statistic,
    problem_id,
)
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.unit.services.assessment.problems.cities import RULES

NOW = datetime(2026, 6, 6, tzinfo=UTC)
PATH = [("bj", "city"), ("xc", "district"), ("s1", "street"), ("c1", "community")]
ADMINISTRATOR = Principal("admin", Role.ADMINISTRATOR)


def manager(*areas: str) -> Principal:
    return Principal("m", Role.AREA_MANAGER, frozenset(areas))


def statistic(month: str = "2026-05", **changed: object) -> Statistic:
    fields = {
        "month": month,
        "basis": Basis.REPEATED,
        "place": "c1",
        "level": "community",
        "count": 60,
        "sample": 0,
        "expected": 20.0,
        "p": 1e-9,
        "cut": 1e-6,
        "above": ("2026-03", "2026-04", month),
        "of": 6,
        "rate": 0.0,
        "rules_version": 1,
    }
    return Statistic.model_validate(fields | changed)


def new(**changed: object) -> ProblemState:
    state = opened("noise", "c1", PATH, [statistic()], RULES, NOW).state
    return state.model_copy(update=changed)


def line(count: int, expected: float = 10.0) -> Line:
    return Line(basis=Basis.REPEATED, place="c1", count=count, expected=expected)


def followed(state: ProblemState, **months: int) -> ProblemState:
    """After months (`m06=30`) with these counts against an expected 10."""
    for name, count in months.items():
        decision = follow(state, f"2026-{name[1:]}", [line(count)], RULES)
        assert decision is not None
        state = decision.state
    return state


def told(decision: Decision[ProblemState] | None) -> list[str]:
    assert decision is not None
    return [event.full_type().split(".")[-2] for event in decision.events]  # type: ignore[union-attr]


def accepted(state: ProblemState) -> ProblemState:
    return decisions.accept(state, "设备老化", "street-committee", manager("s1")).state


def test_it_is_put_to_the_level_that_can_change_the_cause() -> None:
    decision = opened("noise", "c1", PATH, [statistic()], RULES, NOW)
    state = decision.state
    assert (state.owner, state.status, told(decision)) == ("s1", "found", ["found"])
    assert state.accept_by == NOW + timedelta(days=14)
    street = [statistic(place="s1", level="street")]
    assert opened("noise", "s1", PATH[:3], street, RULES, NOW).state.owner == "xc"
    grid = [statistic(place="grid/g1", level="grid")]
    assert opened("noise", "grid/g1", PATH, grid, RULES, NOW).state.owner == "s1"
    # A city without districts: the next one above.
    no_district = [PATH[0], ("s1", "street")]
    assert opened("noise", "s1", no_district, street, RULES, NOW).state.owner == "bj"


def test_a_category_may_need_a_higher_level_wherever_it_is_but_never_a_lower_one() -> None:
    needs = {"traffic": "district", "traffic.bus": "city", "noise": "community"}
    rules = RULES.model_validate(RULES.model_dump() | {"owners_by_category": needs})

    def owner(category: str, level: str, place: str) -> str:
        found = [statistic(place=place, level=level)]
        path = PATH[: [code for code, _ in PATH].index(place) + 1]
        return opened(category, place, path, found, rules, NOW).state.owner

    assert [owner(category, "community", "c1") for category in ("traffic", "traffic.signs")] == [
        *("xc", "xc")
    ]
    assert owner("traffic.bus.stops", "community", "c1") == "bj"
    assert owner("traffic", "district", "xc") == "bj"
    assert owner("noise", "community", "c1") == owner("water", "community", "c1") == "s1"
    assert owner("trafficking", "community", "c1") == "s1"


def test_those_whom_it_concerns_may_see_it() -> None:
    wide = statistic(basis=Basis.WIDESPREAD, place="xc", level="district", above=("s1", "s2"))
    state = opened("noise", "xc", PATH[:2], [wide], RULES, NOW).state
    assert state.seen_by == ("bj", "xc", "s1", "s2")


def test_found_again_goes_onto_the_same_case_once() -> None:
    again = found_again(new(), [statistic("2026-06")], RULES, NOW)
    assert told(again) == ["found_again"]
    assert again is not None
    assert [one.month for one in again.state.findings] == ["2026-05", "2026-06"]
    assert found_again(again.state, [statistic("2026-06")], RULES, NOW) is None
    # Looked at again after a late record: the newer numbers stand, nobody is told twice.
    newer = found_again(again.state, [statistic("2026-06", count=61)], RULES, NOW)
    assert newer is not None
    assert not newer.events
    assert [one.count for one in newer.state.findings] == [60, 61]


def test_a_problem_nobody_takes_goes_up_until_the_top() -> None:
    state = new()
    assert on_due(state, NOW, RULES) is None
    first = on_due(state, NOW + timedelta(days=14), RULES)
    assert first is not None
    assert told(first) == ["raised"]
    assert (first.state.owner, first.state.raised) == ("xc", 1)
    second = on_due(first.state, NOW + timedelta(days=28), RULES)
    assert second is not None
    # Nobody is above the city: it waits there.
    assert (second.state.owner, second.state.next_due()) == ("bj", None)


def test_only_the_owner_or_those_above_decide() -> None:
    for who in (manager("c1"), manager("s2")):
        with pytest.raises(Problem, match="problem-not-yours"):
            decisions.accept(new(), "原因", None, who)
    for who in (manager("s1"), manager("bj"), ADMINISTRATOR):
        assert decisions.accept(new(), "原因", None, who).state.status == "accepted"


def test_it_is_closed_only_once_its_rate_has_fallen_for_long_enough() -> None:
    state = followed(accepted(new()), m06=30, m07=11)
    with pytest.raises(Problem, match="problem-not-fallen") as refused:
        decisions.close(state, "已更换设备", manager("s1"), RULES)
    assert refused.value.parameters == {"months": 1, "needed": 2}
    state = followed(state, m08=12)
    assert state.status == "fallen"
    closed = decisions.close(state, "已更换设备", manager("s1"), RULES)
    assert (closed.state.status, told(closed)) == ("closed", ["closed"])


def test_a_rate_that_rises_again_before_it_is_closed_is_worked_on() -> None:
    state = followed(accepted(new()), m06=10, m07=10)
    assert state.status == "fallen"
    state = followed(state, m08=40)
    assert (state.status, state.fallen_months()) == ("accepted", 0)


def test_what_does_not_fall_goes_one_level_up() -> None:
    state = followed(accepted(new()), m06=30, m07=30)
    assert state.owner == "s1"
    decision = follow(state, "2026-08", [line(30)], RULES)
    assert told(decision) == ["followed", "raised"]
    assert decision is not None
    assert (decision.state.owner, decision.state.patience_from) == ("xc", "2026-08")
    # The next level has as many months.
    later = followed(decision.state, m09=30, m10=30)
    assert later.owner == "xc"
    assert followed(later, m11=30).owner == "bj"


def test_months_before_it_was_found_and_counts_of_nothing_tell_nothing() -> None:
    assert follow(new(), "2026-05", [line(3)], RULES) is None
    assert follow(new(), "2026-06", [], RULES) is None
    assert follow(new(status="closed"), "2026-06", [line(3)], RULES) is None


def test_a_relapse_opens_the_same_case() -> None:
    state = followed(accepted(new()), m06=10, m07=10)
    state = decisions.close(state, "完成", ADMINISTRATOR, RULES).state
    # Of a month before its end nothing follows.
    early = found_again(state, [statistic("2026-06")], RULES, NOW)
    assert early is not None
    assert (early.state.status, len(early.events)) == ("closed", 0)
    again = found_again(state, [statistic("2026-11")], RULES, NOW)
    assert told(again) == ["relapsed"]
    assert again is not None
    relapsed = again.state
    assert (relapsed.status, relapsed.relapses, relapsed.month) == ("found", 1, "2026-11")
    assert [one.month for one in relapsed.watched()] == ["2026-11"]
    assert relapsed.fallen_months() == 0


def test_a_dismissal_stands_for_some_months() -> None:
    state = decisions.dismiss(new(), "施工期间的临时情况", manager("s1")).state
    for month, status in (("2026-06", "dismissed"), ("2026-11", "dismissed"), ("2026-12", "found")):
        decision = found_again(state, [statistic(month)], RULES, NOW)
        assert decision is not None
        assert decision.state.status == status
    # Whoever dismissed it may take it after all.
    assert decisions.accept(state, "原因", None, manager("s1")).state.status == "accepted"


def test_what_was_accepted_is_followed_and_no_longer_dismissed() -> None:
    state = accepted(new())
    with pytest.raises(Problem, match="problem-status"):
        decisions.dismiss(state, "其实不是问题", ADMINISTRATOR)
    raised = decisions.raise_up(state, "认领有误", manager("s1"), RULES, NOW).state
    with pytest.raises(Problem, match="problem-not-yours"):
        decisions.dismiss(raised, "其实不是问题", manager("s1"))
    assert decisions.dismiss(raised, "其实不是问题", manager("xc")).state.status == "dismissed"


def test_measures_are_set_and_their_results_said() -> None:
    state = accepted(new())
    measure = Measure(id="m1", what="更换", organization_id=None, until=NOW, at=NOW, by="a")
    with pytest.raises(Problem, match="problem-status"):
        decisions.set_measure(new(), measure, manager("s1"))
    state = decisions.set_measure(state, measure, manager("s1")).state
    done = decisions.finish_measure(state, "m1", "已更换", manager("s1"), "a", NOW)
    assert told(done) == ["measure_set"]
    assert done is not None
    assert done.state.measures[0].result == "已更换"
    assert decisions.finish_measure(done.state, "m1", "已更换", manager("s1"), "a", NOW) is None
    with pytest.raises(Problem, match="measure-not-found"):
        decisions.finish_measure(state, "m2", "已更换", manager("s1"), "a", NOW)


def test_work_on_it_goes_on_with_the_successor_and_what_is_done_stays() -> None:
    def measure(id: str, who: str | None, done: bool = False) -> Measure:
        end = {"done_at": NOW, "done_by": "a", "result": "已更换"} if done else {}
        return Measure(id=id, what="更换", organization_id=who, until=NOW, at=NOW, by="a", **end)

    heirs = {"street-committee": "new-committee"}
    measures = (
        measure("m1", "street-committee"), measure("m2", "street-committee", done=True),
        measure("m3", None), measure("m4", "water"),
    )  # fmt: skip
    state = accepted(new()).model_copy(update={"measures": measures})
    passed = decisions.hand_over(state, heirs)
    assert told(passed) == ["accepted", "measure_set"]
    assert passed is not None
    assert passed.state.organization_id == "new-committee"
    assert [one.organization_id for one in passed.state.measures] == [
        "new-committee", "street-committee", None, "water",
    ]  # fmt: skip
    assert passed.why == "new-committee took over from street-committee"
    assert decisions.hand_over(passed.state, heirs) is None
    # Nobody works on it: raised, it waits to be taken; ended, it stays as it was.
    for status in ("found", "closed", "dismissed"):
        assert decisions.hand_over(state.model_copy(update={"status": status}), heirs) is None


def test_the_owner_hands_up_what_it_cannot_change() -> None:
    up = decisions.raise_up(accepted(new()), "权限不足", manager("s1"), RULES, NOW)
    assert (up.state.owner, up.state.status, told(up)) == ("xc", "found", ["raised"])
    with pytest.raises(Problem, match="problem-at-the-top"):
        decisions.raise_up(new(owner="bj"), "权限不足", ADMINISTRATOR, RULES, NOW)


def test_a_finding_goes_to_the_nearest_open_case_at_or_above_it() -> None:
    path = ("bj", "xc", "s1", "c1")
    assert put_to("c1", path, {}) == "c1"
    assert put_to("c1", path, {"xc": "x"}) == "xc"
    assert put_to("c1", path, {"xc": "x", "s1": "y"}) == "s1"
    assert put_to("c1", path, {"s2": "z"}) == "c1"
    assert problem_id("noise", "c1") == problem_id("noise", "c1") != problem_id("noise", "c2")


DISMISSED_LATE = {(status, "dismissed") for status in ("accepted", "fallen", "closed")}
MONTHS = [f"2026-{month:02}" for month in range(5, 13)] + [f"2027-{m:02}" for m in range(1, 7)]


@given(st.permutations(MONTHS[1:8]), st.lists(st.integers(0, 40), min_size=7, max_size=7))
def test_months_may_come_in_any_order_and_twice(order: list[str], counts: list[int]) -> None:
    """What stands of each month and whether the rate has fallen does not depend on the order."""
    by_month = dict(zip(MONTHS[1:8], counts, strict=True))
    state, straight = accepted(new()), accepted(new())
    for month in [*order, *order[:3]]:
        decision = follow(state, month, [line(by_month[month])], RULES)
        state = decision.state if decision is not None else state
    for month in sorted(by_month):
        decision = follow(straight, month, [line(by_month[month])], RULES)
        straight = decision.state if decision is not None else straight
    assert (state.followed, state.status) == (straight.followed, straight.status)


@given(
    st.lists(
        st.sampled_from(
            ["found", "follow", "accept", "dismiss", "raise", "close", "due", "month", "measure"]
        ),
        max_size=40,
    ),
    st.lists(st.integers(0, 40), min_size=40, max_size=40),
)
def test_whatever_happens_the_case_stays_whole(steps: list[str], counts: list[int]) -> None:
    state, month, now = new(), 0, NOW
    for step, count in zip(steps, counts, strict=False):
        decision: Decision[ProblemState] | None = None
        before = state
        try:
            match step:
                case "found":
                    decision = found_again(state, [statistic(MONTHS[month])], RULES, now)
                case "follow":
                    decision = follow(state, MONTHS[month], [line(count)], RULES)
                case "accept":
                    decision = decisions.accept(state, "原因", None, ADMINISTRATOR)
                case "dismiss":
                    decision = decisions.dismiss(state, "理由", ADMINISTRATOR)
                case "raise":
                    decision = decisions.raise_up(state, "理由", ADMINISTRATOR, RULES, now)
                case "close":
                    decision = decisions.close(state, "结果", ADMINISTRATOR, RULES)
                case "due":
                    now += timedelta(days=20)
                    decision = on_due(state, now, RULES)
                case "month":
                    month = min(month + 1, len(MONTHS) - 1)
        except Problem:
            continue
        state = decision.state if decision is not None else state
        assert state.owner in state.area_path
        assert state.area_path.index(state.owner) <= before.area_path.index(before.owner)
        assert (state.ended is None) == (state.status in OPEN)
        if state.status == "closed" != before.status:
            assert before.fallen_months() >= RULES.fallen_months
        assert (before.status, state.status) not in DISMISSED_LATE
        if state.status == "fallen":
            assert state.fallen_months() >= RULES.fallen_months
        assert [f.month for f in state.followed] == sorted({f.month for f in state.followed})
        keys = [one.key for one in state.findings]
        assert len(keys) == len(set(keys))
