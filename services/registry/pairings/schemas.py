"""Bodies and answers of pairings."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.handover import HandoverView
from services.registry.money import LineView, PaymentView
from shared.contracts.words import PairingKind
from shared.web.money import Yuan
from shared.web.schemas import Body, ShortText, Slug, Text4000, Time

SideName = Literal["giver", "taker"]
Status = Literal["coming", "in_force", "over", "ended"]


class GoalBody(Body):
    """So much of a work of the table of works, until then."""

    work: Slug
    quantity: float = Field(gt=0, le=1e12, allow_inf_nan=False, description="In the work's unit")
    by: Time


class BudgetBody(Body):
    """Money that a side brings; the purpose is kept encrypted."""

    source: Slug = Field(description="A code of /v1/fund-sources")
    yuan: Yuan
    purpose: ShortText


Goals = Annotated[list[GoalBody], Field(min_length=1, max_length=20)]


class PairingBody(Body):
    """A pairing: `giver` helps `taker`, or sends it `person_id`, one of its own people."""

    kind: PairingKind
    giver: Slug
    taker: Slug
    person_id: Slug | None = None
    since: Time
    until: Time
    goals: Goals
    budget: Annotated[list[BudgetBody], Field(max_length=20)] = Field(default=[])
    reason: ShortText | None = Field(
        default=None, description="Why these two, where the giver is not the stronger; kept"
    )


class SummaryBody(Body):
    """What a side says of the term; kept encrypted."""

    side: SideName
    words: Text4000


class RenewBody(Body):
    """A further term, from the end of the one before."""

    until: Time
    goals: Goals
    reason: ShortText


class GoalView(BaseModel):
    """A goal of a term."""

    work: str
    quantity: float
    by: AwareDatetime


class SummaryView(BaseModel):
    """What a side said of a term."""

    at: AwareDatetime
    by: str
    words: str


class TermView(BaseModel):
    """A term, its goals and how it came to its end: `outcome` is null while it runs."""

    since: AwareDatetime
    until: AwareDatetime
    goals: list[GoalView]
    giver_summary: SummaryView | None
    taker_summary: SummaryView | None
    outcome: Literal["renewed", "ended"] | None
    reason: str | None


class PairingView(BaseModel):
    """A pairing; the last of `terms` is the current one."""

    id: str
    version: int
    kind: PairingKind
    giver: str
    taker: str
    person_id: str | None
    status: Status
    terms: list[TermView]
    budget: list[LineView]
    payments: list[PaymentView]
    area_path: list[str]
    reason: str | None
    handovers: list[HandoverView] = []


class ResultView(GoalView):
    """A goal and what the records that are about the pairing say of it.

    `done` counts the whole term, `in_time` until the goal's date.
    """

    done: float
    in_time: float
    met: bool


class OtherWork(BaseModel):
    """Work recorded for the pairing that is no goal."""

    work: str
    records: int
    quantity: float


class ResultsView(BaseModel):
    """What came of the current term: counted, not typed in."""

    since: AwareDatetime
    until: AwareDatetime
    goals: list[ResultView]
    others: list[OtherWork]
