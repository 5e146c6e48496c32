"""The store of certificates, and what records say of a period."""

from datetime import datetime

from services.registry.certificates.decisions import CertificateState
from services.registry.hours.handlers import WORK
from services.registry.records.repository import Records, Total, chosen
from services.registry.stores import entry_store
from shared.contracts import topics
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import ASCENDING, DESCENDING, Database

NAME = "certificates"
_LISTED = 100


class Certificates:
    """Certificates by their number."""

    def __init__(self, database: Database, settings: Settings, records: Records) -> None:
        self.store: AggregateStore[CertificateState] = entry_store(
            database, NAME, CertificateState, settings, topics.WORK
        )
        self._records = records

    async def create_indexes(self) -> None:
        """Of somebody's, the newest first."""
        await self.store.collection.create_index(
            [("state.person_id", ASCENDING), ("created_at", DESCENDING)], name="person"
        )

    async def of(self, person_id: str) -> list[Aggregate[CertificateState]]:
        """Somebody's certificates, the newest first; at most 100."""
        found = self.store.collection.find(
            {"state.person_id": person_id}, {"history": 0, "outbox": 0}
        )
        documents = await found.sort([("created_at", DESCENDING)]).limit(_LISTED).to_list(None)
        return [self.store.load(document) for document in documents]

    async def hours(self, person_id: str, since: datetime, until: datetime) -> Total:
        """How many services and hours count in a span."""
        wanted = chosen(person_id=person_id, work=WORK, since=since, until=until)
        total = (await self._records.totals(wanted)).get(WORK, Total(0, 0.0))
        return Total(total.records, round(total.quantity, 2))
