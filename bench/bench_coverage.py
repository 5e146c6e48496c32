"""Coverage of a whole city: `python -m bench.bench_coverage [folder]`.

7,500 communities, 30,000 grids and 1,000,000 people in a real database, of whom 90,000 are in
teams: what a leader that starts does (read everything, compute all gaps, write them), and what
`GET /v1/coverage` takes then. The best of three, as others use the machine meanwhile; for reading
also the processor time of both, the program's and the database's, which no neighbour lengthens as
much.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr

from bench import coverage_city
from bench.common import cpu_seconds
from services.registry.commands import Registry
from services.registry.coverage import City
from services.registry.coverage_watch import CoverageWatch
from services.registry.main import DEFINITION
from shared.settings import Settings
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from shared.web.process import service_app
from tests.servers import own_database

T = TypeVar("T")
_SECRET = "a secret of the measurement with 32 characters or more"
_TRIES = 3
_QUERIES = ("", "?limit=200", "?area=s7", "?area=d3", "?gap=no_team", "?area=d3&gap=no_leader")


async def _best(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    """The least seconds of some tries, and what the last gave."""
    found = []
    for _ in range(_TRIES):
        began = time.perf_counter()
        result = await work()
        found.append(time.perf_counter() - began)
    return min(found), result


async def measure(uri: str, database: str, server: int) -> dict[str, float]:
    """Seconds of each part, on a loaded city; how many places have gaps (`places`).

    Args:
        server: the database's process.
    """
    settings = Settings(
        service="registry",
        database=database,
        token_secret=SecretStr(_SECRET),
        field_key=SecretStr(_SECRET),
        MONGODB_URI=uri,
        KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",  # never asked: nothing is started
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
    await client.close()
    return found | {"places": number}


def main() -> None:
    """Load a city, measure, print."""
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=given) as folder, own_database(Path(folder)) as database:
        began = time.perf_counter()
        loaded = coverage_city.load(database.address, "bench")
        print(f"{loaded:,} entries loaded in {time.perf_counter() - began:.0f} s")
        found = asyncio.run(measure(database.address, "bench", database.pid or 0))
    print(f"{found.pop('places'):,.0f} places with gaps")
    for name, seconds in found.items():
        print(f"{name}: {seconds:.3f} s")
    print(f"reading and computing: {found['read'] + found['gaps']:.2f} s (at most 2)")


if __name__ == "__main__":
    main()
