"""Wilson interval, beta-binomial moments and shrinkage, worked out by hand."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.service.statistics import (
    Prior,
    Sample,
    prior_of,
    shrunk,
    weight_of,
    wilson,
)


def test_wilson_as_worked_out_by_hand() -> None:
    """8 of 10 at z = 2: (0.8 + 0.2) / 1.4 ± 2 · √(0.016 + 0.01) / 1.4 = 0.7143 ± 0.2304."""
    low, high = wilson(Sample(8, 10), z=2.0) or (0, 0)
    assert low == pytest.approx(0.48394, abs=1e-5)
    assert high == pytest.approx(0.94463, abs=1e-5)


def test_wilson_says_how_little_three_voices_are() -> None:
    """3 of 3 may be a true share of 44 %, and 0 of 3 one of 56 %; none says nothing."""
    assert wilson(Sample(3, 3)) == pytest.approx((0.43850, 1.0), abs=1e-5)
    assert wilson(Sample(0, 3)) == pytest.approx((0.0, 0.56150), abs=1e-5)
    assert wilson(Sample(0, 0)) is None


def test_a_prior_as_worked_out_by_hand() -> None:
    """90, 60 and 30 of 100 each.

    m = 180 / 300 = 0.6; S = 100 · (0.09 + 0 + 0.09) = 18; S / 0.24 = 75;
    γ = (75 − 2) / (300 − 100 − 2) = 73 / 198 = 0.368687; M = 125 / 73 = 1.712329.
    """
    samples = [Sample(90, 100), Sample(60, 100), Sample(30, 100)]
    prior = prior_of(samples, least=0.0)
    assert prior == pytest.approx((0.6, 125 / 73, 73 / 198))
    assert prior_of(samples) == pytest.approx((0.6, 5.0, 73 / 198))


def test_without_more_spread_than_chance_the_class_speaks_for_each() -> None:
    """5 of 10 thrice: nothing tells them apart."""
    prior = prior_of([Sample(5, 10)] * 3)
    assert prior is not None
    assert prior.strength == 1000.0
    assert prior.spread is not None
    assert prior.spread < 0


@pytest.mark.parametrize(
    "samples", [[Sample(3, 4)], [Sample(4, 4), Sample(6, 6)], [Sample(1, 1), Sample(0, 1)]]
)
def test_where_the_spread_cannot_be_measured_the_class_says_little(samples: list[Sample]) -> None:
    """One subject; all voices alike; one voice each."""
    prior = prior_of(samples)
    assert prior is not None
    assert prior.strength == 5.0
    assert prior.spread is None


def test_nobody_has_a_sample() -> None:
    """Nothing to say."""
    assert prior_of([]) is None
    assert prior_of([Sample(0, 0)]) is None


def test_nobody_tops_or_fails_on_three_voices() -> None:
    """M = 5, m = 0.8: 3 of 3 become (3 + 4) / 8 = 0.875, 0 of 3 become 4 / 8 = 0.5."""
    prior = Prior(0.8, 5.0, 0.2)
    assert shrunk(Sample(3, 3), prior) == pytest.approx(0.875)
    assert shrunk(Sample(0, 3), prior) == pytest.approx(0.5)
    assert shrunk(Sample(270, 300), prior) == pytest.approx(274 / 305)
    assert shrunk(Sample(0, 0), prior) == pytest.approx(0.8)
    assert weight_of(Sample(3, 3), prior) == pytest.approx(3 / 8)


def test_the_moments_find_the_spread_that_was_put_in() -> None:
    """400 subjects of 50 voices from Beta(12, 4): mean 0.75, strength 16."""
    chance = random.Random(20261129)
    samples = []
    for _ in range(400):
        share = chance.betavariate(12, 4)
        samples.append(Sample(sum(chance.random() < share for _ in range(50)), 50))
    prior = prior_of(samples)
    assert prior is not None
    assert prior.mean == pytest.approx(0.75, abs=0.02)
    assert prior.strength == pytest.approx(16, abs=4)


some = st.integers(0, 400).flatmap(
    lambda size: st.integers(0, size).map(lambda hits: Sample(hits, size))
)


@given(st.lists(some, min_size=1, max_size=30), st.randoms())
def test_what_always_holds(samples: list[Sample], order: random.Random) -> None:
    """In any order the same digits; a share lies between its own and the class mean."""
    prior = prior_of(samples)
    shuffled = list(samples)
    order.shuffle(shuffled)
    assert prior_of(shuffled) == prior
    for sample in samples:
        if sample.size == 0:
            assert wilson(sample) is None
            continue
        assert prior is not None
        own = sample.hits / sample.size
        low, high = sorted((own, prior.mean))
        assert low - 1e-12 <= shrunk(sample, prior) <= high + 1e-12
        interval = wilson(sample)
        assert interval is not None
        assert interval.low <= own + 1e-12
        assert own <= interval.high + 1e-12


def test_three_voices_neither_top_nor_fail_a_class_of_twenty() -> None:
    """Nineteen with 60 to 300 voices, one with three, all for or none: raw it is first or last in
    every class; shrunk it is first in none, and last in at most 1 %."""
    first = last = 0
    for seed in range(100):
        chance = random.Random(seed)
        others = []
        for _ in range(19):
            share, size = chance.betavariate(12, 4), chance.randint(60, 300)
            others.append(Sample(sum(chance.random() < share for _ in range(size)), size))
        for hits in (3, 0):
            few = Sample(hits, 3)
            prior = prior_of([*others, few], 2, 100)
            assert prior is not None
            shares = [shrunk(other, prior) for other in others]
            first += hits == 3 and shrunk(few, prior) >= max(shares)
            last += hits == 0 and shrunk(few, prior) <= min(shares)
    assert first == 0
    assert last <= 1
