"""The producer of a service: made anew after a failure that it cannot recover from."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from shared.contracts.envelope import Headers
from shared.messaging.broker import Broker
from shared.messaging.ending import bounded
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


class Publisher:
    """Publishes records with `acks=all`; sends of one call are awaited together.

    An idempotent producer can fail for good (fenced, unknown producer, out of order), and a
    producer whose broker was replaced can wait for ever: after any failure but "too large" the
    producer is dropped and the next call makes another.
    """

    def __init__(self, broker: Broker, settings: Settings) -> None:
        self._broker = broker
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._making = asyncio.Lock()

    async def _ready(self) -> AIOKafkaProducer:
        async with self._making:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._broker.connection(),
                    acks="all",
                    enable_idempotence=self._settings.kafka_idempotence,
                    max_request_size=4_000_000,
                    max_batch_size=256 * 1024,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def publish(self, records: Sequence[Outgoing]) -> list[RecordMetadata | Exception]:
        """Publish `records` in their order.

        Returns:
            For each record its place in the log, or why it is not there.
        """
        try:
            producer = await self._ready()
        except (KafkaError, OSError, TimeoutError) as error:
            return [error] * len(records)
        results: list[RecordMetadata | Exception] = []
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
        results.extend(await self._acknowledged(waiting))
        if failure is not None:
            results.extend([failure] * (len(records) - len(results)))
        broken = next(
            (
                r
                for r in results
                if isinstance(r, Exception) and not isinstance(r, MessageSizeTooLargeError)
            ),
            None,
        )
        if broken is not None:
            await self._drop(broken)
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

    async def _drop(self, why: Exception) -> None:
        producer, self._producer = self._producer, None
        PRODUCER_RESTARTS.inc()
        log.warning("the producer failed and is made anew", extra={"error": repr(why)})
        if producer is not None:
            await self._stop(producer)

    @staticmethod
    async def _stop(producer: AIOKafkaProducer) -> None:
        try:
            await bounded(producer.stop(), 10)
        except Exception as error:
            log.warning("a producer did not close cleanly", extra={"error": repr(error)})
            await producer._sender.close()
            await producer.client.close()

    async def close(self) -> None:
        """Send what is buffered and close."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await self._stop(producer)
