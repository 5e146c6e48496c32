"""What an event costs until its figures show it, by how many cases there are already:
`python -m bench.bench_figures [sizes]`.

All cases are in one month and four communities, as in `make bench`, put in through the store and
the handlers, without HTTP and Kafka. For each size two measurements on the embedded database:

- cost: 50 events are applied, then the figures loop alone works until it has told of them; its
  processor time and the database's, and the time it takes, by event, over 40 such batches;
- delay: 150 events a second for 20 seconds with the loop running, from the event's write to the
  moment at which its case is marked as told (figures are written before).
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench.common import cpu_seconds, percentile
from services.assessment.handlers import HANDLERS, target
from services.assessment.measuring import Measuring
from services.assessment.repository import Repository
from shared.contracts.envelope import Event
from shared.contracts.ids import uuid7
from shared.contracts.requests import RequestFollowedUp
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.aggregates import Aggregate
from shared.storage.client import connect
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
            decision = HANDLERS[type(event.data)](case.state, event, ZONE)  # type: ignore[index]
            if decision is not None:
                store.record(case, decision, by="bench")
        if not await store.write(list(cases.values())):
            raise RuntimeError("somebody else writes cases")

    async def seed(self, number: int) -> None:
        """Whole stories of `number` requests."""
        for start in range(0, number, _SEEDED_AT_ONCE):
            wanted = range(min(_SEEDED_AT_ONCE, number - start))
            await self.apply([event for _ in wanted for event in self.story()])


async def caught_up(measuring: Measuring) -> float:
    """Measure until nothing is left; the seconds that it takes."""
    began = time.perf_counter()
    while await measuring.round():
        pass
    return time.perf_counter() - began


async def cost(load: Load, measuring: Measuring, database: int) -> dict[str, float]:
    """Milliseconds by event: of the loop's processor time, the database's, and altogether."""
    own = loop = theirs = 0.0
    for _ in range(BATCHES):
        await load.apply(load.next(BATCH))
        before = time.process_time(), cpu_seconds(database)
        loop += await caught_up(measuring)
        own += time.process_time() - before[0]
        theirs += cpu_seconds(database) - before[1]
    events = BATCH * BATCHES / 1000
    return {"loop": own / events, "database": theirs / events, "takes": loop / events}


async def delays(load: Load, repository: Repository, measuring: Measuring) -> list[float]:
    """Seconds from an event's write until its case is told of, at `RATE`."""
    written: dict[str, list[float]] = {}
    found: list[float] = []
    total, applied = int(RATE * SECONDS), 0
    running = asyncio.create_task(measuring.run())
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
            clean = repository.cases.collection.find(chosen, {"_id": 1})
            for document in await clean.to_list(None):
                found += [asked - at for at in written.pop(document["_id"])]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return found


async def measure(uri: str, database: int, sizes: Iterable[int]) -> None:
    """Measure at each size, upwards, and print a line for each."""
    client = connect(uri)
    secret = "a secret of the bench with 32 characters or more"
    settings = Settings(service="assessment", token_secret=secret, field_key=secret)
    named = client.database("bench_figures")
    repository = Repository(named, settings)
    for store in (repository.cases, repository.figures):
        await store.create_indexes()
    await repository.create_indexes()
    levels = {"city": "city", "d1": "district", "s0": "street", "s1": "street"}
    for code, level in (levels | {f"c{n}": "community" for n in range(4)}).items():
        shown = {"level": level, "path": [code], "sequence": 1}
        await named["areas"].update_one({"_id": code}, {"$set": shown}, upsert=True)
    leases = Leases(named, "bench")
    leading = asyncio.create_task(leases.run())
    load, measuring = Load(repository), Measuring(repository, leases)
    print("cases    caught up  loop ms  database ms  takes ms   p50 s  p95 s (by event)")
    have = 0
    for size in sizes:
        await load.seed(size - have)
        added, have = size - have, size
        speed = added / await caught_up(measuring)
        spent = await cost(load, measuring, database)
        seconds = await delays(load, repository, measuring)
        await caught_up(measuring)
        print(
            f"{size:7d}  {speed:6.0f}/s  {spent['loop']:8.2f} {spent['database']:11.2f}"
            f"{spent['takes']:10.2f} {percentile(seconds, 50):8.2f} {percentile(seconds, 95):6.2f}",
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
