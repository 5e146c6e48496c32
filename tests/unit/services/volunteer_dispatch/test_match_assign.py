"""The assignment against every assignment there is, and against its own proof of optimality."""

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.volunteer_dispatch.match.assign import NOBODY, Assignment, assign, greedy, total

Rows = list[list[tuple[int, float]]]


def edges_of(draw: st.DrawFn, tasks: int, partners: int) -> Rows:
    costs = st.one_of(st.none(), st.integers(0, 9))
    return [
        [(p, float(c)) for p in range(partners) if (c := draw(costs)) is not None]
        for _ in range(tasks)
    ]


@st.composite
def small(draw: st.DrawFn) -> tuple[Rows, dict[int, int]]:
    partners = draw(st.integers(1, 4))
    edges = edges_of(draw, draw(st.integers(0, 5)), partners)
    return edges, {p: draw(st.integers(0, 3)) for p in range(partners)}


def cost_of(edges: Rows, partner: list[int | None]) -> float:
    return total(edges, partner) + NOBODY * partner.count(None)


def lawful(edges: Rows, room: dict[int, int], partner: list[int | None]) -> bool:
    given = [p for p in partner if p is not None]
    return all(given.count(p) <= room[p] for p in given) and all(
        p is None or p in dict(row) for p, row in zip(partner, edges, strict=True)
    )


def proves(edges: Rows, room: dict[int, int], found: Assignment) -> None:
    """Linear programming duality: such prices exist for an optimum only."""
    used = [p for p in found.partner if p is not None]
    for row, partner, paid in zip(edges, found.partner, found.paid, strict=True):
        assert paid <= NOBODY + 1e-6
        if partner is None:
            assert paid == pytest.approx(NOBODY)
        for other, cost in row:
            price = found.price.get(other, 0.0)
            assert price <= 1e-6
            if room[other] > 0:
                assert paid + price <= cost + 1e-6
            if other == partner:
                assert paid + price == pytest.approx(cost, abs=1e-6)
    assert all(used.count(p) == room[p] for p, price in found.price.items() if price < -1e-6)


@given(small())
@settings(max_examples=400)
def test_nothing_is_better_than_the_assignment(case: tuple[Rows, dict[int, int]]) -> None:
    edges, room = case
    found = assign(edges, room)
    assert lawful(edges, room, found.partner)
    choices = [[None, *(p for p, _ in row)] for row in edges]
    every = [list(c) for c in product(*choices) if lawful(edges, room, list(c))]
    assert cost_of(edges, found.partner) == pytest.approx(min(cost_of(edges, c) for c in every))
    proves(edges, room, found)


@pytest.mark.parametrize("spare", [0.6, 1.0, 1.5])
def test_prices_prove_it_for_hundreds(spare: float) -> None:
    rng = random.Random(7)
    partners = int(200 * spare)
    edges = [
        [(p, rng.random() * 10) for p in rng.sample(range(partners), rng.randint(0, 12))]
        for _ in range(200)
    ]
    room = {p: rng.choice([1, 1, 1, 2]) for p in range(partners)}
    found = assign(edges, room)
    assert lawful(edges, room, found.partner)
    proves(edges, room, found)
    by_greed = greedy(edges, room)
    assert lawful(edges, room, by_greed)
    assert cost_of(edges, found.partner) <= cost_of(edges, by_greed)
    assert found.partner.count(None) < by_greed.count(None), "greedy leaves more without anybody"
