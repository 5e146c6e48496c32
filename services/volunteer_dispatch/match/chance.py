"""How likely somebody is to accept: learnt from answers, with a prior from the own group.

A person who was asked `n` times and accepted `a` of them answers like the group until shown
otherwise: the chance is the mean of a Beta distribution, `(a + s·m) / (n + s)`, where `m` is the
group's mean and `s` says how many answers the group's word is worth. The group's own mean leans in
the same way on the city's. Counts only, so that each answer changes two numbers.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", float, NDArray[np.float64])
"""A number, or many at once."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anybody was asked (DOMAIN.md: people answer 17 to 47 % of alerts)."""

    mean: float = 0.32
    strength: float = 6.0
    """Answers that the prior counts for."""


def chance(asked: N, accepted: N, group_mean: N, strength: float) -> N:
    """Mean of Beta(strength·mean + accepted, strength·(1 - mean) + asked - accepted)."""
    return (accepted + strength * group_mean) / (asked + strength)


def group_mean(asked: float, accepted: float, prior: Prior) -> float:
    """A group's mean (counts of all its people), which leans on the city's."""
    return chance(asked, accepted, prior.mean, prior.strength)
