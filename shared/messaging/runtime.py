"""The runtime of a service process: its consumers, relay, timers and keeper, watched together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from aiokafka.errors import KafkaError

from shared.contracts import topics
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.ending import end_tasks
from shared.messaging.journal import Journal
from shared.messaging.keeper import Keeper
from shared.messaging.leases import Leases
from shared.messaging.processor import Consumes, Processor
from shared.messaging.producer import Publisher
from shared.messaging.relay import Relay
from shared.messaging.replays import Replays
from shared.messaging.timers import Timers
from shared.settings import Settings
from shared.storage.aggregates import AggregateStore
from shared.storage.client import UNREACHABLE, Client

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 25.0


class Runtime:
    """Everything of a service that is not HTTP.

    Args:
        stores: aggregates whose events it publishes.
        consumes: what it listens to; None: nothing.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        *,
        stores: Sequence[AggregateStore[Any]],
        consumes: Consumes[Any, Any] | None = None,
    ) -> None:
        self.settings = settings
        self._client = client
        database = self.database = client.database(settings.database_name)
        self.stores = stores
        self.broker = Broker(settings)
        self.publisher = Publisher(self.broker, settings)
        self.leases = Leases(database, settings.replica)
        self.journal = Journal(database)
        self.dead_letters = DeadLetters(database, settings.source)
        self.replays = Replays(database, self.journal, self.publisher, self.leases)
        self.relay = Relay(
            database,
            stores,
            self.publisher,
            self.journal,
            self.leases,
            self.broker,
            self.replays,
        )
        group = f"{settings.topic_prefix}lianxin.{settings.service}"
        self.consumers = [
            Consumer(self.broker, f"{group}.replays", [topics.REPLAYS.name], self.replays.answer)
        ]
        self._work: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = [
            ("leases", self.leases.run),
            ("relay", self.relay.run),
            ("relay watch", self.relay.watch),
            ("replays", self.replays.run),
        ]
        self.processor: Processor[Any, Any] | None = None
        if consumes is not None:
            self.processor = Processor(consumes, database, self.dead_letters, settings)
            keeper = Keeper(
                self.processor, self.dead_letters, self.publisher, self.leases, settings
            )
            self.consumers.append(
                Consumer(self.broker, group, consumes.topics, self.processor.process)
            )
            self._work.append(("keeper", keeper.run))
        self._tasks: list[asyncio.Task[None]] = []
        self._consuming: list[asyncio.Task[None]] = []
        self.fatal: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """Set with what ended a task that must not end; the process then stops, status 1."""

    def add_timers(self, timers: Timers[Any]) -> None:
        """Fire these timers while running."""
        self._work.append((f"timers {id(timers)}", timers.run))

    def add_work(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run an endless task of the service while running."""
        self._work.append((name, run))

    # Life

    async def prepare(self) -> None:
        """Wait for the servers; create indexes and topics."""
        await self.prepare_database()
        await self.until_there("broker", self.broker.ensure_topics)

    async def prepare_database(self) -> None:
        """Wait for the database; create the indexes of the runtime."""
        await self.until_there("database", self._create_indexes)

    async def _create_indexes(self) -> None:
        await self.journal.create_indexes()
        await self.dead_letters.create_indexes()
        for store in self.stores:
            await store.create_indexes()

    @staticmethod
    async def until_there(what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work`; again, for as long as it takes, while a server is away."""
        pause = 0.2
        while True:
            try:
                return await work()
            except (*UNREACHABLE, KafkaError, OSError, TimeoutError) as error:
                log.warning("waiting for the %s", what, extra={"error": repr(error)})
                await asyncio.sleep(pause)
                pause = min(pause * 2, 3.0)

    async def start(self) -> None:
        """Start everything; returns at once, and waits for absent servers in the background."""
        self._tasks.append(asyncio.create_task(self._guard("start", self._start_all)))

    async def _start_all(self) -> None:
        await self.prepare()
        for name, work in self._work:
            self._tasks.append(asyncio.create_task(self._guard(name, work)))
        for consumer in self.consumers:
            self._consuming.append(asyncio.create_task(self._guard("consumer", consumer.run)))

    async def _guard(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                return await work()
            except UNREACHABLE as error:
                # Loops wait for the database themselves; one that did not is started again.
                log.warning("%s lost the database and starts again", name, exc_info=error)
                await asyncio.sleep(1)
            except Exception as error:
                log.critical("%s ended; the process stops", name, exc_info=error)
                if not self.fatal.done():
                    self.fatal.set_result(error)
                return None

    async def stop(self) -> None:
        """Stop polling, drain, commit, publish what is left for a moment, close."""
        for consumer in self.consumers:
            await consumer.stop()
        if self._consuming:
            await asyncio.wait(self._consuming, timeout=_DRAIN_SECONDS)
        await end_tasks([*self._tasks, *self._consuming], _DRAIN_SECONDS)
        try:
            await self.leases.release()
        except UNREACHABLE as error:
            log.warning("leases were not released", extra={"error": repr(error)})
        await self.publisher.close()
        await self.broker.close()

    # Health

    def alive(self) -> str | None:
        """Why the process should be ended, or None."""
        if self.fatal.done():
            return f"a task ended: {self.fatal.result()!r}"
        return next((why for c in self.consumers if (why := c.stalled())), None)

    async def database_there(self) -> str | None:
        """None, or what to do about the absent database."""
        try:
            async with asyncio.timeout(3):
                await self._client.ping()
        except (*UNREACHABLE, TimeoutError):
            return "MongoDB does not answer; check MONGODB_URI and the server"
        return None

    async def broker_there(self) -> str | None:
        """None, or what to do about the absent broker."""
        try:
            async with asyncio.timeout(5):
                await self.broker.ping()
        except (KafkaError, OSError, TimeoutError):
            return "Kafka does not answer; check KAFKA_BOOTSTRAP_SERVERS and the server"
        if not all(consumer.assigned.is_set() for consumer in self.consumers):
            return "the consumer group has not assigned partitions yet; wait some seconds"
        return None
