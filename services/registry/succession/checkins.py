"""Check-ins of an organization as open work: pieces of its book (`checkins/succession.py`)."""

from collections.abc import Sequence

from services.registry.checkins.repository import Checkins
from services.registry.checkins.states import Checkin, book_id
from services.registry.checkins.succession import (
    KIND,
    give_up,
    pass_places,
    successor_of,
    take_over,
)
from services.registry.handover import Passing
from services.registry.succession.schemas import Outcome, WorkView
from services.registry.succession.works import Work


class CheckinWork(Work):
    """Check-ins of organizations that have not ended."""

    kind = "checkins"

    def __init__(self, checkins: Checkins) -> None:
        self._checkins = checkins

    async def among(self, organizations: Sequence[str]) -> set[str]:
        """See `Work.among`."""
        asked = {
            "_id": {"$in": [book_id(KIND, id) for id in organizations]},
            "state.checkins": {"$elemMatch": {"ended_at": None}},
        }
        found = self._checkins.store.collection.find(asked, {"state.reporter": 1})
        return {document["state"]["reporter"] async for document in found}

    async def count(self, organization: str) -> int:
        """See `Work.count`."""
        return len(await self._active(organization))

    async def page(self, organization: str, after: str, limit: int) -> Sequence[WorkView]:
        """See `Work.page`."""
        active = sorted(await self._active(organization), key=lambda one: one.id)
        return [
            WorkView(
                kind=self.kind,
                id=one.id,
                roles=["organization_id"],
                other=None,
                status=one.stage,
                until=one.due_at,
                where=f"/v1/checkins/{one.id}",
            )
            for one in active
            if one.id > after
        ][:limit]

    async def _active(self, organization: str) -> list[Checkin]:
        book = await self._checkins.store.get(book_id(KIND, organization))
        return [] if book is None or book.state is None else book.state.active

    async def hand_over(self, id: str, passing: Passing) -> Outcome:
        """See `Work.hand_over`: into the successor's book, places, out of the old one's."""
        old, to = book_id(KIND, passing.old), passing.new.organization_id
        new, made = book_id(KIND, to), successor_of(id, to)
        checkin = next((one for one in await self._active(passing.old) if one.id == id), None)
        if checkin is None:
            theirs = await self._checkins.store.get(new)
            there = theirs is not None and theirs.state is not None and theirs.state.find(made)
            return "handed_over" if there else "not_open"
        theirs = await self._checkins.store.execute(
            new, lambda book: take_over(book, checkin, passing), by=passing.by
        )
        passed = theirs.state is not None and theirs.state.find(made) is not None
        why = passing.why
        if passed:
            await self._checkins.places.execute(
                checkin.community,
                lambda state: pass_places(state, checkin, passing),
                by=passing.by,
            )
        else:
            why = f"{why}; it serves this community already"
        await self._checkins.store.execute(
            old, lambda book: give_up(book, id, why, passing.at), by=passing.by
        )
        await self._checkins.settle(old)
        await self._checkins.settle(new)
        return "handed_over" if passed else "ended"
