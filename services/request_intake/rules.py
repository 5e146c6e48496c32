"""The category table in force: shipped with the program or a city's own, changed while running."""

import json
from datetime import datetime
from pathlib import Path

from services.request_intake.classification import Classifier, Table
from services.request_intake.repository import Tables
from shared.settings import Settings

FILE = "categories.json"


def shipped_table(settings: Settings) -> Table:
    """The table from the city's data folder, else the one that comes with the program."""
    own = Path(settings.data_folder) / FILE if settings.data_folder else None
    path = own if own and own.is_file() else Path(__file__).parent / "data" / FILE
    return Table.model_validate(json.loads(path.read_text(encoding="utf-8")))


class Rules:
    """Keeps `classifier` at the highest version in the database."""

    def __init__(self, tables: Tables, settings: Settings) -> None:
        self._tables = tables
        self._settings = settings
        self.classifier: Classifier
        self.since: datetime
        self.by: str

    async def load(self) -> None:
        """Bring the shipped table into force where no person's is, and take what is in force."""
        await self._tables.ship(shipped_table(self._settings))
        await self.refresh()

    async def refresh(self) -> None:
        """Take the newest version."""
        newest = await self._tables.newest(above=self.version)
        if newest is not None:
            self.classifier = Classifier(Table.model_validate(newest["table"]), newest["_id"])
            self.since, self.by = newest["at"], newest["by"]

    @property
    def version(self) -> int:
        """The version in force here; 0 before the first is loaded."""
        return self.classifier.version if hasattr(self, "classifier") else 0

    async def replace(self, table: Table, version: int, by: str) -> bool:
        """Write `table` as the version after `version`; False where somebody was first."""
        written = await self._tables.add(version + 1, table, by)
        await self.refresh()
        return written
