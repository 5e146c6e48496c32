"""Bodies and answers of rounds."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field
from pydantic import StringConstraints as Constrained

from services.assessment.schemes.periods import PATTERN
from services.assessment.service.figures import SubjectKind
from shared.contracts.rounds import RatingLine, RatingStep
from shared.web.reasons import LongReason, Reason
from shared.web.schemas import AreaCode, Body, Slug, Time

Points = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
SubjectId = Annotated[str, Constrained(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,119}$")]
Stage = Literal["self", "public", "organizational", "open_for_missing_line", "complete"]


class Words(BaseModel):
    """A label or sentence in both languages."""

    zh: str
    en: str


class UntilBody(Body):
    """When each step ends; they follow one another."""

    self_rating: Time
    public_rating: Time
    organizational_rating: Time


class RoundBody(Body):
    """A round for a period: of all classes of the kind without `classes`, everywhere without
    `area`."""

    period: Annotated[str, Constrained(pattern=PATTERN)] = Field(
        description="As 2026-05, 2026-Q2 or 2026, as the scheme assesses"
    )
    kind: SubjectKind
    classes: Annotated[list[Slug], Field(max_length=100)] = Field(default=[])
    area: AreaCode | None = None
    until: UntilBody


class ReferenceBody(Body):
    """What a rating rests on, by id."""

    kind: Literal["request", "plan", "record", "venue", "activity", "organization", "unit"]
    id: SubjectId


class ItemBody(Body):
    """Points for one indicator of the class, with the evidence."""

    item: Slug
    points: Points
    evidence: LongReason
    references: Annotated[list[ReferenceBody], Field(max_length=50)] = Field(default=[])


class SelfRatingBody(Body):
    """A self-rating: each indicator of the class once."""

    items: Annotated[list[ItemBody], Field(min_length=1, max_length=50)]


class LineBody(Body):
    """What a line of the organizational rating says, and why."""

    points: Points
    reason: Reason


class UnlockBody(Body):
    """Open a step again until then, and why."""

    step: RatingStep
    until: Time
    reason: Reason


class DeadlinesView(BaseModel):
    """When each step ends."""

    self_rating: AwareDatetime
    public_rating: AwareDatetime
    organizational_rating: AwareDatetime


class StepsView(BaseModel):
    """What each step weighs, in percent; the public's share is never smaller than another."""

    self_rating: float
    public_rating: float
    organizational_rating: float


class RoundView(BaseModel):
    """A round."""

    id: str
    period: str
    kind: SubjectKind
    area: str | None
    classes: list[str]
    until: DeadlinesView
    scheme_version: str
    steps: StepsView
    opened_at: AwareDatetime
    opened_by: str
    subjects: int
    stages: dict[Stage, int] = Field(default={}, description="How many subjects stand where")


class ItemView(BaseModel):
    """An item of the self-rating."""

    item: str
    label: Words
    weight: float
    points: float
    evidence: str
    references: list[dict[str, str]]


class SelfRatingView(BaseModel):
    """The self-rating; `points` is the mean of the items by their weights."""

    points: float
    by: str
    at: AwareDatetime
    items: list[ItemView]


class LineView(BaseModel):
    """A line of the organizational rating; without points while it is missing."""

    line: RatingLine
    label: Words
    weight: float
    points: float | None
    voices: int | None = Field(default=None, description="Of the recipients' panel")
    reason: str | None
    by: str | None
    at: AwareDatetime | None


class PublicView(BaseModel):
    """The public rating, with how sure it is: 95 % interval `low` to `high` of the share (Wilson),
    and `weight`, how far the own voices count beside the class's `mean`.

    `points` = 100 · (satisfied + strength · mean) / (voices + strength).
    """

    voices: int
    satisfied: int
    few: bool
    share: float | None
    own_staff_share: float | None = Field(
        description="Of its counted follow-ups: entered by staff of the very place that is rated"
    )
    low: float | None
    high: float | None
    mean: float | None
    strength: float | None
    spread: float | None
    weight: float | None
    points: float | None


class UnlockingView(BaseModel):
    """A step that was opened again."""

    step: RatingStep
    until: AwareDatetime
    reason: str
    by: str
    at: AwareDatetime


class RatedView(BaseModel):
    """A subject in a round: its three ratings and, once complete, the result."""

    round_id: str
    subject_id: str
    name: str
    period: str
    kind: SubjectKind
    class_id: str
    version: int
    stage: Stage
    stage_label: Words
    until: DeadlinesView
    system: str | None = Field(description="Under vertical management of this system (art. 14)")
    missing: list[Words] = Field(description="What an open subject waits for")
    steps: StepsView
    self_rating: SelfRatingView | None
    public_rating: PublicView | None
    organizational_rating: float | None
    lines: list[LineView]
    unlockings: list[UnlockingView]
    total: float | None
    grade: str | None
    grade_label: Words | None
    corrected: bool


class RatedRow(BaseModel):
    """A subject of a round in a list."""

    subject_id: str
    name: str
    class_id: str
    stage: Stage
    missing: list[str]
    self_rating: float | None
    public_rating: float | None
    organizational_rating: float | None
    total: float | None
    grade: str | None
