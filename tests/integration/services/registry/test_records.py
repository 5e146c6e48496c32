"""Recorded work over HTTP: who may record what, what is counted, what a void takes away."""

from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.work import WorkRecorded, WorkVoided
from shared.web.auth import Role
from tests.integration.services.registry.world import World, told

ORGANIZATION = {
    "id": "o1",
    "name": "供水公司党支部",
    "domain": "state_enterprise",
    "level": "grassroots",
    "unit_id": "u1",
}
VISIT: dict[str, Any] = {
    "work": "household_visit",
    "at": "2026-03-02T09:00:00+08:00",
    "organization_id": "o1",
    "quantity": 12,
}


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("organizations", [ORGANIZATION])
    return world


async def totals(world: World, query: str = "") -> dict[str, tuple[int, float]]:
    answer = await world.admin.get(f"/v1/records/totals?{query}")
    assert answer.status_code == 200, answer.text
    return {one["work"]: (one["records"], one["quantity"]) for one in answer.json()["items"]}


async def test_work_is_recorded_once_counted_and_told(city: World) -> None:
    key = {"Idempotency-Key": "visit-1"}
    first = await city.admin.post(
        "/v1/records", json=VISIT | {"words": "王家老人独居"}, headers=key
    )
    assert first.status_code == 201
    again = await city.admin.post(
        "/v1/records", json=VISIT | {"words": "王家老人独居"}, headers=key
    )
    assert again.json() == first.json()
    talk = VISIT | {"work": "policy_talk", "quantity": 1, "at": "2026-04-02T09:00:00+08:00"}
    second = (await city.admin.post("/v1/records", json=talk)).json()["id"]
    assert await totals(city, "organization_id=o1") == {
        "household_visit": (1, 12.0),
        "policy_talk": (1, 1.0),
    }
    since = "since=2026-04-01T00:00:00%2B08:00"
    assert await totals(city, f"area=440310&{since}") == {"policy_talk": (1, 1.0)}
    voided = await city.admin.post(f"/v1/records/{second}/void", json={"reason": "记错了单位"})
    assert voided.json()["voided"] == "记错了单位"
    assert await totals(city) == {"household_visit": (1, 12.0)}
    listed = (await city.admin.get("/v1/records?organization_id=o1")).json()["items"]
    assert [(one["work"], one["words"]) for one in listed] == [
        ("policy_talk", None),
        ("household_visit", "王家老人独居"),
    ]
    events = await told(city, topics.WORK, 3)
    assert {(event.subject, event.sequence, type(event.data)) for event in events} == {
        (first.json()["id"], 1, WorkRecorded),
        (second, 1, WorkRecorded),
        (second, 2, WorkVoided),
    }
    assert "王家" not in str([event.data for event in events])


async def test_what_cannot_be_is_refused_with_what_to_do(city: World) -> None:
    for change, code, field in (
        ({"work": "sleeping"}, "unknown-work", "work"),
        ({"organization_id": None}, "doer-needed", "organization_id"),
        ({"organization_id": "nobody"}, "unknown-reference", "organization_id"),
        ({"about": {"kind": "venues", "id": "none"}}, "unknown-reference", "about"),
        ({"at": "2999-01-01T00:00:00Z"}, "invalid-content", "at"),
        ({"quantity": -1}, "invalid-content", "quantity"),
    ):
        answer = await city.admin.post("/v1/records", json=VISIT | change)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
        assert answer.json()["errors"][0]["field"] == field


async def test_each_records_and_sees_what_is_theirs(city: World) -> None:
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    strangers = (
        city.as_(Role.UNIT_OPERATOR, unit_id="u2"),
        city.as_(Role.AREA_MANAGER, areas={"440310002"}),
    )
    id = (await operator.post("/v1/records", json=VISIT | {"words": "密"})).json()["id"]
    for client in (operator, manager):
        [one] = (await client.get("/v1/records")).json()["items"]
        assert (one["id"], one["words"]) == (id, "密")
    for client in strangers:
        assert (await client.post("/v1/records", json=VISIT)).status_code == 403
        assert (
            await client.post(f"/v1/records/{id}/void", json={"reason": "x"})
        ).status_code == 403
        assert (await client.get("/v1/records")).json()["items"] == []
        assert (await client.get("/v1/records/totals")).json()["items"] == []
    assert (await city.as_(Role.RESIDENT).post("/v1/records", json=VISIT)).status_code == 403


async def test_a_city_replaces_the_works(city: World) -> None:
    shown = await city.admin.get("/v1/works")
    table = shown.json()["table"]
    table["works"].append(
        {"code": "dike_watch", "zh": "巡堤", "en": "Dike watch", "unit": "hours",
         "doers": ["organization"]}
    )  # fmt: skip
    assert (await city.admin.post("/v1/records", json=VISIT | {"work": "dike_watch"})).is_error
    put = await city.admin.put("/v1/works", json=table, headers={"If-Match": '"1"'})
    assert (put.status_code, put.json()["version"]) == (200, 2)
    recorded = await city.admin.post("/v1/records", json=VISIT | {"work": "dike_watch"})
    assert recorded.status_code == 201
    twice = table | {"works": table["works"] * 2}
    refused = await city.admin.put("/v1/works", json=twice, headers={"If-Match": '"2"'})
    assert refused.status_code == 422
