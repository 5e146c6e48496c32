"""Filing, listing, placing: the API with a real broker and database."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import requests, topics
from shared.web.auth import Role
from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    INSIDE,
    LEADER,
    MANAGER,
    NOISE,
    OPERATOR,
    OTHER_MANAGER,
    OUTSIDE,
    RESIDENT,
    VOLUNTEER,
    World,
    bearer,
)


async def test_a_request_is_filed_read_and_published(world: World) -> None:
    requester = {"name": "王芳", "telephone": "13800138000", "address": "南布路1号"}
    answer = await world.http.post(
        "/v1/requests",
        json={
            "channel": "app",
            "kind": "help",
            "text": "家里\x00停水\x07两天了",
            "place": {"point": INSIDE},
            "requester": requester,
        },
        headers=RESIDENT,
    )
    assert answer.status_code == 201
    filed = answer.json()
    assert answer.headers["location"] == f"/v1/requests/{filed['id']}"
    assert (filed["category"], filed["urgency"]) == ("utilities", "utilities")
    assert filed["grid_id"] == "grid-1"
    assert filed["area_path"] == ["440310001", "440310001001"]
    assert filed["located"] is True
    assert filed["status"] == "accepted"

    [event] = await world.events(topics.REQUESTS.name, 1, filed["id"])
    assert isinstance(event.data, requests.RequestAccepted)
    assert event.sequence == 1
    assert event.partition_key == filed["id"]
    assert event.data.point is not None
    assert event.data.point.longitude == 114.051
    assert event.data.rules_version == 1
    database = world.runtime.database
    kept = str(await database["requests"].find_one({"_id": filed["id"]}))
    for secret in ("王芳", "13800138000", "南布路", "停水"):
        assert secret not in str(event.data)
        assert secret not in kept

    seen = await world.http.get(f"/v1/requests/{filed['id']}", headers=ADMINISTRATOR)
    assert seen.headers["etag"] == '"1"'
    assert seen.json()["text"] == "家里停水两天了"
    assert seen.json()["requester"] == requester | {"email": None}
    own = (await world.http.get(f"/v1/requests/{filed['id']}", headers=RESIDENT)).json()
    assert own["tracking_code"] == filed["tracking_code"]
    assert "requester" not in own
    assert seen.json()["tracking_code"] == filed["tracking_code"]  # who lost it asks there
    managers = (await world.http.get(f"/v1/requests/{filed['id']}", headers=MANAGER)).json()
    assert "tracking_code" not in managers, "who is rated could answer as the resident"
    assert managers["requester"] == requester | {"email": None}
    history = await world.http.get(f"/v1/requests/{filed['id']}/history", headers=MANAGER)
    assert [item["by"] for item in history.json()["items"]] == ["resident:resident-1"]


async def test_twenty_posts_with_one_key_make_one_request(world: World) -> None:
    headers = RESIDENT | {"Idempotency-Key": "k-1"}
    answers = await asyncio.gather(
        *(world.http.post("/v1/requests", json=NOISE, headers=headers) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    mine = (await world.http.get("/v1/requests", headers=RESIDENT)).json()["items"]
    assert [item["id"] for item in mine] == [answers[0].json()["id"]]
    other = await world.http.post(
        "/v1/requests", json=NOISE | {"text": "另一件事"}, headers=headers
    )
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_request_outside_is_placed_by_a_person(world: World) -> None:
    filed = await world.file(place={"point": OUTSIDE})
    assert filed["located"] is False
    assert filed["grid_id"] is None
    listed = await world.http.get("/v1/requests?located=false", headers=OTHER_MANAGER)
    assert [item["id"] for item in listed.json()["items"]] == [filed["id"]]
    url = f"/v1/requests/{filed['id']}/place"
    there = {"area": "440310001001"}
    assert (await world.http.put(url, json=there, headers=MANAGER)).status_code == 428
    matched = {"If-Match": '"1"'}
    outside = await world.http.put(url, json={"point": OUTSIDE}, headers=MANAGER | matched)
    assert outside.status_code == 422
    assert outside.json()["errors"][0]["field"] == "place.point"
    foreign = await world.http.put(url, json=there, headers=OTHER_MANAGER | matched)
    assert foreign.status_code == 403
    placed = await world.http.put(url, json=there, headers=MANAGER | matched)
    assert placed.status_code == 200
    assert placed.json()["grid_id"] == "grid-1"
    assert placed.headers["etag"] == '"2"'
    stale = await world.http.put(url, json=there, headers=MANAGER | matched)
    assert stale.status_code == 412
    again = await world.http.put(url, json=there, headers=MANAGER | {"If-Match": '"2"'})
    assert again.status_code == 409
    events = await world.events(topics.REQUESTS.name, 2, filed["id"])
    assert isinstance(events[1].data, requests.RequestLocated)
    assert events[1].data.area_path == ("440310001", "440310001001")


async def test_each_role_sees_its_own(world: World) -> None:
    mine = await world.file()
    theirs = await world.file(bearer(Role.RESIDENT, "resident-2"))
    both = {mine["id"], theirs["id"]}

    async def listed(headers: dict[str, str], query: str = "") -> set[str]:
        answer = await world.http.get(f"/v1/requests?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    assert await listed(RESIDENT) == {mine["id"]}
    assert both <= await listed(ADMINISTRATOR)
    assert both <= await listed(MANAGER)
    assert both <= await listed(LEADER)
    assert await listed(OTHER_MANAGER) == set()
    assert await listed(OPERATOR) == set()
    assert await listed(VOLUNTEER) == set()
    assert await listed(MANAGER, "status=closed") == set()
    assert both <= await listed(MANAGER, "status=accepted&category=environment&area=440310001")
    assert await listed(MANAGER, "since=2100-01-01T00:00:00Z") == set()
    path = f"/v1/requests/{theirs['id']}"
    assert (await world.http.get(path, headers=RESIDENT)).status_code == 403
    assert (await world.http.get(path, headers=OTHER_MANAGER)).status_code == 403
    assert (await world.http.get(path, headers=OPERATOR)).status_code == 403
    assert (await world.http.get(path)).status_code == 401
    assert (await world.http.get(f"{path}/history", headers=RESIDENT)).status_code == 403
    assert (await world.http.get("/v1/audit/requests", headers=MANAGER)).status_code == 403
    assert (await world.http.get("/v1/requests/nothing", headers=MANAGER)).status_code == 404


async def test_pages_and_audit_go_through_everything_once(world: World) -> None:
    made = datetime(2024, 5, 1, tzinfo=UTC)
    for n in range(5):
        at = (made + timedelta(seconds=n // 2)).isoformat()
        await world.file(ADMINISTRATOR, happened_at=at)
    seen: list[str] = []
    cursor = ""
    while True:
        url = f"/v1/requests?limit=2&until=2024-06-01T00:00:00Z{cursor}"
        page = (await world.http.get(url, headers=ADMINISTRATOR)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5
    audited: list[dict[str, Any]] = []
    after = ""
    while True:
        url = f"/v1/audit/requests?limit=2&after={after}"
        page = (await world.http.get(url, headers=ADMINISTRATOR)).json()
        audited += page["items"]
        if page["next"] is None:
            break
        after = page["next"]
    ids = [item["request_id"] for item in audited]
    assert ids == sorted(set(ids))
    assert set(seen) <= set(ids)
    assert {item["sequence"] for item in audited} == {1}
