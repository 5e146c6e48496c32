"""MongoDB calls of the lists, with their indexes."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.assessment.listening import Listened
from services.assessment.lists.exemplars import Exemplar, Practice
from services.assessment.lists.facts import Lateness, Place, Posts
from services.assessment.lists.handlers import listened
from services.assessment.lists.inputs import StandingInputs
from services.assessment.lists.weak import OPEN, Weak
from services.assessment.reviews import review_store
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, Database
from shared.storage.encryption import FieldCipher, Seal, opening, sealing
from shared.storage.tables import Tables

WEAK, EXEMPLARS, PRACTICES = "weak", "exemplars", "practices"
_BATCH = 500


class Looks(NamedTuple):
    """When the criteria were looked at last; how often somebody asked for it, and got it."""

    at: datetime | None
    asked: int
    done: int

    def due(self, now: datetime, minutes: int) -> bool:
        """Whether it is time to look."""
        waited = self.at is None or self.at + timedelta(minutes=minutes) <= now
        return waited or self.asked > self.done


class Lists:
    """The stores of the lists, and of the facts that they rest on."""

    def __init__(self, database: Database, settings: Settings, tables: Tables) -> None:
        self.tables = tables
        self.zone = ZoneInfo(settings.timezone)
        self.weak: AggregateStore[Weak] = review_store(database, WEAK, Weak, settings)
        self.exemplars: AggregateStore[Exemplar] = review_store(
            database, EXEMPLARS, Exemplar, settings
        )
        self.practices: AggregateStore[Practice] = review_store(
            database, PRACTICES, Practice, settings
        )
        # These publish nothing.
        self.posts: AggregateStore[Posts] = review_store(database, "posts", Posts, settings)
        self.places: AggregateStore[Place] = review_store(database, "places", Place, settings)
        self.lateness: AggregateStore[Lateness] = review_store(
            database, "lateness", Lateness, settings
        )
        self.inputs = StandingInputs(database, self.posts, self.places, self.lateness, self.zone)
        self._finding = database["finding"]
        self._cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())

    @property
    def stores(self) -> Sequence[AggregateStore[Any]]:
        """All, for the runtime."""
        return (
            self.weak,
            self.exemplars,
            self.practices,
            self.posts,
            self.places,
            self.lateness,
        )

    @property
    def listened(self) -> tuple[Listened, ...]:
        """What the lists listen to."""
        return listened(self.posts, self.places, self.lateness)

    async def create_indexes(self) -> None:
        """Create the lists' own indexes; the stores create theirs."""
        for store in (self.weak, self.exemplars):
            for first in ("area_path", "unit_id", "stage"):
                await store.collection.create_index(
                    [(f"state.{first}", ASCENDING), ("_id", ASCENDING)], name=first
                )
        places, lateness = self.places.collection, self.lateness.collection
        await places.create_index([("state.area_path", ASCENDING)], name="area_path")
        for field in ("organization_id", "area"):
            key = f"state.behind.{field}"
            await lateness.create_index(
                [(key, ASCENDING)], partialFilterExpression={key: {"$exists": True}}, name=field
            )

    def seal(self, name: str, id: str) -> Seal:
        """Locks words of an aggregate's fields."""
        return sealing(self._cipher, name, id)

    def open(self, name: str, id: str) -> Seal:
        """Opens what `seal` locked."""
        return opening(self._cipher, name, id)

    async def adopted_by(self, organization_id: str, since: datetime, until: datetime) -> int:
        """How many practices an organization took over in a span."""
        wanted = {
            "state.adoptions": {
                "$elemMatch": {
                    "organization_id": organization_id,
                    "at": {"$gte": since, "$lt": until},
                }
            }
        }
        return await self.practices.collection.count_documents(wanted)

    # Finding

    async def looks(self) -> Looks:
        """When the criteria were looked at last, and whether somebody asks for it."""
        document = await self._finding.find_one({"_id": "lists"}) or {}
        return Looks(document.get("at"), document.get("asked", 0), document.get("done", 0))

    async def ask_to_look(self) -> None:
        """Have them looked at at once."""
        await self._finding.update_one({"_id": "lists"}, {"$inc": {"asked": 1}}, upsert=True)

    async def note_looked(self, at: datetime, done: int) -> None:
        """Note when they were looked at, and what was asked for until then."""
        change = {"$set": {"at": at, "done": done}}
        await self._finding.update_one({"_id": "lists"}, change, upsert=True)

    async def open_stays(self) -> AsyncIterator[list[Aggregate[Weak]]]:
        """Those on the list, some hundreds at once, by id."""
        after = ""
        while True:
            wanted = {"_id": {"$gt": after}, "state.stage": {"$in": sorted(OPEN)}}
            shown = {"history": 0, "outbox": 0}
            found = self.weak.collection.find(wanted, shown).sort("_id", ASCENDING)
            documents = await found.limit(_BATCH).to_list(None)
            if not documents:
                return
            yield [self.weak.load(document) for document in documents]
            after = documents[-1]["_id"]
