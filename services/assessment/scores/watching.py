"""The loop that watches grades: scores the classes whose figures changed, tells of grades that
change or are about to, and keeps the scores of periods that are to be settled.

Figures change in numbered batches (docs/decisions/0007-figures-by-differences.md); a tally has the
number of the last one that changed it. The loop remembers up to which batch it has scored, and
scores the classes of what changed since: again after a crash, which changes nothing. A new scheme
has every month scored that it may count in. Other inputs and the registry come up in a sweep over
the current and the last period, once a minute. Of a settled period it notes instead whose figures
have changed since (`outdated.py`).
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from services.assessment.repository import Repository
from services.assessment.schemes.periods import before, end_of, period_of
from services.assessment.schemes.scheme import Scheme
from services.assessment.schemes.versions import Schemes
from services.assessment.scores.outdated import Outdated
from services.assessment.scores.repository import ScoreRepository
from services.assessment.scores.score import Near, about_to_change
from services.assessment.scores.scoring import Board, Scoring, class_of
from services.assessment.scores.state import TOLD, Settlement, Standing, kept, settle, told
from services.assessment.service.cases import parts_of
from services.assessment.service.figures import SubjectKind, kind_of
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate
from shared.storage.client import Document
from shared.storage.loops import for_ever

_PAUSE_SECONDS = 0.5
_SWEEP_SECONDS = 60.0
_KEYS_AT_ONCE = 5000
_WRITES_AT_ONCE = 500

Nears = tuple[Near | None, Near | None]
Changed = Mapping[tuple[str, SubjectKind], set[str] | None]
"""Ids of subjects whose figures changed by month and kind; None: more than are told apart."""
Classes = dict[tuple[str, SubjectKind], set[str] | None]
"""Ids of classes to score by period and kind; None: all of them."""


class Watching:
    """Keeps standings up; one replica does it, the one that leads. Two do no harm.

    Args:
        today: the day in the city's time zone.
    """

    def __init__(
        self,
        repository: Repository,
        scores: ScoreRepository,
        schemes: Schemes,
        scoring: Scoring,
        outdated: Outdated,
        leases: Leases,
        today: Callable[[], date],
    ) -> None:
        self._repository = repository
        self._scores = scores
        self._schemes = schemes
        self._scoring = scoring
        self._outdated = outdated
        self._leases = leases
        self._today = today
        self._swept_at = float("-inf")

    async def run(self) -> None:
        """Watch for ever, for at most a fifth of the time: a round reads whole classes."""
        await for_ever(
            self.round,
            _PAUSE_SECONDS,
            "scores wait for the database",
            when=lambda: self._leases.leads,
            rest=4,
        )

    async def round(self, *, sweep: bool = False) -> None:
        """Score what changed since the last round; settle what is to be settled."""
        after, schemes = await self._scores.watched()
        batch = await self._repository.tallies.latest()
        if batch is not None:
            upto = batch.number if batch.done else batch.number - 1
            if upto > after:
                changed = await self._changed(after, upto)
                await self._score(await self._classes(changed))
                await self._compare(changed)
                await self._scores.watch(batch=upto)
        newest = self._schemes.versions[-1].version if self._schemes.versions else 0
        if newest > schemes:
            await self._score(await self._of_schemes_after(schemes))
            await self._scores.watch(schemes=newest)
        for settlement in await self._scores.pending_settlements():
            await self._settle(settlement)
        if sweep or time.monotonic() - self._swept_at > _SWEEP_SECONDS:
            await self._sweep()
            self._swept_at = time.monotonic()

    # What to score

    async def _changed(self, after: int, upto: int) -> Changed:
        """Whose figures batches changed."""
        keys = await self._scores.keys_since(after, upto, _KEYS_AT_ONCE)
        if len(keys) == _KEYS_AT_ONCE:
            # There are more, of whom nobody knows here.
            months = {*await self._repository.months(), *(parts_of(key)[2] for key in keys)}
            return {(month, kind): None for month in months for kind in SubjectKind}
        areas = {id for group, id, _ in map(parts_of, keys) if group == "area"}
        levels = await self._repository.levels(areas)
        ids: dict[tuple[str, SubjectKind], set[str]] = {}
        for key in keys:
            _, id, month = parts_of(key)
            if (kind := kind_of(key, levels.get(id))) is not None:
                ids.setdefault((month, kind), set()).add(id)
        return ids

    async def _classes(self, changed: Changed) -> Classes:
        """The classes of those whose figures changed."""
        found: Classes = {}
        for (month, kind), ids in changed.items():
            known = {} if ids is None else await self._repository.subjects(kind, sorted(ids))
            for period, scheme in self._periods(month):
                if ids is None:
                    if any(one.kind is kind for one in scheme.classes):
                        found[period, kind] = None
                    continue
                classes = (class_of(scheme, kind, known.get(id)) for id in ids)
                wanted = {one.id for one in classes if one is not None}
                found[period, kind] = (found.get((period, kind)) or set()) | wanted
        return found

    async def _compare(self, changed: Changed) -> None:
        """Note in settled periods whose figures are not those any more that they were made of."""
        periods = {p for month, _ in changed for p, _ in self._periods(month)}
        shown = {period: await self._scores.shown(period) for period in sorted(periods)}
        for (month, kind), ids in changed.items():
            for period, _ in self._periods(month):
                if revision := shown[period]:
                    await self._outdated.note(period, revision, kind, ids)

    async def _of_schemes_after(self, version: int) -> Classes:
        """The classes of every month that a newer version may count in."""
        newer = [one for one in self._schemes.versions if one.version > version]
        since = min(one.scheme.valid_from for one in newer)
        return self._all_of(m for m in await self._repository.months() if m >= since)

    def _all_of(self, months: Iterable[str]) -> Classes:
        return {
            (period, one.kind): None
            for month in months
            for period, scheme in self._periods(month)
            for one in scheme.classes
        }

    def _periods(self, month: str) -> Iterator[tuple[str, Scheme]]:
        """The periods that a month lies in, with their schemes."""
        for kind in sorted(self._schemes.kinds()):
            period = period_of(month, kind)
            version = self._schemes.find(period)
            if version is not None:
                yield period, version.scheme

    async def _sweep(self) -> None:
        this_month = f"{self._today():%Y-%m}"
        found: Classes = {}
        for kind in sorted(self._schemes.kinds()):
            now = period_of(this_month, kind)
            for period in (now, before(now)):
                version = self._schemes.find(period)
                if version is None:
                    continue
                found.update({(period, one.kind): None for one in version.scheme.classes})
                days = version.scheme.settled_after_days
                if period != now and days is not None:
                    await self._settle_when_due(period, version.version, days)
        await self._score(found)

    # Standings

    async def _score(self, classes: Classes) -> None:
        for (period, kind), wanted in sorted(classes.items(), key=lambda item: item[0]):
            settlement = await self._scores.settlement(period)
            if settlement is not None or self._schemes.find(period) is None:
                continue  # what is settled stands; what changed since comes with settling again
            for board in await self._scoring.boards(period, kind, wanted):
                await self._tell(board)

    async def _tell(self, board: Board) -> None:
        """Write the standings of a class that have changed."""
        known = await self._scores.standings_of(board.period, board.class_.id)
        changed = await asyncio.to_thread(_changes, board, known)
        ids = sorted(changed)
        for start in range(0, len(ids), _WRITES_AT_ONCE):
            some = ids[start : start + _WRITES_AT_ONCE]
            found = await self._scores.standings.get_many(some)
            writes: list[Aggregate[Standing]] = []
            for id in some:
                aggregate = found.get(id) or Aggregate(id)
                decision = told(aggregate.state, *changed[id])
                if decision is not None:
                    self._scores.standings.record(aggregate, decision, by="scores")
                    writes.append(aggregate)
            # Where another leader was first, what it wrote is looked at again with the next change.
            await self._scores.standings.write(writes)
            await asyncio.sleep(0)

    # Settling

    async def _settle_when_due(self, period: str, version: int, days: int) -> None:
        if self._today() < end_of(period) + timedelta(days=days):
            return
        await self._scores.settlements.execute(
            period,
            lambda known: (
                None
                if known is not None
                else settle(None, period, version, _now(), "scheme", f"{days} days after")
            ),
            by="scheme",
        )

    async def _settle(self, settlement: Settlement) -> None:
        version = self._schemes.get(settlement.scheme_version)
        if version is None:
            return  # put in force just now, and not known here yet
        subjects = 0
        for kind in dict.fromkeys(one.kind for one in version.scheme.classes):
            for board in await self._scoring.boards(settlement.period, kind, version=version):
                await self._tell(board)
                subjects += await self._scores.keep(settlement, board.scores, kind, board.inputs)
        await self._scores.settlements.execute(
            settlement.period,
            lambda known: kept(known, settlement.revision, subjects),
            by="scores",
        )


def _changes(board: Board, known: Mapping[str, Document]) -> dict[str, tuple[Standing, Nears]]:
    """The standings of a class that are other than those known, by id."""
    gone = dict(known)
    changed: dict[str, tuple[Standing, Nears]] = {}
    of_class = {
        "period": board.period,
        "kind": board.class_.kind.value,
        "class_id": board.class_.id,
        "scheme_version": board.version.version,
    }
    for score in board.scores.every():
        below, above = about_to_change(board.scheme, score)
        now = of_class | {
            "subject_id": score.subject_id,
            "total": score.total,
            "rank": score.rank,
            "grade": score.grade,
            "below": below and below.grade,
            "above": above and above.grade,
        }
        was = gone.pop(score.subject_id, None)
        if was is None or any(was[name] != now[name] for name in TOLD):
            standing = Standing.model_validate(now)
            changed[_id(standing)] = standing, (below, above)
    for state in gone.values():  # no longer of this class: it has no grade here
        standing = Standing.model_validate(state)
        if standing.grade is not None:
            none = dict.fromkeys(("total", "rank", "grade", "below", "above"))
            changed[_id(standing)] = standing.model_copy(update=none), (None, None)
    return changed


def _id(standing: Standing) -> str:
    return f"{standing.period}/{standing.kind}/{standing.subject_id}"


def _now() -> datetime:
    return datetime.now(UTC)
