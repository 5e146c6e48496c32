"""The consumer: polls, works each partition in its own task, commits what is done.

Rules (DESIGN.md 3): offsets are committed explicitly, `{partition: last done + 1}`, about once a
second and after a drain; a full partition is paused and the others go on; on revoke the batch in
work is finished and committed, and what was only fetched is dropped for the next owner; what goes
wrong in a worker or a listener ends the consumer with that error instead of being swallowed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from shared.messaging.broker import Broker
from shared.messaging.ending import bounded, end_tasks
from shared.messaging.lenient import read_leniently_for_a_while
from shared.telemetry import CONSUMER_LAG, CONSUMER_RESTARTS

log = logging.getLogger(__name__)

Records = Sequence["ConsumerRecord[bytes, bytes]"]
Process = Callable[[str, Records], Awaitable[None]]
"""`await process(topic, records)`: records of one partition, in order; done when it returns."""

BATCH_RECORDS = 500
_PAUSE_ABOVE = 2 * BATCH_RECORDS
_COMMIT_SECONDS = 1.0
_COMMIT_AT_MOST_SECONDS = 3.0
_WATCH_SECONDS = 5.0
_HANG_SECONDS = 30.0
_REBALANCE_SECONDS = 30.0
_DRAIN_SECONDS = 10.0
"""Less than the request time-out, within which the others' join must be answered."""
_START_SECONDS = 45.0
_CONNECT_SECONDS = 1.0
_STALL_SECONDS = 60.0


class LogReplaced(KafkaError):
    """The broker came back with another log than the one that was read."""


class _Mark(NamedTuple):
    """A record that was read: by it a log is known again."""

    offset: int
    timestamp: int
    key: bytes | None

    @classmethod
    def of(cls, record: "ConsumerRecord[bytes, bytes]") -> "_Mark":
        return cls(record.offset, record.timestamp, record.key)


class _Worker:
    """The records of one partition and the task that works them off."""

    def __init__(self, partition: TopicPartition, topic: str, process: Process) -> None:
        self.partition = partition
        self.backlog: deque[ConsumerRecord[bytes, bytes]] = deque()
        self.read: _Mark | None = None
        """The last record that was handed over."""
        self.verify: _Mark | None = None
        """The record that must come next, for the log to be the one that was read."""
        self.done: _Mark | None = None
        """The last record that is done."""
        self.committed: int | None = None
        self.paused = False
        self._topic = topic
        self._process = process
        self._more = asyncio.Event()
        self._stopping = False
        self.task = asyncio.create_task(self._run(), name=f"worker {partition}")

    def put(self, records: Records) -> None:
        """Take records that follow what was read; raise `LogReplaced` if they cannot."""
        if self.verify is not None and records:
            first = _Mark.of(records[0])
            if first == self.verify:
                records = records[1:]
            elif first.offset <= self.verify.offset:
                raise LogReplaced(f"{self.partition} has another record at {first.offset}")
            self.verify = None
        if records:
            self.read = _Mark.of(records[-1])
            self.backlog.extend(records)
            self._more.set()

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            if self._stopping:
                return
            take = min(len(self.backlog), BATCH_RECORDS)
            batch = [self.backlog.popleft() for _ in range(take)]
            if not self.backlog:
                self._more.clear()
            if batch:
                await self._process(self._topic, batch)
                self.done = _Mark.of(batch[-1])

    async def drain(self, seconds: float) -> None:
        """Finish the batch in work, drop the rest; after `seconds`, give that batch up too."""
        self._stopping = True
        self.backlog.clear()
        self._more.set()
        await asyncio.wait([self.task], timeout=seconds)
        await end_tasks([self.task])


def _look_again(
    consumer: AIOKafkaConsumer, partition: TopicPartition, worker: _Worker, mark: _Mark | None
) -> None:
    """Fetch the last record that was read once more, to see whether the log is still that one.

    A compacted log may have let it go; then one further on comes, and the log is taken as known.
    Where no record is known the log is read from its start: what is read again is recognized as
    done, so that is safe.
    """
    consumer.seek(partition, mark.offset if mark else 0)
    worker.verify = mark


class Consumer(ConsumerRebalanceListener):
    """One member of the group `group`, for as long as `run` runs.

    Args:
        topics: names as in the contracts.
        process: applies a batch; what it raises ends the consumer.
    """

    def __init__(self, broker: Broker, group: str, topics: Iterable[str], process: Process) -> None:
        self._broker = broker
        self._session_timeout_ms = broker.session_timeout_ms
        self._group = group
        self._topics = [broker.topic(topic) for topic in topics]
        self._process = process
        self._workers: dict[TopicPartition, _Worker] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._closing = False
        self._progress = time.monotonic()
        self._last_record = time.monotonic()
        self._distrust = False
        """Whether the log may be another than the one that was read; nothing is committed then."""
        self._marks: dict[TopicPartition, _Mark] = {}
        """What this member has last done of each partition that it no longer has."""
        self._connections: dict[Any, Any] = {}
        self.assigned = asyncio.Event()
        """Set once the first assignment came, be it empty."""

    # Liveness and readiness

    def stalled(self) -> str | None:
        """Why the loop is dead, or None: progress of the loop, not a ping."""
        idle = time.monotonic() - self._progress
        return f"the consumer loop stands still for {idle:.0f} s" if idle > _STALL_SECONDS else None

    # The loop

    async def run(self) -> None:
        """Consume until `stop`; a consumer that hangs or fails is made anew."""
        pause = 0.5
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                await self._run_one()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("the consumer failed and is made anew", extra={"error": repr(error)})
                CONSUMER_RESTARTS.inc()
                if isinstance(error, LogReplaced):
                    self._marks = {}
                pause = 0.5 if time.monotonic() - began > 30 else min(pause * 2, 5.0)
                self._progress = time.monotonic()
                await self._wait_stop(pause)
            except UnicodeDecodeError as error:
                log.warning("a header's name is not UTF-8 text", extra={"error": repr(error)})
                CONSUMER_RESTARTS.inc()
                read_leniently_for_a_while()
            except asyncio.CancelledError:
                # aiokafka hands on the end of a task of its own; nobody cancelled this one.
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                log.warning("the consumer's own tasks ended; it is made anew")
                CONSUMER_RESTARTS.inc()
                await self._wait_stop(pause)

    async def _wait_stop(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _run_one(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._broker.connection(),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=BATCH_RECORDS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // 5,
            rebalance_timeout_ms=int(_REBALANCE_SECONDS * 1000),
            max_poll_interval_ms=300_000,
            fetch_max_wait_ms=250,
        )
        self._consumer = consumer
        self._failure = None
        self._closing = False
        try:
            consumer.subscribe(self._topics, listener=self)
            if await self._start(consumer):
                await self._poll(consumer)
        except (KafkaError, OSError, TimeoutError, asyncio.CancelledError):
            self._distrust = True
            raise
        finally:
            await self._close(consumer)

    async def _start(self, consumer: AIOKafkaConsumer) -> bool:
        """Join the group; False where `stop` came first. aiokafka alone would wait for ever."""
        starting = asyncio.create_task(consumer.start())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait(
                [starting, stopping],
                timeout=_START_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if starting.done():
                starting.result()
                self._progress = self._last_record = time.monotonic()
                return True
            if stopping.done():
                # aiokafka leaves a connection open when it is cancelled while it makes it.
                await asyncio.wait([starting], timeout=_CONNECT_SECONDS)
                return False
        finally:
            await end_tasks([starting, stopping])
        raise TimeoutError(f"the group did not let this member in within {_START_SECONDS:.0f} s")

    async def _poll(self, consumer: AIOKafkaConsumer) -> None:
        next_commit = next_watch = time.monotonic() + _COMMIT_SECONDS
        self._connections = {}
        while not self._stopping.is_set():
            batches = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            now = self._progress = time.monotonic()
            if self._lost_a_connection(consumer):
                for partition, reader in self._workers.items():
                    _look_again(consumer, partition, reader, reader.verify or reader.read)
                continue  # what was fetched may be of another log, and is fetched again
            for partition, records in batches.items():
                # No await since getmany: a partition revoked meanwhile has no worker.
                if worker := self._workers.get(partition):
                    self._last_record = now
                    worker.put(records)
            # What is at hand comes without a turn of the loop: the workers would only begin once
            # all of it lay here and each partition was paused, and then wait for the next fetch.
            await asyncio.sleep(0)
            if self._distrust and self._workers:
                self._distrust = any(worker.verify for worker in self._workers.values())
            self._check()
            self._throttle(consumer)
            if now >= next_commit and not self._distrust:
                next_commit = now + _COMMIT_SECONDS
                await self._commit(consumer)
            if now >= next_watch:
                next_watch = now + _WATCH_SECONDS
                await self._watch(consumer)

    def _lost_a_connection(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether a connection broke since the last call: the broker behind it may be another.

        aiokafka connects anew in silence. A broker that lost its data meanwhile may have been
        filled beyond our position by now; going on there would miss what lies before.
        """
        conns: dict[Any, Any] = consumer._client._conns
        now = {
            key: conn
            for key, conn in conns.items()
            if key[1] == ConnectionGroup.DEFAULT and conn.connected()
        }
        lost = any(now.get(key) is not conn for key, conn in self._connections.items())
        self._connections = now
        self._distrust = self._distrust or lost
        return lost

    def _check(self) -> None:
        """Raise what went wrong in a worker or a listener."""
        if self._failure is not None:
            raise self._failure
        for worker in self._workers.values():
            if worker.task.done() and not worker.task.cancelled():
                worker.task.result()

    def _throttle(self, consumer: AIOKafkaConsumer) -> None:
        for partition, worker in self._workers.items():
            if not worker.paused and len(worker.backlog) > _PAUSE_ABOVE:
                consumer.pause(partition)
                worker.paused = True
            elif worker.paused and len(worker.backlog) < BATCH_RECORDS:
                consumer.resume(partition)
                worker.paused = False

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        todo = {
            partition: worker.done.offset + 1
            for partition, worker in self._workers.items()
            if worker.done is not None and worker.done.offset + 1 != worker.committed
        }
        if not todo:
            return
        try:
            # aiokafka repeats a commit for as long as it takes, across the loss of the broker,
            # and would then commit old offsets into a new log.
            offsets = {partition: OffsetAndMetadata(done, "") for partition, done in todo.items()}
            await bounded(consumer.commit(offsets), _COMMIT_AT_MOST_SECONDS)
        except (CommitFailedError, IllegalStateError) as error:
            # The group moved on; what is done again is recognized as done.
            log.info("offsets were not committed", extra={"error": repr(error)})
            return
        for partition, done in todo.items():
            if worker := self._workers.get(partition):
                worker.committed = done

    # Watching

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Measure the lag; find a log that lost its end, and a fetcher that hangs in silence."""
        partitions = [p for p in self._workers if p in consumer.assignment()]
        if not partitions:
            return
        ends: dict[TopicPartition, int] = await bounded(consumer.end_offsets(partitions), 15)
        waits = False
        for partition in partitions:
            if partition not in consumer.assignment():
                return  # revoked meanwhile
            # The embedded broker's end offsets can lie before the end, never behind it; the
            # high-water mark is right but stands still with a fetcher that hangs.
            highwater = consumer.highwater(partition)
            end = max(ends[partition], highwater or 0)
            try:
                position: int = await bounded(consumer.position(partition), 15)
            except IllegalStateError:
                return  # revoked meanwhile
            worker = self._workers.get(partition)
            if worker is None:
                return  # revoked meanwhile
            if highwater is not None and position > end:
                raise LogReplaced(f"{partition} ends at {end}, and was read up to {position}")
            waits = waits or (position < end and not worker.paused)
            CONSUMER_LAG.labels(self._broker.logical(partition.topic), partition.partition).set(
                end - position + len(worker.backlog)
            )
        if waits and time.monotonic() - self._last_record > _HANG_SECONDS:
            raise KafkaError(f"no record for {_HANG_SECONDS:.0f} s, though some are waiting")

    # Rebalance

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Finish and commit what is in work; called by aiokafka, which swallows exceptions."""
        try:
            await self._drain()
        except Exception as error:
            self._failure = error

    async def _drain(self) -> None:
        workers = list(self._workers.values())
        for partition in self._workers:
            topic = self._broker.logical(partition.topic)
            CONSUMER_LAG.labels(topic, partition.partition).set(0)
        await asyncio.gather(*(worker.drain(_DRAIN_SECONDS) for worker in workers))
        try:
            # The log that was read may be no more: its offsets mean nothing then.
            consumer = self._consumer
            if consumer and not self._lost_a_connection(consumer) and not self._distrust:
                await self._commit(consumer)
        except (KafkaError, TimeoutError) as error:
            self._distrust = True
            log.warning("offsets were not committed", extra={"error": repr(error)})
        self._marks |= {p: w.done for p, w in self._workers.items() if w.done is not None}
        self._workers = {}
        for worker in workers:
            if not worker.task.cancelled():
                worker.task.result()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Start a worker for each partition; called by aiokafka."""
        if self._closing:
            return  # a rejoin that was under way; nobody polls any more
        try:
            self._workers = {
                partition: _Worker(partition, self._broker.logical(partition.topic), self._process)
                for partition in assigned
            }
            if self._distrust and self._consumer is not None:
                # After a failure the committed offsets may be of a log that is no more.
                for partition, worker in self._workers.items():
                    _look_again(self._consumer, partition, worker, self._marks.get(partition))
            self._last_record = time.monotonic()
            self.assigned.set()
        except Exception as error:
            self._failure = error

    # End

    async def _close(self, consumer: AIOKafkaConsumer) -> None:
        """Stop order: polling has stopped; drain, commit, close."""
        self._closing = True
        try:
            await self._drain()
        finally:
            self._consumer = None
            try:
                await bounded(consumer.stop(), 20)
            except (KafkaError, OSError, TimeoutError, asyncio.CancelledError) as error:
                log.warning("a consumer did not close cleanly", extra={"error": repr(error)})
                await consumer._client.close()

    async def stop(self) -> None:
        """Ask `run` to end after a drain."""
        self._stopping.set()
