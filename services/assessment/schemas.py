"""What assessment answers."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from services.assessment.corrections.touched import CORRECTED
from services.assessment.schemes.scheme import MONTH
from services.assessment.scores.schemas import SettledOut
from services.assessment.service.figures import Figure, SubjectKind
from services.assessment.support.groups import AMONG_LIKE, LACKS, Lack

Month = Annotated[
    str,
    Query(
        pattern=MONTH,
        description="Month of the requests' time in the city's time zone, as 2026-05",
    ),
]
Kind = Annotated[SubjectKind, Query(description="Whose figures")]
SubjectId = Annotated[str, Query(min_length=1, max_length=120, description="Area code or id")]
Language = Literal["zh", "en"]


class FigureOut(BaseModel):
    """Figures of a subject in a month. Rates 0 to 1, null without a sample; see
    docs/assessment.md for each formula and sample."""

    month: str
    kind: SubjectKind
    id: str
    name: str = Field(description="Name in the registry; the id while it is not known")
    requests: int
    followed_up: int = Field(description="Requests whose resident answered")
    contacted: int
    solved: int
    rated: int
    satisfied: int
    judged: int = Field(description="Requests with a verdict on time")
    in_time: int
    timed: int = Field(description="Requests with known hours to completion")
    response_rate: float | None
    resolution_rate: float | None
    satisfaction_rate: float | None
    in_time_rate: float | None
    median_hours: float | None
    p90_hours: float | None
    corrected_cases: int = Field(description=CORRECTED)

    @classmethod
    def of(cls, figure: Figure, name: str | None, corrected: int) -> "FigureOut":
        """The answer for `figure`."""
        shown = figure.model_dump(exclude={"subject_id"})
        own = {"id": figure.subject_id, "name": name or figure.subject_id}
        return cls.model_validate(shown | own | {"corrected_cases": corrected})


class PlacedOut(BaseModel):
    """A place in a ranking; `rank` and `score` are null under the minimum sample."""

    rank: int | None
    id: str
    name: str
    score: float | None
    sample: int
    requests: int
    response_rate: float | None
    resolution_rate: float | None
    satisfaction_rate: float | None
    in_time_rate: float | None
    lacks: list[Lack] = Field(default=[], description=LACKS)
    rank_among_like: int | None = Field(default=None, description=AMONG_LIKE)
    corrected_cases: int = Field(description=CORRECTED)


class ClassOut(BaseModel):
    """The ranking of one class."""

    name: str
    label: str
    basis: Literal["indicators", "stand_in"] = Field(
        description="stand_in: nobody of the class has the sample of the other indicators"
    )
    basis_label: str
    ranked: list[PlacedOut]
    under_minimum: list[PlacedOut] = Field(description="Too small a sample to be ranked")


class RankingsOut(BaseModel):
    """Rankings by class."""

    month: str
    kind: SubjectKind
    kind_label: str
    minimum: int
    weights: dict[str, float]
    scheme: str
    scheme_version: int
    settled: SettledOut | None = Field(
        description="null: as of now, also where another minimum is asked for"
    )
    classes: list[ClassOut]


class CaseOut(BaseModel):
    """A case behind a figure: ids and facts only."""

    request_id: str
    accepted_at: datetime
    channel: str
    kind: str
    category: str
    urgency: str
    area_path: list[str]
    grid_id: str | None
    reporting_unit: str | None
    unit_id: str | None
    organization_id: str | None
    round: int
    reopened: int
    contacted: bool | None
    solved: bool | None
    satisfied: int | None
    completed_at: datetime | None
    in_time: bool | None
    overdue: bool
    closed: str | None
    cancelled: bool
    hours: float | None


class MonthsOut(BaseModel):
    """Months that have figures, the latest first."""

    items: list[str]


class RecountOut(BaseModel):
    """A recount of every figure from scratch, beside the figures as they stand."""

    figures: int = Field(description="Figures compared")
    differing: list[dict[str, object]] = Field(
        description="The first 100 that differ: id and, by number, [figure, recount]"
    )
    differing_total: int
    cases: int = Field(description="Requests known to be accepted")
    unaccepted: int = Field(description="Requests of which only the task is known so far")
    unmeasured: int = Field(
        description="Changed cases and groups that the figures loop has yet to do"
    )
    counted_twice: int = Field(description="Requests that figures count more than the recount")
    missing: int = Field(description="Requests that the recount has more than figures")


class RemeasureOut(BaseModel):
    """What will be computed anew."""

    cases: int = Field(description="Cases whose figures are computed again")


class AuditCase(BaseModel):
    """The sequences applied to one case."""

    request_id: str
    requests_sequence: int
    tasks: dict[str, int]
