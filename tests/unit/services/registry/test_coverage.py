"""Which places have which gaps, and that changes one by one come to the same as all at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.coverage import City, Coverage, OpenGap, Place, Team, observe
from shared.contracts.coverage import GapClosed, GapFound
from shared.contracts.words import Gap, PlaceKind

COMMUNITY = Place(PlaceKind.COMMUNITY, "c1")
GRID = Place(PlaceKind.GRID, "g1")
STREET = ("s",)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("team", "gaps"),
    [
        ({}, (Gap.NO_TEAM,)),
        ({"organization_id": "o"}, (Gap.NO_LEADER, Gap.NOBODY_REACHABLE)),
        ({"members": ("there",)}, (Gap.NO_LEADER,)),
        ({"organization_id": "retired"}, (Gap.NO_TEAM,)),
        ({"organization_id": "retired", "leader": "there"}, ()),
        ({"leader": "unregistered"}, (Gap.NO_LEADER, Gap.NOBODY_REACHABLE)),
        ({"leader": "silent"}, (Gap.NOBODY_REACHABLE,)),
        ({"leader": "retired"}, (Gap.NO_LEADER, Gap.NOBODY_REACHABLE)),
        ({"leader": "retired", "members": ("there",)}, (Gap.NO_LEADER,)),
        ({"leader": "unregistered", "members": ("there",)}, (Gap.NO_LEADER,)),
        ({"leader": "silent", "members": ("there",)}, ()),
        ({"leader": "there"}, ()),
    ],
)
def test_the_gaps_of_a_team_are_those_of_its_grid_and_community(
    team: dict[str, Any], gaps: tuple[Gap, ...]
) -> None:
    city = City()
    city.put_community("c1", ("s", "c1"))
    city.put_grid("g1", Team(STREET, ("c1",), **team))
    city.put_organization("retired", retired=True)
    city.put_person("there", serving=True, reachable=True)
    city.put_person("silent", serving=True, reachable=False)
    city.put_person("retired", serving=False, reachable=False)
    assert city.gaps(GRID) == city.gaps(COMMUNITY) == gaps


def test_a_community_is_served_by_a_grid_that_names_it_or_is_of_it() -> None:
    city = City()
    city.put_community("c1", ("s", "c1"))
    assert city.gaps(COMMUNITY) == (Gap.NO_TEAM,)
    city.put_grid("g1", Team(STREET, leader="there"))
    city.put_person("there", serving=True, reachable=True)
    assert city.gaps(COMMUNITY) == (Gap.NO_TEAM,)  # of the whole street: it names none
    city.touched()
    city.put_grid("g1", Team(("s", "c1"), leader="there"))
    assert city.touched() == {GRID, COMMUNITY, Place(PlaceKind.COMMUNITY, "s")}
    assert city.gaps(COMMUNITY) == ()
    city.put_grid("g1", None)
    assert city.touched() == {GRID, COMMUNITY}
    assert city.gaps(COMMUNITY) == (Gap.NO_TEAM,)
    city.put_community("c1", None)
    assert (city.gaps(COMMUNITY), city.gaps(GRID), city.places()) == ((), (), set())


def test_one_team_with_a_leader_and_one_reachable_person_serve_a_community() -> None:
    city = City()
    city.put_community("c1", ("s", "c1"))
    city.put_grid("g1", Team(STREET, ("c1",), leader="silent"))
    city.put_grid("g2", Team(STREET, ("c1",), members=("there",)))
    city.put_person("silent", serving=True, reachable=False)
    city.put_person("there", serving=True, reachable=True)
    assert city.gaps(COMMUNITY) == ()
    assert city.gaps(GRID) == (Gap.NOBODY_REACHABLE,)


def test_a_grid_where_nobody_lives_needs_no_team_and_may_serve_a_community() -> None:
    city = City()
    city.put_community("c1", ("s", "c1"))
    city.put_grid("g1", Team(STREET, ("c1",), leader="unregistered", populated=False))
    assert (city.gaps(GRID), city.path(GRID)) == ((), None)
    assert city.places() == {COMMUNITY}
    assert city.gaps(COMMUNITY) == (Gap.NO_LEADER, Gap.NOBODY_REACHABLE)
    city.put_grid("g1", Team(STREET))
    assert city.gaps(GRID) == (Gap.NO_TEAM,)


def test_only_people_of_teams_are_held() -> None:
    city = City()
    city.put_person("v1", serving=True, reachable=True)
    assert city.touched() == set()
    city.put_grid("g1", Team(STREET, leader="v1", members=("v1", "v2")))
    city.put_grid("g2", Team(STREET, members=("v2",)))
    assert city.in_a_team(["v1", "v2", "v3"]) == ["v1", "v2"]
    assert sorted(city.unread()) == ["v1", "v2"]
    city.touched()
    city.put_person("v1", serving=True, reachable=True)
    assert city.touched() == {GRID, Place(PlaceKind.COMMUNITY, "s")}
    assert city.unread() == ["v2"]
    assert city.gaps(GRID) == ()
    # Who leaves the team is forgotten, and read anew by another team.
    city.put_grid("g1", Team(STREET, members=("v2",)))
    assert city.in_a_team(["v1", "v2"]) == ["v2"]
    city.put_grid("g1", Team(STREET, leader="v1"))
    assert sorted(city.unread()) == ["v1", "v2"]
    assert city.gaps(GRID) == (Gap.NO_LEADER, Gap.NOBODY_REACHABLE)
    city.put_grid("g2", None)
    assert city.unread() == ["v1"]


def test_each_gap_opens_once_and_closes_once() -> None:
    path = ("s", "c1")
    first = observe(None, COMMUNITY, path, (Gap.NO_TEAM,), NOW)
    assert first is not None
    assert first.events == [
        GapFound(place=PlaceKind.COMMUNITY, place_id="c1", area_path=path, gap=Gap.NO_TEAM)
    ]
    assert observe(first.state, COMMUNITY, path, (Gap.NO_TEAM,), NOW) is None
    later = NOW + timedelta(hours=1)
    second = observe(first.state, COMMUNITY, path, (Gap.NO_LEADER,), later)
    assert second is not None
    closed, found = second.events
    assert isinstance(closed, GapClosed)
    assert (closed.gap, closed.since) == (Gap.NO_TEAM, NOW)
    assert isinstance(found, GapFound)
    assert found.gap is Gap.NO_LEADER
    assert second.state.open == (OpenGap(gap=Gap.NO_LEADER, since=later),)
    # A place that is retired keeps the path that it had, so that its managers hear of it.
    last = observe(second.state, COMMUNITY, None, (), later)
    assert last is not None
    assert (last.state.open, last.state.area_path) == ((), path)
    assert observe(last.state, COMMUNITY, None, (), later) is None
    assert observe(None, COMMUNITY, path, (), NOW) is None


IDS = st.sampled_from("abcd")
CODES = st.sampled_from(("c1", "c2", "c3"))
TEAMS = st.builds(
    Team,
    path=st.sampled_from((("s",), ("s", "c1"), ("s", "c2"))),
    communities=st.lists(CODES, unique=True).map(tuple),
    organization_id=st.none() | st.sampled_from("op"),
    leader=st.none() | IDS,
    members=st.lists(IDS, unique=True).map(tuple),
    populated=st.booleans(),
)
CHANGES = st.lists(
    st.tuples(st.just("community"), CODES, st.booleans())
    | st.tuples(st.just("grid"), IDS, st.none() | TEAMS)
    | st.tuples(st.just("organization"), st.sampled_from("op"), st.booleans())
    | st.tuples(st.just("person"), IDS, st.sampled_from(("retired", "reachable", "silent"))),
    max_size=30,
)


class Registered:
    """What is registered, and the city that is told of it as the repository tells it."""

    def __init__(self) -> None:
        self.city = City()
        self.people: dict[str, str] = {}

    def put(self, change: tuple[str, str, Any]) -> set[Place]:
        kind, id, what = change
        if kind == "community":
            self.city.put_community(id, ("s", id) if what else None)
        elif kind == "grid":
            self.city.put_grid(id, what)
        elif kind == "organization":
            self.city.put_organization(id, retired=what)
        else:
            self.people[id] = what
        changed = self.city.in_a_team([id] if kind == "person" else [])
        for person in (*changed, *self.city.unread()):
            known = self.people.get(person)
            serving = known in ("reachable", "silent")
            self.city.put_person(person, serving=serving, reachable=known == "reachable")
        return self.city.touched()


@given(CHANGES)
def test_what_is_touched_is_all_that_changes(changes: list[tuple[str, str, Any]]) -> None:
    registered, held = Registered(), dict[Place, Coverage]()
    city = registered.city
    for change in changes:
        for place in registered.put(change):
            decision = observe(held.get(place), place, city.path(place), city.gaps(place), NOW)
            if decision is not None:
                held[place] = decision.state
        assert city.unread() == []
    # The same city, each entry put once and in another order.
    anew = Registered()
    for change in reversed(list({c[:2]: c for c in changes}.values())):
        anew.put(change)
    wanted = {p: set(anew.city.gaps(p)) for p in anew.city.places() if anew.city.gaps(p)}
    assert {p: {g.gap for g in c.open} for p, c in held.items() if c.open} == wanted
