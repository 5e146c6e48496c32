"""Whistles (吹哨报到) over HTTP, on real servers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.contracts import topics, whistles
from shared.contracts.ids import uuid7
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_MANAGER,
    OTHER_OPERATOR,
    RESIDENT,
    VOLUNTEER,
    World,
    accepted,
    bearer,
    running,
)

SERVICE = "volunteer_dispatch"
COMMUNITY = bearer(Role.AREA_MANAGER, "community", areas=frozenset({"S1-1"}))
CITY = bearer(Role.AREA_MANAGER, "city", areas=frozenset({"C"}))


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def body(case: str = "emergency", *names: str, **more: Any) -> dict[str, Any]:
    return {
        "case": case,
        "area": "S1-1",
        "text": "王奶奶家煤气泄漏",
        "units": [{"unit_id": name, "asks": "到现场处置"} for name in names or ("power", "water")],
    } | more


async def blow(world: World, wanted: dict[str, Any], headers: dict[str, str] = COMMUNITY) -> Any:
    answer = await world.http.post("/v1/whistles", json=wanted, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def say(
    world: World, path: str, wanted: dict[str, Any], headers: dict[str, str]
) -> httpx.Response:
    return await world.http.post(f"/v1/whistles/{path}", json=wanted, headers=headers)


async def listed(world: World, headers: dict[str, str], **asked: Any) -> list[str]:
    answer = await world.http.get("/v1/whistles", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_units_report_in_say_what_they_do_and_are_rated_by_the_whistler(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        task = await world.request(accepted(uuid7()))
        await world.until(task, "assigned", "grid_team:g1")

        # A street or community, in one of the three cases.
        for nobody in (LEADER, OPERATOR, VOLUNTEER, RESIDENT, OTHER_MANAGER):
            refused = await world.http.post("/v1/whistles", json=body(), headers=nobody)
            assert refused.status_code == 403
        for wrong, code in (
            (body("noise"), "invalid-content"),
            (body(area="C"), "whistle-level"),
            (body("emergency", "power", "power"), "whistle-unit-twice"),
            (body("emergency", "nobody"), "whistle-unit-unknown"),
            (body(area="S9"), "whistle-area-unknown"),
        ):
            refused = await world.http.post("/v1/whistles", json=wrong, headers=ADMINISTRATOR)
            assert problem(refused) == (422, code), refused.text
        once = {**COMMUNITY, "Idempotency-Key": "k1"}
        made = [await blow(world, body(task_id=task), once) for _ in range(2)]
        assert made[0]["id"] == made[1]["id"]
        whistle = made[0]
        id = whistle["id"]
        assert (whistle["supervisor"]["id"], whistle["case_words"]["zh"]) == ("S1", "应急处置")
        blown = datetime.fromisoformat(whistle["blown_at"])
        due = [datetime.fromisoformat(one["report_by"]) for one in whistle["summoned"]]
        assert due == [blown + timedelta(minutes=30)] * 2

        # Only the summoned unit's operator reports in for it.
        path = f"{id}/units/power"
        assert problem(await say(world, f"{path}/plan", {"words": "断电"}, OPERATOR)) == (
            409,
            "whistle-not-there",
        )
        for other in (OTHER_OPERATOR, MANAGER, RESIDENT):
            assert (await say(world, f"{path}/report-in", {}, other)).status_code == 403
        there = [await say(world, f"{path}/report-in", {}, OPERATOR) for _ in range(2)]
        assert [one.json()["summoned"][0]["in_time"] for one in there] == [True, True]
        for words in ("先断电", "先断电再排查"):
            planned = await say(world, f"{path}/plan", {"words": words}, OPERATOR)
            assert planned.json()["summoned"][0]["plan"] == words
        rating = {"rating": 5, "words": "十分钟到场"}
        early = await say(world, f"{path}/rate", rating, COMMUNITY)
        assert problem(early) == (409, "whistle-not-done")
        assert (await say(world, f"{path}/done", {"words": "已恢复"}, OPERATOR)).is_success
        assert (await say(world, f"{path}/rate", rating, OTHER_MANAGER)).status_code == 403
        rated = [await say(world, f"{path}/rate", rating, COMMUNITY) for _ in range(2)]
        assert [one.json()["summoned"][0]["rating"]["rating"] for one in rated] == [5, 5]
        worse = await say(world, f"{path}/rate", {"rating": 1}, COMMUNITY)
        assert problem(worse) == (409, "whistle-rated")

        # The other unit reads the case, not what power said or was given.
        shown = (await world.http.get(f"/v1/whistles/{id}", headers=OTHER_OPERATOR)).json()
        power = shown["summoned"][0]
        assert shown["text"] == "王奶奶家煤气泄漏"
        assert (power["plan"], power["result"], power["rating"]) == (None, None, None)
        assert await listed(world, OPERATOR, status="open") == [id]
        assert await listed(world, MANAGER, area="S1", unit="water", case="emergency") == [id]
        assert await listed(world, CITY, task_id=task) == [id]
        assert await listed(world, OTHER_MANAGER) == []

        ended = await say(world, f"{id}/end", {"words": "险情解除"}, COMMUNITY)
        assert (ended.json()["status"], ended.json()["outcome"]) == ("ended", "险情解除")
        late = await say(world, f"{id}/units/water/report-in", {}, OTHER_OPERATOR)
        assert problem(late) == (409, "whistle-ended")
        never = await say(world, f"{id}/units/water/rate", {"rating": 1}, COMMUNITY)
        assert never.json()["summoned"][1]["rating"]["rating"] == 1
        assert await listed(world, COMMUNITY) == []
        assert await listed(world, COMMUNITY, status="ended") == [id]

        kept = await world.parts.whistles.store.collection.find_one({"_id": id})
        events = await world.published(7, topics.WHISTLES.name)
        assert [type(e.data).__name__ for e in events] == [
            "WhistleBlown", "WhistleReportedIn", "WhistlePlanned", "WhistleUnitDone",
            "WhistleRated", "WhistleEnded", "WhistleRated",
        ]  # fmt: skip
        assert not any(word in f"{kept}{events}" for word in ("王奶奶", "断电", "到场", "险情"))
        last = events[-1].data
        assert isinstance(last, whistles.WhistleRated)
        assert (last.unit.id, last.case, last.rating) == ("water", "emergency", 1)
        assert (last.report_by, last.reported_at, last.in_time) == (due[1], None, False)


async def test_a_unit_that_does_not_report_in_is_told_of_once_to_who_stands_above(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        # A city replaces the times: everybody within two days, but for emergencies.
        shown = await world.http.get("/v1/whistle-times", headers=ADMINISTRATOR)
        assert shown.json()["table"]["beyond_power"]["working_days"] == 1
        table = shown.json()["table"] | {"joint_enforcement": {"minutes": 2880}}
        tag = {"If-Match": shown.headers["etag"]}
        put = await world.http.put("/v1/whistle-times", json=table, headers=ADMINISTRATOR | tag)
        assert put.status_code == 200, put.text
        other = await blow(world, body("joint_enforcement", "power", area="S1"), MANAGER)
        blown = datetime.fromisoformat(other["blown_at"])
        by = datetime.fromisoformat(other["summoned"][0]["report_by"])
        assert by == blown + timedelta(days=2)

        soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
        asked = [
            {"unit_id": name, "asks": "到场", "report_by": soon} for name in ("power", "water")
        ]
        id = (await blow(world, body(units=asked)))["id"]
        there = {"plan": "马上处置"}
        assert (await say(world, f"{id}/units/power/report-in", there, OPERATOR)).is_success

        async def told() -> bool:
            return await listed(world, MANAGER, late=True) == [id]

        await eventually(told, 30, "water is told of as absent")
        late = await say(world, f"{id}/units/water/report-in", {}, OTHER_OPERATOR)
        water = late.json()["summoned"][1]
        assert (water["absent"], water["in_time"]) == (True, False)
        assert await listed(world, MANAGER, late=True) == []
        assert sorted(await listed(world, MANAGER)) == sorted([id, other["id"]])
        events = [e.data for e in await world.published(6, topics.WHISTLES.name)]
        absent = [e for e in events if isinstance(e, whistles.WhistleAbsent)]
        assert [(e.unit.id, e.supervisor.id) for e in absent] == [("water", "S1")]
