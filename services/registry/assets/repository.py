"""The scorecards that lists read, kept up by follow-ups; one an organization."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.registry.assets.counts import Counts
from services.registry.assets.decisions import Found, Rules, Scorecard, observe, only_looks
from services.registry.assets.table import AssetTable
from services.registry.following import Changed
from services.registry.registered import Registered, Registrations
from services.registry.stores import entry_store
from shared.settings import Settings
from shared.spans import moment
from shared.storage.aggregates import Aggregate, AggregateStore, Contended
from shared.storage.client import ASCENDING, Database, Document, UpdateOne, aggregate
from shared.storage.tables import Tables
from shared.web.pages import index_along

NAME = "assets"
_TRIES = 8
_BATCH = 500
_OWNED = ("records", "venues", "carriers", "promises", "errands")
"""Collections whose documents say in `state.organization_id` whose they are."""


class Scorecards:
    """The store of scorecards, and what they are made from."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        tables: Tables,
        counts: Counts,
        registrations: Registrations,
    ) -> None:
        self._database = database
        self._tables = tables
        self._zone = ZoneInfo(settings.timezone)
        self._counts = counts
        self._registrations = registrations
        self.store: AggregateStore[Scorecard] = entry_store(database, NAME, Scorecard, settings)

    async def create_indexes(self) -> None:
        """The lists': by area, by unit and of all; and that of the rules."""
        await index_along(self.store, "held", ("area_path", "unit_id"))
        await self.store.collection.create_index([("state.rules", ASCENDING)], name="rules")

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        newest = self._tables.newest(AssetTable)
        return Rules(newest.table, newest.version, self._zone)

    async def look(
        self, id: str, at: datetime
    ) -> tuple[Registered, Mapping[str, Found], Scorecard] | None:
        """An organization as it is now (`at`): what is found, and what the list will say of it.

        None where there is no such organization.
        """
        organizations = await self._registrations.read([id])
        if not organizations:
            return None
        [organization] = organizations
        rules = self.rules
        found = (await self._counts.of(organizations, rules.table, at))[id]
        there = await self.store.get(id)
        state = there.state if there else None
        began = await self._registrations.began()
        decision = observe(state, organization, found, began, at, rules)
        new = decision.state if decision else state
        assert new is not None  # without a state there is a decision
        return organization, found, new

    async def held(self, ids: Iterable[str]) -> dict[str, int]:
        """How many of the six these organizations have now, those that are there."""
        at = moment()
        found = {id: await self.look(id, at) for id in ids}
        return {id: one[2].held or 0 for id, one in found.items() if one is not None}

    async def totals(self, conditions: Sequence[Document]) -> dict[int, int]:
        """How many organizations have how many of the six."""
        pipeline: list[Document] = [
            {"$match": {"$and": [*conditions, {"state.held": {"$gte": 0}}]}},
            {"$group": {"_id": "$state.held", "organizations": {"$sum": 1}}},
        ]
        return {
            row["_id"]: row["organizations"]
            async for row in aggregate(self.store.collection, pipeline)
        }

    # Follow-ups

    async def follow(self, changed: Changed, organizations: Iterable[str]) -> None:
        """Count anew for `organizations` and those of which something changed."""
        ids = {*organizations, *changed.get("organizations", ())}
        for kind in _OWNED:
            if kind in changed:
                wanted = {"_id": {"$in": list(changed[kind])}}
                owners = await self._database[kind].distinct("state.organization_id", wanted)
                ids.update(owner for owner in owners if owner is not None)
        await self.refresh(ids)

    async def catch_up(self) -> bool:
        """Count anew for some that are due or were counted by older rules; whether any were."""
        ids: set[str] = set()
        for behind in (
            {"next_due": {"$lte": moment()}},
            {"state.rules": {"$lt": self.rules.version}},
        ):
            found = self.store.collection.find(behind, {"_id": 1}).limit(_BATCH)
            ids.update([document["_id"] async for document in found])
        await self.refresh(ids)
        return bool(ids)

    async def refresh(self, ids: Iterable[str]) -> None:
        """Count anew for these organizations."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            for _ in range(_TRIES):
                if await self._derive(batch):
                    break
            else:
                raise Contended(NAME)

    async def _derive(self, ids: list[str]) -> bool:
        # Documents before facts: of two that count at once the slower one meets a conflict.
        there = await self.store.get_many(ids)
        began = await self._registrations.began()
        organizations = await self._registrations.read(ids)
        at, rules = moment(), self.rules
        found = await self._counts.of(organizations, rules.table, at)
        changed: list[Aggregate[Scorecard]] = []
        looks: list[UpdateOne] = []
        for organization in organizations:
            aggregate = there.get(organization.id) or Aggregate(organization.id)
            decision = observe(
                aggregate.state, organization, found[organization.id], began, at, rules
            )
            if decision is None:
                continue
            if aggregate.state is not None and only_looks(aggregate.state, decision.state):
                # A daily entry would push out of the history who set a target, and why.
                looks.append(_look_again(aggregate, decision.state))
            else:
                self.store.record(aggregate, decision, by="facts")
                changed.append(aggregate)
        if looks:
            await self.store.collection.bulk_write(looks, ordered=False)
        return await self.store.write(changed)


def _look_again(aggregate: Aggregate[Scorecard], state: Scorecard) -> UpdateOne:
    """The update that puts off the next look, unless another writer was first."""
    return UpdateOne(
        {"_id": aggregate.id, "version": aggregate.version},
        {"$set": {"state.look_at": state.look_at, "next_due": state.look_at}}
        if state.look_at is not None
        else {"$set": {"state.look_at": None}, "$unset": {"next_due": ""}},
    )
