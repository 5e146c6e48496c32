"""Activities with many places, as pure decisions: places, the waiting list, waves, attendance."""

from datetime import datetime, timedelta
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.volunteer_dispatch.inviting import invite, waves
from services.volunteer_dispatch.match.index import Index, Volunteer
from services.volunteer_dispatch.service import activities
from services.volunteer_dispatch.service.activity_state import (
    LIVE,
    ActivityState,
    ActivityStatus,
    Booking,
)
from services.volunteer_dispatch.service.activity_tables import (
    ActivityKind,
    ActivityTable,
    HoursTable,
)
from services.volunteer_dispatch.service.explain import Explained, Kind
from services.volunteer_dispatch.service.hours import of_activity
from services.volunteer_dispatch.service.returns import Ruled
from shared.contracts import volunteering
from shared.contracts.payload import Payload, Point
from shared.contracts.tasks import Assignee
from shared.contracts.volunteering import Places
from shared.contracts.words import AssigneeKind
from tests.unit.services.volunteer_dispatch.city import NOON, PATH

HOUR = timedelta(hours=1)
SATURDAY = NOON + timedelta(days=4)
TABLE = ActivityTable(kinds=(ActivityKind(code="clean_up", zh="清洁", en="Clean-up"),))
WHY = Explained(kind=Kind.MATCH, at=NOON)


def activity(*places: tuple[str | None, int], **more: Any) -> ActivityState:
    given: dict[str, Any] = {
        "activity_id": "a1",
        "title": "周六清洁",
        "kind": "clean_up",
        "area_path": PATH,
        "grid_id": "g1",
        "point": Point(longitude=114.0, latitude=22.5),
        "organizer": Assignee(kind=AssigneeKind.GRID_TEAM, id="g1"),
        "starts_at": SATURDAY,
        "ends_at": SATURDAY + 3 * HOUR,
        "sign_up_until": SATURDAY - 12 * HOUR,
        "settles_at": SATURDAY + 5 * HOUR,
        "places": tuple(Places(skill=skill, number=number) for skill, number in places),
    }
    return ActivityState(**given | more)


def join(state: ActivityState, id: str, *skills: str, now: datetime = NOON) -> ActivityState:
    return activities.sign_up(state, id, skills, f"t-{id}", now, TABLE)[0]


def seats(state: ActivityState) -> dict[str, str | None]:
    return {one.volunteer_id: state.places[one.seat or 0].skill for one in state.going}


def changes(events: tuple[Payload, ...]) -> list[tuple[str, str]]:
    return [
        (e.volunteer_id, e.change)
        for e in events
        if isinstance(e, volunteering.ActivityPlaceChanged)
    ]


def test_two_first_aiders_among_four() -> None:
    state = activity(("first_aid", 2), (None, 2))
    for id, skills in (("a", ()), ("b", ("first_aid",)), ("c", ()), ("d", ("first_aid",))):
        state = join(state, id, *skills)
    assert seats(state) == {"a": None, "b": "first_aid", "c": None, "d": "first_aid"}
    state = join(state, "e")
    assert [one.volunteer_id for one in state.waiting] == ["e"]
    assert not state.todo


def test_who_waits_moves_up_in_order_where_he_or_she_fits() -> None:
    state = activity(("first_aid", 1), (None, 1))
    state = join(join(state, "a", "first_aid"), "b")
    for id in ("c", "d"):
        state = join(state, id)
    state = join(state, "e", "first_aid")
    left, events = activities.leave(state, "a", NOON)
    assert changes(events) == [("a", "left"), ("e", "moved_up")]
    assert [one.volunteer_id for one in left.waiting] == ["c", "d"]
    assert left.releases == (Booking(volunteer_id="a", token="t-a"),)
    left, events = activities.leave(left, "b", NOON)
    assert changes(events) == [("b", "left"), ("c", "moved_up")]


def test_a_first_aider_on_an_ordinary_place_makes_room() -> None:
    state = activity(("first_aid", 1), (None, 1))
    state = join(join(state, "a", "first_aid"), "b", "first_aid")
    assert seats(state) == {"a": "first_aid", "b": None}
    state, _ = activities.leave(state, "a", NOON)
    state = join(state, "c")
    assert seats(state) == {"b": "first_aid", "c": None}


def test_what_cannot_be_is_told() -> None:
    state = join(activity(("first_aid", 1)), "a", "first_aid")
    for id, skills, now, code in (
        ("a", ("first_aid",), NOON, "signed-up-already"),
        ("b", (), NOON, "no-place-fits"),
        ("b", ("first_aid",), SATURDAY - 11 * HOUR, "sign-up-over"),
    ):
        with pytest.raises(Ruled) as told:
            activities.sign_up(state, id, skills, "t", now, TABLE)
        assert told.value.code == code
    none = TABLE.model_copy(update={"waiting_at_most": 0})
    with pytest.raises(Ruled) as told:
        activities.sign_up(state, "b", ("first_aid",), "t", NOON, none)
    assert told.value.code == "waiting-list-full"
    with pytest.raises(Ruled) as told:
        activities.leave(state, "a", SATURDAY)
    assert told.value.code == "activity-began"


def test_with_fewer_than_the_minimum_it_is_called_off_at_the_end_of_sign_up() -> None:
    state = join(activity((None, 5), minimum=2), "a")
    assert activities.on_due(state, NOON) is None
    due = activities.on_due(state, state.sign_up_until)
    assert due is not None
    assert (due.state.status, due.state.cancelled) == ("cancelled", "below_minimum")
    assert due.state.releases == (Booking(volunteer_id="a", token="t-a"),)
    assert due.events == (volunteering.ActivityCancelled(activity_id="a1", reason="below_minimum"),)
    enough = activities.on_due(join(state, "b"), state.sign_up_until)
    assert enough is not None
    assert enough.state.status is ActivityStatus.CLOSED
    assert enough.state.next_due() == state.settles_at


def test_attendance_no_shows_and_hours() -> None:
    state = activity((None, 4))
    for id in ("a", "b", "c"):
        state = join(state, id)
    state = activities.on_due(state, state.sign_up_until).state  # type: ignore[union-attr]
    with pytest.raises(Ruled) as told:
        activities.check_in(state, "a", SATURDAY - 2 * HOUR, TABLE)
    assert told.value.code == "check-in-closed"
    state, _ = activities.check_in(state, "a", SATURDAY - HOUR / 2, TABLE)
    state, _ = activities.check_in(state, "b", SATURDAY + HOUR, TABLE)
    again, events = activities.check_in(state, "a", SATURDAY + HOUR, TABLE)
    assert (again, events) == (state, ())
    state, _ = activities.check_out(state, "a", SATURDAY + 2 * HOUR)
    over = activities.on_due(state, state.settles_at)
    assert over is not None
    assert over.events[-1] == volunteering.ActivityEnded(
        activity_id="a1", attended=("a", "b"), no_shows=("c",)
    )
    table = HoursTable()
    hours = {
        served.volunteer_id: of_activity(over.state, served, None, table)
        for served in over.state.served
    }
    assert {id: (one.hours, one.checked_out) for id, one in hours.items()} == {
        "a": (2.5, True),
        "b": (2.0, False),
    }
    assert (
        of_activity(over.state, over.state.served[0], None, table).hours_id == hours["a"].hours_id
    )


def people(number: int, skills: tuple[str, ...] = (), prefix: str = "v", **more: Any) -> Index:
    index = Index()
    index.put_all(
        Volunteer(
            id=f"{prefix}{n:03}",
            skills=skills,
            grid_id="g1",
            group="grid:g1",
            place=(22.5, 114.0 + n / 10000),
            capacity=1,
            **more,
        )
        for n in range(number)
    )
    return index


def test_a_wave_asks_as_many_as_the_learnt_chances_want_and_not_everybody() -> None:
    state = activity((None, 20))
    few = waves({"a1": state}, people(300), TABLE, NOON)["a1"]
    assert [wave.number for wave in few] == [63]  # 20 / 0.32
    willing = waves({"a1": state}, people(300, asked=20, accepted=16), TABLE, NOON)["a1"]
    assert 20 < willing[0].number < 40
    # Somebody who holds a task now may still come on Saturday.
    busy = waves({"a1": state}, people(300, held=1), TABLE, NOON)["a1"]
    assert busy[0].number == 63


def test_who_was_asked_counts_until_silent_and_is_not_asked_again() -> None:
    state, index = activity((None, 5)), people(100)
    (wave,) = waves({"a1": state}, index, TABLE, NOON)["a1"]
    asked = [invite(one, 0, one.id, state, TABLE, NOON) for one in wave.order[: wave.number]]
    state, events = activities.asked(state, asked, WHY, None)
    assert isinstance(events[0], volunteering.ActivityAlerted)
    assert waves({"a1": state}, index, TABLE, NOON) == {}
    state, _ = activities.decline(state, asked[0].volunteer_id)
    (next_wave,) = waves({"a1": state}, index, TABLE, NOON)["a1"]
    assert next_wave.number == 1
    assert next_wave.order[0].id not in state.invites.asked
    late = activities.on_due(state, asked[0].until)
    assert late is not None
    (after,) = waves({"a1": late.state}, index, TABLE, NOON)["a1"]
    assert after.number == wave.number
    assert {answer.said for answer in late.state.invites.answers} == {"declined", "silent"}
    # A late yes still gets a place, and counts.
    yes = join(late.state, asked[1].volunteer_id)
    assert yes.invites.answers[-1].said == "accepted"


def test_activities_of_one_batch_ask_different_people_and_keep_skills_for_their_places() -> None:
    index = people(60)
    index.put_all(
        Volunteer(f"f{n}", ("first_aid",), "g1", "grid:g1", (22.5, 114.0), 1) for n in range(7)
    )
    states = {id: activity(("first_aid", 1), (None, 5), activity_id=id) for id in ("x", "y")}
    found = waves(states, index, TABLE, NOON)
    asked: list[str] = []
    for of in found.values():
        for wave in of:
            chosen = [one.id for one in wave.order[: wave.number]]
            if wave.seat == 0:
                assert all(id.startswith("f") for id in chosen)
            asked += chosen
    firsts = [id for id in asked if id.startswith("f")]
    assert len(firsts) >= 7
    assert len(set(asked)) >= 35


def test_quiet_hours_and_a_look_later_wake_the_loop() -> None:
    state = activities.rest(activity((None, 5)), NOON + HOUR)
    assert (state.todo, state.next_due()) == (False, NOON + HOUR)
    assert activities.on_due(state, NOON) is None
    awake = activities.on_due(state, NOON + HOUR)
    assert awake is not None
    assert awake.state.todo
    # Where nobody else may be asked it rests until somebody leaves.
    still = activities.rest(join(activity((None, 5)), "a"), None)
    assert (still.todo, still.next_due()) == (False, still.sign_up_until)
    assert activities.leave(still, "a", NOON)[0].having(releases=()).todo


def test_nobody_is_asked_once_it_is_full_and_open_alerts_are_withdrawn() -> None:
    state, index = activity((None, 1)), people(10)
    (wave,) = waves({"a1": state}, index, TABLE, NOON)["a1"]
    asked = [invite(one, 0, one.id, state, TABLE, NOON) for one in wave.order[: wave.number]]
    state, _ = activities.asked(state, asked, WHY, None)
    state = join(state, asked[0].volunteer_id)
    said = {answer.volunteer_id: answer.said for answer in state.invites.answers}
    assert said.pop(asked[0].volunteer_id) == "accepted"
    assert set(said.values()) == {"withdrawn"}
    assert waves({"a1": state}, index, TABLE, NOON) == {}


AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class Saturday(RuleBasedStateMachine):
    """Whatever order people sign up, leave, come and go in."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.state = activity(("first_aid", 2), ("driver", 1), (None, 3), minimum=1)
        self.booked: set[str] = set()
        self.came: list[str] = []

    @rule(
        who=st.integers(0, 14),
        skills=st.sets(st.sampled_from(["first_aid", "driver"])),
    )
    def signs_up(self, who: int, skills: set[str]) -> None:
        before = self.state
        try:
            self.state = join(self.state, f"v{who}", *sorted(skills), now=self.now)
        except Ruled:
            return
        for one in before.going:
            after = self.state.of(one.volunteer_id)
            assert after is not None
            assert after.seat is not None, "a newcomer took somebody's place"

    @rule(who=st.integers(0, 14))
    def leaves(self, who: int) -> None:
        try:
            self.state, _ = activities.leave(self.state, f"v{who}", self.now)
        except Ruled:
            return

    @rule(who=st.integers(0, 14), out=st.booleans())
    def comes_or_goes(self, who: int, out: bool) -> None:
        id = f"v{who}"
        try:
            if out:
                self.state, _ = activities.check_out(self.state, id, self.now)
            else:
                self.state, _ = activities.check_in(self.state, id, self.now, TABLE)
        except Ruled:
            return

    @rule(hours=st.sampled_from([1, 6, 48]))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        for _ in range(5):
            due = self.state.next_due()
            decision = activities.on_due(self.state, self.now)
            assert (decision is not None) == (due is not None and due <= self.now)
            if decision is None:
                return
            self.state = decision.state
        raise AssertionError("timers never come to rest")

    @precondition(lambda self: self.state.status in LIVE)
    @rule()
    def restarts(self) -> None:
        kept = bson.decode(bson.encode(self.state.model_dump()), codec_options=AWARE)
        assert ActivityState.model_validate(kept) == self.state

    @invariant()
    def places_are_never_overrun(self) -> None:
        assert min(self.state.free) >= 0
        for one in self.state.going:
            assert one.seat in one.fits, "somebody has a place that he or she does not fit"
        ids = [one.volunteer_id for one in self.state.sign_ups]
        assert len(ids) == len(set(ids))

    @invariant()
    def nobody_waits_while_there_is_a_place(self) -> None:
        if self.state.status in LIVE:
            for one in self.state.waiting:
                assert all(self.state.free[kind] == 0 for kind in one.fits)

    @invariant()
    def the_end_frees_everybody(self) -> None:
        if self.state.status not in LIVE:
            freed = {one.token for one in self.state.releases}
            assert {one.token for one in self.state.sign_ups} <= freed
        if self.state.status is ActivityStatus.ENDED:
            came = {one.volunteer_id for one in self.state.served}
            absent = {one.volunteer_id for one in self.state.going if one.no_show}
            assert came | absent == {one.volunteer_id for one in self.state.going}
            assert not came & absent


TestSaturday = Saturday.TestCase
TestSaturday.settings = settings(max_examples=60, stateful_step_count=30)
