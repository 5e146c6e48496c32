"""Three steps in their order: locks, reminders, unlocking, lines, the result."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessment.ratings.result import PublicResult, Tally, results_of
from services.assessment.ratings.votes import Purpose, Source
from services.assessment.rounds import decisions
from services.assessment.rounds.state import Deadlines, Rated, Stage
from services.assessment.schemes.scheme import Shrinkage
from shared.contracts.rounds import (
    RatingLine,
    RatingStep,
    RoundCompleted,
    RoundLeftOpen,
    RoundOpened,
    RoundRated,
    RoundStepDue,
    RoundStepLocked,
)
from shared.storage.aggregates import Decision
from shared.web.problems import Problem
from tests.unit.services.assessment.decided import refused
from tests.unit.services.assessment.rounds.city import (
    ITEMS,
    LIBRARY,
    OPENED,
    RULES,
    TAX,
    TERMS,
    UNTIL,
    a_round,
    begun,
    items,
    timed,
)

SELF, PUBLIC, ORGANIZATIONAL = RatingStep
DAY = timedelta(days=1)


def tally(voices: int, satisfied: int) -> Tally:
    source = {"source": Source.CODE, "voices": voices, "satisfied": satisfied}
    return Tally.model_validate({"sources": [source] if voices else []})


def settle(
    state: Rated, now: datetime, own: Tally | None = None, recipients: Tally | None = None
) -> Decision[Rated]:
    """As the settling loop does, for a class of one."""
    counted = decisions.counted(state, own or tally(40, 30), recipients)
    assert counted.tally is not None
    results = results_of({"x": counted.tally}, Shrinkage())
    decision = decisions.settled(state, TERMS, results.get("x"), 10, now, counted=counted)
    assert decision is not None
    return decision


def line(state: Rated, which: RatingLine, points: float, now: datetime) -> Rated:
    return decisions.line_rated(state, which, points, "按考评结果", "x:y", now).state


def at_third_step(state: Rated) -> Rated:
    state, _ = timed(state, UNTIL.public_rating)
    return settle(state, UNTIL.public_rating).state


def test_a_round_is_opened_with_deadlines_in_their_order() -> None:
    opened = decisions.opened("r1", a_round(TAX))
    (told,) = opened.events
    assert isinstance(told, RoundOpened)
    assert (told.subjects, told.public_rating_until) == (1, UNTIL.public_rating)
    wrong = Deadlines(**UNTIL.model_dump() | {"public_rating": UNTIL.self_rating})
    with refused("round-deadlines"):
        decisions.opened("r1", a_round(TAX, until=wrong))
    with refused("round-of-nobody"):
        decisions.opened("r1", a_round())


def test_the_steps_follow_one_another_and_lock_at_their_deadlines() -> None:
    state = begun()
    with refused("step-not-yet"):
        decisions.line_rated(state, RatingLine.LOCAL, 80, "早", "x:y", OPENED)
    with refused("step-not-yet"):
        decisions.ensure_voices(state, Purpose.PUBLIC, OPENED)
    state = decisions.self_rated(state, ITEMS, items(90, 80, 70), "u:x", OPENED).state
    with refused("step-locked"):  # the clock counts, also before the timer came
        decisions.self_rated(state, ITEMS, items(90, 90, 90), "u:x", UNTIL.self_rating)
    state, told = timed(state, UNTIL.self_rating)
    assert state.stage is Stage.PUBLIC
    assert [e.step for e in told if isinstance(e, RoundStepLocked)] == [SELF]
    with refused("step-locked"):
        decisions.self_rated(state, ITEMS, items(90, 90, 90), "u:x", OPENED)
    decisions.ensure_voices(state, Purpose.PUBLIC, UNTIL.self_rating)
    with refused("step-locked"):
        decisions.ensure_voices(state, Purpose.PUBLIC, UNTIL.public_rating)


def test_a_self_rating_rates_each_indicator_once() -> None:
    decision = decisions.self_rated(begun(), ITEMS, items(90, 80, 70), "u:x", OPENED)
    (told,) = decision.events
    assert isinstance(told, RoundRated)
    assert told.points == pytest.approx(0.30 * 90 + 0.35 * 80 + 0.35 * 70)
    for wrong in (items(90, 80, 70)[:2], [*items(90, 80, 70)[:2], items(1, 2, 3)[0]]):
        with refused("self-rating-items"):
            decisions.self_rated(begun(), ITEMS, wrong, "u:x", OPENED)


def test_who_has_not_rated_is_reminded_three_days_and_one_day_before_each_once() -> None:
    _, told = timed(begun(), UNTIL.self_rating - timedelta(seconds=1))
    assert [(e.step, e.until) for e in told if isinstance(e, RoundStepDue)] == [
        (SELF, UNTIL.self_rating)
    ] * 2
    done = decisions.self_rated(begun(), ITEMS, items(90, 80, 70), "u:x", OPENED).state
    assert timed(done, UNTIL.self_rating - timedelta(seconds=1))[1] == []
    _, told = timed(
        at_third_step(begun(LIBRARY)), UNTIL.organizational_rating - timedelta(seconds=1)
    )
    assert dues(told) == [(RatingLine.LOCAL,)] * 2


def test_a_round_opened_for_hours_has_no_reminder_of_the_past() -> None:
    soon = Deadlines(
        self_rating=OPENED + timedelta(hours=2),
        public_rating=OPENED + timedelta(hours=30),
        organizational_rating=OPENED + timedelta(hours=40),
    )
    state = decisions.entered("r1", a_round(TAX, until=soon), TAX)
    assert [one.step for one in state.reminders] == [PUBLIC, ORGANIZATIONAL]


def test_a_unit_under_vertical_management_stays_open_without_both_lines_and_recipients() -> None:
    state = at_third_step(begun(TAX))
    state = line(state, RatingLine.LOCAL, 80, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    left = settle(state, UNTIL.organizational_rating, recipients=tally(9, 9))
    locked, told = left.events
    assert isinstance(locked, RoundStepLocked)
    assert not locked.rated
    assert isinstance(told, RoundLeftOpen)
    assert told.missing == (RatingLine.SYSTEM, RatingLine.RECIPIENTS)  # 9 of at least 10
    assert (left.state.stage, left.state.total) == (Stage.OPEN, None)

    # The missing ones may still come, the other may not be changed.
    later = UNTIL.organizational_rating + DAY
    with refused("step-locked"):
        line(left.state, RatingLine.LOCAL, 100, later)
    state = line(left.state, RatingLine.SYSTEM, 90, later)
    assert state.tally_due
    decisions.ensure_voices(state, Purpose.RECIPIENTS, later)
    with refused("step-locked"):
        decisions.ensure_voices(state, Purpose.PUBLIC, later)
    still = settle(state, later, recipients=tally(9, 9))
    assert still.state.missing == ("recipients",)
    done = settle(still.state.model_copy(update={"tally_due": True}), later, None, tally(12, 9))
    assert done.state.stage is Stage.COMPLETE
    assert done.state.organizational == pytest.approx((80 + 90 + 75) / 3)


def test_an_open_unit_is_looked_at_again_without_anybody_asking() -> None:
    state, _ = timed(at_third_step(begun(TAX)), UNTIL.organizational_rating)
    left = settle(state, UNTIL.organizational_rating).state
    assert left.next_due() == UNTIL.organizational_rating + timedelta(minutes=60)
    again, _ = timed(left, UNTIL.organizational_rating + timedelta(minutes=60))
    assert again.tally_due


def test_a_unit_of_the_place_needs_its_line_alone() -> None:
    state = line(at_third_step(begun(LIBRARY)), RatingLine.LOCAL, 92, UNTIL.public_rating)
    with refused("line-not-needed"):
        line(state, RatingLine.SYSTEM, 92, UNTIL.public_rating)
    with refused("recipients-by-panel"):
        line(state, RatingLine.RECIPIENTS, 92, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    done = settle(state, UNTIL.organizational_rating)
    (told,) = done.events
    assert isinstance(told, RoundCompleted)
    # Without a self-rating its part is 0: nobody gains by not rating.
    assert (told.self_rating, told.public_rating, told.organizational_rating) == (0.0, 75.0, 92.0)
    assert told.total == pytest.approx(0.4 * 75 + 0.4 * 92)
    assert told.grade == "average"


def test_where_nobody_rated_anyone_of_the_class_there_is_no_result() -> None:
    state = line(at_third_step(begun(LIBRARY)), RatingLine.LOCAL, 92, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    left = settle(state, UNTIL.organizational_rating, tally(0, 0))
    assert left.state.missing == ("public",)


def test_unlocking_opens_a_step_with_a_reason_and_the_later_ones_follow_anew() -> None:
    state = line(at_third_step(begun(LIBRARY)), RatingLine.LOCAL, 92, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    done = settle(state, UNTIL.organizational_rating).state
    now = UNTIL.organizational_rating + DAY
    with refused("unlock-until"):
        decisions.unlocked(done, SELF, now, "漏报", "administrator:a", now)
    opened = decisions.unlocked(done, SELF, now + DAY, "漏报", "administrator:a", now)
    assert opened.why == "漏报"
    state = opened.state
    assert state.stage is Stage.SELF
    assert state.deadlines.public_rating == now + DAY + timedelta(days=14)
    assert state.deadlines.organizational_rating == now + DAY + timedelta(days=21)
    state = decisions.self_rated(state, ITEMS, items(90, 90, 90), "u:x", now).state
    with refused("step-not-locked"):
        decisions.unlocked(state, SELF, now + DAY, "再次", "administrator:a", now)
    state, _ = timed(state, state.deadlines.public_rating)
    state = settle(state, state.deadlines.public_rating).state
    state, _ = timed(state, state.deadlines.organizational_rating)
    again = settle(state, state.deadlines.organizational_rating)
    (told,) = again.events
    assert isinstance(told, RoundCompleted)
    assert told.corrected
    assert told.total == pytest.approx(0.2 * 90 + 0.4 * 75 + 0.4 * 92)


def test_a_judgement_after_the_end_has_voices_counted_again_and_marks_the_result() -> None:
    state = line(at_third_step(begun(LIBRARY)), RatingLine.LOCAL, 92, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    done = settle(state, UNTIL.organizational_rating).state
    now = UNTIL.organizational_rating + DAY
    judged = decisions.judged(done, "network:abc", True, "大厅自有网络", "administrator:a", now)
    assert judged.state.tally_due
    again = settle(judged.state, now, tally(50, 45)).state
    assert again.corrected
    assert not again.tally_due
    same = settle(judged.state, now).state
    assert not same.corrected


def test_what_changes_while_voices_are_counted_has_them_counted_again() -> None:
    """A case that changed; of a rating that is not locked nothing is to be counted again."""
    assert decisions.recounted(begun(LIBRARY), "a late answer") is None
    state, _ = timed(begun(LIBRARY), UNTIL.public_rating)
    counted = decisions.counted(state, tally(40, 30), None)
    meanwhile = decisions.recounted(state, "a late answer")
    assert meanwhile is not None
    result = results_of({"x": tally(40, 30)}, Shrinkage())["x"]
    now = UNTIL.public_rating
    settled = decisions.settled(meanwhile.state, TERMS, result, 10, now, counted=counted)
    assert settled is not None
    assert settled.state.tally_due
    again = settle(settled.state, now, tally(41, 30)).state
    assert not again.tally_due


def dues(told: Iterable[object]) -> list[tuple[RatingLine, ...]]:
    return [one.missing for one in told if isinstance(one, RoundStepDue)]


def locks(told: Iterable[object]) -> list[bool]:
    return [one.rated for one in told if isinstance(one, RoundStepLocked)]


@pytest.mark.parametrize(("voices", "missing"), [(9, (RatingLine.RECIPIENTS,)), (10, None)])
def test_the_recipients_are_reminded_of_and_the_lock_says_whether_they_were_heard(
    voices: int, missing: tuple[RatingLine, ...] | None
) -> None:
    """Both lines have rated: what is missing only their voices say, which are counted first."""
    state = at_third_step(begun(TAX))
    for which in (RatingLine.LOCAL, RatingLine.SYSTEM):
        state = line(state, which, 80, UNTIL.public_rating)
    for hours in RULES.remind_hours:
        moment = UNTIL.organizational_rating - timedelta(hours=hours)
        state, told = timed(state, moment)
        assert dues(told) == []
        assert state.tally_due
        counted = settle(state, moment, recipients=tally(voices, voices))
        assert dues(counted.events) == ([] if missing is None else [missing])
        state = counted.state
        assert not state.tally_due
    state, told = timed(state, UNTIL.organizational_rating)
    assert locks(told) == []
    last = settle(state, UNTIL.organizational_rating, recipients=tally(voices, voices))
    assert locks(last.events) == [missing is None]
    assert last.state.stage is (Stage.COMPLETE if missing is None else Stage.OPEN)
    # Looked at again it is not told again.
    again = last.state.model_copy(update={"tally_due": True})
    assert locks(settle(again, UNTIL.organizational_rating, recipients=tally(9, 9)).events) == []


def test_a_deadline_while_a_reminder_waits_is_told_as_the_lock() -> None:
    state = at_third_step(begun(TAX))
    state, _ = timed(state, UNTIL.organizational_rating - timedelta(hours=1))
    counted = decisions.counted(state, tally(40, 30), tally(9, 9))
    locked, _ = timed(state, UNTIL.organizational_rating)
    result = results_of({"x": tally(40, 30)}, Shrinkage())["x"]
    now = UNTIL.organizational_rating
    stale = decisions.settled(locked, TERMS, result, 10, now, counted=counted)
    assert stale is not None
    assert not dues(stale.events)
    assert not locks(stale.events)
    assert stale.state.tally_due
    last = settle(stale.state, now, recipients=tally(9, 9))
    assert (dues(last.events), locks(last.events)) == ([], [False])


def test_a_judgement_while_voices_were_counted_has_them_counted_again() -> None:
    state, _ = timed(begun(LIBRARY), UNTIL.public_rating)
    counted = decisions.counted(state, tally(40, 30), None)
    meanwhile = decisions.judged(state, "code:x", False, "码被滥用", "a:b", OPENED).state
    result = results_of({"x": tally(40, 30)}, Shrinkage())["x"]
    now = UNTIL.public_rating
    settled = decisions.settled(meanwhile, TERMS, result, 10, now, counted=counted)
    assert settled is not None
    assert settled.state.tally_due


@settings(max_examples=60)
@given(st.lists(st.integers(0, 7), max_size=40), st.randoms())
def test_whatever_is_tried_when(choices: list[int], chance: object) -> None:
    """No result without all lines and the public's word; one of the five stages; timers end."""
    state, now = begun(TAX), OPENED
    for choice in choices:
        now += timedelta(hours=30)
        try:
            if choice == 0:
                state = decisions.self_rated(state, ITEMS, items(80, 80, 80), "u:x", now).state
            elif choice in (1, 2):
                which = (RatingLine.LOCAL, RatingLine.SYSTEM)[choice - 1]
                state = line(state, which, 80, now)
            elif choice == 3:
                until = now + timedelta(hours=50)
                state = decisions.unlocked(state, SELF, until, "x", "a:b", now).state
            elif choice == 4:
                until = now + timedelta(hours=50)
                state = decisions.unlocked(state, ORGANIZATIONAL, until, "x", "a:b", now).state
            elif choice == 5:
                state = decisions.judged(state, "code:x", False, "x", "a:b", now).state
        except Problem:
            pass
        state, _ = timed(state, now)
        if state.tally_due and state.public_locked:
            state = settle(state, now, recipients=tally(20, 15) if choice == 6 else None).state
        if state.stage is Stage.COMPLETE:
            assert state.public is not None
            assert state.recipients is not None
            assert set(state.lines) == {"local", "system"}
            assert state.total is not None
        if state.stage is Stage.OPEN:
            assert state.missing
        assert list(UNTIL.model_dump()) == sorted(
            UNTIL.model_dump(), key=lambda name: getattr(state.deadlines, name)
        )


def test_a_result_is_the_same_whichever_way_it_is_looked_at_again() -> None:
    state = line(at_third_step(begun(LIBRARY)), RatingLine.LOCAL, 92, UNTIL.public_rating)
    state, _ = timed(state, UNTIL.organizational_rating)
    done = settle(state, UNTIL.organizational_rating).state
    result = done.public
    assert isinstance(result, PublicResult)
    assert decisions.settled(done, TERMS, result, 10, UNTIL.organizational_rating) is None
