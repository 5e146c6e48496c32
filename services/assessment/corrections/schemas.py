"""Bodies and answers of corrections."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from services.assessment.schemas import CaseOut
from services.assessment.service.cases import Correction
from shared.web.reasons import Reason
from shared.web.schemas import Body

SubjectId = Annotated[str, Field(min_length=1, max_length=120)]


class ResponsibleBody(Body):
    """Who answers for the case; null: nobody."""

    unit_id: SubjectId | None = None
    organization_id: SubjectId | None = None


class CorrectionBody(Body):
    """How a case is to be judged; what is left out stays as the facts say."""

    reason: Reason
    excluded: bool | None = Field(None, description="true: it counts for nobody")
    without_answer: bool | None = Field(
        None, description="true: the resident's latest answer counts as not given"
    )
    contacted: bool | None = None
    solved: bool | None = None
    satisfied: int | None = Field(None, ge=1, le=5, description="The rating as re-judged")
    verdict: Literal["in_time", "late", "not_judged"] | None = None
    responsible: ResponsibleBody | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude={"reason"}, exclude_none=True):
            raise PydanticCustomError("correction_of_nothing", "nothing is corrected")
        return self


class VoidBody(Body):
    """Why a correction is taken back."""

    reason: Reason


class HeardOf(BaseModel):
    """How far a source of facts was heard: the last event applied about one of its subjects."""

    source: str
    subject: str
    sequence: int
    event_id: str


class ChangeOut(BaseModel):
    """A change of the case: which event (type, sequence, id), or whose judgement and why."""

    at: datetime
    by: str
    why: str


class CaseDetailOut(CaseOut):
    """A case with the events behind it and every judgement on it."""

    month: str | None
    counts_in: list[str] = Field(description="area, unit or organization, id and month")
    counted_once_in: list[str] = Field(description="Where it counted before")
    measure: dict[str, Any] = Field(description="What it adds to each of its figures")
    corrections: list[Correction]
    heard_of: list[HeardOf]
    changes: list[ChangeOut] = Field(description="The last 100, oldest first")
