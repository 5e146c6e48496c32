"""The producer of a service: made anew after a failure that it cannot recover from."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from shared.contracts.envelope import Headers
from shared.messaging.broker import Broker
from shared.messaging.ending import bounded, end_tasks
from shared.settings import Settings
from shared.telemetry import PRODUCER_RESTARTS

log = logging.getLogger(__name__)

_ACKNOWLEDGED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish; `topic` as the contracts name it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class ConnectionLost(KafkaConnectionError):
    """The broker behind the next connection may be another one."""


class _OneLife:
    """A producer's connections: once one is lost, the producer makes no other.

    aiokafka connects anew in silence and sends on by what it knew of the topics. A broker that
    came back without its data may take that (the embedded one does), and makes the topic only
    then: two records are given the same place, and one is lost though both were acknowledged.
    """

    def __init__(
        self, producer: AIOKafkaProducer, on_lost: Callable[["_OneLife", bool], None]
    ) -> None:
        self.producer = producer
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_lost = on_lost
        client: Any = producer.client
        self._on_close, self._connect = client._on_connection_closed, client._get_conn
        client._on_connection_closed, client._get_conn = self._note_closed, self._get_conn

    def _note_closed(self, connection: Any, reason: CloseReason | None) -> None:
        if reason is not CloseReason.SHUTDOWN and not self.lost.done():
            self.lost.set_result(None)
            self._on_lost(self, reason is CloseReason.IDLE_DROP)
        self._on_close(connection, reason)

    async def _get_conn(self, node: Any, **options: Any) -> Any:
        return None if self.lost.done() else await self._connect(node, **options)


class Publisher:
    """Publishes records with `acks=all`; sends of one call are awaited together.

    An idempotent producer can fail for good (fenced, unknown producer, out of order), and a
    producer whose broker was replaced can wait for ever: after any failure but "too large", and
    where a connection was lost, the producer is dropped and the next call makes another.
    """

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self._broker = broker
        self._settings = settings
        self._life: _OneLife | None = None
        self._was_lost = False
        self._ending: set[asyncio.Task[None]] = set()
        self._making = asyncio.Lock()

    async def _ready(self) -> _OneLife:
        async with self._making:
            if self._life is None:
                if self._was_lost:
                    await self._broker.ensure_topics()
                    self._was_lost = False
                producer = AIOKafkaProducer(
                    **self._broker.connection(),
                    acks="all",
                    enable_idempotence=self._settings.kafka_idempotence,
                    max_request_size=4_000_000,
                    max_batch_size=256 * 1024,
                )
                life = _OneLife(producer, self._let_go)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                if life.lost.done():
                    await self._abandon(producer)
                    raise ConnectionLost
                self._life = life
            return self._life

    def _let_go(self, life: _OneLife, idle: bool) -> None:
        """At once, also where nothing is published: it would go on trying to connect for ever.

        Args:
            idle: it was closed by this side for want of use, which nobody need be told of.
        """
        self._was_lost = True
        if self._life is life:
            self._life = None
            if not idle:
                _note_restart(ConnectionLost())
            task = asyncio.create_task(self._abandon(life.producer))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def publish(self, records: Sequence[Outgoing]) -> list[RecordMetadata | Exception]:
        """Publish `records` in their order.

        Returns:
            For each record its place in the log, or why it is not there.
        """
        try:
            life = await self._ready()
        except (KafkaError, OSError, TimeoutError) as error:
            return [error] * len(records)
        sending = asyncio.create_task(self._send(life.producer, records))
        try:
            either: list[asyncio.Future[Any]] = [sending, life.lost]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                return [ConnectionLost()] * len(records)
            results = sending.result()
        finally:
            await end_tasks([sending])
        broken = next(
            (
                r
                for r in results
                if isinstance(r, Exception) and not isinstance(r, MessageSizeTooLargeError)
            ),
            None,
        )
        if broken is not None and self._life is life:
            self._life = None
            _note_restart(broken)
            await self._stop(life.producer)
        return results

    async def _send(
        self, producer: AIOKafkaProducer, records: Sequence[Outgoing]
    ) -> list[RecordMetadata | Exception]:
        waiting: list[asyncio.Future[RecordMetadata]] = []
        failure: Exception | None = None
        for record in records:
            try:
                async with asyncio.timeout(20):
                    waiting.append(
                        await producer.send(
                            self._broker.topic(record.topic),
                            value=record.value,
                            key=record.key,
                            headers=record.headers,
                        )
                    )
            except MessageSizeTooLargeError as error:
                refused: asyncio.Future[RecordMetadata] = asyncio.Future()
                refused.set_exception(error)
                waiting.append(refused)
            except (KafkaError, OSError, TimeoutError) as error:
                # The later records of this call are not sent: order within a key holds.
                failure = error
                break
        results = await self._acknowledged(waiting)
        if failure is not None:
            results.extend([failure] * (len(records) - len(results)))
        return results

    async def _acknowledged(
        self, waiting: Sequence["asyncio.Future[RecordMetadata]"]
    ) -> list[RecordMetadata | Exception]:
        if waiting:
            # aiokafka fails what it cannot send in time, but not where its own sender has died.
            await asyncio.wait(waiting, timeout=_ACKNOWLEDGED_SECONDS)
        results: list[RecordMetadata | Exception] = []
        for future in waiting:
            if not future.done() or future.cancelled():
                future.cancel()
                results.append(TimeoutError("the broker has not acknowledged a record in time"))
            else:
                error = future.exception()
                if error is not None and not isinstance(error, Exception):
                    raise error
                results.append(error or future.result())
        return results

    @classmethod
    async def _stop(cls, producer: AIOKafkaProducer) -> None:
        try:
            await bounded(producer.stop(), 10)
        except Exception as error:
            log.warning("a producer did not close cleanly", extra={"error": repr(error)})
            await cls._abandon(producer)

    @staticmethod
    async def _abandon(producer: AIOKafkaProducer) -> None:
        """Close it with what it has not sent."""
        producer._closed = True
        await producer._sender.close()
        await producer.client.close()

    async def close(self) -> None:
        """Send what is buffered and close."""
        life, self._life = self._life, None
        if life is not None:
            await self._stop(life.producer)
        await asyncio.gather(*self._ending)


def _note_restart(why: Exception) -> None:
    PRODUCER_RESTARTS.inc()
    log.warning("the producer failed and is made anew", extra={"error": repr(why)})
