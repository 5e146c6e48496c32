"""Figures added up over months and areas, and what changed between two of them; pure.

Counts add up; a rate is that of the sums, never a mean of rates. Median and 90th percentile cannot
be had from those of months or streets: they are null in a sum of more than one figure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.assessment.service.figures import (
    COUNTS,
    HOURS,
    RATES,
    Figure,
    SubjectKind,
    Sums,
    figure_of,
)

THREE_RATES = tuple(RATES)[:3]


class Numbers(BaseModel):
    """The numbers of a figure, as in `GET /v1/figures`: rates 0 to 1, null without a sample."""

    model_config = ConfigDict(frozen=True)

    requests: int
    followed_up: int
    contacted: int
    solved: int
    rated: int
    satisfied: int
    judged: int
    in_time: int
    timed: int
    response_rate: float | None
    resolution_rate: float | None
    satisfaction_rate: float | None
    in_time_rate: float | None
    median_hours: float | None
    p90_hours: float | None

    @classmethod
    def of(cls, figure: Figure) -> "Numbers":
        """The numbers of `figure`."""
        return cls.model_validate(figure.model_dump())


def figure_from(
    period: str,
    kind: SubjectKind,
    id: str,
    counts: Mapping[str, int],
    hours: tuple[float | None, float | None] = (None, None),
) -> Figure:
    """A figure of `period` (a month or a year) from counts; its rates are made here."""
    known: dict[str, Any] = {name: int(counts.get(name, 0)) for name in COUNTS}
    figure = figure_of(period, kind, id, Sums(**known))
    return figure.model_copy(update=dict(zip(HOURS, hours, strict=True)))


def added(period: str, kind: SubjectKind, id: str, figures: Iterable[Figure]) -> Figure:
    """The sum of figures; of one alone itself, with its hours."""
    figures = list(figures)
    counts = {name: sum(getattr(figure, name) for figure in figures) for name in COUNTS}
    hours: tuple[float | None, float | None] = (None, None)
    if len(figures) == 1:
        hours = (figures[0].median_hours, figures[0].p90_hours)
    return figure_from(period, kind, id, counts, hours)


def change(now: Any, before: Any) -> float | None:
    """`now` less `before`; None where one of them has no sample."""
    return None if now is None or before is None else now - before
