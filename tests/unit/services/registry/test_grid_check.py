"""Overlaps and holes of made-up squares; a degree of latitude at the equator has 110.6 km."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box, shape
from shapely.geometry import Point as XY

from services.registry.grid_check import Checked, Report, check, square_metres
from shared.contracts.words import GridLevel

DEGREE = 12_308_463_893.0
"""Square metres from 0 to 1 degree east and north (closed formula for the WGS 84 ellipsoid)."""
METRE = 1 / 111_320


def drawn(**polygons: Polygon | MultiPolygon) -> list[Checked]:
    return [Checked(id, f"网格{id}", polygon) for id, polygon in polygons.items()]


def test_square_metres_are_those_of_the_ellipsoid() -> None:
    assert square_metres(box(0, 0, 1, 1)) == pytest.approx(DEGREE, rel=1e-6)
    # The whole of it has 510,065,621.7 square kilometres.
    assert square_metres(box(-180, -90, 180, 90)) == pytest.approx(510_065_621.7e6, rel=1e-6)
    ring = box(0, 0, 1, 1).difference(box(0.25, 0.25, 0.75, 0.75))
    assert square_metres(ring) == pytest.approx(DEGREE * 0.75, rel=1e-4)


def test_two_grids_on_each_other_are_told_with_size_share_and_place() -> None:
    report = check(
        drawn(b=box(0, 0, 0.02, 0.01), a=box(0.015, 0, 0.025, 0.01), far=box(5, 5, 6, 6))
    )
    [found] = report.overlaps
    assert (found.first.id, found.second.id) == ("a", "b")
    assert found.place.square_metres == pytest.approx(DEGREE * 0.005 * 0.01, rel=1e-3)
    assert found.share == pytest.approx(0.5, rel=1e-3)  # of `a`, the smaller
    common = box(0.015, 0, 0.02, 0.01)
    assert shape(found.place.geometry).equals_exact(common.normalize(), 1e-6, normalize=True)
    assert common.contains(XY(found.place.point))
    assert report.holes == []


def test_borders_and_corners_in_common_are_no_overlap() -> None:
    squares = drawn(a=box(0, 0, 1, 1), b=box(1, 0, 2, 1), c=box(0, 1, 1, 2), d=box(1, 1, 2, 2))
    report = check(squares, tolerance=0)
    assert (report.overlaps, report.holes) == ([], [])


def test_what_is_below_the_tolerance_is_left_out() -> None:
    # A strip of 1 m by about 99 m, then one of 1 m by about 111 m.
    for height, count in ((0.0009, 0), (0.001, 1)):
        sliver = drawn(a=box(0, 0, 0.01, height), b=box(0.01 - METRE, 0, 0.02, height))
        assert len(check(sliver).overlaps) == count
        assert len(check(sliver, tolerance=1).overlaps) == 1
        ring = drawn(a=box(0, 0, 1, 1).difference(box(0.5, 0.5, 0.5 + METRE, 0.5 + height)))
        assert len(check(ring).holes) == count


def test_a_doughnut_has_a_hole_unless_a_grid_fills_it() -> None:
    ring = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    [hole] = check(drawn(a=ring)).holes
    assert hole.square_metres == pytest.approx(square_metres(box(1, 1, 2, 2)), abs=0.1)
    assert 1 < hole.point[0] < 2
    assert 1 < hole.point[1] < 2
    assert check(drawn(a=ring, b=box(1, 1, 2, 2))).holes == []
    island = check(drawn(a=ring, b=box(1.25, 1.25, 1.75, 1.75)))
    [moat] = island.holes
    assert moat.square_metres < hole.square_metres
    assert len(moat.geometry["coordinates"]) == 2
    assert island.overlaps == []


def test_several_grids_enclose_a_hole_and_a_bay_is_none() -> None:
    sides = drawn(
        south=box(0, 0, 3, 1), north=box(0, 2, 3, 3), west=box(0, 1, 1, 2), east=box(2, 1, 3, 2)
    )
    report = check(sides)
    assert len(report.holes) == 1
    assert report.overlaps == []
    assert check(sides[:3]).holes == []


def test_grids_of_several_parts_and_no_grids_at_all() -> None:
    parts = MultiPolygon([box(0, 0, 1, 1), box(4, 0, 5, 1)])
    [found] = check(drawn(a=parts, b=MultiPolygon([box(0.5, 0, 2, 1), box(4.5, 0, 6, 1)]))).overlaps
    assert found.place.geometry["type"] == "MultiPolygon"
    assert found.place.square_metres == pytest.approx(square_metres(box(0, 0, 1, 1)), rel=1e-6)
    assert check([]) == Report([], [])


def test_levels_lie_on_each_other_and_cover_each_others_holes() -> None:
    ring = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    street = Checked("s", "", box(0, 0, 3, 3), GridLevel.STREET_GRID)
    cells = [Checked(id, "", ring, GridLevel.CELL) for id in ("c1", "c2")]
    assert check([street, cells[0]]) == Report([], [])
    [found] = check([street, *cells]).overlaps
    assert (found.first.id, found.second.id) == ("c1", "c2")
    assert len(check(cells).holes) == 1


def test_a_community_is_shared_where_a_list_claims_the_whole_of_it() -> None:
    listed = [Checked(id, "", None, communities=("c1", "c2")) for id in ("b", "a")]
    cell = Checked("cell", "", None, GridLevel.CELL, ("c1",))
    drawn = [Checked(id, "", box(n, 0, n + 1, 1), communities=("c3",)) for n, id in enumerate("de")]
    report = check([*listed, cell, *drawn], communities=["c1", "c2", "c3", "c4", "c5"])
    assert [(s.community, [g.id for g in s.grids]) for s in report.shared] == [
        ("c1", ["a", "b"]),
        ("c2", ["a", "b"]),
    ]
    assert report.missing == ["c4", "c5"]
    # Of two with polygons each may have a part; a list has the whole.
    [shared] = check([*drawn, Checked("list", "", None, communities=("c3",))]).shared
    assert [g.id for g in shared.grids] == ["d", "e", "list"]
    of_it = Checked("f", "", box(9, 0, 10, 1), area="c4")
    assert check([of_it], communities=["c4", "c5"]).missing == ["c5"]


corners = st.tuples(*[st.integers(0, 12)] * 2)
sizes = st.tuples(*[st.integers(1, 6)] * 2)
boxes = st.builds(
    lambda at, size: box(at[0], at[1], at[0] + size[0], at[1] + size[1]), corners, sizes
)


@given(st.lists(boxes, max_size=8))
def test_it_agrees_with_brute_force(polygons: list[Polygon]) -> None:
    grids = [Checked(str(n), "", polygon) for n, polygon in enumerate(polygons)]
    wanted = {
        (one.id, other.id): square_metres(one.polygon.intersection(other.polygon))
        for n, one in enumerate(grids)
        for other in grids[n + 1 :]
        if one.polygon.intersection(other.polygon).area > 0
    }
    found = {(o.first.id, o.second.id): o.place.square_metres for o in check(grids).overlaps}
    assert found == pytest.approx(wanted, abs=0.06)
