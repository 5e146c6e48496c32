"""Point to grid in intake's read model, of few and of all grids: `python -m bench.bench_places`.

The grids of the city of `lianxin make-city`, without a database; by turns, so that what else the
machine does falls on both.
"""

import statistics
import time
from collections.abc import Mapping
from random import Random

from cli.city import rows
from cli.city.plan import Plan, grid_id
from cli.city.shapes import cell_of, inside
from services.request_intake.locator import Boundary, Grid, Locator, polygon_of
from shared.contracts.payload import Point

FEW_GRIDS = 300
LOOKUPS, ROUNDS = 10_000, 7


def measure(plan: Plan) -> dict[str, float]:
    """Look-ups a second of processor time, and how much slower all grids are than few."""
    grids = [_grid(feature["properties"], feature["geometry"]) for feature in rows.grids(plan)]
    return compare(plan, {n: Locator({}, grids[:n]) for n in (FEW_GRIDS, plan.grids)})


def _grid(told: Mapping[str, str], geometry: Mapping[str, object]) -> Grid:
    boundary = Boundary(told["area"], (told["area"],), polygon=polygon_of(geometry))
    return Grid(told["id"], told["name"], (boundary,))


def compare(plan: Plan, sides: Mapping[int, Locator]) -> dict[str, float]:
    """The medians of locators by their number of grids, the first with the fewest."""
    rates: dict[int, list[float]] = {number: [] for number in sides}
    for turn in range(ROUNDS):
        for number, locator in sides.items():
            rates[number].append(_lookups(locator, plan, number, turn))
    few, *_, all = (statistics.median(found) for found in rates.values())
    return {"grids": plan.grids, "few": few, "all": all, "ratio": few / all}


def _lookups(locator: Locator, plan: Plan, number: int, turn: int) -> float:
    """Points a second of processor time, each in the middle of one of the first `number` grids."""
    random = Random(f"{turn}")
    wanted = [random.randrange(number) for _ in range(LOOKUPS)]
    points = []
    for n in wanted:
        x, y = inside(*cell_of(n, plan.grids), random.random(), random.random())
        points.append(Point(longitude=x, latitude=y))
    began = time.process_time()
    found = [locator.locate(point) for point in points]
    took = time.process_time() - began
    for n, placement in zip(wanted, found, strict=True):
        if placement is None or placement.grid_id != grid_id(n):
            raise RuntimeError(f"{placement} is not grid {n}")
    return LOOKUPS / took


if __name__ == "__main__":
    print(measure(Plan.of(seed=1, scale=1.0)))
