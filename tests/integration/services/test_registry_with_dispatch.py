"""Registry and dispatch together, over HTTP and Kafka: from a group registered and an activity
published to hours on the record sheet and a certificate; from a mark for care to the visit."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.registry import world as registry_world
from tests.integration.services.registry.world import registry_settings
from tests.integration.services.volunteer_dispatch import world as dispatch_world
from tests.integration.services.volunteer_dispatch.test_activities import body, me, time_passes
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    dropped,
    replica,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

Both = tuple[registry_world.World, dispatch_world.World]
PERSON = {"id": "p1", "name": "王芳", "telephone": "13800001234", "grid_id": "g1", "skills": []}
OLD = {"id": "old", "name": "陈奶奶", "telephone": "13900000001", "grid_id": "g1", "capacity": 0}
GROUP = {"id": "clinic", "name": "义诊队", "area": "440310", "skills": ["doctor"], "leader": "p1"}


async def served(dispatch: dispatch_world.World) -> str:
    """An activity that p1 came to; the id of the hours."""
    organizer = {"kind": "area_duty", "id": "440310"}
    given = body([{"number": 3}], organizer=organizer)
    made = await dispatch.http.post("/v1/activities", json=given, headers=ADMINISTRATOR)
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    assert made.json()["area_path"] == ["4403", "440310", "440310001"]
    code = await dispatch.http.get(f"/v1/activities/{id}/code", headers=ADMINISTRATOR)
    for step, more in (("sign-up", None), ("check-in", code.json()), ("check-out", code.json())):
        done = await dispatch.http.post(f"/v1/activities/{id}/{step}", json=more, headers=me("p1"))
        assert done.status_code == 200, done.text
    await time_passes(dispatch, id)

    async def written() -> str:
        found = await dispatch.http.get(f"/v1/hours?source_id={id}", headers=ADMINISTRATOR)
        (one,) = found.json()["items"]
        return str(one["id"])

    hours = await eventually(written, 30, "its hours are written down")
    assert hours is not None
    return hours


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[Both]:
    unique = f"t{uuid4().hex[:12]}"
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    at_registry = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with (
        registry_world.running(at_registry) as registry,
        dropped(settings),
        replica(settings) as dispatch,
    ):
        await registry.city()
        await registry.load("people", [PERSON, OLD])
        assert (await registry.admin.post("/v1/groups", json=GROUP)).status_code == 201

        async def known() -> bool:
            parts = dispatch.parts
            assert await parts.volunteers.find("p1") is not None
            assert await parts.groups.find("clinic") is not None
            return "440310" in parts.directory.areas and "g1" in parts.directory.grids

        await eventually(known, 30, "dispatch knows person, group and city")
        yield registry, dispatch


async def test_confirmed_hours_stand_on_the_sheet_and_are_certified(both: Both) -> None:
    registry, dispatch = both
    hours = await served(dispatch)

    async def sheet() -> dict[str, Any]:
        found = await registry.admin.get("/v1/people/p1/record")
        item = next(one for one in found.json()["items"] if one["item"] == "service_hours")
        (total,) = item["totals"]
        return {"records": total["records"], "quantity": total["quantity"]}

    assert await sheet() == {"records": 0, "quantity": 0.0}  # not before they are confirmed
    said = {"hours": 2.5, "reason": "签到表为准"}
    for _ in range(2):
        done = await dispatch.http.post(
            f"/v1/hours/{hours}/confirm", json=said, headers=ADMINISTRATOR
        )
        assert done.status_code == 200, done.text

    async def stands() -> bool:
        assert await sheet() == {"records": 1, "quantity": 2.5}
        return True

    await eventually(stands, 30, "the hours stand on the sheet once")
    own = registry.as_(Role.VOLUNTEER, volunteer_id="p1")
    today = datetime.now(UTC).astimezone(registry.app.state.parts.zone).date().isoformat()
    made = await own.post(
        "/v1/people/p1/certificates", json={"since": "2026-01-01", "until": today}
    )
    assert made.status_code == 201, made.text
    number, code = made.json()["number"], made.json()["code"]
    seen = await registry.as_(None).get(f"/v1/certificates/{number}", params={"code": code})
    assert (seen.json()["name"], seen.json()["hours"]) == ("王芳", 2.5)


async def visit_of(both: Both, kind: str) -> tuple[str, dict[str, Any]]:
    """Mark somebody for care; the mark's id, and the task on the grid team's list."""
    registry, dispatch = both
    marked = await registry.admin.post("/v1/care", json={"person_id": "old", "kind": kind})
    assert marked.status_code == 201, marked.text
    id = marked.json()["id"]

    async def listed() -> dict[str, Any]:
        found = await dispatch.http.get("/v1/tasks?assignee=grid_team:g1", headers=LEADER)
        [task] = [one for one in found.json()["items"] if one["category"] == "care_visit"]
        assert task["request_id"] == f"care-{id}-1"
        shown = await dispatch.http.get(f"/v1/tasks/{task['id']}", headers=LEADER)
        answer: dict[str, Any] = shown.json()
        return answer

    task = await eventually(listed, 30, "the visit is on the grid team's list")
    assert task is not None
    return id, task


async def care_records(registry: registry_world.World, id: str) -> list[tuple[str, str]]:
    """By whom visits of a mark's first round were recorded, and who told."""
    found = await registry.admin.get("/v1/records?work=care_visit")
    about = {"kind": "care", "id": f"{id}-1"}
    mine = [one for one in found.json()["items"] if one["about"] == about]
    return [(one["person_id"], one["recorded_by"].split(":")[0]) for one in mine]


async def test_a_member_in_hardship_marked_for_care_is_a_task_of_the_grid_team(both: Both) -> None:
    registry, dispatch = both
    id, task = await visit_of(both, "hardship")
    assert (task["status"], task["visit"]) == ("assigned", f"/v1/care/{id}")
    for secret in ("陈奶奶", "13900000001", "'old'", "hardship"):
        assert secret not in str(task)
    leader = registry.as_(Role.GRID_LEADER, grids={"g1"})
    mark = (await leader.get(task["visit"])).json()  # whom to visit stands where it may be read
    assert mark["name"] == "陈奶奶"
    assert task["deadline"] == mark["overdue_at"]
    taken = await dispatch.post(f"{task['id']}/accept", headers=LEADER)
    assert taken.status_code == 200, taken.text

    visit = {"at": datetime.now(UTC).isoformat(), "person_id": "p1", "words": "身体很好"}
    assert (await leader.post(f"/v1/care/{id}/visits", json=visit)).status_code == 201
    await dispatch.until(task["id"], "closed")
    assert await care_records(registry, id) == [("p1", "grid_leader")]


async def test_a_care_visit_completed_as_a_task_is_recorded_once_with_its_hours(both: Both) -> None:
    registry, dispatch = both
    id, task = await visit_of(both, "elderly")
    to = {"to": {"kind": "volunteer", "id": "p1"}, "reason": "住得近"}
    for path, said, who in (
        ("reassign", to, ADMINISTRATOR),
        ("accept", None, me("p1")),
        ("complete", {"words": "陪聊一小时"}, me("p1")),
    ):
        done = await dispatch.post(f"{task['id']}/{path}", said, who)
        assert done.status_code == 200, done.text

    async def recorded() -> bool:
        mark = (await registry.admin.get(f"/v1/care/{id}")).json()
        assert (mark["round"], mark["stage"]) == (2, "upcoming")
        hours = await dispatch.http.get(f"/v1/hours?source_id={task['id']}", headers=ADMINISTRATOR)
        assert [one["volunteer_id"] for one in hours.json()["items"]] == ["p1"]
        return await care_records(registry, id) == [("p1", "service")]

    await eventually(recorded, 30, "the visit is recorded and the next one set")

    async def heard() -> bool:  # what the registry tells of it changes nothing in dispatch
        found = await dispatch.parts.store.get(task["id"])
        assert found is not None
        return any(
            "registry/care" in key and seen.sequence == 2 for key, seen in found.inbox.items()
        )

    await eventually(heard, 30, "dispatch heard of the record")
    assert (await dispatch.state(task["id"])).status == "completed"
    assert await care_records(registry, id) == [("p1", "service")]
