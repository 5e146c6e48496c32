"""MongoDB calls of support, with their indexes."""

from collections.abc import Collection, Iterable
from datetime import datetime

from services.assessment.heard import Source, source_of
from services.assessment.places import own_areas
from services.assessment.service.figures import SubjectKind
from services.assessment.support.progress import Span
from services.assessment.support.state import Guarantee, Work
from shared.contracts import topics
from shared.contracts.words import Domain
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Database, Document, aggregate

_OF_AREAS = [Domain.COMMUNITY.value, Domain.VILLAGE.value]
"""Domains of the organizations that answer for an area."""
_RECORDS = 100


class SupportRepository:
    """Guarantees, recorded work, and read models of plans, money and venues."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.guarantees: AggregateStore[Guarantee] = AggregateStore(
            database["guarantees"], Guarantee, topic=topics.REVIEWS.name, source=settings.source
        )
        self.works: AggregateStore[Work] = AggregateStore(
            database["works"], Work, topic=topics.REVIEWS.name, source=settings.source
        )
        self._database = database
        self._plans = database["plans"]
        self._funds = database["funds"]
        self._assets = database["assets"]
        self._organizations = database["organizations"]
        self._areas = database["areas"]

    async def create_indexes(self) -> None:
        """Create the indexes; the stores create their own."""
        for field in ("area_path", "organization_id"):
            await self.works.collection.create_index(
                [(f"state.{field}", ASCENDING), ("state.work", ASCENDING), ("state.at", ASCENDING)],
                name=field,
            )
            await self.guarantees.collection.create_index(
                [(f"state.{field}", ASCENDING), ("_id", ASCENDING)], name=field
            )
        await self.guarantees.collection.create_index([("state.unit_id", ASCENDING)], name="unit")
        await self._plans.create_index([("places", ASCENDING)], name="places")
        await self._funds.create_index([("receiver", ASCENDING)], name="receiver")
        await self._organizations.create_index([("parent", ASCENDING)], name="parent")

    # Subjects

    async def organization(self, id: str) -> tuple[str | None, list[str]] | None:
        """An organization's unit, and the path of its area (its own, else its unit's); None where
        it is not known."""
        found = await self._organizations.find_one({"_id": id})
        if found is None:
            return None
        own = await own_areas(self._database, [found])
        area = own and await self._areas.find_one({"_id": own[id]})
        return found["unit_id"], list(area["path"]) if area else []

    async def organizations_of(
        self, kind: SubjectKind, ids: Collection[str] | None
    ) -> dict[str, list[str]]:
        """The organizations of each subject: itself; a unit's; those that answer for an area."""
        field = {"organization": "_id", "unit": "unit_id"}.get(kind, "area")
        chosen: Document = {"retired": {"$ne": True}}
        if ids is not None:
            chosen[field] = {"$in": list(ids)}
        if field == "area":
            chosen["domain"] = {"$in": _OF_AREAS}
        found: dict[str, list[str]] = {}
        shown = {"unit_id": 1, "area": 1}
        async for one in self._organizations.find(chosen, shown).sort("_id", ASCENDING):
            if one[field] is not None:
                found.setdefault(one[field], []).append(one["_id"])
        if ids is None and field == "area":
            areas = self._areas.find({"_id": {"$in": list(found)}, "level": kind.value}, {"_id": 1})
            level = {area["_id"] async for area in areas}
            found = {id: own for id, own in found.items() if id in level}
        return found

    async def parents(self) -> dict[str, str | None]:
        """The organization above each."""
        found = self._organizations.find({}, {"parent": 1})
        return {one["_id"]: one.get("parent") async for one in found}

    # Facts

    async def plans_for(self, places: Iterable[str]) -> list[Document]:
        """Plans that ask something of one of `places`; drafts are not counted."""
        chosen = {"status": {"$in": ["in_force", "closed"]}, "places": {"$in": list(places)}}
        return await self._plans.find(chosen).sort("_id", ASCENDING).to_list(None)

    async def done_in(self, span: Span, areas: Collection[str]) -> dict[str, float]:
        """What was recorded in each area."""
        codes = {"state.area_path": {"$in": list(areas)}}
        pipeline: list[Document] = [
            {"$match": codes | _counted(span)},
            {"$unwind": "$state.area_path"},
            {"$match": codes},
            {"$group": {"_id": "$state.area_path", "done": {"$sum": "$state.quantity"}}},
        ]
        found = aggregate(self.works.collection, pipeline)
        return {one["_id"]: one["done"] async for one in found}

    async def done_by(self, span: Span, organizations: Iterable[str]) -> dict[str, float]:
        """What each organization recorded itself."""
        chosen = {"state.organization_id": {"$in": list(organizations)}}
        pipeline: list[Document] = [
            {"$match": chosen | _counted(span)},
            {"$group": {"_id": "$state.organization_id", "done": {"$sum": "$state.quantity"}}},
        ]
        found = aggregate(self.works.collection, pipeline)
        return {one["_id"]: one["done"] async for one in found}

    async def funds(
        self, organizations: Collection[str], end: datetime
    ) -> dict[str, tuple[float, float]]:
        """Yuan promised until `end`, and given: with tasks and pairings, and as guarantees."""
        sums: dict[str, tuple[float, float]] = {}
        own = list(organizations)
        with_tasks: list[Document] = [
            {"$match": {"receiver": {"$in": own}, "by": {"$lt": end}}},
            {
                "$group": {
                    "_id": "$receiver",
                    "promised": {"$sum": "$promised_yuan"},
                    "given": {"$sum": "$paid_yuan"},
                }
            },
        ]
        async for one in aggregate(self._funds, with_tasks):
            sums[one["_id"]] = (one["promised"], one["given"])
        chosen = {
            "state.organization_id": {"$in": own},
            "state.withdrawn": None,
            "state.by": {"$lt": end},
        }
        async for document in self.guarantees.collection.find(chosen, {"state": 1}):
            guarantee = Guarantee.model_validate(document["state"])
            given = sum(g.fen for g in guarantee.gifts if g.voided is None and g.at < end)
            before = sums.get(guarantee.organization_id, (0.0, 0.0))
            sums[guarantee.organization_id] = (
                before[0] + guarantee.fen / 100,
                before[1] + given / 100,
            )
        return sums

    async def venues(self, organizations: Collection[str]) -> dict[str, bool]:
        """Whether each organization has a venue, as far as the registry has told."""
        found = self._assets.find(_there(organizations))
        return {one["_id"]: one["venue"] async for one in found}

    # By which events it was told

    async def told_of_funds(self, organizations: Collection[str], end: datetime) -> list[Source]:
        """What was told of each sum in `funds`."""
        own = list(organizations)
        with_tasks = {"receiver": {"$in": own}, "by": {"$lt": end}}
        told = self._funds.find(with_tasks).sort("_id", ASCENDING)
        found = [source_of(one) async for one in told]
        chosen = {
            "state.organization_id": {"$in": own},
            "state.withdrawn": None,
            "state.by": {"$lt": end},
        }
        async for one in self.guarantees.collection.find(chosen, {}).sort("_id", ASCENDING):
            where = f"guarantees/{one['_id']}"
            found.append(Source(where, link=f"/v1/{where}"))
        return found

    async def told_of_venues(self, organizations: Collection[str]) -> list[Source]:
        """What was told of the venues."""
        found = self._assets.find(_there(organizations)).sort("_id", ASCENDING)
        return [source_of(one) async for one in found]

    async def told_of_work(self, span: Span, field: str, ids: Collection[str]) -> list[Source]:
        """The last records of work that count, 100 at most; `field` is `area_path` or
        `organization_id`."""
        chosen = {f"state.{field}": {"$in": list(ids)}} | _counted(span)
        shown = {"told": "$state.told"}
        found = self.works.collection.find(chosen, shown).sort("state.at", DESCENDING)
        return [source_of(one) async for one in found.limit(_RECORDS)]


def _there(organizations: Collection[str]) -> Document:
    return {"_id": {"$in": list(organizations)}, "retired": {"$ne": True}}


def _counted(span: Span) -> Document:
    return {
        "state.work": span.work,
        "state.voided": False,
        "state.at": {"$gte": span.since, "$lte": span.by},
    }
