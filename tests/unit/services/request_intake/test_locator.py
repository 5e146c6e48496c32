import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, Polygon, box
from shapely.geometry import Point as ShapelyPoint

from services.request_intake.locator import Area, Boundary, Grid, Locator, Placement, polygon_of
from shared.contracts.payload import Point
from shared.contracts.words import GridLevel

DATA = Path(__file__).parents[5] / "shared" / "data"


def grid(id: str, polygon: Any = None, **more: Any) -> Grid:
    given = {"area": "c", "area_path": ("s", id)} | more
    return Grid(id, id, (Boundary(polygon=polygon, **given),))


def at(x: float, y: float) -> Point:
    return Point(longitude=x, latitude=y)


def test_the_smallest_of_nested_and_overlapping_grids_wins() -> None:
    grids = [grid("whole", box(0, 0, 10, 10)), grid("part", box(2, 2, 4, 4))]
    grids.append(grid("also", box(3, 3, 7, 7)))
    for order in (grids, grids[::-1]):
        locator = Locator({}, order)
        assert locator.locate(at(3.5, 3.5)) == Placement("part", ("s", "part"))
        assert locator.locate(at(6, 6)) == Placement("also", ("s", "also"))
        assert locator.locate(at(9, 9)) == Placement("whole", ("s", "whole"))
        assert locator.locate(at(11, 11)) is None


def test_a_shared_edge_belongs_to_one_grid_whatever_the_order() -> None:
    grids = [grid("b", box(1, 0, 2, 1)), grid("a", box(0, 0, 1, 1))]
    for order in (grids, grids[::-1]):
        found = Locator({}, order).locate(at(1, 0.5))
        assert found is not None
        assert found.grid_id == "a"


def test_retired_and_empty_grids_take_no_request() -> None:
    assert Locator({}, []).locate(at(0, 0)) is None
    assert Locator({}, [Grid("g", "g")]).locate(at(0, 0)) is None
    assert Locator({}, [grid("g", Polygon())]).locate(at(0, 0)) is None


def test_an_area_has_the_grid_that_lists_it() -> None:
    areas = {"s": Area("街道", ("s",))}
    areas |= {code: Area("社区", ("s", code)) for code in ("c1", "c2")}
    grids = [
        grid("wide", communities=("c1", "c2"), area="s"),
        grid("narrow", communities=("c1",), area="s"),
        grid("drawn", box(0, 0, 1, 1), area="c2", area_path=("s", "c2")),
    ]
    locator = Locator(areas, grids)
    assert locator.locate(area="c1") == Placement("narrow", ("s", "c1"))
    assert locator.locate(area="c2") == Placement("wide", ("s", "c2"))
    assert locator.locate(area="s") == Placement(None, ("s",))
    assert locator.locate(area="x") is None
    assert locator.locate(at(0.5, 0.5), "c1") == Placement("drawn", ("s", "c2"))
    assert locator.locate(at(5, 5), "c1") == Placement("narrow", ("s", "c1"))
    alone = Locator(areas, [grid("drawn", box(0, 0, 1, 1), area="c2")])
    assert alone.locate(area="c2") == Placement("drawn", ("s", "c2"))


def test_the_most_specific_of_nested_levels_wins_whatever_its_size() -> None:
    levels = GridLevel
    grids = [
        grid("street", box(0, 0, 10, 10), level=levels.STREET_GRID),
        grid("middle", box(0, 0, 4, 4), level=levels.COMMUNITY_GRID),
        grid("cell", box(1, 1, 6, 6), level=levels.CELL),
        grid("tiny", box(3, 3, 3.5, 3.5), level=levels.STREET_GRID),
    ]
    for order in (grids, grids[::-1]):
        locator = Locator({}, order)
        for x, wanted in ((0.5, "middle"), (3.2, "cell"), (5, "cell"), (7, "street")):
            found = locator.locate(at(x, x))
            assert found is not None
            assert found.grid_id == wanted
    ended = grid("cell", box(1, 1, 6, 6), level=levels.CELL, end=1000)
    locator = Locator({}, [*grids[:2], ended])
    for seconds, wanted in ((999, "cell"), (1000, "middle")):
        found = locator.locate(at(3, 3), at=datetime.fromtimestamp(seconds, UTC))
        assert found is not None
        assert found.grid_id == wanted


def test_an_area_alone_has_the_widest_grid_there_unless_one_lists_it() -> None:
    areas = {"s": Area("街道", ("s",)), "c": Area("社区", ("s", "c"))}
    street = grid(
        "street", box(0, 0, 9, 9), area="s", communities=("c",), level=GridLevel.STREET_GRID
    )
    cells = [
        grid(f"cell{n}", box(n, 0, n + 1, 1), area="s", level=GridLevel.CELL) for n in range(2)
    ]
    lister = grid("lister", area="s", communities=("c", "d"), level=GridLevel.COMMUNITY_GRID)
    for order in ([street, *cells, lister], [lister, *cells, street]):
        locator = Locator(areas, order)
        assert locator.locate(area="s") == Placement("street", ("s",))
        assert locator.locate(area="c") == Placement("lister", ("s", "c"))
    assert Locator(areas, cells).locate(area="s") == Placement(None, ("s",))


coordinates = st.integers(0, 40).map(lambda n: n / 4)
points = st.tuples(coordinates, coordinates)
polygons = st.lists(points, min_size=3, max_size=7).map(
    lambda corners: MultiPoint(corners).convex_hull
)


@given(st.lists(polygons, max_size=12), st.lists(points, min_size=1, max_size=10))
def test_it_agrees_with_brute_force(shapes: list[Any], places: list[tuple[float, float]]) -> None:
    grids = [grid(f"g{n}", polygon) for n, polygon in enumerate(shapes)]
    locator = Locator({}, grids)
    for x, y in places:
        land = {g: g.boundaries[0].polygon for g in grids}
        holding = [g for g in grids if land[g].intersects(ShapelyPoint(x, y))]
        wanted = min(holding, key=lambda g: (land[g].area, g.id), default=None)
        found = locator.locate(at(x, y))
        assert (found and found.grid_id) == (wanted and wanted.id)


def test_geometry_is_read_mended_or_refused() -> None:
    bow_tie = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    mended = polygon_of({"type": "Polygon", "coordinates": [bow_tie]})
    assert mended.is_valid
    assert polygon_of(None) is None
    for wrong in ({"type": "Polygon"}, {"type": "Blob", "coordinates": []}, {"coordinates": 1}):
        with pytest.raises(ValueError, match="GeoJSON"):
            polygon_of(wrong)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data is not beside the repository")
def test_los_angeles_grids_agree_with_the_citys_own_council() -> None:
    councils = json.loads((DATA / "la_neighborhood_councils_2019.geojson").read_text("utf-8"))
    grids = [
        grid(feature["properties"]["nc_id"], polygon_of(feature["geometry"]))
        for feature in councils["features"]
    ]
    assert len(grids) == 99
    locator = Locator({}, grids)
    named = placed = agreed = 0
    with (DATA / "la_311_2018_12_sample.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not (row["Latitude"] and row["Longitude"] and row["NC"]):
                continue
            named += 1
            found = locator.locate(at(float(row["Longitude"]), float(row["Latitude"])))
            placed += found is not None
            agreed += found is not None and found.grid_id == row["NC"]
    # 44 rows lie in none of the 99 polygons; no rule can place them.
    assert named == 9_863
    assert named - placed == 44
    assert agreed / placed >= 0.98
