"""The routing table in force, what it lacks, and why tasks went where they went: over HTTP."""

from typing import Any

from shared.contracts import topics
from shared.contracts.ids import uuid7
from shared.telemetry import ROUTING_GAPS
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_LEADER,
    OTHER_MANAGER,
    OTHER_OPERATOR,
    RESIDENT,
    World,
    accepted,
    helpers_elsewhere,
    running,
)

SERVICE = "volunteer_dispatch"


async def _put(world: World, rules: list[dict[str, Any]]) -> int:
    shown = await world.http.get("/v1/routing", headers=ADMINISTRATOR)
    headers = {**ADMINISTRATOR, "If-Match": shown.headers["etag"]}
    put = await world.http.put("/v1/routing", json={"rules": rules}, headers=headers)
    assert put.status_code == 200, put.text
    version: int = put.json()["version"]
    return version


async def _gaps(world: World, headers: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = await world.http.get("/v1/routing-gaps", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_the_table_lacks_is_listed_until_a_rule_covers_it(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        power = {"categories": ["power"], "to": "unit:power"}
        await _put(world, [power, {"categories": ["school"], "to": "domain:university"}])
        there = {"grid_id": "g2", "area_path": ("C", "S2")}
        for category, where in [
            *[("noise", {})] * 3,
            *[("noise", there)] * 2,
            ("school", {}),
            ("power", {}),
        ]:
            id = await world.request(accepted(uuid7(), category=category, **where))
            await world.until(id, "assigned")
        pages: list[list[dict[str, Any]]] = []
        cursor: str | None = None
        while cursor is not None or not pages:
            asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = await _gaps(world, ADMINISTRATOR, **asked)
            pages.append(page["items"])
            cursor = page["next"]
        items = [item for page in pages for item in page]
        assert [len(page) for page in pages] == [2, 1]
        assert [(i["category"], i["area"], i["gap"], i["tasks"], i["open"]) for i in items] == [
            ("noise", "S1-1", "no_rule", 3, 3),
            ("noise", "S2", "no_rule", 2, 2),
            ("school", "S1-1", "no_target", 1, 1),
        ]
        assert items[0]["first"] < items[0]["last"]
        assert len(set(items[0]["examples"])) == 3
        assert [item["covered"] for item in items] == [False] * 3
        assert "补一条规则" in items[0]["words"]["zh"]

        mine = await _gaps(world, MANAGER)
        assert [item["area"] for item in mine["items"]] == ["S1-1", "S1-1"]
        others = await _gaps(world, OTHER_MANAGER)
        assert [item["area"] for item in others["items"]] == ["S2"]
        only = await _gaps(world, ADMINISTRATOR, gap="no_target")
        assert [item["category"] for item in only["items"]] == ["school"]
        assert (await _gaps(world, ADMINISTRATOR, since="2100-01-01T00:00:00Z"))["items"] == []
        for headers in (LEADER, RESIDENT):
            assert (await world.http.get("/v1/routing-gaps", headers=headers)).status_code == 403

        # What the loop does every half minute.
        ROUTING_GAPS.set(await world.parts.gaps.count_open())
        assert ROUTING_GAPS._value.get() == 6

        await _put(world, [power, {"categories": ["noise"], "areas": ["S1"], "to": "grid_team"}])
        mended = await _gaps(world, ADMINISTRATOR)
        assert [item["covered"] for item in mended["items"]] == [True, False, False]


async def test_why_it_went_there_is_shown_to_those_who_see_it(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        version = await _put(
            world,
            [
                {"categories": ["noise"], "to": "grid_team"},
                {
                    "to": "unit:power",
                    "then": ["grid_team"],
                    "assist": ["unit:water"],
                    "shares": [0.8],
                },
            ],
        )
        id = await world.request(accepted(uuid7(), category="pole"))
        await world.until(id, "assigned", "unit:power")
        declined = await world.post(f"{id}/decline", {"reason": "不是我们的杆"}, OPERATOR)
        assert declined.json()["lead"]["id"] == "power"
        assert declined.json()["assignee"]["id"] == "g1"

        async def explanation(headers: dict[str, str]) -> Any:
            return await world.http.get(f"/v1/tasks/{id}/explanation", headers=headers)

        # The lead still sees it, and so does who assists; neither may act on it.
        for headers in (OPERATOR, OTHER_OPERATOR, LEADER, MANAGER, ADMINISTRATOR):
            shown = (await explanation(headers)).json()
            routed, passed_on = shown["decisions"]
            assert (routed["kind"], routed["rule"], routed["version"]) == ("route", "2", version)
            first = routed["candidates"][0]
            assert (first["key"], first["score"], first["note"]) == ("unit:power", 0.8, "chosen")
            assert first["words"]["zh"] == "选定"
            assert (passed_on["kind"], passed_on["chosen"]) == ("escalation", "grid_team:g1")
            assert "未接" in passed_on["words"]["zh"]
            assert [one["id"] for one in shown["assisting"]] == ["water"]
        for headers in (OPERATOR, OTHER_OPERATOR):
            listed = (await world.http.get("/v1/tasks", headers=headers)).json()["items"]
            assert [item["id"] for item in listed] == [id]
            assert (await world.post(f"{id}/accept", None, headers)).status_code == 403
        for headers in (OTHER_LEADER, OTHER_MANAGER, RESIDENT):
            assert (await explanation(headers)).status_code == 403

        taken = await world.post(f"{id}/accept", None, LEADER)
        assert taken.json()["lead"]["id"] == "g1"
        assert (await explanation(OPERATOR)).status_code == 403
        assert (await explanation(OTHER_OPERATOR)).status_code == 200


async def test_the_gauge_follows_by_itself(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    ROUTING_GAPS.set(99)
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)):

        async def counted() -> bool:
            return bool(ROUTING_GAPS._value.get() == 0)

        await eventually(counted, 30, "the open gaps are counted")


async def test_whom_to_ask_for_help_follows_the_registry(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.publish(topics.REGISTRY.name, helpers_elsewhere())
        id = await world.request(accepted(uuid7()))
        await world.until(id, "assigned", "grid_team:g1")

        async def asked() -> list[tuple[str, str, str | None]]:
            answer = await world.http.get(f"/v1/tasks/{id}/helpers", headers=LEADER)
            assert answer.status_code == 200, answer.text
            return [(o["step"], o["who"]["id"], o["through"]) for o in answer.json()["items"]]

        async def known() -> bool:
            return len(await asked()) == 5

        await eventually(known, 30, "dispatch knows the joint organization and the pairing")
        assert await asked() == [
            ("joint", "water", "j1"),
            ("paired", "power", "p1"),
            *[("above", code, None) for code in ("S1-1", "S1", "C")],
        ]
        refused = await world.http.get(f"/v1/tasks/{id}/helpers", headers=OTHER_LEADER)
        assert refused.status_code == 403
