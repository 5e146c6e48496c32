"""Organizations as what is derived of them sees them, and since when the city counts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from shared.contracts.words import Domain
from shared.spans import to_millis
from shared.storage.client import Database


class Registered(NamedTuple):
    """An organization, and when it was registered."""

    id: str
    area_path: tuple[str, ...]
    unit_id: str | None
    domain: Domain
    retired: bool
    created_at: datetime
    founded: str | None = None


class Registrations:
    """Reads organizations; knows since when vacancies, targets and duties are counted here."""

    def __init__(self, database: Database) -> None:
        self._organizations = database["organizations"]
        self._rules = database["followers"]
        self._began: datetime | None = None

    async def read(self, ids: Iterable[str]) -> list[Registered]:
        """Those of `ids` that are there, retired ones too."""
        shown = {"created_at": 1} | {
            f"state.{name}": 1 for name in ("area_path", "unit_id", "domain", "retired", "founded")
        }
        found = self._organizations.find({"_id": {"$in": list(ids)}}, shown)
        return [
            Registered(
                document["_id"],
                tuple(document["state"]["area_path"]),
                document["state"]["unit_id"],
                Domain(document["state"]["domain"]),
                document["state"]["retired"],
                document["created_at"],
                document["state"].get("founded"),
            )
            async for document in found
        ]

    async def began(self) -> datetime:
        """When the city's registry first counted: nothing is counted from before."""
        if self._began is None:
            now = to_millis(datetime.now(UTC))
            await self._rules.update_one({"_id": "began"}, {"$setOnInsert": {"at": now}}, True)
            kept = await self._rules.find_one({"_id": "began"})
            assert kept is not None
            self._began = kept["at"]
        return self._began
