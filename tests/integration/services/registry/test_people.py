"""People over HTTP: members and volunteers are registered once (issue 3, item 5)."""

import asyncio
from typing import Any

import pytest

from services.registry.numbers import made_number, mistyped
from shared.contracts.registry import VolunteerChanged
from shared.web.auth import Role
from tests.integration.services.registry.world import World

ORGANIZATION = {
    "id": "o1", "name": "供水公司党支部", "domain": "state_enterprise", "level": "grassroots",
    "unit_id": "u1",
}  # fmt: skip
WANG: dict[str, Any] = {
    "name": "王芳", "telephone": "13800001234", "grid_id": "g1", "organization_id": "o1",
    "skills": ["first_aid"], "services": ["elderly_care"], "unit_id": "u1",
}  # fmt: skip
CARD = "11010519491231002X"


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("organizations", [ORGANIZATION])
    return world


async def register(world: World, **more: Any) -> str:
    answer = await world.admin.post("/v1/people", json=WANG | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def person(world: World, id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.admin.get(f"/v1/people/{id}")).json()
    return found


async def test_members_and_volunteers_are_registered_once_with_a_number(city: World) -> None:
    id = await register(city)
    member = await person(city, id)
    assert (len(member["number"]), mistyped(member["number"])) == (8, False)
    assert (member["organization_id"], member["services"]) == ("o1", ["elderly_care"])
    spoken = f"{member['number'][:4]} {member['number'][4:]}"
    for asked in (f"number={spoken}", "organization_id=o1", "service=elderly_care"):
        [found] = (await city.admin.get(f"/v1/people?{asked}")).json()["items"]
        assert found["id"] == id
    again = await city.admin.post("/v1/people", json=WANG | {"telephone": "+86 138-0000-1234"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/person-registered")
    assert (again.json()["id"], again.json()["where"]) == (id, f"/v1/people/{id}")
    # A couple may share a telephone, and two people a name.
    others = [await register(city, name="李强"), await register(city, telephone="13800001235")]
    numbers = {(await person(city, one))["number"] for one in (id, *others)}
    assert len(numbers) == 3
    changed = WANG | {"name": "李强", "capacity": 0}
    answer = await city.admin.put(f"/v1/people/{id}", json=changed, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["id"]) == (409, others[0])
    kept = await city.admin.put(
        f"/v1/people/{id}", json=WANG | {"capacity": 0}, headers={"If-Match": "*"}
    )
    assert (kept.json()["number"], kept.json()["capacity"]) == (member["number"], 0)
    told = [event for event in await city.events(13) if event.subject == id]
    assert isinstance(told[-1].data, VolunteerChanged)
    assert (told[-1].data.organization_id, told[-1].data.capacity) == ("o1", 0)
    assert "王芳" not in str(told)
    assert "13800001234" not in str(told)


async def test_who_may_not_see_the_person_is_not_told_who_it_is(city: World) -> None:
    await city.load("grids", [{"id": "g2", "name": "二", "area": "440310002",
                               "communities": ["440310002001"]}])  # fmt: skip
    id = await register(city, number="SZ-2026-17")
    manager = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    twice = await manager.post("/v1/people", json=WANG | {"grid_id": "g2"})
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/person-registered")
    taken = await manager.post(
        "/v1/people", json=WANG | {"name": "新人", "grid_id": "g2", "number": "SZ202617"}
    )
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/number-registered")
    assert id not in twice.text + taken.text
    assert (await person(city, id))["number"] == "SZ202617"


async def test_an_identity_card_number_is_refused_with_what_to_do(city: World) -> None:
    for number in (CARD, CARD.lower(), "110105 19491231 002X", "110105491231002"):
        answer = await city.admin.post("/v1/people", json=WANG | {"number": number})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "number")
        assert "身份证" in answer.text
        assert "留空" in answer.text
    by_id = await city.admin.post("/v1/people", json=WANG | {"id": CARD.lower()})
    assert (by_id.status_code, by_id.json()["errors"][0]["field"]) == (422, "id")
    await register(city)
    mistaken = await city.admin.get("/v1/people?number=10000014")
    assert (mistaken.status_code, mistaken.json()["type"]) == (422, "/problems/number-mistyped")
    assert (await city.admin.get("/v1/people?number=10009993")).json()["items"] == []


async def test_of_racing_creations_one_wins(city: World) -> None:
    answers = await asyncio.gather(
        *(city.admin.post("/v1/people", json=WANG) for _ in range(12)),
        *(
            city.admin.post("/v1/people", json=WANG | {"name": f"甲{n}", "number": "N0001"})
            for n in range(12)
        ),
    )
    for half in (answers[:12], answers[12:]):
        won = [answer.json()["id"] for answer in half if answer.status_code == 201]
        assert len(won) == 1
        lost = [answer for answer in half if answer.status_code != 201]
        assert {(answer.status_code, answer.json()["id"]) for answer in lost} == {(409, won[0])}


async def test_of_racing_changes_one_wins(city: World) -> None:
    ids = [await register(city, name=f"甲{n}") for n in range(4)]
    answers = await asyncio.gather(
        *(city.admin.put(f"/v1/people/{id}", json=WANG, headers={"If-Match": "*"}) for id in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_a_file_registers_each_person_once(city: World) -> None:
    existing = await register(city)
    rows = [
        WANG | {"id": "p1"},  # registered already
        WANG | {"id": "p2", "name": "李强"},
        WANG | {"id": "p3", "name": "李强"},  # the same twice in the file
        WANG | {"id": "p4", "name": "赵六", "number": "SZ001"},
        WANG | {"id": "p5", "name": "孙七", "number": "SZ001"},
        WANG | {"id": "p6", "name": "周八", "number": CARD},
        {"name": "吴九", "number": "SZ009", "grid_id": "g1"},  # known by the number
    ]
    first = await city.load("people", rows)
    assert [(r["status"], r.get("code")) for r in first] == [
        ("rejected", "person-registered"),
        ("created", None),
        ("rejected", "person-registered"),
        ("created", None),
        ("rejected", "number-registered"),
        ("rejected", "invalid-content"),
        ("created", None),
    ]
    assert existing in first[0]["reason"]["zh"]
    assert "p2" in first[2]["reason"]["en"]
    again = await city.load("people", rows)
    assert [r["status"] for r in again] == [
        "rejected", "unchanged", "rejected", "unchanged", "rejected", "rejected", "unchanged",
    ]  # fmt: skip
    numbers = [(await person(city, id))["number"] for id in ("p2", "p4")]
    assert (mistyped(numbers[0]), numbers[1]) == (False, "SZ001")


async def test_made_numbers_pass_over_those_that_the_city_brought(city: World) -> None:
    brought = [made_number(1_000_000 + n) for n in range(40)]
    rows = [
        {"id": f"old{n}", "name": f"老{n}", "grid_id": "g1", "number": number}
        for n, number in enumerate(brought)
    ]
    assert {r["status"] for r in await city.load("people", rows)} == {"created"}
    fresh = [{"id": f"new{n}", "name": f"新{n}", "grid_id": "g1"} for n in range(20)]
    assert {r["status"] for r in await city.load("people", fresh)} == {"created"}
    single = await register(city)
    made = [(await person(city, id))["number"] for id in (*(f"new{n}" for n in range(20)), single)]
    assert len({*made, *brought}) == 61


async def test_the_record_sheet_sums_what_was_recorded(city: World) -> None:
    id = await register(city)
    stranger = await register(city, name="李强")
    works = [
        ("training", 8, "急救培训"), ("service_hours", 2.5, None), ("service_hours", 4, "助餐"),
        ("award", 1, "三星志愿者"), ("rating", 5, None), ("certificate", 1, "急救员证"),
    ]  # fmt: skip
    for day, (work, quantity, words) in enumerate(works, 1):
        body = {"work": work, "person_id": id, "quantity": quantity, "words": words,
                "at": f"2026-03-0{day}T09:00:00+08:00"}  # fmt: skip
        made = await city.admin.post("/v1/records", json=body)
        assert made.status_code == 201, made.text
    mistake = {"work": "service_hours", "person_id": id, "quantity": 90}
    mistake["at"] = "2026-03-09T09:00:00Z"
    wrong = await city.admin.post("/v1/records", json=mistake)
    await city.admin.post(f"/v1/records/{wrong.json()['id']}/void", json={"reason": "多记"})

    own = city.as_(Role.VOLUNTEER, volunteer_id=id)
    sheet = (await own.get(f"/v1/people/{id}/record")).json()
    assert (sheet["person"]["name"], sheet["person"]["telephone"]) == ("王芳", "13800001234")
    assert [
        (item["item"], item["label"]["zh"], item["totals"][0]["records"],
         item["totals"][0]["quantity"], item["totals"][0]["unit"])
        for item in sheet["items"]
    ] == [
        ("training", "培训信息", 1, 8, "hours"),
        ("service_hours", "服务时间", 2, 6.5, "hours"),
        ("awards", "表彰奖励", 1, 1, "times"),
        ("ratings", "评价信息", 1, 5, "points"),
        ("certificates", "证书信息", 1, 1, "times"),
    ]  # fmt: skip
    hours = sheet["items"][1]["latest"]
    assert [(entry["quantity"], entry["words"]) for entry in hours] == [(4, "助餐"), (2.5, None)]
    operator = await city.as_(Role.UNIT_OPERATOR, unit_id="u1").get(f"/v1/people/{id}/record")
    assert (operator.status_code, operator.json()["person"]["name"]) == (200, None)
    assert operator.json()["items"] == sheet["items"]
    for client in (
        city.as_(Role.VOLUNTEER, volunteer_id=stranger),
        city.as_(Role.RESIDENT),
        city.as_(Role.AREA_MANAGER, areas={"440310002"}),
    ):
        assert (await client.get(f"/v1/people/{id}/record")).status_code == 403
