"""`make bench`: measure, print, and write bench/RESULTS.md.

Every clause of the issues in half an hour: the city and the month of assessment are small ones, as
each row says. `make bench ARGS=--whole` takes hours: both at their full size, which also writes
their sections. The table is written anew; the other sections stay.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench import (
    bench_alerts,
    bench_assessment,
    bench_city,
    bench_consumer,
    bench_coverage,
    bench_figures,
    bench_flow,
    bench_intake,
    bench_match,
    bench_places,
    bench_replicas,
    bench_scores,
    bench_timers,
    coverage_city,
)
from bench.report import ASSESSMENT, CITY, machine, put, resident_megabytes
from cli.city.plan import Plan
from deploy.local.services import SERVICES
from tests.city import load_city
from tests.servers import own_broker, own_database
from tests.system import System

SCALE = 0.02
"""Of the city: a minute or two; the whole of it takes more than an hour."""


async def measure(folder: Path, *, whole: bool) -> dict[str, Any]:
    """Start the whole system on the embedded default and measure it."""
    consumer = await bench_consumer.measure(folder / "consumer")
    print(f"consumer {consumer['runtime']:.0f}/s, bare {consumer['bare']:.0f}/s")
    intake = await bench_intake.measure(folder / "intake")
    print(f"intake {intake['intake']:.0f}/s, bare {intake['bare']:.0f}/s")
    with own_broker(folder) as broker, own_database(folder) as database:
        system = System(folder, broker.address, database.address, "bench", idempotence=False)
        async with system:
            memory = {s: resident_megabytes(system.processes[s][0].pid or 0) for s in SERVICES}
            print("memory of the idle services, MB:", memory)
            await load_city(await system.client("registry"), await system.client("request_intake"))
            servers = {"broker": broker.pid or 0, "database": database.pid or 0}
            flow = await bench_flow.measure(system, servers)
    places = bench_places.measure(Plan.of(seed=1, scale=1.0))
    print("point to grid:", places)
    covered = await coverage(folder / "coverage")
    print("coverage of a whole city, seconds:", covered)
    replicas = await bench_replicas.measure(folder / "replicas")
    print("replicas of dispatch:", replicas)
    timers = await bench_timers.measure(folder / "timers")
    print("timers:", timers)
    city = await bench_city.measure(folder / "city", Plan.of(seed=1, scale=1.0 if whole else SCALE))
    assessment = await bench_assessment.measure(
        folder / "assessment",
        bench_figures.SIZES if whole else bench_assessment.SMALL,
        rounds=bench_assessment.ROUNDS if whole else 1,
    )
    scores = await bench_scores.measure(folder / "scores")
    print("scores of a class:", scores)
    match, alerts = bench_match.measure(), bench_alerts.measure()
    return {
        "memory": memory, "consumer": consumer, "intake": intake, "flow": flow,
        "places": places, "coverage": covered, "replicas": replicas, "timers": timers,
        "match": match, "alerts": alerts, "city": city, "assessment": assessment,
        "scores": scores,
    }  # fmt: skip


async def coverage(folder: Path) -> dict[str, float]:
    """Load a whole city's places and people beside the services, and measure coverage."""
    with own_database(folder) as database, own_broker(folder) as broker:
        await asyncio.to_thread(coverage_city.load, database.address, "bench")
        return await bench_coverage.measure(
            database.address, "bench", database.pid or 0, broker.address
        )


def report(found: dict[str, Any]) -> str:
    """The results as a page."""
    memory, consumer, intake, flow = (
        found[name] for name in ("memory", "consumer", "intake", "flow")
    )
    lines = [
        "# Results of `make bench`",
        "",
        machine(),
        "",
        "| what | bound | found |",
        "| --- | --- | --- |",
        "| consumer runtime that decodes an event and does nothing, against a bare aiokafka "
        f"`getmany` loop, medians of {bench_consumer.ROUNDS} interleaved rounds | at least 0.7 | "
        f"**{consumer['runtime_ratio']:.2f}** ({consumer['runtime']:,.0f} against "
        f"{consumer['bare']:,.0f} events/s) |",
        "| the same with the whole envelope decoded, as services do | reported | "
        f"{consumer['envelope_ratio']:.2f} ({consumer['envelope']:,.0f} events/s) |",
        "| `POST /v1/requests` with everything on, against a bare FastAPI route with the same "
        f"insert, medians of {bench_intake.ROUNDS} interleaved rounds | at least 0.5 | "
        f"**{intake['ratio']:.2f}** ({intake['intake']:.0f} against {intake['bare']:.0f}/s) |",
        f"| requests a second sustained for {bench_flow.SECONDS:.0f} s, backlog not growing | "
        f"reported | **{flow['sustained']:.0f}** |",
        f"| from 201 to assigned at {flow['half']:.0f}/s: p50, p95 | p95 at most 1 s | "
        f"{flow['assigned_p50']:.2f} s, **{flow['assigned_p95']:.2f} s** |",
        f"| from 201 to counted at {flow['half']:.0f} a second: p50, p95 | reported | "
        f"{flow['counted_p50']:.2f} s, {flow['counted_p95']:.2f} s |",
    ]
    lines += [
        f"| resident memory of the idle {service} | at most 120 MB | {megabytes:.0f} MB |"
        for service, megabytes in memory.items()
    ]
    places = found["places"]
    lines += [
        f"| point to grid in intake's read model, {places['grids']:,.0f} grids, on one core | at "
        f"least 20,000/s | **{places['all']:,.0f}/s** |",
        f"| the same against {bench_places.FEW_GRIDS} grids, medians of {bench_places.ROUNDS} "
        f"interleaved rounds | at most 1.5 times slower | **{places['ratio']:.2f}** |",
    ]
    for measured in (
        bench_coverage, bench_city, bench_assessment, bench_scores, bench_replicas, bench_timers,
        bench_match, bench_alerts,
    ):  # fmt: skip
        lines += measured.rows(found[measured.__name__.rpartition("_")[2]])
    cores = ", ".join(f"{name} {share:.2f}" for name, share in flow["cores"].items())
    lines.append(f"| cores in use at {flow['half']:.0f}/s | reported | {cores} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the page; with `--whole` also the sections of the full sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whole", action="store_true", help="everything at full size; hours")
    whole = parser.parse_args().whole
    with tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder:
        found = asyncio.run(measure(Path(folder), whole=whole))
    page = report(found)
    print(page)
    put("", page)
    if whole:
        put(CITY, bench_city.report(found["city"]))
        put(ASSESSMENT, bench_assessment.report(found["assessment"]))


if __name__ == "__main__":
    main()
