"""What units publish on `lianxin.units`, from their own Kafka client or by HTTP.

Source: `/units/{unit_id}`. Subject: `case/{the unit's own number}` for a case that the unit
reports, `task/{task id}` for a task that Lianxin sent to it, `organization/{id}` and
`person/{number}` for what its own system is the source of (the registry has them under that id,
which is unique in the city). The unit numbers the events of
each subject 1, 2, 3, ... A report is always number 1 of its case. Unknown fields are refused:
a misspelt field must not be lost in silence.
"""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shared.contracts.payload import Code, Fact, Id, Moment, Point
from shared.contracts.words import Channel, Domain, OrganizationLevel, RequestKind, Urgency

_PERSONAL = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx]|0\d{2,3}-?\d{7,8})(?!\d)", re.ASCII)


def _not_personal(text: str) -> str:
    """Refuse what reads as a telephone or identity-card number (DESIGN.md 3, rule 4)."""
    if _PERSONAL.search(text):
        raise ValueError(
            "holds what reads as a telephone or identity-card number; events carry no personal "
            "data: leave it out, or file the request through POST /v1/requests"
        )
    return text


Words = Annotated[str, Field(max_length=4000), AfterValidator(_not_personal)]


class UnitFact(Fact):
    """A report of a unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ABOUT: ClassVar[tuple[str, ...]] = ("case", "task")
    """What its subject begins with."""


class RequestReported(UnitFact):
    """A unit took in a request itself. Subject: `case/{number}`; event time: when it was made."""

    TYPE: ClassVar[str] = "lianxin.unit.request_reported"
    ABOUT: ClassVar[tuple[str, ...]] = ("case",)

    channel: Channel = Channel.UNIT
    kind: RequestKind = RequestKind.OTHER
    category: Code | None = None
    urgency: Urgency | None = None
    text: Words | None = None
    area: Code | None = None
    """Code of a community or street."""
    point: Point | None = None
    handling_unit: Id | None = None
    """The unit that has it in hand already; None: Lianxin dispatches it."""

    @model_validator(mode="after")
    def _category_or_text(self) -> "RequestReported":
        if self.category is None and self.text is None:
            raise ValueError("give a category, or a text from which one can be found")
        return self


class TaskProgress(UnitFact):
    """How a task stands. Subject: `task/{task id}` or `case/{number}`."""

    TYPE: ClassVar[str] = "lianxin.unit.task_progress"

    status: str = Field(pattern="^(accepted|in_hand|declined|returned)$")
    reason: Annotated[str, Field(max_length=200), AfterValidator(_not_personal)] | None = None
    """Needed with declined and returned."""
    ground: Code | None = None
    """Why, from dispatch's list of grounds (its table `limits`)."""

    @model_validator(mode="after")
    def _reason_given(self) -> "TaskProgress":
        if self.status in ("declined", "returned") and not self.reason:
            raise ValueError(f"status {self.status} needs a reason")
        return self


class TaskResult(UnitFact):
    """The work is done. Subject: `task/{task id}` or `case/{number}`."""

    TYPE: ClassVar[str] = "lianxin.unit.task_result"

    outcome: str = Field(default="done", pattern="^(done|withdrawn)$")
    completed_at: Moment | None = None
    in_time: bool | None = None
    """The unit's own verdict, used only where `completed_at` is not known."""
    ask_resident: bool = True
    words: Words | None = None


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""An id of the registry: lower-case letters, digits, `_` and `-`."""


class OrganizationReported(UnitFact):
    """The whole of an organization of the unit. Subject: `organization/{id}`."""

    TYPE: ClassVar[str] = "lianxin.unit.organization_reported"
    ABOUT: ClassVar[tuple[str, ...]] = ("organization",)

    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_personal)]
    domain: Domain
    level: OrganizationLevel = OrganizationLevel.GRASSROOTS
    area: Code | None = None
    """None: the unit's."""
    parent: Slug | None = None
    """Where the registry does not have it yet; later it is moved there."""
    retired: bool = False


class PersonReported(UnitFact):
    """A member or volunteer of the unit, without name or telephone. Subject: `person/{number}`."""

    TYPE: ClassVar[str] = "lianxin.unit.person_reported"
    ABOUT: ClassVar[tuple[str, ...]] = ("person",)

    grid_id: Slug
    """The home grid."""
    organization_id: Slug | None = None
    skills: tuple[Slug, ...] = Field(default=(), max_length=30)
    available: bool = True
    retired: bool = False
