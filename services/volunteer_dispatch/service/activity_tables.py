"""The tables of activities and of service hours."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.storage.tables import Table
from shared.web.schemas import ShortText, Slug

_Hours = Annotated[float, Field(gt=0, le=24, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ActivityKind(_Part):
    """A kind of activity."""

    code: Slug
    zh: ShortText
    en: ShortText


class ActivityTable(Table):
    """How activities with many places are filled and attended. All numbers are ours, as examples;
    that each alert tires and must be capped: DOMAIN.md."""

    NAME: ClassVar[str] = "activity-rules"

    kinds: tuple[ActivityKind, ...] = Field(min_length=1, max_length=100)
    places_at_most: int = Field(default=300, ge=1, le=500)
    waiting_at_most: int = Field(default=100, ge=0, le=500)
    answer_hours: Annotated[float, Field(gt=0, le=168)] = 12.0
    """How long somebody who was asked may say nothing before others are asked."""
    cover: float = Field(default=1.0, gt=0, le=5)
    """A wave asks so many that the sum of their chances is this many times the free places."""
    wave_at_most: int = Field(default=100, ge=1, le=500)
    asked_for_each: int = Field(default=10, ge=1, le=50)
    """People asked for each place, in all waves together, at most."""
    per_week: int = Field(default=2, ge=0, le=50)
    """Of the alerts that one person gets in seven days so many may be of activities."""
    within_km: float = Field(default=10.0, gt=0, le=1000)
    considered: int = Field(default=200, ge=1, le=1000)
    look_again_minutes: float = Field(default=60.0, ge=1, le=1440)
    """When not enough people could be asked."""
    check_in_minutes_before: int = Field(default=60, ge=0, le=1440)
    check_out_minutes_after: int = Field(default=120, ge=0, le=1440)
    """Attendance is settled so long after the end."""

    @model_validator(mode="after")
    def _kinds_once(self) -> "ActivityTable":
        if len({kind.code for kind in self.kinds}) != len(self.kinds):
            raise ValueError("a kind stands there twice")
        return self


class HoursRule(_Part):
    """Another cap for the tasks of some categories: codes, or prefixes that end with a point."""

    categories: tuple[Annotated[str, Field(pattern=r"^[^\s/|]{1,60}$")], ...] = Field(min_length=1)
    at_most: _Hours

    def fits(self, category: str) -> bool:
        """Whether it is about this category."""
        return any(
            category.startswith(code) if code.endswith(".") else category == code
            for code in self.categories
        )


class HoursTable(Table):
    """How service hours are counted.

    Hours are the unit, travel is not counted: 民政部《志愿服务记录与证明出具办法（试行）》2020. The
    caps are ours: a task is open from its acceptance on, and nobody works all that time.
    """

    NAME: ClassVar[str] = "hours-rules"

    step_minutes: int = Field(default=6, ge=1, le=60)
    """Counted in steps of so many minutes, the last one not begun dropped."""
    task_at_most: _Hours = 4.0
    """Of one task, each time that it was done."""
    tasks: tuple[HoursRule, ...] = Field(default=(), max_length=500)
    """Of these the first that fits counts instead."""
    activity_at_most: _Hours = 8.0

    def task_cap(self, category: str) -> float:
        """Hours that a task of this category counts at most."""
        found = (rule.at_most for rule in self.tasks if rule.fits(category))
        return next(found, self.task_at_most)

    def counted(self, seconds: float, at_most: float) -> tuple[float, bool]:
        """Hours of a span, and whether the cap made them fewer."""
        steps = max(0, int(seconds // (60 * self.step_minutes)))
        hours = round(steps * self.step_minutes / 60, 2)
        return min(hours, at_most), hours > at_most
