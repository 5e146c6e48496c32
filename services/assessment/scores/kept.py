"""The scores of a period with their inputs and scheme, as `lianxin audit --scores` reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.assessment.schemes.scheme import Scheme
from services.assessment.service.figures import COUNTS, SubjectKind

COMPARED = ("total", "points", "grade", "rank", "covered")


class KeptScore(BaseModel):
    """A subject's score (see `Score`), and the numbers that it was made of."""

    subject_id: str
    total: float | None
    points: float | None
    grade: str | None
    rank: int | None
    covered: float
    inputs: dict[str, float | None]


class KeptClass(BaseModel):
    """The scores of a class."""

    id: str
    kind: SubjectKind
    scores: list[KeptScore]


class KeptScores(BaseModel):
    """The scores of a period: as settled, or as of now."""

    period: str
    at: datetime = Field(description="When they were read, by assessment's clock")
    timezone: str = Field(description="The city's, in which months begin")
    scheme_version: int
    revision: int = Field(description="Of the settlement; 0: scores of now")
    cases: int = Field(description="How many cases assessment counts in the period now")
    scheme: Scheme
    classes: list[KeptClass]

    def counts(
        self, known: Mapping[SubjectKind, Mapping[str, Mapping[str, Any]]]
    ) -> dict[tuple[str, str], tuple[float, ...]]:
        """The counts, as `COUNTS` names them, by kind and id: of each subject that has a score, and
        noughts of the others that a class takes.

        Args:
            known: `domain` and `level` by kind and id, of all that the registry knows.
        """
        nothing = (0.0,) * len(COUNTS)
        found = {
            (kind.value, id): nothing
            for kind, some in known.items()
            for id, of in some.items()
            if self.scheme.class_of(kind, of.get("domain"), of.get("level")) is not None
        }
        for one in self.classes:
            for score in one.scores:
                counts = tuple(score.inputs.get(name) or 0.0 for name in COUNTS)
                found[one.kind.value, score.subject_id] = counts
        return found
