"""When those who rate are reminded, and what each line weighs, as data."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.storage.tables import Table

Weight = Annotated[float, Field(gt=0, le=100)]


class LineWeights(BaseModel):
    """What each line weighs in the organizational rating of a unit that has several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    local: Weight
    system: Weight
    recipients: Weight


class RoundRules(Table):
    """Rules of rounds: reminders before a deadline, weights of the lines."""

    NAME: ClassVar[str] = "round-rules"

    source: str
    """Where the numbers come from, and how sure they are."""
    remind_hours: Annotated[tuple[float, ...], Field(max_length=10)]
    """Hours before a step's deadline."""
    lines: LineWeights
    recheck_minutes: float = Field(gt=0, description="An open subject is looked at so often")
