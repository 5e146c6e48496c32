"""Looks for weak organizations and candidates for exemplars, from time to time and when asked.

Only one replica does it, the one that leads; two for a moment do no harm, as a decision that finds
nothing new writes nothing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.assessment.lists import exemplars, weak
from services.assessment.lists.basis import Judges
from services.assessment.lists.exemplars import Exemplar, PeriodFacts, candidacy
from services.assessment.lists.judging import judge, periods_back, running_period, windows
from services.assessment.lists.repository import Lists
from services.assessment.lists.table import ListRules
from services.assessment.lists.weak import Judged, Weak, weak_id
from services.assessment.reviews import decide_all
from services.assessment.schemes.expressions import parse
from services.assessment.schemes.periods import before
from services.assessment.schemes.scheme import Scheme
from services.assessment.schemes.versions import NoScheme
from services.assessment.scores.inputs import OUTCOMES, Numbers
from services.assessment.subjects import Subject, Subjects
from shared.messaging.leases import Leases
from shared.spans import moment
from shared.storage.aggregates import Contended, Decision
from shared.storage.client import UNREACHABLE
from shared.storage.loops import for_ever

_IDLE_SECONDS = 0.5


@dataclass(frozen=True)
class Basis:
    """What is judged by: the scheme in force, the period that runs."""

    version: str
    scheme: Scheme
    running: str


class Finding:
    """Judges all subjects by the scheme in force and keeps the lists up."""

    def __init__(
        self,
        lists: Lists,
        subjects: Subjects,
        judges: Judges,
        leases: Leases,
    ) -> None:
        self._lists = lists
        self._subjects = subjects
        self._judges = judges
        self._leases = leases

    async def run(self) -> None:
        """Look when it is time, for ever."""
        await for_ever(
            self._look,
            _IDLE_SECONDS,
            "the lists wait for the database, or for a scheme to be in force",
            when=lambda: self._leases.leads,
            over=(*UNREACHABLE, Contended, NoScheme),
        )

    async def _look(self) -> None:
        looks, now = await self._lists.looks(), moment()
        if looks.due(now, self._lists.tables.get(ListRules).find_minutes):
            await self.round(now)
            await self._lists.note_looked(now, looks.asked)

    def basis(self, now: datetime) -> Basis:
        """By what is judged at `now`."""
        zone = self._lists.zone
        version = self._judges.in_force(running_period(now, "month", zone))
        running = running_period(now, version.scheme.period, zone)
        return Basis(version.id, version.scheme, running)

    async def judged(self, subject: Subject, now: datetime) -> Judged:
        """How the criteria stand for one subject now."""
        basis = self.basis(now)
        class_ = basis.scheme.class_of(subject.kind, subject.domain, subject.level)
        numbers: dict[str, Numbers] = {}
        if class_ is not None:
            periods = windows(basis.scheme.weak, basis.running)
            numbers = await self._numbers([subject], periods)
            if _by_outcomes(basis.scheme):
                for period in periods:
                    found = await self._judges.outcome(period, class_, subject.id)
                    _join(numbers[period], {subject.id: found})
        return judge(basis.scheme.weak, basis.version, basis.running, subject.id, numbers)

    async def _numbers(
        self, subjects: Sequence[Subject], periods: Sequence[str]
    ) -> dict[str, Numbers]:
        """Of subjects of one kind, by period."""
        kind, ids = subjects[0].kind, [subject.id for subject in subjects]
        return {period: await self._judges.numbers(period, kind, ids) for period in periods}

    async def round(self, now: datetime) -> None:
        """Judge every subject of every class once."""
        basis = self.basis(now)
        sustained = self._lists.tables.get(ListRules).sustained_periods
        back = periods_back(before(basis.running), sustained)
        periods = windows(basis.scheme.weak, basis.running)
        scored = {*back, *(periods if _by_outcomes(basis.scheme) else ())}
        for kind in dict.fromkeys(class_.kind for class_ in basis.scheme.classes):
            outcomes = {each: await self._judges.outcomes(each, kind) for each in sorted(scored)}
            async for batch in self._subjects.every(kind):
                mine = [s for s in batch if basis.scheme.class_of(kind, s.domain, s.level)]
                if not mine:
                    continue
                began = time.perf_counter()
                await self._batch(basis, mine, sorted({*periods, *back}), back, outcomes, now)
                # A city takes a minute instead of half of one: what events change goes first.
                await asyncio.sleep(time.perf_counter() - began)
        await self._drop_retired(now)

    async def _batch(
        self,
        basis: Basis,
        subjects: Sequence[Subject],
        periods: Sequence[str],
        back: Sequence[str],
        outcomes: Mapping[str, Numbers],
        now: datetime,
    ) -> None:
        rules, zone = self._lists.tables.get(ListRules), self._lists.zone
        numbers = await self._numbers(subjects, periods)
        for period, theirs in outcomes.items():
            _join(numbers[period], {s.id: theirs[s.id] for s in subjects if s.id in theirs})
        by_id = {weak_id(s.kind, s.id): s for s in subjects}

        def weak_of(id: str, state: Weak | None) -> Decision[Weak] | None:
            subject = by_id[id]
            found = judge(basis.scheme.weak, basis.version, basis.running, subject.id, numbers)
            return weak.find(state, subject, found, now, rules, zone)

        def exemplar_of(id: str, state: Exemplar | None) -> Decision[Exemplar] | None:
            subject = by_id[id]
            facts = [_facts(period, numbers[period].get(subject.id, {})) for period in back]
            found = candidacy(facts, basis.version, rules)
            return None if found is None else exemplars.find(state, subject, found, now)

        await decide_all(self._lists.weak, by_id, weak_of, by="lists")
        await decide_all(self._lists.exemplars, by_id, exemplar_of, by="lists")

    async def _drop_retired(self, now: datetime) -> None:
        async for batch in self._lists.open_stays():
            states = [one.state for one in batch if one.state is not None]
            gone: dict[str, tuple[str, ...]] = {}
            for kind in {state.kind for state in states}:
                ids = [state.subject_id for state in states if state.kind is kind]
                known = await self._subjects.get_many(kind, ids)
                gone |= {
                    weak_id(kind, id): subject.successors
                    for id, subject in known.items()
                    if subject.retired
                }
            await decide_all(
                self._lists.weak,
                gone,
                _retired(gone, now),
                by="lists",
            )


def _retired(
    successors: Mapping[str, Sequence[str]], now: datetime
) -> Callable[[str, Weak | None], Decision[Weak] | None]:
    def decide(id: str, state: Weak | None) -> Decision[Weak] | None:
        return None if state is None else weak.retire(state, successors[id], now)

    return decide


def _by_outcomes(scheme: Scheme) -> bool:
    """Whether a criterion asks for scores or ranks."""
    return any(parse(each.when).names & set(OUTCOMES) for each in scheme.weak)


def _join(numbers: Numbers, more: Numbers) -> None:
    for id, theirs in more.items():
        if id in numbers:
            numbers[id] |= theirs
        else:
            numbers[id] = dict(theirs)


def _facts(period: str, numbers: Mapping[str, float]) -> PeriodFacts:
    return PeriodFacts(
        period=period,
        score=numbers.get("score"),
        satisfied=int(numbers.get("satisfied", 0)),
        rated=int(numbers.get("rated", 0)),
    )
