"""Items 1 and 5 of issue 3, each in one test that reads like its sentence.

Edges and races have tests of their own (docs/registry/proof.md); here is the whole of an item, on
one registry for both.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from services.registry.checkins.decisions import months_after
from shared.contracts.words import Domain
from shared.spans import moment
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.agreements import fine, made, refused
from tests.integration.services.registry.world import World, registry_settings, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANY = {"If-Match": "*"}
STREET, COMMUNITY = "440310001", "440310001001"
WORKS = {
    "household_visit", "paired_help", "town_hall_talk", "staff_request", "cultural_activity",
    "policy_talk",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[World]:
    """A city whose street's organization has one of each of the eight domains under it."""
    name = f"t{uuid4().hex[:12]}"
    async with running(registry_settings(kafka_bootstrap, mongodb_uri, name)) as world:
        await world.city()
        street = {"id": "street", "name": "坪山街道党工委", "domain": "community",
                  "level": "township", "area": STREET}  # fmt: skip
        made(await world.admin.post("/v1/organizations", json=street))
        for domain in Domain:
            place = {"unit_id": "u1"} if domain.value == "state_enterprise" else {"area": STREET}
            branch = {"id": domain.value, "name": f"{domain.value}党支部", "domain": domain.value,
                      "level": "grassroots", "parent": "street",
                      "founded": "2020-01-01"}  # fmt: skip
            made(await world.admin.post("/v1/organizations", json=branch | place))
        yield world


async def duties(city: World, organization: str) -> dict[str, dict[str, Any]]:
    found = fine(await city.admin.get(f"/v1/organizations/{organization}/duties?year=2025"))
    return {duty["work"]: duty for duty in found["duties"]}


async def record(city: World, work: str, quantity: float = 1, **who: str) -> None:
    body = {"work": work, "at": "2025-05-06T10:00:00+08:00", "quantity": quantity}
    made(await city.admin.post("/v1/records", json=body | who))


async def test_organizations_of_eight_domains_in_a_tree_have_duties_against_which_work_is_recorded(
    city: World,
) -> None:
    # Organizations in eight domains: tree by superior organization, level, domain, unit.
    below = fine(await city.admin.get("/v1/organizations?parent=street"))["items"]
    assert {one["domain"] for one in below} == {domain.value for domain in Domain}
    assert {one["level"] for one in below} == {"grassroots"}
    of_unit = fine(await city.admin.get("/v1/organizations?unit_id=u1"))["items"]
    assert [(one["id"], one["parent"]) for one in of_unit] == [("state_enterprise", "street")]
    street = {"name": "坪山街道党工委", "domain": "community", "level": "township", "area": STREET}
    under = street | {"parent": "village"}
    answer = await city.admin.put("/v1/organizations/street", json=under, headers=ANY)
    refused(answer, 422, "parent-cycle")
    # Each domain has its own list of service duties, against which work is recorded.
    owed = {domain.value: await duties(city, domain.value) for domain in Domain}
    assert all(owed.values())
    assert set().union(*owed.values()) == WORKS
    for domain, works in owed.items():
        for work in works:
            await record(city, work, organization_id=domain)
        done = await duties(city, domain)
        assert {duty["done"] for duty in done.values()} == {1}
        assert all(done[work]["missing"] == works[work]["missing"] - 1 for work in works)
    await record(city, "staff_request", organization_id="village")  # work, but no duty of a village
    assert "staff_request" not in await duties(city, "village")
    # The lists are data, replaceable.
    own = {"duties": [{"domain": "village", "work": "staff_request", "times": 2, "article": 5}]}
    fine(await city.admin.put("/v1/duties", json=own, headers=ANY))
    [(work, duty)] = (await duties(city, "village")).items()
    assert (work, duty["done"], duty["missing"]) == ("staff_request", 1, 1)
    # A unit under vertical management has two lines: its system and its place.
    bureau = {"id": "tax", "name": "市税务局", "domain": "agency", "system": "taxation"}
    office = bureau | {"id": "tax-east", "name": "坪山税务所", "area": STREET,
                       "superior_unit_id": "tax", "superior_organization_id": "agency"}  # fmt: skip
    for unit in (bureau, office):
        made(await city.admin.post("/v1/units", json=unit))
    for line in ("superior_unit_id=tax", f"system=taxation&area={STREET}"):
        [found] = fine(await city.admin.get(f"/v1/units?{line}"))["items"]
        assert (found["id"], found["area"]) == ("tax-east", STREET)


async def test_people_are_registered_once_check_in_within_limits_and_those_in_need_are_cared_for(
    city: World,
) -> None:
    # Members and volunteers are registered once, with a number that is not an identity card's.
    wang: dict[str, Any] = {
        "name": "王芳", "telephone": "13800001234", "grid_id": "g1", "capacity": 1,
        "organization_id": "state_enterprise", "unit_id": "u1", "skills": ["first_aid"],
        "services": ["elderly_care"],
    }  # fmt: skip
    id = made(await city.admin.post("/v1/people", json=wang))
    person = fine(await city.admin.get(f"/v1/people/{id}"))
    assert (len(person["number"]), person["skills"], person["services"]) == (
        8, ["first_aid"], ["elderly_care"],
    )  # fmt: skip
    refused(await city.admin.post("/v1/people", json=wang), 409, "person-registered")
    card = wang | {"name": "李强", "number": "11010519491231002X"}
    refused(await city.admin.post("/v1/people", json=card), 422, "invalid-content")
    # The items of the national volunteer record.
    recorded = {"training": 8, "service_hours": 2.5, "award": 1, "rating": 5, "certificate": 1}
    for work, quantity in recorded.items():
        await record(city, work, quantity, person_id=id)
    sheet = fine(await city.admin.get(f"/v1/people/{id}/record"))
    assert sheet["person"]["name"] == "王芳"
    assert {one["item"]: one["totals"][0]["quantity"] for one in sheet["items"]} == {
        "training": 8, "service_hours": 2.5, "awards": 1, "ratings": 5, "certificates": 1,
    }  # fmt: skip
    # A member and a whole organization check in to a community.
    reporter = {"community": COMMUNITY, "services": ["repairs"]}
    checkin = made(await city.admin.post("/v1/checkins", json=reporter | {"person_id": id}))
    whole = reporter | {"organization_id": "state_enterprise"}
    made(await city.admin.post("/v1/checkins", json=whole))
    # A limit on how many hold a post, and on how many posts one holds.
    rules = fine(await city.admin.get("/v1/checkin-rules"))["table"]
    rules["posts"] = [post | {"holders": 1} for post in rules["posts"]]
    rules["posts_each"] = {"people": 1, "organizations": 1}
    fine(await city.admin.put("/v1/checkin-rules", json=rules, headers=ANY))
    posts = f"/v1/checkins/{checkin}/posts"
    assert (await city.admin.post(posts, json={"post": "mediation"})).status_code == 201
    refused(await city.admin.post(posts, json={"post": "help"}), 409, "posts-each")
    li = made(await city.admin.post("/v1/people", json=wang | {"name": "李强"}))
    other = made(await city.admin.post("/v1/checkins", json=reporter | {"person_id": li}))
    full = await city.admin.post(f"/v1/checkins/{other}/posts", json={"post": "mediation"})
    refused(full, 409, "post-full")
    # The half-yearly report, and feedback to the employing unit's organization.
    due = datetime.fromisoformat(fine(await city.admin.get(f"/v1/checkins/{checkin}"))[
        "report_due_at"
    ])  # fmt: skip
    assert abs(due - months_after(moment(), 6)) < timedelta(days=2)
    fine(await city.admin.post(f"/v1/checkins/{checkin}/reports", json={"words": "每月巡河"}))
    employer = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    heard = fine(await employer.get("/v1/checkin-feedback/state_enterprise"))
    word = {"period": heard["period"], "words": "热心可靠"}
    fine(await city.admin.post(f"/v1/checkins/{checkin}/feedback", json=word))
    heard = fine(await employer.get("/v1/checkin-feedback/state_enterprise"))
    [served] = next(one for one in heard["items"] if one["person_id"] == id)["checkins"]
    assert (served["reported"], served["word"]) == (True, "热心可靠")
    # Mobile, elderly and hardship members are marked for care, with care tasks.
    for number, kind in enumerate(("mobile", "elderly", "hardship")):
        cared = wang | {"name": f"党员{number}", "telephone": f"1390000000{number}", "capacity": 0}
        who = made(await city.admin.post("/v1/people", json=cared))
        made(await city.admin.post("/v1/care", json={"person_id": who, "kind": kind}))

    async def tasks() -> list[dict[str, Any]]:
        found = fine(await city.admin.get("/v1/care?stage=due"))["items"]
        assert {one["kind"] for one in found} == {"mobile", "elderly", "hardship"}
        return list(found)

    for task in await eventually(tasks):
        visit = {"at": moment().isoformat(), "person_id": id, "words": "身体很好"}
        made(await city.admin.post(f"/v1/care/{task['id']}/visits", json=visit))
    assert fine(await city.admin.get("/v1/care?stage=due"))["items"] == []
