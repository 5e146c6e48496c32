"""Open timers: `python -m bench.bench_timers [--open 1000000]`.

Tasks with deadlines in the future lie in a real database beside those that are due. What a tick of
the timers' loop costs must not depend on them, and what is due must fire within 2 seconds. Costs
are processor time of this process and the database's together, few and many taking turns.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pymongo import MongoClient

from bench.common import cpu_seconds, percentile
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.settings import Settings
from shared.storage.aggregates import SHARDS
from shared.storage.client import connect
from tests.servers import own_database

ROUNDS = 7
FEW, MANY = 1_000, 1_000_000
DUE = 200
"""Timers of one tick: the loop's batch."""
_SECONDS, _A_SECOND = 10, 20
_SECRET = SecretStr("a secret of the measurement with 32 characters or more")
_ROWS = 5_000
PREDICTED = {"a tick with many open timers, times one with few": 1.1, "p99 late, s": 1.0}
"""Written before the first run."""


def _rows(first: int, number: int, due: datetime) -> Iterator[dict[str, Any]]:
    """Tasks as the store leaves them, accepted, with a deadline at `due` and later."""
    like = TaskState(
        task_id="", request_id="", status=Status.ACCEPTED, category="other",
        area_path=("c", "d", "s"), areas=("c", "d", "s"), grid_id="g",
        assignee=Assignee(kind=AssigneeKind.GRID_TEAM, id="g"),
    ).model_dump()  # fmt: skip
    for n in range(first, first + number):
        at = due + timedelta(seconds=n % 86_400)
        yield {
            "_id": f"t{n}", "version": 1, "sequence": 1,
            "state": {**like, "task_id": f"t{n}", "request_id": f"r{n}", "deadline": at},
            "inbox": {}, "shard": n % SHARDS, "created_at": due, "next_due": at,
            "history": [], "outbox": [],
        }  # fmt: skip


def _insert(uri: str, database: str, rows: list[dict[str, Any]]) -> None:
    with MongoClient[dict[str, Any]](uri) as client:
        for start in range(0, len(rows), _ROWS):
            client[database]["tasks"].insert_many(rows[start : start + _ROWS], ordered=False)


class _Side:
    """Dispatch on a database of its own, never started; only its timers are called."""

    def __init__(self, uri: str, name: str, number: int) -> None:
        self.uri, self.name, self.next = uri, name, number
        settings = Settings(
            service="volunteer_dispatch", database=name, token_secret=_SECRET, field_key=_SECRET,
            MONGODB_URI=uri, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        )  # fmt: skip
        self.client = connect(uri, settings.mongo_driver)
        self.parts = Parts(settings, self.client)
        self.number = number

    async def prepare(self) -> None:
        await self.parts.runtime.prepare_database()
        await self.parts.prepare()
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        for first in range(0, self.number, 50_000):
            number = min(50_000, self.number - first)
            _insert(self.uri, self.name, list(_rows(first, number, tomorrow)))

    def add(self, number: int, due: datetime, spread: float = 0.0) -> None:
        """More tasks, due then, or one after the other over `spread` seconds."""
        rows = list(_rows(self.next, number, due))
        for n, row in enumerate(rows):
            row["next_due"] = due + timedelta(seconds=spread * n / number)
            row["state"]["deadline"] = row["next_due"]
        self.next += number
        _insert(self.uri, self.name, rows)


async def measure(folder: Path, many: int = MANY) -> dict[str, float]:
    """Milliseconds of a tick with few and with many open timers; how late timers fire, s."""
    with own_database(folder) as database:
        sides = [_Side(database.address, name, n) for name, n in (("few", FEW), ("many", many))]
        for side in sides:
            await side.prepare()
        server = database.pid or 0
        ticks: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for side in sides:
                await side.parts.runtime.leases.beat()
                side.add(DUE, datetime.now(UTC) - timedelta(seconds=1))
                for kind, expected in (("due", DUE), ("idle", 0)):
                    ours, theirs = time.process_time(), cpu_seconds(server)
                    turns = 1 if expected else 20
                    for _ in range(turns):
                        fired = await side.parts.timers.fire(datetime.now(UTC))
                        assert fired == expected, fired
                    used = time.process_time() - ours + cpu_seconds(server) - theirs
                    ticks.setdefault(f"{kind}_{side.name}", []).append(1000 * used / turns)
        late = await _lateness(sides[1])
        for side in sides:
            await side.client.close()
    found = {name: statistics.median(values) for name, values in ticks.items()}
    for kind in ("due", "idle"):
        pairs = zip(ticks[f"{kind}_many"], ticks[f"{kind}_few"], strict=True)
        found[f"{kind}_ratio"] = statistics.median(a / b for a, b in pairs)
    return found | {
        "late_p50": percentile(late, 50),
        "late_p99": percentile(late, 99),
        "open": many,
    }


async def _lateness(side: _Side) -> list[float]:
    """The loop runs while timers fall due, `_A_SECOND` a second."""
    start = datetime.now(UTC) + timedelta(seconds=2)
    first = side.next
    side.add(_SECONDS * _A_SECOND, start, _SECONDS)
    due = {f"t{n}" for n in range(first, side.next)}
    leases = asyncio.create_task(side.parts.runtime.leases.run())
    loop = asyncio.create_task(side.parts.timers.run())
    found: list[dict[str, Any]] = []
    collection = side.parts.store.collection
    wanted = {"_id": {"$in": sorted(due)}, "state.overdue": True}
    end = time.monotonic() + 120
    while len(found) < len(due) and time.monotonic() < end:
        await asyncio.sleep(1)
        found = await collection.find(wanted, {"history": 1, "state.deadline": 1}).to_list(None)
    for task in (leases, loop):
        task.cancel()
    assert len(found) == len(due), f"{len(found)} of {len(due)} fired"
    return [(row["history"][-1]["at"] - row["state"]["deadline"]).total_seconds() for row in found]


def rows(found: dict[str, float]) -> list[str]:
    """Rows of the page's table."""
    return [
        f"| a tick with {found['open']:,.0f} open timers against {FEW:,}, {DUE} of them due; none "
        f"due; processor time with the database's | about 1 | **{found['due_ratio']:.2f}** "
        f"({found['due_many']:.1f} against {found['due_few']:.1f} ms); "
        f"**{found['idle_ratio']:.2f}** ({found['idle_many']:.2f}, {found['idle_few']:.2f} ms) |",
        f"| how late timers fire beside {found['open']:,.0f} open ones: p50, p99 | at most 2 s | "
        f"{found['late_p50']:.2f} s, **{found['late_p99']:.2f} s** |",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--open", type=int, default=MANY)
    chosen = parser.parse_args(sys.argv[1:])
    print("predicted:", PREDICTED)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), chosen.open))
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
