"""People belong where their home grid is (art. 6), and the care for them where they are.

A grid goes to another area at once or at a moment that was planned, and its people are documents of
their own. So a follower goes through those of each grid that changed; and through people who
changed, as one may be written just after the grid was gone through, decided on what it was before.
"""

from collections.abc import Iterable, Sequence

from services.registry.care.repository import CareRounds
from services.registry.following import Changed
from services.registry.repository import Repository
from services.registry.service.base import Reference
from services.registry.service.people import People
from shared.storage.aggregates import Contended
from shared.storage.client import Document

_TRIES = 8
_BATCH = 500


class Homes:
    """Takes people along with their home grids, running rounds of care with the people.

    Done again it finds nothing to do.
    """

    def __init__(self, repository: Repository, people: People, care: CareRounds) -> None:
        self._care = care
        self._repository = repository
        self._people = people
        self._store = repository.stores[people.name]

    async def follow(self, changed: Changed) -> None:
        """Take along people of grids that changed, people who changed, and their care."""
        for field, kind in (("state.grid_id", "grids"), ("_id", self._people.name)):
            if ids := changed.get(kind):
                await self._settle({field: {"$in": list(ids)}})
        # Of people who were taken along just now too: they have changed, and come again.
        await self._care.follow(changed)

    async def _settle(self, wanted: Document) -> None:
        shown = {"state.grid_id": 1, "state.area_path": 1}
        found = self._store.collection.find(wanted, shown).batch_size(_BATCH)
        while batch := await found.to_list(_BATCH):
            paths = await self._paths(one["state"]["grid_id"] for one in batch)
            elsewhere = [
                one["_id"]
                for one in batch
                if paths.get(one["state"]["grid_id"])
                not in (None, tuple(one["state"]["area_path"]))
            ]
            if elsewhere:
                await self._take_along(elsewhere)

    async def _take_along(self, ids: Sequence[str]) -> None:
        for _ in range(_TRIES):
            # People before grids: a grid that changes after it was read is met again.
            people = await self._store.get_many(ids)
            paths = await self._paths(one.state.grid_id for one in people.values() if one.state)
            for id, one in people.items():
                assert one.state is not None  # no entry of the registry is without
                decision = self._people.taken_along(id, one.state, paths.get(one.state.grid_id))
                if decision is not None:
                    self._store.record(one, decision, by="grid")
            if await self._store.write(list(people.values())):
                return
        raise Contended(self._people.name)

    async def _paths(self, grids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        found = await self._repository.look_up(Reference("grids", id) for id in set(grids))
        return {reference.id: grid.path for reference, grid in found.items()}
