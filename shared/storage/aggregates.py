"""Aggregates: one document, one conditional write (docs/decisions/0001-one-document-one-write.md).

A document holds an aggregate's `state`, its `version`, the `sequence` of its last event, the
`outbox` of events not yet published, the `inbox` (last sequence applied, by source and subject),
its recent `history` (who, when, why) and its timer. A command or an event handler is a pure
function from state to `Decision`; what it decides is written in one update on the version read.
"""

import asyncio
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import encode_payload
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.storage.client import (
    ASCENDING,
    DUPLICATE_KEY,
    BulkWriteError,
    Collection,
    Document,
    DuplicateKeyError,
    InsertOne,
    UpdateOne,
    by_id,
)
from shared.telemetry import WRITE_CONFLICTS, child_of, trace_parent

SHARDS = 16
"""Shares of the relay's and the timers' work; a replica leases some of them."""
HISTORY_KEPT = 100
_TRIES = 30
_LEFT_OUT = {"history": 0, "outbox": 0}


class State(BaseModel):
    """State of an aggregate: frozen, stored as it is dumped."""

    # Built when first used: no process uses all, and the registry's many took 2 MB when idle.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    def next_due(self) -> datetime | None:
        """When the aggregate's next timer is due (UTC); None where nothing is awaited."""
        return None


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class At:
    """A payload whose event time is not that of its decision."""

    time: datetime
    data: Payload


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """What a pure decision gives: the new state and the events that tell of it, in order."""

    state: S
    events: Sequence[Payload | At] = ()
    why: str = ""
    """For the history: the reason that a person gave, or the rule that decided."""
    time: datetime | None = None
    """Event time; None: now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The last event applied from one source about one subject."""

    sequence: int
    event_id: str


class Attempt(Protocol):
    """An `Idempotency-Key`: `key` names the caller's attempt, `fingerprint` its body."""

    @property
    def key(self) -> str:
        """Unique in the collection."""

    @property
    def fingerprint(self) -> str:
        """The same for the same body."""


class VersionMismatch(Exception):
    """The document is at another version than the caller's `If-Match` says."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the document is at version {current}")
        self.current = current


class IdempotencyConflict(Exception):
    """The same `Idempotency-Key` came with another body."""


class Contended(Exception):
    """A conditional write lost to other writers again and again."""


@dataclass(slots=True)
class Aggregate(Generic[S]):
    """A loaded (or new) aggregate and what has been decided since; see `AggregateStore`."""

    id: str
    version: int = 0
    sequence: int = 0
    state: S | None = None
    inbox: dict[str, Seen] = field(default_factory=dict)
    events: list[Document] = field(default_factory=list)
    history: list[Document] = field(default_factory=list)
    changed: bool = False

    def saw(self, key: str, seen: Seen) -> None:
        """Note the last event applied from a source about a subject."""
        self.inbox[key] = seen
        self.changed = True


@dataclass(frozen=True, slots=True)
class Created:
    """Answer of a creation: `replayed` where an earlier attempt with the same key made it."""

    id: str
    answer: Document
    replayed: bool


def shard_of(key: str) -> int:
    """The share of work that a partition key belongs to."""
    return zlib.crc32(key.encode()) % SHARDS


def _same(id: str) -> str:
    return id


class AggregateStore(Generic[S]):
    """The aggregates of one collection.

    Args:
        collection: where they are kept.
        model: their state.
        topic: where their events are published; None where they publish nothing.
        source: CloudEvents source, or a function from the aggregate's id.
        subject: from the aggregate's id to its events' subject.
        partition_key: from id and state to the Kafka key.
        history_kept: how many of the last changes a document tells of.
    """

    def __init__(
        self,
        collection: Collection,
        model: type[S],
        *,
        topic: str,
        source: str | Callable[[str], str],
        subject: Callable[[str], str] = _same,
        partition_key: Callable[[str, S], str] = lambda id, _state: id,
        history_kept: int = HISTORY_KEPT,
    ) -> None:
        self.collection = collection
        self.model = model
        self.topic = topic
        self.source_of: Callable[[str], str] = (
            source if callable(source) else lambda _id, fixed=source: fixed  # type: ignore[misc]
        )
        self.subject_of = subject
        self._partition_key = partition_key
        self._history_kept = history_kept
        self.on_pending: Callable[[], None] = lambda: None
        """Called after a write that left events to publish; the relay listens."""

    async def create_indexes(self) -> None:
        """Create the indexes that the relay, the timers and idempotency need."""
        await self.collection.create_index(
            [("pending_since", ASCENDING)],
            partialFilterExpression={"pending_since": {"$exists": True}},
            name="pending",
        )
        await self.collection.create_index(
            [("next_due", ASCENDING)],
            partialFilterExpression={"next_due": {"$exists": True}},
            name="due",
        )
        await self.collection.create_index(
            [("idempotency.key", ASCENDING)],
            unique=True,
            partialFilterExpression={"idempotency.key": {"$exists": True}},
            name="idempotency",
        )

    # Reading

    def load(self, document: Document) -> Aggregate[S]:
        """An aggregate from its document."""
        state = document["state"]
        return Aggregate(
            id=document["_id"],
            version=document["version"],
            sequence=document["sequence"],
            state=None if state is None else self.model.model_validate(state),
            inbox={
                key.replace("%2E", "."): Seen(seen[0], seen[1])
                for key, seen in document["inbox"].items()
            },
        )

    async def get(self, id: str) -> Aggregate[S] | None:
        """The aggregate `id`, or None."""
        document = await self.collection.find_one({"_id": id}, _LEFT_OUT)
        return None if document is None else self.load(document)

    async def get_many(self, ids: Iterable[str]) -> dict[str, Aggregate[S]]:
        """The aggregates of `ids` that exist, by id; one query."""
        found = by_id(self.collection, ids, _LEFT_OUT)
        return {document["_id"]: self.load(document) async for document in found}

    async def history(self, id: str) -> list[Document]:
        """Recent changes of `id`, oldest first: `at`, `by`, `what`, `why`."""
        document = await self.collection.find_one({"_id": id}, {"history": 1})
        return [] if document is None else list(document["history"])

    # Deciding

    def record(
        self, aggregate: Aggregate[S], decision: Decision[S], *, by: str, trace: str | None = None
    ) -> None:
        """Take a decision into the aggregate; nothing is written yet.

        Args:
            by: who decided: a person's id with role, or the source of the event handled.
            trace: `traceparent` that the new events continue; None: the current one.
        """
        now = datetime.now(UTC)
        parent = trace or trace_parent.get()
        key = self._partition_key(aggregate.id, decision.state)
        names = []
        for item in decision.events:
            time, data = (
                (item.time, item.data) if isinstance(item, At) else (decision.time or now, item)
            )
            aggregate.sequence += 1
            names.append(data.full_type())
            aggregate.events.append(
                {
                    "n": aggregate.sequence,
                    "id": uuid7(),
                    "type": names[-1],
                    "time": time.astimezone(UTC),
                    "key": key,
                    "trace": child_of(parent),
                    "data": encode_payload(data),
                }
            )
        aggregate.history.append({"at": now, "by": by, "what": names, "why": decision.why})
        aggregate.state = decision.state
        aggregate.changed = True

    # Writing

    def _fields(self, aggregate: Aggregate[S]) -> Document:
        """What an insert and an update of `aggregate` both set."""
        state = aggregate.state
        fields: Document = {
            "version": aggregate.version + 1,
            "sequence": aggregate.sequence,
            "state": None if state is None else state.model_dump(),
            "inbox": {
                key.replace(".", "%2E"): [seen.sequence, seen.event_id]
                for key, seen in aggregate.inbox.items()
            },
        }
        due = None if state is None else state.next_due()
        if due is not None:
            fields["next_due"] = due
        return fields

    def _document(self, aggregate: Aggregate[S], idempotency: Document | None = None) -> Document:
        """The first document of a new aggregate."""
        now = datetime.now(UTC)
        state = aggregate.state
        key = aggregate.id if state is None else self._partition_key(aggregate.id, state)
        document = self._fields(aggregate) | {
            "_id": aggregate.id,
            "shard": shard_of(key),
            "created_at": now,
            "history": aggregate.history,
            "outbox": aggregate.events,
        }
        if aggregate.events:
            document["pending_since"] = now
        if idempotency is not None:
            document["idempotency"] = idempotency
        return document

    def _operation(self, aggregate: Aggregate[S]) -> InsertOne[Document] | UpdateOne:
        if aggregate.version == 0:
            return InsertOne(self._document(aggregate))
        fields = self._fields(aggregate)
        update: Document = {"$set": fields}
        if "next_due" not in fields:
            update["$unset"] = {"next_due": ""}
        pushes: Document = {}
        if aggregate.history:
            pushes["history"] = {"$each": aggregate.history, "$slice": -self._history_kept}
        if aggregate.events:
            pushes["outbox"] = {"$each": aggregate.events}
            update["$min"] = {"pending_since": datetime.now(UTC)}
        if pushes:
            update["$push"] = pushes
        return UpdateOne({"_id": aggregate.id, "version": aggregate.version}, update)

    async def write(self, aggregates: Sequence[Aggregate[S]]) -> bool:
        """Write every changed aggregate in one round trip, each on its version.

        Returns:
            False where another writer was first for some; others may have been written then. The
            caller loads and decides again: what was written is recognized by its inbox or state.
        """
        changed = [aggregate for aggregate in aggregates if aggregate.changed]
        if not changed:
            return True
        operations = [self._operation(aggregate) for aggregate in changed]
        done = 0
        try:
            result = await self.collection.bulk_write(operations, ordered=False)
            done = result.inserted_count + result.matched_count
        except BulkWriteError as error:
            if any(e["code"] != DUPLICATE_KEY for e in error.details["writeErrors"]):
                raise
            done = error.details["nInserted"] + error.details["nMatched"]
        if any(aggregate.events for aggregate in changed):
            self.on_pending()
        if done == len(changed):
            return True
        WRITE_CONFLICTS.inc(len(changed) - done)
        return False

    async def create(
        self,
        id: str,
        decision: Decision[S],
        *,
        by: str,
        answer: Mapping[str, Any],
        idempotency: Attempt | None = None,
    ) -> Created:
        """Create an aggregate, once for one idempotency key.

        Args:
            answer: what the caller is told; an attempt with the same key gets this one again.

        Raises:
            IdempotencyConflict: the key was used with another body.
            DuplicateKeyError: `id`, or another unique field, is taken.
        """
        aggregate: Aggregate[S] = Aggregate(id)
        self.record(aggregate, decision, by=by)
        kept = None
        if idempotency is not None:
            kept = {
                "key": idempotency.key,
                "fingerprint": idempotency.fingerprint,
                "answer": dict(answer),
            }
        try:
            await self.collection.insert_one(self._document(aggregate, kept))
        except DuplicateKeyError:
            if idempotency is None:
                raise
            earlier = await self.collection.find_one({"idempotency.key": idempotency.key})
            if earlier is None:
                raise
            if earlier["idempotency"]["fingerprint"] != idempotency.fingerprint:
                raise IdempotencyConflict from None
            return Created(earlier["_id"], earlier["idempotency"]["answer"], replayed=True)
        self.on_pending()
        return Created(id, dict(answer), replayed=False)

    async def execute(
        self,
        id: str,
        decide: Callable[[S | None], Decision[S] | None],
        *,
        by: str,
        version: int | None = None,
    ) -> Aggregate[S]:
        """Load `id`, decide, write; again where another writer was first.

        Args:
            decide: pure; None where there is nothing to do. What it raises goes to the caller.
            version: only on this version (`If-Match`).

        Raises:
            VersionMismatch: the document is at another version.
            Contended: other writers were first 30 times.
        """
        for attempt in range(_TRIES):
            aggregate = await self.get(id) or Aggregate(id)
            if version is not None and aggregate.version != version:
                raise VersionMismatch(aggregate.version)
            decision = decide(aggregate.state)
            if decision is None:
                return aggregate
            self.record(aggregate, decision, by=by)
            if await self.write([aggregate]):
                aggregate.version += 1
                return aggregate
            await asyncio.sleep(0.002 * attempt)
        raise Contended(id)
