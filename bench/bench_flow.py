"""End to end on the embedded default: how many requests a second, and how soon each is seen.

Sustained: the largest rate at which, for 60 s, the backlog (requests answered 201 and not yet
counted by assessment) does not grow. Then, at half of that rate, the time from the 201 to the
task's assignment on `lianxin.tasks`, and to the figures that count the request.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer

from bench.common import cpu_seconds, percentile
from bench.http_load import post, send
from shared.contracts import tasks, topics
from shared.contracts.envelope import decode
from shared.contracts.ids import uuid7
from shared.storage.client import connect
from shared.web.auth import Principal, Role, issue_token
from tests.city import request_body
from tests.system import SECRET, System

SECONDS = 60.0
TRIAL_SECONDS = 15.0
RATES = (40.0, 60.0, 80.0, 100.0, 120.0, 150.0, 180.0, 220.0, 260.0, 300.0, 350.0, 400.0)
_POLL_SECONDS = 0.05


@dataclass
class Watch:
    """When each request was answered, assigned and counted, by id (monotonic seconds)."""

    answered: dict[str, float] = field(default_factory=dict)
    assigned: dict[str, float] = field(default_factory=dict)
    counted: dict[str, float] = field(default_factory=dict)
    backlog: list[tuple[float, int]] = field(default_factory=list)

    def complete(self, total: int) -> bool:
        """Whether everything was seen."""
        return len(self.counted) >= total and len(self.assigned) >= total

    def seconds(self, seen: dict[str, float]) -> list[float]:
        """From the 201 to what was seen, for each request that was."""
        return [max(0.0, at - self.answered[id]) for id, at in seen.items() if id in self.answered]


class Flow:
    """A running system under load."""

    def __init__(self, system: System, say: Callable[[str], None] = print) -> None:
        self._system = system
        self._say = say
        token = issue_token(SECRET, Principal("bench", Role.ADMINISTRATOR), 7200)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._port = system.processes["request_intake"][0].port

    async def sustained(self) -> tuple[float, Watch]:
        """The largest of `RATES` held for 60 s, tried upwards for 15 s each first."""
        held = 0.0
        for rate in RATES:
            watch = await self.load(rate, TRIAL_SECONDS)
            if not self._holds(watch, rate, TRIAL_SECONDS):
                break
            held = rate
        while held:
            watch = await self.load(held, SECONDS)
            if self._holds(watch, held, SECONDS):
                return held, watch
            lower = [rate for rate in RATES if rate < held]
            held = lower[-1] if lower else 0.0
        raise RuntimeError(f"not even {RATES[0]} requests a second were sustained")

    def _holds(self, watch: Watch, rate: float, seconds: float) -> bool:
        """Whether requests were answered at the rate, and the backlog did not grow."""
        took = max(watch.answered.values()) - min(watch.answered.values())
        in_rate = len(watch.answered) / max(took, 0.1) >= 0.95 * rate
        end = max(at for at, _ in watch.backlog)
        first = [n for at, n in watch.backlog if at < end - seconds / 2]
        second = [n for at, n in watch.backlog if at >= end - seconds / 2]
        before = sum(first) / max(len(first), 1)
        after = sum(second) / max(len(second), 1)
        grew = after > 1.1 * before + rate  # a tenth and one second's worth are noise
        verdict = "held" if in_rate and not grew else "not held"
        self._say(
            f"  {rate:5.0f}/s for {seconds:.0f} s: backlog {before:.0f} → {after:.0f}: {verdict}"
        )
        return in_rate and not grew

    async def load(self, rate: float, seconds: float) -> Watch:
        """Post at `rate` for `seconds`, watch, and wait until everything is counted."""
        watch = Watch()
        stop = asyncio.Event()
        client = connect(self._system.mongo)
        consumer = AIOKafkaConsumer(
            f"{self._system.unique}.{topics.TASKS.name}",
            bootstrap_servers=self._system.kafka,
            auto_offset_reset="latest",
            fetch_max_wait_ms=20,
        )
        await consumer.start()
        database = client.database(f"{self._system.unique}_assessment")
        watchers = [
            asyncio.create_task(self._watch_tasks(consumer, watch, stop)),
            asyncio.create_task(self._watch_cases(database["cases"], watch, stop)),
        ]
        try:
            total = int(rate * seconds)
            await self._post(rate, total, watch)
            watch.backlog = [(at, n) for at, n in watch.backlog if at <= time.perf_counter()]
            async with asyncio.timeout(180):
                while not watch.complete(total):
                    await asyncio.sleep(_POLL_SECONDS)
        finally:
            stop.set()
            await asyncio.gather(*watchers)
            await consumer.stop()
            await client.close()
        return watch

    async def _post(self, rate: float, total: int, watch: Watch) -> None:
        def request(number: int) -> bytes:
            headers = self._headers | {"Idempotency-Key": uuid7()}
            return post("/v1/requests", orjson.dumps(request_body(number)), headers)

        def noted(body: bytes) -> None:
            watch.answered[orjson.loads(body)["id"]] = time.perf_counter()

        answers = await send(
            self._port, request, total=total, connections=64, rate=rate, on_body=noted
        )
        if set(answers.statuses) != {201}:
            raise RuntimeError(f"intake answered {answers.statuses}")

    async def _watch_tasks(self, consumer: Any, watch: Watch, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for records in (await consumer.getmany(timeout_ms=50)).values():
                now = time.perf_counter()
                for record in records:
                    data = decode(record.value, record.headers).data
                    if isinstance(data, tasks.TaskAssigned):
                        watch.assigned.setdefault(data.request_id, now)

    async def _watch_cases(self, cases: Any, watch: Watch, stop: asyncio.Event) -> None:
        while not stop.is_set():
            missing = [id for id in watch.answered if id not in watch.counted]
            watch.backlog.append((time.perf_counter(), len(missing)))
            for start in range(0, len(missing), 1000):
                wanted = {"_id": {"$in": missing[start : start + 1000]}, "state.dirty": False}
                async for case in cases.find(wanted, {"_id": 1}):
                    watch.counted[case["_id"]] = time.perf_counter()
            await asyncio.sleep(_POLL_SECONDS)


async def measure(system: System, servers: Mapping[str, int]) -> dict[str, Any]:
    """Sustained rate, then the percentiles at half of it (seconds), and who used the cores.

    Args:
        servers: process ids of the broker and the database, by name.
    """
    flow = Flow(system)
    rate, _ = await flow.sustained()
    pids = {name: replicas[0].pid or 0 for name, replicas in system.processes.items()}
    pids |= servers
    before, began = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.perf_counter()
    watch = await flow.load(rate / 2, SECONDS)
    took = time.perf_counter() - began
    to_assigned, to_counted = watch.seconds(watch.assigned), watch.seconds(watch.counted)
    return {
        "sustained": rate,
        "half": rate / 2,
        "cores": {name: (cpu_seconds(pid) - before[name]) / took for name, pid in pids.items()},
        "requests": len(watch.answered),
        "assigned_p50": percentile(to_assigned, 50),
        "assigned_p95": percentile(to_assigned, 95),
        "counted_p50": percentile(to_counted, 50),
        "counted_p95": percentile(to_counted, 95),
    }
