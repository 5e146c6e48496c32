"""Returns, pauses, proposals, problem cases and the final answer over HTTP, on real servers."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.contracts import requests, task_life, tasks
from shared.storage.client import connect
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.volunteer_dispatch.world import (
    ADMINISTRATOR,
    LEADER,
    MANAGER,
    OPERATOR,
    OTHER_MANAGER,
    RESIDENT,
    World,
    accepted,
    bearer,
    dropped,
    replica,
    running,
)

SERVICE = "volunteer_dispatch"
COMMUNITY = bearer(Role.AREA_MANAGER, "community", areas=frozenset({"S1-1"}))
CITY = bearer(Role.AREA_MANAGER, "city", areas=frozenset({"C"}))
BACK = {"reason": "不属本单位", "ground": "not_my_duty"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def with_power(world: World, id: str) -> str:
    """A task that unit power has in hand."""
    task = await world.request(accepted(id, handling_unit="power"))
    await world.until(task, "accepted", "unit:power")
    return task


async def test_returns_have_a_ground_a_time_a_number_and_then_a_decision(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        id = await with_power(world, "r-returned")
        bare = await world.post(f"{id}/return", {"reason": "不属本单位"}, OPERATOR)
        assert problem(bare)[0] == 422
        unknown = await world.post(f"{id}/return", BACK | {"ground": "tired"}, OPERATOR)
        assert problem(unknown) == (422, "ground-unknown")
        assert unknown.json()["allowed"][:2] == ["not_my_duty", "beyond_power"]

        # Too late, it is the holder's.
        past = datetime.now(UTC) - timedelta(minutes=1)
        collection = world.parts.store.collection
        in_time = (await world.state(id)).returns.return_by
        await collection.update_one({"_id": id}, {"$set": {"state.returns.return_by": past}})
        late = await world.post(f"{id}/return", BACK, OPERATOR)
        assert problem(late) == (409, "return-too-late")
        assert "extend" in late.json()["allowed"]
        assert "延期" in late.json()["detail"]
        await collection.update_one({"_id": id}, {"$set": {"state.returns.return_by": in_time}})

        first = await world.post(f"{id}/return", BACK, OPERATOR)
        assert (first.status_code, first.json()["returns"]) == (200, 1)
        assert first.json()["assignee"]["id"] == "g1"
        await world.post(f"{id}/accept", None, LEADER)
        second = await world.post(f"{id}/return", BACK, LEADER)
        assert second.json()["awaits"] == "decision"
        assert second.json()["assignee"]["id"] == "S1-1"
        listed = await world.http.get("/v1/tasks?awaits=decision", headers=MANAGER)
        assert [item["id"] for item in listed.json()["items"]] == [id]

        keep = {"reason": "属本网格"}
        assert (await world.post(f"{id}/decide", keep, LEADER)).status_code == 403
        assert (await world.post(f"{id}/decide", keep, OTHER_MANAGER)).status_code == 403
        volunteer = {"to": {"kind": "volunteer", "id": "v1"}, "reason": "x"}
        assert (await world.post(f"{id}/decide", volunteer, COMMUNITY)).status_code == 422
        decided = await world.post(f"{id}/decide", keep, COMMUNITY)
        assert (decided.json()["status"], decided.json()["bound"]) == ("accepted", True)
        assert decided.json()["assignee"]["id"] == "g1"
        assert problem(await world.post(f"{id}/return", BACK, LEADER)) == (409, "decision-binds")
        events = await world.published(12)
        assert [type(e.data) for e in events] == [
            tasks.TaskCreated,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
            tasks.TaskReturned,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
            tasks.TaskReturned,
            tasks.TaskEscalated,
            tasks.TaskAssigned,
            task_life.TaskDecided,
            tasks.TaskAssigned,
            tasks.TaskAccepted,
        ]


async def test_more_time_a_deferral_and_the_final_answer_need_another_person_above(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        id = await with_power(world, "r-asked")
        before = (await world.state(id)).deadline
        assert before is not None
        asked = await world.post(f"{id}/extend", {"hours": 24, "reason": "等配件"}, OPERATOR)
        assert asked.json()["proposal"]["hours"] == 24
        pending = await world.post(f"{id}/extend", {"hours": 24, "reason": "x"}, OPERATOR)
        assert problem(pending) == (409, "not-possible-now")
        for nobody, code in ((OPERATOR, 403), (LEADER, 403), (OTHER_MANAGER, 403), (RESIDENT, 403)):
            assert (await world.post(f"{id}/approve", {}, nobody)).status_code == code
        # The same person in another role is still the same person.
        same = bearer(Role.AREA_MANAGER, "unit_operator", areas=frozenset({"S1"}))
        assert problem(await world.post(f"{id}/approve", {}, same)) == (403, "four-eyes")
        listed = await world.http.get("/v1/tasks?awaits=extension", headers=MANAGER)
        assert [item["id"] for item in listed.json()["items"]] == [id]
        more = await world.post(f"{id}/approve", {"reason": "同意"}, MANAGER)
        assert more.json()["extensions"] == 1
        assert (await world.state(id)).deadline == before + timedelta(hours=24)
        long = await world.post(f"{id}/extend", {"hours": 100, "reason": "x"}, OPERATOR)
        assert problem(long) == (409, "extension-too-long")
        await world.post(f"{id}/extend", {"hours": 1, "reason": "x"}, OPERATOR)
        refused = await world.post(f"{id}/refuse", {"reason": "抓紧"}, MANAGER)
        assert (refused.json()["proposal"], refused.json()["extensions"]) == (None, 1)

        review = datetime.now(UTC) + timedelta(days=30)
        far = {"review_at": (review + timedelta(days=365)).isoformat(), "reason": "x"}
        wrong = await world.post(f"{id}/defer", far, OPERATOR)
        assert problem(wrong) == (409, "review-out-of-range")
        body = {"review_at": review.isoformat(), "reason": "汛期后施工"}
        assert (await world.post(f"{id}/defer", body, OPERATOR)).is_success
        deferred = (await world.post(f"{id}/approve", {}, MANAGER)).json()
        assert (deferred["status"], deferred["pause"]["kind"]) == ("accepted", "deferral")
        assert deferred["overdue"] is False
        found = await world.http.get("/v1/tasks?paused=deferral", headers=MANAGER)
        assert [item["id"] for item in found.json()["items"]] == [id]
        # At the review it comes back.
        past = datetime.now(UTC) - timedelta(seconds=1)
        moved = {"state.clock.pause.until": past, "next_due": past}
        await world.parts.store.collection.update_one({"_id": id}, {"$set": moved})

        async def back() -> bool:
            return (await world.state(id)).clock.pause is None

        await eventually(back, 30, "it comes back at its review")

        odd = {"ground": "tired", "reason": "x"}
        assert problem(await world.post(f"{id}/answer-finally", odd, OPERATOR))[0] == 422
        final = {"ground": "no_basis", "reason": "诉求缺乏政策依据"}
        assert (await world.post(f"{id}/answer-finally", final, OPERATOR)).is_success
        assert (await world.post(f"{id}/approve", {}, OPERATOR)).status_code == 403
        ended = (await world.post(f"{id}/approve", {}, MANAGER)).json()
        assert (ended["status"], ended["commands"]) == ("finally_answered", [])
        await world.request(requests.RequestReopened(request_id="r-asked", round=2))
        await world.request(requests.RequestClosed(request_id="r-asked", outcome="reported"))

        async def applied() -> bool:
            history = await world.parts.store.history(id)
            return [c["why"] for c in history][-2:] == [
                "finally answered: not opened again",
                "request closed",
            ]

        await eventually(applied, 30, "the reopening changed nothing")
        assert (await world.state(id)).status == "finally_answered"
        kinds = [type(e.data).__name__ for e in await world.published(12)]
        assert kinds[3:] == [
            "TaskProposed", "TaskExtended", "TaskProposed", "TaskProposalRefused", "TaskProposed",
            "TaskDeferred", "TaskResumed", "TaskProposed", "TaskFinallyAnswered",
        ]  # fmt: skip


async def test_the_clock_waits_for_the_resident(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        id = await with_power(world, "r-waits")
        before = (await world.state(id)).deadline
        assert before is not None
        number = {"asks": "请打 13812345678"}
        assert (await world.post(f"{id}/wait-for-resident", number, OPERATOR)).status_code == 422
        asks = {"asks": "哪一层漏水？"}
        assert (await world.post(f"{id}/wait-for-resident", asks, LEADER)).status_code == 403
        waiting = (await world.post(f"{id}/wait-for-resident", asks, OPERATOR)).json()
        assert (waiting["pause"]["kind"], waiting["pause"]["reason"]) == ("resident", asks["asks"])
        assert (await world.state(id)).overdue_at() is None
        # An hour later the resident answers.
        since = datetime.now(UTC) - timedelta(hours=1)
        change = {"$set": {"state.clock.pause.since": since}}
        await world.parts.store.collection.update_one({"_id": id}, change)
        await world.request(requests.RequestAnswered(request_id="r-waits", round=1))

        async def goes_on() -> bool:
            return (await world.state(id)).clock.pause is None

        await eventually(goes_on, 30, "the answer lets the clock go on")
        state = await world.state(id)
        assert state.deadline is not None
        moved = state.deadline - before
        assert timedelta(hours=1) <= moved < timedelta(hours=1, minutes=1)
        await world.post(f"{id}/wait-for-resident", asks, OPERATOR)
        by_phone = await world.post(f"{id}/resume", {"words": "三楼"}, OPERATOR)
        assert (by_phone.json()["pause"], by_phone.json()["words"][0]["text"]) == (None, "三楼")
        third = await world.post(f"{id}/wait-for-resident", asks, OPERATOR)
        assert problem(third) == (409, "waited-too-often")


async def test_a_case_redone_three_times_is_looked_after_above(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:
        ids = [await with_power(world, f"p{n}") for n in range(2)]
        for round in range(2, 5):
            for n, id in enumerate(ids):
                done = await world.post(f"{id}/complete", {"words": "好了"}, OPERATOR)
                assert done.is_success, done.text
                reopened = requests.RequestReopened(request_id=f"p{n}", round=round)
                await world.request(reopened)
                await world.until(id, "assigned", "unit:power")
                await world.post(f"{id}/accept", None, OPERATOR)

        async def listed(headers: dict[str, str], query: str = "") -> list[str]:
            found: list[str] = []
            cursor = ""
            while True:
                url = f"/v1/problem-cases?limit=1{query}{cursor}"
                page = (await world.http.get(url, headers=headers)).json()
                found += [item["id"] for item in page["items"]]
                if page["next"] is None:
                    return found
                cursor = f"&cursor={page['next']}"

        for sees in (ADMINISTRATOR, CITY, MANAGER, COMMUNITY, LEADER, OPERATOR):
            assert sorted(await listed(sees)) == sorted(ids)
        assert await listed(OTHER_MANAGER) == []
        assert len(await listed(MANAGER, "&owner_area=S1-1&reason=redone")) == 2
        assert await listed(MANAGER, "&reason=no_lead") == []
        url = f"/v1/problem-cases/{ids[0]}/close"
        finding = {"finding": "权属不清，已明确养护单位"}
        for nobody in (LEADER, OTHER_MANAGER):
            assert (await world.http.post(url, json=finding, headers=nobody)).status_code == 403
        closed = await world.http.post(url, json=finding, headers=COMMUNITY)
        assert closed.json()["problem"]["finding"] == finding["finding"]
        again = await world.http.post(url, json=finding, headers=COMMUNITY)
        assert problem(again) == (409, "no-problem-case")
        assert await listed(MANAGER) == [ids[1]]
        assert await listed(MANAGER, "&open=false") == [ids[0]]


NUMBER = 20


async def test_warnings_are_told_once_with_two_replicas_and_after_a_restart(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    first = settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)
    second = first.model_copy(update={"replica": "second"})
    async with dropped(first):
        async with replica(first) as one:
            await one.build_city()
            ids = [await one.request(accepted(f"w{n}")) for n in range(NUMBER)]
            for id in ids:
                await one.until(id, "assigned")
        # Down while half of the time passes.
        client = connect(first.mongodb_uri, first.mongo_driver)
        past = datetime.now(UTC) - timedelta(hours=1)
        moved = {"state.clock.warn_at": past, "next_due": past}
        await client.database(first.database_name)["tasks"].update_many({}, {"$set": moved})
        await client.close()
        async with replica(first) as one, replica(second) as two:
            events = await one.published(3 * NUMBER)
            warned = [e.data for e in events if isinstance(e.data, task_life.TaskWarned)]
            assert Counter(told.task_id for told in warned) == dict.fromkeys(ids, 1)
            assert {told.percent for told in warned} == {50}

            async def all_written() -> bool:
                done = {"state.clock.warned": 50, "outbox": []}
                return await two.parts.store.collection.count_documents(done) == NUMBER

            await eventually(all_written, 30, "nothing is left to tell")
            assert {(await two.state(id)).clock.warn_percent for id in ids} == {80}


async def test_a_city_replaces_the_calendar_and_counts_working_hours(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    async with running(settings_for(SERVICE, kafka_bootstrap, mongodb_uri, unique)) as world:

        async def put(name: str, change: dict[str, Any]) -> httpx.Response:
            shown = await world.http.get(f"/v1/{name}", headers=ADMINISTRATOR)
            table = shown.json()["table"] | change
            tag = {"If-Match": shown.headers["etag"]}
            return await world.http.put(f"/v1/{name}", json=table, headers=ADMINISTRATOR | tag)

        shown = (await world.http.get("/v1/calendar", headers=ADMINISTRATOR)).json()
        assert "2015 年至 2026 年" in shown["notes"][0]
        rules = [{"categories": ["permit"], "hours": 8, "counts": "working"}]
        assert (await put("deadlines", {"rules": rules})).status_code == 200
        # Every day is worked, but for the next ten.
        today = datetime.now(UTC).date()
        days = [today + timedelta(days=n) for n in range(-1, 10)]
        years = [
            {"year": y, "holidays": [str(d) for d in days if d.year == y], "make_up": []}
            for y in sorted({d.year for d in days})
        ]
        wrong = await put("calendar", {"years": [*years, years[0]]})
        assert problem(wrong)[0] == 422
        answer = await put("calendar", {"years": years})
        assert answer.status_code == 200
        assert answer.json()["notes"] != shown["notes"]
        id = await world.request(accepted("r-permit", category="permit"))
        await world.until(id, "assigned")
        task = (await world.http.get(f"/v1/tasks/{id}", headers=ADMINISTRATOR)).json()
        assert task["counts"] == "working"
        assert datetime.fromisoformat(task["deadline"]).date() >= days[-1]
        other = await world.request(accepted("r-other"))
        plain = (await world.until(other, "assigned")).clock
        assert (plain.counts, plain.total) == ("calendar", 168 * 3_600_000)
