"""What volunteer dispatch publishes on `lianxin.whistles`: facts of summons (吹哨报到).

Subject and key: the whistle's id. A street or a community summons units for what is beyond it; in
three cases only: beyond its power, joint enforcement, an emergency (DOMAIN.md). Each summoned unit
reports in within its time and is rated afterwards. What the case is about, what units say that they
do, and the words of a rating stay with dispatch.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.tasks import Assignee


class WhistleCase(StrEnum):
    """The three cases in which a street or a community may whistle."""

    BEYOND_POWER = "beyond_power"
    """Beyond its power."""
    JOINT_ENFORCEMENT = "joint_enforcement"
    """Several authorities have to enforce together."""
    EMERGENCY = "emergency"


class Summons(BaseModel):
    """A unit that is summoned, and until when it has to report in."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    unit: Assignee
    report_by: Moment


class WhistleFact(Fact):
    """A change of a whistle."""

    whistle_id: Id
    case: WhistleCase
    area: Code
    """The street or community that whistles."""


class WhistleBlown(WhistleFact):
    """Units were summoned."""

    TYPE: ClassVar[str] = "lianxin.whistle.blown"

    area_path: tuple[Code, ...]
    summoned: tuple[Summons, ...] = Field(min_length=1)
    task_id: Id | None = None
    """The task that it is for; None: it stands by itself."""
    request_id: Id | None = None


class SummonsFact(WhistleFact):
    """A change of one summoned unit."""

    unit: Assignee
    report_by: Moment


class WhistleReportedIn(SummonsFact):
    """The unit reported in. Event time: when."""

    TYPE: ClassVar[str] = "lianxin.whistle.reported_in"

    reported_at: Moment
    in_time: bool


class WhistleAbsent(SummonsFact):
    """The unit has not reported in by its time. Told once a unit."""

    TYPE: ClassVar[str] = "lianxin.whistle.absent"

    supervisor: Assignee
    """The duty officer above the whistling area."""


class WhistlePlanned(SummonsFact):
    """The unit said what it will do."""

    TYPE: ClassVar[str] = "lianxin.whistle.planned"


class WhistleUnitDone(SummonsFact):
    """The unit did what it said."""

    TYPE: ClassVar[str] = "lianxin.whistle.unit_done"


class WhistleRated(SummonsFact):
    """The whistler rated the unit; with all that an assessment counts."""

    TYPE: ClassVar[str] = "lianxin.whistle.rated"

    rating: int = Field(ge=1, le=5)
    reported_at: Moment | None = None
    """None: it never reported in."""
    in_time: bool
    done: bool
    """Whether it said that it did its work."""


class WhistleEnded(WhistleFact):
    """The whistler ended it: nobody has to report in any more."""

    TYPE: ClassVar[str] = "lianxin.whistle.ended"

    absent: tuple[Id, ...] = ()
    """Units that never reported in."""
