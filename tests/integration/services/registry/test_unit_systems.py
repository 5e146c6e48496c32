"""A unit's own system as the source of its people and organization (issue 3, item 11).

Reports come over Kafka, changes by hand over HTTP; who wins, what comes back, and who sees it.
"""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.contracts import topics
from shared.contracts.envelope import Event, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.contracts.registry import OrganizationChanged, VolunteerChanged
from shared.contracts.units import OrganizationReported, PersonReported
from shared.contracts.words import Domain
from shared.messaging.producer import Outgoing
from shared.messaging.runtime import Runtime
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World

pytestmark = pytest.mark.timeout(240)  # a new broker's first group takes its time

BRANCH = OrganizationReported(name="供水公司第一党支部", domain=Domain.STATE_ENTERPRISE)
WORKER = PersonReported(grid_id="g1", skills=("repairs",))
TELEPHONE = "10012345678"


def reported(
    subject: str, data: Payload, sequence: int = 1, unit: str = "u1", id: str | None = None
) -> Event:
    """A record as the unit's own system publishes it."""
    return Event(
        id=id or uuid7(),
        source=f"/units/{unit}",
        type=data.full_type(),
        subject=subject,
        sequence=sequence,
        time=datetime.now(UTC),
        partition_key=subject,
        trace_parent=None,
        data=data,
    )


async def publish(world: World, *events: Event) -> None:
    runtime: Runtime = world.app.state.runtime
    records = [Outgoing(topics.UNITS.name, *encode(event)) for event in events]
    results = await runtime.publisher.publish(records)
    assert not [result for result in results if isinstance(result, Exception)]


async def until(world: World, path: str, **wanted: Any) -> dict[str, Any]:
    """The entry at `path`, once it has these values."""

    async def there() -> dict[str, Any]:
        answer = await world.admin.get(path)
        if answer.status_code != 200:
            return {}
        found: dict[str, Any] = answer.json()
        return found if all(found[name] == value for name, value in wanted.items()) else {}

    return await eventually(there, 90, f"{path} is {wanted}")


async def dead_letters(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get("/v1/dead-letters")).json()["items"]
    return items


async def reasons_of(client: httpx.AsyncClient, number: int) -> dict[str, str]:
    """Reasons by subject, once there are so many dead letters."""

    async def there() -> dict[str, str]:
        found = {dead["subject"]: dead["reason"] for dead in await dead_letters(client)}
        return found if len(found) == number else {}

    return await eventually(there, 90, f"{number} are dead letters")


async def put(client: httpx.AsyncClient, path: str, **changes: Any) -> httpx.Response:
    """Change what is there by hand, as a form does: read, change, put with the ETag."""
    there = await client.get(path)
    readable = {"id", "version", "area_path", "owner"}
    body = {name: value for name, value in there.json().items() if name not in readable}
    return await client.put(path, json=body | changes, headers={"If-Match": there.headers["ETag"]})


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("units", [{"id": "u2", "name": "医院", "domain": "public_institution"}])
    return world


async def test_a_units_system_is_the_source_of_its_organization_and_people(city: World) -> None:
    organization = BRANCH.model_copy(update={"area": "440310001"})
    await publish(
        city,
        reported("organization/u1-branch-1", organization),
        reported("person/u1-0042", WORKER),
        reported("person/u1-0042", WORKER.model_copy(update={"available": False}), 2),
    )
    branch = await until(city, "/v1/organizations/u1-branch-1", owner="u1")
    assert (branch["name"], branch["unit_id"], branch["area"]) == (BRANCH.name, "u1", "440310001")
    person = await until(city, "/v1/people/u1-0042", available=False)
    assert (person["owner"], person["unit_id"], person["skills"]) == ("u1", "u1", ["repairs"])
    assert person["name"] == "（姓名待登记）"
    assert person["telephone"] is None

    # Names and telephones go by no event: they are added by hand, and the reports leave them alone.
    named = await put(city.admin, "/v1/people/u1-0042", name="王芳", telephone=TELEPHONE)
    assert named.status_code == 200, named.text
    more = WORKER.model_copy(update={"skills": ("repairs", "care")})
    await publish(city, reported("person/u1-0042", more, 3))
    person = await until(city, "/v1/people/u1-0042", skills=["repairs", "care"])
    assert (person["name"], person["telephone"], person["available"]) == ("王芳", TELEPHONE, True)

    told = [event.data for event in await city.events(14)]
    assert any(isinstance(one, OrganizationChanged) and one.unit_id == "u1" for one in told)
    assert any(isinstance(one, VolunteerChanged) and one.unit_id == "u1" for one in told)
    assert "王芳" not in str(told)

    gone = more.model_copy(update={"retired": True})
    await publish(city, reported("person/u1-0042", gone, 4))
    await until(city, "/v1/people/u1-0042", retired=True)


async def test_the_owner_wins_and_a_change_by_somebody_else_comes_back_with_the_reason(
    city: World,
) -> None:
    await publish(city, reported("organization/u1-branch-1", BRANCH))
    path = "/v1/organizations/u1-branch-1"
    await until(city, path, owner="u1")
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    refused = await put(manager, path, name="另一个名字")
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (409, "/problems/owned-by-unit")
    assert (problem["owner"], problem["fields"], problem["where"]) == (
        "u1", ["name"], f"{path}/owner",
    )  # fmt: skip
    assert "u1" in problem["detail"]
    version = (await manager.get(path)).headers["ETag"]
    retired = await manager.delete(path, headers={"If-Match": version})
    assert (retired.status_code, retired.json()["fields"]) == (409, ["retired"])
    [row] = await city.load(
        "organizations",
        [{"id": "u1-branch-1", "name": "表格", "domain": "agency", "level": "grassroots",
          "unit_id": "u1"}],
    )  # fmt: skip
    assert (row["status"], row["code"], row["field"]) == ("rejected", "owned-by-unit", "name")
    assert (await city.admin.get(path)).json()["name"] == BRANCH.name


async def test_an_administrator_takes_ownership_away_with_a_reason_and_gives_it_back(
    city: World,
) -> None:
    await publish(city, reported("organization/u1-branch-1", BRANCH))
    path = "/v1/organizations/u1-branch-1"
    await until(city, path, owner="u1")
    taken: dict[str, Any] = {"unit_id": None, "reason": "单位系统停用"}
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    assert (await manager.put(f"{path}/owner", json=taken)).status_code == 403
    assert (await city.admin.put(f"{path}/owner", json={"unit_id": None})).status_code == 422
    answer = await city.admin.put(f"{path}/owner", json=taken)
    assert (answer.json()["owner"], answer.json()["barred"]) == (None, ["u1"])
    history = (await city.admin.get("/v1/history/organizations/u1-branch-1")).json()
    assert (history[-1]["by"], history[-1]["why"]) == ("administrator:someone", "单位系统停用")
    by_hand = await put(manager, path, name="手工改名")
    assert by_hand.status_code == 200, by_hand.text

    # The unit's next report is no longer taken, and the unit can see why.
    await publish(city, reported("organization/u1-branch-1", BRANCH, 2))
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    [dead] = await eventually(lambda: dead_letters(operator), 90, "the unit sees its dead letter")
    assert (dead["unit_id"], dead["code"]) == ("u1", "refused")
    assert "收回" in dead["reason"]
    assert "administrators" in dead["reason"]

    given = {"unit_id": "u1", "reason": "系统恢复"}
    assert (await city.admin.put(f"{path}/owner", json=given)).json()["owner"] == "u1"
    released = await city.admin.post(f"/v1/dead-letters/{dead['id']}/replay")
    assert released.status_code == 202
    await until(city, path, name=BRANCH.name)
    told = [e.data for e in await city.events(8) if e.subject == "u1-branch-1"]
    owners = [one.owner for one in told if isinstance(one, OrganizationChanged)]
    assert owners[:4] == ["u1", None, None, "u1"]  # reported, taken, named by hand, given back
    nobody = {"unit_id": "nobody", "reason": "误"}
    assert (await city.admin.put(f"{path}/owner", json=nobody)).status_code == 422


async def test_a_report_about_an_entry_of_another_owner_becomes_a_dead_letter_of_its_sender(
    city: World,
) -> None:
    by_hand = {"id": "p-hand", "name": "李明", "grid_id": "g1"}
    assert (await city.admin.post("/v1/people", json=by_hand)).status_code == 201
    await publish(city, reported("organization/branch", BRANCH))
    await until(city, "/v1/organizations/branch", owner="u1")
    await publish(
        city,
        reported("organization/branch", BRANCH.model_copy(update={"name": "抢"}), unit="u2"),
        reported("person/p-hand", WORKER, unit="u2"),
        reported("person/ok", WORKER, unit="u2"),
    )
    await until(city, "/v1/people/ok", owner="u2")
    theirs = city.as_(Role.UNIT_OPERATOR, unit_id="u2")

    reasons = await reasons_of(theirs, 2)
    assert "is reported by unit u1" in reasons["organization/branch"]
    assert "is not of unit u2" in reasons["person/p-hand"]
    assert await dead_letters(city.as_(Role.UNIT_OPERATOR, unit_id="u1")) == []
    assert (await city.admin.get("/v1/organizations/branch")).json()["name"] == BRANCH.name
    assert (await city.admin.get("/v1/people/p-hand")).json()["owner"] is None


async def test_what_was_changed_by_hand_before_the_first_report_is_returned_to_its_author(
    city: World,
) -> None:
    body = {
        "id": "u1-branch-1", "name": "手工登记的名字", "domain": "state_enterprise",
        "level": "grassroots", "unit_id": "u1", "area": "440310001",
    }  # fmt: skip
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    assert (await manager.post("/v1/organizations", json=body)).status_code == 201
    assert (await manager.get("/v1/returned-changes")).json()["items"] == []
    await publish(city, reported("organization/u1-branch-1", BRANCH))
    await until(city, "/v1/organizations/u1-branch-1", owner="u1", name=BRANCH.name)
    answer = (await manager.get("/v1/returned-changes?limit=1")).json()
    [one] = answer["items"]
    assert (one["kind"], one["id"], one["unit_id"], one["fields"]) == (
        "organizations", "u1-branch-1", "u1", ["name"],
    )  # fmt: skip
    assert "u1" in one["reason"]["zh"]
    assert "was replaced" in one["reason"]["en"]
    assert answer["next"] is None
    # Nobody else gets it back, and it comes back once.
    assert (await city.admin.get("/v1/returned-changes")).json()["items"] == []
    later = BRANCH.model_copy(update={"name": "又一个名字"})
    await publish(city, reported("organization/u1-branch-1", later, 2))
    await until(city, "/v1/organizations/u1-branch-1", name="又一个名字")
    assert len((await manager.get("/v1/returned-changes")).json()["items"]) == 1


async def test_a_report_is_applied_once_in_order_and_what_is_wrong_with_it_is_said(
    city: World,
) -> None:
    first = reported("person/u1-7", WORKER)
    second = reported("person/u1-7", WORKER.model_copy(update={"skills": ("care",)}), 2)
    await publish(city, first, second, first, second)
    person = await until(city, "/v1/people/u1-7", skills=["care"])
    await publish(
        city,
        reported("person/U1 7", WORKER),
        reported("organization/u1-8", WORKER),
        reported("person/u1-9", WORKER.model_copy(update={"grid_id": "nowhere"})),
    )
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")

    reasons = await reasons_of(operator, 3)
    assert "id" in reasons["person/U1 7"]
    assert "person/" in reasons["organization/u1-8"]
    assert "nowhere" in reasons["person/u1-9"]
    assert (await city.admin.get("/v1/people/u1-7")).json()["version"] == person["version"]
