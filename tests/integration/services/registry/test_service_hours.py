"""Service hours that dispatch tells of: on the record sheet once, and certified."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.contracts import topics, volunteering, work
from shared.contracts.envelope import Event, encode
from shared.contracts.ids import uuid7
from shared.contracts.payload import Payload
from shared.messaging.producer import Outgoing
from shared.messaging.runtime import Runtime
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, told

CITY = ZoneInfo("Asia/Shanghai")
NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
PERSON = {
    "id": "p1", "name": "王<芳>", "telephone": "13800001234", "grid_id": "g1", "capacity": 2,
}  # fmt: skip


def fact(subject: str, sequence: int, data: Payload) -> Event:
    return Event(
        id=uuid7(),
        source="/services/volunteer-dispatch/hours",
        type=data.full_type(),
        subject=subject,
        sequence=sequence,
        time=NOON,
        partition_key=f"hours/{subject}",
        trace_parent=None,
        data=data,
    )


def confirmed(id: str, hours: float, **more: Any) -> volunteering.HoursConfirmed:
    return volunteering.HoursConfirmed.model_validate(
        {
            "hours_id": id,
            "volunteer_id": "p1",
            "source": "activity",
            "source_id": "a1",
            "round": 1,
            "began_at": NOON - timedelta(hours=hours),
            "ended_at": NOON,
            "hours": hours,
            "area_path": ("4403", "440310", "440310001"),
        }
        | more
    )


async def publish(world: World, *events: Event) -> None:
    runtime: Runtime = world.app.state.runtime
    sent = await runtime.publisher.publish(
        [Outgoing(topics.VOLUNTEERING.name, *encode(event)) for event in events]
    )
    assert not any(isinstance(one, Exception) for one in sent)


async def sheet(world: World) -> tuple[int, float]:
    """Services and hours of p1."""
    answer = await world.admin.get("/v1/people/p1/record")
    item = next(one for one in answer.json()["items"] if one["item"] == "service_hours")
    (total,) = item["totals"]
    return total["records"], total["quantity"]


async def test_hours_stand_on_the_sheet_once_are_put_right_and_voided(world: World) -> None:
    await world.city()
    await world.load("people", [PERSON])
    first = fact("h1", 1, confirmed("h1", 2.5))
    activity = volunteering.ActivityCancelled(activity_id="a2", reason="organizer")
    other = fact("a2", 1, activity)
    await publish(world, first, first, other, fact("h2", 1, confirmed("h2", 1.0)), first)

    async def stands(records: int, hours: float) -> bool:
        found = await sheet(world)
        assert found == (records, hours), found
        return True

    await eventually(lambda: stands(2, 3.5), 30, "hours stand on the sheet, each once")
    right = volunteering.HoursCorrected(hours_id="h1", volunteer_id="p1", hours=2.0, before=2.5)
    await publish(world, fact("h1", 2, right), first, fact("h1", 2, right))
    await eventually(lambda: stands(2, 3.0), 30, "what was put right counts")
    gone = volunteering.HoursVoided(hours_id="h2", volunteer_id="p1")
    await publish(world, fact("h2", 2, gone))
    await eventually(lambda: stands(1, 2.0), 30, "what was voided does not")
    events = await told(world, topics.WORK, 4)
    assert [(e.subject, type(e.data)) for e in events if e.subject == "h1"] == [
        ("h1", work.WorkRecorded),
        ("h1", work.WorkCorrected),
    ]

    # A certificate of the hours of a period: for the person, and those who may see who that is.
    today = datetime.now(CITY).date()
    period = {"since": str(today - timedelta(days=30)), "until": str(today - timedelta(days=1))}
    me = world.as_(Role.VOLUNTEER, volunteer_id="p1")
    stranger = world.as_(Role.VOLUNTEER, volunteer_id="p2")
    refused = await stranger.post("/v1/people/p1/certificates", json=period)
    assert refused.status_code == 403
    empty = {"since": "2020-01-01", "until": "2020-12-31"}
    none = await me.post("/v1/people/p1/certificates", json=empty)
    assert (none.status_code, none.json()["type"]) == (409, "/problems/no-hours")
    once = {"Idempotency-Key": "k1"}
    made = await me.post("/v1/people/p1/certificates", json=period, headers=once)
    assert made.status_code == 201, made.text
    again = await me.post("/v1/people/p1/certificates", json=period, headers=once)
    assert again.json() == made.json()
    number, code = made.json()["number"], made.json()["code"]

    # It stands on the record sheet, without the code that shows the name.
    [issued] = (await me.get("/v1/people/p1/record")).json()["issued"]
    assert issued == period | {
        "number": number, "hours": 2.0, "services": 1, "issued_on": issued["issued_on"],
    }  # fmt: skip

    # Anybody verifies it with number and code, and sees what stands on it and nothing else.
    anybody = world.as_(None)
    seen = await anybody.get(f"/v1/certificates/{number}", params={"code": code.lower()})
    shown = seen.json()
    assert (shown["name"], shown["hours"], shown["services"], shown["valid"]) == (
        "王<芳>", 2.0, 1, True,
    )  # fmt: skip
    assert shown["signature"].upper().startswith(code)
    assert not {"telephone", "person_id", "grid_id", "area_path"} & set(shown)
    for wrong in ({"code": "0" * 16}, {"code": ""}):
        refused = await anybody.get(f"/v1/certificates/{number}", params=wrong)
        assert (refused.status_code, refused.json()["type"]) == (
            404, "/problems/certificate-unknown",
        )  # fmt: skip
    unknown = await anybody.get("/v1/certificates/ZY20260000000000", params={"code": code})
    assert unknown.json()["type"] == "/problems/certificate-unknown"

    page = await anybody.get(f"/v1/certificates/{number}/page", params={"code": code})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-language"] == "zh-CN"
    for part in ("志愿服务证明", "王&lt;芳&gt;", "@media print", number, code, "共 2 小时"):
        assert part in page.text, part
    assert "<script" not in page.text
    english = await anybody.get(
        f"/v1/certificates/{number}/page", params={"code": code}, headers={"Accept-Language": "en"}
    )
    assert "Certificate of volunteer service" in english.text

    # One that was altered in the database does not verify; one put right since says so.
    certificates = world.app.state.parts.certificates.store.collection
    await certificates.update_one({"_id": number}, {"$set": {"state.hours": 200.0}})
    altered = await anybody.get(f"/v1/certificates/{number}", params={"code": code})
    assert altered.status_code == 404
    await certificates.update_one({"_id": number}, {"$set": {"state.hours": 2.0}})
    last = volunteering.HoursCorrected(hours_id="h1", volunteer_id="p1", hours=1.0, before=2.0)
    await publish(world, fact("h1", 3, last))
    await eventually(lambda: stands(1, 1.0), 30, "put right again")
    changed = await anybody.get(f"/v1/certificates/{number}", params={"code": code})
    assert (changed.json()["hours"], changed.json()["hours_now"]) == (2.0, 1.0)
    page = await anybody.get(f"/v1/certificates/{number}/page", params={"code": code})
    assert "请重新出具" in page.text

    # Revoked by those in charge, and marked so.
    reason = {"reason": "时数有误"}
    assert (await me.post(f"/v1/certificates/{number}/revoke", json=reason)).status_code == 403
    revoked = await world.admin.post(f"/v1/certificates/{number}/revoke", json=reason)
    assert revoked.status_code == 200, revoked.text
    after = await anybody.get(f"/v1/certificates/{number}", params={"code": code})
    assert after.json()["valid"] is False
    told_of = [e for e in await told(world, topics.WORK, 7) if e.subject == number]
    assert [type(e.data) for e in told_of] == [work.CertificateIssued, work.CertificateRevoked]
    assert isinstance(told_of[0].data, work.CertificateIssued)
    assert (told_of[0].data.person_id, told_of[0].data.hours) == ("p1", 2.0)
    (listed,) = (await me.get("/v1/people/p1/certificates")).json()["items"]
    assert (listed["number"], listed["revoked"]) == (number, "时数有误")
    assert (await me.get("/v1/people/p1/record")).json()["issued"] == []


async def test_a_volunteer_group_is_registered_and_told(world: World) -> None:
    await world.city()
    group = {
        "id": "clinic", "name": "义诊队", "area": "440310", "skills": ["doctor"],
        "members": ["p1", "p2"], "capacity": 3,
        "service_point": {"longitude": 114.3456, "latitude": 22.6},
    }  # fmt: skip
    nobody = await world.admin.post("/v1/groups", json=group | {"members": []})
    assert (nobody.status_code, nobody.json()["type"]) == (422, "/problems/group-people-needed")
    assert (await world.admin.post("/v1/groups", json=group)).status_code == 201
    found = await world.admin.get("/v1/groups?skill=doctor&area=440310")
    assert [one["id"] for one in found.json()["items"]] == ["clinic"]
    events = await world.events(9)
    (said,) = [e.data for e in events if e.subject == "clinic"]
    assert said is not None
    assert said.model_dump(include={"skills", "members", "area_path", "capacity"}) == {
        "skills": ("doctor",),
        "members": ("p1", "p2"),
        "area_path": ("4403", "440310"),
        "capacity": 3,
    }
