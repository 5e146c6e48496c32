"""What request intake publishes on `lianxin.requests`: facts. Subject and key: the request's id."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.payload import Code, Fact, Id, Moment, Point
from shared.contracts.tasks import Assignee
from shared.contracts.words import Channel, RequestKind, Urgency

Hashed = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""A keyed hash of intake's, salted with the month (UTC) of the event's time: equal within a month,
unlike between two, so that nobody can be followed for long (DESIGN.md 3, rule 4)."""


class RequestAccepted(Fact):
    """A request was taken in; from now on it is kept and served. Event time: when it was made."""

    TYPE: ClassVar[str] = "lianxin.request.accepted"

    request_id: Id
    channel: Channel
    kind: RequestKind
    category: Code
    urgency: Urgency
    rules_version: int
    """Version of the category table that decided category and urgency; 0: given by the sender."""
    grid_id: Id | None = None
    area_path: tuple[Code, ...] = ()
    """Areas from the top down to the community; empty while the request is unlocated."""
    point: Point | None = None
    reporting_unit: Id | None = None
    case_number: str | None = None
    """The reporting unit's own number for it."""
    handling_unit: Id | None = None
    """The unit that has it in hand already, where the reporting unit says so."""
    received_at: Moment
    """When Lianxin took it in; later than the event's time for what was imported."""


class RequestLocated(Fact):
    """A person placed an unlocated request."""

    TYPE: ClassVar[str] = "lianxin.request.located"

    request_id: Id
    grid_id: Id | None = None
    area_path: tuple[Code, ...]


class RequestAnswered(Fact):
    """The resident answered what was asked during the work; the words stay with intake."""

    TYPE: ClassVar[str] = "lianxin.request.answered"

    request_id: Id
    round: int = Field(ge=1)


class RequestFollowedUp(Fact):
    """The resident answered (回访)."""

    TYPE: ClassVar[str] = "lianxin.request.followed_up"

    request_id: Id
    contacted: bool
    solved: bool | None = None
    satisfied: int | None = Field(default=None, ge=1, le=5)
    """1 very dissatisfied to 5 very satisfied."""
    round: int = Field(ge=1)
    handled_by: Assignee | None = None
    """Who did the work, where it was another request's task (`request.joined`)."""
    by: Literal["resident", "staff"] | None = None
    """Who entered it: the resident, or staff who asked by telephone; None: not known."""
    device: Hashed | None = None
    """Of a resident: the device, where its page says one."""
    network: Hashed | None = None
    """Of a resident: the network that the answer came from."""
    asker: Hashed | None = None
    """Of a resident: the telephone that the request names; of staff: the member."""
    staff_path: tuple[Code, ...] = ()
    """Of staff: the request's areas from the top down to the one whose staff it was; empty for the
    city's own."""


class RequestReopened(Fact):
    """The resident said that it is not solved; the work starts again.

    One that was joined leaves its group by this, and has a task of its own again.
    """

    TYPE: ClassVar[str] = "lianxin.request.reopened"

    request_id: Id
    round: int = Field(ge=2)
    """The round of work that begins."""
    handled_by: Assignee | None = None
    """Who did the work so far, where it was another request's task."""


class RequestClosed(Fact):
    """The request ended."""

    TYPE: ClassVar[str] = "lianxin.request.closed"

    request_id: Id
    outcome: str = Field(pattern="^(solved|no_answer|reported)$")
    """solved: the resident said so; no_answer: asked, no answer in time; reported: the unit's
    own record of the past says so, nobody was asked; or, with `final`, the final answer says so and
    the resident was not content with it."""
    final: bool = False
    """It ended with a final answer (终结答复): it is not opened again."""
