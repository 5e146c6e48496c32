"""`GET /v1/duties/behind` over a city: `python -m bench.bench_duties [ORGANIZATIONS]`.

100,000 organizations unless told, ten records each in the year, on the embedded database: one in
fifty is behind. What a page costs from what is kept of each organization, and summed up anew for
it as it was before, the two in turn in one run; and what keeping it costs. Records are inserted
straight into the database, as the registry's own writes leave them but for their history.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import MongoClient

from bench.common import cpu_seconds
from services.registry.commands import Registry
from services.registry.duties.decisions import span_of, standings
from services.registry.duties.routes import Asked, behind
from services.registry.duties.table import DutyTable
from services.registry.main import DEFINITION
from services.registry.records.decisions import RecordState
from services.registry.records.repository import Total
from services.registry.states import OrganizationState
from shared.contracts.words import Domain, OrganizationLevel
from shared.settings import Settings
from shared.storage.client import aggregate, connect
from shared.web.paging import Cursor, Paging
from tests.servers import own_database

ORGANIZATIONS = int(sys.argv[1]) if sys.argv[1:] else 100_000
YEAR, OTHERS, PAGES, PAGE, ROWS = 2025, 3, 10, 50, 5_000
DATABASE = "bench_duties"
ASKED = Asked(YEAR, span_of(YEAR, ZoneInfo("Asia/Shanghai")), datetime(2026, 1, 2, tzinfo=UTC))


def _document(id: str, state: dict[str, Any]) -> dict[str, Any]:
    return {
        "_id": id, "version": 1, "sequence": 1, "state": state, "inbox": {}, "shard": 0,
        "created_at": ASKED.now, "history": [], "outbox": [],
    }  # fmt: skip


def path_of(n: int) -> tuple[str, ...]:
    """The areas of an organization: 16 districts, 350 streets, 7,500 communities."""
    return ("city", f"d{n % 16}", f"s{n % 350}", f"c{n % 7_500}")


def organizations() -> Iterator[dict[str, Any]]:
    """The city's, an eighth of each domain; their order is that of their numbers."""
    for n in range(ORGANIZATIONS):
        state = OrganizationState(
            name=f"第{n}党支部",
            sort_key=f"{n:08}",
            grams=(f"{n}",),
            domain=list(Domain)[n % 8],
            level=OrganizationLevel.GRASSROOTS,
            area=path_of(n)[-1],
            area_path=path_of(n),
            founded="2000-01-01",
        )
        yield _document(f"o{n}", state.model_dump())


def records(table: DutyTable) -> Iterator[dict[str, Any]]:
    """All that is due of each organization but of each fiftieth, and other work beside it."""
    for n in range(ORGANIZATIONS):
        duties = table.by_domain[list(Domain)[n % 8]]
        works = [duty.work for duty in duties for _ in range(duty.times)]
        works = works[1:] if n % 50 == 0 else works
        for k, work in enumerate([*works, *["meeting_held"] * OTHERS]):
            state = RecordState(
                work=work,
                at=datetime(YEAR, 1 + k % 12, 1 + n % 28, 9, tzinfo=UTC),
                organization_id=f"o{n}",
                person_id=None,
                about=None,
                quantity=1,
                words=None,
                area_path=path_of(n),
                unit_id=None,
                recorded_by="bench",
            )
            yield _document(f"o{n}-{k}", state.model_dump())


def load(address: str, table: DutyTable) -> dict[str, int]:
    """Insert all; how many of each."""
    loaded = {}
    with MongoClient[dict[str, Any]](address) as client:
        for kind, made in (("organizations", organizations()), ("records", records(table))):
            loaded[kind] = 0
            while rows := list(islice(made, ROWS)):
                client[DATABASE][kind].insert_many(rows, ordered=False)
                loaded[kind] += len(rows)
    return loaded


async def kept(registry: Registry, first: int) -> int:
    """A page as it is now: how many are on it."""
    duties = registry.tables.get(DutyTable).by_domain
    page = Paging(PAGE, Cursor(f"{first:08}", f"o{first}"))
    return len((await behind(registry, duties, None, [], ASKED, page)).items)


async def summed(registry: Registry, first: int) -> int:
    """A page as it was: 500 at a time, up to 2,000, each with the sums of its records."""
    duties = registry.tables.get(DutyTable).by_domain
    collections = registry.repository.stores["organizations"], registry.records.store
    organizations, records = (store.collection for store in collections)
    works = sorted({duty.work for each in duties.values() for duty in each})
    at = {"$gte": ASKED.span.since, "$lt": ASKED.span.until}
    key, many = f"{first:08}", 0
    for _ in range(4):
        asked = {"state.retired": False, "state.sort_key": {"$gt": key}}
        shown = {"state.name": 1, "state.sort_key": 1, "state.domain": 1, "state.area_path": 1}
        found = organizations.find(asked, shown).sort([("state.sort_key", 1), ("_id", 1)])
        batch = await found.limit(500).to_list(None)
        match = {
            "state.organization_id": {"$in": [one["_id"] for one in batch]},
            "state.work": {"$in": works}, "state.at": at, "state.voided": None,
        }  # fmt: skip
        by = {"organization": "$state.organization_id", "work": "$state.work"}
        group = {"_id": by, "records": {"$sum": 1}, "quantity": {"$sum": "$state.quantity"}}
        done: dict[str, dict[str, Total]] = {}
        async for row in aggregate(records, [{"$match": match}, {"$group": group}]):
            total = Total(row["records"], row["quantity"])
            done.setdefault(row["_id"]["organization"], {})[row["_id"]["work"]] = total
        for one in batch:
            own = duties[Domain(one["state"]["domain"])]
            stand = standings(own, done.get(one["_id"], {}), ASKED.span, ASKED.now)
            many += any(each.behind for each in stand)
            if many == PAGE + 1:
                return PAGE
        key = batch[-1]["state"]["sort_key"]
    return many


async def timed(asked: Awaitable[Any], server: int) -> tuple[Any, dict[str, float]]:
    """What was asked, and what it took, in seconds."""
    began, own, theirs = time.perf_counter(), time.process_time(), cpu_seconds(server)
    found = await asked
    return found, {
        "whole": time.perf_counter() - began,
        "registry's CPU": time.process_time() - own,
        "database's CPU": cpu_seconds(server) - theirs,
    }


async def measure(address: str, server: int) -> None:
    """Fill a database, ask with and without the index."""
    secret = "b" * 40
    settings = Settings(
        service="registry", database=DATABASE, token_secret=secret, field_key=secret,
        MONGODB_URI=address,
    )  # fmt: skip
    client = connect(address)
    assembly = DEFINITION.build(settings, client)
    registry: Registry = assembly.parts
    await assembly.runtime.prepare_database()
    await assembly.prepare()
    print(load(address, registry.tables.get(DutyTable)))
    ids = [f"o{n}" for n in range(ORGANIZATIONS)]
    _, took = await timed(registry.duties.refresh(ids), server)
    rates = ", ".join(f"{what} {1e6 * took[what] / ORGANIZATIONS:.0f} us" for what in took)
    print(f"to sum up all, an organization: {rates}")
    found: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    on_pages: dict[str, list[int]] = {"before": [], "after": []}
    for n in range(PAGES):
        first = (n * 7_919_000) % max(1, ORGANIZATIONS - 2_500)
        for way in ("before", "after") if n % 2 else ("after", "before"):
            asked = (summed if way == "before" else kept)(registry, first)
            many, took = await timed(asked, server)
            on_pages[way].append(many)
            found[way].append(took)
    print(f"organizations on a page: {on_pages}")
    for what in ("whole", "registry's CPU", "database's CPU"):
        before, after = (
            statistics.median(took[what] for took in found[way]) for way in ("before", "after")
        )
        print(
            f"a page of those behind, {what}: {1000 * before:.0f} ms before, "
            f"{1000 * after:.0f} ms as kept: {after / before:.3f}"
        )
    await client.close()


def main() -> None:
    """Start a database, measure, print."""
    with tempfile.TemporaryDirectory() as folder, own_database(Path(folder)) as database:
        assert database.pid is not None
        asyncio.run(measure(database.address, database.pid))


if __name__ == "__main__":
    main()
