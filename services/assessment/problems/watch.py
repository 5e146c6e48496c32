"""Looks at each month once it is over, at months that somebody asks for, and again at those that
read a case that was corrected; one replica does it.

Everything follows from the cases: a month looked at again after a crash, by another replica or by
two at once finds the same and writes the same, and what stands there already is not written twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from services.assessment.problems.counts import City, Counts, Row, rolled_up
from services.assessment.problems.decisions import follow, found_again, on_due, opened, put_to
from services.assessment.problems.finder import Finder, span
from services.assessment.problems.findings import Finding, settled
from services.assessment.problems.repository import Problems
from services.assessment.problems.state import Line, ProblemState, Statistic, problem_id
from services.assessment.problems.table import ProblemRules
from services.assessment.repository import Repository
from services.assessment.schemes.periods import before
from services.assessment.service.cases import month_of, to_millis
from shared.messaging.leases import Leases
from shared.messaging.timers import Timers
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.storage.loops import for_ever
from shared.storage.tables import Tables

_PAUSE_SECONDS = 1.0
_MONTHS_AT_ONCE = 12
_QUIET = timedelta(seconds=30)
"""A correction waits so long: several are often made one after the other, and a look is long."""
BY = "problems"


class Watch:
    """Finds problems month by month while this replica leads."""

    def __init__(
        self,
        repository: Repository,
        problems: Problems,
        tables: Tables,
        leases: Leases,
        zone: tzinfo,
    ) -> None:
        self._repository, self._problems, self._tables = repository, problems, tables
        self._leases, self._zone = leases, zone
        self._looked_until = ""
        self._corrected_until = datetime.fromtimestamp(0, UTC)

    async def run(self) -> None:
        """Look for ever."""
        await for_ever(
            lambda: self.step(datetime.now(UTC)),
            _PAUSE_SECONDS,
            "problems wait for the database",
            when=lambda: self._leases.leads,
        )

    async def step(self, now: datetime) -> None:
        """Look at a month that was asked for, else at those that are over."""
        await self._ask_for_corrected(now)
        asked = await self._problems.wanted()
        if asked is not None:
            await self.look(asked[0], now, asked[1])
            return
        rules = self._tables.get(ProblemRules)
        over = before(month_of(now - timedelta(days=rules.days_after), self._zone))
        if over <= self._looked_until:
            return
        for month in await self._missing(over):
            await self.look(month, now)
        self._looked_until = over

    async def _ask_for_corrected(self, now: datetime) -> None:
        """Ask for the months looked at before a case that they read was corrected."""
        upto = to_millis(now) - _QUIET
        found = await self._repository.touched.rejudged(self._corrected_until, upto)
        if found:
            rules = self._tables.newest(ProblemRules).table
            months = await self._repository.months_of_cases()
            for looked, at in (await self._problems.rounds()).items():
                lasts = [found[month] for month in span(months, looked, rules) if month in found]
                if lasts and at < max(lasts) + _QUIET:
                    await self._problems.want(looked, to_millis(now))
        self._corrected_until = upto

    async def _missing(self, over: str) -> list[str]:
        """Months with cases after the last one looked at; before the first, the last month only."""
        known = [m for m in await self._repository.months_of_cases() if m <= over]
        looked = await self._problems.rounds()
        after = max(looked, default=before(over))
        return [m for m in known[-_MONTHS_AT_ONCE:] if m > after]

    async def look(self, month: str, now: datetime, asked: datetime | None = None) -> None:
        """Find what a month has, follow what is open, write both, then keep the month's list."""
        rules = self._tables.newest(ProblemRules)
        at = to_millis(now)
        look = _Look(self._repository, self._problems, rules.table, rules.version, month, at)
        await self._problems.keep_round(month, await look.all(), asked)


class _Look:
    """One look at one month."""

    def __init__(
        self,
        repository: Repository,
        problems: Problems,
        rules: ProblemRules,
        version: int,
        month: str,
        at: datetime,
    ) -> None:
        self._repository, self._problems = repository, problems
        self._rules, self._version = rules, version
        self._month, self._at = month, at

    async def all(self) -> Document:
        """Everything; what the month has found, to be kept."""
        rules, month = self._rules, self._month
        months = span(await self._repository.months_of_cases(), month, rules)
        levels = await self._repository.levels()
        rows = await self._problems.rows(months, rules)
        city = await asyncio.to_thread(City.of, rows, levels)
        finder = Finder(city, rules, month)
        open_ones = await self._problems.open_ones()
        for topic, categories in (await self._problems.topics(months, rules)).items():
            rows = await self._problems.rows(months, rules, categories)
            if not rows:
                continue  # nothing of a kind that tells of problems
            # In a thread: the largest category of a large city takes longer than the loop may wait.
            counts = await asyncio.to_thread(_looked, finder, topic, rows)
            for problem in open_ones:
                if problem.state is not None and problem.state.category == topic:
                    await self._follow(problem.id, problem.state, finder, counts)
        found = await asyncio.to_thread(finder.found)
        told = settled(found, city, rules)
        put = await self._put(told, city, open_ones)
        return {
            "at": self._at,
            "rules_version": self._version,
            "window": finder.window,
            "before": finder.before,
            "requests": finder.requests,
            "tests": finder.number(),
            "found": len(found),
            "findings": [
                {"category": one.category, "problem_id": id} | self._statistic(one).model_dump()
                for one, id in put
            ],
        }

    async def _follow(self, id: str, state: ProblemState, finder: Finder, counts: Counts) -> None:
        lines = []
        for one in state.watched():
            now = finder.follow(one.basis, one.place, counts, one.rate)
            if now is not None:
                lines.append(Line(basis=one.basis, place=one.place, count=now[0], expected=now[1]))

        def decide(state: ProblemState | None) -> Decision[ProblemState] | None:
            return None if state is None else follow(state, self._month, lines, self._rules)

        await self._problems.store.execute(id, decide, by=BY)

    async def _put(
        self, told: Sequence[Finding], city: City, open_ones: Sequence[Aggregate[ProblemState]]
    ) -> list[tuple[Finding, str]]:
        """Put each finding onto its case, one write a case."""
        open_at: dict[str, dict[str, str]] = {}
        for problem in open_ones:
            if problem.state is not None:
                there = open_at.setdefault(problem.state.category, {})
                there[problem.state.place] = problem.id
        cases: dict[tuple[str, str], list[Finding]] = {}
        put: list[tuple[Finding, str]] = []
        for one in told:  # from the top down: what is found above takes what is found below
            there = open_at.setdefault(one.category, {})
            place = put_to(one.place, city.path(one.place), there)
            id = there.setdefault(place, problem_id(one.category, place))
            cases.setdefault((one.category, place), []).append(one)
            put.append((one, id))
        for (category, place), findings in cases.items():
            path = [
                (code, level)
                for code in city.path(place)
                if (level := city.levels.get(code)) is not None
            ]
            if path:
                await self._write(category, place, path, findings)
        return put

    async def _write(
        self,
        category: str,
        place: str,
        path: Sequence[tuple[str, str]],
        findings: Sequence[Finding],
    ) -> None:
        found = [self._statistic(one) for one in findings]

        def decide(state: ProblemState | None) -> Decision[ProblemState] | None:
            if state is None:
                return opened(category, place, path, found, self._rules, self._at)
            return found_again(state, found, self._rules, self._at)

        await self._problems.store.execute(problem_id(category, place), decide, by=BY)

    def _statistic(self, one: Finding) -> Statistic:
        return Statistic.of_finding(one, self._month, self._version)


def _looked(finder: Finder, topic: str, rows: Sequence[Row]) -> Counts:
    counts = rolled_up(rows)
    finder.look(topic, counts)
    return counts


def timers(problems: Problems, tables: Tables, leases: Leases) -> Timers[ProblemState]:
    """Of problems that nobody takes."""
    return Timers(
        problems.store,
        lambda state, now: on_due(state, to_millis(now), tables.get(ProblemRules)),
        leases,
    )
