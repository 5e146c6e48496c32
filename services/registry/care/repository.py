"""MongoDB calls of care, with its indexes; timers; the round after a visit."""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from services.registry.care import decisions
from services.registry.care.decisions import OPEN, WORK, Care, Where, open_as, round_id
from services.registry.care.table import CareRules
from services.registry.follow_ups import FollowUp
from services.registry.following import Changed
from services.registry.records.decisions import recorded
from services.registry.records.repository import Records, chosen
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.contracts.ids import derived_id
from shared.messaging.leases import Leases
from shared.messaging.timers import OnDue, Timers
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.client import ASCENDING, DESCENDING, Database, Document, DuplicateKeyError
from shared.web.paging import Paging

NAME = "care"
_SHOWN = {"history": 0, "outbox": 0}


class CareRounds:
    """The rounds of marks; `records` tell which visits were made."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        records: Records,
        rules: Callable[[], CareRules],
    ) -> None:
        self._people = database["people"]
        self._records = records
        self.rules = rules
        self.store: AggregateStore[Care] = entry_store(database, NAME, Care, settings, topics.CARE)
        self.follow_up = FollowUp(self.store.collection, "state.following", self.continue_)

    async def create_indexes(self) -> None:
        """Running rounds by area and by grid, each by date; of a person, one of each kind."""
        index = self.store.collection.create_index
        dates = [("state.due_at", ASCENDING), ("_id", ASCENDING)]
        running = {"state.open_as": {"$gt": ""}}
        for name in ("area_path", "grid_id"):
            keys = [(f"state.{name}", ASCENDING), *dates]
            await index(keys, name=name, partialFilterExpression=running)
        await index(dates, name="dates", partialFilterExpression=running)
        await index(
            [("state.open_as", ASCENDING)],
            name="open_as",
            unique=True,
            partialFilterExpression=running,
        )
        await index(
            [("state.person_id", ASCENDING)], name="person", partialFilterExpression=running
        )
        await index([("state.mark", ASCENDING), ("state.round", DESCENDING)], name="mark")
        await self.follow_up.create_index()

    async def where(self, people: Iterable[str]) -> Mapping[str, Where]:
        """Where people belong, of those that are registered; by id."""
        shown = {"state.grid_id": 1, "state.area_path": 1, "state.retired": 1}
        found = self._people.find({"_id": {"$in": list(people)}}, shown)
        return {
            document["_id"]: Where(
                document["state"]["grid_id"],
                tuple(document["state"]["area_path"]),
                document["state"]["retired"],
            )
            async for document in found
        }

    async def newest(self, mark: str) -> Aggregate[Care] | None:
        """The newest round of a mark."""
        newest = [("state.round", DESCENDING)]
        found = self.store.collection.find({"state.mark": mark}, _SHOWN).sort(newest).limit(1)
        documents = await found.to_list(None)
        return self.store.load(documents[0]) if documents else None

    async def open(self, person_id: str, kind: str) -> str | None:
        """The mark of a person that runs."""
        found = await self.store.collection.find_one(
            {"state.open_as": open_as(person_id, kind)}, {"state.mark": 1}
        )
        return None if found is None else str(found["state"]["mark"])

    async def running(
        self, conditions: Sequence[Document], page: Paging
    ) -> tuple[Sequence[Aggregate[Care]], str | None]:
        """A page of running rounds, the earliest date first, and the cursor of the next one."""
        wanted: list[Document] = [{"state.open_as": {"$gt": ""}}]
        wanted += [one for one in conditions if one]
        if page.after is not None:
            at, id = page.after
            later = {"state.due_at": at, "_id": {"$gt": id}}
            wanted.append({"$or": [{"state.due_at": {"$gt": at}}, later]})
        found = self.store.collection.find({"$and": wanted}, _SHOWN)
        order = [("state.due_at", ASCENDING), ("_id", ASCENDING)]
        documents, following = page.cut(
            await found.sort(order).limit(page.limit + 1).to_list(None),
            lambda one: (one["state"]["due_at"], one["_id"]),
        )
        return [self.store.load(document) for document in documents], following

    async def visits(self, rounds: Iterable[str]) -> Mapping[str, datetime]:
        """When the latest recorded visit of each of `rounds` was."""
        ids = list(rounds)
        wanted = chosen(about_id=ids, work=WORK) if ids else None
        latest = [] if wanted is None else await self._records.latest(wanted, 5 * len(ids))
        found: dict[str, datetime] = {}
        for one in latest:
            if one.state is not None and one.state.about is not None:
                found.setdefault(one.state.about.id, one.state.at)
        return found

    async def follow(self, changed: Changed) -> None:
        """Running rounds of people who changed go where they went."""
        ids = list(changed.get("people", ()))
        if not ids:
            return
        wanted = {"state.person_id": {"$in": ids}, "state.open_as": {"$gt": ""}}
        rounds = await self.store.collection.find(wanted, {"state.person_id": 1}).to_list(None)
        where = await self.where({one["state"]["person_id"] for one in rounds})
        for one in rounds:
            there = where.get(one["state"]["person_id"])
            if there is not None:
                await self.store.execute(one["_id"], partial(decisions.moved, where=there), by=NAME)

    async def continue_(self, id: str) -> None:
        """Make the record of a visit that dispatch told of, and the round after a done one; again
        is as once."""
        found = await self.store.get(id)
        state = None if found is None else found.state
        if state is None or state.following is None:
            return
        by = state.visited_by
        # Recorded by hand in the same moment: that is this visit.
        if by is not None and not await self.visits([id]):
            record_id = derived_id("care visit", id)
            decision = recorded(record_id, decisions.record_of(id, state, by))
            with contextlib.suppress(DuplicateKeyError):
                await self._records.store.create(record_id, decision, by=decisions.BY, answer={})
        where = (await self.where([state.person_id])).get(state.person_id)
        next_round = decisions.successor(state, where, self.rules().by_code.get(state.kind))
        if next_round is not None:
            following = round_id(state.mark, state.round + 1)
            # Taken: it is there, or the person was marked anew meanwhile.
            with contextlib.suppress(DuplicateKeyError):
                await self.store.create(following, next_round, by=NAME, answer={})
        await self.store.execute(id, decisions.followed, by=NAME)


class CareTimers(Timers[Care]):
    """The timers of care: where the person belongs now, and which visits were recorded, count."""

    def __init__(self, rounds: CareRounds, leases: Leases) -> None:
        super().__init__(rounds.store, _never, leases)
        self._rounds = rounds

    async def deciding(self, states: Sequence[Care]) -> OnDue[Care]:
        """Look both up for a batch."""
        where = await self._rounds.where({state.person_id for state in states})
        visits = await self._rounds.visits(round_id(one.mark, one.round) for one in states)
        kinds = self._rounds.rules().by_code

        def on_due(state: Care, now: datetime) -> Decision[Care] | None:
            visit = visits.get(round_id(state.mark, state.round))
            return decisions.on_due(
                state, now, where.get(state.person_id), visit, kinds.get(state.kind)
            )

        return on_due


def _never(_state: Care, _now: datetime) -> None:
    """`deciding` gives what decides."""


def in_stage(stage: decisions.Stage | None) -> Document:
    """Condition on a round's stage; None: any that runs."""
    return {"state.stage": {"$in": list(OPEN)} if stage is None else stage}
