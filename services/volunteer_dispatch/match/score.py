"""What speaks for asking somebody: chance × travel × fairness, each between 0 and 1."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Weights:
    """How travel and load weigh."""

    half_km: float = 2.0
    """Distance at which travel counts a half."""
    load: float = 1.0
    """How much a full load counts: at 1 it halves the score, at 0 nothing."""


class Score(NamedTuple):
    """The parts of a score and what they were computed from."""

    value: float
    chance: float
    travel: float
    fairness: float
    km: float
    load: float
    """Share of the capacity held plus share of the weekly alerts had."""


def score(chance: float, km: float, load: float, weights: Weights) -> Score:
    """`chance · 1/(1 + km/half_km) · 1/(1 + load·weight)`."""
    travel = 1.0 / (1.0 + km / weights.half_km)
    fairness = 1.0 / (1.0 + load * weights.load)
    return Score(chance * travel * fairness, chance, travel, fairness, km, load)
