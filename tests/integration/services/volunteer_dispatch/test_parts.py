"""Joint work over HTTP and by units' records, on real servers: parts from asked to ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from services.volunteer_dispatch.service.state import TaskState
from shared.contracts import requests, task_parts, tasks, topics, units
from shared.contracts.ids import uuid7
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
    helpers_elsewhere,
    running,
)

SERVICE = "volunteer_dispatch"
ASSISTED = [{"to": "unit:power", "assist": ["unit:water"]}]
G2 = {"kind": "grid_team", "id": "g2"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def rules(world: World, table: list[dict[str, Any]]) -> None:
    shown = await world.http.get("/v1/routing", headers=ADMINISTRATOR)
    headers = {**ADMINISTRATOR, "If-Match": shown.headers["etag"]}
    put = await world.http.put("/v1/routing", json={"rules": table}, headers=headers)
    assert put.status_code == 200, put.text


async def with_power_and_water(world: World, id: str) -> str:
    """A task that unit power leads, and water is asked by the rule to assist."""
    task = await world.request(accepted(id))
    await world.until(task, "assigned", "unit:power")
    return task


async def listed(world: World, headers: dict[str, str], **asked: Any) -> list[tuple[str, int]]:
    """Open parts, page by page."""
    found: list[tuple[str, int]] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": 1, **asked, **cursor}
        answer = await world.http.get("/v1/parts", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        found += [(item["task_id"], item["number"]) for item in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


async def move(world: World, id: str, **times: datetime) -> None:
    """Set times of the first part, and let its timer look at them."""
    changes = {f"state.parts.0.{name}": at for name, at in times.items()}
    changes["next_due"] = datetime.now(UTC) - timedelta(seconds=1)
    await world.parts.store.collection.update_one({"_id": id}, {"$set": changes})


async def test_a_task_of_several_units_is_complete_when_every_part_has_ended(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await rules(world, ASSISTED)
        id = await with_power_and_water(world, uuid7())
        deadline = (await world.state(id)).deadline
        assert deadline is not None

        # The rule's assisting unit has a part; it takes it.
        assert await listed(world, OTHER_OPERATOR) == [(id, 1)]
        for nobody in (LEADER, OTHER_MANAGER, OPERATOR):
            assert (await world.post(f"{id}/parts/1/accept", None, nobody)).status_code == 403
        taken = await world.post(f"{id}/parts/1/accept", None, OTHER_OPERATOR)
        assert (taken.status_code, taken.json()["status"]) == (200, "accepted")
        again = await world.post(f"{id}/parts/1/accept", None, OTHER_OPERATOR)
        assert problem(again) == (409, "part-not-possible-now")
        assert again.json()["allowed"] == ["decline", "complete", "cancel"]

        # The lead asks a grid of another street too, no later than the task is due.
        await world.post(f"{id}/accept", None, OPERATOR)
        await world.post(f"{id}/progress", {"words": "电源已切断"}, OPERATOR)
        body: dict[str, Any] = {"to": G2, "asks": "请协助通知居民"}
        for nobody in (OTHER_OPERATOR, OTHER_LEADER, RESIDENT):
            assert (await world.post(f"{id}/parts", body, nobody)).status_code == 403
        late = body | {"deadline": (deadline + timedelta(seconds=1)).isoformat()}
        assert problem(await world.post(f"{id}/parts", late, OPERATOR)) == (
            409,
            "part-deadline-after",
        )
        number = body | {"asks": "请打 13812345678"}
        assert (await world.post(f"{id}/parts", number, OPERATOR)).status_code == 422
        once = {**OPERATOR, "Idempotency-Key": "k1"}
        own = body | {"deadline": (deadline - timedelta(hours=1)).isoformat()}
        made = [await world.post(f"{id}/parts", own, once) for _ in range(2)]
        assert [(one.status_code, one.json()["number"]) for one in made] == [(201, 2)] * 2
        assert made[0].headers["location"] == f"/v1/tasks/{id}/parts/2"
        other = await world.post(f"{id}/parts", body, once)
        assert problem(other) == (422, "idempotency-key-reused")
        assert problem(await world.post(f"{id}/parts", body, OPERATOR)) == (
            409,
            "part-open-already",
        )
        volunteer = body | {"to": {"kind": "volunteer", "id": "v1"}}
        assert problem(await world.post(f"{id}/parts", volunteer, OPERATOR))[0] == 422

        # Each sees the parts that concern them; who helps does not read what others wrote.
        assert await listed(world, OTHER_LEADER) == [(id, 2)]
        assert await listed(world, OTHER_MANAGER, area="S2") == [(id, 2)]
        for whole in (OPERATOR, LEADER, MANAGER, ADMINISTRATOR):
            assert await listed(world, whole) == [(id, 2), (id, 1)]
        assert await listed(world, MANAGER, helper="unit:water") == [(id, 1)]
        assert await listed(world, MANAGER, status="asked") == [(id, 2)]
        assert await listed(world, MANAGER, late=True) == []
        assert (await world.http.get("/v1/parts", headers=VOLUNTEER)).status_code == 403
        seen = (await world.http.get(f"/v1/tasks/{id}", headers=OTHER_OPERATOR)).json()
        assert (seen["id"], seen["words"], seen["explained"]) == (id, [], [])
        parts = (await world.http.get(f"/v1/tasks/{id}/parts", headers=OTHER_LEADER)).json()
        assert [(p["number"], p["who"]["id"]) for p in parts["items"]] == [(2, "g2")]
        foreign = await world.http.get(f"/v1/tasks/{id}/parts/1", headers=OTHER_LEADER)
        assert problem(foreign) == (403, "not-your-part")

        # The lead cannot be done while parts are open; the refusal names them.
        refused = await world.post(f"{id}/complete", {"words": "好了"}, OPERATOR)
        assert problem(refused) == (409, "parts-open")
        assert "1 unit:water、2 grid_team:g2" in refused.json()["detail"]
        final = {"ground": "no_basis", "reason": "x"}
        asked = await world.post(f"{id}/answer-finally", final, OPERATOR)
        assert problem(asked) == (409, "parts-open")

        told = await world.post(f"{id}/parts/2/complete", {"words": "已逐户通知"}, OTHER_LEADER)
        assert (told.json()["status"], told.json()["in_time"]) == ("done", True)
        await world.post(f"{id}/parts/1/complete", {"words": "水阀已关"}, OTHER_OPERATOR)
        done = await world.post(f"{id}/complete", {"words": "好了"}, OPERATOR)
        assert (done.status_code, done.json()["status"]) == (200, "completed")
        both = (await world.http.get(f"/v1/tasks/{id}/parts", headers=OPERATOR)).json()
        assert [p["result"] for p in both["items"]] == ["水阀已关", "已逐户通知"]
        assert (both["open"], both["commands"]) == (0, [])
        kept = await world.parts.store.collection.find_one({"_id": id})
        assert "水阀" not in str(kept)

        # Opened again, who did a part is asked again, each with the new deadline.
        request_id = (await world.state(id)).request_id
        await world.request(requests.RequestReopened(request_id=request_id, round=2))
        state = await world.until(id, "assigned", "unit:power")
        assert [(p.number, p.key, p.round) for p in state.open_parts] == [
            (3, "unit:water", 2),
            (4, "grid_team:g2", 2),
        ]
        assert {p.due(state.deadline) for p in state.open_parts} == {state.deadline}
        await world.request(requests.RequestClosed(request_id=request_id, outcome="solved"))
        closed = await world.until(id, "closed")
        assert [p.reason for p in closed.parts[2:]] == ["request_closed"] * 2
        events = [e.data for e in await world.published(16)]
        assert [
            (e.part, type(e).__name__) for e in events if isinstance(e, task_parts.PartFact)
        ] == [
            (1, "TaskPartAsked"),
            (1, "TaskPartAccepted"),
            (2, "TaskPartAsked"),
            (2, "TaskPartAccepted"),
            (2, "TaskPartDone"),
            (1, "TaskPartDone"),
            (3, "TaskPartAsked"),
            (4, "TaskPartAsked"),
            (3, "TaskPartCancelled"),
            (4, "TaskPartCancelled"),
        ]


async def test_a_part_that_is_silent_or_overdue_is_told_once_and_the_lead_can_end_it(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await rules(world, ASSISTED)
        id = await with_power_and_water(world, uuid7())
        await world.post(f"{id}/accept", None, OPERATOR)
        past = datetime.now(UTC) - timedelta(seconds=1)

        async def first(what: str) -> None:
            async def told() -> bool:
                return bool(getattr((await world.state(id)).parts[0], what))

            await eventually(told, 30, f"told {what}")

        await move(world, id, accept_by=past)
        await first("silent")
        for sees in (OPERATOR, OTHER_OPERATOR, MANAGER):
            assert await listed(world, sees, late=True) == [(id, 1)]
        await move(world, id, accept_by=past, deadline=past)
        await first("overdue")
        await move(world, id, accept_by=past, deadline=past)  # fires no more
        shown = (await world.http.get(f"/v1/tasks/{id}/parts/1", headers=OPERATOR)).json()
        assert (shown["silent"], shown["overdue"], shown["suggested"]["id"]) == (True, True, "S1-1")
        assert shown["commands"] == ["cancel"]

        reason = {"reason": "由本单位自行处理"}
        not_lead = await world.post(f"{id}/parts/1/cancel", reason, OTHER_OPERATOR)
        assert problem(not_lead) == (403, "not-leading")
        ended = await world.post(f"{id}/parts/1/cancel", reason, OPERATOR)
        assert (ended.json()["status"], ended.json()["reason"]) == ("cancelled", reason["reason"])
        assert (await world.http.get(f"/v1/tasks/{id}", headers=OTHER_OPERATOR)).status_code == 403
        done = await world.post(f"{id}/complete", {"words": "好了"}, OPERATOR)
        assert done.json()["status"] == "completed"
        facts = [e.data for e in await world.published(8)]
        parts = [e for e in facts if isinstance(e, task_parts.PartFact)]
        assert [type(e).__name__ for e in parts] == [
            "TaskPartAsked",
            "TaskPartSilent",
            "TaskPartOverdue",
            "TaskPartCancelled",
        ]
        assert isinstance(parts[2], task_parts.TaskPartOverdue)
        assert parts[2].lead is not None
        assert parts[2].supervisor is not None
        assert (parts[2].lead.id, parts[2].supervisor.id) == ("power", "S1-1")


async def test_help_goes_on_to_the_next_and_a_unit_s_system_works_on_its_part(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.publish(topics.REGISTRY.name, helpers_elsewhere())

        async def known() -> bool:
            return bool(world.parts.directory.joints and world.parts.directory.pairings)

        await eventually(known, 30, "dispatch knows the joint organization and the pairing")
        id = await world.request(accepted(uuid7()))
        await world.until(id, "assigned", "grid_team:g1")
        await world.post(f"{id}/accept", None, LEADER)
        water = {"to": {"kind": "unit", "id": "water"}, "asks": "请关水阀", "pass_on": True}
        asked = (await world.post(f"{id}/parts", water, LEADER)).json()
        assert (asked["step"], asked["through"]) == ("joint", "j1")

        # Water's system declines; power, paired with the grid, is asked instead.
        declined = units.TaskProgress(status="declined", reason="阀门不归我们管")
        await world.unit(f"task/{id}", declined, 1, "water")

        async def passed_on() -> TaskState | None:
            state = await world.state(id)
            return state if len(state.parts) == 2 else None

        state = await eventually(passed_on, 30, "power is asked instead")
        assert state is not None
        next = state.parts[1]
        assert (next.key, next.step, next.through) == ("unit:power", "paired", "p1")
        why = await world.http.get(f"/v1/tasks/{id}/explanation", headers=LEADER)
        helped = [one for one in why.json()["decisions"] if one["kind"] == "help"]
        assert [(one["why"], one["chosen"]) for one in helped] == [
            ("help-asked", "unit:water"),
            ("help-declined", "unit:power"),
        ]
        assert [(c["key"], c["note"], c["through"]) for c in helped[0]["candidates"]][:2] == [
            ("unit:water", "joint", "j1"),
            ("unit:power", "paired", "p1"),
        ]
        assert "paired" not in helped[0]["words"]["zh"]
        result = units.TaskResult(words="已关")
        await world.unit(f"task/{id}", units.TaskProgress(status="in_hand"), 1, "power")
        await world.unit(f"task/{id}", result, 2, "power")

        async def no_part_open() -> bool:
            return not (await world.state(id)).open_parts

        await eventually(no_part_open, 30, "power's part is done by record")
        done = await world.post(f"{id}/complete", {"words": "好了"}, LEADER)
        assert done.json()["status"] == "completed"

        # A lead that is done by record waits for the parts of others, and is complete with them.
        await rules(world, ASSISTED)
        led = await with_power_and_water(world, uuid7())
        await world.unit(f"task/{led}", units.TaskResult(words="已送电"), 1, "power")

        async def held() -> bool:
            return (await world.state(led)).held is not None

        await eventually(held, 30, "power's result is kept")
        shown = (await world.http.get(f"/v1/tasks/{led}/parts", headers=OPERATOR)).json()
        assert (shown["held"], shown["open"]) == (True, 1)
        await world.unit(f"task/{led}", units.TaskResult(words="已通水"), 1, "water")
        await world.until(led, "completed", "unit:power")
        ends = [e.data for e in await world.published(16) if isinstance(e.data, tasks.TaskFact)]
        last = [type(e).__name__ for e in ends if e.task_id == led][-2:]
        assert last == ["TaskPartDone", "TaskCompleted"]
