"""What a retired organization has open passes to its one successor, and to that one's.

Documents are written one at a time, so a follower goes through them: it reads of the journal which
organizations changed, and goes through what the retired ones of them have open. Each piece is
passed on in one write, decided on who has it then: killed at any point, the rest is passed on
later, and nothing twice. What comes in just as an organization is retired (a pairing decided on
before, written after), and what failed, is found by a look at all retired ones every half minute.

With several successors a person says who gets what; with none it is shown as open work of its area
until somebody names who takes over. It does not go to the superior organization by itself: that
one has not agreed to a company's pairings, is often the one that assigned the tasks, and a street
with hundreds of organizations would get what nobody looks at.
"""

import time
from collections.abc import Iterable, Sequence

from services.registry.following import Changed
from services.registry.handover import Passing
from services.registry.repository import Repository
from services.registry.service.organizations import NAME as ORGANIZATIONS
from services.registry.standing import standings
from services.registry.succession.schemas import WorkKind
from services.registry.succession.works import Work
from shared.spans import moment
from shared.storage.client import ASCENDING
from shared.successors import Succeeded, heir_of

BY = "succession"
_BATCH = 200
_LOOK_SECONDS = 30.0
_SHOWN = {"state.retired": 1, "state.successors": 1}
_ONE_SUCCESSOR = {
    "state.retired": True,
    "state.successors.0": {"$exists": True},
    "state.successors.1": {"$exists": False},
}


class Succession:
    """Passes open work on; `works` in the order of their kinds."""

    def __init__(self, repository: Repository, works: Iterable[Work]) -> None:
        self._repository = repository
        self._organizations = repository.stores[ORGANIZATIONS].collection
        self.works = tuple(sorted(works, key=lambda work: work.kind))
        self._look_at = 0.0

    async def create_indexes(self) -> None:
        """Of retired organizations, which are few."""
        await self._organizations.create_index(
            [("state.retired", ASCENDING), ("_id", ASCENDING)],
            name="retired",
            partialFilterExpression={"state.retired": True},
        )

    # What is left

    async def counts(self, organization: str) -> dict[WorkKind, int]:
        """How many pieces of each kind it has open."""
        return {work.kind: await work.count(organization) for work in self.works}

    async def among(self, organizations: Sequence[str]) -> set[str]:
        """Which of these organizations have something open."""
        found: set[str] = set()
        for work in self.works:
            found |= await work.among(organizations)
        return found

    # Following

    async def follow(self, changed: Changed) -> None:
        """Pass on what organizations that changed have open, those that are retired."""
        await self._pass_on_of(changed.get(ORGANIZATIONS, ()))

    async def catch_up(self) -> bool:
        """Every half minute: what was missed. Nothing is left to do at once."""
        if time.monotonic() >= self._look_at:
            found = self._organizations.find(_ONE_SUCCESSOR, {"_id": 1})
            ids = [document["_id"] async for document in found]
            for start in range(0, len(ids), _BATCH):
                await self._pass_on_of(sorted(await self.among(ids[start : start + _BATCH])))
            self._look_at = time.monotonic() + _LOOK_SECONDS
        return False

    async def _pass_on_of(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        asked = {"_id": {"$in": list(ids)}} | _ONE_SUCCESSOR
        found = self._organizations.find(asked, {"_id": 1})
        for id in sorted([document["_id"] async for document in found]):
            heir = await self._heir(id)
            if heir is not None:
                await self._pass_on(id, heir)

    async def _heir(self, id: str) -> str | None:
        known: dict[str, Succeeded] = {}
        wanted = [id]
        while wanted:
            async for one in self._organizations.find({"_id": {"$in": wanted}}, _SHOWN):
                state = one["state"]
                heirs = tuple(state.get("successors", ()))
                known[one["_id"]] = Succeeded(state["retired"], heirs)
            wanted = [
                heir
                for each in wanted
                for heir in (known[each].successors if each in known else ())
                if heir not in known
            ]
        return heir_of(id, known)

    async def _pass_on(self, id: str, heir: str) -> None:
        stand = (await standings(self._repository, [id, heir])).by_id
        unit_id = stand[id].unit_id
        passing = Passing(id, stand[heir], moment(), BY, _why(id), unit_id)
        for work in self.works:
            await work.pass_all(passing)


def _why(id: str) -> str:
    return f"successor of {id}, which is retired"
