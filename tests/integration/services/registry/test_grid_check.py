"""Overlaps and holes over HTTP: who may ask, made-up squares, and real polygons."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, mapping

from shared.web.auth import Role
from tests.integration.services.registry.world import World

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
