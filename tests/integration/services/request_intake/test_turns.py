"""What dispatch tells of a task's time and end, as the resident reads it; and the answers to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import requests, task_life, topics
from shared.contracts.ids import lead_task_id
from tests.eventually import eventually
from tests.integration.services.request_intake.world import (
    LEADER,
    OPERATOR,
    OTHER_MANAGER,
    World,
    assigned,
    completed,
)

WHO = {"kind": "unit", "id": "water", "unit_id": "water"}
SOON = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
UNSOLVED = {"contacted": True, "solved": False, "satisfied": 2}


def fact(model: Any, id: str, **more: Any) -> Any:
    common = {"task_id": lead_task_id(id), "request_id": id, "assignee": WHO, "round": 1}
    return model.model_validate(common | more)


def resumed(id: str, why: str, kind: str = "resident") -> Any:
    return fact(task_life.TaskResumed, id, kind=kind, why=why, deadline=SOON)


async def steps(world: World, code: str) -> list[str]:
    shown = (await world.http.get(f"/v1/timelines/{code}")).json()
    return [step["words"] for step in shown["steps"]]


async def test_the_resident_is_asked_and_replies(world: World) -> None:
    filed = await world.file()
    id, url = filed["id"], f"/v1/timelines/{filed['tracking_code']}"
    reply = {"words": "三楼，楼梯口"}
    early = await world.http.post(f"{url}/replies", json=reply)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/nothing-asked")
    waiting = fact(task_life.TaskWaiting, id, asks="哪一层漏水？", until=SOON, deadline=SOON)
    await world.task(id, *assigned(id), waiting)

    async def asked() -> Any:
        timeline = (await world.http.get(url)).json()
        return timeline if timeline["question"] else None

    shown = await eventually(asked, 30, "the resident is asked")
    assert shown is not None
    assert shown["question"]["asks"] == "哪一层漏水？"
    assert shown["steps"][-1]["words"] == (
        "水务局（单位）请您补充：哪一层漏水？（请于2026-03-02 09:30前答复，其间不计办理时限）"
    )
    key = {"Idempotency-Key": "reply-1"}
    answers = [await world.http.post(f"{url}/replies", json=reply, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "idempotent-replayed" in answers[1].headers
    by_phone = f"/v1/requests/{id}/replies"
    assert (await world.http.post(by_phone, json=reply)).status_code == 401
    for nobody in (OPERATOR, OTHER_MANAGER):
        answer = await world.http.post(by_phone, json=reply, headers=nobody)
        assert answer.status_code == 403
    assert (await world.http.post(by_phone, json=reply, headers=LEADER)).status_code == 409
    # The unit that works on it reads the words; the event has none.
    seen = (await world.http.get(f"/v1/requests/{id}", headers=OPERATOR)).json()
    assert [one["words"] for one in seen["replies"]] == ["三楼，楼梯口"]
    events = await world.events(topics.REQUESTS.name, 2, id)
    assert events[1].data == requests.RequestAnswered(request_id=id, round=1)


async def test_the_resident_reads_of_deferral_extension_and_hard_cases(world: World) -> None:
    filed = await world.file()
    id = filed["id"]
    await world.task(
        id,
        *assigned(id),
        fact(task_life.TaskExtended, id, reason="等配件", deadline=SOON, number=1),
        fact(task_life.TaskDeferred, id, reason="汛期后施工", review_at=SOON, deadline=SOON),
        resumed(id, "review_due", "deferral"),
        fact(task_life.TaskProblemRaised, id, reason="redone", owner_area="440310"),
        resumed(id, "moved_on"),
        completed(id),
    )
    await world.has_status(id, "completed")
    assert (await steps(world, filed["tracking_code"]))[3:-2] == [
        "经批准延期至2026-03-02 09:30：等配件",
        "经批准暂缓办理（挂账）：汛期后施工，2026-03-02 09:30复核后继续办理",
        "继续办理，办理期限为2026-03-02 09:30",
        "已列为疑难问题，由上一级协调",
    ]


async def test_after_a_final_answer_the_resident_is_heard_and_nothing_is_opened(
    world: World,
) -> None:
    filed = await world.file()
    id, url = filed["id"], f"/v1/timelines/{filed['tracking_code']}"
    final = fact(task_life.TaskFinallyAnswered, id, ground="no_basis", reason="诉求缺乏政策依据")
    await world.task(id, *assigned(id), final)
    await world.has_status(id, "completed")
    shown = (await world.http.get(url)).json()
    assert (shown["final"], shown["answer_awaited"]) == (True, True)
    assert shown["steps"][-2]["words"] == "水务局（单位）已作终结答复：诉求缺乏政策依据"
    answer = await world.http.post(f"{url}/follow-ups", json=UNSOLVED)
    assert (answer.status_code, answer.json()["status"]) == (201, "closed")
    assert "复查" in (await steps(world, filed["tracking_code"]))[-1]
    events = await world.events(topics.REQUESTS.name, 3, id)
    answered = events[1].data
    assert isinstance(answered, requests.RequestFollowedUp)
    assert (answered.by, answered.round) == ("resident", 1)
    assert (answered.contacted, answered.solved, answered.satisfied) == (True, False, 2)
    assert events[2].data == requests.RequestClosed(request_id=id, outcome="reported", final=True)
    again = await world.http.post(f"{url}/follow-ups", json=UNSOLVED)
    assert again.json()["type"] == "/problems/request-closed"


async def test_it_is_the_same_who_is_not_reached(world: World) -> None:
    filed = await world.file()
    id = filed["id"]
    final = fact(task_life.TaskFinallyAnswered, id, ground="no_basis", reason="无依据")
    await world.task(id, *assigned(id), final)
    held = await world.has_status(id, "completed")
    until = datetime.fromisoformat(held["follow_up_until"])
    assert until > datetime.now(UTC) + timedelta(hours=1)
    nobody = {"contacted": False}
    missed = await world.http.post(f"/v1/requests/{id}/follow-ups", json=nobody, headers=LEADER)
    assert missed.json()["status"] == "completed"
