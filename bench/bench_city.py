"""A whole city, made by `lianxin make-city`: loaded, looked up, rebuilt, and what memory it takes.

    python -m bench.bench_city [--scale 0.02] [--seed 1] [--keep FOLDER]

Writes its own section of bench/RESULTS.md at scale 1; prints at any. Each part can be called by
itself: `load`, `locating`, `rebuild`, `memory`, `gaps`, `plans`.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

from bench import bench_gaps, bench_places, bench_plans
from bench.common import cpu_seconds
from bench.loaded_city import City
from bench.report import CITY, machine, memory_limit, put, resident_megabytes
from cli.bars import row_bar
from cli.city.command import ORDER, write_city
from cli.city.plan import Plan, grid_id
from cli.registry_import import OnProgress, import_rows
from deploy.local.services import SERVICES
from services.request_intake.locator import Locator
from services.request_intake.read_models import Directory
from services.volunteer_dispatch.pool import Pool
from services.volunteer_dispatch.service.alerting import Asking
from services.volunteer_dispatch.volunteers import Volunteers
from shared.contracts import topics
from shared.storage.changes import changes_of
from shared.storage.client import connect
from tests.servers import own_broker, own_database
from tests.system import System

KINDS = ("areas", "units", "organizations", "grids", "people")
READ_MODELS = {
    "request_intake": ("areas", "grids", "units"),
    "volunteer_dispatch": ("areas", "grids", "units", "organizations", "volunteers"),
}
"""Collections of the read models that are dropped and rebuilt, by service."""
_CHANGES = 30
_LONG = 2 * 3600.0
_SETTLE_SECONDS = 60.0


async def eventually(done: Any, every: float) -> float:
    """Seconds until `done()` is true, looked at every so many seconds."""
    began = time.perf_counter()
    while not await done():
        if time.perf_counter() - began > _LONG:
            raise TimeoutError("a read model has not caught up in two hours")
        await asyncio.sleep(every)
    return time.perf_counter() - began


def memory(city: City) -> dict[str, tuple[float, float]]:
    """MB now and at most, of each service that runs."""
    return {
        name: (resident_megabytes(pid), resident_megabytes(pid, "VmHWM"))
        for name, pid in city.pids().items()
        if name in SERVICES
    }


async def load(city: City) -> dict[str, Any]:
    """Import the files with a progress bar; rows a second by kind, and who used the cores."""
    before = {name: cpu_seconds(pid) for name, pid in city.pids().items()}
    own, began = time.process_time(), time.perf_counter()
    rates: dict[str, tuple[int, float]] = {}
    bar = row_bar()
    with bar, city.client("registry") as client:
        for name in ORDER:
            kind = name.partition(".")[0]
            advance = _advancer(bar, name)
            summary = await asyncio.to_thread(
                import_rows, kind, city.folder / name, client, advance
            )
            if summary.rejected or summary.created != summary.rows:
                raise RuntimeError(f"{name}: {summary.rejected[:3]}")
            rates[kind] = (summary.rows, summary.seconds)
    took = time.perf_counter() - began
    cores = {name: (cpu_seconds(pid) - before[name]) / took for name, pid in city.pids().items()}
    cores["client"] = (time.process_time() - own) / took
    rows = sum(count for count, _ in rates.values())
    return {"rates": rates, "seconds": took, "rows": rows, "cores": cores}


def _advancer(bar: Progress, name: str) -> OnProgress:
    task = bar.add_task(name)
    return lambda done, total: bar.update(task, completed=done, total=total)


async def known(city: City) -> float:
    """Seconds until intake and dispatch know of everything that the registry has."""
    changes = await city.get("registry", "/v1/changes")
    client = connect(city.system.mongo)

    async def all_known() -> bool:
        intake = await city.get("request_intake", "/v1/registry-changes")
        if any(intake[kind] != changes[kind] for kind in READ_MODELS["request_intake"]):
            return False
        dispatch = city.database(client, "volunteer_dispatch")
        return bool(await dispatch["volunteers"].estimated_document_count() == city.plan.people)

    try:
        return await eventually(all_known, 1.0)
    finally:
        await client.close()


async def locating(city: City) -> dict[str, float]:
    """Look-ups a second in intake's read model, of few and of all grids, by turns; medians."""
    client = connect(city.system.mongo)
    directory = Directory(city.database(client, "request_intake"))
    began = time.perf_counter()
    await directory.refresh()
    read = time.perf_counter() - began
    await client.close()
    few = _few(city.plan)
    chosen = [directory.city.grids[grid_id(n)] for n in range(few)]
    sides = {
        few: Locator(directory.city.areas, chosen),
        city.plan.grids: directory.city.locator,
    }
    return bench_places.compare(city.plan, sides) | {"read_seconds": read}


def _few(plan: Plan) -> int:
    return min(bench_places.FEW_GRIDS, plan.grids // 2)


async def rebuild(city: City, service: str) -> dict[str, float]:
    """Drop the read model of a service, publish the registry's journal again, and wait.

    The other listeners are stopped meanwhile. Known: when its counts equal the registry's; done:
    when all that was published has been read, too.
    """
    changes = await city.get("registry", "/v1/changes")
    others = [name for name in SERVICES if name != "registry"]
    for name in others:
        await asyncio.to_thread(city.system.processes[name][0].stop, 40)
    client = connect(city.system.mongo)
    database = city.database(client, service)
    for name in READ_MODELS[service]:
        await database[name].delete_many({})
    await city.system.start([city.system.processes[service][0]])
    events: int = sum(
        getattr(city.plan, kind) for kind in KINDS
    )  # the newest of each entry is kept
    before = await _read_events(city, service)
    cpu = {name: cpu_seconds(pid) for name, pid in city.pids().items()}
    began = time.perf_counter()
    with city.client("registry") as http:
        http.post("/v1/replays", json={"since": "2000-01-01T00:00:00Z"}).raise_for_status()

    async def same() -> bool:
        kinds = {"volunteers": "people"}
        for name in READ_MODELS[service]:
            kind = kinds.get(name, name)
            # Estimated: counting a million documents again and again would slow what is measured.
            if await database[name].estimated_document_count() < getattr(city.plan, kind):
                return False
        known = await changes_of(database, READ_MODELS[service])
        return bool(all(known[name] == changes[kinds.get(name, name)] for name in known))

    async def all_read() -> bool:
        return await _read_events(city, service) - before >= events

    try:
        await eventually(same, 1.0)
        until_known = time.perf_counter() - began
        await eventually(all_read, 0.5)
        took = time.perf_counter() - began
    finally:
        await client.close()
    cores = {name: (cpu_seconds(pid) - cpu[name]) / took for name, pid in city.pids().items()}
    print(f"  cores in use: { {name: round(share, 2) for name, share in cores.items()} }")
    found = memory(city)[service]
    await city.system.start(city.system.processes[name][0] for name in others if name != service)
    return {
        "events": events,
        "known_seconds": until_known,
        "seconds": took,
        "rate": events / took,
        "most_megabytes": found[1],
    }


async def _read_events(city: City, service: str) -> float:
    """Events of the registry's topic that a service has been through since it started."""
    async with httpx.AsyncClient(base_url=city.system.url(service), timeout=60) as client:
        text = (await client.get("/metrics")).text
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("lianxin_events_consumed_total{") and '"lianxin.registry"' in line
    )


async def measure(folder: Path, plan: Plan) -> dict[str, Any]:
    """Everything, on the embedded default."""
    began = time.perf_counter()
    files = folder / "city"
    write_city(plan, files)
    made = time.perf_counter() - began
    size = sum((files / name).stat().st_size for name in ORDER) / 1e6
    print(f"made in {made:.0f} s, {size:.0f} MB")
    with own_broker(folder) as broker, own_database(folder) as database:
        servers = {"broker": broker.pid or 0, "database": database.pid or 0}
        system = System(folder, broker.address, database.address, "city", idempotence=False)
        async with system:
            city = City(system, files, plan, servers)
            empty = memory(city)
            print("empty:", _shown(empty))
            loaded = await load(city)
            print(_rates(loaded))
            behind = await known(city)
            print(f"known to intake and dispatch {behind:.0f} s after the last row")
            full = memory(city)
            print("full:", _shown(full))
            located = await locating(city)
            print(f"located: {located}")
            rebuilt = {}
            for service in READ_MODELS:
                rebuilt[service] = await rebuild(city, service)
                print(f"rebuilt {service}: {rebuilt[service]}")
            await restart(city, SERVICES)
            again = memory(city)
            print("started anew with a full city:", _shown(again))
            covered = await coverage(city)
            print(f"GET /v1/coverage: {covered:.2f} s")
            index = await volunteers(city)
            print(f"rows in dispatch's index: {index}")
            told = await gaps(city)
            print(f"from a change to its gap: {told}")
            planned = await plans(city)
            print(f"a plan over the city: {planned}")
            held = {name: resident_megabytes(pid) for name, pid in servers.items()}
    return {
        "plan": plan, "made": made, "size": size, "empty": empty, "load": loaded,
        "behind": behind, "full": full, "located": located, "rebuilt": rebuilt, "again": again,
        "covered": covered, "index": index, "told": told, "planned": planned, "servers": held,
        "busy": os.getloadavg()[2],
    }  # fmt: skip


async def restart(city: City, services: Iterable[str]) -> None:
    """Stop and start services, and give them a minute to take the city in."""
    processes = [city.system.processes[service][0] for service in services]
    for process in processes:
        await asyncio.to_thread(process.stop, 40)
    await city.system.start(processes)
    await asyncio.sleep(_SETTLE_SECONDS)


async def coverage(city: City) -> float:
    """Seconds of `GET /v1/coverage` over the whole city, the median of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        await city.get("registry", "/v1/coverage?limit=200")
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def volunteers(city: City) -> dict[str, int]:
    """Rows in the index of volunteers that dispatch makes of its read model, and their bytes."""
    client = connect(city.system.mongo)
    database = city.database(client, "volunteer_dispatch")
    pool = Pool(Volunteers(database), Asking)
    await pool.refresh(datetime.now(UTC))
    await client.close()
    return {"rows": len(pool.index), "bytes": pool.index.nbytes}


async def gaps(city: City) -> dict[str, float]:
    """Seconds from a change to its gap beside the city."""
    topic = f"{city.system.unique}.{topics.COVERAGE.name}"
    async with city.asking("registry") as client:
        return await bench_gaps.measure(
            client, city.system.kafka, topic, city.plan.community(0), _CHANGES
        )


async def plans(city: City) -> dict[str, float]:
    """What the progress of a plan over the whole city takes."""
    pids = city.pids()
    async with city.asking("registry") as client:
        return await bench_plans.measure(client, city.plan, pids["registry"], pids["database"])


def _shown(found: Mapping[str, tuple[float, float]]) -> str:
    return ", ".join(
        f"{name} {now:.0f} MB (most {most:.0f})" for name, (now, most) in found.items()
    )


def _rates(loaded: Mapping[str, Any]) -> str:
    rates = ", ".join(
        f"{kind} {rows / seconds:,.0f}/s" for kind, (rows, seconds) in loaded["rates"].items()
    )
    cores = ", ".join(f"{name} {share:.2f}" for name, share in loaded["cores"].items())
    return (
        f"{loaded['rows']:,} rows in {loaded['seconds']:,.0f} s "
        f"({loaded['rows'] / loaded['seconds']:,.0f}/s): {rates}; cores in use: {cores}"
    )


def report(found: Mapping[str, Any]) -> str:
    """The section of the results."""
    plan = found["plan"]
    lines = [
        CITY,
        "",
        machine(),
        f"Load average of the last quarter of an hour at the end: {found['busy']:.1f}.",
        "",
        f"{plan.districts} districts, {plan.streets} streets, {plan.communities:,} communities, "
        f"{plan.grids:,} grids with polygons, {plan.units:,} units, {plan.organizations:,} "
        f"organizations, {plan.people:,} people: {found['size']:.0f} MB of files, written in "
        f"{found['made']:.0f} s.",
        "",
        "| what | bound | found |",
        "| --- | --- | --- |",
        *rows(found),
    ]
    return "\n".join(lines) + "\n"


def rows(found: Mapping[str, Any]) -> list[str]:
    """Rows of a table."""
    plan, loaded, located, index = (found[name] for name in ("plan", "load", "located", "index"))
    size = f"{plan.grids:,} grids and {plan.people:,} people"
    rates = ", ".join(
        f"{kind} {rows / seconds:,.0f}" for kind, (rows, seconds) in loaded["rates"].items()
    )
    cores = ", ".join(f"{name} {share:.2f}" for name, share in loaded["cores"].items())
    return [
        f"| load of {loaded['rows']:,} rows | reported | **{loaded['seconds'] / 60:.1f} min**, "
        f"{loaded['rows'] / loaded['seconds']:,.0f} rows/s ({rates}) |",
        f"| cores in use at the load | reported | {cores} |",
        f"| known to intake and dispatch after the last of {loaded['rows']:,} rows | reported | "
        f"{found['behind']:.0f} s |",
        f"| point to grid in intake's read model, one core, {located['grids']:,} grids, median of "
        f"{bench_places.ROUNDS} | at least 20,000/s | **{located['all']:,.0f}/s** |",
        f"| the same against {_few(plan)} grids, by turns | at most 1.5 times slower | "
        f"**{located['ratio']:.2f}** ({located['few']:,.0f}/s) |",
        f"| intake's read model of {plan.grids:,} grids read from its database | reported | "
        f"{located['read_seconds']:.1f} s |",
        *(
            f"| full rebuild of {service} from the registry's journal, {one['events']:,} events | "
            f"reported | **{one['rate']:,.0f} events/s** ({one['seconds']:.0f} s; its counts "
            f"equal the registry's after {one['known_seconds']:.0f} s; at most "
            f"{one['most_megabytes']:.0f} MB) |"
            for service, one in found["rebuilt"].items()
        ),
        f"| `GET /v1/coverage` over {size} | at most 2 s | **{found['covered']:.2f} s** |",
        bench_gaps.row(found["told"], f"beside {size}"),
        bench_plans.row(found["planned"]),
        *(
            f"| memory of {service} with {size}: empty, after the load (most), started anew (most) "
            f"| at most its limit of {memory_limit(service):,.0f} MB | "
            f"{found['empty'][service][0]:.0f} MB, "
            f"{found['full'][service][0]:.0f} ({found['full'][service][1]:.0f}) MB, "
            f"**{found['again'][service][0]:.0f}** ({found['again'][service][1]:.0f}) MB |"
            for service in SERVICES
        ),
        f"| people in memory of dispatch: rows of its index, of {plan.people:,} | only who can be "
        f"asked | {index['rows']:,}, {index['bytes'] / max(index['rows'], 1):.0f} bytes each |",
        f"| memory of broker, database with {size} | reported | "
        f"{found['servers']['broker']:,.0f} MB, {found['servers']['database']:,.0f} MB |",
    ]


def main() -> None:
    """Measure, print; write the section at scale 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep files and logs there")
    options = parser.parse_args()
    plan = Plan.of(options.seed, options.scale)
    with tempfile.TemporaryDirectory(prefix="lianxin-city") as folder:
        found = asyncio.run(measure(options.keep or Path(folder), plan))
    page = report(found)
    print(page)
    if options.scale == 1.0:
        put(CITY, page)


if __name__ == "__main__":
    main()
