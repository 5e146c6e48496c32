"""Matching volunteers: `python -m bench.bench_match [--without-database]`.

One match among 1,000, 10,000 and 100,000 volunteers, against a `$near` query a task on the
embedded database with the same filters; batches of tasks against greedy and against the proven
optimum; scarcity. Times of the engine are of its own process (`process_time`), as others use the
machine; against the database those of both processes are added, and the wall clock is shown too.
Sizes and peers take turns within one process; figures are medians of `ROUNDS`.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pymongo import GEOSPHERE, MongoClient

from bench import match_city
from bench.common import cpu_seconds, percentile
from services.volunteer_dispatch.match.assign import NOBODY, assign, greedy, total
from services.volunteer_dispatch.match.index import Index, Volunteer, Wanted
from tests.servers import own_database

ROUNDS = 7
SIZES = (1_000, 10_000, 100_000)
MATCHES = 400
LOADS = (500, 1_000, 2_000, 5_000)
NEAREST = 32
_NEAR_QUERIES = 100
_NOW = 1_800_000_000

PREDICTED = {
    "a match at 100,000, times that at 1,000": 1.2,
    "p99 of a match at 100,000, ms": 1.0,
    "$near against a match at 100,000, times": 20.0,
    "greedy's travel against the optimum, 2,000 tasks": 1.04,
    "a batch of 2,000 tasks, ms": 150.0,
    "left over by greedy in scarcity": 60.0,
}
"""Written before the first run."""

Wants = list[Wanted]
Rows = list[list[tuple[int, float]]]


def wants(city: match_city.City, number: int, seed: int) -> Wants:
    """What tasks of the city need."""
    return [
        Wanted(skill=skill, grid_id="", place=place, number=NEAREST)
        for skill, place in match_city.tasks(city, number, seed)
    ]


def index_of(people: Sequence[Volunteer]) -> Index:
    """An index of people, built."""
    index = Index()
    index.put_all(people)
    return index


def one_match(indexes: dict[int, Index], city: match_city.City) -> dict[str, float]:
    """Milliseconds of processor time of one match, by size; ratio and p99."""
    tasks = wants(city, MATCHES, seed=5)
    took: dict[int, list[list[float]]] = {size: [] for size in indexes}
    for _ in range(ROUNDS):
        for size, index in indexes.items():
            round_: list[float] = []
            for wanted in tasks:
                began = time.process_time()
                index.find(wanted, _NOW)
                round_.append(1000 * (time.process_time() - began))
            took[size].append(round_)
    found = {
        f"match_{size}": statistics.median(statistics.fmean(r) for r in rounds)
        for size, rounds in took.items()
    }
    small, large = took[SIZES[0]], took[SIZES[-1]]
    pairs = zip(large, small, strict=True)
    found["ratio"] = statistics.median(statistics.fmean(a) / statistics.fmean(b) for a, b in pairs)
    found["p99"] = statistics.median(percentile(r, 99) for r in large)
    return found


def _near(wanted: Wanted) -> dict[str, Any]:
    assert wanted.place is not None
    latitude, longitude = wanted.place
    at = {"type": "Point", "coordinates": [longitude, latitude]}
    return {
        "skills": wanted.skill,
        "available": True,
        "retired": False,
        "$expr": {"$lt": [{"$size": {"$ifNull": ["$tasks", []]}}, "$capacity"]},
        "at": {"$near": {"$geometry": at}},
    }


def against_near(index: Index, people: Sequence[Volunteer], city: match_city.City) -> Any:
    """Milliseconds of the wall clock of a match and of a `$near` query that finds the same."""
    tasks = wants(city, _NEAR_QUERIES, seed=6)
    with tempfile.TemporaryDirectory() as folder, own_database(Path(folder)) as database:
        client: MongoClient[dict[str, Any]] = MongoClient(database.address)
        with client:
            collection = client["bench"]["volunteers"]
            for start in range(0, len(people), 5_000):
                collection.insert_many(
                    [_document(one) for one in people[start : start + 5_000]], ordered=False
                )
            collection.create_index([("at", GEOSPHERE), ("skills", 1)])

            def query(wanted: Wanted) -> list[str]:
                seen = collection.find(_near(wanted), {"_id": 1}).limit(NEAREST)
                return [document["_id"] for document in seen]

            def match(wanted: Wanted) -> list[str]:
                return [one.id for one in index.find(wanted, _NOW)]

            same = [len(set(match(w)) & set(query(w))) / NEAREST for w in tasks]
            server = database.pid or 0
            rounds = [
                (_times(query, tasks, server), _times(match, tasks, server)) for _ in range(ROUNDS)
            ]
    found: dict[str, float] = {"same": statistics.fmean(same)}
    for number, kind in enumerate(("wall", "cpu")):
        pairs = [(near[number], match[number]) for near, match in rounds]
        found[f"near_{kind}"] = statistics.median(a for a, _ in pairs)
        found[f"match_{kind}"] = statistics.median(b for _, b in pairs)
        found[f"near_ratio_{kind}"] = statistics.median(a / b for a, b in pairs)
    return found


def _document(one: Volunteer) -> dict[str, Any]:
    assert one.place is not None
    latitude, longitude = one.place
    at = {"type": "Point", "coordinates": [longitude, latitude]}
    return {
        "_id": one.id, "skills": list(one.skills), "grid_id": one.grid_id, "at": at,
        "capacity": one.capacity, "available": True, "retired": False,
    }  # fmt: skip


def _times(work: Callable[[Wanted], object], tasks: Wants, server: int) -> tuple[float, float]:
    """Milliseconds a task: of the wall clock, and of processors here and in the database."""
    began, ours, theirs = time.perf_counter(), time.process_time(), cpu_seconds(server)
    for wanted in tasks:
        work(wanted)
    wall = time.perf_counter() - began
    used = time.process_time() - ours + cpu_seconds(server) - theirs
    return 1000 * wall / len(tasks), 1000 * used / len(tasks)


def edges_of(index: Index, tasks: Wants, nearest: int) -> tuple[Rows, dict[int, int]]:
    """Edges (row of the index, km) of tasks to their nearest candidates, and rooms."""
    edges: Rows = []
    for wanted in tasks:
        asked = Wanted(wanted.skill, wanted.grid_id, wanted.place, number=nearest)
        rows, km = index.nearest(asked, _NOW)
        edges.append(list(zip(rows.tolist(), km.tolist(), strict=True)))
    return edges, {row: index.room(row) for of in edges for row, _ in of}


def batch(index: Index, city: match_city.City, number: int) -> dict[str, float]:
    """Travel of a batch: the assignment and greedy against the proven lower bound."""
    edges, room = edges_of(index, wants(city, number, seed=7), NEAREST)
    took: dict[str, list[float]] = {"assign": [], "greedy": []}
    for _ in range(ROUNDS):
        began = time.process_time()
        found = assign(edges, room)
        half = time.process_time()
        by_greed = greedy(edges, room)
        took["assign"].append(1000 * (half - began))
        took["greedy"].append(1000 * (time.process_time() - half))
    # No assignment costs less than the prices: linear programming duality.
    bound = sum(found.paid) + sum(price * room[row] for row, price in found.price.items())
    left, greedy_left = found.partner.count(None), by_greed.count(None)
    travel, greedy_travel = total(edges, found.partner), total(edges, by_greed)
    return {
        "against_optimum": (travel + NOBODY * left) / bound,
        "greedy_against": (greedy_travel + NOBODY * (greedy_left - left)) / travel,
        "travel": travel,
        "left": left,
        "greedy_left": greedy_left,
        **{name: statistics.median(times) for name, times in took.items()},
    }


def scarcity(city: match_city.City) -> dict[str, float]:
    """1,800 tasks that 2,000 volunteers of one place each can do: how many are left over."""
    people = [
        one._replace(skills=("care",)) for one in match_city.volunteers(city, 2_000, 8, capacity=1)
    ]
    index = index_of(people)
    rng = random.Random(9)
    tasks = [Wanted("care", "", city.place(rng)[1]) for _ in range(1_800)]
    nearest, began = NEAREST, time.process_time()
    while True:
        edges, room = edges_of(index, tasks, nearest)
        found = assign(edges, room)
        if None not in found.partner or nearest >= len(people):
            break
        nearest *= 4
    took = 1000 * (time.process_time() - began)
    by_greed = greedy(edges, room)
    narrow, narrow_room = edges_of(index, tasks, NEAREST)
    return {
        "left": found.partner.count(None),
        "greedy_left": by_greed.count(None),
        "greedy_left_of_32": greedy(narrow, narrow_room).count(None),
        "nearest": nearest,
        "ms": took,
        "travel_against_greedy": total(edges, by_greed) / total(edges, found.partner),
    }


def measure(*, database: bool = True) -> dict[str, Any]:
    """Everything; `database`: also the `$near` query."""
    city = match_city.city()
    people = {size: list(match_city.volunteers(city, size)) for size in SIZES}
    indexes = {size: index_of(people[size]) for size in SIZES}
    large = indexes[SIZES[-1]]
    found: dict[str, Any] = {"bytes": large.nbytes / len(large)} | one_match(indexes, city)
    found["batches"] = {number: batch(large, city, number) for number in LOADS}
    found["scarcity"] = scarcity(city)
    if database:
        found |= against_near(large, people[SIZES[-1]], city)
    return found


def rows(found: dict[str, Any]) -> list[str]:
    """Rows of the page's table."""
    lines = [
        f"| one match among 100,000 volunteers against 1,000, processor time | at most 2 | "
        f"**{found['ratio']:.2f}** ({found['match_100000']:.3f} ms; 10,000: "
        f"{found['match_10000']:.3f}; 1,000: {found['match_1000']:.3f}) |",
        f"| p99 of one match among 100,000 | at most 10 ms | **{found['p99']:.2f} ms** |",
        f"| memory of the index, a volunteer | reported | {found['bytes']:.0f} bytes |",
    ]
    if "near_cpu" in found:
        lines.append(
            f"| `$near` on the database with the same filters against a match, processor time of "
            f"program and database; wall time; {found['same']:.0%} of the people the same | "
            f"at least 5 | **{found['near_ratio_cpu']:.1f}** ({found['near_cpu']:.2f} against "
            f"{found['match_cpu']:.3f} ms); {found['near_ratio_wall']:.1f} "
            f"({found['near_wall']:.2f} against {found['match_wall']:.3f} ms) |"
        )
    lines += [
        f"| {number:,} tasks at once: travel against the proven optimum; greedy's against ours; "
        f"left over, by greedy | at most 1.02; at least 1 | "
        f"**{one['against_optimum']:.4f}**; **{one['greedy_against']:.3f}**; {one['left']:.0f}, "
        f"{one['greedy_left']:.0f} ({one['assign']:.0f} ms, greedy {one['greedy']:.0f} ms) |"
        for number, one in found["batches"].items()
    ]
    few = found["scarcity"]
    lines.append(
        f"| 1,800 tasks for 2,000 volunteers: left over; by greedy on the same candidates, on the "
        f"nearest {NEAREST} | 0 | **{few['left']:.0f}**; {few['greedy_left']:.0f}, "
        f"{few['greedy_left_of_32']:.0f} ({few['nearest']} candidates a task, {few['ms']:.0f} ms) |"
    )
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-database", action="store_true")
    chosen = parser.parse_args(sys.argv[1:])
    print("predicted:", PREDICTED)
    found = measure(database=not chosen.without_database)
    print("| what | bound | found |\n| --- | --- | --- |")
    print("\n".join(rows(found)))


if __name__ == "__main__":
    main()
