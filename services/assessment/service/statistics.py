"""Small samples made fair: margin of error, spread of a class, shrinkage toward its mean; pure.

- **Wilson interval** (E. B. Wilson, JASA 22 (1927) 209): with share p = k / n and z = 1.96,
  centre (p + z² / 2n) / (1 + z² / n), half width z · √(p(1 − p) / n + z² / 4n²) / (1 + z² / n).
  Unlike p ± z · √(p(1 − p) / n) it is not empty at 0 of 3 and 3 of 3.
- **Empirical Bayes, beta-binomial** (J. C. Kleinman, JASA 68 (1973) 46, method of moments with
  weights nᵢ): each subject of a class has its own true share, drawn from a beta distribution of
  mean m and strength M. With N subjects, n = Σnᵢ, m = Σkᵢ / n, S = Σ nᵢ (pᵢ − m)²:

      γ = (S / m(1 − m) − (N − 1)) / (n − Σnᵢ² / n − (N − 1)),   M = (1 − γ) / γ

  γ (0 to 1) is how much of the spread is the subjects' own and not chance; M counts as that many
  voices of the class mean. A subject's share becomes (kᵢ + M · m) / (nᵢ + M).

Sums are `math.fsum`: the order of the subjects does not change a digit.
"""

from collections.abc import Iterable
from math import fsum, sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
LEAST_STRENGTH, MOST_STRENGTH = 5.0, 1000.0
"""Bounds of M. At least: in a class of extremes three voices still move only part of the way. At
most: in a class without any spread of its own a thousand voices still count half."""


class Interval(NamedTuple):
    """From `low` to `high`, shares 0 to 1."""

    low: float
    high: float


class Sample(NamedTuple):
    """`hits` of `size`: solved of contacted, satisfied of rated; 0 <= hits <= size."""

    hits: float
    size: float


class Prior(NamedTuple):
    """What a class says of a subject that nothing is known of.

    `mean` 0 to 1; `strength` M in voices; `spread` γ as measured, before M is held in its bounds
    (None where it cannot be: fewer than two subjects, or all voices alike).
    """

    mean: float
    strength: float
    spread: float | None


def wilson(sample: Sample, z: float = Z_95) -> Interval | None:
    """The interval that holds the true share (95 % unless `z` says other); None of no sample."""
    hits, size = sample
    if size <= 0:
        return None
    share, square = hits / size, z * z
    width = 1 + square / size
    centre = (share + square / (2 * size)) / width
    half = z * sqrt(share * (1 - share) / size + square / (4 * size * size)) / width
    # At the ends the formula gives exactly 0 and 1; floating point all but.
    return Interval(centre - half if hits else 0.0, centre + half if hits < size else 1.0)


def prior_of(
    samples: Iterable[Sample], least: float = LEAST_STRENGTH, most: float = MOST_STRENGTH
) -> Prior | None:
    """Mean and strength of a class by the method of moments; None where nobody has a sample.

    Where the spread is not more than chance (γ <= 0) the strength is `most`; where it cannot be
    measured (one subject, all voices alike), `least`: nothing says that the class is alike.
    """
    samples = [sample for sample in samples if sample.size > 0]
    if not samples:
        return None
    size = fsum(sample.size for sample in samples)
    mean = fsum(sample.hits for sample in samples) / size
    others, chance = len(samples) - 1, mean * (1 - mean)
    squares = fsum(sample.size * sample.size for sample in samples)
    beyond = size - squares / size - others
    if others == 0 or chance <= 0 or beyond <= 0:
        return Prior(mean, least, None)
    deviation = fsum(n * (k / n - mean) ** 2 for k, n in samples)
    spread = min(1.0, (deviation / chance - others) / beyond)
    if spread <= 0:
        return Prior(mean, most, spread)
    return Prior(mean, min(most, max(least, (1 - spread) / spread)), spread)


def shrunk(sample: Sample, prior: Prior) -> float:
    """The share after shrinkage, 0 to 1; the class mean of no sample."""
    return (sample.hits + prior.strength * prior.mean) / (sample.size + prior.strength)


def weight_of(sample: Sample, prior: Prior) -> float:
    """How far the subject's own voices count, 0 to 1: n / (n + M); the rest is the class mean."""
    return sample.size / (sample.size + prior.strength)
