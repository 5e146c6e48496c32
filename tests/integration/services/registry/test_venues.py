"""Venues over HTTP: owners, uses, and what is open at a moment."""

from typing import Any

import pytest

from shared.contracts.registry import VenueChanged
from shared.web.auth import Role
from tests.integration.services.registry.world import World

ORGANIZATION = {
    "id": "o1",
    "name": "六联社区党委",
    "domain": "community",
    "level": "grassroots",
    "area": "440310001001",
}


def venue(id: str, **more: Any) -> dict[str, Any]:
    hours = [{"weekday": n, "opens": "09:00", "closes": "17:30"} for n in range(1, 6)]
    return {
        "id": id,
        "name": f"{id}党群服务中心",
        "area": "440310001001",
        "organization_id": "o1",
        "uses": ["meeting", "reading"],
        "weekly": hours,
    } | more


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("organizations", [ORGANIZATION])
    return world


async def found(city: World, query: str, **role: Any) -> list[str]:
    client = city.as_(Role.RESIDENT)
    answer = await client.get(f"/v1/venues?{query}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


async def test_a_resident_finds_what_is_open_at_a_moment_for_a_use(city: World) -> None:
    holiday = [{"date": "2026-10-05", "spans": []}]
    evening = [{"weekday": 1, "opens": "18:00", "closes": "24:00"}]
    special = [{"date": "2026-10-05", "spans": [{"opens": "10:00", "closes": "11:00"}]}]
    results = await city.load(
        "venues",
        [
            venue("v1", address="六联路1号", point={"longitude": 114.35, "latitude": 22.69}),
            venue("v2", exceptions=holiday, uses=["dining"]),
            venue("v3", area="440310002001", weekly=evening, exceptions=special),
            venue("v4", weekly=[]),
        ],
    )
    assert [one["status"] for one in results] == ["created"] * 4
    monday = "2026-09-28T10:30:00%2B08:00"
    assert await found(city, f"open_at={monday}") == ["v1", "v2"]
    assert await found(city, f"open_at={monday}&use=dining") == ["v2"]
    assert await found(city, f"open_at={monday}&area=440310002") == []
    assert await found(city, "open_at=2026-09-28T02:30:00Z") == ["v1", "v2"]
    assert await found(city, "open_at=2026-09-28T15:59:59Z") == ["v3"]
    assert await found(city, "open_at=2026-10-05T10:30:00%2B08:00") == ["v1", "v3"]
    assert await found(city, "open_at=2026-10-04T10:30:00%2B08:00") == []
    assert await found(city, f"open_at={monday}&limit=1") == ["v1"]
    assert await found(city, "area=440310001&use=reading") == ["v1", "v4"]
    shown = (await city.admin.get("/v1/venues/v3")).json()
    assert shown["weekly"] == evening
    assert shown["exceptions"] == special
    await city.admin.delete("/v1/venues/v1")
    assert await found(city, f"open_at={monday}") == ["v2"]
    events = [one.data for one in await city.events(15) if isinstance(one.data, VenueChanged)]
    [first, *_] = [event for event in events if event.venue_id == "v1"]
    assert (first.address, first.uses, first.weekly[0].opens) == (
        "六联路1号",
        ("meeting", "reading"),
        540,
    )


async def test_a_unit_keeps_its_own_venues_and_nobody_elses(city: World) -> None:
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    own = venue("own", organization_id=None, unit_id="u1")
    assert (await operator.post("/v1/venues", json=own)).status_code == 201
    assert (await operator.post("/v1/venues", json=venue("other"))).status_code == 403
    manager = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    assert (await manager.post("/v1/venues", json=venue("other"))).status_code == 403
    assert (await city.as_(Role.RESIDENT).post("/v1/venues", json=own)).status_code == 403
    refused = await city.admin.post("/v1/venues", json=venue("v9", uses=["sleeping"]))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unknown-use")
    assert "dining" in refused.json()["allowed"]
    # The city adds a use of its own.
    table = (await city.admin.get("/v1/venue-uses")).json()["table"]
    table["uses"].append({"code": "sleeping", "zh": "临时庇护", "en": "Shelter"})
    await city.admin.put("/v1/venue-uses", json=table, headers={"If-Match": "*"})
    assert (
        await city.admin.post("/v1/venues", json=venue("v9", uses=["sleeping"]))
    ).status_code == 201
    crossed = venue("v10", weekly=[{"weekday": 1, "opens": "22:00", "closes": "02:00"}])
    wrong = await city.admin.post("/v1/venues", json=crossed)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "weekly.0")
    assert "跨零点" in wrong.json()["detail"]
