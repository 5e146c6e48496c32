"""From a group registered and an activity published to hours on the record sheet and a certificate.

Registry and dispatch together, over HTTP and Kafka.
"""

from datetime import UTC, datetime
from typing import Any

from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.registry import world as registry_world
from tests.integration.services.registry.world import registry_settings
from tests.integration.services.volunteer_dispatch import world as dispatch_world
from tests.integration.services.volunteer_dispatch.test_activities import body, me, time_passes
from tests.integration.services.volunteer_dispatch.world import ADMINISTRATOR, dropped, replica

PERSON = {"id": "p1", "name": "王芳", "telephone": "13800001234", "grid_id": "g1", "skills": []}
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

    hours = await eventually(written, 20, "its hours are written down")
    assert hours is not None
    return hours


async def test_confirmed_hours_stand_on_the_sheet_and_are_certified(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = settings_for("volunteer_dispatch", kafka_bootstrap, mongodb_uri, unique)
    at_registry = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with (
        registry_world.running(at_registry) as registry,
        dropped(settings),
        replica(settings) as dispatch,
    ):
        await registry.city()
        await registry.load("people", [PERSON])
        assert (await registry.admin.post("/v1/groups", json=GROUP)).status_code == 201

        async def known() -> bool:
            parts = dispatch.parts
            assert await parts.volunteers.find("p1") is not None
            assert await parts.groups.find("clinic") is not None
            return "440310" in parts.directory.areas and "g1" in parts.directory.grids

        await eventually(known, 30, "dispatch knows person, group and city")
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
