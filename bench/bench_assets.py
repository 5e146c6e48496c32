"""Backbones and six assets of a whole city: `python -m bench.bench_assets [ORGANIZATIONS]`.

100,000 organizations unless told, with two records each, on the embedded database, no broker: how
long the follow-ups take for all of them, and how long the lists and a scorecard do.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.common import percentile
from services.registry.backbone.decisions import appoint
from services.registry.backbone.state import Backbone, Tenure
from services.registry.commands import Registry
from services.registry.derived import Derived
from services.registry.main import DEFINITION
from services.registry.records.decisions import RecordState, recorded
from services.registry.states import OrganizationState, naming
from shared.contracts.words import Chosen, Domain, OrganizationLevel, Post
from shared.settings import Settings
from shared.storage.aggregates import Aggregate, AggregateStore, Decision
from shared.storage.client import connect
from shared.web.pages import page_along
from shared.web.paging import Paging
from tests.servers import own_database

ORGANIZATIONS = int(sys.argv[1]) if sys.argv[1:] else 100_000
RECORDS, BATCH, TRIES = 2 * ORGANIZATIONS, 1_000, 40
WORKS = ("meeting_held", "activity_held", "rule_adopted", "result_achieved")
NOW = datetime.now(UTC).replace(microsecond=0)


def path_of(n: int) -> tuple[str, ...]:
    """The areas of an organization: 16 districts, 350 streets, 7,500 communities."""
    return ("city", f"d{n % 350 % 16}", f"s{n % 350}", f"c{n % 350}-{n // 350 % 21}")


def organization(n: int) -> Decision[OrganizationState]:
    """One of the city's organizations."""
    state = OrganizationState(
        **naming(f"第{n}党支部"),
        domain=list(Domain)[n % 8],
        level=OrganizationLevel.GRASSROOTS,
        area=path_of(n)[-1],
        area_path=path_of(n),
    )
    return Decision(state, (), "bench")


def record(n: int) -> Decision[RecordState]:
    """A record of one of the first half of the organizations."""
    owner = n % (ORGANIZATIONS // 2)
    state = RecordState(
        work=WORKS[n % len(WORKS)],
        at=NOW - timedelta(days=n % 500),
        organization_id=f"o{owner}",
        person_id=None,
        about=None,
        quantity=1,
        words=None,
        area_path=path_of(owner),
        unit_id=None,
        recorded_by="bench",
    )
    return Decision(state, recorded(f"r{n}", state).events[:0], "bench")


async def fill(
    store: AggregateStore[Any], letter: str, many: int, one: Callable[[int], Any]
) -> None:
    """Write `many` aggregates, without events."""
    for start in range(0, many, BATCH):
        batch = []
        for n in range(start, start + BATCH):
            made: Aggregate[Any] = Aggregate(f"{letter}{n}")
            store.record(made, one(n), by="bench")
            batch.append(made)
        await store.write(batch)


async def put_terms(registry: Registry) -> None:
    """Secretaries for nine organizations in ten; the others' posts have long been vacant."""
    store, rules = registry.backbones.store, registry.backbones.rules

    def decide(n: int) -> Decision[Backbone]:
        blank = Backbone(
            organization_id=f"o{n}", area_path=path_of(n), counted_from=NOW - timedelta(days=400)
        )
        past = timedelta(days=200) if n % 10 == 0 else timedelta(days=-700)
        tenure = Tenure(
            id=f"t{n}",
            post=Post.SECRETARY,
            person_id=f"p{n}",
            chosen=Chosen.ELECTED,
            since=NOW - timedelta(days=1200 + n % 300),
            until=NOW - past,
        )
        decision = appoint(blank, tenure, NOW, rules)
        assert decision is not None
        return Decision(decision.state, (), "bench")

    await fill(store, "o", ORGANIZATIONS, decide)


async def timed(what: str, ask: Callable[[int], Awaitable[Any]]) -> None:
    """Print the milliseconds of 40 calls."""
    took = []
    for n in range(TRIES):
        began = time.perf_counter()
        await ask(n)
        took.append(1000 * (time.perf_counter() - began))
    print(f"{what}: p50 {percentile(took, 50):.1f} ms, p95 {percentile(took, 95):.1f} ms")


async def lists(registry: Registry) -> None:
    """The lists by area and of all, totals, one scorecard."""
    page = Paging(50, None)
    due: Any = {"$lte": NOW}
    for name, conditions in (
        ("all", lambda _n: []),
        ("a street", lambda n: [{"state.area_path": f"s{n}"}]),
    ):
        for field, store, wanted in (
            ("vacancy_overdue_at", registry.backbones.store, due),
            ("training_due", registry.backbones.store, due),
            ("held", registry.scorecards.store, {"$gte": 0}),
        ):

            async def ask(
                n: int,
                field: str = field,
                store: Any = store,
                wanted: Any = wanted,
                conditions: Any = conditions,
            ) -> None:
                asked = [*conditions(n), {f"state.{field}": wanted}]
                await page_along(store, field, asked, page)

            await timed(f"page of {field}, {name}", ask)

        async def total(n: int, conditions: Any = conditions) -> None:
            await registry.scorecards.totals(conditions(n))

        await timed(f"totals, {name}", total)
    await timed("scorecard of one", lambda n: registry.scorecards.look(f"o{n}", NOW))


async def measure(address: str) -> None:
    """Fill a database, derive everything, ask."""
    secret = "b" * 40
    settings = Settings(
        service="registry", database="bench_assets", token_secret=secret, field_key=secret,
        MONGODB_URI=address,
    )  # fmt: skip
    client = connect(address)
    assembly = DEFINITION.build(settings, client)
    registry: Registry = assembly.parts
    await assembly.runtime.prepare_database()
    await assembly.prepare()
    await fill(registry.repository.stores["organizations"], "o", ORGANIZATIONS, organization)
    await fill(registry.records.store, "r", RECORDS, record)
    await put_terms(registry)
    derived = Derived(registry.backbones, registry.carriers, registry.scorecards)
    for what in ("derive all", "derive all again"):
        began, used = time.perf_counter(), time.process_time()
        for start in range(0, ORGANIZATIONS, BATCH):
            ids = [f"o{n}" for n in range(start, start + BATCH)]
            await derived.follow({"organizations": ids})
        seconds = time.perf_counter() - began
        used = time.process_time() - used
        rate = ORGANIZATIONS / seconds
        print(f"{what}: {seconds:.1f} s ({used:.1f} of its own CPU), {rate:.0f} a second")
    await lists(registry)
    await client.close()


def main() -> None:
    """Start a database, measure, print."""
    with tempfile.TemporaryDirectory() as folder, own_database(Path(folder)) as database:
        asyncio.run(measure(database.address))


if __name__ == "__main__":
    main()
