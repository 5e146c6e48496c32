"""What an event costs until its figures show it, by how many cases there are already:
`python -m bench.bench_figures [sizes]`.

Each size is a database of its own on one embedded server, with all cases in one month and four
communities, as in `make bench`, put in through the store and the handlers, without HTTP and Kafka.

- Cost: 50 events are applied, then the figures loop alone works until it has told of them. Its
  processor time and the database's, by event, over 40 such batches; the sizes take turns, so that
  whatever else the machine does weighs on all alike.
- Delay: 150 events a second for 20 seconds with the loop running, from the event's write to the
  moment at which its case is marked as told (figures are written before).
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pydantic import SecretStr

from bench.common import cpu_seconds, percentile
from services.assessment.handlers import HANDLERS, target
from services.assessment.measuring import Measuring
from services.assessment.repository import Repository
from services.assessment.service.cases import Case
from services.assessment.service.tallies import MILLIS_AN_HOUR
from shared.contracts.envelope import Event
from shared.contracts.ids import uuid7
from shared.contracts.requests import RequestFollowedUp
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore
from shared.storage.client import Client, Document, connect
from tests.servers import own_database
from tests.unit.services.assessment.stories import Teller

SIZES = (2_000, 20_000, 60_000, 200_000)
RATE, SECONDS = 150.0, 20.0
BATCH, BATCHES = 50, 40
ZONE = timezone(timedelta(hours=8))
MONTH = datetime(2026, 5, 1, tzinfo=ZONE)
_POLL_SECONDS = 0.05
_SEEDED_AT_ONCE = 1000


class Load:
    """Requests in four communities, with four units and their organizations."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._chance = random.Random(1)
        self._number = 0
        self._flow = self._mixed()

    def story(self) -> list[Event]:
        """A request accepted and followed up; assigned, completed after any time up to 25 hours."""
        self._number += 1
        number = self._number % 4
        at = MONTH + timedelta(milliseconds=self._chance.randrange(30 * 86_400_000))
        done = at + timedelta(milliseconds=self._chance.randrange(90_000_000))
        tell = Teller(uuid7())
        tell.accept(at, ("city", "d1", f"s{number // 2}", f"c{number}"))
        tell.request(RequestFollowedUp, contacted=True, solved=True, satisfied=5, round=1)
        tell.assign(f"u{number}", f"o{number}")
        tell.complete(f"u{number}", f"o{number}", done, in_time=True)
        return tell.all

    def _mixed(self) -> Iterator[Event]:
        """Stories one after the other, each spread over the next hundred."""
        under_way: list[list[Event]] = [self.story() for _ in range(100)]
        while True:
            which = self._chance.randrange(len(under_way))
            yield under_way[which].pop(0)
            if not under_way[which]:
                under_way[which] = self.story()

    def next(self, number: int) -> list[Event]:
        """The next events: as many of each kind."""
        return [next(self._flow) for _ in range(number)]

    async def apply(self, events: Sequence[Event]) -> None:
        """Apply events as the service does, a batch in one write."""
        store = self._repository.cases
        cases = await store.get_many({target(event) for event in events})
        for event in events:
            case = cases.setdefault(target(event), Aggregate(target(event)))
            decide(case, event, store)
        if not await store.write(list(cases.values())):
            raise RuntimeError("somebody else writes cases")


def decide(case: Aggregate[Case], event: Event, store: AggregateStore[Case]) -> None:
    """Take an event into its case."""
    decision = HANDLERS[type(event.data)](case.state, event, ZONE)  # type: ignore[index]
    if decision is not None:
        store.record(case, decision, by="bench")


async def caught_up(measuring: Measuring) -> float:
    """Measure until nothing is left; the seconds that it takes."""
    began = time.perf_counter()
    while await measuring.round():
        pass
    return time.perf_counter() - began


@dataclass
class City:
    """A database with `size` cases, and what it took: seconds of processor time over all events."""

    size: int
    repository: Repository
    load: Load
    measuring: Measuring
    loop: float = 0.0
    database: float = 0.0

    @classmethod
    async def made(cls, client: Client, size: int, settings: Settings) -> "City":
        """An empty one."""
        database = client.database(f"bench_figures_{size}")
        repository = Repository(database, settings)
        for store in (repository.cases, repository.figures):
            await store.create_indexes()
        await repository.create_indexes()
        levels = {"city": "city", "d1": "district", "s0": "street", "s1": "street"}
        for code, level in (levels | {f"c{n}": "community" for n in range(4)}).items():
            shown = {"level": level, "path": [code], "sequence": 1}
            await database["areas"].update_one({"_id": code}, {"$set": shown}, upsert=True)
        leases = Leases(database, "bench")
        return cls(size, repository, Load(repository), Measuring(repository, leases))

    async def cost(self, server: int) -> None:
        """Apply a batch, and note what telling of it takes. `server`: the database's process."""
        await self.load.apply(self.load.next(BATCH))
        before = time.process_time(), cpu_seconds(server)
        await caught_up(self.measuring)
        self.loop += time.process_time() - before[0]
        self.database += cpu_seconds(server) - before[1]


async def seed(cities: Sequence[City]) -> None:
    """The same cases in each, counted; the loop makes the tallies from them."""
    store = cities[0].repository.cases
    largest = max(city.size for city in cities)
    models = [story_document(cities[0].load.story(), store) for _ in range(4)]
    chance = random.Random(2)
    for start in range(0, largest, _SEEDED_AT_ONCE):
        numbers = range(start, min(start + _SEEDED_AT_ONCE, largest))
        documents = [another(models[number % 4], chance) for number in numbers]
        for city in cities:
            if some := documents[: max(0, city.size - start)]:
                await city.repository.cases.collection.insert_many(some, ordered=False)
    for city in cities:
        took = await caught_up(city.measuring)
        print(f"{city.size} cases: tallies made in {took:.1f} s", flush=True)


def story_document(events: Sequence[Event], store: AggregateStore[Case]) -> Document:
    """The case of a whole story, as the store keeps it, measured."""
    case: Aggregate[Case] = Aggregate(target(events[0]))
    for event in events:
        decide(case, event, store)
    assert case.state is not None
    state = case.state.model_copy(update={"dirty": False}).model_dump()
    return {"version": 1, "sequence": 0, "inbox": {}, "history": case.history, "state": state}


def another(model: Document, chance: random.Random) -> Document:
    """A case like `model` at another time in the month, completed after other hours."""
    at = MONTH + timedelta(milliseconds=chance.randrange(30 * 86_400_000))
    millis = chance.randrange(90_000_000)
    state = model["state"]
    done = state["rounds"]["1"] | {"completed_at": at + timedelta(milliseconds=millis)}
    measure = state["measure"] | {"hours": millis / MILLIS_AN_HOUR}
    other = {"accepted_at": at, "rounds": {"1": done}, "measure": measure}
    state = state | other
    counted = {"number": 0, "keys": state["keys"], "measure": measure}
    return model | {"_id": uuid7(), "state": state, "counted": counted}


async def delays(city: City, leases: Leases) -> list[float]:
    """Seconds from an event's write until its case is told of, at `RATE`."""
    written: dict[str, list[float]] = {}
    found: list[float] = []
    total, applied = int(RATE * SECONDS), 0
    load, cases = city.load, city.repository.cases.collection
    running = asyncio.create_task(Measuring(city.repository, leases).run())
    began = time.perf_counter()
    try:
        while applied < total or written:
            due = min(total, int((time.perf_counter() - began) * RATE)) - applied
            if due > 0:
                events = load.next(due)
                await load.apply(events)
                applied += due
                now = time.perf_counter()
                for event in events:
                    written.setdefault(target(event), []).append(now)
            await asyncio.sleep(_POLL_SECONDS)
            asked = time.perf_counter()
            chosen = {"_id": {"$in": list(written)}, "state.dirty": False}
            for document in await cases.find(chosen, {"_id": 1}).to_list(None):
                found += [asked - at for at in written.pop(document["_id"])]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return found


async def measure(uri: str, server: int, sizes: Sequence[int]) -> None:
    """Measure at each size and print a line for each."""
    client = connect(uri)
    secret = SecretStr("a secret of the bench with 32 characters or more")
    settings = Settings(service="assessment", token_secret=secret, field_key=secret)
    cities = [await City.made(client, size, settings) for size in sizes]
    await seed(cities)
    for _ in range(BATCHES):
        for city in cities:
            await city.cost(server)
    leases = Leases(client.database("bench_figures"), "bench")
    await leases.beat()
    leading = asyncio.create_task(leases.run())
    print("  cases  loop ms  database ms  both   p50 s  p95 s (by event)")
    for city in cities:
        loop, database = (s / BATCH / BATCHES * 1000 for s in (city.loop, city.database))
        seconds = await delays(city, leases)
        print(
            f"{city.size:7d} {loop:8.2f} {database:12.2f} {loop + database:5.2f} "
            f"{percentile(seconds, 50):7.2f} {percentile(seconds, 95):6.2f}",
            flush=True,
        )
    leading.cancel()
    with suppress(asyncio.CancelledError):
        await leading
    await client.close()


def main() -> None:
    """Measure at the sizes given, or at `SIZES`."""
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    with (
        tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder,
        own_database(Path(folder)) as database,
    ):
        asyncio.run(measure(database.address, database.pid or 0, sorted(sizes)))


if __name__ == "__main__":
    main()
