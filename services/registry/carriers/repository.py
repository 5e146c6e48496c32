"""MongoDB calls of carriers, promises and errands, with their indexes and follow-ups."""

from collections.abc import Iterable
from datetime import datetime

from services.registry.carriers.errands import WORK, ErrandState
from services.registry.carriers.posts import CarrierState
from services.registry.carriers.promises import PromiseState, on_due, reopen
from services.registry.following import Changed
from services.registry.records.decisions import RecordState, recorded
from services.registry.records.repository import NAME as RECORDS
from services.registry.records.repository import Records
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.contracts.ids import derived_id
from shared.contracts.words import ErrandStage
from shared.contracts.work import About
from shared.settings import Settings
from shared.spans import moment, to_millis
from shared.storage.aggregates import AggregateStore, Decision
from shared.storage.client import ASCENDING, DESCENDING, Database, DuplicateKeyError

NAME = "carriers"
_BY = ("area_path", "organization_id", "unit_id", "person_id")


class Carriers:
    """The stores of duty posts and areas, of promises and of errands."""

    def __init__(self, database: Database, settings: Settings, records: Records) -> None:
        self._records = records
        topic = topics.CARRIERS
        self.posts: AggregateStore[CarrierState] = entry_store(
            database, NAME, CarrierState, settings, topic
        )
        self.promises: AggregateStore[PromiseState] = entry_store(
            database, "promises", PromiseState, settings, topic
        )
        self.errands: AggregateStore[ErrandState] = entry_store(
            database, "errands", ErrandState, settings, topic
        )

    async def create_indexes(self) -> None:
        """The lists', by area, organization, unit and person, and the follow-ups'."""
        for store in (self.posts, self.promises, self.errands):
            for name in _BY:
                field = "holdings.person_id" if store is self.posts and name == _BY[-1] else name
                await store.collection.create_index(
                    [(f"state.{field}", ASCENDING), ("_id", DESCENDING)], name=name
                )
        await self.promises.collection.create_index(
            [("state.record_id", ASCENDING)],
            partialFilterExpression={"state.record_id": {"$gt": ""}},
            name="record",
        )

    @staticmethod
    def on_due(state: PromiseState, now: datetime) -> Decision[PromiseState] | None:
        """For the timers of promises."""
        return on_due(state, to_millis(now))

    # Follow-ups

    async def follow(self, changed: Changed) -> None:
        """Promises whose record was voided are open again; errands that are done are records."""
        if "errands" in changed:
            await self._record(changed["errands"])
        records = list(changed.get(RECORDS, ()))
        if "promises" in changed:
            # The record may have been voided while the promise was being kept by it.
            kept = await self.promises.get_many(changed["promises"])
            records += [
                each.state.record_id
                for each in kept.values()
                if each.state and each.state.record_id
            ]
        await self._reopen(records)

    async def _reopen(self, records: Iterable[str]) -> None:
        found = await self._records.store.get_many(set(records))
        voided = [each.id for each in found.values() if each.state and each.state.voided]
        if not voided:
            return
        async for document in self.promises.collection.find(
            {"state.record_id": {"$in": voided}}, {"state.record_id": 1}
        ):
            record: str = document["state"]["record_id"]

            def decide(
                state: PromiseState | None, record: str = record
            ) -> Decision[PromiseState] | None:
                return reopen(state, record, moment())

            await self.promises.execute(document["_id"], decide, by="records")

    async def _record(self, ids: Iterable[str]) -> None:
        found = await self.errands.get_many(ids)
        for each in found.values():
            state = each.state
            if state is None or state.stage is not ErrandStage.DONE or state.done_at is None:
                continue
            record = derived_id("errand", each.id)
            if await self._records.store.get(record) is not None:
                continue
            done = RecordState(
                work=WORK,
                at=state.done_at,
                organization_id=state.organization_id,
                person_id=state.person_id,
                about=About(kind="errands", id=each.id),
                quantity=1,
                words=None,
                area_path=state.area_path,
                unit_id=state.unit_id,
                recorded_by=f"errands/{each.id}",
            )
            try:
                await self._records.store.create(
                    record, recorded(record, done), by="errands", answer={"id": record}
                )
            except DuplicateKeyError:
                continue  # another replica did it just now
