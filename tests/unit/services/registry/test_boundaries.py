"""A grid's boundaries in time: what is kept, what a change says, and who may say it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely.geometry import Point, box, mapping

from services.registry.schemas import GridBody
from services.registry.service import Grids
from services.registry.service.base import Known, Reference, Referred
from services.registry.service.boundaries import KEPT, at, timeline_of
from services.registry.service.grids import on_due
from services.registry.states import GridState, naming
from shared.contracts.registry import GridChanged
from shared.web.auth import Principal, Role
from shared.web.problems import Problem

ADMIN = Principal("root", Role.ADMINISTRATOR)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
AREAS = {"s1": ("c", "s1"), "s2": ("c", "s2"), "s1-1": ("c", "s1", "s1-1")}


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def square(size: float) -> dict[str, Any]:
    return json.loads(json.dumps(mapping(box(0, 0, size, size))))  # type: ignore[no-any-return]


def put(
    state: GridState | None, now: float = 0, who: Principal = ADMIN, **more: Any
) -> GridState | None:
    """The grid's state after a PUT; None where it says nothing new."""
    known = Known(
        {Reference("areas", id): Referred(path) for id, path in AREAS.items()}, now=day(now)
    )
    body = GridBody.model_validate({"name": "格", "area": "s1", "geometry": square(1)} | more)
    decision = Grids().decide("g", body, state, known, who)
    return None if decision is None else decision.state


def changed(state: GridState | None, now: float = 0, **more: Any) -> GridState:
    after = put(state, now, **more)
    assert after is not None
    return after


def sizes(state: GridState) -> list[tuple[float, float | None, float]]:
    """From which day, until which day, how large."""
    return [
        (
            (one.valid_from - NOW) / timedelta(days=1) if one.valid_from else float("-inf"),
            (one.valid_until - NOW) / timedelta(days=1) if one.valid_until else None,
            one.geometry["coordinates"][0][0][0] if one.geometry else 0,
        )
        for one in timeline_of(state)
    ]


def test_a_change_counts_from_its_day_until_the_next_that_is_known() -> None:
    state = changed(None)
    assert (sizes(state), state.undated) == ([(0, None, 1)], True)
    state = changed(state, 1, geometry=square(2))
    future = changed(state, 2, geometry=square(3), valid_from=day(10))
    assert sizes(future) == [(0, 1, 1), (1, 10, 2), (10, None, 3)]
    # What counts now stays in the fields that who does not look at time reads.
    assert (future.geometry, future.due, future.in_force) == (square(2), day(10), True)
    past = changed(future, 2, geometry=square(4), valid_from=day(0.5))
    assert sizes(past) == [(0, 0.5, 1), (0.5, 1, 4), (1, 10, 2), (10, None, 3)]
    now = changed(past, 3, geometry=square(5))
    assert sizes(now)[-2:] == [(3, 10, 5), (10, None, 3)]


def test_the_same_again_says_nothing_new_and_the_team_has_no_date() -> None:
    state = changed(changed(None), 1, geometry=square(2), valid_from=day(9))
    assert put(state, 2, geometry=square(2), valid_from=day(9)) is None
    assert put(state, 2) is None
    led = changed(state, 2, leader="v1")
    assert (led.leader, sizes(led)) == ("v1", sizes(state))
    assert put(led, 2, leader="v1") is None


def test_a_change_that_is_still_to_come_can_be_taken_back() -> None:
    state = changed(None)
    planned = changed(state, 1, geometry=square(2), valid_from=day(9))
    back = changed(planned, 2, valid_from=day(9))
    assert (sizes(back), back.due, back.next_due()) == ([(0, None, 1)], None, None)


def test_a_boundary_takes_effect_when_its_day_has_come() -> None:
    state = changed(changed(None), geometry=square(2), area="s2", valid_from=day(9))
    assert state.next_due() == day(9)
    assert on_due(state, day(8.9)) is None
    decision = on_due(state, day(9))
    assert decision is not None
    assert (decision.state.geometry, decision.state.area_path) == (square(2), ("c", "s2"))
    assert decision.state.next_due() is None
    assert on_due(decision.state, day(9.1)) is None
    [event] = decision.events
    assert isinstance(event, GridChanged)
    assert (event.grid_id, event.geometry, event.valid_from) == ("g", square(2), day(9))
    assert [one.geometry for one in event.boundaries] == [square(1)]


def test_a_grid_that_is_still_to_come_is_not_in_force_until_then() -> None:
    state = changed(None, valid_from=day(5))
    assert (state.in_force, state.undated, state.due) == (False, False, day(5))
    decision = on_due(state, day(5))
    assert decision is not None
    assert decision.state.in_force
    [event] = decision.events
    assert isinstance(event, GridChanged)


def test_retiring_ends_the_boundary_and_what_was_to_come() -> None:
    state = changed(changed(None), 1, geometry=square(2), valid_from=day(9))
    gone = changed(state, 3, retired=True)
    assert sizes(gone) == [(0, 3, 1)]
    assert (gone.in_force, gone.due) == (False, None)
    # What is said of a retired grid does not bring it back, but its past can be mended.
    assert changed(gone, 4, name="旧格", geometry=square(7)).boundaries == ()
    mended = changed(gone, 4, geometry=square(7), valid_from=day(2))
    assert sizes(mended) == [(0, 2, 1), (2, 3, 7)]
    back = changed(gone, 6, retired=False)
    assert sizes(back) == [(0, 3, 1), (6, None, 1)]
    assert back.in_force


def test_what_was_kept_before_there_were_dates_counts_from_the_beginning() -> None:
    old = GridState(**naming("格"), area="s1", area_path=AREAS["s1"], geometry=square(1))
    assert put(old) is None
    after = changed(old, 1, geometry=square(2))
    assert sizes(after) == [(float("-inf"), 1, 1), (1, None, 2)]
    gone = old.model_copy(update={"retired": True})
    assert not changed(gone, 1, geometry=square(2)).in_force
    assert all(
        at(timeline_of(changed(gone, 1, geometry=square(2))), day(n)) is None for n in (0, 2)
    )


def test_the_oldest_of_too_many_goes_and_its_time_to_the_next() -> None:
    state = changed(None)
    for n in range(1, KEPT + 5):
        state = changed(state, n, geometry=square(n + 1))
    assert len(timeline_of(state)) == KEPT
    assert sizes(state)[0] == (0, 6, 6)
    assert len(state.boundaries) == KEPT - 1


def test_too_many_that_are_still_to_come_are_refused() -> None:
    state = changed(None)
    for n in range(1, KEPT):
        state = changed(state, geometry=square(n + 1), valid_from=day(n))
    with pytest.raises(Problem) as raised:
        put(state, geometry=square(50), valid_from=day(99))
    assert (raised.value.status, raised.value.code) == (422, "too-many-boundaries")


def test_the_boundaries_of_a_grid_have_so_many_positions_together() -> None:
    def ring(size: float) -> dict[str, Any]:
        circle = Point(0, 0).buffer(size, quad_segs=2_000)  # 8,001 positions
        return json.loads(json.dumps(mapping(circle)))  # type: ignore[no-any-return]

    state = changed(None, geometry=ring(1))
    for n in (1, 2):
        state = changed(state, n, geometry=ring(n + 1))
    assert len(timeline_of(state)) == 2
    planned = changed(state, 2, geometry=ring(4), valid_from=day(9))
    assert [start for start, _, _ in sizes(planned)] == [0, 9]
    with pytest.raises(Problem) as raised:
        put(planned, 2, geometry=ring(5), valid_from=day(19))
    assert raised.value.code == "too-many-boundaries"


@pytest.mark.parametrize("when", [-3.0, 3.0])
def test_a_boundary_of_any_time_must_lie_in_ones_own_areas(when: float) -> None:
    manager = Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"}))
    state = changed(None, who=manager)
    with pytest.raises(Problem) as raised:
        put(state, who=manager, area="s2", valid_from=day(when))
    assert raised.value.status == 403
    # Where it was in other times does not hinder.
    assert put(changed(state, area="s2", valid_from=day(when)), who=manager, leader="v1")
