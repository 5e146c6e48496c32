"""The recount of every figure against one aggregation over the same cases; a part of
`python -m bench.bench_assessment`.

The floor is a single `$group` by unit that reads the same facts once each: it need not look for
the latest round, nor for streets, communities and organizations, nor sort hours. They take turns.
"""

import asyncio
import os
import statistics
import time
from typing import Any

from pymongo import MongoClient

from bench.bench_figures import City
from bench.common import beating, cpu_seconds, percentile
from bench.month_city import ZONE
from bench.report import forget_most, resident_megabytes
from services.assessment.routes_audit import recount
from shared.storage.client import Document

ROUNDS = 3
_TICK_SECONDS = 0.005


def _given(field: str, one: object = True) -> Document:
    return {"$sum": {"$cond": [{"$eq": [f"$state.{field}", one]}, 1, 0]}}


_WORK, _ANSWER = "rounds.1", "follow_ups.1"
_HOURS = {"$subtract": [f"$state.{_WORK}.completed_at", "$state.accepted_at"]}
FLOOR: list[Document] = [
    {"$match": {"state": {"$ne": None}}},
    {
        "$group": {
            "_id": "$state.unit_id",
            "requests": {"$sum": 1},
            "contacted": _given(f"{_ANSWER}.contacted"),
            "solved": _given(f"{_ANSWER}.solved"),
            "satisfied": {"$sum": {"$cond": [{"$gte": [f"$state.{_ANSWER}.satisfied", 4]}, 1, 0]}},
            "completed": _given(f"{_WORK}.completed"),
            "in_time": _given(f"{_WORK}.in_time"),
            "overdue": _given(f"{_WORK}.overdue"),
            "cancelled": _given("cancelled"),
            "joined": _given("joined"),
            "rounds": {"$max": "$state.round"},
            "hours": {"$avg": _HOURS},
            "first": {"$min": "$state.accepted_at"},
            "place": {"$max": "$state.area_path"},
            "organization": {"$max": "$state.organization_id"},
            "shared": {"$max": "$state.shared_unit_id"},
        }
    },
]
COUNT: list[Document] = [{"$group": {"_id": "$state.unit_id", "requests": {"$sum": 1}}}]
"""The least that reads every case."""


def _aggregate(uri: str, city: City, pipeline: list[Document]) -> int:
    # A driver without the services' timeouts: on a busy machine it takes more than a minute.
    with MongoClient[Document](uri) as client:
        cases = client[city.database.name]["cases"]
        return sum(1 for _ in cases.aggregate(pipeline, allowDiskUse=True))


async def measure(city: City, uri: str, server: int) -> dict[str, Any]:
    """Seconds of each, the median ratio, and what else the recount asks for.

    Raises:
        RuntimeError: a figure is not the recount's.
    """
    seconds: dict[str, list[float]] = {"recount": [], "floor": [], "count": []}
    # Loading the city took more than the recount may: the most counts from now on.
    forget_most()
    before = resident_megabytes(os.getpid())
    held: dict[str, list[float]] = {"recount": [], "idle": []}
    spent = {"recount": 0.0, "recount, database": 0.0, "floor, database": 0.0}
    for _ in range(ROUNDS):
        async with beating(_TICK_SECONDS) as between:
            for name, pipeline in (("floor", FLOOR), ("count", COUNT)):
                began, used = time.perf_counter(), cpu_seconds(server)
                groups = await asyncio.to_thread(_aggregate, uri, city, pipeline)
                seconds[name].append(time.perf_counter() - began)
                if name == "floor":
                    spent["floor, database"] += (cpu_seconds(server) - used) / ROUNDS
                assert groups
        held["idle"] += between
        async with beating(_TICK_SECONDS) as between:
            began, ours, used = time.perf_counter(), time.process_time(), cpu_seconds(server)
            found = await recount(city.repository, ZONE)
            seconds["recount"].append(time.perf_counter() - began)
            spent["recount"] += (time.process_time() - ours) / ROUNDS
            spent["recount, database"] += (cpu_seconds(server) - used) / ROUNDS
        held["recount"] += between
        if found.differing_total or found.unmeasured:
            raise RuntimeError(f"figures are not as recounted: {found.differing[:3]}")
    ratios = {
        name: statistics.median(
            a / b for a, b in zip(seconds["recount"], seconds[name], strict=True)
        )
        for name in ("floor", "count")
    }
    return {
        "cases": found.cases, "figures": found.figures, "ratios": ratios,
        "held": {
            name: (percentile(some, 99) - _TICK_SECONDS, max(some) - _TICK_SECONDS)
            for name, some in held.items()
        },
        "seconds": {name: statistics.median(values) for name, values in seconds.items()},
        "spent": spent, "megabytes": resident_megabytes(os.getpid(), "VmHWM") - before,
    }  # fmt: skip
