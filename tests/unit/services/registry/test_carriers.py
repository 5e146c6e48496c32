"""Duty posts and responsibility areas, promises, accompanied errands (policy, art. 8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.carriers.errands import ErrandState, rate, step, take
from services.registry.carriers.posts import (
    CarrierState,
    close,
    hold,
    holders,
    open_carrier,
    release,
)
from services.registry.carriers.promises import PromiseState, keep, make, on_due, reopen, void
from services.registry.carriers.schemas import (
    CarrierBody,
    ErrandBody,
    HoldingBody,
    PromiseBody,
    WordBody,
)
from services.registry.records.decisions import RecordState
from services.registry.service.base import Known, Reference, Referred
from shared.contracts.carriers import (
    CarrierClosed,
    CarrierHeld,
    CarrierOpened,
    CarrierReleased,
    PromiseBroken,
    PromiseKept,
    PromiseReopened,
)
from shared.contracts.words import CarrierKind, ErrandStage, PromiseStatus
from shared.storage.aggregates import Decision, IdempotencyConflict, S
from shared.web.problems import Problem

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
KNOWN = Known(
    {
        Reference("organizations", "o1"): Referred(path=("4403",), unit_id="u1"),
        Reference("people", "p1"): Referred(path=("4403", "440310"), unit_id="u2"),
        Reference("venues", "v1"): Referred(path=("4403",)),
        Reference("grids", "g1"): Referred(path=("4403", "440310")),
    }
)


def done(decision: Decision[S] | None) -> Decision[S]:
    assert decision is not None
    return decision


def kinds(decision: Decision[Any] | None) -> list[type]:
    return [type(event) for event in done(decision).events]


def opened(kind: str = "duty_post", **more: Any) -> Decision[CarrierState]:
    body = {"kind": kind, "organization_id": "o1", "name": "王芳先锋岗"} | more
    return open_carrier("c1", CarrierBody.model_validate(body), KNOWN, lambda text: "sealed")


def holding(person: str, since: int, until: int | None) -> HoldingBody:
    end = None if until is None else (NOW + until * DAY).isoformat()
    body = {"person_id": person, "since": (NOW + since * DAY).isoformat(), "until": end}
    return HoldingBody.model_validate(body)


def test_a_post_is_held_by_one_at_a_time_and_its_name_is_not_told() -> None:
    made = opened(venue_id="v1")
    assert kinds(made) == [CarrierOpened]
    assert (made.state.name, made.state.unit_id) == ("sealed", "u1")
    first = done(hold("c1", made.state, "h1", holding("p1", 0, 30), "a"))
    assert kinds(first) == [CarrierHeld]
    assert hold("c1", first.state, "h1", holding("p1", 0, 30), "a") is None
    with pytest.raises(IdempotencyConflict):
        hold("c1", first.state, "h1", holding("p2", 0, 30), "b")
    with pytest.raises(Problem, match="holding-overlaps"):
        hold("c1", first.state, "h2", holding("p2", 29, None), None)
    with pytest.raises(Problem, match="term-order"):
        hold("c1", first.state, "h2", holding("p2", 40, 40), None)
    second = done(hold("c1", first.state, "h2", holding("p2", 30, None), None)).state
    assert [holders(second, NOW + n * DAY) for n in (-1, 0, 29, 30, 9999)] == [
        [], ["p1"], ["p1"], ["p2"], ["p2"],
    ]  # fmt: skip


def test_a_responsibility_area_is_a_grid_and_may_have_several_holders() -> None:
    with pytest.raises(Problem, match="grid-needed"):
        opened("responsibility_area")
    state = opened("responsibility_area", grid_id="g1").state
    assert state.area_path == ("4403", "440310")
    state = done(hold("c1", state, "h1", holding("p1", 0, None), None)).state
    state = done(hold("c1", state, "h2", holding("p2", 0, None), None)).state
    assert holders(state, NOW) == ["p1", "p2"]
    with pytest.raises(Problem, match="holding-overlaps"):
        hold("c1", state, "h3", holding("p1", 5, 6), None)


def test_who_is_released_holds_it_no_longer_and_what_is_closed_is_held_by_nobody() -> None:
    state = done(hold("c1", opened().state, "h1", holding("p1", 0, None), None)).state
    with pytest.raises(Problem, match="end-outside"):
        release("c1", state, "h1", NOW)
    with pytest.raises(Problem, match="404"):
        release("c1", state, "none", NOW)
    released = release("c1", state, "h1", NOW + 5 * DAY)
    assert kinds(released) == [CarrierReleased]
    assert holders(released.state, NOW + 5 * DAY) == []
    later = done(hold("c1", released.state, "h2", holding("p2", 20, None), None)).state
    closed = done(close("c1", later, "撤并", NOW + 4 * DAY))
    assert kinds(closed) == [CarrierReleased, CarrierReleased, CarrierClosed]
    assert [holders(closed.state, NOW + n * DAY) for n in (3, 4, 30)] == [["p1"], [], []]
    assert close("c1", closed.state, "again", NOW) is None
    with pytest.raises(Problem, match="carrier-closed"):
        hold("c1", closed.state, "h3", holding("p1", 50, None), None)
    with pytest.raises(Problem, match="carrier-closed"):
        release("c1", closed.state, "h1", NOW + DAY)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(-20, 40), st.none() | st.integers(1, 20)),
        max_size=12,
    ),
    st.sampled_from(CarrierKind),
    st.integers(-20, 60),
)
def test_a_post_never_has_two_holders_and_nobody_holds_one_twice(
    wanted: list[tuple[int, int, int | None]], kind: CarrierKind, day: int
) -> None:
    state = opened(kind, grid_id="g1").state
    for number, (person, since, length) in enumerate(wanted):
        until = None if length is None else since + length
        try:
            decision = hold("c1", state, f"h{number}", holding(f"p{person}", since, until), None)
        except Problem:
            continue
        state = done(decision).state
    found = holders(state, NOW + day * DAY)
    assert len(found) == len(set(found))
    assert kind is not CarrierKind.DUTY_POST or len(found) < 2


def promised(**more: Any) -> PromiseState:
    body = {"organization_id": "o1", "text": "修好路灯", "until": (NOW + 10 * DAY).isoformat()}
    asked = PromiseBody.model_validate(body | more)
    return make("m1", asked, KNOWN, NOW, lambda text: "sealed").state


def record(days: int = 5, **more: Any) -> RecordState:
    said: dict[str, Any] = {
        "work": "promise_kept",
        "at": NOW + days * DAY,
        "organization_id": "o1",
        "person_id": None,
        "about": None,
        "quantity": 1,
        "words": None,
        "area_path": ("4403",),
        "unit_id": "u1",
        "recorded_by": "someone",
    }
    return RecordState(**said | more)


def test_a_promise_is_kept_by_a_record_or_broken_by_its_date() -> None:
    state = promised()
    assert (state.text, state.next_due()) == ("sealed", NOW + 10 * DAY)
    assert on_due(state, NOW + 9 * DAY) is None
    broken = done(on_due(state, NOW + 10 * DAY))
    assert kinds(broken) == [PromiseBroken]
    assert broken.state.next_due() is None
    assert on_due(broken.state, NOW + 11 * DAY) is None
    kept = done(keep(state, "r1", record()))
    assert kinds(kept) == [PromiseKept]
    assert (kept.state.next_due(), kept.state.settled_at) == (None, NOW + 5 * DAY)
    assert keep(kept.state, "r1", record()) is None
    # Done in time and entered late: kept.
    assert done(keep(broken.state, "r1", record(9))).state.status is PromiseStatus.KEPT
    with pytest.raises(Problem, match="promise-settled"):
        keep(kept.state, "r2", record())


@pytest.mark.parametrize(
    ("promise", "shown", "code"),
    [
        ({}, record(10), "record-of-others"),
        ({}, record(-1), "record-of-others"),
        ({}, record(organization_id="o2"), "record-of-others"),
        ({"person_id": "p1"}, record(), "record-of-others"),
        ({"person_id": "p1"}, record(person_id="p2"), "record-of-others"),
        ({"person_id": "p1"}, record(person_id="p1", organization_id="o2"), "record-of-others"),
        ({}, record(voided="错"), "unknown-reference"),
        ({}, None, "unknown-reference"),
    ],
)
def test_a_record_of_other_work_keeps_no_promise(
    promise: dict[str, Any], shown: RecordState | None, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        keep(promised(**promise), "r1", shown)
    assert refused.value.code == code


def test_a_persons_promise_is_kept_by_the_persons_work() -> None:
    own = promised(organization_id=None, person_id="p1")
    assert (own.area_path, own.unit_id) == (("4403", "440310"), "u2")
    assert done(keep(own, "r1", record(person_id="p1"))).state.record_id == "r1"
    both = promised(person_id="p1")
    alone = record(person_id="p1", organization_id=None)
    assert done(keep(both, "r1", alone)).state.record_id == "r1"


def test_a_voided_record_opens_the_promise_again() -> None:
    kept = done(keep(promised(), "r1", record())).state
    assert reopen(kept, "r2", NOW) is None
    assert reopen(promised(), "r1", NOW) is None
    assert reopen(None, "r1", NOW) is None
    again = done(reopen(kept, "r1", NOW + 6 * DAY))
    assert kinds(again) == [PromiseReopened]
    assert again.state.next_due() == NOW + 10 * DAY
    assert kinds(reopen(kept, "r1", NOW + 20 * DAY)) == [PromiseReopened, PromiseBroken]


def test_a_promise_has_somebody_and_a_time_to_come_and_can_be_taken_back() -> None:
    with pytest.raises(Problem, match="promiser-needed"):
        promised(organization_id=None)
    with pytest.raises(Problem, match="promise-past"):
        promised(until=NOW.isoformat())
    voided = done(void(promised(), "输错")).state
    assert voided.next_due() is None
    assert void(voided, "again") is None
    with pytest.raises(Problem, match="promise-settled"):
        keep(voided, "r1", record())


def errand() -> ErrandState:
    body = ErrandBody.model_validate(
        {"organization_id": "o1", "person_id": "p1", "text": "代办医保", "resident": "王家"}
    )
    return take("e1", body, KNOWN, NOW, lambda field, text: f"sealed {field}").state


def test_an_errand_goes_on_step_by_step_until_the_residents_word() -> None:
    state = errand()
    assert (state.text, state.resident, state.stage) == (
        "sealed text",
        "sealed resident",
        ErrandStage.TAKEN,
    )
    word = WordBody(code="x", solved=True, satisfied=4)
    with pytest.raises(Problem, match="errand-not-done"):
        rate(state, word, None, NOW)
    in_hand = done(step(state, ErrandStage.IN_HAND, "sealed", NOW + DAY)).state
    assert step(in_hand, ErrandStage.IN_HAND, None, NOW) is None
    with pytest.raises(Problem, match="errand-order"):
        step(in_hand, ErrandStage.TAKEN, None, NOW)
    finished = done(step(in_hand, ErrandStage.DONE, None, NOW + 2 * DAY)).state
    assert [(each.stage.value, each.at) for each in finished.steps] == [
        ("taken", NOW),
        ("in_hand", NOW + DAY),
        ("done", NOW + 2 * DAY),
    ]
    assert (in_hand.done_at, finished.done_at) == (None, NOW + 2 * DAY)
    rated = done(rate(finished, word, "sealed", NOW + 3 * DAY))
    assert "sealed" not in str(rated.events)
    assert rate(rated.state, word, "sealed", NOW) is None
    with pytest.raises(Problem, match="errand-rated"):
        rate(rated.state, word.model_copy(update={"satisfied": 1}), None, NOW)
