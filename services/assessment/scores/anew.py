"""What scores are made of, made anew from the facts in the services' journals; pure.

Cases come out of the facts of intake and dispatch and of the corrections, through the handlers that
assessment has for them, and are counted by the recount.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from services.assessment.corrections.facts import FACTS
from services.assessment.handlers import HANDLERS
from services.assessment.scores.inputs import Numbers
from services.assessment.service.cases import Case
from services.assessment.service.figures import SubjectKind
from services.assessment.service.recount import Recount
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.rounds import RoundCompleted, RoundLeftOpen, RoundOpened, RoundStepUnlocked
from shared.messaging.processor import FactHandler

IN_FLIGHT = timedelta(minutes=1)
"""A fact kept so shortly before a settlement may not have come to assessment by then."""
NAMED = 20
_HANDLERS = {**HANDLERS, **FACTS}
ROUNDS = (RoundOpened, RoundCompleted, RoundLeftOpen, RoundStepUnlocked)
RATINGS = frozenset(("self_rating", "public_rating", "organizational_rating", "public_voices"))
"""Inputs that rounds give."""


class Told(NamedTuple):
    """A fact, and since when it was there to be heard: when its owner's journal kept it; of a
    correction, when it was made."""

    event: Event
    at: datetime


class CasesAnew:
    """Cases made of their facts and counted, one request after the other.

    Args:
        levels: of the areas, by code.
        until: what was told later is not counted, as of a settlement; None: everything is.
    """

    def __init__(
        self, zone: tzinfo, levels: Mapping[str, str], until: datetime | None = None
    ) -> None:
        self._zone = zone
        self._until = until
        self.recount = Recount(zone, levels)
        self.events = 0
        self.later = 0
        """Cases of which something was told after `until`."""
        self.in_flight: list[str] = []
        """The first of which something was told in the minute before it."""
        self.gaps: list[str] = []
        """The first facts that should be in a journal and are not: `subject#sequence`."""

    def add(self, request_id: str, told: Iterable[Told]) -> Case | None:
        """Make a case of its facts, each subject's in order, and count it."""
        case: Case | None = None
        expected: defaultdict[tuple[str, str], int] = defaultdict(lambda: 1)
        later = in_flight = False
        for event, at in told:
            self.events += 1
            subject = event.source, event.subject
            if event.sequence != expected[subject] and len(self.gaps) < NAMED:
                self.gaps.append(f"{event.subject}#{expected[subject]}")
            expected[subject] = event.sequence + 1
            if self._until is not None:
                if at > self._until:
                    later = True
                    continue
                in_flight = in_flight or at > self._until - IN_FLIGHT
            handle = None if event.data is None else _HANDLERS.get(type(event.data))
            decision = None if handle is None else handle(case, event, self._zone)
            if decision is not None:
                case = decision.state
        self.later += later
        if in_flight and len(self.in_flight) < NAMED:
            self.in_flight.append(request_id)
        if case is not None:
            self.recount.add(case.model_dump())
        return case


def folded(
    told: Iterable[Told],
    handlers: Mapping[type[Payload], FactHandler[Any, Any]],
    until: datetime | None = None,
) -> dict[str, Any]:
    """The state of each subject by what the handlers make of its facts, each subject's in order."""
    states: dict[str, Any] = {}
    for event, at in told:
        handle = None if event.data is None else handlers.get(type(event.data))
        if handle is None or (until is not None and at > until):
            continue
        decision = handle(states.get(event.subject), event, None)
        if decision is not None:
            states[event.subject] = decision.state
    return states


def ratings(
    told: Iterable[Told], period: str, until: datetime | None = None
) -> dict[SubjectKind, Numbers]:
    """The ratings of a period's rounds by kind and subject; of several rounds the latest.

    Args:
        told: the facts of `ROUNDS`, each subject's in order.
    """
    kinds: dict[str, SubjectKind] = {}
    results: dict[str, dict[str, dict[str, float] | None]] = {}
    for event, at in told:
        if until is not None and at > until:
            continue
        match event.data:
            case RoundOpened() as one:
                if one.period == period:
                    kinds[one.round_id] = SubjectKind(one.subject_kind)
            case RoundCompleted() as one:
                results.setdefault(one.round_id, {})[one.subject_id] = {
                    "self_rating": one.self_rating,
                    "public_rating": one.public_rating,
                    "public_voices": float(one.public_voices),
                    "organizational_rating": one.organizational_rating,
                }
            case RoundLeftOpen() | RoundStepUnlocked() as one:
                results.setdefault(one.round_id, {})[one.subject_id] = None
    found: dict[SubjectKind, Numbers] = {kind: {} for kind in SubjectKind}
    for round_id, kind in sorted(kinds.items()):
        of_round = results.get(round_id, {})
        found[kind].update({id: of for id, of in of_round.items() if of is not None})
    return found
