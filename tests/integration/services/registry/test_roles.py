"""Who may write what, and who may see whom."""

import orjson

from shared.web.auth import Role
from tests.integration.services.registry.world import SQUARE, World

VOLUNTEER = {
    "id": "v1", "name": "王芳", "telephone": "+86 138-0000-1234", "grid_id": "g1",
    "skills": ["plumbing"], "capacity": 2,
    "service_point": {"longitude": 114.312345, "latitude": 22.654321},
}  # fmt: skip
UNIT = {"name": "单位", "domain": "agency", "area": "440310001"}
ANY = {"If-Match": "*"}


async def test_reading_needs_a_token_and_writing_a_role(world: World) -> None:
    await world.city()
    assert (await world.as_(None).get("/v1/units")).status_code == 401
    for role in (Role.RESIDENT, Role.VOLUNTEER, Role.GRID_LEADER):
        client = world.as_(role, areas={"4403"}, grids={"g1"})
        assert (await client.get("/v1/units/u1")).status_code == 200
        assert (await client.post("/v1/units", json=UNIT)).status_code == 403
        assert (await client.delete("/v1/grids/g1")).status_code == 403
        answer = await client.post("/v1/imports/units", json={"rows": [UNIT]})
        assert answer.status_code == 403


async def test_an_area_manager_writes_within_own_areas(world: World) -> None:
    await world.city()
    manager = world.as_(Role.AREA_MANAGER, areas={"440310001"})
    assert (await manager.post("/v1/units", json=UNIT | {"id": "a"})).status_code == 201
    elsewhere = UNIT | {"area": "440310002"}
    for answer in (
        await manager.post("/v1/units", json=elsewhere),
        await manager.post("/v1/units", json=UNIT | {"area": None}),
        await manager.put("/v1/units/a", json=elsewhere, headers=ANY),
    ):
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/wrong-area")
    await world.admin.post("/v1/units", json=elsewhere | {"id": "b"})
    # Nor can what is another's be drawn into one's own area.
    assert (await manager.put("/v1/units/b", json=UNIT, headers=ANY)).status_code == 403
    assert (await manager.delete("/v1/units/b")).status_code == 403
    area = {"id": "n1", "name": "新社区", "level": "community", "parent": "440310001"}
    assert (await manager.post("/v1/areas", json=area)).json()["type"] == "/problems/wrong-role"
    bulk = await manager.post("/v1/imports/areas", json={"rows": [area]})
    assert (bulk.status_code, bulk.json()["type"]) == (403, "/problems/wrong-role")
    rows = [UNIT | {"id": "c"}, elsewhere | {"id": "d"}]
    results = (await manager.post("/v1/imports/units", json={"rows": rows})).json()["results"]
    assert [r["status"] for r in results] == ["created", "rejected"]
    assert results[1]["code"] == "wrong-area"
    grid = {"name": "网格", "area": "440310002", "geometry": SQUARE}
    assert (await manager.post("/v1/grids", json=grid)).status_code == 403


async def test_a_unit_operator_writes_the_own_unit(world: World) -> None:
    await world.city()
    operator = world.as_(Role.UNIT_OPERATOR, unit_id="u1")
    assert (await operator.put("/v1/units/u1", json=UNIT, headers=ANY)).status_code == 200
    await world.admin.post("/v1/units", json=UNIT | {"id": "u2"})
    answer = await operator.put("/v1/units/u2", json=UNIT, headers=ANY)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/wrong-unit")


async def test_only_the_responsible_see_who_a_volunteer_is(world: World) -> None:
    await world.city()
    assert (await world.admin.post("/v1/people", json=VOLUNTEER)).status_code == 201
    seers = [
        world.admin,
        world.as_(Role.AREA_MANAGER, areas={"440310001"}),
        world.as_(Role.GRID_LEADER, grids={"g1"}),
        world.as_(Role.GRID_LEADER, areas={"440310"}),
    ]
    others = [
        world.as_(Role.AREA_MANAGER, areas={"440310002"}),
        world.as_(Role.GRID_LEADER, grids={"g2"}),
        world.as_(Role.RESIDENT),
        world.as_(Role.VOLUNTEER, areas={"4403"}, volunteer_id="v7"),
        world.as_(Role.UNIT_OPERATOR, areas={"4403"}, unit_id="u1"),
    ]
    for clients, name, telephone in (
        (seers, "王芳", "13800001234"),
        (others, None, None),
    ):
        for client in clients:
            one = (await client.get("/v1/people/v1")).json()
            [listed] = (await client.get("/v1/people?skill=plumbing&grid=g1")).json()["items"]
            assert one == listed
            assert (one["name"], one["telephone"]) == (name, telephone)
            assert one["service_point"] == {"longitude": 114.312, "latitude": 22.654}
    for client in seers:
        found = await client.post("/v1/people/find", json={"telephone": "138 0000 1234"})
        assert [v["id"] for v in found.json()["items"]] == ["v1"]
    for client, status in zip(others, (200, 200, 403, 403, 403), strict=True):
        found = await client.post("/v1/people/find", json={"telephone": "138 0000 1234"})
        assert found.status_code == status
        assert found.json().get("items", []) == []


async def test_nothing_personal_is_readable_in_database_or_events(world: World) -> None:
    await world.city()
    key = {"Idempotency-Key": "v"}
    await world.admin.post("/v1/people", json=VOLUNTEER, headers=key)
    runtime = world.app.state.runtime
    document = await runtime.database["people"].find_one({"_id": "v1"})
    for secret in ("王芳", "13800001234", "138-0000-1234", "114.312345"):
        assert secret not in repr(document)
    events = await world.events(9)
    [event] = [e for e in events if e.type == "lianxin.volunteer.changed.v1"]
    assert event.data is not None
    text = orjson.dumps(event.data.model_dump(mode="json")).decode()
    assert "王芳" not in text
    assert "1380" not in text
    assert '"longitude":114.312,' in text


async def test_history_says_who_when_and_why_to_those_who_answer_for_the_area(
    world: World,
) -> None:
    await world.city()
    manager = world.as_(Role.AREA_MANAGER, areas={"440310001"})
    await manager.put("/v1/units/u1", json=UNIT | {"name": "自来水公司"}, headers=ANY)
    await world.admin.delete("/v1/units/u1")
    for client in (manager, world.admin):
        lines = (await client.get("/v1/history/units/u1")).json()
        assert [(line["by"], line["why"]) for line in lines] == [
            ("administrator:someone", "created"),
            ("area_manager:someone", "changed"),
            ("administrator:someone", "retired"),
        ]
        assert lines[0]["what"] == ["lianxin.unit.changed.v1"]
    stranger = world.as_(Role.AREA_MANAGER, areas={"440310002"})
    assert (await stranger.get("/v1/history/units/u1")).status_code == 403
    for path in ("units/nobody", "journal/u1"):
        assert (await world.admin.get(f"/v1/history/{path}")).status_code == 404
