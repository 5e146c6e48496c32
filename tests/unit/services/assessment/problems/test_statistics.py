"""Tails, combinations and step-up procedures against sums and examples worked out elsewhere."""

import math
import random

import pytest

from services.assessment.problems.statistics import (
    dispersion,
    fisher,
    partial_conjunction,
    step_up,
    upper_tail,
    variation,
)


def summed(count: int, mean: float, shape: float) -> float:
    """The tail, term by term."""
    total, y = 0.0, count
    while True:
        log = math.lgamma(y + shape) - math.lgamma(shape) - math.lgamma(y + 1)
        log += shape * math.log(shape / (shape + mean)) + y * math.log(mean / (mean + shape))
        term = math.exp(log)
        total += term
        if y > mean and term < total * 1e-17:
            return total
        y += 1


@pytest.mark.parametrize(
    ("count", "mean", "shape"),
    [(1, 0.3, 2), (5, 1, 1), (20, 5, 10), (100, 30, 50), (3, 10, 5), (500, 450, 1e3), (60, 2, 0.5)],
)
def test_the_tail_is_the_sum_of_its_terms(count: int, mean: float, shape: float) -> None:
    assert upper_tail(count, mean, shape) == pytest.approx(summed(count, mean, shape), rel=1e-9)


def test_a_tail_of_nothing_and_of_a_geometric_by_hand() -> None:
    assert upper_tail(0, 3, 2) == 1
    # Shape 1 and mean 1 halve with each one more.
    assert upper_tail(5, 1, 1) == pytest.approx(1 / 32, rel=1e-12)


def test_without_dispersion_it_is_poisson() -> None:
    poisson = 1 - math.fsum(math.exp(-4) * 4**y / math.factorial(y) for y in range(12))
    assert upper_tail(12, 4, 1e12) == pytest.approx(poisson, rel=1e-4)


def test_far_tails_keep_their_digits() -> None:
    # 4^40 e^-4 / 40! and what follows it, by logarithms.
    first = math.exp(40 * math.log(4) - 4 - math.lgamma(41))
    assert upper_tail(40, 4, 1e9) == pytest.approx(first * (1 + 4 / 41 + 16 / 41 / 42), rel=1e-3)
    assert 0 < upper_tail(200, 10, 100) < 1e-60


def test_fisher_of_two_by_hand() -> None:
    # x (1 - ln x), x the product.
    product = 0.05 * 0.05
    assert fisher([0.05, 0.05]) == pytest.approx(product * (1 - math.log(product)))
    assert fisher([1.0, 1.0]) == 1


def test_partial_conjunction_leaves_out_the_smallest() -> None:
    ps = [1e-9, 0.02, 0.03, 0.6]
    assert partial_conjunction(ps, 1) == fisher(ps)
    assert partial_conjunction(ps, 3) == fisher([0.03, 0.6])
    assert partial_conjunction(ps, 5) == 1


EXAMPLE = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip
"""Benjamini and Hochberg (1995), 4.1: at 0.05 their procedure finds four."""


def test_step_up_finds_the_four_of_the_paper() -> None:
    assert step_up(EXAMPLE, 15, 0.05, any_dependence=False) == 0.0095
    # The harmonic sum of 15 is 3.318: 0.0019 <= 3 * 0.05 / 15 / 3.318 = 0.0030.
    assert step_up(EXAMPLE, 15, 0.05, any_dependence=True) == 0.0019
    assert step_up(EXAMPLE, 15, 0.00001, any_dependence=False) < 0


def test_hypotheses_left_out_count_all_the_same() -> None:
    assert step_up(EXAMPLE[:9], 15, 0.05, any_dependence=False) == 0.0095
    assert step_up(EXAMPLE[:9], 300, 0.05, any_dependence=False) == 0.0001


def test_margins_add_nothing_to_the_dispersion_and_bursts_do() -> None:
    draw = random.Random(1)
    rows = {str(n): draw.uniform(5, 40) for n in range(30)}
    months = {str(n): draw.uniform(0.5, 2) for n in range(6)}

    def drawn(bursts: float) -> dict[tuple[str, str], int]:
        found = {}
        for row, size in rows.items():
            for month, season in months.items():
                mean = size * season
                mean *= draw.gammavariate(1 / bursts, bursts) if bursts else 1
                found[row, month] = max(0, round(draw.gauss(mean, math.sqrt(mean))))
        return found

    assert dispersion(drawn(0), 0.5, 1e-9) < 0.02
    assert dispersion(drawn(0.2), 0.5, 1e-9) == pytest.approx(0.2, abs=0.06)
    assert dispersion({}, 0.5, 10) == 0.5
    assert dispersion({("a", "1"): 5}, 0.5, 10) == 0.5


def test_variation_begins_with_what_is_believed() -> None:
    assert variation([], 0.02, 6) == pytest.approx(0.02)
    swings = [(50, 100.0), (150, 100.0)] * 6
    assert variation(swings, 0.02, 6) == pytest.approx((12 * 0.24 + 0.12) / 17)
