"""What every payload is: a frozen model that names its event type, version and kind."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Kind(StrEnum):
    """How consumers apply a type (DESIGN.md 3, rule 2)."""

    FACT = "fact"
    """A change: applied once, and in the order of the subject's sequence."""
    SNAPSHOT = "snapshot"
    """The whole public state of the subject: applied where its sequence is higher."""
    CONTROL = "control"
    """Between runtimes (replay requests): neither kept in a journal nor sequenced."""


class Payload(BaseModel):
    """Data of an event. Unknown fields are passed over, so that a publisher can add some."""

    # Built when first used: no process uses all, and the registry's many took 2 MB when idle.
    model_config = ConfigDict(
        frozen=True, extra="ignore", defer_build=True, ser_json_timedelta="float"
    )

    TYPE: ClassVar[str]
    """CloudEvents type without its version, as `lianxin.request.accepted`."""
    VERSION: ClassVar[int] = 1
    KIND: ClassVar[Kind]

    @classmethod
    def full_type(cls) -> str:
        """CloudEvents type with its version, as `lianxin.request.accepted.v1`."""
        return f"{cls.TYPE}.v{cls.VERSION}"


class Fact(Payload):
    """A change of its subject."""

    KIND: ClassVar[Kind] = Kind.FACT


class Snapshot(Payload):
    """The whole public state of its subject."""

    KIND: ClassVar[Kind] = Kind.SNAPSHOT


Id = Annotated[str, Field(min_length=1, max_length=120)]
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\s/|]+$")]
"""A code of a table: area, category."""
Moment = AwareDatetime
"""RFC 3339 with offset; UTC in what services publish."""


class Point(BaseModel):
    """WGS 84 degrees. In events rounded to a thousandth (about 100 m): not an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longitude: float = Field(ge=-180, le=180)
    latitude: float = Field(ge=-90, le=90)

    def rounded(self) -> "Point":
        """The point as events may carry it (DESIGN.md 3, rule 4)."""
        return Point(longitude=round(self.longitude, 3), latitude=round(self.latitude, 3))
