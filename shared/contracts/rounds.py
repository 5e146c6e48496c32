"""What assessment publishes of rounds in three steps, on `lianxin.reviews` (policy, art. 14).

A round's subject is `rounds/{round_id}`, that of a rated subject in it
`rounds/{round_id}/{subject_id}`. Points are 0 to 100. Nobody's words, names or voices are in them.
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import Term


class RatingStep(Term):
    """The steps of a round, in their order."""

    SELF_RATING = "self_rating"
    PUBLIC_RATING = "public_rating"
    ORGANIZATIONAL_RATING = "organizational_rating"


class RatingLine(Term):
    """Who is heard in the organizational rating."""

    LOCAL = "local"
    """The organization of the place."""
    SYSTEM = "system"
    """The system that manages the unit from above."""
    RECIPIENTS = "recipients"
    """Those whom the unit serves."""


class RoundOpened(Fact):
    """A round was opened; each step ends at its time."""

    TYPE: ClassVar[str] = "lianxin.round.opened"

    round_id: Id
    scheme_version: Id
    period: str
    """As `2026-09`, `2026-Q3` or `2026`."""
    subject_kind: Code
    subjects: int = Field(ge=0)
    self_rating_until: Moment
    public_rating_until: Moment
    organizational_rating_until: Moment


class OfRound(Fact):
    """A fact of one rated subject."""

    round_id: Id
    subject_kind: Code
    subject_id: Id


class RoundStepDue(OfRound):
    """A step of a subject ends soon and is not done; told once for each reminder of the rules."""

    TYPE: ClassVar[str] = "lianxin.round.step_due"

    step: RatingStep
    until: Moment
    missing: tuple[RatingLine, ...] = ()
    """Of the organizational rating: the lines not yet rated."""


class RoundStepLocked(OfRound):
    """A step of a subject ended at its time; it is changed only after an unlocking."""

    TYPE: ClassVar[str] = "lianxin.round.step_locked"

    step: RatingStep
    rated: bool
    """Whether anything was rated in it."""


class RoundStepUnlocked(OfRound):
    """An administrator opened a step again, until then."""

    TYPE: ClassVar[str] = "lianxin.round.step_unlocked"

    step: RatingStep
    until: Moment


class RoundRated(OfRound):
    """A subject was rated in a step (again); `line` says by whom in the organizational rating."""

    TYPE: ClassVar[str] = "lianxin.round.rated"

    step: RatingStep
    line: RatingLine | None = None
    points: float = Field(ge=0, le=100)


class RoundLeftOpen(OfRound):
    """All steps ended, and a rating is missing: the subject has no result until it comes."""

    TYPE: ClassVar[str] = "lianxin.round.left_open"

    missing: tuple[RatingLine, ...] = ()
    public_missing: bool = False
    """Nobody of the whole class was rated by the public."""


class RoundCompleted(OfRound):
    """A subject has its result; told again, `corrected`, where a re-judging changed it."""

    TYPE: ClassVar[str] = "lianxin.round.completed"

    self_rating: float = Field(ge=0, le=100)
    public_rating: float = Field(ge=0, le=100)
    organizational_rating: float = Field(ge=0, le=100)
    public_voices: int = Field(ge=0)
    total: float = Field(ge=0, le=100)
    grade: Code | None = None
    corrected: bool = False
