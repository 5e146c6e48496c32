"""The one module that knows a MongoDB driver.

Our user chose motor; `MONGO_DRIVER=pymongo` selects its successor, PyMongo's own asynchronous
client (docs/decisions/0003-database-driver.md). The two differ in whether `aggregate` and `close`
are awaited; everything else that the services use is alike and stated by the protocols here.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

from bson import decode_iter
from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, DESCENDING, InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "DUPLICATE_KEY",
    "UNREACHABLE",
    "Binary",
    "BulkWriteError",
    "Collection",
    "Database",
    "Document",
    "DuplicateKeyError",
    "InsertOne",
    "PyMongoError",
    "ReturnDocument",
    "UpdateMany",
    "UpdateOne",
    "aggregate",
    "by_id",
    "connect",
    "documents_in",
    "known_ids",
]

Document = dict[str, Any]
DUPLICATE_KEY = 11000
UNREACHABLE = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
"""Errors that say nothing of the work asked for: the database was away. Try again later."""


class Cursor(Protocol):
    """What `find` gives."""

    def sort(self, key: Any, direction: int = ...) -> "Cursor": ...
    def limit(self, limit: int) -> "Cursor": ...
    def skip(self, skip: int) -> "Cursor": ...
    def hint(self, index: Any) -> "Cursor": ...
    def batch_size(self, size: int) -> "Cursor": ...
    async def to_list(self, length: int | None = None) -> list[Document]: ...
    def __aiter__(self) -> AsyncIterator[Document]: ...


class Collection(Protocol):
    """The part of a collection that Lianxin uses; both drivers have it."""

    @property
    def name(self) -> str: ...
    async def find_one(self, filter: Any = None, *args: Any, **kwargs: Any) -> Document | None: ...
    def find(self, filter: Any = None, projection: Any = None, **kwargs: Any) -> Cursor: ...
    def find_raw_batches(
        self, filter: Any = None, projection: Any = None, **kwargs: Any
    ) -> AsyncIterator[bytes]: ...
    async def insert_one(self, document: Document) -> Any: ...
    async def insert_many(self, documents: Iterable[Document], ordered: bool = True) -> Any: ...
    async def update_one(self, filter: Any, update: Any, upsert: bool = False) -> Any: ...
    async def update_many(self, filter: Any, update: Any, upsert: bool = False) -> Any: ...
    async def replace_one(self, filter: Any, replacement: Any, upsert: bool = False) -> Any: ...
    async def bulk_write(self, requests: Sequence[Any], ordered: bool = True) -> Any: ...
    async def find_one_and_update(
        self, filter: Any, update: Any, **kwargs: Any
    ) -> Document | None: ...
    async def delete_one(self, filter: Any) -> Any: ...
    async def delete_many(self, filter: Any) -> Any: ...
    async def count_documents(self, filter: Any, **kwargs: Any) -> int: ...
    async def distinct(self, key: str, filter: Any = None) -> list[Any]: ...
    async def create_index(self, keys: Any, **kwargs: Any) -> str: ...
    def aggregate(self, pipeline: Any, **kwargs: Any) -> Any: ...


class Database(Protocol):
    """A service's database."""

    @property
    def name(self) -> str: ...
    def __getitem__(self, name: str) -> Collection: ...
    async def command(self, command: Any, *args: Any, **kwargs: Any) -> Document: ...


class Client:
    """A connection to MongoDB: `client.database(name)`, `await client.ping()`, `await close()`."""

    def __init__(self, inner: Any, *, awaited_close: bool) -> None:
        self._inner = inner
        self._awaited_close = awaited_close

    def database(self, name: str) -> Database:
        """The database `name`; datetimes come back aware, in UTC."""
        found: Database = self._inner.get_database(
            name, codec_options=CodecOptions(document_class=dict, tz_aware=True)
        )
        return found

    async def ping(self) -> None:
        """Raise one of `UNREACHABLE` where the server does not answer."""
        await self._inner.admin.command("ping")

    async def drop(self, name: str) -> None:
        """Drop database `name`; for tests and `make clean-data`."""
        await self._inner.drop_database(name)

    async def close(self) -> None:
        """Close every connection."""
        closing = self._inner.close()
        if self._awaited_close:
            await closing


def connect(uri: str, driver: Literal["motor", "pymongo"] = "motor") -> Client:
    """Connect to `uri`. Writes are acknowledged by a majority and on disk (`w=majority, j=true`).

    Nothing is sent until the first operation; then an absent server raises
    `ServerSelectionTimeoutError` after 5 seconds.
    """
    options: Mapping[str, Any] = {
        "w": "majority",
        "journal": True,
        "wtimeoutms": 10_000,
        "serverSelectionTimeoutMS": 5_000,
        "connectTimeoutMS": 5_000,
        "socketTimeoutMS": 60_000,
        "maxPoolSize": 50,
        "retryWrites": False,  # one document, one conditional write: we know how to repeat it
        "tz_aware": True,
        "appname": "lianxin",
    }
    if driver == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 (only one is loaded)

        return Client(AsyncIOMotorClient(uri, **options), awaited_close=False)
    from pymongo import AsyncMongoClient  # noqa: PLC0415

    return Client(AsyncMongoClient(uri, **options), awaited_close=True)


def by_id(collection: Collection, ids: Iterable[str], shown: Document | None = None) -> Cursor:
    """The documents of `ids` that there are; all of them come with the first answer."""
    wanted = list(ids)
    return collection.find({"_id": {"$in": wanted}}, shown, batch_size=len(wanted) + 1)


async def known_ids(collection: Collection, ids: Sequence[str] | Mapping[str, Any]) -> set[str]:
    """Which of `ids` there are documents of."""
    return {d["_id"] async for d in by_id(collection, ids, {"_id": 1})} if ids else set()


async def aggregate(
    collection: Collection, pipeline: Sequence[Document], **options: Any
) -> AsyncIterator[Document]:
    """Run an aggregation; awaited in one driver and not in the other."""
    cursor = collection.aggregate(list(pipeline), **options)
    if hasattr(cursor, "__await__"):
        cursor = await cursor
    async for document in cursor:
        yield document


def documents_in(raw: bytes) -> Iterator[Document]:
    """The documents of a raw batch, one after the other; their times are in UTC and say no zone.

    One by one they stay in the processor's cache, and the collector finds nothing new to look
    through: half of the time that the same documents take as a list.
    """
    return decode_iter(raw)
