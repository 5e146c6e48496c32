"""Counts the facts behind the six assets, for many organizations at once.

Each criterion costs one query over an index that begins with the organization, however many
organizations are asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.registry.assets.decisions import Found, period
from services.registry.assets.table import AssetTable, Count, Criterion
from services.registry.backbone.repository import Backbones
from services.registry.backbone.state import in_office
from services.registry.carriers.posts import holders
from services.registry.carriers.repository import Carriers
from services.registry.records.repository import Records, chosen
from services.registry.registered import Registered
from shared.contracts.words import ErrandStage, PromiseStatus
from shared.storage.client import Collection, Database, Document, aggregate

Numbers = Mapping[str, Found]
"""By organization; those that are absent have none."""


class Counts:
    """Numbers of an organization's recorded facts."""

    def __init__(
        self,
        database: Database,
        zone: ZoneInfo,
        records: Records,
        backbones: Backbones,
        carriers: Carriers,
    ) -> None:
        self._venues = database["venues"]
        self._zone = zone
        self._records = records
        self._backbones = backbones
        self._carriers = carriers

    async def of(
        self, organizations: Sequence[Registered], table: AssetTable, now: datetime
    ) -> dict[str, dict[str, Found]]:
        """What was found, by organization and by code of the criteria of its domain."""
        asked = {each.id: table.of(each.domain) for each in organizations if not each.retired}
        found: dict[str, dict[str, Found]] = {each.id: {} for each in organizations}
        for criterion in table.criteria:
            ids = [id for id, criteria in asked.items() if criterion in criteria]
            numbers = await self._count(criterion, ids, now) if ids else {}
            for id in ids:
                found[id][criterion.code] = numbers.get(id, Found())
        return found

    async def _count(self, criterion: Criterion, ids: list[str], now: datetime) -> Numbers:
        since = period(criterion, now, self._zone)
        match criterion.count:
            case Count.TERMS | Count.TRAINED:
                return await self._terms(criterion, ids, now)
            case Count.VENUES | Count.VENUE_USES:
                return await self._of_venues(criterion, ids)
            case Count.CARRIERS:
                return await self._held(criterion, ids, now)
            case Count.PROMISES:
                wanted: Document = {"state.status": PromiseStatus.KEPT}
                if since is not None:
                    wanted["state.settled_at"] = {"$gte": since}
                return await _grouped(self._carriers.promises.collection, ids, wanted)
            case Count.ERRANDS:
                wanted = {"state.stage": ErrandStage.DONE}
                if since is not None:
                    done = {"stage": ErrandStage.DONE, "at": {"$gte": since}}
                    wanted["state.steps"] = {"$elemMatch": done}
                if criterion.satisfied is not None:
                    wanted["state.word.satisfied"] = {"$gte": criterion.satisfied}
                return await _grouped(self._carriers.errands.collection, ids, wanted)
            case Count.RECORDS:
                conditions = chosen(
                    organization_id=ids, work=list(criterion.works), since=since, until=now
                )
                totals = await self._records.totals(conditions, by="organization_id")
                return {
                    id: Found(total.quantity if criterion.sum else float(total.records))
                    for id, total in totals.items()
                }

    async def _terms(self, criterion: Criterion, ids: Iterable[str], now: datetime) -> Numbers:
        """Posts held now, or those of their holders whose training counts still."""
        found = {}
        backbones = await self._backbones.store.get_many(ids)
        for id, each in backbones.items():
            if each.state is None:
                continue
            if criterion.count is Count.TERMS:
                posts = criterion.posts
                trained = None
            else:
                posts = criterion.posts or self._backbones.rules.table.trained
                trained = {
                    training.person_id
                    for training in each.state.trainings
                    if training.counts_until is not None and training.counts_until > now
                }
            current = [in_office(each.state, post, now) for post in posts]
            number = sum(
                1
                for tenure in current
                if tenure is not None and (trained is None or tenure.person_id in trained)
            )
            found[id] = Found(float(number))
        return found

    async def _of_venues(self, criterion: Criterion, ids: list[str]) -> Numbers:
        """Venues in service of an organization, or their different uses."""
        rooms: defaultdict[str, int] = defaultdict(int)
        uses: defaultdict[str, set[str]] = defaultdict(set)
        wanted = {"state.organization_id": {"$in": ids}, "state.retired": False}
        shown = {"state.organization_id": 1, "state.uses": 1}
        async for document in self._venues.find(wanted, shown):
            owner = document["state"]["organization_id"]
            rooms[owner] += 1
            uses[owner].update(document["state"]["uses"])
        if criterion.count is Count.VENUES:
            return {id: Found(float(number)) for id, number in rooms.items()}
        return {id: Found(float(len(codes))) for id, codes in uses.items()}

    async def _held(self, criterion: Criterion, ids: list[str], now: datetime) -> Numbers:
        """Posts and areas that somebody holds now, and when by plan somebody begins or ends."""
        store = self._carriers.posts
        found: dict[str, Found] = {}
        wanted = {
            "state.organization_id": {"$in": ids},
            "state.kind": {"$in": list(criterion.kinds)},
            "state.closed": None,
        }
        async for document in store.collection.find(wanted, {"history": 0, "outbox": 0}):
            state = store.load(document).state
            assert state is not None  # none is without
            number, changes_at = found.get(state.organization_id, Found())
            moments = [m for one in state.holdings for m in (one.since, one.until) if m is not None]
            later = [moment for moment in moments if moment > now]
            if changes_at is not None:
                later.append(changes_at)
            held = 1.0 if holders(state, now) else 0.0
            found[state.organization_id] = Found(number + held, min(later, default=None))
        return found


async def _grouped(collection: Collection, ids: list[str], wanted: Document) -> Numbers:
    """How many documents of each organization pass `wanted`."""
    pipeline: list[Document] = [
        {"$match": {"state.organization_id": {"$in": ids}} | wanted},
        {"$group": {"_id": "$state.organization_id", "number": {"$sum": 1}}},
    ]
    return {
        row["_id"]: Found(float(row["number"])) async for row in aggregate(collection, pipeline)
    }
