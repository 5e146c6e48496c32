"""Tables that a city can replace: every version kept, every replica on the newest soon.

A table is a frozen model with a `NAME`; it comes with the program (`<folder>/<name>.json`), a city
can lay its own file into its data folder, and an administrator can put another in force by HTTP
(`shared/web/tables.py`). A version is one document `<name>/<version>`: of two writers the second
meets its key taken.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.storage.aggregates import VersionMismatch
from shared.storage.client import (
    ASCENDING,
    DESCENDING,
    Database,
    Document,
    DuplicateKeyError,
)
from shared.storage.loops import for_ever

_FROM_FILE = "file"
_FOLLOW_SECONDS = 1.0


class Table(BaseModel):
    """Rules or limits as data; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    NAME: ClassVar[str]
    """As in its file's name and its address."""

    def notes(self) -> Sequence[tuple[str, dict[str, Any]]]:
        """What who reads the table should know of it: keys of sentences with their parameters."""
        return ()


T = TypeVar("T", bound=Table)


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """A table as it was from `at` on; `by`: `role:subject`, or `file`."""

    version: int
    table: T
    at: datetime
    by: str


class Tables:
    """The newest version of each of `models` in memory; `refresh` follows the database.

    Args:
        shipped: folder with the file of each table.
        data_folder: a city's own folder; a file in it counts instead of the shipped one.
    """

    def __init__(
        self,
        database: Database,
        models: Sequence[type[Table]],
        shipped: Path,
        data_folder: str = "",
    ) -> None:
        self._collection = database["tables"]
        self._models = models
        self._shipped = shipped
        self._own = Path(data_folder) if data_folder else None
        self._newest: dict[type[Table], Version[Any]] = {}

    def get(self, model: type[T]) -> T:
        """The table in force."""
        return self.newest(model).table

    def newest(self, model: type[T]) -> Version[T]:
        """The version in force."""
        return self._newest[model]

    async def prepare(self) -> None:
        """Create the index; take in the files where nobody has changed a table by HTTP."""
        await self._collection.create_index(
            [("name", ASCENDING), ("version", DESCENDING)], unique=True
        )
        for model in self._models:
            table = model.model_validate_json(self._file(model).read_bytes())
            newest = await self.find(model)
            if newest is None or (newest.by == _FROM_FILE and newest.table != table):
                with contextlib.suppress(VersionMismatch):  # another replica did it just now
                    await self.put(table, newest.version if newest else 0, by=_FROM_FILE)
        await self.refresh()

    def _file(self, model: type[Table]) -> Path:
        name = f"{model.NAME}.json"
        own = self._own and self._own / name
        return own if own and own.exists() else self._shipped / name

    async def refresh(self) -> None:
        """Take the newest version of each table, with one question for those not known here."""
        models = {model.NAME: model for model in self._models}
        newer: list[Document] = [
            {"name": name, "version": {"$gt": self._newest[model].version}}
            if model in self._newest
            else {"name": name}
            for name, model in models.items()
        ]
        found = self._collection.find({"$or": newer}).sort([("version", ASCENDING)])
        for document in await found.to_list(None):
            model = models[document["name"]]
            self._newest[model] = _version(model, document)

    async def follow(self) -> None:
        """Refresh once a second, for ever."""
        await for_ever(self.refresh, _FOLLOW_SECONDS, "the tables wait for the database")

    async def find(self, model: type[T], version: int | None = None) -> Version[T] | None:
        """A version of a table, the newest unless told."""
        wanted: Document = {"name": model.NAME} | ({} if version is None else {"version": version})
        found = self._collection.find(wanted).sort([("version", DESCENDING)]).limit(1)
        documents = await found.to_list(None)
        return _version(model, documents[0]) if documents else None

    async def put(self, table: T, expected: int, *, by: str) -> Version[T]:
        """Put `table` in force as the version after `expected`.

        Raises:
            VersionMismatch: the newest version is another one.
        """
        model = type(table)
        newest = await self.find(model)
        current = newest.version if newest else 0
        if current != expected:
            raise VersionMismatch(current)
        document: Document = {
            "_id": f"{model.NAME}/{expected + 1}",
            "name": model.NAME,
            "version": expected + 1,
            "table": table.model_dump(mode="json"),
            "at": datetime.now(UTC),
            "by": by,
        }
        try:
            await self._collection.insert_one(document)
        except DuplicateKeyError:
            raise VersionMismatch(expected + 1) from None
        put = self._newest[model] = _version(model, document)
        return put


def _version(model: type[T], document: Mapping[str, Any]) -> Version[T]:
    table = model.model_validate(document["table"])
    return Version(document["version"], table, document["at"], document["by"])
