"""The backbone over HTTP and Kafka: terms, vacancies longer than three months, training."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.settings import Settings
from shared.storage.client import Database, connect
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, registry_settings, running, told

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
PEOPLE = [{"id": f"p{n}", "name": f"王{n}", "grid_id": "g1"} for n in range(1, 4)]


def day(offset: int) -> str:
    return (NOW + offset * DAY).isoformat()


def term(person: str, since: int, until: int, **more: Any) -> dict[str, Any]:
    said = {"post": "secretary", "person_id": person, "chosen": "elected"}
    return said | {"since": day(since), "until": day(until)} | more


def organization(id: str, area: str = "440310001001", **more: Any) -> dict[str, Any]:
    said = {"id": id, "name": f"{id}党支部", "domain": "community", "level": "grassroots"}
    return said | {"area": area} | more


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[Database]:
    client = connect(settings.mongodb_uri, settings.mongo_driver)
    try:
        yield client.database(settings.database_name)
    finally:
        await client.close()


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("organizations", [organization("o1"), organization("o2", "440310002001")])
    await world.load("people", PEOPLE)
    return world


async def appoint(client: httpx.AsyncClient, id: str, body: dict[str, Any], key: str = "") -> str:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(f"/v1/organizations/{id}/terms", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def listed(client: httpx.AsyncClient, path: str) -> list[str]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return [one["organization_id"] for one in answer.json()["items"]]


def short(events: list[Event]) -> list[str]:
    ours = sorted(events, key=lambda event: (event.subject, event.sequence))
    return [f"{event.subject} {event.type.split('.')[2]}" for event in ours]


async def test_secretaries_and_first_secretaries_have_terms_that_do_not_overlap(
    city: World,
) -> None:
    first = await appoint(city.admin, "o1", term("p1", -100, 900), "once")
    assert await appoint(city.admin, "o1", term("p1", -100, 900), "once") == first
    again = await city.admin.post(
        "/v1/organizations/o1/terms",
        json=term("p2", -100, 900),
        headers={"Idempotency-Key": "once"},
    )
    assert again.json()["type"] == "/problems/idempotency-key-reused"
    overlap = await city.admin.post("/v1/organizations/o1/terms", json=term("p2", 0, 1000))
    assert (overlap.status_code, overlap.json()["type"]) == (422, "/problems/term-overlaps")
    assert first in overlap.json()["detail"]
    sent = {"post": "first_secretary", "chosen": "sent", "from_unit": "u1"}
    await appoint(city.admin, "o1", term("p2", 0, 730, **sent))
    ended = await city.admin.post(
        f"/v1/organizations/o1/terms/{first}/end", json={"at": day(-1), "reason": "transferred"}
    )
    assert ended.status_code == 200, ended.text
    await appoint(city.admin, "o1", term("p3", -1, 1000))
    shown = (await city.admin.get("/v1/organizations/o1/terms")).json()
    assert [(one["post"], one["person_id"], one["reason"]) for one in shown["terms"]] == [
        ("secretary", "p1", "transferred"),
        ("first_secretary", "p2", None),
        ("secretary", "p3", None),
    ]
    assert shown["vacancy_overdue_at"] is None
    events = await told(city, topics.BACKBONE, 4)
    assert short(events) == ["o1 appointed", "o1 appointed", "o1 term_ended", "o1 appointed"]
    assert "王" not in str([event.data for event in events])


async def test_vacancies_longer_than_three_months_are_listed_and_told_once_and_again_when_filled(
    city: World,
) -> None:
    await appoint(city.admin, "o1", term("p1", -400, -200))
    await appoint(city.admin, "o2", term("p2", -400, -45))  # vacant, but not for so long
    found = (await city.admin.get("/v1/vacancies")).json()
    [one] = found["items"]
    assert (one["organization_id"], one["organization"]) == ("o1", "o1党支部")
    assert datetime.fromisoformat(one["since"]) == NOW - 200 * DAY
    assert "登记任期" in found["what_to_do"]["zh"]
    assert "secretary" in found["what_to_do"]["en"]
    assert await listed(city.admin, "/v1/vacancies?area=440310001") == ["o1"]
    assert await listed(city.admin, "/v1/vacancies?area=440310002") == []
    # The city allows less: those who are behind it now are told of too.
    table = (await city.admin.get("/v1/backbone-rules")).json()["table"]
    put = await city.admin.put(
        "/v1/backbone-rules", json=table | {"vacancy_months": 1}, headers={"If-Match": "*"}
    )
    assert put.status_code == 200

    async def both() -> bool:
        return await listed(city.admin, "/v1/vacancies") == ["o1", "o2"]

    await eventually(both)
    await appoint(city.admin, "o1", term("p3", -1, 1000))
    assert await listed(city.admin, "/v1/vacancies") == ["o2"]
    assert short(await told(city, topics.BACKBONE, 8)) == [
        "o1 appointed",
        "o1 term_ended",
        "o1 vacancy_overdue",
        "o1 appointed",
        "o1 vacancy_ended",
        "o2 appointed",
        "o2 term_ended",
        "o2 vacancy_overdue",
    ]


async def test_an_organization_that_never_had_a_secretary_is_vacant_from_its_beginning(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with database_of(settings) as database:
        # A city that has counted vacancies for years.
        began = {"_id": "began", "at": NOW - 2000 * DAY}
        await database["followers"].insert_one(began)
        async with running(settings) as world:
            await world.city()
            await world.load("organizations", [organization(f"o{n}") for n in range(3)])
            founded = {"$set": {"created_at": NOW - 120 * DAY}}
            await database["organizations"].update_one({"_id": "o1"}, founded)
            for id in ("o1", "o2"):
                changed = await world.admin.put(
                    f"/v1/organizations/{id}",
                    json=organization(id, name="改名"),
                    headers={"If-Match": "*"},
                )
                assert changed.status_code == 200

            async def vacant() -> bool:
                return await listed(world.admin, "/v1/vacancies") == ["o1"]

            await eventually(vacant)
            [event] = await told(world, topics.BACKBONE, 1)
            assert event.type == "lianxin.backbone.vacancy_overdue.v1"
            await world.admin.delete("/v1/organizations/o1")

            async def nothing() -> bool:
                return await listed(world.admin, "/v1/vacancies") == []

            await eventually(nothing)
            _, ended = await told(world, topics.BACKBONE, 2)
            assert ended.data is not None
            assert ended.data.model_dump()["how"] == "out_of_service"


async def test_terms_that_end_soon_are_listed_until_somebody_follows(city: World) -> None:
    await appoint(city.admin, "o1", term("p1", -400, 60))
    await appoint(city.admin, "o2", term("p2", -400, 200))
    assert await listed(city.admin, "/v1/terms/ending") == ["o1"]
    follows = (NOW + 60 * DAY).isoformat()
    await appoint(city.admin, "o1", term("p3", 0, 1500) | {"since": follows})
    assert await listed(city.admin, "/v1/terms/ending") == []


async def test_every_secretary_is_trained_within_three_years_or_listed_as_overdue(
    city: World,
) -> None:
    await appoint(city.admin, "o1", term("p1", -1200, 600))
    await appoint(city.admin, "o2", term("p2", -900, 600))
    path = "/v1/trainings/overdue"
    assert await listed(city.admin, path) == ["o1"]
    assert await listed(city.admin, f"{path}?area=440310002") == []
    shown = (await city.admin.get(path)).json()
    [training] = shown["items"][0]["trainings"]
    assert (training["person_id"], training["last"], training["overdue"]) == ("p1", None, True)
    assert datetime.fromisoformat(training["due"]) < NOW - 100 * DAY
    assert "8 学时" in shown["what_to_do"]["zh"]
    course = {"work": "secretary_training", "person_id": "p1", "at": day(-10)}

    async def record(hours: float) -> str:
        answer = await city.admin.post("/v1/records", json=course | {"quantity": hours})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def last() -> Any:
        shown = (await city.admin.get("/v1/organizations/o1/terms")).json()
        return shown["trainings"][0]["last"]

    await record(5)
    await eventually(last)
    assert await listed(city.admin, path) == ["o1"]  # not enough
    second = await record(3)

    async def trained() -> bool:
        return await listed(city.admin, path) == []

    await eventually(trained)
    # A record that was wrong drops out.
    voided = await city.admin.post(f"/v1/records/{second}/void", json={"reason": "未参加"})
    assert voided.status_code == 200

    async def overdue() -> bool:
        return await listed(city.admin, path) == ["o1"]

    await eventually(overdue)


async def test_each_sees_and_enters_what_is_theirs_page_by_page(city: World) -> None:
    await city.load("organizations", [organization("o3", unit_id="u1"), organization("o4")])
    for n, id in enumerate(("o1", "o2", "o3", "o4")):
        await appoint(city.admin, id, term("p1", -900 + n, -800 + n))
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")

    async def seen() -> bool:
        return await listed(city.admin, "/v1/vacancies") == ["o1", "o2", "o3", "o4"]

    await eventually(seen)
    assert await listed(manager, "/v1/vacancies") == ["o1", "o3", "o4"]
    assert await listed(operator, "/v1/vacancies") == ["o3"]
    paged: list[str] = []
    query = "?limit=2"
    while query:
        page = (await city.admin.get(f"/v1/vacancies{query}")).json()
        paged += [one["organization_id"] for one in page["items"]]
        query = page["next"] and f"?limit=2&cursor={page['next']}"
    assert paged == ["o1", "o2", "o3", "o4"]
    refused = await manager.get("/v1/vacancies?area=440310002")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/wrong-area")
    for client, id in ((manager, "o2"), (operator, "o1")):
        assert (await client.get(f"/v1/organizations/{id}/terms")).status_code == 403
        answer = await client.post(f"/v1/organizations/{id}/terms", json=term("p1", 0, 10))
        assert answer.status_code == 403
    await appoint(manager, "o4", term("p1", -10, 10))
    await appoint(operator, "o3", term("p1", -10, 10))
    for role in (Role.RESIDENT, Role.VOLUNTEER, Role.GRID_LEADER):
        client = city.as_(role, areas={"4403"})
        for path in ("/v1/vacancies", "/v1/terms/ending", "/v1/trainings/overdue"):
            assert (await client.get(path)).status_code == 403
    for change, code in (
        ({"person_id": "nobody"}, "unknown-reference"),
        ({"chosen": "sent", "from_unit": "none"}, "unknown-reference"),
        ({"until": day(-60)}, "term-order"),
        ({"since": "0001-01-01T00:00:00Z"}, "invalid-content"),
    ):
        body = term("p1", -20, 10) | change
        answer = await city.admin.post("/v1/organizations/o1/terms", json=body)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
    assert (await city.admin.get("/v1/organizations/none/terms")).status_code == 404
