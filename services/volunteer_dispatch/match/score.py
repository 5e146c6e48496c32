"""What speaks for asking somebody: chance × travel × fairness, each between 0 and 1."""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", float, NDArray[np.float64])
"""A number, or many at once."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How travel and load weigh."""

    half_km: float = 2.0
    """Distance at which travel counts a half."""
    load: float = 1.0
    """How much a full load counts: at 1 it halves the score, at 0 nothing."""


class Score(NamedTuple, Generic[N]):
    """The parts of a score and what they were computed from."""

    value: N
    chance: N
    travel: N
    fairness: N
    km: N
    load: N
    """Share of the capacity held plus share of the weekly alerts had."""


def score(chance: N, km: N, load: N, weights: Weights) -> Score[N]:
    """`chance · 1/(1 + km/half_km) · 1/(1 + load·weight)`."""
    travel = 1.0 / (1.0 + km / weights.half_km)
    fairness = 1.0 / (1.0 + load * weights.load)
    return Score(chance * travel * fairness, chance, travel, fairness, km, load)
