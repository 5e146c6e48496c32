"""Service hours, as pure decisions: counted once, capped by the table, confirmed by another."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteer_dispatch.activity_desk import ensure_may_confirm
from services.volunteer_dispatch.service import hours
from services.volunteer_dispatch.service.activity_tables import HoursRule, HoursTable
from services.volunteer_dispatch.service.hours import HoursState, HoursStatus, of_task
from services.volunteer_dispatch.service.returns import Ruled
from shared.contracts import volunteering
from shared.storage.aggregates import At, Decision
from shared.web.auth import Principal, Role
from shared.web.problems import Problem
from tests.unit.services.volunteer_dispatch.city import NOON, PATH

TABLE = HoursTable(tasks=(HoursRule(categories=("care.",), at_most=6),))


def served(minutes: float = 90, **more: Any) -> HoursState:
    given: dict[str, Any] = {
        "task_id": "t1",
        "round": 1,
        "volunteer_id": "v1",
        "unit_id": "power",
        "category": "errands",
        "area_path": PATH,
        "areas": PATH,
        "grid_id": "g1",
        "accepted_at": NOON,
        "completed_at": NOON + timedelta(minutes=minutes),
        "table": TABLE,
    }
    return of_task(**given | more)


@pytest.mark.parametrize(
    ("minutes", "category", "counted", "capped"),
    [
        (90, "errands", 1.5, False),
        (5.9, "errands", 0.0, False),
        (65, "errands", 1.0, False),
        (60 * 24, "errands", 4.0, True),
        (60 * 24, "care.elderly", 6.0, True),
        (-5, "errands", 0.0, False),
    ],
)
def test_hours_are_counted_in_steps_and_capped(
    minutes: float, category: str, counted: float, capped: bool
) -> None:
    found = served(minutes, category=category)
    assert (found.hours, found.capped) == (counted, capped)


def test_a_service_has_one_id_a_round_and_person() -> None:
    assert served().hours_id == served(5).hours_id
    ids = {served().hours_id, served(round=2).hours_id, served(volunteer_id="v2").hours_id}
    assert len(ids) == 3


def test_confirmed_once_and_told_once() -> None:
    first = hours.confirm(served(), "grid_leader:x", NOON)
    assert first is not None
    (told,) = first.events
    assert isinstance(told, At)
    assert isinstance(told.data, volunteering.HoursConfirmed)
    assert (told.time, told.data.hours) == (NOON + timedelta(minutes=90), 1.5)
    assert hours.confirm(first.state, "grid_leader:x", NOON) is None


def test_confirmed_with_other_hours_keeps_who_when_why() -> None:
    done = hours.confirm(served(), "grid_leader:x", NOON, 1.0, "提前结束")
    assert done is not None
    (revision,) = done.state.revisions
    assert (revision.before, revision.hours, revision.by) == (1.5, 1.0, "grid_leader:x")
    assert (revision.reason, revision.at) == ("提前结束", NOON)
    (told,) = done.events
    assert told.data.hours == 1.0  # type: ignore[union-attr]


def test_corrections_and_voids_are_told_only_of_what_was_confirmed() -> None:
    before = hours.correct(served(), 2.0, "r", "x:y", NOON)
    assert before is not None
    assert before.events == ()
    done = hours.confirm(before.state, "x:y", NOON)
    assert done is not None
    again = hours.correct(done.state, 1.0, "r", "x:y", NOON)
    assert again is not None
    assert again.events == (
        volunteering.HoursCorrected(
            hours_id=done.state.hours_id, volunteer_id="v1", hours=1.0, before=2.0
        ),
    )
    assert hours.correct(again.state, 1.0, "r", "x:y", NOON) is None
    gone = hours.void(again.state, "r")
    assert gone is not None
    assert [type(event) for event in gone.events] == [volunteering.HoursVoided]
    assert hours.void(gone.state, "r") is None
    with pytest.raises(Ruled):
        hours.confirm(gone.state, "x:y", NOON)
    unseen = hours.void(served(), "r")
    assert unseen is not None
    assert unseen.events == ()


@pytest.mark.parametrize(
    ("principal", "code"),
    [
        (Principal("a", Role.ADMINISTRATOR), None),
        (Principal("m", Role.AREA_MANAGER, areas=frozenset({"S1"})), None),
        (Principal("l", Role.GRID_LEADER, grids=frozenset({"g1"})), None),
        (Principal("l", Role.GRID_LEADER, grids=frozenset({"g2"})), "hours-not-yours"),
        (Principal("v", Role.VOLUNTEER, volunteer_id="v1"), "own-hours"),
        (Principal("v", Role.VOLUNTEER, volunteer_id="v2"), "hours-not-yours"),
        (
            Principal("l", Role.GRID_LEADER, grids=frozenset({"g1"}), volunteer_id="v1"),
            "own-hours",
        ),
        # The volunteer's own unit sent the service, it did not receive it.
        (Principal("o", Role.UNIT_OPERATOR, unit_id="power"), "hours-not-yours"),
    ],
)
def test_who_received_the_service_confirms_and_never_the_volunteer(
    principal: Principal, code: str | None
) -> None:
    if code is None:
        ensure_may_confirm(principal, served())
        return
    with pytest.raises(Problem) as told:
        ensure_may_confirm(principal, served())
    assert told.value.code == code


COMMANDS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["completed", "confirm", "correct", "void"]),
        st.sampled_from([0.0, 0.5, 1.5, 4.0]),
    ),
    max_size=40,
)


@given(COMMANDS)
def test_hours_are_counted_once_whatever_comes_twice(
    commands: list[tuple[int, str, float]],
) -> None:
    """The book as the store keeps it (an id is taken once), and the registry's sheet of the facts:
    what stands on the sheet is what is confirmed, each round of the task once."""
    book: dict[str, HoursState] = {}
    sheet: dict[str, float] = {}
    for round, command, number in commands:
        new = served(round=round)
        if command == "completed":
            book.setdefault(new.hours_id, new)
            continue
        state = book.get(new.hours_id)
        if state is None:
            continue
        decision: Decision[HoursState] | None
        try:
            if command == "confirm":
                decision = hours.confirm(state, "x:y", NOON)
            elif command == "correct":
                decision = hours.correct(state, number, "r", "x:y", NOON)
            else:
                decision = hours.void(state, "r")
        except Ruled:
            continue
        if decision is None:
            continue
        book[new.hours_id] = decision.state
        for item in decision.events:
            data = item.data if isinstance(item, At) else item
            match data:
                case volunteering.HoursConfirmed():
                    assert data.hours_id not in sheet, "confirmed twice"
                    sheet[data.hours_id] = data.hours
                case volunteering.HoursCorrected():
                    assert sheet[data.hours_id] == data.before
                    sheet[data.hours_id] = data.hours
                case volunteering.HoursVoided():
                    del sheet[data.hours_id]
    confirmed = {id: one.hours for id, one in book.items() if one.status is HoursStatus.CONFIRMED}
    assert sheet == confirmed
