"""Create, read, change, retire, list."""

from typing import Any

from shared.contracts.registry import GridChanged
from shared.contracts.words import GridLevel
from tests.integration.services.registry.world import CROSSING, SQUARE, World

UNIT = {"name": "坪山区人民医院", "domain": "public_institution", "area": "440310001"}


async def test_a_unit_from_creation_to_retirement(world: World) -> None:
    await world.city()
    client = world.admin
    made = await client.post("/v1/units", json=UNIT | {"id": "hospital"})
    assert made.status_code == 201
    assert made.json() == {"id": "hospital"}
    assert made.headers["location"] == "/v1/units/hospital"
    read = await client.get("/v1/units/hospital")
    assert read.headers["etag"] == '"1"'
    assert read.json() == UNIT | {
        "id": "hospital",
        "version": 1,
        "area_path": ["4403", "440310", "440310001"],
        "retired": False,
        "system": None,
        "superior_unit_id": None,
        "superior_organization_id": None,
        "owner": None,
    }
    new = UNIT | {"name": "坪山区中心医院", "area": "440310002"}
    assert (await client.put("/v1/units/hospital", json=new)).status_code == 428
    stale = {"If-Match": '"7"'}
    assert (await client.put("/v1/units/hospital", json=new, headers=stale)).status_code == 412
    current = {"If-Match": '"1"'}
    changed = await client.put("/v1/units/hospital", json=new, headers=current)
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["area_path"] == ["4403", "440310", "440310002"]
    assert (await client.put("/v1/units/hospital", json=new, headers=current)).status_code == 412
    retired = await client.delete("/v1/units/hospital")
    assert retired.json()["retired"] is True
    assert (await client.delete("/v1/units/hospital")).json()["version"] == 3
    assert (await client.get("/v1/units/hospital")).json()["retired"] is True
    kept = await client.put("/v1/units/hospital", json=UNIT, headers={"If-Match": "*"})
    assert kept.json()["retired"] is True
    back = UNIT | {"retired": False}
    revived = await client.put("/v1/units/hospital", json=back, headers={"If-Match": "*"})
    assert revived.json()["retired"] is False


async def test_an_id_is_made_and_the_same_key_makes_one_entry(world: World) -> None:
    await world.city()
    key = {"Idempotency-Key": "k1"}
    first = await world.admin.post("/v1/units", json=UNIT, headers=key)
    assert first.status_code == 201
    # What it refers to may go in between: the first answer stands.
    await world.admin.delete("/v1/areas/440310001")
    again = await world.admin.post("/v1/units", json=UNIT, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await world.admin.post("/v1/units", json=UNIT | {"name": "别的"}, headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    units = (await world.admin.get("/v1/units?text=人民医院")).json()["items"]
    assert [unit["id"] for unit in units] == [first.json()["id"]]


async def test_a_taken_id_and_an_unknown_one(world: World) -> None:
    await world.city()
    taken = await world.admin.post("/v1/units", json=UNIT | {"id": "u1"})
    assert taken.status_code == 409
    assert taken.json()["type"] == "/problems/id-taken"
    for answer in (
        await world.admin.get("/v1/units/nobody"),
        await world.admin.delete("/v1/units/nobody"),
        await world.admin.put("/v1/units/nobody", json=UNIT, headers={"If-Match": "*"}),
    ):
        assert answer.status_code == 404
        assert answer.json()["where"] == "/v1/units"


AREA = {"id": "x1", "name": "某社区", "level": "community", "parent": "440310001"}
GRID: dict[str, Any] = {"id": "g9", "name": "网格", "area": "440310001", "geometry": SQUARE}
ORGANIZATION: dict[str, Any] = {
    "id": "o9", "name": "党支部", "domain": "agency", "level": "grassroots", "area": "440310001",
}  # fmt: skip
VOLUNTEER = {"id": "v9", "name": "王芳", "grid_id": "g1", "telephone": "13800001234"}


REFUSED: list[tuple[str, dict[str, Any], str, str, str | None]] = [
        ("areas", AREA | {"parent": "9"}, "unknown-reference", "parent", "/v1/areas"),
        ("areas", AREA | {"parent": None}, "parent-needed", "parent", "/v1/areas"),
        ("areas", AREA | {"parent": "440310001001"}, "parent-level", "parent", None),
        ("areas", AREA | {"id": None}, "invalid-content", "id", None),
        ("areas", AREA | {"id": "a/b"}, "invalid-content", "id", None),
        ("units", UNIT | {"area": "9"}, "unknown-reference", "area", "/v1/areas"),
        ("units", UNIT | {"domain": "army"}, "invalid-content", "domain", None),
        ("units", UNIT | {"colour": "red"}, "invalid-content", "colour", None),
        ("organizations", ORGANIZATION | {"area": None}, "owner-needed", "unit_id", None),
        ("organizations", ORGANIZATION | {"unit_id": "u8"}, "unknown-reference", "unit_id",
         "/v1/units"),
        ("organizations", ORGANIZATION | {"parent": "o8"}, "unknown-reference", "parent",
         "/v1/organizations"),
        ("grids", GRID | {"area": "9"}, "unknown-reference", "area", "/v1/areas"),
        ("grids", GRID | {"geometry": None}, "extent-needed", "geometry", None),
        ("grids", GRID | {"communities": ["9"]}, "unknown-reference", "communities", "/v1/areas"),
        ("grids", GRID | {"communities": ["440310002001"]}, "community-outside", "communities",
         None),
        ("people", VOLUNTEER | {"grid_id": "g8"}, "unknown-reference", "grid_id", "/v1/grids"),
        ("people", VOLUNTEER | {"unit_id": "u8"}, "unknown-reference", "unit_id",
         "/v1/units"),
        ("people", VOLUNTEER | {"capacity": 51}, "invalid-content", "capacity", None),
        ("people", VOLUNTEER | {"telephone": "abc"}, "invalid-content", "telephone", None),
        ("people", VOLUNTEER | {"skills": ["a", "a"]}, "invalid-content", "skills", None),
    ]  # fmt: skip


async def test_what_is_refused(world: World) -> None:
    await world.city()
    for kind, body, code, field, where in REFUSED:
        answer = await world.admin.post(f"/v1/{kind}", json=body)
        assert answer.status_code == 422, (body, answer.text)
        problem = answer.json()
        assert (problem["type"], problem["errors"][0]["field"]) == (f"/problems/{code}", field)
        assert problem.get("where") == where


async def test_a_crossing_polygon_is_refused_with_its_place(world: World) -> None:
    await world.city()
    answer = await world.admin.post("/v1/grids", json=GRID | {"geometry": CROSSING})
    assert answer.status_code == 422
    assert "经度 114.35、纬度 22.65" in answer.json()["detail"]
    assert "自相交" in answer.json()["detail"]


async def test_a_retired_entry_is_no_longer_referred_to(world: World) -> None:
    await world.city()
    await world.admin.delete("/v1/grids/g1")
    answer = await world.admin.post("/v1/people", json=VOLUNTEER)
    assert answer.json()["type"] == "/problems/unknown-reference"


async def test_organizations_make_no_cycle(world: World) -> None:
    await world.city()
    rows = [ORGANIZATION | {"id": f"o{n}", "parent": f"o{n - 1}" if n else None} for n in range(4)]
    assert {r["status"] for r in await world.load("organizations", rows)} == {"created"}
    for parent in ("o0", "o3"):
        body = ORGANIZATION | {"id": "o0", "parent": parent}
        answer = await world.admin.put("/v1/organizations/o0", json=body, headers={"If-Match": "*"})
        assert answer.json()["type"] == "/problems/parent-cycle"
    [result] = await world.load("organizations", [ORGANIZATION | {"id": "o1", "parent": "o3"}])
    assert (result["status"], result["code"]) == ("rejected", "parent-cycle")


async def test_an_organization_takes_the_area_of_its_unit(world: World) -> None:
    await world.city()
    body = ORGANIZATION | {"area": None, "unit_id": "u1"}
    await world.admin.post("/v1/organizations", json=body)
    read = (await world.admin.get("/v1/organizations/o9")).json()
    assert (read["area"], read["area_path"][-1]) == ("440310001", "440310001")


async def test_an_area_with_others_inside_stays_where_it_is(world: World) -> None:
    await world.city()
    street = {"name": "坪山街道", "level": "street", "parent": "4403"}
    answer = await world.admin.put("/v1/areas/440310001", json=street, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/in-use")
    community = {"name": "坪环社区", "level": "community", "parent": "440310001"}
    moved = await world.admin.put(
        "/v1/areas/440310002001", json=community, headers={"If-Match": "*"}
    )
    assert moved.json()["area_path"] == ["4403", "440310", "440310001", "440310002001"]


async def test_lists_in_pinyin_order_with_filters_words_and_pages(world: World) -> None:
    await world.city()
    names = ["重庆路学校", "坪山小学", "阿姨服务社", "第10中学", "第2中学", "坪环小学"]
    rows = [
        {"id": f"s{n}", "name": name, "domain": "university" if "学" in name else "village",
         "area": "440310002" if name == "坪环小学" else "440310001"}
        for n, name in enumerate(names)
    ]  # fmt: skip
    await world.load("units", rows)
    seen: list[str] = []
    cursor = ""
    pages = 0
    while cursor is not None:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await world.admin.get("/v1/units", params=query)).json()
        seen += [unit["name"] for unit in page["items"]]
        cursor = page["next"]
        pages += 1
    expected = ["阿姨服务社", "重庆路学校", "第2中学", "第10中学", "供水公司"]
    assert seen == [*expected, "坪环小学", "坪山小学"]
    assert pages == 4

    async def listed(kind: str, **query: str) -> list[str]:
        answer = await world.admin.get(f"/v1/{kind}", params=query)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await listed("units", text="小学") == ["坪环小学", "坪山小学"]
    assert await listed("units", text="学 坪") == ["坪环小学", "坪山小学"]
    assert await listed("units", text="山坪") == []
    assert await listed("units", text="！") == []
    assert await listed("units", area="440310002") == ["坪环小学"]
    assert await listed("units", area="440310", domain="village") == ["阿姨服务社"]
    await world.admin.delete("/v1/units/s0")
    assert await listed("units", retired="true") == ["重庆路学校"]
    assert len(await listed("units", retired="false")) == 6
    assert await listed("areas", level="street") == ["马峦街道", "坪山街道"]
    assert await listed("areas", parent="440310001") == ["六联社区"]
    assert await listed("grids", area="4403", text="网格") == ["第一网格"]
    assert (await world.admin.get("/v1/grids")).json()["items"][0]["geometry"] is None
    assert (await world.admin.get("/v1/grids/g1")).json()["geometry"] == SQUARE
    misspelt = await world.admin.get("/v1/units?areas=1")
    assert misspelt.status_code == 422


async def test_grids_have_levels_and_residents(world: World) -> None:
    await world.city()
    cell: dict[str, Any] = {
        "name": "微网格",
        "area": "440310001",
        "geometry": SQUARE,
        "level": "cell",
    }
    rows = [cell | {"id": "c1", "population": "1250"}, cell | {"id": "c2", "population": -1}]
    made, refused = await world.load("grids", rows)
    assert (made["status"], refused["field"]) == ("created", "population")
    wrong = await world.admin.post("/v1/grids", json=cell | {"level": "village"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "level")
    shown = (await world.admin.get("/v1/grids/c1")).json()
    assert (shown["level"], shown["population"]) == ("cell", 1250)
    before = (await world.admin.get("/v1/grids/g1")).json()
    assert (before["level"], before["population"]) == ("community_grid", None)

    # A grid kept before there were levels: read, listed and loaded again as a community grid.
    grids = world.app.state.runtime.database["grids"]
    await grids.update_one({"_id": "g1"}, {"$unset": {"state.level": 1, "state.population": 1}})
    assert (await world.admin.get("/v1/grids/g1")).json() == before
    for level, ids in (("cell", ["c1"]), ("community_grid", ["g1"]), ("street_grid", [])):
        items = (await world.admin.get(f"/v1/grids?level={level}")).json()["items"]
        assert [item["id"] for item in items] == ids
    row = {"id": "g1", "name": "第一网格", "area": "440310001", "geometry": SQUARE}
    [again] = await world.load("grids", [row])
    assert again["status"] == "unchanged"
    check = (await world.admin.get("/v1/grid-check?area=440310001")).json()
    assert (check["drawn"], check["overlaps"]) == (2, [])

    [event] = [e for e in await world.events(9) if e.subject == "c1"]
    assert isinstance(event.data, GridChanged)
    assert (event.data.level, event.data.population) == (GridLevel.CELL, 1250)


async def test_a_team_has_linked_people_and_units(world: World) -> None:
    await world.city()
    linked = [{"role": "police", "id": "p1"}, {"role": "doctor", "id": "p1"}]
    row = {"id": "t1", "name": "网格", "area": "440310001", "communities": ["440310001001"]}
    for wrong, field in (
        ([{"role": "police"}], "linked.0.id"),
        ([{"role": "singer", "id": "p1"}], "linked.0.role"),
        ([{"role": "police", "id": "p1", "name": "王芳"}], "linked.0.name"),
        ([linked[0], linked[0]], "linked"),
    ):
        answer = await world.admin.post("/v1/grids", json=row | {"linked": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    for status in ("created", "unchanged"):
        [result] = await world.load("grids", [row | {"linked": linked}])
        assert result["status"] == status
    assert (await world.admin.get("/v1/grids/t1")).json()["linked"] == linked
    assert (await world.admin.get("/v1/grids/g1")).json()["linked"] == []
    [event] = [e for e in await world.events(9) if e.subject == "t1"]
    assert isinstance(event.data, GridChanged)
    assert [one.model_dump() for one in event.data.linked] == linked
