"""What is kept of a pairing, and what others get to know of it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.registry import money
from services.registry.handover import Handover
from services.registry.money import Line, Payment
from services.registry.pairings.schemas import Status
from services.registry.standing import Party
from services.registry.watch import Watched
from shared.contracts.plans import PairingChanged, PairingGoal
from shared.contracts.words import PairingKind


class Goal(BaseModel):
    """So much of a work, until then."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    work: str
    quantity: float
    by: datetime


class Summary(BaseModel):
    """A side's words on a term, encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    at: datetime
    by: str
    words: str


class Term(BaseModel):
    """A span of the pairing with its goals; `warn_at` is when its end is told ahead."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    since: datetime
    until: datetime
    warn_at: datetime
    goals: tuple[Goal, ...]
    giver_summary: Summary | None = None
    taker_summary: Summary | None = None
    outcome: Literal["renewed", "ended"] | None = None
    reason: str | None = None
    warned: bool = False
    over: bool = False
    """Its end was told."""


class PairingState(Watched):
    """A pairing; the last term is the current one."""

    kind: PairingKind
    giver: Party
    taker: Party
    person_id: str | None
    units: tuple[str, ...]
    terms: tuple[Term, ...]
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...] = ()
    reason: str | None = None
    """Why these two, where that was to be said."""
    handovers: tuple[Handover, ...] = ()
    """Sides that another organization has taken over, the oldest first."""

    @property
    def term(self) -> Term:
        """The current one."""
        return self.terms[-1]

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.term.outcome == "ended"

    def due(self) -> datetime | None:
        """When the end of the term is near, then when it has come."""
        if self.ended or self.term.over:
            return None
        return self.term.until if self.term.warned else self.term.warn_at


def status_at(state: PairingState, now: datetime) -> Status:
    """How it stands."""
    if state.ended:
        return "ended"
    if now < state.terms[0].since:
        return "coming"
    return "in_force" if now < state.term.until else "over"


def snapshot(id: str, state: PairingState) -> PairingChanged:
    """What others get to know of it."""
    term = state.term
    return PairingChanged(
        pairing_id=id,
        kind=state.kind,
        giver=state.giver.organization_id,
        taker=state.taker.organization_id,
        person_id=state.person_id,
        since=term.since,
        until=term.until,
        term=len(state.terms),
        goals=tuple(PairingGoal(**goal.model_dump()) for goal in term.goals),
        promised_yuan=money.promised(state.lines) / 100,
        paid_yuan=money.paid(state.payments) / 100,
        ended=state.ended,
    )
