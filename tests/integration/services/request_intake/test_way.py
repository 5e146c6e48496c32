"""A request's way: tasks' facts, the timeline, answers, reopening, the follow-up timer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from shared.contracts import requests, topics
from tests.eventually import eventually
from tests.integration.services.request_intake.conftest import MakeSettings
from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    LEADER,
    OPERATOR,
    OTHER_MANAGER,
    OTHER_OPERATOR,
    RESIDENT,
    World,
    assigned,
    completed,
    running,
)

UNSOLVED = {"contacted": True, "solved": False, "satisfied": 1, "words": "还是没人管"}
SOLVED = {"contacted": True, "solved": True, "satisfied": 5}
DEVICE = {"device": "a-text-that-the-page-made"}


async def test_the_resident_follows_answers_and_reopens(world: World) -> None:
    filed = await world.file(requester={"telephone": "13800138000"})
    id, code = filed["id"], filed["tracking_code"]
    url = f"/v1/timelines/{code}"
    early = await world.http.post(f"{url}/follow-ups", json=SOLVED)
    assert early.status_code == 409
    assert early.json()["type"] == "/problems/work-not-completed"

    await world.task(id, *assigned(id))
    held = await world.has_status(id, "in_hand")
    assert held["assignee"]["id"] == "water"
    seen = await world.http.get(f"/v1/requests/{id}", headers=OPERATOR)
    assert seen.json()["requester"]["telephone"] == "13800138000"
    listed = (await world.http.get("/v1/requests", headers=OPERATOR)).json()["items"]
    assert [item["id"] for item in listed] == [id]
    assert (await world.http.get(f"/v1/requests/{id}", headers=OTHER_OPERATOR)).status_code == 403

    await world.task(id, completed(id), first=3)
    await world.has_status(id, "completed")
    typed = code.lower().replace("-", "").replace("0", "o")
    timeline = await world.http.get(f"/v1/timelines/{typed}")
    assert timeline.headers["content-language"] == "zh-CN"
    steps = timeline.json()["steps"]
    assert [step["step"] for step in steps] == [
        "accepted", "assigned", "taken", "completed", "asked"
    ]  # fmt: skip
    assert steps[1]["words"] == "已派给水务局（单位）"
    assert timeline.json()["answer_awaited"] is True
    english = (await world.http.get(url, headers={"Accept-Language": "en"})).json()
    assert english["steps"][2]["words"] == "水务局 (Unit) took it in hand"
    assert english["category_words"] == "Environment and noise"

    key = {"Idempotency-Key": "answer-1"}
    answers = [
        await world.http.post(f"{url}/follow-ups", json=UNSOLVED | DEVICE, headers=key)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["status"] for answer in answers] == ["reopened", "reopened"]
    assert "idempotent-replayed" in answers[1].headers
    changed = await world.http.post(f"{url}/follow-ups", json=SOLVED, headers=key)
    assert changed.status_code == 422
    shown = (await world.http.get(f"/v1/requests/{id}", headers=LEADER)).json()
    assert shown["follow_ups"][0]["words"] == "还是没人管"

    await world.task(id, *assigned(id, 2), completed(id, 2), first=4)
    await world.has_status(id, "completed")
    by_phone = f"/v1/requests/{id}/follow-ups"
    nobody = {"contacted": False}
    assert (await world.http.post(by_phone, json=nobody)).status_code == 401
    for refused in (RESIDENT, OPERATOR, OTHER_MANAGER):
        answer = await world.http.post(by_phone, json=nobody, headers=refused)
        assert answer.status_code == 403
    missed = await world.http.post(by_phone, json=nobody, headers=LEADER)
    assert missed.json()["status"] == "completed"
    closed = await world.http.post(by_phone, json=SOLVED, headers=LEADER)
    assert closed.json()["status"] == "closed"
    late = await world.http.post(f"{url}/follow-ups", json=SOLVED)
    assert late.status_code == 409
    assert late.json()["type"] == "/problems/request-closed"

    events = await world.events(topics.REQUESTS.name, 6, id)
    told = [event.data for event in events]
    assert [type(data) for data in told] == [
        requests.RequestAccepted,
        requests.RequestFollowedUp,
        requests.RequestReopened,
        requests.RequestFollowedUp,
        requests.RequestFollowedUp,
        requests.RequestClosed,
    ]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert told[2] == requests.RequestReopened(request_id=id, round=2)
    # The resident's own answer is told apart from what the place's own staff entered.
    own, by_phone_told = told[1], told[4]
    assert isinstance(own, requests.RequestFollowedUp)
    assert isinstance(by_phone_told, requests.RequestFollowedUp)
    assert (own.by, own.staff_path) == ("resident", ())
    assert None not in (own.device, own.asker)
    assert by_phone_told.asker is not None
    assert by_phone_told == requests.RequestFollowedUp(
        request_id=id,
        contacted=True,
        solved=True,
        satisfied=5,
        round=2,
        by="staff",
        asker=by_phone_told.asker,
        staff_path=("440310001", "440310001001"),
    )
    assert told[5] == requests.RequestClosed(request_id=id, outcome="solved")
    for personal in ("没人管", "13800138000", DEVICE["device"]):
        assert not any(personal in str(data) for data in told)


async def test_two_answers_at_once_count_once(world: World) -> None:
    filed = await world.file()
    await world.task(filed["id"], completed(filed["id"]))
    await world.has_status(filed["id"], "completed")
    url = f"/v1/timelines/{filed['tracking_code']}/follow-ups"
    answers = await asyncio.gather(*(world.http.post(url, json=SOLVED) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_task_of_the_past_closes_without_asking(world: World) -> None:
    filed = await world.file(ADMINISTRATOR, happened_at="2024-05-01T08:00:00+08:00")
    at = datetime(2024, 5, 3, tzinfo=UTC)
    past = completed(filed["id"], ask_resident=False, completed_at=at)
    await world.task(filed["id"], past)
    closed = await world.has_status(filed["id"], "closed")
    assert closed["outcome"] == "reported"
    accepted, end = await world.events(topics.REQUESTS.name, 2, filed["id"])
    assert accepted.time == datetime(2024, 5, 1, tzinfo=UTC)
    assert end.time == at
    assert end.data == requests.RequestClosed(request_id=filed["id"], outcome="reported")


async def test_no_answer_in_time_closes_the_request(make_settings: MakeSettings) -> None:
    async with running(make_settings(follow_up_days=0.3 / 86_400)) as world:
        await world.build_city()
        filed = await world.file()
        await world.task(filed["id"], completed(filed["id"]))
        closed = await world.has_status(filed["id"], "closed")
        assert closed["outcome"] == "no_answer"
        events = await world.events(topics.REQUESTS.name, 2, filed["id"])
        assert isinstance(events[1].data, requests.RequestClosed)


async def test_new_rules_are_in_force_on_another_replica_within_two_seconds(
    world: World, make_settings: MakeSettings
) -> None:
    async with running(make_settings()) as second:
        url = "/v1/category-rules"
        read = await world.http.get(url, headers=ADMINISTRATOR)
        table: dict[str, Any] = read.json()
        for name in ("version", "since", "by"):
            del table[name]
        matched = ADMINISTRATOR | {"If-Match": read.headers["etag"]}
        wrong = table | {"rules": [*table["rules"][:2], table["rules"][2] | {"category": "x"}]}
        refused = await world.http.put(url, json=wrong, headers=matched)
        assert refused.status_code == 422
        assert "第 3 条" in refused.json()["detail"]
        rule = {"any": ["广场舞"], "category": "education", "urgency": "complex"}
        table["rules"] = [rule, *table["rules"]]
        assert (await world.http.put(url, json=table, headers=ADMINISTRATOR)).status_code == 428
        written = await world.http.put(url, json=table, headers=matched)
        assert written.status_code == 200
        assert written.json()["version"] == 2
        assert (await world.http.put(url, json=table, headers=matched)).status_code == 412

        async def in_force() -> bool:
            filed = await second.file()
            return (filed["category"], filed["urgency"]) == ("education", "complex")

        await eventually(in_force, 30, "the second replica uses the new rules", 0.1)
        versions = await world.runtime.database["category_tables"].distinct("_id")
        assert sorted(versions) == [1, 2]
        listed = (await second.http.get("/v1/categories")).json()
        assert listed["version"] == 2
