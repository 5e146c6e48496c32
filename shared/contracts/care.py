"""What the registry publishes on `lianxin.care`: care tasks for members who need it (policy,
art. 3). Subject: a round of a mark, `{care_id}-{round}`. Who is marked, and why, is not told.

Dispatch makes a task of each visit that is due (docs/decisions/0017-care-visits-are-tasks.md).
"""

from typing import ClassVar

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment


class CareFact(Fact):
    """What all of them carry."""

    care_id: Id
    round: int = Field(ge=1)
    """Which visit of this mark: 1, 2, 3."""
    grid_id: Id
    area_path: tuple[Code, ...] = ()


class CareDue(CareFact):
    """A visit is due."""

    TYPE: ClassVar[str] = "lianxin.care.due"

    due_at: Moment
    overdue_at: Moment


class CareOverdue(CareFact):
    """No visit was recorded in time."""

    TYPE: ClassVar[str] = "lianxin.care.overdue"

    due_at: Moment


class CareDone(CareFact):
    """A visit was recorded; the next one is due after it."""

    TYPE: ClassVar[str] = "lianxin.care.done"

    at: Moment
    """When the visit was."""
    next_due_at: Moment


class CareEnded(CareFact):
    """The mark was taken away, or the person is registered no more: no visit is due any longer.

    For whoever was told that one is: dispatch takes the work back.
    """

    TYPE: ClassVar[str] = "lianxin.care.ended"
