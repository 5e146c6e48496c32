"""What assessment publishes of scores on `lianxin.reviews`: grades, and settled periods."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.payload import Fact, Id

Period = Annotated[str, Field(pattern=r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$")]
"""A month (`2026-05`), quarter (`2026-Q2`) or year (`2026`)."""


class GradeChanged(Fact):
    """A subject has another grade than before. Subject: `{period}/{subject_kind}/{subject_id}`."""

    TYPE: ClassVar[str] = "lianxin.grade.changed"

    period: Period
    subject_kind: str
    subject_id: Id
    class_id: str
    scheme_version: int
    before: str | None = None
    """Id of the grade in the scheme; None: none, as its sample was too small."""
    after: str | None = None
    score: float | None = None
    """0 to 100."""
    rank: int | None = None


class GradeNear(Fact):
    """A grade is about to change: a bound is within the scheme's margin. Subject as above."""

    TYPE: ClassVar[str] = "lianxin.grade.near"

    period: Period
    subject_kind: str
    subject_id: Id
    class_id: str
    scheme_version: int
    grade: str
    near: str
    """The grade that is about to come."""
    direction: Literal["up", "down"]
    points: float
    """How many are missing until then."""


class PeriodSettled(Fact):
    """The scores of a period were kept for good. Subject: the period."""

    TYPE: ClassVar[str] = "lianxin.scores.settled"

    period: Period
    scheme_version: int
    revision: int
    """From 1; higher where it was settled again."""
    subjects: int
