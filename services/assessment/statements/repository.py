"""MongoDB calls of statements and contact points, with their indexes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.assessment.reviews import review_store
from services.assessment.statements.points import ContactPoint, on_due
from services.assessment.statements.statement import Statement
from services.assessment.statements.table import StatementRules
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore, Decision
from shared.storage.client import ASCENDING, Database
from shared.storage.encryption import FieldCipher, Seal, opening, sealing
from shared.storage.tables import Tables
from shared.web.pages import index_along

STATEMENTS, POINTS = "statements", "contact-points"


class Statements:
    """The stores of statements and contact points."""

    def __init__(self, database: Database, settings: Settings, tables: Tables) -> None:
        self.tables = tables
        self.statements: AggregateStore[Statement] = review_store(
            database, STATEMENTS, Statement, settings
        )
        self.points: AggregateStore[ContactPoint] = review_store(
            database, POINTS, ContactPoint, settings
        )
        self._cipher = FieldCipher.from_secret(settings.field_key.get_secret_value())

    @property
    def stores(self) -> Sequence[AggregateStore[Any]]:
        """Both, for the runtime."""
        return (self.statements, self.points)

    @property
    def rules(self) -> StatementRules:
        """The table in force."""
        return self.tables.get(StatementRules)

    async def create_indexes(self) -> None:
        """Create the own indexes; the stores create theirs."""
        for store in (self.statements, self.points):
            for first in ("area_path", "unit_id"):
                await store.collection.create_index(
                    [(f"state.{first}", ASCENDING), ("_id", ASCENDING)], name=first
                )
        for field in ("leader", "place_id"):
            await self.points.collection.create_index([(f"state.{field}", ASCENDING)], name=field)
        await index_along(self.points, "silent_at", ("area_path", "unit_id"))

    def point_due(self, state: ContactPoint, now: datetime) -> Decision[ContactPoint] | None:
        """For the timers."""
        return on_due(state, now, self.rules)

    def seal(self, name: str, id: str) -> Seal:
        """Locks words of an aggregate's fields."""
        return sealing(self._cipher, name, id)

    def open(self, name: str, id: str) -> Seal:
        """Opens what `seal` locked."""
        return opening(self._cipher, name, id)

    async def visits_of(self, place_id: str, since: datetime, until: datetime) -> int:
        """How often leaders visited a place in a span."""
        visits = 0
        wanted = {"state.place_id": place_id}
        async for document in self.points.collection.find(wanted, {"state.visits.at": 1}):
            visits += sum(since <= each["at"] < until for each in document["state"]["visits"])
        return visits
