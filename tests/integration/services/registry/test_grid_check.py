"""Overlaps and holes over HTTP: who may ask, made-up squares, and real polygons."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from shared.web.auth import Role
from tests.integration.services.registry.world import CITY, CROSSING, World

DATA = Path(os.environ.get("LIANXIN_REAL_DATA") or Path(__file__).parents[5] / "shared" / "data")
real_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data stands outside the repository: no ../shared/data here"
)
STREET, OTHER, COMMUNITY = "440310001", "440310002", "440310001001"


def grid(id: str, geometry: Any, area: str = STREET, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": f"网格{id}", "area": area, "geometry": geometry} | more


def square(*bounds: float) -> dict[str, Any]:
    return json.loads(json.dumps(mapping(box(*bounds))))  # type: ignore[no-any-return]


async def test_overlaps_and_holes_of_an_area(world: World) -> None:
    await world.city()  # with g1: 114.3 to 114.4, 22.6 to 22.7
    ring = box(114.4, 22.6, 114.5, 22.7).difference(box(114.44, 22.64, 114.46, 22.66))
    rows = [
        grid("over", square(114.39, 22.6, 114.4, 22.7), COMMUNITY),
        grid("ring", json.loads(json.dumps(mapping(ring)))),
        grid("gone", square(114.3, 22.6, 114.5, 22.7), retired=True),
        grid("elsewhere", square(114.3, 22.6, 114.5, 22.7), OTHER),
        grid("list", None, communities=[COMMUNITY]),
    ]
    assert {r["status"] for r in await world.load("grids", rows)} == {"created"}
    answer = await world.admin.get("/v1/grid-check", params={"area": STREET})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["drawn"], found["listed"]) == (3, 1)
    assert found["totals"] == {
        "overlaps": 1, "holes": 1, "shared_communities": 0, "missing_communities": 0,
    }  # fmt: skip
    [overlap] = found["overlaps"]
    assert [one["id"] for one in overlap["grids"]] == ["g1", "over"]
    assert overlap["grids"][1]["name"] == "网格over"
    # A hundredth of a degree by a tenth: 1.03 km by 11.07 km.
    assert overlap["square_metres"] == pytest.approx(1_028e0 * 11_075, rel=0.005)
    assert overlap["share"] == 1.0
    [hole] = found["holes"]
    assert 114.44 < hole["point"]["longitude"] < 114.46
    assert hole["geometry"]["type"] == "Polygon"
    generous = await world.admin.get(f"/v1/grid-check?area={STREET}&tolerance=1e8")
    assert generous.json()["overlaps"] == generous.json()["holes"] == []
    whole = (await world.admin.get("/v1/grid-check?area=4403")).json()
    assert len(whole["overlaps"]) == 4
    assert whole["holes"] == []  # the other street's grid covers it


async def test_community_lists_are_compared_too(world: World) -> None:
    await world.city()
    new = [
        {"id": f"44031000100{n}", "name": f"社区{n}", "level": "community", "parent": STREET}
        for n in range(2, 6)
    ]
    await world.load("areas", new)
    two, three, four = (area["id"] for area in new[:3])
    rows = [
        grid("a", None, communities=[COMMUNITY, two]),
        grid("b", None, communities=[two, three]),
        grid("cells", None, communities=[two], level="cell"),  # levels lie on each other
        grid("drawn", square(110, 20, 111, 21), communities=[three]),
        grid("of-it", square(112, 20, 113, 21), four),
    ]
    assert {r["status"] for r in await world.load("grids", rows)} == {"created"}
    found = (await world.admin.get(f"/v1/grid-check?area={STREET}")).json()
    shared = [
        (one["level"], one["community"]["name"], [grid["id"] for grid in one["grids"]])
        for one in found["shared_communities"]
    ]
    assert shared == [
        ("community_grid", "社区2", ["a", "b"]),
        ("community_grid", "社区3", ["b", "drawn"]),
    ]
    assert found["missing_communities"] == [{"id": "440310001005", "name": "社区5"}]
    few = (await world.admin.get(f"/v1/grid-check?area={STREET}&limit=1")).json()
    assert (len(few["shared_communities"]), few["totals"]) == (1, found["totals"])
    assert few["totals"]["shared_communities"] == 2


async def test_boundaries_are_compared_as_they_are_at_a_time(world: World) -> None:
    await world.load("areas", CITY)
    whole, half = square(114.3, 22.6, 114.4, 22.7), square(114.35, 22.6, 114.4, 22.7)
    await world.load("grids", [grid("a", whole), grid("b", half, OTHER)])
    coming = {"valid_from": "2090-01-01T00:00:00Z"}
    rows = [grid("b", half) | coming, grid("c", half) | coming]
    assert {r["status"] for r in await world.load("grids", rows)} == {"changed", "created"}

    async def overlaps(**at: str) -> list[list[str]]:
        answer = await world.admin.get("/v1/grid-check", params={"area": STREET} | at)
        assert answer.status_code == 200, answer.text
        return [[one["id"] for one in found["grids"]] for found in answer.json()["overlaps"]]

    assert await overlaps() == []
    assert await overlaps(at="2089-12-31T23:59:59Z") == []
    assert sorted(await overlaps(at="2090-01-01T00:00:00Z")) == [["a", "b"], ["a", "c"], ["b", "c"]]
    before = datetime.now(UTC).isoformat()
    await world.admin.delete("/v1/grids/b")
    assert await overlaps(at="2090-01-01T00:00:00Z") == [["a", "c"]]
    city = await world.admin.get("/v1/grid-check", params={"area": "4403", "at": before})
    [overlap] = city.json()["overlaps"]
    assert [one["id"] for one in overlap["grids"]] == ["a", "b"]
    assert (await world.admin.get(f"/v1/grid-check?area={STREET}&at=today")).status_code == 422


async def test_a_polygon_that_crosses_itself_is_refused_with_the_place_named(world: World) -> None:
    await world.load("areas", CITY)
    answer = await world.admin.post("/v1/grids", json=grid("x", CROSSING))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "geometry"
    assert "114.35" in error["detail"]
    assert "22.65" in error["detail"]


async def test_who_may_check_and_what(world: World) -> None:
    await world.city()
    where = f"/v1/grid-check?area={STREET}"
    for areas, status in (({STREET}, 200), ({"440310"}, 200), ({OTHER}, 403), ({COMMUNITY}, 403)):
        manager = world.as_(Role.AREA_MANAGER, areas=areas)
        assert (await manager.get(where)).status_code == status
    assert (await world.as_(Role.GRID_LEADER, areas={STREET}).get(where)).status_code == 403
    assert (await world.as_(None).get(where)).status_code == 401
    unknown = await world.admin.get("/v1/grid-check?area=999")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-registered")
    for query in ("", "?area=4403&tolerance=-1", "?area=4403&tolerance=nan"):
        assert (await world.admin.get(f"/v1/grid-check{query}")).status_code == 422


@real_data
async def test_the_real_polygons_of_los_angeles(world: World) -> None:
    """What docs/grids.md tells of them."""
    await world.load("areas", [{"id": "LA", "name": "洛杉矶 Los Angeles", "level": "city"}])
    text = (DATA / "la_neighborhood_councils_2019.geojson").read_text("utf-8")
    rows = [
        grid(f["properties"]["nc_id"], f["geometry"], "LA") for f in json.loads(text)["features"]
    ]
    for start in range(0, len(rows), 20):  # a body has at most 1 MB
        results = await world.load("grids", rows[start : start + 20])
        assert {r["status"] for r in results} == {"created"}
    found = (await world.admin.get("/v1/grid-check?area=LA")).json()
    assert (found["drawn"], len(found["overlaps"]), len(found["holes"])) == (99, 88, 74)
    overlaps = [
        ("-".join(one["id"] for one in o["grids"]), round(o["square_metres"] / 1e6, 2), o["share"])
        for o in found["overlaps"][:3]
    ]
    assert overlaps == [
        ("18-19", 8.11, 0.3554),  # Encino and Lake Balboa: the Sepulveda Basin
        ("7-9", 3.96, 0.2046),  # Pacoima and Foothill Trails
        ("30-36", 2.52, 0.2994),  # Hollywood United and Los Feliz
    ]
    assert sum(o["square_metres"] > 1e5 for o in found["overlaps"]) == 23
    assert [round(hole["square_metres"] / 1e6, 1) for hole in found["holes"][:3]] == [
        25.9,  # Culver City and the county's land beside it
        19.8,  # Beverly Hills and West Hollywood
        6.1,  # San Fernando
    ]
    assert sum(hole["square_metres"] > 1e5 for hole in found["holes"]) == 14
