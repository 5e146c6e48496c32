"""What the registry publishes on `lianxin.work`: work that was recorded (policy, art. 5, 8, 12)."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment


class About(BaseModel):
    """An entry of the registry that work was done for; `kind` is the plural as in paths."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    kind: Code
    id: Id


class WorkRecorded(Fact):
    """Work was recorded. Subject: the record's id; event time: when it was done."""

    TYPE: ClassVar[str] = "lianxin.work.recorded"

    record_id: Id
    work: Code
    """A code of the registry's table of works."""
    at: Moment
    organization_id: Id | None = None
    person_id: Id | None = None
    about: About | None = None
    quantity: float = Field(ge=0)
    """In the work's unit."""
    area_path: tuple[Code, ...] = ()


class WorkCorrected(Fact):
    """The quantity of a record was put right by whoever answers for its source. Subject: the
    record's id."""

    TYPE: ClassVar[str] = "lianxin.work.corrected"

    record_id: Id
    work: Code
    quantity: float = Field(ge=0)
    """What counts from now on."""


class WorkVoided(Fact):
    """A record does not count: it was wrong. Subject: the record's id."""

    TYPE: ClassVar[str] = "lianxin.work.voided"

    record_id: Id
    work: Code
