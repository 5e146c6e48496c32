"""Assessment with the cases of a large city's month: what an event costs, how soon it shows, and
how long a full recount takes.

    python -m bench.bench_assessment [--sizes 20000 200000 2000000] [--keep FOLDER]

Writes its own section of bench/RESULTS.md at the full sizes; prints at any. The least and the
largest size are compared.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench import bench_figures, bench_recount
from bench.bench_figures import PARTS, RATE
from bench.report import ASSESSMENT, machine, put
from shared.storage.client import connect
from tests.servers import own_broker, own_database

ROUNDS = 2
"""Of the delays: the least and the largest size take turns."""
PROCESSES = ("service", "database", "broker")
SMALL = (2_000, 20_000)
"""For `make bench`; the full sizes have a command of their own."""
PREDICTED = {
    "processor time of an event, largest size against least": 1.25,
    "the same where hours are read only when a batch has changed them": 1.15,
    "p95 at 200 a second, s": 1.6,
    "the same where partitions are worked together and tallies have no mark": 1.5,
    "recount against one aggregation": 1.2,
    "the recount as it was": 4.0,
    "held, s": 0.015,
    "memory, MB": 60,
}
"""Written before the first run."""


async def measure(
    folder: Path, sizes: tuple[int, ...], keep: Path | None = None, rounds: int = ROUNDS
) -> dict[str, Any]:
    """Everything, on servers of its own; databases in `keep` are used again."""
    with own_database(keep or folder) as database, own_broker(folder) as broker:
        server = database.pid or 0
        client = connect(database.address)
        cities, made = [], {}
        for size in sorted(sizes):
            city, made[size] = await bench_figures.seed(client, database.address, size)
            cities.append(city)
        costs = await bench_figures.costs(cities, server)
        print("costs:", costs, flush=True)
        delays: dict[int, list[dict[str, float]]] = {}
        for _ in range(rounds):
            for city in (cities[0], cities[-1]):
                found = await bench_figures.delays(city, folder, database, broker)
                print(f"{city.size:,}:", found, flush=True)
                delays.setdefault(city.size, []).append(found)
        await cities[-1].caught_up()
        counted = await bench_recount.measure(cities[-1], database.address, server)
        print("recount:", counted, flush=True)
        await client.close()
    return {"sizes": sorted(sizes), "made": made, "costs": costs, "delays": delays,
            "recount": counted}  # fmt: skip


def rows(found: dict[str, Any]) -> list[str]:
    """Rows of a table."""
    least, most = found["sizes"][0], found["sizes"][-1]
    ratio = total(found, most) / total(found, least)
    running = {
        size: {
            name: statistics.median(one[name] for one in rounds)
            for name in (*PROCESSES, "p50", "p95")
        }
        for size, rounds in found["delays"].items()
    }
    shown, counted = running[most], found["recount"]
    held = counted["held"]
    whole = {size: sum(one[name] for name in PROCESSES) for size, one in running.items()}
    return [
        f"| processor time of an event, case and figures, with {most:,} cases of the month against "
        f"{least:,} | at most 1.3 times | **{ratio:.2f}** ({total(found, most):.2f} against "
        f"{total(found, least):.2f} ms) |",
        f"| the same of the running service with its database and broker, {RATE:.0f} events a "
        f"second | reported | {whole[most] / whole[least]:.2f} ({whole[most]:.2f} against "
        f"{whole[least]:.2f} ms) |",
        f"| from an event to its figures at {RATE:.0f} a second beside {most:,} cases: p50, p95 | "
        f"p95 at most 2 s | {shown['p50']:.2f} s, **{shown['p95']:.2f} s** |",
        f"| full recount of {counted['cases']:,} cases and {counted['figures']:,} figures, against "
        f"one aggregation over the same facts, medians of {bench_recount.ROUNDS} interleaved "
        f"rounds | at most 2 times | **{counted['ratios']['floor']:.2f}** "
        f"({counted['seconds']['recount']:.1f} against {counted['seconds']['floor']:.1f} s) |",
        f"| the same against one that only counts the cases of each unit | reported | "
        f"{counted['ratios']['count']:.2f} ({counted['seconds']['count']:.1f} s) |",
        "| how long the recount holds the event loop, p99 and the longest (while only the database "
        f"works: {held['idle'][0]:.3f}, {held['idle'][1]:.3f} s); memory that it adds at most | at "
        f"most 0.05 s; bounded | **{held['recount'][0]:.3f} s**, {held['recount'][1]:.3f} s; "
        f"{counted['megabytes']:.0f} MB |",
    ]


def total(found: dict[str, Any], size: int) -> float:
    """Milliseconds of processor time of an event."""
    spent: dict[str, float] = found["costs"][size]
    return sum(spent[part] for part in PARTS)


def report(found: dict[str, Any]) -> str:
    """The section of the results."""
    spent = found["recount"]["spent"]
    lines = [
        ASSESSMENT,
        "",
        machine(),
        f"Load average of the last quarter of an hour at the end: {os.getloadavg()[2]:.1f}.",
        "",
        "| what | bound | found |",
        "| --- | --- | --- |",
        *rows(found),
        "",
        "Milliseconds of processor time of an event, of this program and of the database: taking "
        "it into its case, and telling of it in the figures.",
        "",
        "| cases of the month | case | database | figures | database | all | figures told of |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {size:,} | "
            + " | ".join(f"{found['costs'][size][part]:.2f}" for part in PARTS)
            + f" | {total(found, size):.2f} | {found['made'][size]:.0f} s |"
            for size in found["sizes"]
        ),
        "",
        f"Processor time of the recount: {spent['recount']:.1f} s here and "
        f"{spent['recount, database']:.1f} s of the database, of the single aggregation "
        f"{spent['floor, database']:.1f} s.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print; write the section at the full sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(bench_figures.SIZES))
    parser.add_argument("--keep", type=Path, help="keep the databases there")
    options = parser.parse_args()
    print("predicted:", PREDICTED)
    with tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder:
        found = asyncio.run(measure(Path(folder), tuple(options.sizes), options.keep))
    page = report(found)
    print(page)
    if tuple(found["sizes"]) == bench_figures.SIZES:
        put(ASSESSMENT, page)


if __name__ == "__main__":
    main()
