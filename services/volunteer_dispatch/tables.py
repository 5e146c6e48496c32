"""The tables in the database: every version kept, every replica on the newest within a second."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.volunteer_dispatch.service.tables import (
    MODELS,
    DeadlineTable,
    RoutingTable,
    TableName,
)
from shared.storage.aggregates import VersionMismatch
from shared.storage.client import DESCENDING, Database, Document, DuplicateKeyError

_SHIPPED = Path(__file__).parent / "data"
_FROM_FILE = "file"

Table = RoutingTable | DeadlineTable


@dataclass(frozen=True, slots=True)
class Version:
    """A table as it was from `at` on; `by`: `role:subject`, or `file`."""

    version: int
    table: Table
    at: datetime
    by: str


class Tables:
    """The newest versions in memory (`routing`, `deadlines`); `refresh` follows the database.

    A version is one document `<name>/<version>`: of two writers the second meets its key taken.
    """

    def __init__(self, database: Database, data_folder: str = "") -> None:
        self._collection = database["tables"]
        self._data_folder = data_folder
        self._newest: dict[TableName, Version] = {}

    @property
    def routing(self) -> RoutingTable:
        """The routing table in force."""
        table = self._newest["routing"].table
        assert isinstance(table, RoutingTable)
        return table

    @property
    def deadlines(self) -> DeadlineTable:
        """The deadlines in force."""
        table = self._newest["deadlines"].table
        assert isinstance(table, DeadlineTable)
        return table

    async def prepare(self) -> None:
        """Create the index; take in the files where nobody has changed a table by HTTP."""
        await self._collection.create_index([("name", 1), ("version", DESCENDING)], unique=True)
        for name, model in MODELS.items():
            table = model.model_validate_json(self._file(name).read_bytes())
            newest = await self.find(name)
            if newest is None or (newest.by == _FROM_FILE and newest.table != table):
                with contextlib.suppress(VersionMismatch):  # another replica did it just now
                    await self.put(name, table, newest.version if newest else 0, by=_FROM_FILE)
        await self.refresh()

    def _file(self, name: str) -> Path:
        own = Path(self._data_folder) / f"{name}.json"
        return own if self._data_folder and own.exists() else _SHIPPED / f"{name}.json"

    async def refresh(self) -> None:
        """Take the newest version of each table."""
        for name in MODELS:
            newest = await self.find(name)
            if newest is not None:
                self._newest[name] = newest

    async def find(self, name: TableName, version: int | None = None) -> Version | None:
        """A version of a table, the newest unless told."""
        wanted: Document = {"name": name} | ({} if version is None else {"version": version})
        found = self._collection.find(wanted).sort([("version", DESCENDING)]).limit(1)
        documents = await found.to_list(None)
        return _version(name, documents[0]) if documents else None

    async def put(self, name: TableName, table: Table, expected: int, *, by: str) -> Version:
        """Put `table` in force as the version after `expected`.

        Raises:
            VersionMismatch: the newest version is another one.
        """
        newest = await self.find(name)
        current = newest.version if newest else 0
        if current != expected:
            raise VersionMismatch(current)
        document: Document = {
            "_id": f"{name}/{expected + 1}",
            "name": name,
            "version": expected + 1,
            "table": table.model_dump(mode="json"),
            "at": datetime.now(UTC),
            "by": by,
        }
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            raise VersionMismatch(expected + 1) from None
        self._newest[name] = _version(name, document)
        return self._newest[name]


def _version(name: TableName, document: Mapping[str, Any]) -> Version:
    table = MODELS[name].model_validate(document["table"])
    return Version(document["version"], table, document["at"], document["by"])
