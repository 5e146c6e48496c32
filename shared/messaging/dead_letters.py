"""Dead letters: records that could not be applied, kept with where they stood and why.

They stand in the service's database, from which they can be replayed or skipped, and are
published on `lianxin.dead-letters`, where the unit that sent one can see it. A record that only
waits for one before it (a gap) stands there too, with the status `waiting`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from aiokafka.structs import ConsumerRecord

from shared.contracts import topics
from shared.contracts.envelope import Headers, Invalid
from shared.messaging.gate import inbox_key
from shared.messaging.producer import Outgoing
from shared.storage.client import ASCENDING, Database, Document
from shared.telemetry import (
    DEAD_LETTERS,
    DEAD_LETTERS_OPEN,
    PARKED_SUBJECTS,
    WAITING_SUBJECTS,
)

_PUBLISHED_VALUE_BYTES = 900_000
_PUBLISHED_HEADER_BYTES = 500
_PUBLISHED_HEADERS = 40


class Status(StrEnum):
    """What a kept record is."""

    WAITING = "waiting"
    """Behind a gap, or released for replay; the keeper tries it."""
    DEAD = "dead"
    """A person decides: replay or skip."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stood. `topic` as the contracts name it."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it came, with its place."""

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]

    @classmethod
    def of(cls, record: "ConsumerRecord[bytes, bytes]", topic: str) -> "Raw":
        """The parts of a consumer's record that are kept."""
        return cls(
            Place(topic, record.partition, record.offset),
            record.key,
            record.value,
            tuple(record.headers),
        )

    @property
    def id(self) -> str:
        """The same for the same record, however often it is delivered."""
        digest = hashlib.sha256(
            f"{self.place.topic}|{self.place.partition}|{self.place.offset}|".encode()
        )
        digest.update(self.value or b"")
        for name, value in self.headers:
            digest.update(name.encode() + b"=" + (value or b""))
        return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Address:
    """Source, subject, sequence and type of an event, as far as they could be read."""

    source: str
    subject: str
    sequence: int
    type: str

    @classmethod
    def of_invalid(cls, invalid: Invalid) -> "Address":
        """What an undecodable record's headers say."""
        seen = invalid.envelope
        digits = seen.get("sequence", "")
        sequence = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0
        return cls(seen.get("source", ""), seen.get("subject", ""), sequence, seen.get("type", ""))


class DeadLetters:
    """The dead letters of one service."""

    def __init__(self, database: Database, consumer: str) -> None:
        self.collection = database["dead_letters"]
        self._consumer = consumer

    async def create_indexes(self) -> None:
        """Create the indexes for parking, for the keeper and for lists."""
        await self.collection.create_index(
            [("inbox_key", ASCENDING), ("sequence", ASCENDING)], name="subject"
        )
        await self.collection.create_index(
            [("status", ASCENDING), ("seen_at", ASCENDING)], name="status"
        )
        await self.collection.create_index(
            [("unpublished", ASCENDING)],
            partialFilterExpression={"unpublished": True},
            name="unpublished",
        )

    async def keep(
        self, raw: Raw, address: Address, status: Status, code: str, reason: str, *, fact: bool
    ) -> None:
        """Keep a record; one that is kept already stays as it is, so redelivery is harmless.

        Args:
            code: short and stable; the metric's label.
            reason: a sentence for the one who sent it or repairs it.
            fact: whether its subject is parked by it.
        """
        now = datetime.now(UTC)
        parks = fact and bool(address.source and address.subject and address.sequence)
        document: Document = {
            "status": status,
            "code": code,
            "reason": reason,
            "topic": raw.place.topic,
            "partition": raw.place.partition,
            "offset": raw.place.offset,
            "key": raw.key,
            "value": raw.value,
            "headers": [[name, value] for name, value in raw.headers],
            "source": address.source,
            "subject": address.subject,
            "sequence": address.sequence,
            "type": address.type,
            "inbox_key": inbox_key(address.source, address.subject) if parks else None,
            "seen_at": now,
            "asked": 0,
        }
        if status is Status.DEAD:
            document["unpublished"] = True
        result = await self.collection.update_one(
            {"_id": raw.id}, {"$setOnInsert": document}, upsert=True
        )
        if status is Status.DEAD and result.upserted_id is not None:
            DEAD_LETTERS.labels(raw.place.topic, code).inc()

    async def bury(self, ids: Iterable[str], code: str, reason: str) -> None:
        """Turn waiting records into dead letters."""
        wanted = list(ids)
        result = await self.collection.update_many(
            {"_id": {"$in": wanted}, "status": Status.WAITING},
            {"$set": {"status": Status.DEAD, "code": code, "reason": reason, "unpublished": True}},
        )
        if result.modified_count:
            DEAD_LETTERS.labels("released", code).inc(result.modified_count)

    async def parked(self, keys: Iterable[str]) -> dict[str, str]:
        """Which of the inbox keys are parked, each with the id of its first dead letter."""
        found = self.collection.find(
            {"inbox_key": {"$in": list(keys)}, "status": Status.DEAD}, {"inbox_key": 1}
        ).sort([("inbox_key", ASCENDING), ("sequence", ASCENDING)])
        first: dict[str, str] = {}
        async for document in found:
            first.setdefault(document["inbox_key"], document["_id"])
        return first

    async def waiting(self, limit: int, after: str | None = None) -> list[Document]:
        """Waiting records by subject and sequence, of the subjects after inbox key `after`."""
        filter: Document = {"status": Status.WAITING}
        if after is not None:
            filter["inbox_key"] = {"$gt": after}
        return (
            await self.collection.find(filter)
            .sort([("inbox_key", ASCENDING), ("sequence", ASCENDING)])
            .limit(limit)
            .to_list(None)
        )

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget records that have been applied."""
        if ids:
            await self.collection.delete_many({"_id": {"$in": list(ids)}})

    async def asked(self, ids: Sequence[str]) -> None:
        """Note that the sequences before these were asked for."""
        await self.collection.update_many(
            {"_id": {"$in": list(ids)}},
            {"$inc": {"asked": 1}, "$set": {"asked_at": datetime.now(UTC)}},
        )

    async def release(self, id: str, *, skip: bool = False) -> int:
        """Let the keeper try a dead letter and all that stand behind it; how many those are.

        Args:
            skip: count the record itself as applied, and try only what stands behind it.
        """
        document = await self.collection.find_one({"_id": id, "status": Status.DEAD})
        if document is None:
            return 0
        if skip:
            await self.collection.update_one({"_id": id}, {"$set": {"skip": True}})
        which: Document = {"_id": id}
        if document["inbox_key"] is not None:
            which = {"inbox_key": document["inbox_key"], "status": Status.DEAD}
        result = await self.collection.update_many(
            which,
            {
                "$set": {"status": Status.WAITING, "released_at": datetime.now(UTC)},
                "$unset": {"unpublished": ""},
            },
        )
        return int(result.modified_count)

    async def unpublished(self, limit: int) -> list[Document]:
        """Dead letters not yet on the dead-letter topic."""
        return await self.collection.find({"unpublished": True}).limit(limit).to_list(None)

    async def published(self, ids: Sequence[str]) -> None:
        """Note that these stand on the dead-letter topic."""
        await self.collection.update_many(
            {"_id": {"$in": list(ids)}}, {"$unset": {"unpublished": ""}}
        )

    async def list(
        self, status: Status, after: str | None, limit: int, source: str | None = None
    ) -> list[Document]:
        """A page of records by id, without their values; of one source, or of all."""
        filter: Document = {"status": status}
        if source is not None:
            filter["source"] = source
        if after is not None:
            filter["_id"] = {"$gt": after}
        return (
            await self.collection.find(filter, {"value": 0, "headers": 0, "key": 0})
            .sort("_id", ASCENDING)
            .limit(limit)
            .to_list(None)
        )

    async def find(self, id: str) -> Document | None:
        """A record with all that is kept of it, or None."""
        return await self.collection.find_one({"_id": id})

    async def measure(self) -> None:
        """Set the gauges."""
        dead = await self.collection.count_documents({"status": Status.DEAD})
        DEAD_LETTERS_OPEN.set(dead)
        for status, gauge in (
            (Status.DEAD, PARKED_SUBJECTS),
            (Status.WAITING, WAITING_SUBJECTS),
        ):
            keys = await self.collection.distinct("inbox_key", {"status": status})
            gauge.set(len([key for key in keys if key is not None]))

    def outgoing(self, document: Document) -> Outgoing:
        """The record for the dead-letter topic: the original's bytes, with what happened to it.

        Cut to what any broker takes, as one that it refuses would be tried for ever; the whole
        record stays in the database.
        """
        value: bytes | None = document["value"]
        notes = {
            "dl_id": document["_id"],
            "dl_consumer": self._consumer,
            "dl_reason": document["reason"],
            "dl_code": document["code"],
            "dl_topic": document["topic"],
            "dl_partition": str(document["partition"]),
            "dl_offset": str(document["offset"]),
            "dl_unit": unit_of(document["source"]) or "",
            "dl_time": document["seen_at"].isoformat(),
        }
        if value is not None and len(value) > _PUBLISHED_VALUE_BYTES:
            notes["dl_truncated_from_bytes"] = str(len(value))
            value = value[:_PUBLISHED_VALUE_BYTES]
        headers: Headers = [
            (name, note.encode()[: 2 * _PUBLISHED_HEADER_BYTES]) for name, note in notes.items()
        ]
        headers += [
            (name[:_PUBLISHED_HEADER_BYTES], header[:_PUBLISHED_HEADER_BYTES])
            for name, header in document["headers"][:_PUBLISHED_HEADERS]
            if header is not None
        ]
        key: bytes | None = document["key"]
        if key is not None and len(key) > _PUBLISHED_HEADER_BYTES:
            key = key[:_PUBLISHED_HEADER_BYTES]
        return Outgoing(topics.DEAD_LETTERS.name, key, value, headers)


def unit_of(source: str) -> str | None:
    """The unit that `source` (`/units/{unit_id}`) names, or None."""
    unit = source.removeprefix("/units/")
    return unit if unit and unit != source and "/" not in unit else None


def raw_of(document: Document) -> Raw:
    """The record that a kept document holds."""
    return Raw(
        Place(document["topic"], document["partition"], document["offset"]),
        document["key"],
        document["value"],
        tuple((name, value) for name, value in document["headers"]),
    )
