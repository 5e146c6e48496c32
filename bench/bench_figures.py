"""What an event costs until its figures show it, by how many cases there are already:
a part of `python -m bench.bench_assessment`.

Each size is a database of its own on one embedded server: a month of a city (`month_city`).

- Cost: 50 events are taken in as the consumer does, then the figures loop works until it has told
  of them, without HTTP and Kafka. Processor time of the two and the database's, by event, over 40
  such batches; the sizes take turns, so that what else the machine does weighs on all alike.
- Delay: the service runs, events are published to its topics at 200 a second, and every eighth is
  looked for until its case has it applied and is marked as told (figures are written before that);
  to look for all took a tenth of the database's time. The processor time of the service and the
  servers meanwhile, by event.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench import month_city
from bench.common import cpu_seconds, percentile
from deploy.local.processes import LocalServer
from deploy.local.services import ServiceProcess
from services.assessment.measuring import Measuring
from services.assessment.repository import Repository
from shared.contracts.catalog import TOPIC_OF
from shared.contracts.envelope import Event, encode
from shared.messaging.broker import Broker
from shared.messaging.gate import inbox_key
from shared.messaging.leases import Leases
from shared.messaging.producer import Outgoing, Publisher
from shared.messaging.runtime import Runtime
from shared.settings import Settings
from shared.storage.aggregates import Aggregate
from shared.storage.client import Client, Database

SIZES = (20_000, 200_000, 2_000_000)
RATE, SECONDS = 200.0, 30.0
BATCH, BATCHES = 50, 40
SECRET = "a secret of the bench with 32 characters or more"
PARTS = ("case", "case, database", "figures", "figures, database")
"""Of what an event costs."""
_UNDER_WAY = 300
_POLL_SECONDS = 0.1
_SAMPLED = 8
_LONG = 600.0


def flow(seed: int) -> Iterator[Event]:
    """Events of requests, those of one spread among those of some hundred others."""
    chance = month_city.Chance(seed)
    under_way = [month_city.story(chance) for _ in range(_UNDER_WAY)]
    while True:
        which = chance.random.randrange(_UNDER_WAY)
        yield under_way[which].pop(0)
        if not under_way[which]:
            under_way[which] = month_city.story(chance)


@dataclass
class City:
    """A database with `size` cases, and what it took: seconds of processor time over all events."""

    size: int
    database: Database
    repository: Repository
    measuring: Measuring
    events: Iterator[Event]
    spent: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    @classmethod
    async def made(cls, client: Client, size: int) -> "City":
        """One that has its areas and no cases."""
        database = client.database(name_of(size))
        repository = Repository(database, settings_for(size, "", ""))
        if await database["areas"].find_one({}) is None:
            await month_city.register(database)
        leases = Leases(database, "bench")
        return cls(size, database, repository, Measuring(repository, leases), flow(size))

    async def create_indexes(self) -> None:
        """After the cases: that is several times faster than one by one."""
        repository = self.repository
        for create in (
            repository.cases.create_indexes,
            repository.figures.create_indexes,
            repository.create_indexes,
        ):
            # Of two million cases it can take longer than a command may.
            await Runtime.until_there("database", create)

    async def take(self, events: Sequence[Event]) -> None:
        """Take events into their cases as the consumer does, a batch in one write."""
        store = self.repository.cases
        cases = await store.get_many({event.partition_key for event in events})
        for event in events:
            case = cases.setdefault(event.partition_key, Aggregate(event.partition_key))
            month_city.take(case, event, store)
        if not await store.write(list(cases.values())):
            raise RuntimeError("somebody else writes cases")

    async def caught_up(self) -> float:
        """Measure until nothing is left; the seconds that it takes."""
        began = time.perf_counter()
        while await self.measuring.round():
            pass
        return time.perf_counter() - began

    async def cost(self, server: int) -> None:
        """Take in a batch and tell of it, and note what each takes. `server`: the database's."""
        batch = [next(self.events) for _ in range(BATCH)]
        for name, work in (("case", self.take(batch)), ("figures", self.caught_up())):
            before = time.process_time(), cpu_seconds(server)
            await work
            self.spent[name] += time.process_time() - before[0]
            self.spent[f"{name}, database"] += cpu_seconds(server) - before[1]


def name_of(size: int) -> str:
    """The database of a size."""
    return f"bench_assessment_{size}"


def settings_for(size: int, mongo: str, kafka: str) -> Settings:
    """The settings of assessment on the database of a size."""
    secret = SecretStr(SECRET)
    return Settings(
        service="assessment", database=name_of(size), token_secret=secret, field_key=secret,
        topic_prefix=f"bench{size}.", kafka_idempotence=False, kafka_partitions=4,
        MONGODB_URI=mongo, KAFKA_BOOTSTRAP_SERVERS=kafka,
    )  # fmt: skip


async def seed(client: Client, uri: str, size: int) -> tuple[City, float]:
    """A city with `size` cases, all counted, and how long the tallies took to be made."""
    city = await City.made(client, size)
    if await city.repository.cases.collection.count_documents({}) >= size:
        return city, 0.0
    made = await month_city.models(city.repository)
    began = time.perf_counter()
    await asyncio.to_thread(month_city.load, uri, name_of(size), made, size)
    await city.create_indexes()
    apart = [a["_id"] for a in month_city.levels() if a["level"] in ("city", "district")]
    await city.repository.tallies.found(apart)
    loaded = time.perf_counter() - began
    began = time.perf_counter()
    keys = [each["_id"] async for each in city.repository.tallies.collection.find({}, {"_id": 1})]
    await city.measuring.tell(keys)
    took = time.perf_counter() - began
    print(f"{size:,} cases: loaded in {loaded:.0f} s, told of in {took:.0f} s", flush=True)
    return city, took


async def costs(cities: Sequence[City], server: int) -> dict[int, dict[str, float]]:
    """Milliseconds of processor time by event, by size and part."""
    for _ in range(BATCHES):
        for city in cities:
            await city.cost(server)
    return {
        city.size: {name: 1000 * s / BATCH / BATCHES for name, s in city.spent.items()}
        for city in cities
    }


# The running service


@asynccontextmanager
async def service(
    city: City, folder: Path, mongo: str, kafka: str
) -> AsyncIterator[ServiceProcess]:
    """Assessment on the database of `city`, when it has told of all that there was."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "MONGODB_URI": mongo,
        "LIANXIN_DATABASE": name_of(city.size),
        "LIANXIN_TOPIC_PREFIX": f"bench{city.size}.",
        "LIANXIN_TOKEN_SECRET": SECRET,
        "LIANXIN_FIELD_KEY": SECRET,
        "LIANXIN_KAFKA_IDEMPOTENCE": "False",
        "LIANXIN_KAFKA_PARTITIONS": "4",
    }
    process = ServiceProcess("assessment", folder / f"assessment-{city.size}", environment)
    await asyncio.to_thread(process.start, 120)
    try:
        waiting = {"pending_since": {"$exists": True}}
        async with asyncio.timeout(_LONG):
            while await city.repository.figures.collection.find_one(waiting):
                await asyncio.sleep(1)
        yield process
    finally:
        await asyncio.to_thread(process.stop, 40)


@dataclass
class Watch:
    """Some of the events published, not yet seen in their figures; how long others took."""

    city: City
    waiting: dict[str, list[tuple[str, int, float]]] = field(default_factory=dict)
    """By case: key of the inbox, sequence, moment."""
    found: list[float] = field(default_factory=list)
    seen: int = 0

    def published(self, events: Sequence[Event]) -> None:
        """Note some of the events that the broker has acknowledged."""
        now = time.perf_counter()
        for event in events:
            self.seen += 1
            if self.seen % _SAMPLED:
                continue
            key = inbox_key(event.source, event.subject).replace(".", "%2E")
            self.waiting.setdefault(event.partition_key, []).append((key, event.sequence, now))

    async def look(self) -> None:
        """See which are told of now."""
        asked = time.perf_counter()
        chosen = {"_id": {"$in": list(self.waiting)}, "state.dirty": False}
        cases = self.city.repository.cases.collection
        for document in await cases.find(chosen, {"inbox": 1}).to_list(None):
            inbox: dict[str, Any] = document["inbox"]
            left = []
            for key, sequence, at in self.waiting.pop(document["_id"]):
                if inbox.get(key, (0,))[0] >= sequence:
                    self.found.append(asked - at)
                else:
                    left.append((key, sequence, at))
            if left:
                self.waiting[document["_id"]] = left


async def delays(
    city: City, folder: Path, mongo: LocalServer, kafka: LocalServer
) -> dict[str, float]:
    """Seconds from the publishing of an event until its figures tell of it (p50, p95), and the
    milliseconds of processor time that one takes, by process, at `RATE`."""
    settings = settings_for(city.size, mongo.address, kafka.address)
    broker = Broker(settings)
    await broker.ensure_topics()
    publisher = Publisher(broker, settings)
    watch, total, sent = Watch(city), int(RATE * SECONDS), 0
    try:
        async with service(city, folder, mongo.address, kafka.address) as process:
            pids = {
                "service": process.pid or 0, "database": mongo.pid or 0, "broker": kafka.pid or 0,
            }  # fmt: skip
            before = {name: cpu_seconds(pid) for name, pid in pids.items()}
            began = time.perf_counter()
            async with asyncio.timeout(_LONG):
                while sent < total or watch.waiting:
                    due = min(total, int((time.perf_counter() - began) * RATE)) - sent
                    if due > 0:
                        await publish(publisher, events := [next(city.events) for _ in range(due)])
                        watch.published(events)
                        sent += due
                    await asyncio.sleep(_POLL_SECONDS)
                    await watch.look()
            spent = {n: 1000 * (cpu_seconds(pid) - before[n]) / total for n, pid in pids.items()}
    finally:
        await publisher.close()
        await broker.close()
    return spent | {"p50": percentile(watch.found, 50), "p95": percentile(watch.found, 95)}


async def publish(publisher: Publisher, events: Sequence[Event]) -> None:
    """Publish events as their services do."""
    out = [Outgoing(TOPIC_OF[e.type.rpartition(".v")[0]], *encode(e)) for e in events]
    for result in await publisher.publish(out):
        if isinstance(result, Exception):
            raise result
