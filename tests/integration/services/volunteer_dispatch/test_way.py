"""Facts in over Kafka, commands over HTTP, facts out over Kafka."""

from datetime import UTC, datetime, timedelta

from shared.contracts import requests, tasks, units
from shared.contracts.ids import lead_task_id, reported_request_id, uuid7
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_LEADER,
    OTHER_MANAGER,
    OTHER_OPERATOR,
    RESIDENT,
    VOLUNTEER,
    World,
    accepted,
    bearer,
    running,
)

SERVICE = "volunteer_dispatch"
OTHER_VOLUNTEER = bearer(Role.VOLUNTEER, "other", volunteer_id="v2")


async def test_a_request_from_accepted_to_reopened_and_closed(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        request_id = uuid7()
        id = await world.request(accepted(request_id))
        await world.until(id, "assigned", "grid_team:g1")
        refused = await world.post(f"{id}/complete", {"words": "好了"}, LEADER)
        assert refused.status_code == 409
        assert refused.json()["allowed"] == ["accept", "decline", "reassign"]
        taken = await world.post(f"{id}/accept", None, LEADER)
        assert (taken.status_code, taken.json()["status"]) == (200, "accepted")
        stale = {**LEADER, "If-Match": '"1"'}
        assert (await world.post(f"{id}/complete", {"words": "好"}, stale)).status_code == 412
        assert (await world.post(f"{id}/progress", {"words": "已到现场"}, LEADER)).is_success
        done = await world.post(f"{id}/complete", {"words": "水管已修好"}, LEADER)
        assert (done.json()["in_time"], done.json()["commands"]) == (True, [])
        await world.request(requests.RequestReopened(request_id=request_id, round=2))
        await world.until(id, "assigned", "grid_team:g1")
        await world.request(requests.RequestClosed(request_id=request_id, outcome="solved"))
        await world.until(id, "closed")

        seen = (await world.http.get(f"/v1/tasks/{id}", headers=LEADER)).json()
        assert [said["text"] for said in seen["words"]] == ["已到现场", "水管已修好"]
        kept = await world.parts.store.collection.find_one({"_id": id})
        assert "水管" not in str(kept)
        history = (await world.http.get(f"/v1/tasks/{id}/history", headers=LEADER)).json()
        assert [change["by"] for change in history] == [
            "/services/request-intake",
            *["grid_leader:grid_leader"] * 3,
            "/services/request-intake",
            "/services/request-intake",
        ]
        events = await world.published(6)
        assert [type(e.data) for e in events] == [
            tasks.TaskCreated,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
            tasks.TaskProgressed,
            tasks.TaskCompleted,
            tasks.TaskAssigned,
        ]
        assert [e.sequence for e in events] == [1, 2, 3, 4, 5, 6]
        assert {e.partition_key for e in events} == {request_id}
        audit = await world.http.get("/v1/audit/tasks", headers=ADMINISTRATOR)
        assert audit.json()["items"] == [
            {"request_id": request_id, "task_id": id, "sequence": 6, "requests_sequence": 3}
        ]


async def test_roles_see_and_act_on_their_own(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        of_grid = await world.request(accepted("a-grid", urgency="utilities"))
        of_unit = await world.request(accepted("b-unit", handling_unit="power"))
        of_volunteer = await world.request(accepted("c-help", category="care"))
        nowhere = await world.request(accepted("d-nowhere", grid_id=None, area_path=()))
        await world.until(of_grid, "assigned", "grid_team:g1")
        await world.until(of_unit, "accepted", "unit:power")
        asked = await world.asked(of_volunteer)
        assert [one.volunteer_id for one in asked.alerts.open] == ["v1"]
        await world.until(nowhere, "assigned", "area_duty:C")

        async def listed(headers: dict[str, str], **filters: str | int) -> list[str]:
            ids: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                answer = await world.http.get(
                    "/v1/tasks", params={"limit": 2, **filters, **cursor}, headers=headers
                )
                assert answer.status_code == 200, answer.text
                page = answer.json()
                ids += [item["id"] for item in page["items"]]
                if page["next"] is None:
                    return ids
                cursor = {"cursor": page["next"]}

        everything = await listed(ADMINISTRATOR)
        assert everything[0] == of_grid  # of the nearest deadline
        assert set(everything) == {of_grid, of_unit, of_volunteer, nowhere}
        assert set(await listed(MANAGER)) == {of_grid, of_unit, of_volunteer}
        assert set(await listed(LEADER)) == {of_grid, of_unit, of_volunteer}
        assert await listed(OTHER_LEADER) == await listed(OTHER_MANAGER) == []
        assert await listed(OPERATOR) == [of_unit]
        assert await listed(OTHER_OPERATOR) == []
        assert await listed(VOLUNTEER) == [of_volunteer]
        assert await listed(ADMINISTRATOR, urgency="utilities") == [of_grid]
        assert await listed(ADMINISTRATOR, assignee="unit:power") == [of_unit]
        assert await listed(ADMINISTRATOR, status="accepted") == [of_unit]
        assert await listed(ADMINISTRATOR, overdue="true") == []
        assert len(await listed(ADMINISTRATOR, area="S1", overdue="false")) == 3

        async def code(path: str, headers: dict[str, str], body: object = None) -> int:
            return (await world.post(path, body, headers)).status_code

        why = {"reason": "无法前往"}
        back, call = why | {"ground": "not_my_duty"}, {"reason": "打 13812345678"}
        assert await code(f"{of_grid}/accept", OPERATOR) == 403
        assert await code(f"{of_grid}/accept", VOLUNTEER) == 403
        assert await code(f"{of_grid}/accept", OTHER_MANAGER) == 403
        assert await code(f"{of_grid}/accept", RESIDENT) == 403
        assert await code(f"{of_grid}/accept", {}) == 401
        assert await code(f"{of_unit}/return", LEADER, back) == 403
        assert await code("nothing/accept", ADMINISTRATOR) == 404
        assert await code(f"{of_unit}/return", OPERATOR, back | call) == 422
        to = {"to": {"kind": "unit", "id": "water"}, "reason": "主责单位"}
        assert await code(f"{of_grid}/reassign", LEADER, to) == 403
        assert await code(f"{of_grid}/reassign", OTHER_MANAGER, to) == 403
        unknown = {"to": {"kind": "unit", "id": "nobody"}, "reason": "x"}
        assert await code(f"{of_grid}/reassign", MANAGER, unknown) == 422
        assert await code(f"{of_grid}/reassign", MANAGER, to) == 200
        assert await listed(OTHER_OPERATOR) == [of_grid]
        assert await code(f"{of_grid}/decline", OTHER_OPERATOR, why) == 200
        # The grid team had it in this round: one level up.
        await world.until(of_grid, "assigned", "area_duty:S1-1")
        assert await code(f"{nowhere}/decline", ADMINISTRATOR, why) == 409

        # Asking reserves nothing; accepting does.
        assert await _load(world, 0)
        assert await code(f"{of_volunteer}/accept", LEADER) == 409
        assert await code(f"{of_volunteer}/accept", OTHER_VOLUNTEER) == 403
        assert await code(f"{of_volunteer}/accept", VOLUNTEER) == 200
        assert await code(f"{of_volunteer}/decline", VOLUNTEER, why) == 409
        full = {"to": {"kind": "volunteer", "id": "v1"}, "reason": "x"}
        assert await code(f"{of_grid}/reassign", MANAGER, full) == 409
        assert await code(f"{of_volunteer}/complete", VOLUNTEER, {"words": "陪诊"}) == 200
        await eventually(lambda: _load(world, 0), 30, "the load is given back")
        assert await code(f"{of_grid}/reassign", MANAGER, full) == 200
        assert await _load(world, 1)
        # Asked for again: the volunteer is full now, so the grid team gets it.
        assert await _load(world, 1)
        await world.request(requests.RequestReopened(request_id="c-help", round=2))
        await world.until(of_volunteer, "assigned", "grid_team:g1")


async def _load(world: World, number: int) -> bool:
    found = await world.parts.volunteers.find("v1")
    return found is not None and len(found.get("tasks", [])) == number


async def test_a_units_case_whose_result_comes_first(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        request_id = reported_request_id("/units/power", "case/7")
        id = lead_task_id(request_id)
        born = datetime.now(UTC) - timedelta(days=90)
        await world.unit("case/7", units.RequestReported(category="other"), 1)
        done = born + timedelta(days=1)
        await world.unit("case/7", units.TaskResult(completed_at=done, words="已处理"), 2)
        await world.until(id, "early")
        shown = await world.http.get(f"/v1/tasks/{id}", headers=ADMINISTRATOR)
        assert shown.status_code == 404
        await world.unit(f"task/{uuid7()}", units.TaskResult(), 1)
        data = accepted(request_id, reporting_unit="power", handling_unit="power", case_number="7")
        await world.request(data, born)
        state = await world.until(id, "completed", "unit:power")
        assert state.in_time is True
        events = await world.published(4)
        assert [type(e.data).__name__ for e in events] == [
            "TaskCreated",
            "TaskAssigned",
            "TaskAccepted",
            "TaskCompleted",
        ]
        assert all(event.time - born < timedelta(seconds=1) for event in events[:3])
        assert abs(events[3].time - done) < timedelta(seconds=1)

        async def refused() -> list[str]:
            found = world.parts.runtime.dead_letters.collection.find({"status": "dead"})
            return [document["reason"] for document in await found.to_list(None)]

        reasons = await eventually(refused, 30, "the unknown task is a dead letter")
        assert len(reasons) == 1
        assert reasons[0].startswith("there is no task")
