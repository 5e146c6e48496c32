"""10,000 real requests of Los Angeles matched to seeded volunteers, in micro-batches, on the
requests' own coordinates."""

import math
import random
import statistics
from collections import Counter

import numpy as np
import pytest

from services.volunteer_dispatch.match.assign import assign, greedy, total
from services.volunteer_dispatch.match.index import Index, Volunteer, Wanted
from tests.real.tables import needs_the_tables, rows_of

pytestmark = [pytest.mark.real, needs_the_tables]

TABLE = "la_311_2018_12_sample.csv"
VOLUNTEERS, BATCH, NEAREST, NOW = 5_000, 200, 32, 1_800_000_000
Place = tuple[float, float]


def places() -> list[Place]:
    """Of the requests that have one, as they came in."""
    rows = sorted(rows_of(TABLE), key=lambda row: row["SRNumber"])
    return [
        (float(row["Latitude"]), float(row["Longitude"]))
        for row in rows
        if row["Latitude"] and row["Longitude"]
    ]


def population(at: list[Place]) -> dict[str, Volunteer]:
    """Volunteers live where requests come from, give or take a kilometre."""
    rng = random.Random(311)
    homes = [rng.choice(at) for _ in range(VOLUNTEERS)]
    return {
        f"v{n}": Volunteer(
            id=f"v{n}",
            skills=("help",),
            grid_id="",
            group="la",
            place=(rng.gauss(home[0], 0.01), rng.gauss(home[1], 0.01)),
            capacity=rng.randint(1, 4),
        )
        for n, home in enumerate(homes)
    }


def haversine(a: Place, b: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[float]:
    north, other = math.radians(a[0]), np.radians(b[:, 0])
    east = np.radians(b[:, 1] - a[1])
    h = np.sin((other - north) / 2) ** 2 + math.cos(north) * np.cos(other) * np.sin(east / 2) ** 2
    found: list[float] = (2 * 6371.0 * np.arcsin(np.sqrt(h))).tolist()
    return found


def test_requests_of_los_angeles_find_near_volunteers() -> None:
    tasks = places()
    assert len(tasks) > 9_000
    people = population(tasks)
    index = Index()
    index.put_all(people.values())
    homes = np.array([one.place for one in people.values()], np.float64)

    for place in tasks[::100]:
        _, km = index.nearest(Wanted("help", "", place, number=NEAREST), NOW)
        by_hand = sorted(haversine(place, homes))[:NEAREST]
        assert km.tolist() == pytest.approx(by_hand, abs=0.005)

    travel, by_greed, left, greedy_left = [], 0.0, 0, 0
    for start in range(0, len(tasks), BATCH):
        batch = tasks[start : start + BATCH]
        edges = []
        for place in batch:
            rows, km = index.nearest(Wanted("help", "", place, number=NEAREST), NOW)
            edges.append(list(zip(rows.tolist(), km.tolist(), strict=True)))
        room = {row: index.room(row) for of in edges for row, _ in of}
        found = assign(edges, room)
        other = greedy(edges, room)
        if None not in other:
            assert total(edges, found.partner) <= total(edges, other) + 1e-9
        by_greed += total(edges, other)
        left += found.partner.count(None)
        greedy_left += other.count(None)
        travel += [
            dict(of)[row] for of, row in zip(edges, found.partner, strict=True) if row is not None
        ]
        taken = Counter(row for row in found.partner if row is not None)
        for row, number in taken.items():
            person = people[index.ids([row])[0]]
            people[person.id] = person._replace(held=person.held + number)
            index.put(people[person.id])
    assert all(one.held <= one.capacity for one in people.values())
    assert left == 0
    assert sum(one.held for one in people.values()) == len(tasks)
    print(
        f"{len(tasks)} requests, {sum(one.capacity for one in people.values())} places: "
        f"{statistics.mean(travel):.2f} km on average (median {statistics.median(travel):.2f}), "
        f"greedy in the same batches {by_greed / len(tasks):.2f} km, {greedy_left} left over"
    )
