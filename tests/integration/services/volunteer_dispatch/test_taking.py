"""Taking, handing over and answering for somebody else, over HTTP on real servers."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx

from shared.contracts import handover, tasks, topics
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_LEADER,
    OTHER_OPERATOR,
    REGISTRY,
    RESIDENT,
    VOLUNTEER,
    World,
    accepted,
    bearer,
    event_of,
    running,
    volunteer,
)

SERVICE = "volunteer_dispatch"
V2 = bearer(Role.VOLUNTEER, "v2", volunteer_id="v2")
FAR = bearer(Role.VOLUNTEER, "far", volunteer_id="far")


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def people(world: World) -> None:
    """Another volunteer of the grid, and one of the other grid, who come to nobody's mind."""
    data = [volunteer("v2", skills=["x"]), volunteer("far", grid_id="g2", skills=["x"])]
    events = [event_of(REGISTRY, one.volunteer_id, one) for one in data]
    await world.publish(topics.REGISTRY.name, events)

    async def known() -> bool:
        return all([await world.parts.volunteers.find(id) for id in ("v2", "far")])

    await eventually(known, 30, "the volunteers are known")


async def with_team(world: World, id: str) -> str:
    task = await world.request(accepted(id))
    await world.until(task, "assigned", "grid_team:g1")
    return task


async def loads(world: World, id: str) -> int:
    document = await world.parts.volunteers.find(id)
    assert document is not None
    return len(document.get("tasks", []))


async def test_of_two_who_take_a_task_one_gets_it_and_the_other_reads_who_has_it(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await people(world)
        ids = [await with_team(world, f"r-pool{n}") for n in range(3)]
        for who, sees in ((VOLUNTEER, 3), (V2, 3), (FAR, 0), (OPERATOR, 3), (LEADER, 0)):
            pool = (await world.http.get("/v1/pool", headers=who)).json()["items"]
            assert len(pool) == sees
        assert problem(await world.post(f"{ids[0]}/claim", None, FAR)) == (403, "claim-elsewhere")
        assert (await world.post(f"{ids[0]}/claim", None, RESIDENT)).status_code == 403

        callers = {"v1": VOLUNTEER, "v2": V2, "power": OPERATOR, "water": OTHER_OPERATOR}
        answers = dict(
            zip(
                callers,
                await asyncio.gather(
                    *(world.post(f"{ids[0]}/claim", None, who) for who in callers.values())
                ),
                strict=True,
            )
        )
        won = [id for id, answer in answers.items() if answer.is_success]
        assert len(won) == 1
        state = await world.state(ids[0])
        assert state.assignee is not None
        assert (state.status, state.assignee.id, state.lead) == ("accepted", won[0], state.assignee)
        for id, answer in answers.items():
            if id not in won:
                assert problem(answer) == (409, "already-taken"), answer.text
                assert answer.json()["holder"]["id"] == won[0]
                assert won[0] in answer.json()["detail"]

        # A volunteer takes no more than there is room for, not even at the same moment.
        busy = "v1" if won[0] != "v1" else "v2"
        both = [world.post(f"{id}/claim", None, callers[busy]) for id in ids[1:]]
        answers_of_one = await asyncio.gather(*both)
        assert sorted(a.status_code for a in answers_of_one) == [200, 409]
        full = next(a for a in answers_of_one if not a.is_success)
        assert problem(full) == (409, "you-are-full")
        assert await loads(world, busy) == 1
        assert await loads(world, "v2" if busy == "v1" else "v1") == (won[0] in ("v1", "v2"))
        taken = next(a.json()["id"] for a in answers_of_one if a.is_success)
        history = await world.http.get(f"/v1/tasks/{taken}/history", headers=LEADER)
        assert history.json()[-1]["why"] == "claimed"
        mine = (await world.http.get("/v1/mine", headers=callers[busy])).json()
        assert [one["id"] for one in mine["holds"]] == [taken]
        await world.post(f"{taken}/complete", {"words": "好了"}, callers[busy])
        done = (await world.http.get("/v1/mine/history", headers=callers[busy])).json()["items"]
        assert [(one["id"], one["hours"]) for one in done] == [(taken, 0.0)]


async def test_the_holder_leads_until_another_accepts_what_is_handed_over(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await people(world)
        task = await with_team(world, "r-over")
        await world.post(f"{task}/accept", None, LEADER)
        to = {"to": {"kind": "unit", "id": "power"}, "reason": "需专业设备"}
        assert (await world.post(f"{task}/hand-over", to, OPERATOR)).status_code == 403
        up = to | {"to": {"kind": "area_duty", "id": "S1"}}
        assert problem(await world.post(f"{task}/hand-over", up, LEADER)) == (409, "receiver-kind")
        far = to | {"to": {"kind": "volunteer", "id": "far"}}
        refused = await world.post(f"{task}/hand-over", far, LEADER)
        assert problem(refused) == (409, "receiver-elsewhere")

        offered = await world.post(f"{task}/hand-over", to, LEADER)
        assert offered.json()["offer"]["to"]["id"] == "power"
        assert (await world.state(task)).holder == (await world.state(task)).lead
        offers = (await world.http.get("/v1/mine", headers=OPERATOR)).json()["offers"]
        assert [one["id"] for one in offers] == [task]
        for nobody in (OTHER_OPERATOR, OTHER_LEADER, LEADER):
            answer = await world.post(f"{task}/accept-hand-over", None, nobody)
            assert answer.status_code == 403, answer.text
        no = await world.post(f"{task}/decline-hand-over", {"reason": "人手不足"}, OPERATOR)
        assert (no.status_code, no.json()["offer"]) == (200, None)
        assert (await world.http.get(f"/v1/tasks/{task}", headers=OPERATOR)).status_code == 403

        # Silence is a no too.
        await world.post(f"{task}/hand-over", to, LEADER)
        past = datetime.now(UTC) - timedelta(seconds=1)
        change = {"$set": {"state.offer.until": past, "next_due": past}}
        await world.parts.store.collection.update_one({"_id": task}, change)

        async def back() -> bool:
            return (await world.state(task)).offer is None

        await eventually(back, 30, "it goes back")
        state = await world.until(task, "accepted", "grid_team:g1")

        # A volunteer's place is taken when he accepts, and not before.
        to_v1 = to | {"to": {"kind": "volunteer", "id": "v1"}}
        assert (await world.post(f"{task}/hand-over", to_v1, LEADER)).is_success
        assert await loads(world, "v1") == 0
        taken = await world.post(f"{task}/accept-hand-over", None, VOLUNTEER)
        assert taken.status_code == 200, taken.text
        assert await loads(world, "v1") == 1
        state = await world.until(task, "accepted", "volunteer:v1")
        assert state.lead == state.assignee
        assert (await world.post(f"{task}/progress", {"words": "x"}, VOLUNTEER)).is_success
        told = [type(e.data) for e in await world.published(12)]
        assert told[3:12] == [
            handover.TaskOffered,
            handover.TaskOfferEnded,
            handover.TaskOffered,
            handover.TaskOfferEnded,
            handover.TaskOffered,
            handover.TaskOfferEnded,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
            tasks.TaskProgressed,
        ]


async def test_a_grid_leader_answers_for_a_volunteer_who_telephones(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        await world.parts.pool.refresh(datetime.now(UTC))
        first = await world.request(accepted("r-call", category="care"))
        await world.asked(first)
        says = "?on_behalf_of=v1"
        for nobody in (OTHER_LEADER, OPERATOR, V2):
            answer = await world.post(f"{first}/accept{says}", None, nobody)
            assert answer.status_code == 403, answer.text
        other = await world.post(f"{first}/accept?on_behalf_of=v9", None, LEADER)
        assert problem(other) == (409, "alert-over")
        yes = await world.post(f"{first}/accept{says}", None, LEADER)
        assert yes.json()["assignee"]["id"] == "v1", yes.text
        assert await loads(world, "v1") == 1
        wrong = await world.post(f"{first}/complete?on_behalf_of=v2", {"words": "x"}, LEADER)
        assert problem(wrong) == (409, "volunteer-not-involved")
        done = await world.post(f"{first}/complete{says}", {"words": "送到了"}, LEADER)
        assert (done.json()["status"], done.json()["words"][0]["by"]) == (
            "completed",
            "grid_leader:grid_leader",
        )
        history = (await world.http.get(f"/v1/tasks/{first}/history", headers=LEADER)).json()
        told = [(one["by"], one["why"]) for one in history[-3:] if one["by"] != "matching"]
        word = "for volunteer v1, by telephone"
        assert told[-2:] == [("grid_leader:grid_leader", word)] * 2

        async def free() -> bool:
            document = await world.parts.volunteers.find("v1") or {}
            await world.parts.pool.refresh(datetime.now(UTC))
            return not document["tasks"] and all(one["said"] for one in document["alerts"])

        await eventually(free, 30, "v1 can be asked again")
        second = await world.request(accepted("r-no", category="care"))
        await world.asked(second)
        no = await world.post(f"{second}/decline{says}", {"reason": "在外地"}, MANAGER)
        assert no.is_success, no.text
        history = (await world.http.get(f"/v1/tasks/{second}/history", headers=LEADER)).json()
        assert ("area_manager:area_manager", f"{word}: 在外地") in [
            (one["by"], one["why"]) for one in history
        ]
