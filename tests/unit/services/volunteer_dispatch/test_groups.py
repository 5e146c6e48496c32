"""Groups with skills: found where they serve, asked beside volunteers, one of them takes it."""

from typing import Any

import pytest

from services.volunteer_dispatch.choosing import choose, explained
from services.volunteer_dispatch.match.chance import Prior
from services.volunteer_dispatch.match.groups import Group, Groups, Needed
from services.volunteer_dispatch.match.index import Index, Volunteer
from services.volunteer_dispatch.match.score import Weights
from services.volunteer_dispatch.service import alerts, groups
from services.volunteer_dispatch.service.alerting import Asking
from services.volunteer_dispatch.service.group_ids import group_key
from services.volunteer_dispatch.service.groups import wants_group
from services.volunteer_dispatch.service.state import Reservation, Status, TaskState
from shared.contracts import tasks
from tests.unit.services.volunteer_dispatch.city import NOON, accepted, context, event, handle

NOW = int(NOON.timestamp())


def group(id: str, **more: Any) -> Group:
    given: dict[str, Any] = {
        "id": group_key(id), "skills": ("doctor",), "area": "D", "place": None, "capacity": 2,
    }  # fmt: skip
    return Group(**given | more)


def known(*found: Group) -> Groups:
    made = Groups(Prior(0.32, 6.0), Weights(2.0, 1.0), 40)
    made.put_all(found)
    return made


def needed(**more: Any) -> Needed:
    given: dict[str, Any] = {
        "skill": "doctor", "areas": ("C", "D", "S1"), "place": (22.5, 114.0), "within_km": 10.0,
    }  # fmt: skip
    return Needed(**given | more)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, True),
        ({"skills": ("lawyer",)}, False),
        ({"area": "elsewhere"}, False),
        # Beyond its home area it is asked near its service point.
        ({"area": "elsewhere", "place": (22.52, 114.0)}, True),
        ({"area": "elsewhere", "place": (23.5, 114.0)}, False),
        # In its home area however far.
        ({"place": (23.5, 114.0)}, True),
        ({"capacity": 0}, False),
        ({"held": 2}, False),
        ({"held": 1, "waiting": 1}, False),
        ({"rests_until": NOW + 1}, False),
    ],
)
def test_a_group_is_found_where_it_serves_and_has_room(change: dict[str, Any], found: bool) -> None:
    assert bool(known(group("a", **change)).find(needed(), NOW)) is found


def test_its_own_answers_count() -> None:
    made = known(group("willing", asked=20, accepted=18), group("never", asked=20), group("new"))
    order = [one.id for one in made.find(needed(), NOW)]
    assert order == ["group:willing", "group:new", "group:never"]
    best, middle, last = (one.score.chance for one in made.find(needed(), NOW))
    assert best > 0.7 > middle > 0.3 > last
    without = made.find(needed(without=("group:willing",)), NOW)
    assert [one.id for one in without] == ["group:new", "group:never"]


def search(**more: Any) -> tuple[TaskState, Any]:
    rules = [{"categories": ["clinic"], "to": "volunteer", "skill": "doctor"}]
    ctx = context(rules=rules)
    state = handle(None, event(accepted(category="clinic", **more)), ctx).state
    assert state.status is Status.MATCHING
    return state, ctx


def doctors(number: int) -> Index:
    index = Index()
    index.put_all(
        Volunteer(f"v{n}", ("doctor",), "g1", "grid:g1", (22.5, 114.0), 1) for n in range(number)
    )
    return index


def test_a_group_is_asked_beside_single_volunteers_and_explained() -> None:
    state, ctx = search(point={"longitude": 114.0, "latitude": 22.5})
    made = known(group("a"), group("b", asked=9))
    choice = choose({"t": state}, doctors(9), ctx, made)["t"]
    assert choice.number == 3
    assert [one.id for one in choice.groups] == ["group:a", "group:b"]
    ids = [one.id for one in choice.order[:3]] + ["group:a"]
    asked = [alerts.alert(id, id, state, ctx) for id in ids]
    why = explained(choice, set(ids), ctx)
    notes = {one.key: one.note for one in why.candidates}
    assert notes["group:a"].startswith("asked: chance 0.")
    assert not notes["group:b"].startswith("asked")
    state, events = alerts.ask(state, asked, why, ctx)
    (told,) = events
    assert isinstance(told, tasks.TaskAlerted)
    assert (len(told.volunteer_ids), told.group_ids) == (3, ("a",))
    # One group at a time, and its alert does not take a volunteer's turn.
    assert not wants_group(state, ctx)
    assert alerts.wanted(state, ctx) == 0
    state, events = alerts.decline(state, "group:a")
    (ended,) = events
    assert isinstance(ended, tasks.TaskAlertsEnded)
    assert (ended.volunteer_ids, ended.group_ids, ended.reason) == ((), ("a",), "declined")
    again = choose({"t": state}, doctors(9), ctx, made)["t"]
    assert (again.number, [one.id for one in again.groups]) == (0, ["group:b"])


def test_where_there_are_no_volunteers_a_group_is_asked_all_the_same() -> None:
    state, ctx = search()
    choice = choose({"t": state}, Index(), ctx, known(group("a")))["t"]
    assert (choice.order, [one.id for one in choice.groups]) == ((), ["group:a"])
    busy = choose({"t": state}, Index(), ctx, known(group("a", waiting=2)))["t"]
    assert busy.others_wait


def test_tasks_of_a_batch_ask_different_groups() -> None:
    state, ctx = search()
    made = known(group("a", capacity=1), group("b", capacity=1))
    choices = choose({"t": state, "u": state}, Index(), ctx, made)
    assert {choice.groups[0].id for choice in choices.values()} == {"group:a", "group:b"}


def test_a_member_takes_it_and_both_places_are_given_back() -> None:
    state, ctx = search()
    asked = [alerts.alert(id, id, state, ctx) for id in ("v1", "group:a")]
    state, _ = alerts.ask(state, asked, None, ctx)
    own = Reservation(volunteer_id="m1", token="1")
    place = Reservation(volunteer_id="group:a", token="2")
    member = ctx.directory.volunteer("m1", None, "g1")
    taken, events = groups.accept(state, "a", member, own, place, ctx)
    assert taken.status is Status.ACCEPTED
    assert taken.assignee is not None
    assert (taken.assignee.id, taken.reservation, taken.group) == ("m1", own, place)
    said = {(answer.volunteer_id, answer.said) for answer in taken.alerts.answers}
    assert said == {("group:a", "accepted"), ("v1", "withdrawn")}
    ended = [e for e in events if isinstance(e, tasks.TaskAlertsEnded)]
    assert [(e.volunteer_ids, e.group_ids) for e in ended] == [(("v1",), ())]
    from services.volunteer_dispatch.service.life import let_go

    assert let_go(taken).releases == (own, place)


def test_caps_of_groups_are_their_own() -> None:
    table = Asking().table
    assert (table.for_groups().per_day, table.for_groups().per_week) == (10, 40)
