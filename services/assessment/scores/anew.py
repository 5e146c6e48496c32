"""What scores are made of, made anew from the facts in the services' journals; pure.

Cases come out of the facts of intake and dispatch and of the corrections, through the handlers that
assessment has for them, and are counted by the recount.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from itertools import chain
from typing import Any, NamedTuple

from services.assessment.corrections.facts import FACTS
from services.assessment.handlers import HANDLERS
from services.assessment.scores.in_flight import (
    Counts,
    Facts,
    Fresh,
    Key,
    Variant,
    chosen,
    counts_of,
)
from services.assessment.scores.inputs import Numbers
from services.assessment.service.cases import Case
from services.assessment.service.figures import SubjectKind
from services.assessment.service.recount import Recount
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.rounds import RoundCompleted, RoundLeftOpen, RoundOpened, RoundStepUnlocked
from shared.messaging.processor import FactHandler

IN_FLIGHT = timedelta(seconds=10)
"""A fact kept so shortly before scores were made may not have come to assessment by then."""
NAMED = 20
_MOST_FRESH = 1000
"""Cases that are looked at so; more are taken as they are (a whole month just loaded)."""
_HANDLERS = {**HANDLERS, **FACTS}
ROUNDS = (RoundOpened, RoundCompleted, RoundLeftOpen, RoundStepUnlocked)
RATINGS = frozenset(("self_rating", "public_rating", "organizational_rating", "public_voices"))
"""Inputs that rounds give."""


class Entry(NamedTuple):
    """A fact, and since when it was there to be heard: when its owner's journal kept it; of a
    correction, when it was made."""

    event: Event
    at: datetime


class CasesAnew:
    """Cases made of their facts and counted, one request after the other.

    Args:
        levels: of the areas, by code.
        until: when the scores were made: what was told later is not in them; None: everything is.
    """

    def __init__(
        self, zone: tzinfo, levels: Mapping[str, str], until: datetime | None = None
    ) -> None:
        self._zone = zone
        self._levels = levels
        self._until = until
        self._fresh: list[Fresh] = []
        self._sure = Recount(zone, levels)
        self.events = 0
        self.later = 0
        """Cases of which something was told after `until`."""
        self.gaps: list[str] = []
        """The first facts that should be in a journal and are not: `subject#sequence`."""

    def add(self, told: Iterable[Entry]) -> None:
        """Make a case of its facts, each subject's in order, and count it."""
        before: list[Event] = []
        last: dict[tuple[str, str], list[Event]] = {}
        expected: defaultdict[tuple[str, str], int] = defaultdict(lambda: 1)
        later = False
        for event, at in told:
            self.events += 1
            subject = event.source, event.subject
            if event.sequence != expected[subject] and len(self.gaps) < NAMED:
                self.gaps.append(f"{event.subject}#{expected[subject]}")
            expected[subject] = event.sequence + 1
            if self._until is not None and at > self._until:
                later = True
            elif subject in last or (self._until is not None and at > self._until - IN_FLIGHT):
                last.setdefault(subject, []).append(event)
            else:
                before.append(event)
        self.later += later
        if last and len(self._fresh) < _MOST_FRESH:
            lasts = [tuple(facts) for facts in last.values()]
            self._fresh.append(Fresh(self._made, tuple(before), lasts))
            return
        case = case_of((*before, *chain(*last.values())), self._zone)
        if case is not None:
            self._sure.add(case.model_dump())

    def _made(self, came: Facts, without: Facts) -> Variant:
        case = case_of(came, self._zone)
        if case is None:
            return Variant(None, without, {})
        facts, own = case.model_dump(), Recount(self._zone, self._levels)
        own.add(facts)
        return Variant(facts, without, counts_of(own))

    def counted(self, kept: Mapping[Key, Counts]) -> tuple[Recount, list[Event]]:
        """The recount of all cases, and facts of the last seconds that had not come by then.

        Args:
            kept: the counts of all that have scores, or would have; they say what had come.
        """
        left_out: list[Event] = []
        for variant in chosen(self._fresh, self._sure, kept):
            left_out += variant.without
            if variant.case is not None:
                self._sure.add(variant.case)
        self._fresh.clear()
        return self._sure, left_out


def case_of(facts: Iterable[Event], zone: tzinfo) -> Case | None:
    """The case that facts make, each subject's in order; None where none says anything."""
    case: Case | None = None
    for event in facts:
        handle = None if event.data is None else _HANDLERS.get(type(event.data))
        decision = None if handle is None else handle(case, event, zone)
        if decision is not None:
            case = decision.state
    return case


def folded(
    told: Iterable[Entry],
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
    told: Iterable[Entry], period: str, until: datetime | None = None
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
