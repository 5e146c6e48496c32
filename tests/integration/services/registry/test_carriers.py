"""Duty posts, responsibility areas, promises and accompanied errands over HTTP and Kafka."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.contracts import topics
from shared.contracts.envelope import Event
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, told

DAY = timedelta(days=1)
NAMES = ("王芳", "李强", "张家")


def day(offset: float) -> str:
    return (datetime.now(UTC) + offset * DAY).isoformat()


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    organization = {"domain": "community", "level": "grassroots", "area": "440310001001"}
    await world.load(
        "organizations",
        [
            organization | {"id": "o1", "name": "六联社区党委"},
            organization | {"id": "o2", "name": "供水公司党支部", "unit_id": "u1"},
        ],
    )
    people = [{"id": "p1", "name": "王芳", "grid_id": "g1"}]
    await world.load("people", [*people, {"id": "p2", "name": "李强", "grid_id": "g1"}])
    venue = {"id": "v1", "name": "服务中心", "area": "440310001001", "organization_id": "o1"}
    await world.load("venues", [venue])
    return world


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], code: int = 201) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == code, answer.text
    return answer.json()


async def items(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def short(events: list[Event], subject: str) -> list[str]:
    ours = sorted(events, key=lambda event: event.sequence)
    return [event.type.split(".")[2] for event in ours if event.subject == subject]


async def test_posts_and_areas_say_who_holds_them_from_when_to_when(city: World) -> None:
    body = {"kind": "duty_post", "organization_id": "o1", "name": "王芳先锋岗", "venue_id": "v1"}
    key = {"Idempotency-Key": "post-1"}
    first = await city.admin.post("/v1/carriers", json=body, headers=key)
    assert (await city.admin.post("/v1/carriers", json=body, headers=key)).json() == first.json()
    id = first.json()["id"]
    area = {"kind": "responsibility_area", "organization_id": "o1", "name": "东区"}
    refused = await post(city.admin, "/v1/carriers", area, 422)
    assert refused["type"] == "/problems/grid-needed"
    await post(city.admin, "/v1/carriers", area | {"grid_id": "g1"})
    path = f"/v1/carriers/{id}/holdings"
    holding = {"person_id": "p1", "since": day(-10), "until": day(20)}
    held = await city.admin.post(path, json=holding, headers={"Idempotency-Key": "h"})
    again = await city.admin.post(path, json=holding, headers={"Idempotency-Key": "h"})
    assert (held.status_code, held.json()) == (201, again.json())
    overlap = await post(city.admin, path, {"person_id": "p2", "since": day(0)}, 422)
    assert overlap["type"] == "/problems/holding-overlaps"
    release = f"{path}/{held.json()['id']}/release"
    await post(city.admin, release, {"at": day(-1)}, 200)
    await post(city.admin, path, {"person_id": "p2", "since": day(-1)})
    [post_, *_] = await items(city.admin, "/v1/carriers?kind=duty_post&organization_id=o1")
    assert (post_["name"], post_["holders"]) == ("王芳先锋岗", ["p2"])
    assert (await city.admin.get(f"/v1/carriers/{id}")).json() == post_
    assert [one["person_id"] for one in post_["holdings"]] == ["p1", "p2"]
    assert len(await items(city.admin, "/v1/carriers?area=440310001")) == 2
    assert len(await items(city.admin, "/v1/carriers?person_id=p1")) == 1
    closed = await post(city.admin, f"/v1/carriers/{id}/close", {"why": "撤并"}, 200)
    assert closed["holders"] == []
    events = await told(city, topics.CARRIERS, 7)
    assert short(events, id) == ["opened", "held", "released", "held", "released", "closed"]
    assert not any(name in str([event.data for event in events]) for name in NAMES)


async def test_a_promise_is_fulfilled_with_a_record_or_broken_by_its_date(city: World) -> None:
    async def promise(until: str) -> str:
        body = {"organization_id": "o1", "text": "为张家修好路灯", "until": until}
        return str((await post(city.admin, "/v1/promises", body))["id"])

    kept, late = await promise(day(5)), await promise(day(3 / 86400))
    work = {"work": "promise_kept", "organization_id": "o1", "about": {"kind": "promises"}}
    work["about"] |= {"id": kept}  # type: ignore[operator]
    record = (await post(city.admin, "/v1/records", work | {"at": day(0)}))["id"]
    done = await post(city.admin, f"/v1/promises/{kept}/keep", {"record_id": record}, 200)
    assert (done["status"], done["record_id"]) == ("kept", record)

    async def broken() -> bool:
        found = await items(city.admin, "/v1/promises?status=broken")
        return [one["id"] for one in found] == [late]

    await eventually(broken)
    other = (await post(city.admin, "/v1/records", work | {"at": day(-1)}))["id"]
    refused = await post(city.admin, f"/v1/promises/{late}/keep", {"record_id": other}, 422)
    assert refused["type"] == "/problems/record-of-others"
    [first, second] = await items(city.admin, "/v1/promises?organization_id=o1")
    assert (first["id"], second["text"]) == (late, "为张家修好路灯")
    # A record that was wrong keeps nothing.
    await post(city.admin, f"/v1/records/{record}/void", {"reason": "未完成"}, 200)

    async def reopened() -> bool:
        return [one["id"] for one in await items(city.admin, "/v1/promises?status=open")] == [kept]

    await eventually(reopened)
    await post(city.admin, f"/v1/promises/{kept}/void", {"why": "重复登记"}, 200)
    events = await told(city, topics.CARRIERS, 6)
    assert short(events, kept) == ["made", "kept", "reopened", "voided"]
    assert short(events, late) == ["made", "broken"]
    assert not any(name in str([event.data for event in events]) for name in NAMES)


async def test_an_accompanied_errand_is_recorded_work_with_its_steps_and_the_residents_word(
    city: World,
) -> None:
    body = {"organization_id": "o1", "person_id": "p1", "text": "代张家办医保", "resident": "张家"}
    volunteer = city.as_(Role.VOLUNTEER, volunteer_id="p1")
    key = {"Idempotency-Key": "errand-1"}
    taken = (await volunteer.post("/v1/errands", json=body, headers=key)).json()
    assert (await volunteer.post("/v1/errands", json=body, headers=key)).json() == taken
    id = taken["id"]
    resident = city.as_(None)
    word = {"code": taken["code"], "solved": True, "satisfied": 5, "words": "感谢王芳"}
    early = await post(resident, f"/v1/errands/{id}/word", word, 409)
    assert early["type"] == "/problems/errand-not-done"
    for stage in ("in_hand", "done"):
        await post(volunteer, f"/v1/errands/{id}/steps", {"stage": stage, "words": "张家"}, 200)
    wrong = await post(resident, f"/v1/errands/{id}/word", word | {"code": "guess"}, 404)
    assert wrong["type"] == "/problems/errand-unknown"
    assert (await post(resident, f"/v1/errands/{id}/word", word, 200))["words"] == "感谢王芳"
    [shown] = await items(volunteer, "/v1/errands?stage=done")
    assert (await volunteer.get(f"/v1/errands/{id}")).json() == shown
    assert [one["stage"] for one in shown["steps"]] == ["taken", "in_hand", "done"]
    assert (shown["text"], shown["resident"], shown["steps"][1]["words"]) == (
        "代张家办医保",
        "张家",
        "张家",
    )
    assert shown["word"]["satisfied"] == 5

    async def recorded() -> list[dict[str, Any]]:
        return await items(city.admin, "/v1/records?organization_id=o1&work=accompanied_errand")

    [record] = await eventually(recorded)
    assert (record["person_id"], record["about"]) == ("p1", {"kind": "errands", "id": id})
    # The follow-up once more, as after a kill before it kept how far it was: the same record.
    carriers = city.app.state.parts.carriers
    await asyncio.gather(*(carriers.follow({"errands": [id]}) for _ in range(3)))
    assert len(await recorded()) == 1
    events = await told(city, topics.CARRIERS, 4)
    assert short(events, id) == ["stepped", "stepped", "stepped", "rated"]
    everything = [*events, *await told(city, topics.WORK, 1)]
    assert not any(name in str([event.data for event in everything]) for name in NAMES)


async def test_each_sees_and_does_what_is_theirs(city: World) -> None:
    errand = {"organization_id": "o2", "person_id": "p1", "text": "代办"}
    promise = {"organization_id": "o2", "person_id": "p1", "text": "做好", "until": day(3)}
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    for path, body in (("/v1/errands", errand), ("/v1/promises", promise)):
        await post(operator, path, body)
        for client, sees in (
            (operator, 1),
            (city.as_(Role.GRID_LEADER, areas={"440310001"}), 1),
            (city.as_(Role.VOLUNTEER, volunteer_id="p1"), 1),
            (city.as_(Role.VOLUNTEER, volunteer_id="p2"), 0),
            (city.as_(Role.UNIT_OPERATOR, unit_id="u2"), 0),
            (city.as_(Role.AREA_MANAGER, areas={"440310002"}), 0),
        ):
            assert len(await items(client, path)) == sees
            if not sees:
                await post(client, path, body, 403)
        await post(city.as_(Role.RESIDENT), path, body, 403)
    [made] = await items(operator, "/v1/promises")
    stranger = city.as_(Role.VOLUNTEER, volunteer_id="p2")
    assert (await operator.get(f"/v1/promises/{made['id']}")).json() == made
    assert (await stranger.get(f"/v1/promises/{made['id']}")).status_code == 403
    for kind in ("promises", "errands", "carriers"):
        assert (await operator.get(f"/v1/{kind}/none")).status_code == 404
    await post(stranger, f"/v1/promises/{made['id']}/void", {"why": "x"}, 403)
    await post(stranger, "/v1/promises/none/void", {"why": "x"}, 404)
    post_ = {"kind": "duty_post", "organization_id": "o2", "name": "岗"}
    await post(city.as_(Role.AREA_MANAGER, areas={"440310002"}), "/v1/carriers", post_, 403)
    await post(operator, "/v1/carriers", post_)
    assert await items(city.as_(Role.UNIT_OPERATOR, unit_id="u2"), "/v1/carriers") == []
    assert (await city.as_(Role.VOLUNTEER).get("/v1/carriers")).status_code == 403
