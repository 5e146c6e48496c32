"""The table of work lists: what is due soon, who may take a task alone, who may be given one."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.words import AssigneeKind, Urgency
from shared.storage.tables import Table

_ALL = tuple(Urgency)
_NOT_DANGER = tuple(one for one in Urgency if one is not Urgency.DANGER)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where a task lies that somebody may take."""

    SEARCH = "search"
    """Volunteers are asked, and nobody has said yes."""
    GRID_TEAM = "grid_team"
    """With the grid team, which has not accepted it."""
    AREA_DUTY = "area_duty"
    """With an area's duty officer, who has not accepted it."""


class ClaimRule(_Part):
    """What somebody may take without being asked."""

    sources: tuple[Source, ...]
    urgencies: tuple[Urgency, ...] = _ALL


class Claims(_Part):
    """Rules by who takes. Everybody takes in the own place only: volunteers and grid teams in
    their grid, units in the area that they are registered at."""

    volunteer: ClaimRule = ClaimRule(
        sources=(Source.SEARCH, Source.GRID_TEAM), urgencies=_NOT_DANGER
    )
    unit: ClaimRule = ClaimRule(sources=(Source.GRID_TEAM, Source.AREA_DUTY))
    grid_team: ClaimRule = ClaimRule(sources=(Source.SEARCH, Source.AREA_DUTY))

    def of(self, kind: AssigneeKind) -> ClaimRule:
        """The rule for who takes; a duty officer takes nothing: what is left comes anyway."""
        found: ClaimRule = getattr(self, kind.value, ClaimRule(sources=()))
        return found


class Receivers(_Part):
    """To whom a holder may hand a task over, by kinds; upwards goes only a return (退单).

    A unit receives in its area, a volunteer and a grid team in the task's grid, a duty officer
    from one above only.
    """

    unit: tuple[AssigneeKind, ...] = (AssigneeKind.UNIT, AssigneeKind.GRID_TEAM)
    grid_team: tuple[AssigneeKind, ...] = (AssigneeKind.UNIT, AssigneeKind.VOLUNTEER)
    volunteer: tuple[AssigneeKind, ...] = (AssigneeKind.VOLUNTEER, AssigneeKind.GRID_TEAM)
    area_duty: tuple[AssigneeKind, ...] = (
        AssigneeKind.UNIT,
        AssigneeKind.GRID_TEAM,
        AssigneeKind.AREA_DUTY,
    )

    def of(self, kind: AssigneeKind) -> tuple[AssigneeKind, ...]:
        """The kinds that a holder of `kind` may hand over to."""
        found: tuple[AssigneeKind, ...] = getattr(self, kind.value)
        return found


class ListTable(Table):
    """Boards, self-claim and handing over. All numbers are ours: no source settles them."""

    NAME: ClassVar[str] = "lists"

    due_soon_hours: Annotated[float, Field(gt=0, le=24 * 60, allow_inf_nan=False)] = 24
    """Hours of the calendar before the deadline from which a task in hand is due soon."""
    done_lately_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = 7
    claims: Claims = Claims()
    receivers: Receivers = Receivers()
    hand_overs_at_most: int = Field(default=3, ge=0, le=50)
    """Of one task, all rounds together; then those above reassign it."""

    @property
    def soon(self) -> timedelta:
        """`due_soon_hours`."""
        return timedelta(hours=self.due_soon_hours)

    @property
    def lately(self) -> timedelta:
        """`done_lately_days`."""
        return timedelta(days=self.done_lately_days)
