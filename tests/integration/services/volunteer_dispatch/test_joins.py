"""Requests that share a task: only one is worked, the joined one's is not lost."""

from typing import Any

from shared.contracts import joins, tasks
from shared.contracts.ids import lead_task_id, uuid7
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    LEADER,
    VOLUNTEER,
    accepted,
    running,
)

SERVICE = "volunteer_dispatch"


async def test_only_the_leads_task_is_worked_until_they_part(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.ask_at_any_hour()
        lead, other = uuid7(), uuid7()
        lead_task = await world.request(accepted(lead))
        id = await world.request(accepted(other, category="care"))
        await world.until(lead_task, "assigned", "grid_team:g1")
        # A volunteer has taken the other one: his place is given back when it is joined.
        await world.asked(id)
        assert (await world.post(f"{id}/accept", None, VOLUNTEER)).is_success
        fact = joins.RequestJoined(request_id=other, join_id="j1", lead_request_id=lead)
        await world.request(fact)
        await world.until(id, "joined")

        async def free() -> bool:
            volunteer = await world.parts.volunteers.find("v1")
            return volunteer is not None and not volunteer["tasks"]

        await eventually(free, 30, "the volunteer is free")
        listed = (await world.http.get("/v1/tasks", headers=LEADER)).json()["items"]
        assert [task["id"] for task in listed] == [lead_task]
        refused = await world.post(f"{id}/complete", {"words": "好了"}, LEADER)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/task-joined")
        assert lead_task in refused.json()["detail"]
        shown: Any = (await world.http.get(f"/v1/tasks/{id}", headers=LEADER)).json()
        assert shown["joined"] == {
            "join_id": "j1",
            "lead_request_id": lead,
            "lead_task_id": lead_task_id(lead),
        }
        parted = joins.RequestSeparated(
            request_id=other, join_id="j1", lead_request_id=lead, round=2, why="staff"
        )
        await world.request(parted)
        again = await world.until(id, "matching")
        assert (again.round, again.joined) == (2, None)
        told = [
            event.data
            for event in await world.published(7)
            if event.subject == id and isinstance(event.data, tasks.TaskFact)
        ]
        assert [type(fact) for fact in told] == [
            tasks.TaskCreated,
            tasks.TaskAlerted,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
            joins.TaskJoined,
        ]
