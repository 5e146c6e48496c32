"""Watches the registry's changes and keeps the gaps in coverage up; the leading replica does it.

The leader holds the city in memory and reads of the journal, which has every published change,
what is new. Every ten minutes the whole city is read anew, beside the rounds, so that no change
waits for it. A place's document is written on the version that was read before the entries were,
so that of two who lead for a moment the slower one meets a conflict and begins anew.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.registry.coverage import City, Coverage, Place, observe
from services.registry.coverage_repository import CoverageRepository
from shared.contracts import topics
from shared.messaging.ending import end_tasks
from shared.messaging.journal import Journal
from shared.messaging.leases import Leases
from shared.spans import moment
from shared.storage.aggregates import Aggregate
from shared.storage.loops import for_ever

_PAUSE_SECONDS = 0.5
_PLACES_A_WRITE = 500
_OVERLAP = timedelta(seconds=5)
"""How late an entry may show up in the journal: clocks that differ, a slow write."""
_ANEW = timedelta(minutes=10)
"""After this the whole city is read again, for what came later still."""


class _View:
    """What the leader knows: the city, its places' documents, how far it has read the journal."""

    def __init__(self, known: dict[str, Aggregate[Coverage]], began: datetime) -> None:
        self.city = City()
        self.known = known
        self.began = began
        self.fresh = True
        self.read_to = began
        self.seen: dict[str, tuple[int, datetime]] = {}

    def touched(self) -> set[Place]:
        """The places to look at: of a city that was just read all, and those known before."""
        places = self.city.touched()
        if self.fresh:
            states = (each.state for each in self.known.values())
            places |= {Place(state.place, state.place_id) for state in states if state is not None}
        self.fresh = False
        return places


class CoverageWatch:
    """Keeps the gaps up while this replica leads."""

    def __init__(self, repository: CoverageRepository, journal: Journal, leases: Leases) -> None:
        self._repository = repository
        self._journal = journal
        self._leases = leases
        self._view: _View | None = None
        self._coming: asyncio.Task[_View] | None = None

    async def run(self) -> None:
        """Look twice a second, and for at most four fifths of the time, for ever."""
        try:
            await for_ever(self._step, _PAUSE_SECONDS, "coverage waits for the database", rest=0.25)
        finally:
            await self.end()

    async def _step(self) -> None:
        if self._leases.leads:
            await self.round()
        else:
            await self.end()

    async def end(self) -> None:
        """Let go of the city, and of what reads it."""
        coming, self._coming, self._view = self._coming, None, None
        if coming is not None:
            await end_tasks([coming])

    async def round(self) -> None:
        """Look at what changed since the last round; at everything in the first."""
        # Of a round that fails it is not known what was read and written: the next begins anew.
        view, self._view = self._view, None
        if view is None:
            await self.end()
            view = await self._everything()
        elif self._coming is None and datetime.now(UTC) - view.began > _ANEW:
            self._coming = asyncio.create_task(self._everything())
        elif self._coming is not None and self._coming.done():
            coming, self._coming = self._coming, None
            view = _follow(view, coming.result())
        # After everything, too: what was changed while it was read is told of in the same round.
        await self._repository.put(view.city, await self._changed(view))
        self._view = view if await self._write(view, view.touched()) else None

    async def _everything(self) -> _View:
        """The whole city as it is registered now."""
        now = datetime.now(UTC)
        view = _View(await self._repository.known(), now)  # before the entries: see the module
        await self._repository.put(view.city)
        return view

    async def _changed(self, view: _View) -> dict[str, list[str]]:
        """Ids by kind of entries whose change the journal shows for the first time."""
        entries = await self._journal.recent(topics.REGISTRY.name, view.read_to - _OVERLAP)
        changed: defaultdict[str, list[str]] = defaultdict(list)
        for entry in entries:
            kind, _, id = entry["key"].partition("/")
            if view.seen.get(entry["key"], (0,))[0] < entry["n"]:
                changed[kind].append(id)
            view.seen[entry["key"]] = (entry["n"], entry["at"])
            view.read_to = max(view.read_to, entry["at"])
        oldest = view.read_to - _OVERLAP
        view.seen = {key: seen for key, seen in view.seen.items() if seen[1] >= oldest}
        return changed

    async def _write(self, view: _View, touched: Iterable[Place]) -> bool:
        """Write what changed of the places; False where another writer was first."""
        places = sorted(touched)
        for start in range(0, len(places), _PLACES_A_WRITE):
            changed = self._decide(view, places[start : start + _PLACES_A_WRITE])
            if not await self._repository.store.write(changed):
                return False
            for each in changed:
                version = each.version + 1
                view.known[each.id] = Aggregate(each.id, version, each.sequence, each.state)
            await asyncio.sleep(0)  # requests are answered between two batches of a whole city
        return True

    def _decide(self, view: _View, places: Iterable[Place]) -> list[Aggregate[Coverage]]:
        """The places' documents that have to change."""
        # To the millisecond, as the database keeps it, so that list and events say the same.
        now = moment()
        changed: list[Aggregate[Coverage]] = []
        city = view.city
        for place in places:
            there = view.known.get(place.key) or Aggregate(place.key)
            decision = observe(there.state, place, city.path(place), city.gaps(place), now)
            if decision is not None:
                new = Aggregate(place.key, there.version, there.sequence, there.state)
                self._repository.store.record(new, decision, by="coverage")
                changed.append(new)
        return changed


def _follow(view: _View, anew: _View) -> _View:
    """`anew` in place of `view`, which went on while `anew` was read.

    What this view wrote meanwhile it had from the journal, which `anew` reads from where it began.
    """
    for key, mine in view.known.items():
        there = anew.known.get(key)
        if there is None or there.version < mine.version:
            anew.known[key] = mine
    anew.read_to = min(view.read_to, anew.read_to)
    return anew
