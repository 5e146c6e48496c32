"""The figures loop: from cases that changed to the figures that they count in.

It goes in numbered batches. A batch is written down before anything is done, with what the tallies
hold of each of its cases and what they are to hold; then the differences are added to the tallies,
figures are told, and the cases note what is counted of them. Each write takes a batch once, and
the next batch begins only after the last write of this one: so a crash anywhere, or a second
leader, does again what is done already, and changes nothing (docs/decisions/0007-figures-by-
differences.md). What an event costs does not depend on how many cases there are.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from services.assessment.repository import Repository
from services.assessment.service.cases import key_of, parts_of
from services.assessment.service.figures import (
    Figure,
    SubjectKind,
    Sums,
    figure_id,
    figure_of,
    kind_of,
    kinds_of,
    remeasured,
    with_hours_of,
)
from services.assessment.service.tallies import (
    Batch,
    Change,
    Difference,
    Tally,
    Torn,
    counts_of,
    differences,
    is_apart,
    steps_wanted,
    sums_of,
)
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate, Contended
from shared.storage.client import UNREACHABLE, Document
from shared.storage.loops import for_ever
from shared.telemetry import CASES_UNMEASURED, FIGURES_SECONDS

log = logging.getLogger(__name__)

CASES_A_BATCH = 2000
_REBUILT_A_BATCH = 50
_AREAS_A_ROUND = 500
_PAUSE_SECONDS = 0.2
_GROUPS_AT_ONCE = 1000
Hear = Callable[[Sequence[Change]], Awaitable[None]]


class Measuring:
    """Keeps the figures up; one replica does it, the one that leads. Two for a moment do no harm.

    A figure is written on the version that was read before its tally was, also where nothing
    changed, and also where there is none yet: so older sums never replace newer ones, and one that
    is of nothing now is not made by a slower leader out of what was so before.

    Args:
        hear: is told of the changes of each batch, once or more often, before it ends.
    """

    def __init__(self, repository: Repository, leases: Leases, hear: Hear | None = None) -> None:
        self._repository = repository
        self._leases = leases
        self._hear = hear

    async def run(self) -> None:
        """Measure for ever, for at most four fifths of the time."""
        await for_ever(
            self._step,
            _PAUSE_SECONDS,
            "figures wait for the database",
            when=lambda: self._leases.leads,
            # As long as the work took was as long again that an event waited (bench/RESULTS.md).
            rest=0.25,
            # Of `hear`; the batch is not done, and is finished in the next step.
            over=(*UNREACHABLE, Contended),
        )

    async def _step(self) -> None:
        began = time.perf_counter()
        if await self.round():
            FIGURES_SECONDS.observe(time.perf_counter() - began)

    async def round(self) -> bool:
        """Finish the batch that was begun, or do the next one; whether there was anything."""
        repository, tallies = self._repository, self._repository.tallies
        batch = await tallies.latest()
        if batch is None:
            await self._found()
            return True
        if not batch.done:
            await self._finish(batch)
            return True
        areas = await repository.unmeasured_areas(_AREAS_A_ROUND)
        keys, apart = await self._placed(batch, areas)
        rebuild = await tallies.to_rebuild(_REBUILT_A_BATCH)
        changes = [] if rebuild else await repository.dirty_cases(CASES_A_BATCH)
        CASES_UNMEASURED.set(len(changes))
        # Changed areas make a batch whatever comes of them: a slower leader's plan, made by what
        # they were before, has to fail. Nobody would come back to its areas apart.
        if rebuild or changes or areas:
            following = Batch(
                number=batch.number + 1,
                done=False,
                apart=apart,
                rebuild=tuple(rebuild),
                changes=tuple(changes),
            )
            if not (await tallies.begin(following) and await self._finish(following)):
                return True
        # What was counted for an area while its level was not known shows up now.
        if areas and await self.tell(keys, of_changed_areas=True):
            await repository.clean_areas(areas)
        return bool(rebuild or changes or areas)

    async def _found(self) -> None:
        """Before the first batch: what an earlier release measured is counted already."""
        tallies = self._repository.tallies
        await tallies.adopt()
        await tallies.mark_all()
        levels = await self._repository.levels()
        await tallies.found(code for code, level in levels.items() if not _has_figures(level))

    async def _placed(
        self, batch: Batch, areas: Sequence[Document]
    ) -> tuple[list[str], frozenset[str]]:
        """The groups of areas that changed, and the areas apart from now on."""
        if not areas:
            return [], batch.apart
        months = await self._repository.months_of_cases()
        measured = {area["_id"] for area in areas if _has_figures(area["level"])}
        others = {area["_id"] for area in areas} - measured
        # Nothing was added to their tallies while they were apart.
        back = [key_of("area", code, month) for code in measured & batch.apart for month in months]
        await self._repository.tallies.mark(sorted(back))
        keys = [key_of("area", area["_id"], month) for area in areas for month in months]
        return keys, (batch.apart - measured) | others

    async def _finish(self, batch: Batch) -> bool:
        """Write what follows from `batch`; False where another leader is at it too."""
        tallies = self._repository.tallies
        if batch.rebuild:
            await tallies.replace(batch.number, await self._whole(batch))
        added = differences(batch.changes, batch.apart)
        await tallies.add(batch.number, added)
        if not await self.tell({*added, *batch.rebuild}):
            return False
        if self._hear is not None:
            await self._hear(batch.changes)
        # Last, so that a case whose mark is cleared shows in its figures.
        await tallies.count(batch.number, batch.changes)
        await tallies.end(batch)
        return True

    async def _whole(self, batch: Batch) -> dict[str, Difference]:
        """The tallies to rebuild, added up from the cases; no batch changes those meanwhile."""
        whole = {key: Difference() for key in batch.rebuild}
        kept = [key for key in batch.rebuild if not is_apart(key, batch.apart)]
        wanted = set(kept)
        async for counted in self._repository.tallies.counted(kept):
            for key in wanted.intersection(counted.keys):
                whole[key].add(counted.measure, 1)
        return whole

    async def tell(self, keys: Iterable[str], *, of_changed_areas: bool = False) -> bool:
        """Write the figures of groups by their tallies; False where another writer was first.

        Args:
            of_changed_areas: a slower leader may still tell of them by their former levels; it
                must not win, so figures of the levels that they have not are written as well.
        """
        wanted = sorted(keys)
        done = True
        for start in range(0, len(wanted), _GROUPS_AT_ONCE):
            done &= await self._tell(wanted[start : start + _GROUPS_AT_ONCE], of_changed_areas)
        return done

    async def _tell(self, keys: list[str], of_changed_areas: bool) -> bool:
        repository = self._repository
        ids = {
            figure_id(month, kind, id): (key, kind)
            for key in keys
            for _, id, month in [parts_of(key)]
            for kind in kinds_of(key)
        }
        # The figures are read before what they are made of: see the class.
        known = await repository.figures.get_many(ids)
        tallies = await repository.tallies.get_many(keys, steps=False)
        levels = await repository.levels({id for g, id, _ in map(parts_of, keys) if g == "area"})
        kinds = {key: kind_of(key, levels.get(parts_of(key)[1])) for key in keys}
        # Hours change once in a case's life: a figure that has those of its tally keeps them.
        kept = {
            key: figure.state
            for id, (key, kind) in ids.items()
            if kinds[key] is kind
            and (figure := known.get(id)) is not None
            and figure.state is not None
            and (tally := tallies.get(key)) is not None
            and tally.hours is not None
            and tally.hours == figure.state.hours_of
        }
        tallies |= await repository.tallies.get_many(tallies.keys() - kept.keys())
        shown = [t for t in tallies.values() if t.whole and kinds[t.key] is not None]
        sums = await self._sums([tally for tally in shown if tally.key not in kept])
        sums |= {tally.key: counts_of(tally) for tally in shown if tally.key in kept}
        # One that is to be made anew is told of once it is, in the batch that does it.
        waiting = {t.key for t in tallies.values() if not t.whole}
        waiting |= {tally.key for tally in shown if tally.key not in sums}
        changed: list[Aggregate[Figure]] = []
        for id, (key, kind) in ids.items():
            # Of a level that its area has not, nothing: whatever the tally says.
            other = kinds[key] is not kind
            if key in waiting and not other:
                continue
            _, subject, month = parts_of(key)
            if other or key not in sums:
                now = figure_of(month, kind, subject, Sums())
            else:
                now = figure_of(month, kind, subject, sums[key], tallies[key].hours)
                if key in kept:
                    now = with_hours_of(now, kept[key])
            aggregate = known.get(id) or Aggregate(id)
            if other and not of_changed_areas and aggregate.state in (None, now):
                continue
            # Where there is no tally yet, no leader has found anything to tell.
            if aggregate.version or key in tallies:
                self._remeasure(aggregate, now)
                changed.append(aggregate)
        return await repository.figures.write(changed)

    async def _sums(self, told: Sequence[Tally]) -> dict[str, Sums]:
        """The sums of tallies, less those that do not fit their values: they are made anew."""
        tallies = self._repository.tallies
        values = await tallies.values({tally.key: steps_wanted(tally) for tally in told})
        sums: dict[str, Sums] = {}
        for tally in told:
            with suppress(Torn):
                sums[tally.key] = sums_of(tally, values[tally.key])
        torn = [tally.key for tally in told if tally.key not in sums]
        if torn:
            log.warning("tallies that do not fit their values are made anew", extra={"keys": torn})
            await tallies.mark(torn)
        return sums

    def _remeasure(self, aggregate: Aggregate[Figure], now: Figure) -> None:
        decision = remeasured(aggregate.state, now)
        if decision is not None:
            self._repository.figures.record(aggregate, decision, by="figures")
        # Also where it is the same: a slower leader with older sums must not win now.
        aggregate.changed = True


def _has_figures(level: str) -> bool:
    return level in (SubjectKind.STREET, SubjectKind.COMMUNITY)
