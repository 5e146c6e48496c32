"""MongoDB calls of check-ins, with their indexes; `settling` runs here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.registry.checkins import decisions, settling
from services.registry.checkins.settling import Steps
from services.registry.checkins.states import Book, CommunityPosts
from services.registry.checkins.table import CheckinRules
from services.registry.follow_ups import FollowUp
from services.registry.repository import Repository
from services.registry.service.base import Reference
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.messaging.leases import Leases
from shared.messaging.timers import OnDue, Timers
from shared.settings import Settings
from shared.spans import moment
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.client import ASCENDING, Database, Document

NAME = "checkins"
PLACES = "checkin_posts"


class Checkins:
    """The books (`store`) and the communities' places (`places`)."""

    def __init__(
        self, database: Database, settings: Settings, rules: Callable[[], CheckinRules]
    ) -> None:
        self._rules = rules
        self.store: AggregateStore[Book] = entry_store(
            database, NAME, Book, settings, topics.CHECKINS
        )
        self.places: AggregateStore[CommunityPosts] = entry_store(
            database, PLACES, CommunityPosts, settings, topics.CHECKINS
        )
        self.follow_ups = [
            FollowUp(self.store.collection, "state.unsettled", self.settle),
            FollowUp(self.places.collection, "state.unsure", self.settle_places),
        ]

    async def create_indexes(self) -> None:
        """The indexes of lists, look-ups and follow-ups."""
        index = self.store.collection.create_index
        for name, fields in (("area", ["area_path"]), ("stage", ["stage", "area_path"])):
            listed = [(f"state.checkins.{field}", ASCENDING) for field in fields]
            await index([*listed, ("_id", ASCENDING)], name=name)
        await index([("state.checkins.id", ASCENDING)], name="checkin")
        units = {"state.unit_id": {"$gt": ""}}
        await index(
            [("state.unit_id", ASCENDING), ("_id", ASCENDING)],
            name="unit",
            partialFilterExpression=units,
        )
        for follow_up in self.follow_ups:
            await follow_up.create_index()

    async def of_checkin(self, checkin_id: str) -> Aggregate[Book] | None:
        """The book that a check-in stands in."""
        found = await self.store.collection.find_one(
            {"state.checkins.id": checkin_id}, {"history": 0, "outbox": 0}
        )
        return None if found is None else self.store.load(found)

    # Posts

    async def settle(self, book_id: str) -> None:
        """Finish what is asked for and left in a book."""
        await self._run(settling.settle(book_id, self._rules(), moment()))

    async def settle_places(self, community: str) -> None:
        """Confirm the places that books hold, take away those that no book will hold."""
        await self._run(settling.settle_places(community, self._rules(), moment()))

    async def _run(self, steps: Steps) -> None:
        stores: dict[str, AggregateStore[Any]] = {"book": self.store, "places": self.places}
        step = next(steps, None)
        while step is not None:
            done = await stores[step.document].execute(step.id, step.decide, by=NAME)
            try:
                step = steps.send(done.state)
            except StopIteration:
                return


def in_areas(areas: Sequence[str] | None, **fields: object) -> Document:
    """Books with a check-in in one of `areas` (None: any) whose `fields` are so; None: any."""
    wanted: list[Document] = [] if areas is None else [{"area_path": {"$in": sorted(areas)}}]
    wanted += [{name: value} for name, value in fields.items() if value is not None]
    return {"state.checkins": {"$elemMatch": {"$and": wanted}}} if wanted else {}


class ReportTimers(Timers[Book]):
    """The timers of reports; check-ins of retired entries end."""

    def __init__(self, checkins: Checkins, repository: Repository, leases: Leases) -> None:
        super().__init__(checkins.store, decisions.on_due, leases)
        self._repository = repository

    async def deciding(self, states: Sequence[Book]) -> OnDue[Book]:
        """Look up which of the entries are retired."""
        found = await self._repository.look_up(
            Reference(book.kind, book.reporter) for book in states
        )

        # What one with successors has open passes to them (`succession`): it does not end here.
        kept = await self._repository.succeeded(
            of.id for of, entry in found.items() if of.kind == "organizations" and entry.retired
        )

        def on_due(book: Book, now: datetime) -> Decision[Book] | None:
            entry = found.get(Reference(book.kind, book.reporter))
            gone = entry is None or entry.retired
            passes = book.kind == "organizations" and book.reporter in kept
            return decisions.on_due(book, now, gone=gone and not passes)

        return on_due
