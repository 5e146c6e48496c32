"""Boards at 20,000 tasks: `python -m bench.bench_lists`.

A leader's board must cost the same however many tasks the rest of the city has, a whole city's
board must stay within what people wait for, and the boards' indexes must not make writing tasks
dear. Costs are processor time of this process and the database's together; rounds take turns.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bench.common import cpu_seconds
from services.volunteer_dispatch.boards import BoardWanted
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.routes_board import views_of
from services.volunteer_dispatch.service.columns import Shown
from services.volunteer_dispatch.service.lists import ListTable
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.settings import Settings
from shared.storage.aggregates import SHARDS, Aggregate, Decision
from shared.storage.client import connect
from shared.web.paging import Paging
from tests.servers import own_database

ROUNDS = 9
CITY, OWN = 20_000, 250
"""Tasks of the city, and of the leader's grid."""
WRITES = 200
_SECRET = SecretStr("a secret of the measurement with 32 characters or more")
PREDICTED = {
    "a leader's board in a city of 20,000, times one with nothing else": 1.1,
    "the city's board, ms": 60.0,
    "writing tasks with the boards' indexes, times without": 1.15,
}
"""Written before the first run."""


def _rows(number: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Tasks as the store leaves them; the first `OWN` are of grid `g0`."""
    statuses = (Status.ACCEPTED, Status.ASSIGNED, Status.MATCHING, Status.ACCEPTED)
    for n in range(number):
        grid = 0 if n < OWN else 1 + n % 79
        state = TaskState(
            task_id=f"t{n}", request_id=f"r{n}", status=statuses[n % 4], category=f"care.{n % 9}",
            area_path=("c", f"d{grid % 8}", f"s{grid}"), areas=("c", f"d{grid % 8}", f"s{grid}"),
            grid_id=f"g{grid}", assignee=Assignee(kind=AssigneeKind.GRID_TEAM, id=f"g{grid}"),
            deadline=now + timedelta(minutes=n % 9000 - 600),
        )  # fmt: skip
        yield {
            "_id": f"t{n}", "version": 1, "sequence": 1, "state": state.model_dump(), "inbox": {},
            "shard": n % SHARDS, "created_at": now, "history": [], "outbox": [],
        }  # fmt: skip


class _Side:
    """Dispatch on a database of its own, never started."""

    def __init__(self, uri: str, name: str) -> None:
        settings = Settings(
            service="volunteer_dispatch", database=name, token_secret=_SECRET, field_key=_SECRET,
            MONGODB_URI=uri, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        )  # fmt: skip
        self.client = connect(uri, settings.mongo_driver)
        self.parts = Parts(settings, self.client)

    async def prepare(self, number: int, *, boards: bool = True) -> None:
        await self.parts.runtime.prepare_database()
        await self.parts.prepare()
        if not boards:
            for index in ("", *(f"_state.{s}" for s in ("areas", "grid_id", "units"))):
                await self._drop(f"board{index}")
            await self._drop("done_by")
            await self._drop("offered")
            await self._drop("shape")
        rows = list(_rows(number, datetime.now(UTC)))
        for start in range(0, number, 4000):
            await self.parts.store.collection.insert_many(rows[start : start + 4000], False)

    async def _drop(self, index: str) -> None:
        command = {"dropIndexes": "tasks", "index": index}
        await self.parts.runtime.database.command(command)

    async def board(self, scope: dict[str, Any]) -> int:
        """What `GET /v1/board` does: counts, and ten rows a column."""
        now, table, wanted = datetime.now(UTC), ListTable(), BoardWanted(scope)
        counts = await self.parts.boards.counts(wanted, table, now)
        for column in Shown:
            if counts[column]:
                page = Paging(10, None)
                views_of(await self.parts.boards.page(wanted, column, table, page, now), now)
        return sum(counts.values())

    async def write(self, turn: int) -> None:
        """Change `WRITES` tasks: their columns and deadlines move."""
        ids = [f"t{(turn * WRITES + n) % CITY}" for n in range(WRITES)]
        tasks: list[Aggregate[TaskState]] = list((await self.parts.store.get_many(ids)).values())
        for task in tasks:
            state = task.state
            assert state is not None
            assert state.deadline is not None
            accepted = state.status is Status.ACCEPTED
            after = state.having(
                status=Status.ASSIGNED if accepted else Status.ACCEPTED,
                deadline=state.deadline + timedelta(hours=1),
            )
            self.parts.store.record(task, Decision(after), by="bench")
        assert await self.parts.store.write(tasks)


async def measure(folder: Path) -> dict[str, float]:
    """Milliseconds of processors, and ratios of paired rounds."""
    with own_database(folder) as database:
        city, alone, bare = (_Side(database.address, n) for n in ("city", "alone", "bare"))
        await city.prepare(CITY)
        await alone.prepare(OWN)
        await bare.prepare(CITY, boards=False)
        leader, everybody = {"state.grid_id": {"$in": ["g0"]}}, {"state.areas": {"$in": ["c"]}}
        used: dict[str, list[float]] = {}

        async def take(name: str, work: Callable[[int], Awaitable[Any]], turns: int) -> None:
            ours, theirs = time.process_time(), cpu_seconds(database.pid or 0)
            for turn in range(turns):
                await work(turn)
            spent = time.process_time() - ours + cpu_seconds(database.pid or 0) - theirs
            used.setdefault(name, []).append(1000 * spent / turns)

        for number in range(ROUNDS):
            await take("leader_city", lambda _: city.board(leader), 20)
            await take("leader_alone", lambda _: alone.board(leader), 20)
            began = time.monotonic()
            await take("city", lambda _: city.board(everybody), 5)
            used.setdefault("city_clock", []).append(200 * (time.monotonic() - began))
            for name, side in (("write", city), ("write_bare", bare)):
                await take(name, lambda n, s=side, r=number: s.write(5 * r + n), 5)  # type: ignore[misc]
        assert await city.board(leader) == OWN
        for side in (city, alone, bare):
            await side.client.close()
    found = {name: statistics.median(values) for name, values in used.items()}
    for name, over, under in (
        ("leader_ratio", "leader_city", "leader_alone"),
        ("write_ratio", "write", "write_bare"),
    ):
        pairs = zip(used[over], used[under], strict=True)
        found[name] = statistics.median(a / b for a, b in pairs)
    return found


def rows(found: dict[str, float]) -> list[str]:
    """Rows of the page's table."""
    return [
        f"| a leader's board ({OWN} tasks) in a city of {CITY:,} against one with nothing else; "
        f"processor time with the database's | about 1 | **{found['leader_ratio']:.2f}** "
        f"({found['leader_city']:.1f} against {found['leader_alone']:.1f} ms) |",
        f"| the board of all {CITY:,}; by the clock | at most 500 ms | **{found['city']:.0f} ms**; "
        f"{found['city_clock']:.0f} ms |",
        f"| writing {WRITES} tasks with the boards' indexes against without | predicted 1.15 | "
        f"**{found['write_ratio']:.2f}** ({found['write']:.0f} against "
        f"{found['write_bare']:.0f} ms) |",
    ]


def main() -> None:
    """Measure and print."""
    print("predicted:", PREDICTED)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder)))
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
