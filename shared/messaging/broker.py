"""Connection settings for Kafka, the topics made, and the ends of their logs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoBrokersAvailable,
    TopicAlreadyExistsError,
    for_code,
)

from shared.contracts.topics import TOPICS, Topic
from shared.messaging.ending import bounded
from shared.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")


class Broker:
    """The broker of a service: where it is, what topics are called there, where logs end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prober: AIOKafkaConsumer | None = None
        self._probing = asyncio.Lock()

    @property
    def session_timeout_ms(self) -> int:
        """After how long a consumer that is not heard of leaves its group."""
        return self._settings.kafka_session_timeout_ms

    def topic(self, name: str) -> str:
        """Name of a topic on this broker; tests give each run a prefix of its own."""
        return self._settings.topic_prefix + name

    def logical(self, name: str) -> str:
        """Name of a topic in the contracts, from its name on this broker."""
        return name.removeprefix(self._settings.topic_prefix)

    def connection(self) -> dict[str, Any]:
        """Arguments that every aiokafka client of this service takes."""
        settings = self._settings
        options: dict[str, Any] = {
            "bootstrap_servers": settings.kafka_bootstrap_servers,
            "client_id": f"lianxin-{settings.service}",
            "request_timeout_ms": 15_000,
            "retry_backoff_ms": 200,
        }
        if settings.kafka_username and settings.kafka_password:
            options |= {
                "security_protocol": "SASL_PLAINTEXT",
                "sasl_mechanism": "PLAIN",
                "sasl_plain_username": settings.kafka_username,
                "sasl_plain_password": settings.kafka_password.get_secret_value(),
            }
        return options

    async def ensure_topics(self, topics: Iterable[Topic] = TOPICS) -> None:
        """Create the topics that are not there; a topic that is there is left as it is.

        Raises:
            KafkaError: the broker is away, or refuses.
        """
        admin = AIOKafkaAdminClient(**self.connection())
        try:
            await admin.start()
            there = set(await admin.list_topics())
            missing = [topic for topic in topics if self.topic(topic.name) not in there]
            for topic in missing:
                await self._create(admin, topic)
        finally:
            await admin.close()

    async def _create(self, admin: AIOKafkaAdminClient, topic: Topic) -> None:
        settings = self._settings
        try:
            answer: Any = await admin.create_topics(
                [
                    NewTopic(
                        self.topic(topic.name),
                        num_partitions=settings.kafka_partitions if topic.partitioned else 1,
                        replication_factor=settings.kafka_replication,
                        topic_configs=topic.config,
                    )
                ],
                timeout_ms=10_000,
            )
        except TopicAlreadyExistsError:
            return
        for error in answer.topic_errors:
            code = error[1]
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(f"topic {topic.name} cannot be created: {error[2:]}")

    async def shorter_logs(self, expected: Mapping[TopicPartition, int]) -> set[TopicPartition]:
        """Partitions whose log ends before the offset expected, or which are gone.

        Raises:
            KafkaError, TimeoutError: the broker is away.
        """
        return await self._probe(lambda prober: self._shorter(prober, expected))

    @staticmethod
    async def _shorter(
        prober: AIOKafkaConsumer, expected: Mapping[TopicPartition, int]
    ) -> set[TopicPartition]:
        # The public topics() asks the broker for the same thing and gives only the names.
        cluster = await prober._client.fetch_all_metadata()
        there = [
            p for p in expected if p.partition in (cluster.partitions_for_topic(p.topic) or ())
        ]
        ends: dict[TopicPartition, int] = await prober.end_offsets(there) if there else {}
        short = {p for p, end in expected.items() if ends.get(p, 0) < end}
        # The embedded broker answers with the start of the last batch and not with its end: only
        # what a fetch of that batch says of the high-water mark is sure.
        unsure = {p for p in short if ends.get(p, 0) > 0}
        if not unsure:
            return short
        prober.assign(unsure)
        for partition in unsure:
            prober.seek(partition, ends[partition] - 1)
        try:
            async with asyncio.timeout(5):
                while any(prober.highwater(partition) is None for partition in unsure):
                    await prober.getmany(timeout_ms=200)
        except TimeoutError:
            return short - unsure  # not sure is not lost; the next look tells
        return {p for p in short if p not in unsure or prober.highwater(p) < expected[p]}

    async def _probe(self, work: Callable[[AIOKafkaConsumer], Awaitable[T]]) -> T:
        """Do `work` with a consumer that is in no group; one that failed is made anew."""
        async with self._probing:
            if self._prober is None:
                prober = AIOKafkaConsumer(**self.connection(), enable_auto_commit=False)
                try:
                    await prober.start()
                except BaseException:
                    await _close_quietly(prober)
                    raise
                self._prober = prober
            try:
                async with asyncio.timeout(15):
                    return await work(self._prober)
            except (TimeoutError, KafkaError, OSError):
                broken, self._prober = self._prober, None
                await _close_quietly(broken)
                raise

    async def ping(self) -> None:
        """Raise a KafkaError where the broker does not answer."""
        await self._probe(lambda prober: prober._client.fetch_all_metadata())

    async def close(self) -> None:
        """Close what was opened."""
        if self._prober is not None:
            await _close_quietly(self._prober)
            self._prober = None


async def _close_quietly(client: AIOKafkaConsumer) -> None:
    try:
        await bounded(client.stop(), 10)
    except Exception as error:
        log.warning("a Kafka client did not close cleanly", extra={"error": repr(error)})


AWAY = (KafkaConnectionError, NoBrokersAvailable, OSError, TimeoutError)
"""Errors that say only that the broker is away."""
