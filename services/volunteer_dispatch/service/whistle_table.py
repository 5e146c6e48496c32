"""Until when summoned units have to report in: a table that a city can replace."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.volunteer_dispatch.service.calendar import Calendar, Counts, whole
from shared.contracts.whistles import WhistleCase
from shared.storage.tables import Table


class Within(BaseModel):
    """A time: minutes of the calendar, or working days (the table `calendar`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: Annotated[float, Field(gt=0, le=60 * 24 * 366, allow_inf_nan=False)] | None = None
    working_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Within":
        if (self.minutes is None) == (self.working_days is None):
            raise ValueError("give either minutes or working_days")
        return self

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """The moment that lies so much after `start`."""
        if self.minutes is not None:
            return calendar.add(whole(start), round(self.minutes * 60_000), Counts.CALENDAR)
        amount = round((self.working_days or 0) * calendar.day)
        return calendar.add(whole(start), amount, Counts.WORKING)


class WhistleTable(Table):
    """How soon summoned units report in, by case (吹哨报到).

    Emergencies: agencies were on site within 30 minutes where the practice began (DOMAIN.md);
    otherwise one working day, as for the receipt of a task.
    """

    NAME: ClassVar[str] = "whistle-times"

    beyond_power: Within
    joint_enforcement: Within
    emergency: Within
    units_at_most: int = Field(default=20, ge=1, le=50)
    """Units summoned by one whistle."""

    def of(self, case: WhistleCase) -> Within:
        """The time of a case."""
        found: Within = getattr(self, case.value)
        return found
