"""The scores of a period with their inputs and scheme, as `lianxin audit --scores` reads them."""

from pydantic import BaseModel, Field

from services.assessment.schemes.scheme import Scheme
from services.assessment.service.figures import SubjectKind

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
    timezone: str = Field(description="The city's, in which months begin")
    scheme_version: int
    revision: int = Field(description="Of the settlement; 0: scores of now")
    cases: int = Field(description="How many cases assessment counts in the period now")
    scheme: Scheme
    classes: list[KeptClass]
