"""Organizations in eight domains over HTTP (policy, art. 5, 6, 14)."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.registry.duties.decisions import due_by, span_of
from shared.contracts.registry import OrganizationChanged, UnitChanged
from shared.contracts.words import Domain
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World

ANY = {"If-Match": "*"}
YEAR = datetime.now(ZoneInfo("Asia/Shanghai")).year


def organization(id: str, domain: str, area: str = "440310001", **rest: Any) -> dict[str, Any]:
    return {
        "id": id, "name": f"{id}党支部", "domain": domain, "level": "grassroots", "area": area,
        "founded": "2020-01-01",
    } | rest  # fmt: skip


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    rows = [organization(f"o-{domain.value}", domain.value) for domain in Domain]
    assert {row["status"] for row in await world.load("organizations", rows)} == {"created"}
    return world


async def record(world: World, who: str, work: str, day: str, quantity: float = 1) -> str:
    body = {"work": work, "at": f"{day}T10:00:00+08:00", "organization_id": who,
            "quantity": quantity}  # fmt: skip
    answer = await world.admin.post("/v1/records", json=body)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["id"]
    return id


async def duties(world: World, who: str, year: int = 2025) -> dict[str, dict[str, Any]]:
    answer = await world.admin.get(f"/v1/organizations/{who}/duties?year={year}")
    assert answer.status_code == 200, answer.text
    return {duty["work"]: duty for duty in answer.json()["duties"]}


async def test_each_domain_has_its_own_duties_against_which_work_counts(city: World) -> None:
    works = {domain.value: set(await duties(city, f"o-{domain.value}")) for domain in Domain}
    assert works["village"] == {"household_visit", "paired_help", "policy_talk"}
    assert works["community"] == {"town_hall_talk", "household_visit", "cultural_activity"}
    assert "staff_request" in works["state_enterprise"]
    assert set.union(*works.values()) == {
        "household_visit", "paired_help", "town_hall_talk", "staff_request",
        "cultural_activity", "policy_talk",
    }  # fmt: skip
    for day in ("2025-01-01", "2025-06-02", "2025-12-31"):
        await record(city, "o-village", "household_visit", day, 12)
    wrong = await record(city, "o-village", "household_visit", "2025-07-01", 99)
    await record(city, "o-village", "household_visit", "2024-12-31", 50)
    await city.admin.post(f"/v1/records/{wrong}/void", json={"reason": "重复"})
    visits = (await duties(city, "o-village"))["household_visit"]
    assert visits["label"] == {"zh": "入户走访", "en": "Household visit"}
    assert (visits["times"], visits["due"], visits["done"], visits["missing"]) == (4, 4, 3, 1)
    assert (visits["quantity"], visits["unit"], visits["article"]) == (36.0, "households", 5)
    assert visits["what_is_missing"]["zh"].startswith("“入户走访”到目前应有 4 次，已记录 3 次")
    await record(city, "o-village", "household_visit", "2025-08-01")
    visits = (await duties(city, "o-village"))["household_visit"]
    assert (visits["missing"], visits["what_is_missing"]) == (0, None)
    # Of this year, what is due by now.
    zone = ZoneInfo("Asia/Shanghai")
    this = (await duties(city, "o-village", YEAR))["household_visit"]
    assert this["due"] == due_by(4, span_of(YEAR, zone), datetime.now(UTC))


async def test_a_city_replaces_the_duties(city: World) -> None:
    table = {"duties": [
        {"domain": "village", "work": "household_visit", "times": 1, "quantity": 30, "article": 5},
    ]}  # fmt: skip
    put = await city.admin.put("/v1/duties", json=table, headers={"If-Match": '"1"'})
    assert put.status_code == 200, put.text
    await record(city, "o-village", "household_visit", "2025-03-01", 12)
    [visits] = (await duties(city, "o-village")).values()
    assert (visits["missing"], visits["due_quantity"], visits["missing_quantity"]) == (0, 30, 18)
    assert "数量还差 18" in visits["what_is_missing"]["zh"]
    assert await duties(city, "o-agency") == {}


async def behind(client: Any, query: str) -> list[dict[str, Any]]:
    """All pages of those behind."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await client.get(f"/v1/duties/behind?year=2025&{query}{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


async def test_those_behind_are_listed_by_area(city: World) -> None:
    table = {"duties": [
        {"domain": "village", "work": "household_visit", "times": 1},
        {"domain": "village", "work": "policy_talk", "times": 1},
    ]}  # fmt: skip
    await city.admin.put("/v1/duties", json=table, headers={"If-Match": '"1"'})
    rows = [
        organization(f"v{n}", "village", "440310001" if n % 2 else "440310002") for n in range(9)
    ]
    await city.load("organizations", rows)
    for n in range(5):
        await record(city, f"v{n}", "household_visit", "2025-02-02")
    await record(city, "v1", "policy_talk", "2025-02-02")
    await city.admin.delete("/v1/organizations/v8")
    both = ["household_visit", "policy_talk"]
    await behind_are(city, {
        "v0": ["policy_talk"], "v2": ["policy_talk"], "v3": ["policy_talk"],
        "v4": ["policy_talk"], "v5": both, "v6": both, "v7": both, "o-village": both,
    })  # fmt: skip
    street = await behind(city.admin, "area=440310002&work=household_visit")
    assert [one["organization_id"] for one in street] == ["v6"]
    manager = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    mine = await behind(manager, "limit=1")
    assert {one["organization_id"] for one in mine} == {"v0", "v2", "v4", "v6"}
    assert (await manager.get("/v1/duties/behind?area=440310001")).status_code == 403
    assert (await manager.get("/v1/organizations/v1/duties")).status_code == 403
    assert (await manager.get("/v1/organizations/v2/duties")).status_code == 200
    assert await behind(city.admin, "domain=agency") == []


async def behind_are(world: World, wanted: dict[str, list[str]], query: str = "") -> None:
    """Once the sums have been made: these, each once, page by page."""

    async def so() -> bool:
        items = await behind(world.admin, f"limit=2{query}")
        found = {one["organization_id"]: [d["work"] for d in one["duties"]] for one in items}
        assert len(items) == len(found)
        assert found == wanted
        return True

    await eventually(so, 30)


async def test_who_is_behind_follows_records_the_table_and_the_day_of_founding(
    city: World,
) -> None:
    table = {"duties": [{"domain": "village", "work": "household_visit", "times": 2}]}
    await city.admin.put("/v1/duties", json=table, headers={"If-Match": '"1"'})
    rows = [
        organization("new", "village", founded="2025-07-01"),  # owes one of the two
        organization("late", "village", founded="2025-12-01"),  # owes none
        organization("untold", "village", founded=None),  # owes none of before it was registered
    ]
    assert {row["status"] for row in await city.load("organizations", rows)} == {"created"}
    visits = ["household_visit"]
    await behind_are(city, {"o-village": visits, "new": visits})
    first = await record(city, "new", "household_visit", "2025-08-01")
    for day in ("2025-03-01", "2025-09-01"):
        await record(city, "o-village", "household_visit", day)
    await behind_are(city, {})
    own = await city.admin.get("/v1/organizations/new/duties?year=2025")
    assert own.json()["founded"] == "2025-07-01"
    [duty] = own.json()["duties"]
    assert (duty["times"], duty["due"], duty["missing"]) == (2, 1, 0)
    untold = (await city.admin.get(f"/v1/organizations/untold/duties?year={YEAR}")).json()
    assert (untold["founded"], untold["duties"][0]["due"]) == (None, 0)
    assert datetime.fromisoformat(untold["begun"]).year == datetime.now(UTC).year
    await city.admin.post(f"/v1/records/{first}/void", json={"reason": "重复"})
    await behind_are(city, {"new": visits})
    table["duties"][0]["times"] = 4
    await city.admin.put("/v1/duties", json=table, headers={"If-Match": '"2"'})
    await behind_are(city, {"new": visits, "o-village": visits})


async def test_a_unit_under_vertical_management_has_two_lines(city: World) -> None:
    bureau = {"id": "tax-city", "name": "市税务局", "domain": "agency", "system": "taxation"}
    office = {
        "id": "tax-east", "name": "坪山税务所", "domain": "agency", "area": "440310001",
        "system": "taxation", "superior_unit_id": "tax-city",
        "superior_organization_id": "o-agency",
    }  # fmt: skip
    for body in (bureau, office):
        assert (await city.admin.post("/v1/units", json=body)).status_code == 201
    read = (await city.admin.get("/v1/units/tax-east")).json()
    assert (read["system"], read["superior_unit_id"], read["area"]) == (
        "taxation", "tax-city", "440310001",
    )  # fmt: skip
    for query, ids in (
        ("system=taxation", ["tax-east", "tax-city"]),
        ("system=taxation&area=440310001", ["tax-east"]),
        ("superior_unit_id=tax-city", ["tax-east"]),
    ):
        items = (await city.admin.get(f"/v1/units?{query}")).json()["items"]
        assert [item["id"] for item in items] == ids
    for change, code in (
        ({"superior_unit_id": "nobody"}, "unknown-reference"),
        ({"superior_organization_id": "nobody"}, "unknown-reference"),
        ({"superior_unit_id": "tax-east"}, "superior-is-itself"),
    ):
        answer = await city.admin.put("/v1/units/tax-east", json=office | change, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
    under = bureau | {"superior_unit_id": "tax-east"}
    turned = await city.admin.put("/v1/units/tax-city", json=under, headers=ANY)
    assert (turned.status_code, turned.json()["type"]) == (422, "/problems/parent-cycle")
    [again] = await city.load("units", [under])
    assert (again["status"], again["field"], again["code"]) == (
        "rejected", "superior_unit_id", "parent-cycle",
    )  # fmt: skip
    events = await city.events(6 + 1 + 1 + 8 + 2)
    [told] = [e.data for e in events if isinstance(e.data, UnitChanged) and e.subject == "tax-east"]
    assert (told.system, told.superior_unit_id, told.superior_organization_id) == (
        "taxation", "tax-city", "o-agency",
    )  # fmt: skip


async def test_ways_of_founding_and_who_took_over(city: World) -> None:
    ways = ["alone", "joint_area", "trade", "building", "business_park", "market",
            "housing_estate", "online", "mobile_members", "interest_group"]  # fmt: skip
    rows = [organization(f"w-{n}", "community", founding=way) for n, way in enumerate(ways)]
    assert {row["status"] for row in await city.load("organizations", rows)} == {"created"}
    items = (await city.admin.get("/v1/organizations?founding=building")).json()["items"]
    assert [item["id"] for item in items] == ["w-3"]
    body = rows[3]
    heirs = {"retired": True, "successors": ["w-4", "w-5"]}
    for change, code in (
        ({"successors": ["w-4"]}, "successors-of-retired"),
        (heirs | {"successors": ["w-3"]}, "successors-of-retired"),
        (heirs | {"successors": ["nobody"]}, "unknown-reference"),
    ):
        answer = await city.admin.put("/v1/organizations/w-3", json=body | change, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
    answer = await city.admin.put("/v1/organizations/w-3", json=body | heirs, headers=ANY)
    assert (answer.json()["retired"], answer.json()["successors"]) == (True, ["w-4", "w-5"])
    # A file that has no columns for them takes nothing away.
    fewer = [
        {name: row[name] for name in ("id", "name", "domain", "level", "area")} for row in rows
    ]
    assert {row["status"] for row in await city.load("organizations", fewer)} == {"unchanged"}
    back = await city.admin.put(
        "/v1/organizations/w-3", json=body | {"retired": False}, headers=ANY
    )
    assert back.json()["successors"] == []
    events = await city.events(6 + 1 + 1 + 8 + 10 + 2)
    told = [
        e.data for e in events if isinstance(e.data, OrganizationChanged) and e.subject == "w-3"
    ]
    assert [(one.retired, one.successors, one.founding) for one in told] == [
        (False, (), "building"), (True, ("w-4", "w-5"), "building"), (False, (), "building"),
    ]  # fmt: skip


async def test_no_organization_stands_above_one_of_a_higher_level(city: World) -> None:
    county = organization("county", "agency", "440310", level="county")
    bureau = organization("bureau", "agency", "440310", level="county", parent="county")
    assert {row["status"] for row in await city.load("organizations", [county, bureau])} == {
        "created"
    }
    for body, code in (
        (bureau | {"parent": "o-agency"}, "level-above-parent"),
        (county | {"level": "township"}, "level-below-children"),
    ):
        address = f"/v1/organizations/{body['id']}"
        answer = await city.admin.put(address, json=body, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (422, f"/problems/{code}")
    await city.admin.delete("/v1/organizations/bureau")
    lower = county | {"level": "township"}
    lowered = await city.admin.put("/v1/organizations/county", json=lower, headers=ANY)
    assert lowered.status_code == 200
