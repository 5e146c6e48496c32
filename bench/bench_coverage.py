"""Coverage of a whole city: `python -m bench.bench_coverage [folder]`.

7,500 communities, 30,000 grids and 1,000,000 people in a real database, of whom 90,000 are in
teams: what a leader that starts does (read everything, compute all gaps, write them), and what
`GET /v1/coverage` takes then. The best of three, as others use the machine meanwhile; for reading
also the processor time of both, the program's and the database's, which no neighbour lengthens as
much. Then how soon a change is told of while the whole city is read anew all the time.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from bench import bench_gaps, coverage_city
from bench.common import cpu_seconds
from services.registry import coverage_watch
from services.registry.commands import Registry
from services.registry.coverage import City
from services.registry.coverage_watch import CoverageWatch
from services.registry.main import DEFINITION
from shared.contracts import topics
from shared.messaging.ending import end_tasks
from shared.messaging.relay import Relay
from shared.settings import Settings
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import Assembly, service_app
from tests.servers import own_broker, own_database

T = TypeVar("T")
_SECRET = "a secret of the measurement with 32 characters or more"
_TRIES = 3
_CHANGES = 60
_ANEW = timedelta(seconds=1)
"""In place of ten minutes: hardly has the city been read when it is read anew."""
_QUERIES = ("", "?limit=200", "?area=s7", "?area=d3", "?gap=no_team", "?area=d3&gap=no_leader")


async def _best(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    """The least seconds of some tries, and what the last gave."""
    found = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        result = await work()
        found.append(time.perf_counter() - began)
    return min(found), result


async def measure(uri: str, database: str, server: int, broker: str) -> dict[str, float]:
    """Seconds of each part, on a loaded city; how many places have gaps (`places`).

    Args:
        server: the database's process.
        broker: its address.
    """
    settings = Settings(
        service="registry",
        database=database,
        token_secret=SecretStr(_SECRET),
        field_key=SecretStr(_SECRET),
        MONGODB_URI=uri,
        kafka_idempotence=False,
        KAFKA_BOOTSTRAP_SERVERS=broker,
    )
    client = connect(uri, settings.mongo_driver)
    app = service_app(DEFINITION, settings)
    assembly = DEFINITION.build(settings, client)
    app.state.runtime, app.state.parts = assembly.runtime, assembly.parts
    parts: Registry = assembly.parts
    coverage = parts.coverage
    await coverage.store.create_indexes()
    await coverage.create_indexes()

    async def read() -> City:
        city = City()
        await coverage.known()
        await coverage.put(city)
        return city

    found: dict[str, float] = {}
    used, ours = cpu_seconds(server), time.process_time()
    found["read"], city = await _best(read)
    found["read, processor time here"] = (time.process_time() - ours) / _TRIES
    found["read, processor time of the database"] = (cpu_seconds(server) - used) / _TRIES

    async def compute() -> int:
        return sum(bool(city.gaps(place)) for place in city.places())

    found["gaps"], number = await _best(compute)
    runtime = assembly.runtime
    began = time.perf_counter()
    await CoverageWatch(coverage, runtime.journal, runtime.leases).round()
    found["first look, with writing"] = time.perf_counter() - began
    found["read again, with known gaps"], _ = await _best(read)
    token = issue_token(_SECRET, Principal("bench", Role.ADMINISTRATOR))
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://registry", headers=headers, timeout=60
    ) as http:
        for query in _QUERIES:

            async def ask(query: str = query) -> Any:
                answer = await http.get(f"/v1/coverage{query}")
                assert answer.status_code == 200, answer.text
                return answer.json()

            found[f"GET /v1/coverage{query}"], _ = await _best(ask)
        async with _watching(assembly):
            topic = runtime.broker.topic(topics.COVERAGE.name)
            told = await bench_gaps.measure(http, broker, topic, "m1", _CHANGES)
    await client.close()
    return found | {"places": number} | {f"told, {name}": one for name, one in told.items()}


@asynccontextmanager
async def _watching(assembly: Assembly) -> AsyncIterator[None]:
    """Of the registry what a gap's way takes: the watch, and the relay of grids and coverage."""
    runtime, parts = assembly.runtime, assembly.parts
    stores = [parts.repository.stores["grids"], parts.coverage.store]
    await runtime.broker.ensure_topics()
    await runtime.journal.create_indexes()
    for store in stores:
        await store.create_indexes()
    relay = Relay(
        runtime.database, stores, runtime.publisher, runtime.journal, runtime.leases,
        runtime.broker, runtime.replays,
    )  # fmt: skip
    watch = CoverageWatch(parts.coverage, runtime.journal, runtime.leases)
    pause, coverage_watch._ANEW = coverage_watch._ANEW, _ANEW
    work = [asyncio.create_task(run()) for run in (runtime.leases.run, relay.run, watch.run)]
    try:
        yield
        ended = [task for task in work if task.done()]
        if ended:
            raise RuntimeError(f"{ended} ended")
    finally:
        coverage_watch._ANEW = pause
        await end_tasks(work)
        await runtime.publisher.close()
        await runtime.broker.close()


def rows(found: dict[str, float]) -> list[str]:
    """Rows of a table."""
    city = (
        f"{coverage_city.COMMUNITIES:,} communities, {coverage_city.GRIDS:,} grids, "
        f"{coverage_city.PEOPLE:,} people"
    )
    told = {name.removeprefix("told, "): one for name, one in found.items()}
    return [
        f"| coverage over a whole city ({city}): everything read and all gaps found | at most 2 s "
        f"| **{found['read'] + found['gaps']:.2f} s** |",
        f"| `GET /v1/coverage` over it | at most 2 s | {found['GET /v1/coverage']:.2f} s |",
        bench_gaps.row(told, "beside it, while all of it is read anew again and again"),
    ]


def main() -> None:
    """Load a city, measure, print."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with (
        tempfile.TemporaryDirectory(dir=given) as folder,
        own_database(Path(folder)) as database,
        own_broker(Path(folder)) as broker,
    ):
        began = time.perf_counter()
        loaded = coverage_city.load(database.address, "bench")
        print(f"{loaded:,} entries loaded in {time.perf_counter() - began:.0f} s")
        found = asyncio.run(measure(database.address, "bench", database.pid or 0, broker.address))
    print(f"{found['places']:,.0f} places with gaps")
    for name, seconds in found.items():
        print(f"{name}: {seconds:.3f}")
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
