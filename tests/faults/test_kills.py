"""Rule 1: accepted means kept, whatever is killed when.

2,000 requests in flight while each part is killed with -9 in turn and started again. Then the
audit finds every request that was answered 201 in every service, counted once.
"""

import asyncio
from pathlib import Path

import pytest

from deploy.local.servers import LocalServer
from tests.faults.world import audited, load_on, world

REQUESTS = 2000
RATE = 60.0


async def restart(*servers: LocalServer) -> None:
    """Kill with -9 all at once, then start again."""
    for server in servers:
        server.kill()
    await asyncio.gather(*(asyncio.to_thread(server.start, 90) for server in servers))


@pytest.mark.timeout(400)
async def test_whatever_is_killed_nothing_is_lost_and_nothing_counted_twice(
    tmp_path: Path, unique: str
) -> None:
    async with world(tmp_path, unique, volunteer_dispatch=2) as (system, broker, database):
        load = load_on(system, REQUESTS, RATE)
        posting = asyncio.create_task(load.run())
        processes = system.processes
        for victims in (
            processes["request_intake"],
            processes["volunteer_dispatch"][:1],
            processes["assessment"],
            processes["registry"],
            processes["volunteer_dispatch"],
            [broker],
            [database],
        ):
            await restart(*victims)
        await posting
        assert len(load.answered) == REQUESTS
        assert len(set(load.answered.values())) == REQUESTS

        await audited(system, set(load.answered.values()))
