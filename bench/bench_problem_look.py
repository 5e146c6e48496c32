"""How long a look at one month takes, by number of cases: `python -m bench.bench_problem_look`.

On a database of its own: 2,000 communities, 200 categories, 13 months of cases. Beside it a single
aggregation over all of them, as the floor. `hold` is the most processor time that the event loop's
thread spends between two beats of 5 ms.
"""

import asyncio
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bench.common import beating
from services.assessment.problems.repository import Problems
from services.assessment.problems.watch import Watch
from services.assessment.repository import Repository
from services.assessment.tables import SHIPPED, TABLES
from shared.messaging.leases import Leases
from shared.settings import Settings
from shared.storage.client import Client, Database, Document, aggregate, connect
from shared.storage.tables import Tables
from tests.servers import own_database

SECRET = SecretStr("of measurements, 32 characters or more")
MONTHS = [f"2025-{n:02}" for n in range(1, 13)] + ["2026-01"]
STREETS, COMMUNITIES, CATEGORIES = 100, 20, 200
_CASES_A_WRITE = 2000


def areas() -> list[Document]:
    """A city of one district."""
    paths = [["city"], ["city", "d"]]
    for s in range(STREETS):
        paths.append(["city", "d", f"s{s}"])
        paths += [["city", "d", f"s{s}", f"s{s}c{c}"] for c in range(COMMUNITIES)]
    levels = ("city", "district", "street", "community")
    return [
        {"_id": path[-1], "name": path[-1], "level": levels[len(path) - 1], "path": path}
        for path in paths
    ]


def case(number: int, draw: random.Random) -> Document:
    """A case as the service keeps it, with the fields that a look reads."""
    street = f"s{draw.randrange(STREETS)}"
    path = ["city", "d", street, f"{street}c{draw.randrange(COMMUNITIES)}"]
    month = MONTHS[number % len(MONTHS)]
    state = {
        "month": month,
        "category": f"k{int(draw.paretovariate(0.7)) % CATEGORIES}",
        "kind": "complaint",
        "urgency": "ordinary",
        "area_path": path,
        "grid_id": None,
        "reopened": int(draw.random() < 0.05),
        "keys": [f"area/{code}/{month}" for code in path],
        "dirty": False,
        "measure": {
            "requests": 1,
            "judged": 1,
            "in_time": int(draw.random() > 0.1),
            "hours": draw.random() * 300,
        },
    }
    blank: Document = {"version": 1, "sequence": 0, "inbox": {}, "history": [], "outbox": []}
    return blank | {"_id": f"r{number}", "state": state}


async def fill(database: Database, cases: int) -> None:
    """Insert areas and cases."""
    draw = random.Random(1)
    await database["areas"].insert_many(areas())
    for start in range(0, cases, _CASES_A_WRITE):
        some = [case(n, draw) for n in range(start, min(cases, start + _CASES_A_WRITE))]
        await database["cases"].insert_many(some, ordered=False)


async def measure(client: Client, uri: str, cases: int) -> str:
    """A look at the last month, told in a line."""
    settings = Settings(
        service="assessment",
        database=f"look{cases}",
        token_secret=SECRET,
        field_key=SECRET,
        MONGODB_URI=uri,
    )
    database = client.database(settings.database_name)
    repository = Repository(database, settings)
    problems = Problems(database, repository.cases.collection, settings)
    tables = Tables(database, TABLES, SHIPPED)
    await repository.create_indexes()
    await problems.create_indexes()
    await tables.prepare()
    await fill(database, cases)
    leases = Leases(database, "bench")
    watch = Watch(repository, problems, tables, leases, ZoneInfo("Asia/Shanghai"))
    async with beating(0.005, time.thread_time) as between:
        began, own = time.perf_counter(), time.process_time()
        await watch.look(MONTHS[-1], datetime.now(UTC))
        took, own = time.perf_counter() - began, time.process_time() - own
    hold = 1000 * max(between)
    found = await problems.round(MONTHS[-1])
    assert found is not None
    began = time.perf_counter()
    group = {name: f"$state.{name}" for name in ("area_path", "month", "category")}
    steps: list[Document] = [{"$group": {"_id": group, "n": {"$sum": 1}}}]
    groups = [one async for one in aggregate(database["cases"], steps, allowDiskUse=True)]
    floor = time.perf_counter() - began
    return (
        f"{cases:,} cases, {found['tests']:,} tests: {took:.1f} s (own processor {own:.1f} s, hold "
        f"{hold:.0f} ms); one aggregation to {len(groups):,} groups: {floor:.1f} s"
    )


async def main(folder: Path, numbers: list[int]) -> None:
    """Measure each number of cases."""
    with own_database(folder) as server:
        client = connect(server.address)
        for cases in numbers:
            print(await measure(client, server.address, cases), flush=True)
        await client.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder), [int(n) for n in sys.argv[1:]] or [20_000, 200_000]))
