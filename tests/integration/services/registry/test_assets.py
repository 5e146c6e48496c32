"""The six assets over HTTP: a scorecard of recorded facts, a list by how many are there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.registry.main import DEFINITION
from shared.contracts.assets import AssetsChanged
from shared.storage.client import connect
from shared.web.auth import Role
from shared.web.process import service_app
from tests.eventually import eventually
from tests.integration.services.registry.world import World, registry_settings, running

DAY = timedelta(days=1)
ORGANIZATION = {"domain": "community", "level": "grassroots", "area": "440310001001"}
SIX = ["leadership", "backbone", "venue", "carriers", "rules", "results"]


def day(offset: float) -> str:
    return (datetime.now(UTC) + offset * DAY).isoformat()


async def begin(world: World) -> World:
    await world.city()
    await world.load(
        "organizations",
        [
            ORGANIZATION | {"id": "o1", "name": "六联社区党委"},
            ORGANIZATION | {"id": "o2", "name": "坪环社区党委", "area": "440310002001"},
            ORGANIZATION | {"id": "o3", "name": "供水公司党支部", "unit_id": "u1"},
        ],
    )
    await world.load("people", [{"id": "p1", "name": "王芳", "grid_id": "g1"}])
    return world


@pytest.fixture
async def city(world: World) -> World:
    return await begin(world)


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], code: int = 201) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == code, answer.text
    return answer.json()


async def scorecard(client: httpx.AsyncClient, id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/organizations/{id}/assets")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def met(client: httpx.AsyncClient, id: str) -> list[str]:
    assets = (await scorecard(client, id))["assets"]
    return [asset["asset"] for asset in assets if asset["met"]]


async def listed(client: httpx.AsyncClient, query: str = "") -> list[tuple[str, int]]:
    answer = await client.get(f"/v1/assets{query}")
    assert answer.status_code == 200, answer.text
    return [(one["organization_id"], one["held"]) for one in answer.json()["items"]]


async def record(world: World, work: str, **more: Any) -> str:
    body = {"work": work, "at": day(0), "organization_id": "o1"} | more
    return str((await post(world.admin, "/v1/records", body))["id"])


async def earn(world: World) -> list[str]:
    """Do everything that the six assets ask for; ids of the records of meetings."""
    admin = world.admin
    term = {"post": "secretary", "person_id": "p1", "chosen": "elected"}
    await post(admin, "/v1/organizations/o1/terms", term | {"since": day(-30), "until": day(1000)})
    meetings = [await record(world, "meeting_held", at=day(-n)) for n in range(4)]
    await record(world, "secretary_training", person_id="p1", quantity=16, organization_id=None)
    post_ = {"kind": "responsibility_area", "organization_id": "o1", "name": "东", "grid_id": "g1"}
    id = (await post(admin, "/v1/carriers", post_))["id"]
    await post(admin, f"/v1/carriers/{id}/holdings", {"person_id": "p1", "since": day(-1)})
    venue = {"id": "v1", "name": "中心", "area": "440310001001", "organization_id": "o1"}
    await post(admin, "/v1/venues", venue | {"uses": ["meeting", "reading", "dining"]})
    for _ in range(4):
        await record(world, "activity_held")
    errand = await post(admin, "/v1/errands", {"organization_id": "o1", "text": "代办"})
    await post(admin, f"/v1/errands/{errand['id']}/steps", {"stage": "done"}, 200)
    word = {"code": errand["code"], "solved": True, "satisfied": 4}
    await post(world.as_(None), f"/v1/errands/{errand['id']}/word", word, 200)
    await record(world, "rule_adopted", quantity=3)
    promise = {"organization_id": "o1", "text": "修灯", "until": day(5)}
    promised = (await post(admin, "/v1/promises", promise))["id"]
    kept = await record(world, "promise_kept")
    await post(admin, f"/v1/promises/{promised}/keep", {"record_id": kept}, 200)
    await record(world, "result_achieved")
    return meetings


async def test_each_asset_comes_from_recorded_facts_and_what_is_missing_says_what_to_do(
    city: World,
) -> None:
    empty = await scorecard(city.admin, "o1")
    assert (empty["held"], [one["asset"] for one in empty["assets"]]) == (0, SIX)
    [secretary, meetings] = empty["assets"][0]["criteria"]
    assert secretary["missing"]["zh"].startswith("书记在岗：已有 0，至少需要 1。请")
    assert secretary["missing"]["en"].endswith("Elect, appoint or send a secretary and enter "
                                               "the term.")  # fmt: skip
    assert meetings["where"] == "/v1/records?organization_id=o1"
    records = await earn(city)

    async def all_six() -> bool:
        return await met(city.admin, "o1") == SIX

    await eventually(all_six)  # training reaches the backbone within a second
    full = await scorecard(city.admin, "o1")
    numbers = {each["code"]: each["found"] for one in full["assets"] for each in one["criteria"]}
    assert numbers == {
        "secretary_in_office": 1,
        "meetings": 4,
        "secretary_trained": 1,
        "members_in_front": 1,
        "venue": 1,
        "many_uses": 3,
        "activities": 4,
        "errands": 1,
        "rules": 3,
        "promises": 1,
        "satisfied": 1,
        "results": 1,
    }
    # A record that was wrong drops out, and the asset with it.
    await post(city.admin, f"/v1/records/{records[0]}/void", {"reason": "未开会"}, 200)
    assert await met(city.admin, "o1") == SIX[1:]

    async def told() -> bool:
        events = [one.data for one in await city.events(15) if isinstance(one.data, AssetsChanged)]
        last = events[-1]
        return [asset.value for asset in last.met] == SIX[1:] and last.organization_id == "o1"

    await eventually(told, 30)


async def test_organizations_are_listed_by_how_many_of_the_six_they_have(city: World) -> None:
    await earn(city)
    venue = {"id": "v2", "name": "中心", "area": "440310002001", "organization_id": "o2"}
    await post(city.admin, "/v1/venues", venue | {"uses": ["meeting", "reading", "dining"]})

    async def counted() -> bool:
        return await listed(city.admin) == [("o3", 0), ("o2", 1), ("o1", 6)]

    await eventually(counted)
    assert await listed(city.admin, "?area=440310001") == [("o3", 0), ("o1", 6)]
    assert await listed(city.admin, "?held=1") == [("o2", 1)]
    assert await listed(city.admin, "?lacking=venue") == [("o3", 0)]
    page = (await city.admin.get("/v1/assets?limit=2")).json()
    assert await listed(city.admin, f"?limit=2&cursor={page['next']}") == [("o1", 6)]
    totals = (await city.admin.get("/v1/assets/totals")).json()["items"]
    assert [one["organizations"] for one in totals] == [1, 1, 0, 0, 0, 0, 1]
    manager = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    assert (await listed(manager), await listed(operator)) == ([("o2", 1)], [("o3", 0)])
    assert (await manager.get("/v1/assets?area=440310001")).status_code == 403
    assert (await manager.get("/v1/organizations/o1/assets")).status_code == 403
    assert (await city.as_(Role.RESIDENT).get("/v1/assets")).status_code == 403
    assert (await city.admin.get("/v1/organizations/none/assets")).status_code == 404
    await city.admin.delete("/v1/organizations/o2")

    async def gone() -> bool:
        return await listed(city.admin) == [("o3", 0), ("o1", 6)]

    await eventually(gone)


async def test_a_city_replaces_the_criteria_and_sets_targets_with_who_and_why(
    city: World,
) -> None:
    table = (await city.admin.get("/v1/six-assets")).json()["table"]
    table["criteria"] = [
        each for each in table["criteria"] if each["asset"] != "rules" or each["code"] == "rules"
    ]
    [rules] = [each for each in table["criteria"] if each["code"] == "rules"]
    rules["at_least"], rules["sum"] = 1, False
    await record(city, "rule_adopted")

    async def counted() -> bool:
        return await listed(city.admin, "?held=1") == [("o1", 1)]

    assert await met(city.admin, "o1") == []
    put = await city.admin.put("/v1/six-assets", json=table, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text
    await eventually(counted)
    path = "/v1/organizations/o1/assets/target"
    target = {"at": "2029-12-31T00:00:00+08:00", "why": "示范社区，提前两年"}
    answer = await city.admin.put(path, json=target)
    assert answer.status_code == 200, answer.text
    shown = await scorecard(city.admin, "o1")
    assert (shown["target_at"], shown["target_set"]) == ("2029-12-30T16:00:00Z", True)
    history = await city.app.state.parts.scorecards.store.history("o1")
    assert (history[-1]["by"], history[-1]["why"]) == ("administrator:someone", target["why"])
    for client, code in (
        (city.as_(Role.UNIT_OPERATOR, unit_id="u1"), 403),
        (city.as_(Role.AREA_MANAGER, areas={"440310002"}), 403),
        (city.as_(Role.AREA_MANAGER, areas={"440310001"}), 200),
    ):
        assert (await client.put(path, json=target)).status_code == code
    assert (await city.admin.put(path, json=target | {"mark": 6})).status_code == 422


async def test_all_that_is_derived_is_built_anew_from_what_was_published(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    app = service_app(DEFINITION, settings)
    async with app.router.lifespan_context(app):
        world = World(app, settings)
        await begin(world)
        await earn(world)
        await eventually(lambda: full(world))
        for each in world.clients:
            await each.aclose()
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    try:
        database = client.database(settings.database_name)
        records = await database["records"].count_documents({})
        # As if it had been killed before any follow-up, or were new in a city that is there.
        await database["assets"].delete_many({})
        await database["followers"].delete_many({})
        async with running(settings) as world:
            await eventually(lambda: full(world), 30)
            assert await database["records"].count_documents({}) == records
    finally:
        await client.close()


async def full(world: World) -> bool:
    return (await listed(world.admin))[-1] == ("o1", 6)
