"""The desk's page with 40, 300 and 1,000 tasks: `python -m bench.bench_page` (needs Chromium).

What a person waits for: until the list stands, and how long the page is deaf at once (its longest
task) when it opens and when somebody else changes one task. Medians of rounds.
"""

import asyncio
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from services.volunteer_dispatch.service.state import Status
from shared.web.auth import Role
from tests.browser import browser
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.page_world import (
    Page,
    put_city,
    task,
)
from tests.integration.services.volunteer_dispatch.test_changes import served
from tests.integration.services.volunteer_dispatch.world import bearer, dropped
from tests.servers import own_broker, own_database

ROUNDS = 5
SIZES = (40, 300, 1000)
PREDICTED = {
    "until the list of 1,000 stands, ms": 2000.0,
    "longest task when 1,000 open, ms": 300.0,
    "longest task at a change among 1,000, ms": 100.0,
}
"""Written before the first run."""
_WATCH = (
    "window.longest = 0;"
    "new PerformanceObserver(seen => { for (const one of seen.getEntries())"
    " window.longest = Math.max(window.longest, one.duration); })"
    ".observe({ type: 'longtask', buffered: true })"
)


async def _open(page: Page, grid: str, number: int) -> tuple[float, float]:
    """Open the board; milliseconds until its rows stand, and of the longest task."""
    headers = bearer(Role.GRID_LEADER, f"leader-{grid}", grids=frozenset({grid}))
    await page.enter(headers)
    await page.browser.until(
        "document.querySelectorAll('.row').length === arguments[0]", "rows", number, seconds=60
    )
    stood = await page.browser.run("return performance.now()")
    await page.live()
    await page.browser.run(_WATCH)
    await asyncio.sleep(0.3)  # the observer tells of what was
    return float(stood), float(await page.browser.run("return window.longest"))


async def _change(page: Page, id: str) -> float:
    """Somebody accepts a task; milliseconds of the page's longest task until it is shown."""
    await page.browser.run("window.longest = 0")
    assert (await page.world.post(f"{id}/accept")).status_code == 200
    await page.until(f"section[data-column=in_hand] [data-id={id}]", "办理中")
    await asyncio.sleep(0.3)
    return float(await page.browser.run("return window.longest"))


async def measure(folder: Path) -> dict[int, tuple[float, float, float]]:
    """By number of tasks: until the list stands, longest task at opening, and at a change."""
    found: dict[int, tuple[float, float, float]] = {}
    with own_broker(folder) as broker, own_database(folder) as database:
        settings = settings_for("volunteer_dispatch", broker.address, database.address, "bench")
        async with dropped(settings) as db, AsyncExitStack() as serving, browser() as seen:
            await put_city(db)
            world = await serving.enter_async_context(served(settings))
            page = Page(world, seen, settings, serving)
            for number in SIZES:
                grid = f"n{number}"
                statuses = (Status.ACCEPTED, Status.ASSIGNED)
                await page.put(
                    *(
                        task(f"{grid}-{n}", 30 + n % 90, grid, status=statuses[n % 2])
                        for n in range(number)
                    )
                )
                opened = [await _open(page, grid, number) for _ in range(ROUNDS)]
                changes = [await _change(page, f"{grid}-{2 * n + 1}") for n in range(ROUNDS)]
                stood, longest = (statistics.median(part) for part in zip(*opened, strict=True))
                found[number] = stood, longest, statistics.median(changes)
    return found


def rows(found: dict[int, tuple[float, float, float]]) -> list[str]:
    """Rows of a table; a task under 50 ms is not told by the browser, and counts as 0."""
    return [
        f"| {number:,} | {stood:.0f} ms | {longest:.0f} ms | {change:.0f} ms |"
        for number, (stood, longest, change) in found.items()
    ]


def main() -> None:
    """Measure and print."""
    print("predicted:", PREDICTED)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
