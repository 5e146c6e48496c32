"""MongoDB calls on duties: what each organization has recorded, and who is behind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.registry.duties.decisions import Span, begins
from services.registry.duties.state import Owed, year_of
from services.registry.duties.table import DutyTable
from services.registry.following import Changed
from services.registry.records.repository import NAME as RECORDS
from services.registry.records.repository import Records, Total, chosen
from services.registry.registered import Registrations
from services.registry.repository import Repository
from services.registry.stores import entry_store
from shared.contracts.words import Domain
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Contended
from shared.storage.client import ASCENDING, Database, Document, aggregate
from shared.storage.tables import Tables
from shared.web.paging import Cursor

NAME = "duty_counts"
_SHOWN = ("name", "sort_key", "domain", "area_path", "retired", "founded")
_ORDER = [("state.sort_key", ASCENDING), ("_id", ASCENDING)]
_TRIES = 8
_BATCH = 500


class Duties:
    """What is owed and recorded; `zone` is where the city's years begin."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        repository: Repository,
        records: Records,
        tables: Tables,
        registrations: Registrations,
        zone: ZoneInfo,
    ) -> None:
        self._organizations = repository.stores["organizations"].collection
        self._records = records.store.collection
        self._tables = tables
        self._registrations = registrations
        self.zone = zone
        self.store: AggregateStore[Owed] = entry_store(database, NAME, Owed, settings)

    async def create_indexes(self) -> None:
        """The lists', of all and by area, and those of what is to be summed up anew."""
        index = self.store.collection.create_index
        await index(_ORDER, name="order")
        await index([("state.area_path", ASCENDING), *_ORDER], name="path")
        await index([("state.rules", ASCENDING)], name="rules")
        await index([("state.begun", ASCENDING)], name="begun")

    async def late(
        self,
        year: int,
        work: str | None,
        by: datetime,
        due: Mapping[Domain, datetime],
        conditions: Sequence[Document],
        after: Cursor | None,
        limit: int,
    ) -> Sequence[Aggregate[Owed]]:
        """Organizations in service that may be behind by a moment, by name and id.

        Args:
            due: domains of which something is due by then, with the latest beginning: with nothing
                recorded in the year, one that has begun by then is behind, and nothing is kept of
                it.
        """
        late: Document = {"at": {"$lte": by}} | ({} if work is None else {"work": work})
        kept = {"$elemMatch": {"year": year, "late": {"$elemMatch": late}}}
        behind: Document = {
            "$or": [
                {"state.years": kept},
                *(
                    {
                        "state.domain": domain,
                        "state.begun": {"$lte": latest},
                        "state.years.year": {"$ne": year},
                    }
                    for domain, latest in due.items()
                ),
            ]
        }
        wanted: list[Document] = [{"state.retired": False}, behind, *conditions]
        if after is not None:
            key, id = str(after.value), after.id
            later = {"state.sort_key": key, "_id": {"$gt": id}}
            # The first says where the index is entered; the second parts equal names.
            wanted += [
                {"state.sort_key": {"$gte": key}},
                {"$or": [{"state.sort_key": {"$gt": key}}, later]},
            ]
        found = self.store.collection.find({"$and": wanted}).sort(_ORDER).limit(limit)
        return [self.store.load(document) for document in await found.to_list(None)]

    async def done(self, organization: str, works: Iterable[str], span: Span) -> dict[str, Total]:
        """By work: how often and how much an organization recorded in the span, counted now."""
        asked = chosen(
            organization_id=organization, work=sorted(works), since=span.since, until=span.until
        )
        sums: Document = {"records": {"$sum": 1}, "quantity": {"$sum": "$state.quantity"}}
        pipeline: list[Document] = [
            {"$match": {"$and": [{"state.voided": None}, asked]}},
            {"$group": {"_id": "$state.work", **sums}},
        ]
        return {
            row["_id"]: Total(row["records"], float(row["quantity"]))
            async for row in aggregate(self._records, pipeline)
        }

    async def begun(self, organization: str) -> datetime:
        """From when on an organization that is registered owes."""
        [one] = await self._registrations.read([organization])
        began = await self._registrations.began()
        return begins(one.founded, one.created_at, began, self.zone)

    # Follow-ups

    async def follow(self, changed: Changed) -> None:
        """Sum up anew for organizations that changed, or of which a record did."""
        ids = set(changed.get("organizations", ()))
        if RECORDS in changed:
            wanted = {"_id": {"$in": list(changed[RECORDS])}}
            owners = await self._records.distinct("state.organization_id", wanted)
            ids.update(owner for owner in owners if owner is not None)
        await self.refresh(ids)

    async def catch_up(self) -> bool:
        """Sum up anew for some that were by an older table or program; whether there were any."""
        version = self._tables.newest(DutyTable).version
        older = {"$or": [{"state.rules": {"$lt": version}}, {"state.begun": None}]}
        behind = self.store.collection.find(older, {"_id": 1})
        ids = [document["_id"] for document in await behind.limit(_BATCH).to_list(None)]
        await self.refresh(ids)
        return bool(ids)

    async def refresh(self, ids: Iterable[str]) -> None:
        """Sum up anew for these organizations."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), _BATCH):
            for _ in range(_TRIES):
                if await self._derive(wanted[start : start + _BATCH]):
                    break
            else:
                raise Contended(NAME)

    async def _derive(self, ids: list[str]) -> bool:
        # Documents before facts: of two that sum up at once the slower one meets a conflict.
        there = await self.store.get_many(ids)
        newest = self._tables.newest(DutyTable)
        sums = await self._sums(ids)
        began = await self._registrations.began()
        shown = {"created_at": 1} | {f"state.{name}": 1 for name in _SHOWN}
        changed = []
        async for document in self._organizations.find({"_id": {"$in": ids}}, shown):
            id, state = document["_id"], {"founded": None} | document["state"]
            duties = newest.table.by_domain.get(state["domain"], ())
            begun = begins(state["founded"], document["created_at"], began, self.zone)
            years = (
                year_of(year, done, duties, begun, self.zone)
                for year, done in sorted(sums[id].items())
            )
            new = Owed(**state, years=tuple(years), rules=newest.version, begun=begun)
            one = there.get(id) or Aggregate(id)
            if new != one.state:
                # Without a history: a sum says nothing that its records do not.
                one.state, one.changed = new, True
                changed.append(one)
        return await self.store.write(changed)

    async def _sums(self, ids: list[str]) -> dict[str, dict[int, dict[str, Total]]]:
        """By organization, year of the city and work."""
        year = {"$year": {"date": "$state.at", "timezone": str(self.zone)}}
        key = {"organization": "$state.organization_id", "work": "$state.work", "year": year}
        asked = {"state.voided": None, "state.organization_id": {"$in": ids}}
        sums: Document = {"records": {"$sum": 1}, "quantity": {"$sum": "$state.quantity"}}
        found: dict[str, dict[int, dict[str, Total]]] = defaultdict(lambda: defaultdict(dict))
        pipeline: list[Document] = [{"$match": asked}, {"$group": {"_id": key, **sums}}]
        async for row in aggregate(self._records, pipeline):
            of = row["_id"]
            total = Total(row["records"], float(row["quantity"]))
            found[of["organization"]][of["year"]][of["work"]] = total
        return found
