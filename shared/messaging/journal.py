"""The journal: every event that this service has published, for replay and refill.

A fact stays for ever; of a snapshot only the newest is kept, which is all that a consumer needs.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime

from shared.contracts.catalog import BY_FULL_TYPE
from shared.contracts.envelope import headers_of
from shared.contracts.payload import Kind
from shared.messaging.producer import Outgoing
from shared.storage.client import (
    ASCENDING,
    DUPLICATE_KEY,
    BulkWriteError,
    Database,
    Document,
    InsertOne,
    UpdateOne,
    known_ids,
)

_DIGITS = 16


def outgoing(entry: Document) -> Outgoing:
    """The record of a journal entry: the same bytes each time that it is published."""
    return Outgoing(
        topic=entry["topic"],
        key=entry["key"].encode(),
        value=entry["data"],
        headers=headers_of(
            id=entry["id"],
            source=entry["source"],
            type=entry["type"],
            subject=entry["subject"],
            sequence=entry["n"],
            time=entry["time"],
            partition_key=entry["key"],
            trace_parent=entry["trace"],
        ),
    )


def _id(source: str, subject: str, sequence: int) -> str:
    return f"{source}|{subject}#{sequence:0{_DIGITS}d}"


class Journal:
    """The journal of one service."""

    def __init__(self, database: Database) -> None:
        self._entries = database["journal"]

    async def create_indexes(self) -> None:
        """Create the index that replays by time and topic walk along."""
        await self._entries.create_index([("topic", ASCENDING), ("at", ASCENDING)], name="at")

    async def keep(self, entries: Sequence[Document]) -> None:
        """Keep published entries (`topic source subject n id type time key trace data`)."""
        now = datetime.now(UTC)
        operations: list[InsertOne[Document] | UpdateOne] = []
        later: dict[str, Document] = {}
        for entry in entries:
            subject = f"{entry['source']}|{entry['subject']}"
            if BY_FULL_TYPE[entry["type"]].KIND is not Kind.SNAPSHOT:
                id = _id(entry["source"], entry["subject"], entry["n"])
                operations.append(InsertOne(entry | {"_id": id, "at": now}))
            elif entry["n"] == 1:
                # What is kept is never older than the first, and inserting costs less.
                operations.append(InsertOne(entry | {"_id": subject, "at": now}))
            elif subject not in later or entry["n"] > later[subject]["n"]:
                later[subject] = entry
        # No entry is ever deleted, and an update that need not insert costs less.
        known = await known_ids(self._entries, later)
        operations += [
            UpdateOne(
                {"_id": id, "n": {"$lt": entry["n"]}},
                {"$set": entry | {"at": now}},
                upsert=id not in known,
            )
            for id, entry in later.items()
        ]
        try:
            await self._entries.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            # Published before and kept before: a duplicate key is what we expect then.
            if any(e["code"] != DUPLICATE_KEY for e in error.details["writeErrors"]):
                raise

    async def of_subject(self, source: str, subject: str, from_sequence: int) -> list[Document]:
        """Entries of a subject from a sequence on, in order; at most 1,000."""
        last = _id(source, subject, 10**_DIGITS - 1)
        return (
            await self._entries.find(
                {"_id": {"$gte": _id(source, subject, from_sequence), "$lte": last}}
            )
            .sort("_id", ASCENDING)
            .limit(1000)
            .to_list(None)
        )

    async def of_subjects(self, source: str, subjects: Iterable[str]) -> list[Document]:
        """Every fact of some subjects of a source, each subject's together and in order."""
        spans = [
            {"_id": {"$gte": _id(source, one, 1), "$lte": _id(source, one, 10**_DIGITS - 1)}}
            for one in dict.fromkeys(subjects)
        ]
        return await self._entries.find({"$or": spans}).sort("_id", ASCENDING).to_list(None)

    async def page(
        self,
        topic: str,
        after: str | None,
        limit: int,
        *,
        types: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Document]:
        """Entries of a topic by `_id`, each subject's together and in order; at most `limit`.

        The journal is read along its ids until there are so many: where few are of the topic and
        types that takes as long as reading all.

        Args:
            after: the `_id` to go on after.
            types: with their versions; none: all.
            since: the event's own time, this one or later.
            until: before this one.
        """
        wanted: Document = {"_id": {"$gt": after or ""}, "topic": topic}
        if types:
            wanted["type"] = {"$in": list(types)}
        if time := {k: t for k, t in (("$gte", since), ("$lt", until)) if t is not None}:
            wanted["time"] = time
        found = self._entries.find(wanted).sort("_id", ASCENDING).hint([("_id", ASCENDING)])
        return await found.limit(limit).to_list(None)

    async def recent(self, topic: str, since: datetime) -> list[Document]:
        """`key n at` of what was published on a topic since then, in no order."""
        return await self._entries.find(
            {"topic": topic, "at": {"$gte": since}}, {"key": 1, "n": 1, "at": 1}
        ).to_list(None)

    async def keys(self, topic: str, since: datetime) -> AsyncIterator[tuple[str, int, datetime]]:
        """Key, sequence and time of what was published on a topic since then, by time."""
        found = self._entries.find(
            {"topic": topic, "at": {"$gte": since}}, {"key": 1, "n": 1, "at": 1}
        ).sort("at", ASCENDING)
        async for entry in found:
            yield entry["key"], entry["n"], entry["at"]

    async def of_type(self, topic: str, type: str, since: datetime, limit: int) -> list[Document]:
        """Entries of a type published on a topic since then, by time; at most `limit`."""
        wanted = {"topic": topic, "at": {"$gte": since}, "type": type}
        order = [("at", ASCENDING), ("_id", ASCENDING)]
        return await self._entries.find(wanted).sort(order).limit(limit).to_list(None)

    async def count(self, topics: Sequence[str], since: datetime, until: datetime) -> int:
        """How many entries `walk` will give."""
        return await self._entries.count_documents(
            {"topic": {"$in": list(topics)}, "at": {"$gte": since, "$lte": until}}
        )

    async def topics(self) -> list[str]:
        """Topics that this service has published on."""
        return [str(topic) for topic in await self._entries.distinct("topic")]

    async def walk(
        self, topic: str, since: datetime, until: datetime, *, batch: int = 500
    ) -> AsyncIterator[list[Document]]:
        """Entries of a topic published in a span of time, each subject's in order, in batches."""
        cursor = self._entries.find({"topic": topic, "at": {"$gte": since, "$lte": until}}).sort(
            [("at", ASCENDING), ("_id", ASCENDING)]
        )
        found: list[Document] = []
        async for entry in cursor:
            found.append(entry)
            if len(found) >= batch:
                yield found
                found = []
        if found:
            yield found
