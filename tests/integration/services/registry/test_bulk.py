"""`POST /v1/imports/{kind}`."""

import asyncio
from typing import Any

from tests.integration.services.registry.world import CITY, CROSSING, SQUARE, World


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


async def test_rows_are_decided_one_by_one_and_can_come_again(world: World) -> None:
    assert statuses(await world.load("areas", CITY[::-1])) == ["created"] * 6  # children first
    rows: list[dict[str, Any]] = [
        {"id": "g1", "name": "一", "area": "440310001", "geometry": SQUARE},
        {"id": "g2", "name": "二", "area": "440310001", "geometry": CROSSING},
        {"id": "g3", "name": "三", "area": "999", "communities": ["440310001001"]},
        {"id": "g4", "name": "", "area": "440310001"},
        {"name": "五", "area": "440310001", "geometry": SQUARE},
        {"id": "g6", "name": "六", "area": "440310001", "communities": ["440310001001"]},
    ]
    results = await world.load("grids", rows)
    assert [r["row"] for r in results] == [1, 2, 3, 4, 5, 6]
    assert statuses(results) == ["created", *["rejected"] * 4, "created"]
    assert [r.get("field") for r in results] == [
        None,
        "geometry",
        "area",
        "name",
        "id",
        None,
    ]
    assert "114.35" in results[1]["reason"]["zh"]
    assert "114.35" in results[1]["reason"]["en"]
    rows[5] |= {"name": "第六"}
    again = await world.load("grids", [rows[0], rows[5], rows[5]])
    assert statuses(again) == ["unchanged", "changed", "unchanged"]


async def test_a_retired_entry_stays_retired_unless_the_row_says_otherwise(world: World) -> None:
    await world.load("areas", CITY)
    await world.admin.delete("/v1/areas/440310002001")
    assert statuses(await world.load("areas", CITY)) == ["unchanged"] * 6
    assert statuses(await world.load("areas", [CITY[-1] | {"retired": False}])) == ["changed"]


async def test_volunteers_without_an_id_are_known_by_their_telephone(world: World) -> None:
    await world.city()
    row = {"name": "王芳", "telephone": "13800001234", "grid_id": "g1"}
    [first] = await world.load("people", [row])
    [again] = await world.load("people", [row | {"telephone": "+86 138 0000 1234"}])
    assert (again["status"], again["id"]) == ("unchanged", first["id"])
    [changed] = await world.load("people", [row | {"name": "王 芳"}])
    assert (changed["status"], changed["id"]) == ("changed", first["id"])
    [nobody] = await world.load("people", [{"name": "无名", "grid_id": "g1"}])
    assert (nobody["status"], nobody["field"]) == ("rejected", "id")


async def test_the_same_rows_from_two_sides_at_once_are_made_once(world: World) -> None:
    await world.city()
    rows = [
        {"id": f"n{n}", "name": f"单位{n}", "domain": "agency", "area": "440310001"}
        for n in range(60)
    ]
    both = await asyncio.gather(*(world.load("units", rows) for _ in range(3)))
    assert all(set(statuses(results)) <= {"created", "unchanged"} for results in both)
    assert len(await world.events(8 + 60)) == 68


async def test_the_bounds_of_a_batch(world: World) -> None:
    client = world.admin
    row = {"id": "a", "name": "甲", "domain": "agency"}
    over = [row | {"id": f"a{n}"} for n in range(501)]
    for rows in ([], over, "x", [1]):
        answer = await client.post("/v1/imports/units", json={"rows": rows})
        assert answer.status_code == 422
    assert (await client.post("/v1/imports/nobody", json={"rows": [row]})).status_code == 422
    assert statuses(await world.load("units", over[:500])) == ["created"] * 500
