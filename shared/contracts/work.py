"""What the registry publishes on `lianxin.work`: work that was recorded (policy, art. 5, 8, 12),
and certificates of service hours."""

from datetime import date
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


class CertificateIssued(Fact):
    """Hours that somebody served in a period were certified. Subject: the certificate's number.

    For units that honour such hours: what is told here need not be typed in. The code that proves
    the paper is not told.
    """

    TYPE: ClassVar[str] = "lianxin.certificate.issued"

    number: Id
    person_id: Id
    since: date
    until: date
    """The last day."""
    hours: float = Field(ge=0)
    services: int = Field(ge=0)
    issued_on: date


class CertificateRevoked(Fact):
    """The certificate does not hold any more; for those who honoured it."""

    TYPE: ClassVar[str] = "lianxin.certificate.revoked"

    number: Id
    person_id: Id
