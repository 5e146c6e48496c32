"""Replicas of dispatch under load: `python -m bench.bench_replicas [--tasks 3000]`.

Requests for volunteers arrive at 500 a second, straight on `lianxin.requests`; volunteers who are
asked answer over HTTP to any replica, four of five with yes. Measured: how many tasks a second get
from the first request to somebody who has them, with one replica and with three, by turns, each on
servers of its own. Checked each time, from the facts and from the volunteers' documents: nobody
holds more than the capacity, and every task has one lead.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import MongoClient

from bench.common import cpu_seconds
from shared.contracts import tasks, topics
from shared.contracts.envelope import Event, decode, encode
from shared.web.auth import Principal, Role, issue_token
from tests.integration.services.volunteer_dispatch.world import (
    INTAKE,
    REGISTRY,
    accepted,
    city,
    event_of,
    volunteer,
)
from tests.servers import own_broker, own_database
from tests.system import SECRET, System

ROUNDS = 3
REPLICAS = (1, 3)
TASKS, A_SECOND = 3000, 500
VOLUNTEERS = 2400
"""Of capacity 1 and 2 by turns: places for six of five tasks."""
_YES = 0.8
_ANSWERING = 24
_LONG = 300.0
PREDICTED = {"throughput with three replicas, times one": 1.15}
"""Written before the first run: two cores, and one replica with the database fills most of them."""

Say = Callable[[str], None]


class _Run:
    """Replicas of dispatch on servers of their own."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.names = {t.name: f"{system.unique}.{t.name}" for t in topics.TOPICS}
        client: MongoClient[dict[str, Any]] = MongoClient(system.mongo)
        self.client = client
        self.database = client[f"{system.unique}_volunteer_dispatch"]
        self.tokens: dict[str, str] = {}

    async def prepare(self, producer: AIOKafkaProducer) -> None:
        """The city, its volunteers, and a table that lets them be asked at any hour."""
        people = [
            (id, volunteer(id, capacity=n % 2 + 1, skills=["errands"]))
            for n, id in enumerate(_ids())
        ]
        snapshots = [event_of(REGISTRY, subject, data) for subject, data in (*city(), *people)]
        await self._publish(producer, topics.REGISTRY.name, snapshots)
        await _until(lambda: self.database["volunteers"].estimated_document_count() > VOLUNTEERS)
        admin = await self.system.client("volunteer_dispatch")
        shown = await admin.get("/v1/alerts")
        shown.raise_for_status()
        table = shown.json()["table"] | {"quiet_from": None, "per_day": 100, "per_week": 200}
        put = await admin.put("/v1/alerts", json=table, headers={"If-Match": shown.headers["etag"]})
        put.raise_for_status()
        for id in _ids():
            principal = Principal(id, Role.VOLUNTEER, volunteer_id=id)
            self.tokens[id] = issue_token(SECRET, principal, 3600)
        # The replicas read tables and volunteers about once a second.
        await asyncio.sleep(3)

    async def _publish(
        self, producer: AIOKafkaProducer, topic: str, events: Sequence[Event]
    ) -> None:
        sent = []
        for event in events:
            key, value, headers = encode(event)
            sent.append(await producer.send(self.names[topic], value, key=key, headers=headers))
        await asyncio.gather(*sent)

    async def go(self, number: int) -> dict[str, float]:
        """Publish, answer, wait until every task is with somebody; check; the figures."""
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        async with (
            AIOKafkaProducer(bootstrap_servers=self.system.kafka, acks="all") as producer,
            AIOKafkaConsumer(
                self.names[topics.TASKS.name],
                bootstrap_servers=self.system.kafka,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=50,
            ) as consumer,
        ):
            await self.prepare(producer)
            facts: list[Event] = []
            hearing = asyncio.create_task(self._hear(consumer, facts, queue))
            urls = [process.url for process in self.system.processes["volunteer_dispatch"]]
            people = [asyncio.create_task(self._answer(n, urls, queue)) for n in range(_ANSWERING)]
            pids = [p.pid or 0 for p in self.system.processes["volunteer_dispatch"]]
            before = sum(map(cpu_seconds, pids))
            began = time.perf_counter()
            try:
                for first in range(0, number, A_SECOND // 10):
                    due = began + first / A_SECOND
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                    ids = [f"r{n}" for n in range(first, min(first + A_SECOND // 10, number))]
                    await self._publish(
                        producer,
                        topics.REQUESTS.name,
                        [event_of(INTAKE, id, accepted(id, category="errands")) for id in ids],
                    )
                published = time.perf_counter() - began
                await _until(lambda: self._settled() >= number)
                took = time.perf_counter() - began
                used = sum(map(cpu_seconds, pids)) - before
                await _until(lambda: _leads(facts).total() >= self._accepted())
            finally:
                for task in (hearing, *people):
                    task.cancel()
                await asyncio.gather(hearing, *people, return_exceptions=True)
        self._check(facts)
        return {
            "rate": number / took,
            "arrived": number / published,
            "cores": used / took,
            "left": number - self._accepted(),
        }

    async def _hear(
        self, consumer: AIOKafkaConsumer, facts: list[Event], queue: asyncio.Queue[tuple[str, str]]
    ) -> None:
        async for record in consumer:
            event = decode(record.value, record.headers)
            facts.append(event)
            if isinstance(event.data, tasks.TaskAlerted):
                for id in event.data.volunteer_ids:
                    queue.put_nowait((event.subject, id))

    async def _answer(
        self, number: int, urls: Sequence[str], queue: asyncio.Queue[tuple[str, str]]
    ) -> None:
        rng = random.Random(number)
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            while True:
                task_id, id = await queue.get()
                headers = {"Authorization": f"Bearer {self.tokens[id]}"}
                task = f"{rng.choice(urls)}/v1/tasks/{task_id}"
                if rng.random() < _YES:
                    answer = await client.post(f"{task}/accept", headers=headers)
                    full = answer.status_code == 409 and "you-are-full" in answer.json()["type"]
                    if not full:
                        # 403: another was first, it is none of this one's business any more.
                        assert answer.status_code in (200, 403, 409), answer.text
                        continue
                body = {"reason": "没有空"}
                answer = await client.post(f"{task}/decline", json=body, headers=headers)
                assert answer.status_code in (200, 403, 409), answer.text

    def _settled(self) -> int:
        wanted = {"state.status": {"$in": ["assigned", "accepted"]}, "state.todo": False}
        return self.database["tasks"].count_documents(wanted)

    def _accepted(self) -> int:
        return self.database["tasks"].count_documents({"state.status": "accepted"})

    def _check(self, facts: Sequence[Event]) -> None:
        taken = _leads(facts)
        assert len(taken) == self._accepted(), len(taken)
        assert max(taken.values()) == 1, "two leads of a task"
        held = Counter(
            row["state"]["assignee"]["id"]
            for row in self.database["tasks"].find({}, {"state.assignee": 1, "state.status": 1})
            if row["state"]["status"] == "accepted"
        )
        places = {id: n % 2 + 1 for n, id in enumerate(_ids())}
        over = {id: n for id, n in held.items() if n > places[id]}
        assert not over, over
        loads = {
            row["_id"]: len(row.get("tasks", []))
            for row in self.database["volunteers"].find({}, {"tasks": 1})
        }
        assert {id: n for id, n in loads.items() if n} == dict(held)


def _leads(facts: Sequence[Event]) -> Counter[str]:
    """How often each task was accepted."""
    return Counter(e.subject for e in facts if isinstance(e.data, tasks.TaskAccepted))


def _ids() -> list[str]:
    return [f"x{n:05}" for n in range(VOLUNTEERS)]


async def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + _LONG
    while not await asyncio.to_thread(done):
        if time.monotonic() > end:
            raise TimeoutError(f"not settled in {_LONG:.0f} s")
        await asyncio.sleep(0.1)


async def _once(folder: Path, replicas: int, number: int) -> dict[str, float]:
    with own_broker(folder) as broker, own_database(folder) as database:
        others = {"registry": 0, "request_intake": 0, "assessment": 0}
        system = System(
            folder, broker.address, database.address, "replicas", idempotence=False,
            replicas=others | {"volunteer_dispatch": replicas},
        )  # fmt: skip
        async with system:
            run = _Run(system)
            try:
                return await run.go(number)
            finally:
                run.client.close()


async def measure(
    folder: Path, number: int = TASKS, rounds: int = ROUNDS, say: Say = print
) -> dict[str, float]:
    """Medians of tasks a second by number of replicas, and of their ratio."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    found: dict[int, list[dict[str, float]]] = {n: [] for n in REPLICAS}
    for round in range(rounds):
        for replicas in REPLICAS:
            own = Path(tempfile.mkdtemp(prefix=f"{round}-{replicas}-", dir=folder))
            one = await _once(own, replicas, number)
            found[replicas].append(one)
            say(f"  {replicas} replicas: { {name: round_(v) for name, v in one.items()} }")
    pairs = zip(found[REPLICAS[1]], found[REPLICAS[0]], strict=True)
    return {
        "ratio": statistics.median(a["rate"] / b["rate"] for a, b in pairs),
        "one": statistics.median(one["rate"] for one in found[REPLICAS[0]]),
        "three": statistics.median(one["rate"] for one in found[REPLICAS[1]]),
        "cores_one": statistics.median(one["cores"] for one in found[REPLICAS[0]]),
        "cores_three": statistics.median(one["cores"] for one in found[REPLICAS[1]]),
        "left": max(one["left"] for each in found.values() for one in each),
        "tasks": number,
        "rounds": rounds,
    }


def round_(value: float) -> float:
    """Two digits are enough to watch."""
    return round(value, 2)


def rows(found: dict[str, float]) -> list[str]:
    """Rows of the page's table."""
    return [
        f"| {found['tasks']:,.0f} tasks for volunteers arriving at {A_SECOND} a second, every one "
        f"asked, answered and taken: three replicas against one, medians of {found['rounds']:.0f} "
        "rounds | reported | "
        f"**{found['ratio']:.2f}** ({found['three']:.0f} against {found['one']:.0f} tasks/s; "
        f"{found['cores_three']:.2f} and {found['cores_one']:.2f} cores in dispatch) |",
        "| places held beyond a capacity, tasks with two leads, in these rounds; tasks that went "
        f"to the grid team, at most in one | none | **0**; {found['left']:.0f} |",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(sys.argv[1:])
    print("predicted:", PREDICTED)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), chosen.tasks, chosen.rounds))
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
