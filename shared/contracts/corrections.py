"""What assessment publishes on `lianxin.reviews` of cases judged otherwise than their facts say.

The subject is the request's id. With the facts of intake and dispatch these make a case, so that a
score can be made anew from the journals (docs/assessment/scores.md).
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Fact, Id

Why = Annotated[str, Field(max_length=200)]
"""What the one who judged gave as the reason; assessment refuses one with personal data."""
Author = Annotated[str, Field(max_length=200)]
"""Role and id of the one who judged, as `administrator:city-7`."""
Number = Annotated[int, Field(ge=1)]
"""Of the case's corrections in the order of their making."""


class Answerable(BaseModel):
    """Who answers for a case as somebody judged; nobody where neither is there."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    unit_id: Id | None = None
    organization_id: Id | None = None


class CaseCorrected(Fact):
    """A case is judged otherwise; what is left out stays as the facts say, or as an earlier
    correction does. The event's time is when it was judged."""

    TYPE: ClassVar[str] = "lianxin.case.corrected"

    request_id: Id
    number: Number
    by: Author
    reason: Why
    excluded: bool | None = None
    """It counts for nobody."""
    answer_round: int | None = None
    """The round of the resident's answer that the following say something of."""
    without_answer: bool | None = None
    """The answer counts as not given."""
    contacted: bool | None = None
    solved: bool | None = None
    satisfied: int | None = Field(None, ge=1, le=5)
    work_round: int | None = None
    """The round of work that the verdict is of."""
    verdict: Literal["in_time", "late", "not_judged"] | None = None
    responsible: Answerable | None = None


class CorrectionVoided(Fact):
    """A correction was taken back, at the event's time."""

    TYPE: ClassVar[str] = "lianxin.case.correction_voided"

    request_id: Id
    number: Number
    by: Author
    reason: Why
