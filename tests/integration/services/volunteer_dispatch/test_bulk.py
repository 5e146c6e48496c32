"""Bulk actions over HTTP, on real servers."""

from typing import Any

from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    LEADER,
    MANAGER,
    World,
    accepted,
    running,
)

SERVICE = "volunteer_dispatch"
NUMBER = 20


async def send(
    world: World, actions: list[dict[str, Any]], headers: dict[str, str], key: str
) -> Any:
    answer = await world.http.post(
        "/v1/tasks/actions",
        json={"actions": actions},
        headers={**headers, "Idempotency-Key": key},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


async def test_each_of_many_actions_is_answered_by_itself_and_done_once(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        ids = [await world.request(accepted(f"b{n}")) for n in range(NUMBER)]
        for id in ids:
            await world.until(id, "assigned", "grid_team:g1")
        hours = {"hours": 24, "reason": "等配件"}
        actions: list[dict[str, Any]] = [{"task_id": id, "command": "accept"} for id in ids]
        actions += [
            {"task_id": ids[0], "command": "extend", "body": hours},
            {"task_id": ids[0], "command": "extend", "body": hours},
            {"task_id": "nobody", "command": "accept"},
            {"task_id": ids[1], "command": "dance"},
            {"task_id": ids[1], "command": "extend", "body": {"hours": -1, "reason": "x"}},
            {"task_id": ids[1], "command": "progress", "body": {"words": "在办"}, "version": 1},
            {"task_id": ids[2], "command": "progress", "body": {"words": "在办"}},
            {"task_id": ids[3], "command": "reassign", "body": {}},
        ]
        results = await send(world, actions, LEADER, "first")
        assert [one["row"] for one in results] == list(range(1, len(actions) + 1))
        assert {one["status"] for one in results[: NUMBER + 1]} == {"done"}
        codes = [one.get("code") for one in results[NUMBER + 1 :]]
        assert codes == [
            "not-possible-now", "task-not-found", "bulk-command-unknown", "invalid-content",
            "precondition-failed", None, "wrong-role",
        ]  # fmt: skip
        assert results[NUMBER + 4]["field"] == "body.hours"
        assert "延期" not in results[NUMBER + 2]["reason"]["zh"]
        assert results[NUMBER + 2]["reason"]["en"].startswith("There is no task")

        # The same key again: the same answer, and nothing is done twice.
        versions = [(await world.state(id), await world.parts.store.get(id)) for id in ids]
        assert await send(world, actions, LEADER, "first") == results
        # Had the process died before it kept the answer, the rest is done, and no more.
        answers = world.parts.runtime.database["bulk_actions"]
        await answers.update_many({}, {"$unset": {"answer": ""}})
        resumed = await send(world, actions, LEADER, "first")
        assert [one["status"] for one in resumed] == [one["status"] for one in results]
        for id, (state, task) in zip(ids, versions, strict=True):
            assert task is not None
            assert (await world.state(id)) == state
        assert len((await world.state(ids[2])).words) == 1
        other = await world.http.post(
            "/v1/tasks/actions",
            json={"actions": actions[:1]},
            headers={**LEADER, "Idempotency-Key": "first"},
        )
        assert other.status_code == 422

        approved = [{"task_id": ids[0], "command": "approve", "body": {"reason": "同意"}}]
        to = {"to": {"kind": "unit", "id": "power"}, "reason": "属电力"}
        approved += [{"task_id": id, "command": "reassign", "body": to} for id in ids[1:]]
        results = await send(world, approved, MANAGER, "second")
        assert {one["status"] for one in results} == {"done"}
        for id in ids[1:]:
            await world.until(id, "assigned", "unit:power")
        assert (await world.state(ids[0])).clock.extensions == 1
        long = [{"task_id": "t", "command": "accept"}] * 201
        body = {"actions": long}
        refused = await world.http.post("/v1/tasks/actions", json=body, headers=LEADER)
        assert refused.status_code == 422
