"""From a change to its `coverage.gap_found` on the topic: grids without a team, one after another.

Part of `bench_coverage` (while the whole city is read anew all the time) and of `bench_city`.
"""

import asyncio
import time

import httpx
from aiokafka import AIOKafkaConsumer

from bench.common import percentile
from shared.contracts.envelope import decode
from shared.contracts.ids import uuid7

EVERY_SECONDS = 0.5
_PATIENCE_SECONDS = 120.0
"""For the first fact: what stands in the outboxes already goes before it. It is not counted."""


async def measure(
    registry: httpx.AsyncClient, bootstrap: str, topic: str, community: str, number: int
) -> dict[str, float]:
    """Make `number` grids in a community; seconds from call to fact: median, 95 %, the longest.

    Args:
        topic: of coverage, as it is called on the broker.
    """
    told: dict[str, float] = {}
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=20
    )
    await consumer.start()

    async def read() -> None:
        async for record in consumer:
            told[decode(record.value, record.headers).subject] = time.perf_counter()

    reading = asyncio.create_task(read())
    try:
        took = [await _one(registry, community, told)]
        for _ in range(number):
            took.append(await _one(registry, community, told))
            await asyncio.sleep(max(0.0, EVERY_SECONDS - took[-1]))
    finally:
        reading.cancel()
        await asyncio.wait([reading], timeout=5)
        await consumer.stop()
    del took[0]
    return {"number": number, "p50": percentile(took, 50), "p95": percentile(took, 95),
            "most": max(took)}  # fmt: skip


async def _one(registry: httpx.AsyncClient, community: str, told: dict[str, float]) -> float:
    id = uuid7()
    began = time.perf_counter()
    grid = {"id": id, "name": "新网格", "area": community, "communities": [community]}
    answer = await registry.post("/v1/grids", json=grid)
    if answer.status_code != 201:
        raise RuntimeError(answer.text)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while f"grid/{id}" not in told:
            await asyncio.sleep(0.005)
    return told[f"grid/{id}"] - began


def row(found: dict[str, float], size: str) -> str:
    """A row of a table."""
    return (
        f"| from a change to `coverage.gap_found` on its topic, {size}, {found['number']:.0f} "
        f"changes: p50, p95, the longest | at most 5 s | {found['p50']:.2f} s, "
        f"{found['p95']:.2f} s, **{found['most']:.2f} s** |"
    )
