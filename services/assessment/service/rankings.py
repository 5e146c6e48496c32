"""Ranking of subjects inside a class, with a minimum sample."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.assessment.service.figures import Figure

Basis = Literal["follow_ups", "in_time"]


class Weights(BaseModel):
    """How a score is made; a city's own table (`weights.json`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    source: str
    """Where the weights come from, and how sure they are."""
    response: float = Field(ge=0)
    resolution: float = Field(ge=0)
    satisfaction: float = Field(ge=0)
    minimum_sample: int = Field(ge=1)
    """Cases followed up (or judged) below which a subject is not ranked."""

    @model_validator(mode="after")
    def _some_weight(self) -> "Weights":
        if self.response + self.resolution + self.satisfaction <= 0:
            raise ValueError("at least one of response, resolution, satisfaction needs a weight")
        return self


@dataclass(frozen=True, slots=True)
class Placed:
    """A subject in a ranking. `rank` and `score` are None for one under the minimum sample."""

    rank: int | None
    score: float | None
    sample: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranking of one class."""

    basis: Basis
    ranked: Sequence[Placed]
    under_minimum: Sequence[Placed]


def score_of(figure: Figure, weights: Weights) -> float | None:
    """Weighted mean of the rates that have a sample; None where none has."""
    parts = [
        (rate, weight)
        for rate, weight in (
            (figure.response_rate, weights.response),
            (figure.resolution_rate, weights.resolution),
            (figure.satisfaction_rate, weights.satisfaction),
        )
        if rate is not None
    ]
    total = sum(weight for _, weight in parts)
    return sum(rate * weight for rate, weight in parts) / total if total else None


def rank(figures: Iterable[Figure], weights: Weights, minimum: int) -> Ranking:
    """Rank the figures of one class.

    By the residents' answers, or, in a class where no subject has `minimum` of them, by the
    in-time rate: one class is never ranked by two measures. Ties go to more cases, then the id.
    """
    figures = [figure for figure in figures if figure.requests]
    answered = any(figure.followed_up >= minimum for figure in figures)
    basis: Basis = "follow_ups" if answered else "in_time"
    ranked: list[Placed] = []
    under: list[Placed] = []
    for figure in figures:
        sample = figure.followed_up if answered else figure.judged
        score = score_of(figure, weights) if answered else figure.in_time_rate
        if sample >= minimum and score is not None:
            ranked.append(Placed(None, score, sample, figure))
        else:
            under.append(Placed(None, None, sample, figure))
    ranked.sort(key=lambda p: (-(p.score or 0.0), -p.figure.requests, p.figure.subject_id))
    under.sort(key=lambda p: (-p.sample, -p.figure.requests, p.figure.subject_id))
    return Ranking(
        basis,
        [Placed(n, p.score, p.sample, p.figure) for n, p in enumerate(ranked, 1)],
        under,
    )


def by_class(figures: Iterable[Figure], classes: Mapping[str, str]) -> dict[str, list[Figure]]:
    """The figures by their subject's class; `unregistered` where the registry has not told it."""
    found: dict[str, list[Figure]] = {}
    for figure in figures:
        found.setdefault(classes.get(figure.subject_id, UNREGISTERED), []).append(figure)
    return found


UNREGISTERED = "unregistered"
