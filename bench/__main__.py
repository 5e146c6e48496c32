"""`make bench`: measure, print, and write bench/RESULTS.md.

The table is written anew; the sections below it stay.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench import bench_alerts, bench_consumer, bench_flow, bench_intake, bench_match
from bench.report import machine, put, resident_megabytes
from deploy.local.services import SERVICES
from tests.city import load_city
from tests.servers import own_broker, own_database
from tests.system import System


async def measure(folder: Path) -> dict[str, Any]:
    """Start the whole system on the embedded default and measure it."""
    match, alerts = bench_match.measure(), bench_alerts.measure()
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
    return {
        "memory": memory,
        "consumer": consumer,
        "intake": intake,
        "flow": flow,
        "match": match,
        "alerts": alerts,
    }


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
    lines += bench_match.rows(found["match"]) + bench_alerts.rows(found["alerts"])
    cores = ", ".join(f"{name} {share:.2f}" for name, share in flow["cores"].items())
    lines.append(f"| cores in use at {flow['half']:.0f}/s | reported | {cores} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory(prefix="lianxin-bench") as folder:
        found = asyncio.run(measure(Path(folder)))
    page = report(found)
    print(page)
    put("", page)


if __name__ == "__main__":
    main()
