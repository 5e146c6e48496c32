"""Bodies and answers of assigned tasks."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.handover import HandoverView
from services.registry.money import LineView, PaymentView
from services.registry.standing import Line as LineOfCommand
from shared.contracts.words import SupportKind
from shared.web.money import Yuan
from shared.web.schemas import AreaCode, Body, ShortText, Slug, Text4000, Time

Status = Literal["assigned", "accepted", "returned", "done", "cancelled"]


class FundBody(Body):
    """Money that comes with the task, and when it will have been paid."""

    source: Slug = Field(description="A code of /v1/fund-sources")
    yuan: Yuan
    by: Time
    purpose: ShortText | None = Field(default=None, description="Kept encrypted")


class ResourceBody(Body):
    """What comes with the task beside money: so many people, things or hours."""

    kind: SupportKind
    quantity: float = Field(gt=0, le=1e9, allow_inf_nan=False)
    what: ShortText | None = Field(default=None, description="Kept encrypted")


class AssignmentBody(Body):
    """A task for a lower organization; `words` are kept encrypted."""

    kind: Slug = Field(description="A code of /v1/assignment-kinds")
    assigner: Slug
    receiver: Slug
    words: Text4000
    residents_of: AreaCode | None = Field(default=None, description="Whose residents it serves")
    until: Time
    funds: Annotated[list[FundBody], Field(max_length=20)] = Field(default=[])
    resources: Annotated[list[ResourceBody], Field(max_length=20)] = Field(default=[])
    no_cost_reason: ShortText | None = Field(
        default=None, description="Why it costs nothing, for kinds that may"
    )


class ReturnBody(Body):
    """Why the receiver gives it back."""

    reason: Slug = Field(description="One of return_reasons of /v1/assignment-kinds")
    words: ShortText | None = Field(default=None, description="Kept encrypted")


class WordsBody(Body):
    """Words on the task; kept encrypted."""

    words: Text4000


class NoteView(BaseModel):
    """How it goes."""

    id: str
    at: AwareDatetime
    by: str
    words: str


class ResourceView(BaseModel):
    """What comes beside money."""

    kind: SupportKind
    quantity: float
    what: str | None


class AssignmentView(BaseModel):
    """An assigned task.

    `line` is how the assigner stands above the receiver; `unpaid_by` is the earliest date of money
    that is promised and not yet paid in full.
    """

    id: str
    version: int
    kind: str
    assigner: str
    receiver: str
    line: LineOfCommand
    words: str
    residents_of: str | None
    until: AwareDatetime
    status: Status
    overdue: bool
    funds: list[LineView]
    payments: list[PaymentView]
    unpaid_by: AwareDatetime | None
    resources: list[ResourceView]
    no_cost_reason: str | None
    progress: list[NoteView]
    result: str | None
    return_reason: str | None
    return_words: str | None
    area_path: list[str]
    handovers: list[HandoverView] = []
