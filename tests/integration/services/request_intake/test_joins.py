"""Requests about the same thing: suggested, joined, each answered, parted; through HTTP."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from services.request_intake.candidates import wanted
from services.request_intake.likeness import LikenessTable
from shared.contracts import joins, requests, task_life, tasks, topics
from shared.contracts.ids import lead_task_id
from shared.contracts.payload import Point
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    INSIDE,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_MANAGER,
    RESIDENT,
    World,
    assigned,
    bearer,
    completed,
)

NEIGHBOUR = bearer(Role.RESIDENT, "resident-2")
PLACE: dict[str, Any] = {"place": {"point": INSIDE}}
NEARBY: dict[str, Any] = {"place": {"point": {"longitude": 114.0516, "latitude": 22.0514}}}
FAR: dict[str, Any] = {"place": {"point": {"longitude": 114.09, "latitude": 22.09}}}
SOLVED = {"contacted": True, "solved": True, "satisfied": 5}
UNSOLVED = {"contacted": True, "solved": False, "satisfied": 1}


def joined(id: str, join_id: str, lead: str) -> joins.TaskJoined:
    return joins.TaskJoined(
        task_id=lead_task_id(id),
        request_id=id,
        join_id=join_id,
        lead_request_id=lead,
        lead_task_id=lead_task_id(lead),
    )


async def join(world: World, id: str, lead: str, headers: Any = MANAGER) -> Any:
    body = {"to": lead, "reason": "同一处广场舞"}
    return await world.http.post(f"/v1/requests/{id}/join", json=body, headers=headers)


async def join_id_of(world: World, id: str, number: int = 2) -> str:
    told = (await world.events(topics.REQUESTS.name, number, id))[number - 1].data
    assert isinstance(told, joins.RequestJoined)
    return told.join_id


async def steps(world: World, code: str, language: str = "zh") -> list[str]:
    headers = {"Accept-Language": language}
    shown = (await world.http.get(f"/v1/timelines/{code}", headers=headers)).json()
    return [step["words"] for step in shown["steps"]]


async def two(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lead that a unit has in hand, and a request that is joined to it, as dispatch confirms."""
    lead, other = await world.file(**PLACE), await world.file(NEIGHBOUR, **NEARBY)
    await world.task(lead["id"], *assigned(lead["id"]))
    await world.has_status(lead["id"], "in_hand")
    assert (await join(world, other["id"], lead["id"])).status_code == 200
    told = joined(other["id"], await join_id_of(world, other["id"]), lead["id"])
    await world.task(other["id"], told)
    return lead, other


async def test_likely_ones_are_listed_with_score_and_reasons(world: World) -> None:
    first = await world.file(**PLACE)
    await world.file(**FAR)
    await world.file(text="自来水发黄有异味，水质差", **PLACE)
    asked = await world.file(NEIGHBOUR, text="晚上楼下的广场舞，噪音实在太大", **NEARBY)
    url = f"/v1/requests/{asked['id']}/similar"
    shown = (await world.http.get(url, headers=MANAGER)).json()
    [item] = [one for one in shown["items"] if one["id"] == first["id"]]
    assert item["score"] >= 0.6
    reasons = {reason["what"]: reason for reason in item["reasons"]}
    assert set(reasons) == {"category", "hours", "metres", "words"}
    assert 35 < reasons["metres"]["value"] < 60
    assert reasons["words"]["words"].startswith("文字相似度 ")
    assert reasons["category"]["words"] == "类别：生态环境"
    assert "广场舞" not in str(shown), "no words of others"
    english = await world.http.get(url, headers=MANAGER | {"Accept-Language": "en"})
    assert "metres apart" in english.text
    assert (await world.http.get(url, headers=OTHER_MANAGER)).status_code == 403
    # Who filed it sees no likeness of words, and distances to 100 m.
    own = (await world.http.get(url, headers=NEIGHBOUR)).json()
    whats = {(r["what"], r["value"]) for one in own["items"] for r in one["reasons"]}
    assert not any(what == "words" for what, _ in whats)
    assert {value for what, value in whats if what == "metres"} <= {None, 100, 200}


async def test_candidates_are_found_by_the_index_and_are_bounded(world: World) -> None:
    collection = world.runtime.database["requests"]
    some = await world.file(**PLACE)
    document = await collection.find_one({"_id": some["id"]})
    assert document is not None
    far = [
        document
        | {"_id": f"far{n}", "state": document["state"] | {
            "id": f"far{n}", "tracking_code": f"far{n}", "near": [f"cell:{n},{n}"]}}
        for n in range(300)
    ]  # fmt: skip
    await collection.insert_many(far)
    table = world.runtime.database["tables"]
    kept = await table.find_one({"name": "likeness"})
    assert kept is not None
    shipped = LikenessTable.model_validate(kept["table"])
    chosen = wanted(Point(**INSIDE), (), datetime.now(UTC), ["environment"], shipped)
    assert chosen is not None
    explained = await world.runtime.database.command(
        "explain",
        {
            "find": "requests",
            "filter": chosen,
            "sort": {"state.accepted_at": -1},
            "limit": shipped.considered,
        },
        verbosity="executionStats",
    )
    assert "'indexName': 'near'" in str(explained["queryPlanner"]["winningPlan"])
    assert explained["executionStats"]["totalDocsExamined"] <= 2


async def test_staff_join_within_their_area_and_only_what_is_lawful(world: World) -> None:
    lead, other, third = await world.file(), await world.file(), await world.file()
    body = {"to": lead["id"]}
    url = f"/v1/requests/{other['id']}/join"
    assert (await world.http.post(url, json=body)).status_code == 401
    for nobody in (RESIDENT, OPERATOR, OTHER_MANAGER):
        assert (await world.http.post(url, json=body, headers=nobody)).status_code == 403
    done = await join(world, other["id"], lead["id"], LEADER)
    assert (done.status_code, done.json()["joined_to"]) == (200, lead["id"])
    again = await join(world, other["id"], lead["id"])
    assert (again.status_code, again.json()["joined_to"]) == (200, lead["id"])

    async def refused(id: str, to: str) -> tuple[str, str]:
        answer = await join(world, id, to)
        assert answer.status_code == 409
        return answer.json()["type"].rpartition("/")[2], answer.json()["detail"]

    assert (await refused(third["id"], third["id"]))[0] == "join-itself"
    code, detail = await refused(third["id"], other["id"])
    assert code == "lead-is-joined"
    assert detail == f"那件诉求本身已合并到 {lead['id']}：请直接合并到 {lead['id']}。"
    assert (await refused(lead["id"], third["id"]))[0] == "leads-others"
    assert (await refused(other["id"], third["id"]))[0] == "joined-already"
    await world.task(lead["id"], completed(lead["id"]))
    await world.has_status(lead["id"], "completed")
    assert (await refused(third["id"], lead["id"]))[0] == "lead-has-ended"
    # Told once, with ids only; and nothing of what was refused.
    events = await world.events(topics.REQUESTS.name, 2, other["id"])
    assert events[1].data == joins.RequestJoined(
        request_id=other["id"],
        join_id=await join_id_of(world, other["id"]),
        lead_request_id=lead["id"],
    )
    history = await world.http.get(f"/v1/requests/{other['id']}/history", headers=MANAGER)
    assert "同一处" not in str(events[1].data)
    assert any(item["what"] for item in history.json()["items"])


async def test_joins_both_ways_at_once_end_with_no_circle(world: World) -> None:
    pairs = [(await world.file(), await world.file()) for _ in range(4)]
    asked = [join(world, a["id"], b["id"]) for pair in pairs for a, b in (pair, pair[::-1])]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} <= {200, 409}
    store = world.runtime.database["requests"]
    for one, other in pairs:
        states = {
            d["_id"]: d["state"]
            async for d in store.find({"_id": {"$in": [one["id"], other["id"]]}})
        }
        assert sum(state["joined"] is not None for state in states.values()) <= 1
        assert all(state["joining"] is None for state in states.values())


async def test_every_joined_resident_is_answered_and_asked_for_himself(world: World) -> None:
    lead, other = await two(world)
    await world.task(lead["id"], completed(lead["id"]), first=3)
    await world.has_status(other["id"], "completed")
    words = await steps(world, other["tracking_code"])
    assert words[1] == "与附近居民的相同诉求合并办理，结果会答复每一位"
    assert words[-2:] == ["水务局（单位）已办结", "请您评价：问题是否解决、是否满意"]
    url = f"/v1/timelines/{other['tracking_code']}/follow-ups"
    answer = await world.http.post(url, json=SOLVED)
    assert answer.json()["status"] == "closed"
    assert (await world.has_status(lead["id"], "completed"))["outcome"] is None
    events = await world.events(topics.REQUESTS.name, 4, other["id"])
    heard = events[2].data
    assert isinstance(heard, requests.RequestFollowedUp)
    assert heard.handled_by is not None
    assert heard.handled_by.unit_id == "water"


async def test_deferral_and_final_answer_reach_every_joined_resident(world: World) -> None:
    lead, other = await two(world)
    who = {"kind": "unit", "id": "water", "unit_id": "water"}
    common = {"task_id": lead_task_id(lead["id"]), "request_id": lead["id"], "assignee": who}
    soon = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    deferred = task_life.TaskDeferred.model_validate(
        common | {"reason": "汛期后施工", "review_at": soon, "deadline": soon, "round": 1}
    )
    final = task_life.TaskFinallyAnswered.model_validate(
        common | {"ground": "no_basis", "reason": "缺乏政策依据", "round": 1}
    )
    await world.task(lead["id"], deferred, final, first=3)
    await world.has_status(other["id"], "completed")
    words = await steps(world, other["tracking_code"])
    assert words[-3].startswith("经批准暂缓办理（挂账）：汛期后施工")
    assert words[-2] == "水务局（单位）已作终结答复：缺乏政策依据"
    url = f"/v1/timelines/{other['tracking_code']}/follow-ups"
    assert (await world.http.post(url, json=UNSOLVED)).json()["status"] == "closed"


async def test_who_is_not_content_has_a_task_of_his_own_and_the_others_are_left_alone(
    world: World,
) -> None:
    lead, other = await two(world)
    await world.task(lead["id"], completed(lead["id"]), first=3)
    await world.has_status(other["id"], "completed")
    await world.http.post(f"/v1/timelines/{lead['tracking_code']}/follow-ups", json=SOLVED)
    url = f"/v1/timelines/{other['tracking_code']}/follow-ups"
    assert (await world.http.post(url, json=UNSOLVED)).json() == {
        "status": "reopened",
        "status_words": "重新办理",
        "round": 2,
    }
    assert (await world.has_status(lead["id"], "closed"))["outcome"] == "solved"
    events = await world.events(topics.REQUESTS.name, 4, other["id"])
    again = events[3].data
    assert isinstance(again, requests.RequestReopened)
    assert again.handled_by is not None
    assert (again.round, again.handled_by.id) == (2, "water")
    # Its own task's facts count for it again.
    await world.task(other["id"], *assigned(other["id"], 2), completed(other["id"], 2), first=2)
    await world.has_status(other["id"], "completed")


async def test_separated_with_a_reason_it_is_on_its_own_again(world: World) -> None:
    lead, other = await two(world)
    url = f"/v1/requests/{other['id']}/separate"
    no_reason = await world.http.post(url, json={}, headers=MANAGER)
    assert no_reason.status_code == 422
    personal = await world.http.post(url, json={"reason": "电话13812345678"}, headers=MANAGER)
    assert personal.status_code == 422

    async def parted() -> Any:
        answer = await world.http.post(url, json={"reason": "不是同一处"}, headers=MANAGER)
        return answer.json() if answer.status_code == 200 else None

    done = await eventually(parted, 30, "separated, once dispatch has confirmed the joining")
    assert done is not None
    assert (done["joined_to"], done["status"], done["round"]) == (None, "accepted", 2)
    again = await world.http.post(url, json={"reason": "不是同一处"}, headers=MANAGER)
    assert again.json()["type"] == "/problems/not-joined"
    told = (await world.events(topics.REQUESTS.name, 3, other["id"]))[2].data
    assert isinstance(told, joins.RequestSeparated)
    assert (told.round, told.why) == (2, "staff")
    history = await world.http.get(f"/v1/requests/{other['id']}/history", headers=MANAGER)
    assert any("不是同一处" in item["why"] for item in history.json()["items"])
    # What becomes of the lead is no news to it any more.
    await world.task(lead["id"], completed(lead["id"]), first=3)
    await world.has_status(lead["id"], "completed")
    assert (await world.has_status(other["id"], "accepted"))["round"] == 2


async def test_a_resident_says_me_too_on_what_is_open_nearby(world: World) -> None:
    lead = await world.file(**PLACE)
    private = await world.file(text="独居老人需要照顾", category="care", **PLACE)
    where = {"longitude": 114.0516, "latitude": 22.0514}
    listed = (await world.http.get("/v1/open-requests", params=where)).json()["items"]
    ids = [item["id"] for item in listed]
    assert lead["id"] in ids
    assert private["id"] not in ids
    [shown] = [item for item in listed if item["id"] == lead["id"]]
    assert set(shown) == {
        "id", "category", "category_words", "accepted_on", "status", "status_words", "joined_by",
        "metres",
    }  # fmt: skip
    assert shown["metres"] == 100
    url = f"/v1/requests/{lead['id']}/me-too"
    key = NEIGHBOUR | {"Idempotency-Key": "me-too-1"}
    body = {"text": "我家也被吵得睡不着", **NEARBY}
    answers = [await world.http.post(url, json=body, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "idempotent-replayed" in answers[1].headers
    own = answers[0].json()
    assert answers[1].json() == own
    assert own["joined_to"] == lead["id"]
    assert own["tracking_code"] != lead["tracking_code"]
    told = [event.data for event in await world.events(topics.REQUESTS.name, 2, own["id"])]
    assert isinstance(told[0], requests.RequestAccepted)
    assert isinstance(told[1], joins.RequestJoined)
    assert told[1].me_too
    # Me too on a joined one is me too on its lead; on what is not public, far away or done, not.
    more = await world.http.post(f"/v1/requests/{own['id']}/me-too", json={}, headers=RESIDENT)
    assert more.json()["joined_to"] == lead["id"]
    hidden = await world.http.post(
        f"/v1/requests/{private['id']}/me-too", json={}, headers=RESIDENT
    )
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/not-open-to-all")
    away = await world.http.post(url, json=FAR, headers=RESIDENT)
    assert (away.status_code, away.json()["type"]) == (422, "/problems/too-far")
    await world.task(lead["id"], completed(lead["id"]))
    await world.has_status(lead["id"], "completed")
    late = await world.http.post(url, json={}, headers=RESIDENT)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/lead-has-ended")
    assert "新提交一件诉求" in late.json()["detail"]


async def test_a_joining_that_a_dead_process_left_is_finished(world: World) -> None:
    lead, other = await world.file(), await world.file()
    # As it stands when who joins dies right after its first write.
    left = {
        "id": "j-left", "lead": lead["id"], "at": datetime(2026, 1, 1, tzinfo=UTC), "by": "x",
        "me_too": False, "why": "",
    }  # fmt: skip
    await world.runtime.database["requests"].update_one(
        {"_id": other["id"]},
        {"$set": {"state.joining": left, "state.todo": True}, "$inc": {"version": 1}},
    )

    async def done() -> Any:
        shown = await world.http.get(f"/v1/requests/{other['id']}", headers=ADMINISTRATOR)
        return shown.json()["joined"]

    found = await eventually(done, 30, "the loop has finished it")
    assert found is not None
    assert found["lead"] == lead["id"]


async def test_a_withdrawn_lead_gives_each_member_its_own_task_again(world: World) -> None:
    lead, other = await two(world)
    gone = tasks.TaskCancelled(
        task_id=lead_task_id(lead["id"]), request_id=lead["id"], reason="withdrawn"
    )
    await world.task(lead["id"], gone, first=3)
    await world.has_status(lead["id"], "closed")
    back = await world.has_status(other["id"], "accepted")
    assert (back["joined"], back["round"]) == (None, 2)


async def test_the_city_replaces_the_table_of_likeness(world: World) -> None:
    read = await world.http.get("/v1/likeness", headers=ADMINISTRATOR)
    table = read.json()["table"] | {"suggested_from": 1.0, "suggested_from_without_words": 1.0}
    matched = ADMINISTRATOR | {"If-Match": read.headers["etag"]}
    assert (await world.http.put("/v1/likeness", json=table, headers=MANAGER)).status_code == 403
    assert (await world.http.put("/v1/likeness", json=table, headers=matched)).status_code == 200
    await world.file(**PLACE)
    asked = await world.file(NEIGHBOUR, text="楼下跳广场舞，噪音太大", **NEARBY)
    shown = await world.http.get(f"/v1/requests/{asked['id']}/similar", headers=MANAGER)
    assert shown.json()["items"] == []
