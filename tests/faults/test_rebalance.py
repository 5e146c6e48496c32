"""Rules 1 and 2 while consumer groups never come to rest."""

import asyncio
import itertools
import time
from pathlib import Path

import pytest

from deploy.local.services import ServiceProcess
from tests.faults.world import audited, load_on, world

SECONDS = 60.0
EVERY_SECONDS = 3.0
REQUESTS = 600
RATE = REQUESTS / SECONDS
SERVICES = ("volunteer_dispatch", "assessment")


@pytest.mark.timeout(300)
async def test_replicas_join_and_leave_every_three_seconds(tmp_path: Path, unique: str) -> None:
    """One replica of each service stays; another comes and goes, every other time by kill -9."""
    async with world(tmp_path, unique, volunteer_dispatch=2, assessment=2) as (system, _, _):
        load = load_on(system, REQUESTS, RATE)
        posting = asyncio.create_task(load.run())
        began = time.monotonic()
        steps = 0
        for step in itertools.count():
            wait = began + step * EVERY_SECONDS - time.monotonic()
            if step * EVERY_SECONDS > SECONDS:
                break
            await asyncio.sleep(max(0.0, wait))
            second = system.processes[SERVICES[step % len(SERVICES)]][1]
            await asyncio.to_thread(join_or_leave, second, step)
            steps = step + 1
        assert steps == SECONDS / EVERY_SECONDS + 1
        await posting
        assert len(set(load.answered.values())) == REQUESTS
        await audited(system, set(load.answered.values()))


def join_or_leave(replica: ServiceProcess, step: int) -> None:
    """Start it if it is away; else have it leave, in order or at once."""
    if not replica.alive:
        replica.launch()  # it joins when it comes to it; the next step does not wait for that
    elif step // len(SERVICES) % 4 < 2:
        replica.stop(2)
    else:
        replica.kill()
