"""What assessment publishes of yearly statements and leaders' contact points (policy, art. 15).

On `lianxin.reviews`. People are registry ids; what people wrote stays in the database. The subject
of a statement is `{organization_id}/{year}`, of a contact point its id.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.payload import Code, Fact, Id, Moment
from shared.contracts.words import ReviewGrade


class _OfStatement(Fact):
    organization_id: Id
    year: int = Field(ge=2000, le=2999)
    area_path: tuple[Code, ...] = ()


class StatementOpened(_OfStatement):
    """A secretary is to make the year's statement."""

    TYPE: ClassVar[str] = "lianxin.statement.opened"

    due: Moment


class StatementOverdue(_OfStatement):
    """The date came and nothing was handed in."""

    TYPE: ClassVar[str] = "lianxin.statement.overdue"

    due: Moment


class StatementSubmitted(_OfStatement):
    """The statement was handed in; its figures stand as they were then."""

    TYPE: ClassVar[str] = "lianxin.statement.submitted"


class StatementAttended(_OfStatement):
    """Somebody sent by the superior attended."""

    TYPE: ClassVar[str] = "lianxin.statement.attended"

    person_id: Id
    at: Moment


class GradeCounts(BaseModel):
    """How many members or representatives gave each grade; never who."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    good: int = Field(ge=0)
    fairly_good: int = Field(ge=0)
    average: int = Field(ge=0)
    poor: int = Field(ge=0)


class StatementConcluded(_OfStatement):
    """Stated, asked, attended, evaluated: done."""

    TYPE: ClassVar[str] = "lianxin.statement.concluded"

    grade: ReviewGrade
    """The superior's."""
    counts: GradeCounts
    """The members' and representatives'."""


class ContactPointOpened(Fact):
    """A leader keeps contact with a place from now on."""

    TYPE: ClassVar[str] = "lianxin.contact_point.opened"

    point_id: Id
    leader: Id
    place_kind: str = Field(pattern="^(street|community|unit|organization)$")
    place_id: Id
    area_path: tuple[Code, ...] = ()


class ContactPointVisited(Fact):
    """The leader was there."""

    TYPE: ClassVar[str] = "lianxin.contact_point.visited"

    point_id: Id
    leader: Id
    at: Moment
    promised: int = Field(ge=0)
    """How many things were promised."""


class PromisedDone(Fact):
    """Something promised at a visit came to an end."""

    TYPE: ClassVar[str] = "lianxin.contact_point.promised_done"

    point_id: Id
    leader: Id
    item: Id
    kept: bool


class ContactPointSilent(Fact):
    """No visit for longer than the table allows."""

    TYPE: ClassVar[str] = "lianxin.contact_point.silent"

    point_id: Id
    leader: Id
    since: Moment
    """The last visit, or when the point was opened."""


class ContactPointClosed(Fact):
    """The leader keeps it no more."""

    TYPE: ClassVar[str] = "lianxin.contact_point.closed"

    point_id: Id
    leader: Id
