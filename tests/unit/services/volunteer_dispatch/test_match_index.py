"""The index of volunteers against a plain list of them, while both change."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.volunteer_dispatch.match.chance import Prior, chance, group_mean
from services.volunteer_dispatch.match.ids import Ids
from services.volunteer_dispatch.match.index import Index, Volunteer, Wanted
from services.volunteer_dispatch.match.score import Weights, score
from shared.contracts.ids import uuid7

NOW = 1_800_000_000
PLACES = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda at: (22.5 + at[0] / 200, 114 + at[1] / 200)
)


@st.composite
def volunteers(draw: st.DrawFn) -> Volunteer:
    capacity = draw(st.integers(0, 3))
    return Volunteer(
        id=f"v{draw(st.integers(0, 60))}",
        skills=tuple(draw(st.sets(st.sampled_from(["care", "law", "sign"])))),
        grid_id=draw(st.sampled_from(["g1", "g2", "g3"])),
        group=draw(st.sampled_from(["u1", "u2"])),
        place=draw(st.one_of(st.none(), PLACES)),
        capacity=capacity,
        held=draw(st.integers(0, capacity)),
        waiting=draw(st.integers(0, 1)),
        rests_until=draw(st.sampled_from([0, NOW, NOW + 1])),
        asked=draw(st.integers(0, 20)),
    )


WANTED = st.builds(
    Wanted,
    skill=st.sampled_from(["care", "law", "sign", "unknown"]),
    grid_id=st.sampled_from(["g1", "g2", "g9"]),
    place=PLACES,
    within_km=st.sampled_from([0.9, 4.8, math.inf]),
    number=st.integers(1, 12),
    without=st.sets(st.integers(0, 60).map(lambda n: f"v{n}"), max_size=3),
)


def away(a: tuple[float, float], b: tuple[float, float]) -> float:
    (north_a, north_b) = (math.radians(p[0]) for p in (a, b))
    east = math.radians(b[1] - a[1])
    cosine = math.sin(north_a) * math.sin(north_b)
    cosine += math.cos(north_a) * math.cos(north_b) * math.cos(east)
    return 6371.0 * math.acos(min(1.0, cosine))


def by_hand(known: Sequence[Volunteer], wanted: Wanted) -> list[float]:
    """Distances of those that may be asked, nearest first."""
    assert wanted.place is not None
    found = []
    for one in known:
        room = one.capacity - one.held - one.waiting
        if wanted.skill not in one.skills or room <= 0 or one.rests_until > NOW:
            continue
        if one.id in wanted.without:
            continue
        own = one.grid_id == wanted.grid_id
        km = away(one.place, wanted.place) if one.place else 1.0
        if own or (one.place is not None and km <= wanted.within_km):
            found.append(km)
    return sorted(found)[: wanted.number]


@given(st.lists(volunteers(), max_size=120), WANTED, st.floats(0, 1))
@settings(max_examples=300)
def test_the_nearest_are_found_whatever_has_changed(
    changes: list[Volunteer], wanted: Wanted, built_after: float
) -> None:
    index, known = Index(), {}
    for number, change in enumerate(changes):
        known[change.id] = change
        index.put(change)
        if number == int(len(changes) * built_after):
            index._build()
    rows, km = index.nearest(wanted, NOW)
    assert len(set(rows.tolist())) == len(rows)
    assert km.tolist() == pytest.approx(by_hand(list(known.values()), wanted), abs=0.005)
    found = index.find(wanted, NOW)
    assert sorted(one.id for one in found) == sorted(index.ids(rows.tolist()))
    assert [one.score.value for one in found] == sorted(
        (o.score.value for o in found), reverse=True
    )
    for one in found:
        person = known[one.id]
        assert one.room == person.capacity - person.held - person.waiting


@pytest.mark.parametrize("number", [40])
def test_who_moved_is_found_once_and_where_he_is_now(number: int) -> None:
    index = Index()
    people = [
        Volunteer(f"v{n}", ("care",), f"g{n % 2}", "u", (22.5 + n / 1000, 114.0), 1)
        for n in range(number)
    ]
    index.put_all(people)
    index._build()
    moved = [one._replace(place=(22.5 + n / 1000, 114.0002), grid_id="g2")
             for n, one in enumerate(reversed(people))]  # fmt: skip
    index.put_all(moved)
    wanted = Wanted("care", "g2", (22.5, 114.0), number=number)
    rows, km = index.nearest(wanted, NOW)
    assert len(rows) == len(set(rows.tolist())) == number
    assert km.tolist() == pytest.approx(by_hand(moved, wanted), abs=0.005)
    assert len(index.nearest(Wanted("care", "g0", number=number), NOW)[0]) == number
    old = Wanted("care", "g0", (23.5, 114.0), within_km=1, number=number)
    assert len(index.nearest(old, NOW)[0]) == 0, "nobody is of his old grid any more"


@pytest.mark.parametrize("number", [3_000])
def test_many_people_and_a_rare_skill(number: int) -> None:
    rng = np.random.default_rng(3)
    known = [
        Volunteer(
            id=uuid7(),
            skills=("sign",) if n % 500 == 0 else ("care",),
            grid_id=f"g{n % 40}",
            group="u",
            # One wrong coordinate must not stretch the cells.
            place=(0.0, 0.0) if n == 7 else (22.5 + at[0], 114 + at[1]),
            capacity=1,
        )
        for n, at in enumerate(rng.random((number, 2)) / 5)
    ]
    index = Index()
    index.put_all(known)
    for skill in ("care", "sign"):
        for place in ((22.6, 114.1), (22.5, 114.0), (23.5, 115.0)):
            wanted = Wanted(skill=skill, grid_id="nowhere", place=place, number=20)
            _, km = index.nearest(wanted, NOW)
            assert km.tolist() == pytest.approx(by_hand(known, wanted), abs=0.005)


def test_without_a_place_the_grid_and_its_neighbours_are_found() -> None:
    index = Index()
    people = [
        Volunteer("near", ("care",), "g1", "u", (22.5, 114.0), 1),
        Volunteer("homeless", ("care",), "g1", "u", None, 1),
        Volunteer("beside", ("care",), "g2", "u", (22.52, 114.0), 1),
        Volunteer("far", ("care",), "g3", "u", (22.9, 114.0), 1),
    ]
    index.put_all(people)
    index._build()
    wanted = Wanted(skill="care", grid_id="g1", within_km=5)
    assert {one.id for one in index.find(wanted, NOW)} == {"near", "homeless", "beside"}
    assert index.find(Wanted(skill="care", grid_id="g9"), NOW) == []


def test_ids_are_found_again() -> None:
    ids = Ids()
    names = [uuid7() for _ in range(500)] + [f"v{n}" for n in range(500)]
    names += ["张三", names[0].upper(), "x" * 36, "x" * 120]
    rows = [ids.add(name) for name in names]
    assert rows == list(range(len(names)))
    assert [ids.add(name) for name in names] == rows
    assert [ids[row] for row in rows] == names
    assert [ids.find(name) for name in names] == rows
    assert ids.find("nobody") is None


def test_what_the_chance_leans_on() -> None:
    prior = Prior(0.3, 6)
    assert chance(0, 0, 0.3, 6) == pytest.approx(0.3)
    assert chance(6, 6, 0.3, 6) == pytest.approx(0.65)
    assert group_mean(0, 0, prior) == pytest.approx(0.3)
    index = Index(prior)
    good = [
        Volunteer(f"a{n}", ("care",), "g", "eager", None, 1, asked=9, accepted=8) for n in (1, 2)
    ]
    index.put_all([*good, Volunteer("new", ("care",), "g", "eager", None, 1)])
    index.put(Volunteer("other", ("care",), "g", "tired", None, 1))
    parts = {one.id: one.score for one in index.find(Wanted("care", "g"), NOW)}
    # Nobody has asked `new`; the own group's people accept, so he or she is likely to.
    assert parts["new"].chance == pytest.approx((16 + 6 * 0.3) / (18 + 6))
    assert parts["other"].chance == pytest.approx(0.3)
    index.put_all([Volunteer(one.id, ("care",), "g", "eager", None, 1, asked=9) for one in good])
    parts = {one.id: one.score for one in index.find(Wanted("care", "g"), NOW)}
    assert parts["new"].chance == pytest.approx(6 * 0.3 / (18 + 6))


@given(*[st.floats(0, 1)] * 2, *[st.floats(0, 50)] * 4)
def test_a_score_falls_with_distance_and_load_and_rises_with_the_chance(
    low: float, high: float, near: float, far: float, light: float, heavy: float
) -> None:
    weights = Weights()
    low, high = sorted((low, high))
    near, far = sorted((near, far))
    light, heavy = sorted((light, heavy))
    best = score(high, near, light, weights)
    assert best.value == best.chance * best.travel * best.fairness
    assert 0 <= score(low, far, heavy, weights).value <= best.value <= 1
