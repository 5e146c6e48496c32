"""The table of the lists' times and thresholds."""

from typing import ClassVar

from pydantic import Field

from shared.storage.tables import Table
from shared.web.schemas import ShortText


class ListRules(Table):
    """Times of the list of weak organizations, and what makes a candidate for an exemplar."""

    NAME: ClassVar[str] = "list-rules"

    source: ShortText = Field(description="Where the numbers come from, and how sure they are")
    find_minutes: int = Field(ge=1, le=100_000, description="The criteria are looked at so often")
    decision_days: int = Field(
        15, ge=1, le=1000, description="What was found is confirmed or refused within"
    )
    plan_days: int = Field(ge=1, le=1000, description="A help plan is made within, once confirmed")
    refusal_days: int = Field(ge=0, le=1000, description="What was refused is not found within")
    relapse_months: int = Field(ge=1, le=240, description="Listed again within: a relapse")
    sustained_periods: int = Field(ge=1, le=36, description="Exemplar: so many one after the other")
    score_at_least: float = Field(ge=0, le=100, description="Exemplar: the score of each")
    satisfaction_at_least: float = Field(ge=0, le=1, description="Exemplar: of each period")
    rated_at_least: int = Field(
        ge=1, le=1_000_000, description="Exemplar: residents who rated in all of them"
    )
