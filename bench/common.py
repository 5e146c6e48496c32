"""What the measurements share."""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` percent do not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def beating(
    tick: float, clock: Callable[[], float] = time.perf_counter
) -> AsyncIterator[list[float]]:
    """Look each `tick` seconds whether the event loop comes back.

    Gives the seconds of `clock` from one look to the next, whole once the block has ended: what is
    beyond the tick is for how long the loop was held.
    """
    between: list[float] = []

    async def beat() -> None:
        last = clock()
        try:
            while True:
                await asyncio.sleep(tick)
                now = clock()
                between.append(now - last)
                last = now
        finally:
            between.append(clock() - last)

    beats = asyncio.create_task(beat())
    await asyncio.sleep(0)  # it has begun
    try:
        yield between
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
