"""What the routes of scores take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from services.assessment.corrections.touched import CORRECTED
from services.assessment.schemes.periods import PATTERN
from services.assessment.schemes.scheme import Label
from services.assessment.scores.state import Settlement
from services.assessment.service.figures import SubjectKind
from services.assessment.support.groups import AMONG_LIKE, LACKS, Lack
from shared.web.reasons import Reason
from shared.web.schemas import Body, Change

Period = Annotated[
    str, Query(pattern=PATTERN, description="Month 2026-05, quarter 2026-Q2 or year 2026")
]


class GradeOut(BaseModel):
    """A grade of the scheme."""

    id: str
    label: Label


class TrendOut(BaseModel):
    """Against the period before; `scheme_changed`: it was assessed by another version."""

    period: str
    score: float | None
    grade: GradeOut | None
    rank: int | None
    change: float | None = Field(description="Points more than then; negative: less")
    direction: Literal["up", "down", "steady"] | None
    scheme_changed: bool


class WarningOut(BaseModel):
    """A grade is about to change: so many points are missing until `grade`."""

    direction: Literal["up", "down"]
    grade: GradeOut
    points: float


class ScoreOut(BaseModel):
    """A subject's score. `grade` and `rank` are null with too small a sample."""

    id: str = Field(description="{period}/{kind}/{subject_id}")
    period: str
    kind: SubjectKind
    subject_id: str
    name: str
    class_: str = Field(alias="class")
    score: float | None = Field(description="Points, 0 to 100 (more with a cap above 100)")
    rank: int | None
    ranked: int = Field(description="How many of the class are ranked")
    grade: GradeOut | None
    covered: float = Field(description="Share of the weight for which it has the minimum sample")
    rules: list[str] = Field(description="Special rules that hold")
    trend: TrendOut | None
    warnings: list[WarningOut]
    lacks: list[Lack] = Field(description=LACKS)
    rank_among_like: int | None = Field(description=AMONG_LIKE)
    ranked_like: int = Field(description="How many of those are ranked")
    corrected_cases: int = Field(description=CORRECTED)


class SettledOut(BaseModel):
    """A period whose scores were kept; `done` is false while that is being done."""

    period: str
    scheme_version: int
    revision: int
    at: datetime
    by: str
    reason: str
    done: bool
    subjects: int
    outdated: int = Field(
        description="Subjects whose figures are not those any more that the scores were made of, "
        "by corrections or late events"
    )
    corrections_since: int = Field(description="Cases re-judged since it was settled")
    what_to_do: Label | None = Field(description="null where nothing is outdated")

    @classmethod
    def of(cls, settlement: Settlement, outdated: int, corrections: int) -> "SettledOut":
        """The answer for a settlement."""
        return cls(
            **settlement.model_dump(),
            outdated=outdated,
            corrections_since=corrections,
            what_to_do=_AGAIN if outdated else None,
        )


_AGAIN = Label(
    zh="结算后数据有变动：请核对，需要时重新结算（POST /v1/settlements）。",
    en="Figures have changed since: check, and settle anew where needed (POST /v1/settlements).",
)


class MeanOut(BaseModel):
    """What a class says of an indicator: `mean` m, `strength` M, `spread` as measured
    (docs/assessment/scores.md)."""

    indicator: str
    subjects: int
    mean: float | None
    strength: float | None
    spread: float | None


class ScoresOut(BaseModel):
    """The scores of a class: those ranked in order, then the others."""

    period: str
    class_: str = Field(alias="class")
    label: Label
    scheme_version: int
    settled: SettledOut | None = Field(description="null: provisional, they move with each event")
    indicators: list[MeanOut]
    items: list[ScoreOut]
    next: str | None


class IndicatorOut(BaseModel):
    """How an indicator came to its points: `own` is the formula's value, of `sample` cases; shrunk
    toward the class mean (own weight n / (n + M)) it is `value`; points from `floor` to `target`,
    at most `cap`; `weight` is its share of the total, null where it was left out. `low` to `high`
    holds the true share with 95 % (Wilson's interval of `own`), of proportions only."""

    id: str
    label: Label
    formula: str
    sample_formula: str | None
    inputs: dict[str, float | None]
    own: float | None
    low: float | None
    high: float | None
    sample: float | None
    minimum_sample: int
    enough: bool
    class_mean: float | None
    strength: float | None
    spread: float | None
    own_weight: float | None
    value: float | None
    direction: Literal["up", "down"]
    floor: float
    target: float
    cap: float
    points: float | None
    weight: float | None


class RuleOut(BaseModel):
    """A special rule, and whether it holds."""

    id: str
    label: Label
    when: str
    holds: bool
    cap: float | None
    floor: float | None
    grade_at_most: str | None


class JudgementOut(BaseModel):
    """A case that was corrected by hand: see `corrections` of the case."""

    request_id: str
    case: str
    corrections: list[dict[str, Any]]


class SourceOut(BaseModel):
    """Where a number that no case gives comes from: what was told of `subject`, by which event
    last; null where an earlier release took it in, or a person entered it here (see `link`)."""

    subject: str = Field(description="Of the event: an organization, a plan, a guarantee, a round")
    type: str | None
    sequence: int | None
    event_id: str | None
    time: datetime | None
    link: str | None = Field(description="Where it can be read")


class ExplanationOut(ScoreOut):
    """A score down to its cases: `cases` are paged links, each case has its events (the last 100).

    Score, inputs, indicators and rules are as of `as_of`: the settling, else now. `corrected`,
    `cases`, `sources` and `now` are as of now, whatever was settled.
    """

    as_of: datetime

    scheme: str = Field(description="Link to the scheme version")
    settled: SettledOut | None
    inputs: dict[str, float | None]
    indicators: list[IndicatorOut]
    points: float | None = Field(description="Mean of the points by weight, before special rules")
    special_rules: list[RuleOut]
    corrected: list[JudgementOut]
    cases: list[str] = Field(description="Links to the cases counted, a page each month")
    sources: dict[str, list[SourceOut]] = Field(
        description="By input that cases do not give, where it comes from"
    )
    now: float | None = Field(description="The score as of now; differs from `score` once settled")
    history: list[Change]


class SettleBody(Body):
    """Which period is settled, and why."""

    period: str = Field(pattern=PATTERN)
    reason: Reason


class SettlementsOut(BaseModel):
    """Settled periods, the latest first."""

    items: list[SettledOut]


class ReproducedOut(BaseModel):
    """A period's scores made anew from the bare facts of its cases, beside those kept."""

    period: str
    scheme_version: int
    revision: int = Field(description="Of the settlement; 0: compared with the scores of now")
    subjects: int
    cases: int = Field(description="Cases counted again")
    taken_as_kept: list[str] = Field(
        description="Inputs that cases do not give: taken as they were kept"
    )
    same: bool = Field(description="To the last digit")
    differing_total: int
    differing: list[dict[str, Any]] = Field(
        description="The first 100: id and, by name, [kept, made anew]"
    )
