"""The figures loop: from cases that changed to the figures that they count in.

Everything is computed anew from the cases of the touched groups, so that neither order nor
duplicates nor a crash anywhere can matter: a mark is cleared only after its figures are written,
and only where its case has not changed meanwhile (docs/decisions/0004-figures-recomputed.md).
"""

import asyncio
import logging
import time
from collections.abc import Iterable

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
)
from shared.messaging.leases import Leases
from shared.storage.aggregates import Aggregate
from shared.storage.client import UNREACHABLE
from shared.telemetry import CASES_UNMEASURED, FIGURES_SECONDS

log = logging.getLogger(__name__)

CASES_A_ROUND = 20_000
_AREAS_A_ROUND = 500
_PAUSE_SECONDS = 0.2
_GROUPS_AT_ONCE = 1000


class Measuring:
    """Keeps the figures up; one replica does it, the one that leads.

    Two that lead for a moment do no harm: a figure is written on the version that was read before
    its cases were, so that older sums never replace newer ones.
    """

    def __init__(self, repository: Repository, leases: Leases) -> None:
        self._repository = repository
        self._leases = leases

    async def run(self) -> None:
        """Measure for ever, for at most half of the time."""
        while True:
            took = 0.0
            if self._leases.leads:
                began = time.perf_counter()
                try:
                    worked = await self.round()
                except UNREACHABLE as error:
                    log.warning("figures wait for the database", extra={"error": repr(error)})
                    worked = False
                if worked:
                    took = time.perf_counter() - began
                    FIGURES_SECONDS.observe(took)
            await asyncio.sleep(max(_PAUSE_SECONDS, took))

    async def round(self) -> bool:
        """Measure what changed, up to a batch; whether there was anything."""
        repository = self._repository
        areas = await repository.unmeasured_areas(_AREAS_A_ROUND)
        cases = await repository.dirty_cases(CASES_A_ROUND)
        CASES_UNMEASURED.set(len(cases))
        if not cases and not areas:
            return False
        keys = {key for case in cases for key in case.keys}
        if areas:
            # What was counted for an area while its level was not known shows up now.
            months = await repository.months_of_cases()
            keys |= {key_of("area", area["_id"], month) for area in areas for month in months}
        if await self.measure(keys):
            await repository.clean(cases)
            await repository.clean_areas(areas)
        return True

    async def measure(self, keys: Iterable[str]) -> bool:
        """Compute and write the figures of groups; False where another writer was first."""
        wanted = sorted(keys)
        done = True
        for start in range(0, len(wanted), _GROUPS_AT_ONCE):
            done &= await self._measure(wanted[start : start + _GROUPS_AT_ONCE])
        return done

    async def _measure(self, keys: list[str]) -> bool:
        repository = self._repository
        codes = {id for group, id, _ in map(parts_of, keys) if group == "area"}
        levels = await repository.levels(codes)
        kinds = {key: kind_of(key, levels.get(parts_of(key)[1])) for key in keys}
        # The figures are read before the cases: see the class.
        ids = {
            figure_id(month, kind, id): (key, kind)
            for key in keys
            for _, id, month in [parts_of(key)]
            for kind in kinds_of(key)
        }
        known = await repository.figures.get_many(ids)
        sums = await repository.sums([key for key, kind in kinds.items() if kind is not None])
        changed: list[Aggregate[Figure]] = []
        for id, (key, kind) in ids.items():
            counts = sums.get(key) if kinds[key] is kind else None
            aggregate = known.get(id) or Aggregate(id)
            self._remeasure(aggregate, key, kind, counts or Sums())
            changed.append(aggregate)
        return await repository.figures.write(changed)

    def _remeasure(
        self, aggregate: Aggregate[Figure], key: str, kind: SubjectKind, sums: Sums
    ) -> None:
        _, id, month = parts_of(key)
        decision = remeasured(aggregate.state, figure_of(month, kind, id, sums))
        if decision is not None:
            self._repository.figures.record(aggregate, decision, by="figures")
        elif aggregate.version:
            # Measured and found the same: a slower leader with older sums must not win now.
            aggregate.changed = True
