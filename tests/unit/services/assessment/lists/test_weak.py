"""Decisions on the list of weak organizations, one by one."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.assessment.lists import weak
from services.assessment.lists.weak import Stage, Weak
from shared.contracts.lists import WeakDecisionMissing, WeakFound, WeakLeft
from tests.unit.services.assessment.decided import done, refused
from tests.unit.services.assessment.lists.stories import (
    DAY,
    RULES,
    START,
    VILLAGE,
    ZONE,
    check,
    judged,
    plan,
)


def found(now: datetime = START, state: Weak | None = None, **criteria: bool | None) -> Weak:
    stands = judged("2026-01", **(criteria or {"a": True}))
    return done(weak.find(state, VILLAGE, stands, now, RULES, ZONE))


def planned(now: datetime = START) -> Weak:
    confirmed = done(weak.decide(found(now), True, "属实", "area_manager:li", now, RULES))
    return done(weak.plan(confirmed, plan(now), "对症", now))


def left(now: datetime) -> Weak:
    checked = done(weak.check(planned(now), check(now)))
    return done(weak.leave(checked, judged(a=False), "达标", None, now))


def refuted(state: Weak, now: datetime = START) -> Weak:
    return done(weak.decide(state, False, "数据有误", "area_manager:li", now, RULES))


def test_no_criterion_no_listing_and_no_sample_is_no_criterion() -> None:
    assert weak.find(None, VILLAGE, judged(a=False, b=None), START, RULES, ZONE) is None


def test_what_put_it_on_the_list_stays_while_what_is_judged_later_is_kept_beside_it() -> None:
    state = found(a=True, b=False)
    later = done(weak.find(state, VILLAGE, judged("2026-02", b=True), START, RULES, ZONE))
    assert later.stay.judged.holding() == ("a",)
    assert later.stay.latest.holding() == ("b",)
    assert later.stage is Stage.FOUND


def test_what_nobody_decides_on_is_told_of_once() -> None:
    state, due = found(), START + timedelta(days=RULES.decision_days)
    assert state.next_due() == due
    assert weak.on_due(state, due - DAY) is None
    decision = weak.on_due(state, due)
    assert decision is not None
    [event] = decision.events
    assert isinstance(event, WeakDecisionMissing)
    assert (event.stay, event.since) == (1, START)
    assert decision.state.next_due() is None
    assert decision.state.stage is Stage.FOUND
    assert refuted(state).next_due() is None


def test_a_refusal_holds_for_the_tables_time_but_not_against_another_criterion() -> None:
    state = refuted(found(a=True))
    soon, late = START + 10 * DAY, START + timedelta(days=RULES.refusal_days)
    assert weak.find(state, VILLAGE, judged(a=True), soon, RULES, ZONE) is None
    assert found(soon, state, a=True, b=True).stay.number == 2
    assert found(late, state, a=True).stay.number == 2


def test_a_relapse_is_marked_with_how_often_within_the_tables_time() -> None:
    once = left(START)
    again = weak.find(once, VILLAGE, judged(a=True), START + 40 * DAY, RULES, ZONE)
    assert again is not None
    [event] = again.events
    assert isinstance(event, WeakFound)
    assert (event.stay, event.relapse) == (2, 1)
    much_later = START + timedelta(days=31 * (RULES.relapse_months + 1))
    assert found(much_later, once).stay.relapse == 0


def test_a_stay_ends_with_the_organization_and_says_who_took_over() -> None:
    merged = weak.retire(planned(), ("o9",), START + DAY)
    assert merged is not None
    assert [type(event) for event in merged.events] == [WeakLeft]
    assert (merged.state.stage, merged.state.next_due()) == (Stage.LEFT, None)
    assert merged.state.stay.left_reason == "retired in the registry; taken over by o9"
    assert weak.retire(merged.state, ("o9",), START + DAY) is None
    dissolved = weak.retire(found(), (), START)
    assert dissolved is not None
    assert dissolved.why == "retired in the registry"


def test_a_refused_finding_is_no_earlier_stay_that_it_could_relapse_from() -> None:
    again = found(START + timedelta(days=RULES.refusal_days), refuted(found()))
    assert again.stay.relapse == 0


def test_it_does_not_leave_while_criteria_hold_or_those_that_listed_it_have_no_sample() -> None:
    checked = done(weak.check(planned(), check(START)))
    for now in (judged(a=True), judged(a=False, b=True), judged(a=None), judged(b=False)):
        with refused("criteria-hold"):
            weak.leave(checked, now, "达标", None, START)
    decision = weak.leave(checked, judged(a=None), "达标", "已并入他村", START)
    [event] = decision.events
    assert isinstance(event, WeakLeft)
    assert event.although == ("a",)
    assert "已并入他村" in decision.why
    # One that had nothing to do with its listing and has no sample keeps nobody.
    assert weak.leave(checked, judged(a=False, b=None), "达标", None, START)


def test_another_plan_needs_another_check() -> None:
    checked = done(weak.check(planned(), check(START)))
    again = done(weak.plan(checked, plan(START + DAY), "补充", START + DAY))
    with refused("check-needed"):
        weak.leave(again, judged(a=False), "达标", None, START + DAY)


def test_the_leader_responsible_does_not_check_and_nobody_checks_before_the_plan() -> None:
    with refused("checker-is-leader"):
        weak.check(planned(), check(START, checker="leader"))
    with refused("check-before-plan"):
        weak.check(planned(), check(START - DAY))


def test_measures_end_with_the_plan() -> None:
    confirmed = done(weak.decide(found(), True, "属实", "area_manager:li", START, RULES))
    made = plan(START).model_copy(update={"until": START + 30 * DAY})
    with refused("measure-after-plan"):
        weak.plan(confirmed, made, "对症", START)


def test_nothing_is_done_out_of_turn() -> None:
    acts: list[Callable[[], object]] = [
        lambda: weak.plan(found(), plan(START), "x", START),
        lambda: weak.check(found(), check(START)),
        lambda: weak.leave(found(), judged(), "x", None, START),
        lambda: weak.decide(planned(), True, "x", "by", START, RULES),
        lambda: weak.decide(left(START), True, "x", "by", START, RULES),
    ]
    for act in acts:
        with refused("weak-wrong-stage"):
            act()
