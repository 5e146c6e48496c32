"""The relay: publishes the outboxes in order, keeps a journal, notices a broker that lost data.

Each replica works on the shards that it leases. An aggregate's events leave in order; they are
cleared from its outbox only when the broker has acknowledged them and the journal holds them.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.messaging.broker import Broker
from shared.messaging.journal import Journal, outgoing
from shared.messaging.leases import Leases
from shared.messaging.producer import Publisher
from shared.messaging.replays import LATE, Replays
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, UNREACHABLE, Database, Document, UpdateMany
from shared.telemetry import EVENTS_PUBLISHED, OUTBOX_DEPTH, OUTBOX_OLDEST_SECONDS, RELAY_REFILLS

log = logging.getLogger(__name__)

_BATCH = 300
_IDLE_SECONDS = 0.25
_ALONE_SECONDS = 1.0
"""So often a replica that has all shards looks at all stores: it is told of its own writes, and
only what was left by one that has ended remains to be found."""
_WATCH_SECONDS = 3.0
_PENDING: Document = {"pending_since": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}}
"""Outboxes with events; in this form the index answers alone (`$exists` fetches each document)."""
_MEASURE_SHARE = 10
"""Measuring takes at most this part of the time: there are many outboxes after a large load."""


class Relay:
    """The relay of one replica.

    Args:
        stores: whose outboxes it publishes.
        replays: what refills a topic from the journal.
    """

    def __init__(
        self,
        database: Database,
        stores: Sequence[AggregateStore[Any]],
        publisher: Publisher,
        journal: Journal,
        leases: Leases,
        broker: Broker,
        replays: Replays,
    ) -> None:
        self._stores = stores
        self._publisher = publisher
        self._journal = journal
        self._leases = leases
        self._broker = broker
        self._replays = replays
        self._ends_kept = database["relay_positions"]
        self._ends: dict[str, int] = {}
        self._nudged = asyncio.Event()
        self._refilling = asyncio.Lock()
        self.unpublished_since: datetime | None = None
        """When the oldest event was written that waits now; for readiness."""
        self._written: set[AggregateStore[Any]] = set()
        """Stores that this process has written events to since they were last looked at."""
        for store in stores:
            store.on_pending = partial(self._note_written, store)

    def _note_written(self, store: AggregateStore[Any]) -> None:
        self._written.add(store)
        self._nudged.set()

    async def run(self) -> None:
        """Publish for ever: what this process has written at once, and of all stores in turn."""
        pause = 0.1
        next_round = 0.0
        while True:
            now = time.monotonic()
            everywhere = now >= next_round
            if everywhere:
                next_round = now + (_ALONE_SECONDS if self._leases.alone else _IDLE_SECONDS)
            written, self._written = self._written, set()
            try:
                published = 0
                for store in self._stores if everywhere else written:
                    if sent := await self._publish_pending(store):
                        published += sent
                        self._written.add(store)  # a batch may have left some
            except UNREACHABLE as error:
                next_round = 0.0
                log.warning("the relay waits for the database", extra={"error": repr(error)})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            pause = 0.1
            if not published:
                await self._wait()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()

    # Publishing

    async def _publish_pending(self, store: AggregateStore[Any]) -> int:
        """Publish a batch of outboxes; how many events were acknowledged."""
        shards = self._leases.mine
        if not shards:
            return 0
        documents = (
            await store.collection.find(
                _PENDING | {"shard": {"$in": shards}},
                {"outbox": 1, "pending_since": 1},
            )
            .sort([("pending_since", ASCENDING)])
            .limit(_BATCH)
            .to_list(None)
        )
        if not documents:
            return 0
        entries = [self._entry(store, d["_id"], e) for d in documents for e in d["outbox"]]
        before = dict(self._ends)
        results = await self._publisher.publish([outgoing(entry) for entry in entries])
        done = [
            entry
            for entry, result in zip(entries, results, strict=True)
            if not isinstance(result, Exception)
        ]
        if len(done) < len(entries):
            failure = next(r for r in results if isinstance(r, Exception))
            log.warning(
                "events wait for the broker",
                extra={"waiting": len(entries) - len(done), "error": repr(failure)},
            )
            await asyncio.sleep(0.5)
        if not done:
            return 0
        await self._journal.keep(done)
        await self._clear(store, documents, entries, results)
        EVENTS_PUBLISHED.labels(store.topic, "outbox").inc(len(done))
        await self._note_ends(results, before)
        return len(done)

    @staticmethod
    def _entry(store: AggregateStore[Any], id: str, event: Document) -> Document:
        return event | {
            "topic": store.topic,
            "source": store.source_of(id),
            "subject": store.subject_of(id),
        }

    @staticmethod
    async def _clear(
        store: AggregateStore[Any],
        documents: Sequence[Document],
        entries: Sequence[Document],
        results: Sequence[RecordMetadata | Exception],
    ) -> None:
        """Take from each outbox the events up to the first that was not acknowledged."""
        outcome = iter(zip(entries, results, strict=True))
        done: list[str] = []
        for document in documents:
            complete = True
            for _ in document["outbox"]:
                entry, result = next(outcome)
                complete = complete and not isinstance(result, Exception)
                if complete:
                    done.append(entry["id"])
        chosen = {"_id": {"$in": [document["_id"] for document in documents]}}
        # Later events that came meanwhile stay, and the document with them pending.
        await store.collection.bulk_write(
            [
                UpdateMany(chosen, {"$pull": {"outbox": {"id": {"$in": done}}}}),
                UpdateMany(chosen | {"outbox": []}, {"$unset": {"pending_since": ""}}),
            ]
        )

    # A broker that lost its data

    @staticmethod
    def _key(topic: str, partition: int) -> str:
        return f"{topic}:{partition}".replace(".", "/")

    @staticmethod
    def _place(key: str) -> tuple[str, int]:
        topic, _, partition = key.rpartition(":")
        return topic.replace("/", "."), int(partition)

    async def _note_ends(
        self, results: Sequence[RecordMetadata | Exception], before: dict[str, int]
    ) -> None:
        """Remember how long the logs are; an event that lands before that end tells of loss.

        Args:
            before: the ends known before the publishing: what other replicas have published
                since lies rightly behind it.
        """
        ends: dict[str, int] = {}
        lost: set[str] = set()
        for result in results:
            if isinstance(result, Exception):
                continue
            key = self._key(self._broker.logical(result.topic), result.partition)
            if result.offset < before.get(key, 0):
                lost.add(self._broker.logical(result.topic))
            ends[key] = max(ends.get(key, 0), result.offset + 1)
        if lost:
            await self._refill(lost)
            return
        grown = {key: end for key, end in ends.items() if end > self._ends.get(key, 0)}
        if grown:
            self._ends |= grown
            await self._ends_kept.update_one(
                {"_id": "ends"}, {"$max": {f"ends.{k}": end for k, end in grown.items()}}, True
            )

    async def watch(self) -> None:
        """Compare the broker's logs with what was published, and measure the outboxes, for ever."""
        next_measure = 0.0
        while True:
            try:
                began = time.monotonic()
                if began >= next_measure:
                    await self._measure()
                    done = time.monotonic()
                    next_measure = done + _MEASURE_SHARE * (done - began)
                await self._compare()
            except UNREACHABLE as error:
                log.warning("the relay waits for the database", extra={"error": repr(error)})
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("the relay waits for the broker", extra={"error": repr(error)})
            await asyncio.sleep(_WATCH_SECONDS)

    async def _compare(self) -> None:
        if not self._leases.leads:
            return
        kept = await self._ends_kept.find_one({"_id": "ends"}) or {"ends": {}}
        self._ends = {k: max(v, kept["ends"].get(k, 0)) for k, v in self._ends.items()} | {
            k: v for k, v in kept["ends"].items() if k not in self._ends
        }
        if not self._ends:
            return
        expected = {
            TopicPartition(self._broker.topic(topic), partition): end
            for key, end in self._ends.items()
            for topic, partition in [self._place(key)]
        }
        shorter = await self._broker.shorter_logs(expected)
        lost = {self._broker.logical(partition.topic) for partition in shorter}
        if lost:
            await self._refill(lost)

    async def _refill(self, lost: set[str]) -> None:
        async with self._refilling:
            prefixes = tuple(topic.replace(".", "/") + ":" for topic in lost)
            forgotten = [key for key in self._ends if key.startswith(prefixes)]
            if not forgotten:
                return  # another task has seen to it
            await self._broker.ensure_topics()
            for topic in sorted(lost):
                RELAY_REFILLS.inc()
                log.warning(
                    "the broker's log is shorter than what was published; refilling it from the "
                    "journal",
                    extra={"topic": topic},
                )
                # An event that went into the lost log may reach the journal only after this.
                until = datetime.now(UTC) + LATE
                await self._replays.begin([topic], until=until, cause="refill")
            # Last: where this process or the database ends before, the log is found short again.
            for key in forgotten:
                self._ends.pop(key, None)
            await self._ends_kept.update_one(
                {"_id": "ends"}, {"$unset": {f"ends.{key}": "" for key in forgotten}}
            )

    # Measuring

    async def _measure(self) -> None:
        depth, oldest = 0, None
        for store in self._stores:
            depth += await store.collection.count_documents(_PENDING)
            first = await store.collection.find_one(
                _PENDING,
                {"pending_since": 1},
                sort=[("pending_since", ASCENDING)],
            )
            if first is not None:
                since = first["pending_since"]
                oldest = since if oldest is None else min(oldest, since)
        self.unpublished_since = oldest
        OUTBOX_DEPTH.set(depth)
        age = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
        OUTBOX_OLDEST_SECONDS.set(age)
