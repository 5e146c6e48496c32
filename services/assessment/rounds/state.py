"""A round, and each rated subject in it: one document each, with its own timer."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from services.assessment.ratings.result import PublicResult, Tally
from services.assessment.ratings.table import RatingRules
from services.assessment.rounds.table import LineWeights
from services.assessment.schemes.scheme import Grade, Label, Shrinkage, Steps
from services.assessment.service.figures import SubjectKind
from services.assessment.service.pieces import Piece
from shared.contracts.rounds import RatingLine, RatingStep
from shared.storage.aggregates import State

STEPS = tuple(RatingStep)


class Stage(StrEnum):
    """Where a subject stands in a round."""

    SELF = "self"
    PUBLIC = "public"
    ORGANIZATIONAL = "organizational"
    OPEN = "open_for_missing_line"
    """All steps ended and a rating is missing: no result until it comes."""
    COMPLETE = "complete"


STAGE_OF = dict(zip(STEPS, (Stage.SELF, Stage.PUBLIC, Stage.ORGANIZATIONAL), strict=True))


class Deadlines(Piece):
    """The moment at which each step ends."""

    self_rating: datetime
    public_rating: datetime
    organizational_rating: datetime

    def of(self, step: RatingStep) -> datetime:
        """The deadline of one step."""
        until: datetime = getattr(self, step.value)
        return until


class Item(Piece):
    """What is rated in a self-rating, and what it weighs: an indicator of the scheme."""

    id: str
    label: Label
    weight: float


class Terms(Piece):
    """What a round takes from its version of the scheme, which is never edited, and the rules."""

    scheme_version: str
    steps: Steps
    grades: tuple[Grade, ...]
    items: dict[str, tuple[Item, ...]]
    """By class."""
    shrinkage: Shrinkage
    lines: LineWeights
    recheck_minutes: float
    remind_hours: tuple[float, ...]
    ratings: RatingRules | None = None
    """None of a round that was opened before they were kept: the table's."""


class Subject(Piece):
    """Who is rated: what the registry said when the round was opened."""

    id: str
    class_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    superior_unit_id: str | None = None
    system: str | None = None
    """The system that manages it from above; then it is heard on both lines (art. 14)."""

    @property
    def lines(self) -> tuple[RatingLine, ...]:
        """The lines that its organizational rating needs."""
        return tuple(RatingLine) if self.system is not None else (RatingLine.LOCAL,)


class Round(State):
    """A round; `waiting` are the subjects whose documents are still to be made."""

    period: str
    kind: SubjectKind
    area: str | None = None
    class_ids: tuple[str, ...] = ()
    deadlines: Deadlines
    terms: Terms
    opened_at: datetime
    opened_by: str
    subjects: int
    waiting: tuple[Subject, ...] = ()


class Reference(Piece):
    """What a self-rating rests on, by id."""

    kind: Literal["request", "plan", "record", "venue", "activity", "organization", "unit"]
    id: str


class ItemRating(Piece):
    """Points (0 to 100) for one item, with the evidence."""

    item: str
    points: float
    evidence: str
    references: tuple[Reference, ...] = ()


class SelfRating(Piece):
    """The self-rating: `points` is the mean of the items by their weights."""

    items: tuple[ItemRating, ...]
    points: float
    by: str
    at: datetime


class LineRating(Piece):
    """What one line says."""

    points: float
    reason: str
    by: str
    at: datetime


class Judgement(Piece):
    """What a person said of a group of voices: who, when, why."""

    group: str
    counts: bool
    reason: str
    by: str
    at: datetime


class Unlocking(Piece):
    """A step opened again: who, when, why, until when."""

    step: RatingStep
    until: datetime
    reason: str
    by: str
    at: datetime


class Reminder(Piece):
    """A reminder that is still to be told."""

    step: RatingStep
    at: datetime


class Rated(State):
    """A subject in a round. Points are 0 to 100."""

    round_id: str
    period: str
    kind: SubjectKind
    subject: Subject
    stage: Stage = Stage.SELF
    deadlines: Deadlines
    reminders: tuple[Reminder, ...] = ()

    self_rating: SelfRating | None = None
    tally: Tally | None = None
    """Its voices when the public rating was locked (and judged again)."""
    public: PublicResult | None = None
    lines: dict[str, LineRating] = Field(default={})
    """By line; the recipients' come from their panel."""
    recipients: Tally | None = None

    judgements: tuple[Judgement, ...] = ()
    unlockings: tuple[Unlocking, ...] = ()
    tally_due: bool = False
    """Voices are to be counted; the settling loop does it."""
    recounts: int = 0
    """How often something that was counted changed after it was."""
    untold: Literal["due", "locked"] | None = None
    """Of the organizational rating: to be told once the recipients' voices are counted."""
    ended: bool = False
    """The last deadline has passed."""
    recheck_at: datetime | None = None

    missing: tuple[str, ...] = ()
    """Of an open one: lines, or `public`."""
    organizational: float | None = None
    total: float | None = None
    grade: str | None = None
    corrected: bool = False
    """A re-judging changed the result after it had been told."""

    @property
    def step(self) -> RatingStep | None:
        """The step that it is in; None after the last."""
        return next((step for step, stage in STAGE_OF.items() if stage is self.stage), None)

    @property
    def public_locked(self) -> bool:
        """Whether the public rating has ended."""
        return self.stage not in (Stage.SELF, Stage.PUBLIC)

    def next_due(self) -> datetime | None:
        """The next reminder or deadline; none while the settling loop has it."""
        if self.stage is Stage.OPEN:
            return None if self.tally_due else self.recheck_at
        step = self.step
        if step is None or (step is RatingStep.ORGANIZATIONAL_RATING and self.ended):
            return None
        told = [one.at for one in self.reminders if one.step is step]
        return min([*told, self.deadlines.of(step)])

    def judged(self) -> dict[str, bool]:
        """The last judgement of each group."""
        return {one.group: one.counts for one in self.judgements}


def rated_id(round_id: str, subject_id: str) -> str:
    """Id of a rated subject."""
    return f"{round_id}/{subject_id}"
