"""MongoDB calls of the backbone, with its indexes; and its follow-up on what changed elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from services.registry.backbone.decisions import observe, on_due
from services.registry.backbone.state import Backbone, Course, Rules
from services.registry.backbone.table import BackboneRules
from services.registry.following import Changed
from services.registry.records.repository import NAME as RECORDS
from services.registry.registered import Registrations
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.settings import Settings
from shared.spans import moment, to_millis
from shared.storage.aggregates import Aggregate, AggregateStore, Contended, Decision
from shared.storage.client import ASCENDING, Database
from shared.storage.tables import Tables
from shared.web.pages import index_along

NAME = "backbone"
_TRIES = 8
_BATCH = 500


class Backbones:
    """The store of backbones, one an organization."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        tables: Tables,
        registrations: Registrations,
    ) -> None:
        self._database = database
        self._tables = tables
        self._zone = ZoneInfo(settings.timezone)
        self._registrations = registrations
        self.store: AggregateStore[Backbone] = entry_store(
            database, NAME, Backbone, settings, topics.BACKBONE
        )

    async def create_indexes(self) -> None:
        """The lists': by area, by unit and of all; and those of the follow-ups."""
        for field in ("vacancy_overdue_at", "ends_at", "training_due"):
            await index_along(self.store, field, ("area_path", "unit_id"))
        for field in ("holders", "rules"):
            await self.store.collection.create_index([(f"state.{field}", ASCENDING)], name=field)

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        newest = self._tables.newest(BackboneRules)
        return Rules(newest.table, newest.version, self._zone)

    def on_due(self, state: Backbone, now: datetime) -> Decision[Backbone]:
        """For the timers."""
        return on_due(state, to_millis(now), self.rules)

    # Follow-ups

    async def follow(self, changed: Changed) -> set[str]:
        """Derive anew for organizations, terms and records of training that changed; for whom."""
        ids = {*changed.get("organizations", ()), *changed.get(NAME, ())}
        if RECORDS in changed:
            ids |= await self._trained(changed[RECORDS])
        await self.refresh(ids)
        return ids

    async def catch_up(self) -> bool:
        """Derive anew for some that were derived by older rules; whether there were any."""
        behind = self.store.collection.find(
            {"state.rules": {"$lt": self.rules.version}}, {"_id": 1}
        ).limit(_BATCH)
        ids = [document["_id"] async for document in behind]
        await self.refresh(ids)
        return bool(ids)

    async def _trained(self, records: Iterable[str]) -> set[str]:
        """Organizations whose holders these records of training are about."""
        wanted = {"_id": {"$in": list(records)}, "state.work": self.rules.table.training_work}
        people = await self._database[RECORDS].distinct("state.person_id", wanted)
        if not people:
            return set()
        found = self.store.collection.find({"state.holders": {"$in": people}}, {"_id": 1})
        return {document["_id"] async for document in found}

    async def refresh(self, ids: Iterable[str]) -> None:
        """Take in what the registry says now of these organizations and their holders."""
        wanted = sorted(ids)
        began = await self._registrations.began()
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            for _ in range(_TRIES):
                if await self._derive(batch, began):
                    break
            else:
                raise Contended(NAME)

    async def _derive(self, ids: list[str], began: datetime) -> bool:
        there = await self.store.get_many(ids)
        people = {person for each in there.values() if each.state for person in each.state.holders}
        courses = await self._courses(people)
        at, rules = moment(), self.rules
        changed = []
        for organization in await self._registrations.read(ids):
            aggregate = there.get(organization.id) or Aggregate(organization.id)
            decision = observe(aggregate.state, organization, courses, began, at, rules)
            if decision is not None:
                self.store.record(aggregate, decision, by="backbone")
                changed.append(aggregate)
        return await self.store.write(changed)

    async def _courses(self, people: set[str]) -> dict[str, list[Course]]:
        found: defaultdict[str, list[Course]] = defaultdict(list)
        if people:
            wanted = {
                "state.person_id": {"$in": sorted(people)},
                "state.work": self.rules.table.training_work,
                "state.voided": None,
            }
            shown = {"state.person_id": 1, "state.at": 1, "state.quantity": 1}
            async for document in self._database[RECORDS].find(wanted, shown):
                state = document["state"]
                found[state["person_id"]].append(Course(state["at"], state["quantity"]))
        return found
