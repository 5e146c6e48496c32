"""What units report, over Kafka and over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import requests, topics
from shared.contracts.ids import reported_request_id
from shared.contracts.payload import Point
from shared.contracts.units import RequestReported, TaskResult
from tests.eventually import eventually
from tests.integration.services.request_intake.world import (
    ADMINISTRATOR,
    OPERATOR,
    RESIDENT,
    World,
)

MADE = datetime(2018, 7, 4, 9, 24, 41, tzinfo=UTC)


async def test_a_report_over_kafka_makes_a_request(world: World) -> None:
    source, subject = "/units/water", "case/2018-1"
    report = RequestReported(
        category="市容环卫",
        text="垃圾没人收",
        area="440310001001",
        point=Point(longitude=114.05123, latitude=22.05123),
        handling_unit="power",
    )
    await world.publish(topics.UNITS.name, source, subject, report, time=MADE)
    id = reported_request_id(source, subject)
    [event] = await world.events(topics.REQUESTS.name, 1, id)
    assert event.time == MADE
    told = event.data
    assert isinstance(told, requests.RequestAccepted)
    assert (told.category, told.urgency) == ("市容环卫", "ordinary")
    assert (told.reporting_unit, told.case_number) == ("water", "2018-1")
    assert (told.handling_unit, told.grid_id) == ("power", "grid-1")
    assert told.received_at > MADE
    shown = (await world.http.get(f"/v1/requests/{id}", headers=OPERATOR)).json()
    assert shown["text"] == "垃圾没人收"
    listed = await world.http.get("/v1/requests?reported_by=water", headers=OPERATOR)
    assert [item["id"] for item in listed.json()["items"]] == [id]


async def test_reports_that_cannot_be_taken_are_dead_letters(world: World) -> None:
    async def refused(subject: str, data: RequestReported, time: datetime | None = None) -> str:
        await world.publish(topics.UNITS.name, "/units/water", subject, data, time=time)
        collection = world.runtime.dead_letters.collection

        async def found() -> dict[str, Any] | None:
            return await collection.find_one({"subject": subject, "status": "dead"})

        letter = await eventually(found, 30, f"{subject} is a dead letter")
        assert letter is not None
        return str(letter["reason"])

    assert "'999'" in await refused("case/u1", RequestReported(category="x", area="999"))
    assert "case/" in await refused("task/u2", RequestReported(category="x"))
    ahead = datetime.now(UTC) + timedelta(days=1)
    assert "future" in await refused("case/u3", RequestReported(category="x"), ahead)
    placeless = RequestReported(text="停电了")
    await world.publish(topics.UNITS.name, "/units/water", "case/u4", placeless)
    found = await world.has_status(reported_request_id("/units/water", "case/u4"), "accepted")
    assert found["located"] is False
    assert (found["category"], found["urgency"]) == ("utilities", "utilities")


def event(type: str, subject: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": type, "subject": subject, "time": MADE.isoformat(), "data": data} | more


async def test_events_over_http_are_numbered_and_published(world: World) -> None:
    url, case = "/v1/unit-events", "case/h-1"
    good = [
        event("request_reported", case, {"category": "noise", "area": "440310001001"}, id="e1"),
        event("lianxin.unit.task_result.v1", case, {"ask_resident": False}, id="e2", sequence=2),
    ]
    bad = [
        event("request_reported", "case/h-2", {}),
        event("nonsense", case, {}),
        event("task_result", case, {}, sequence=9),
        event("task_progress", "case/h-3", {"status": "declined"}),
        event("request_reported", "task/h-4", {"category": "noise"}),
        event("request_reported", "case/h-5", {"text": "请打13800138000"}),
        event("task_result", case, {}) | {"time": "2999-01-01T00:00:00Z"},
        event("task_result", case, {}, colour="red"),
    ]
    answer = await world.http.post(url, json={"events": good + bad}, headers=OPERATOR)
    assert answer.status_code == 202, answer.text
    items = answer.json()["items"]
    assert [item["status"] for item in items] == ["accepted"] * 2 + ["rejected"] * len(bad)
    assert [item["sequence"] for item in items[:2]] == [1, 2]
    fields = [item["field"] for item in items[2:]]
    assert fields == [
        "data", "type", "sequence", "data", "subject", "data.text", "time", "colour"
    ]  # fmt: skip
    assert "3" in items[4]["reason"]
    again = await world.http.post(url, json={"events": good}, headers=OPERATOR)
    assert [item["status"] for item in again.json()["items"]] == ["duplicate"] * 2
    assert [item["sequence"] for item in again.json()["items"]] == [1, 2]
    rejected = await world.http.post(
        url, json={"events": bad}, headers=OPERATOR | {"Accept-Language": "en"}
    )
    assert rejected.status_code == 422
    assert rejected.headers["content-type"] == "application/problem+json"
    assert rejected.json()["rejected"] == len(bad)

    reported, result = await world.events(topics.UNITS.name, 2, case)
    assert (reported.source, reported.sequence, reported.partition_key) == (
        "/units/water",
        1,
        case,
    )
    assert isinstance(result.data, TaskResult)
    assert result.time == MADE
    id = reported_request_id("/units/water", case)
    assert (await world.has_status(id, "accepted"))["case_number"] == "h-1"


async def test_a_large_batch_of_one_unit_by_the_administrator(world: World) -> None:
    events = [
        event("request_reported", f"case/b-{n // 5}", {"category": "noise"}, id=f"b{n}")
        if n % 5 == 0
        else event("task_progress", f"case/b-{n // 5}", {"status": "in_hand"}, id=f"b{n}")
        for n in range(500)
    ]
    body = {"unit_id": "water", "events": events}
    answer = await world.http.post("/v1/unit-events", json=body, headers=ADMINISTRATOR)
    assert answer.status_code == 202
    assert [item["sequence"] for item in answer.json()["items"]] == [1, 2, 3, 4, 5] * 100

    async def all_there() -> bool:
        found = await world.http.get(
            "/v1/requests?reported_by=water&limit=200", headers=ADMINISTRATOR
        )
        return len(found.json()["items"]) == 100

    await eventually(all_there, 30, "a hundred requests")
    one = {"events": [event("task_progress", "task/1", {"status": "in_hand"})]}
    url = "/v1/unit-events"
    assert (await world.http.post(url, json=one)).status_code == 401
    assert (await world.http.post(url, json=one, headers=RESIDENT)).status_code == 403
    assert (await world.http.post(url, json=one, headers=ADMINISTRATOR)).status_code == 422
    foreign = one | {"unit_id": "power"}
    assert (await world.http.post(url, json=foreign, headers=OPERATOR)).status_code == 403
    too_many = one | {"events": one["events"] * 501}
    assert (await world.http.post(url, json=too_many, headers=OPERATOR)).status_code == 422
