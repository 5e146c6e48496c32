"""Care over HTTP (issue 3, item 5; policy, art. 3): mobile, elderly and hardship members are
marked for care, with care tasks that are due, overdue and done."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.registry.care import decisions
from services.registry.care.repository import CareTimers
from services.registry.commands import Registry
from services.registry.follow_ups import finish
from shared.contracts import care as facts
from shared.contracts import topics
from shared.spans import moment
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, told

MARK = {"person_id": "old", "kind": "elderly", "note": "独居，三楼，膝盖不好"}


def parts(world: World) -> Registry:
    found: Registry = world.app.state.parts
    return found


@pytest.fixture
async def city(world: World) -> World:
    await world.city()
    await world.load("grids", [{"id": "g2", "name": "二", "area": "440310002",
                                "communities": ["440310002001"]}])  # fmt: skip
    organization = {"id": "o1", "name": "社区党支部", "domain": "community", "level": "grassroots",
                    "area": "440310001001"}  # fmt: skip
    await world.load("organizations", [organization])
    people: list[dict[str, Any]] = [
        {"id": "old", "name": "陈奶奶", "telephone": "13900000001", "grid_id": "g1",
         "organization_id": "o1", "capacity": 0},
        {"id": "visitor", "name": "王芳", "telephone": "13900000002", "grid_id": "g1"},
    ]  # fmt: skip
    assert {r["status"] for r in await world.load("people", people)} == {"created"}
    return world


async def marked(world: World, **more: Any) -> str:
    answer = await world.admin.post("/v1/care", json=MARK | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def shown(world: World, id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.admin.get(f"/v1/care/{id}")).json()
    return found


async def stage_is(world: World, id: str, stage: str) -> None:
    async def seen() -> bool:
        return bool((await shown(world, id))["stage"] == stage)

    await eventually(seen)


async def fire(world: World, days: float) -> None:
    """What the timers do when so many days have gone by."""
    leases = world.app.state.runtime.leases
    await CareTimers(parts(world).care, leases).fire(moment() + timedelta(days=days))


async def test_a_member_marked_for_care_is_visited_in_the_rhythm_of_the_table(city: World) -> None:
    id = await marked(city)
    await stage_is(city, id, "due")  # the first visit is due at once, told by the timer
    leader = city.as_(Role.GRID_LEADER, grids={"g1"})
    [task] = (await leader.get("/v1/care?stage=due")).json()["items"]
    assert (task["id"], task["name"], task["telephone"]) == (id, "陈奶奶", "13900000001")
    assert (task["label"]["zh"], task["note"]) == ("老党员", MARK["note"])
    assert "走访" in task["what_to_do"]["zh"]
    await fire(city, 8)
    assert (await shown(city, id))["stage"] == "overdue"
    at = moment()
    visit = {"at": at.isoformat(), "person_id": "visitor", "words": "身体很好"}
    key = {"Idempotency-Key": "visit"}
    for _ in range(2):
        done = await leader.post(f"/v1/care/{id}/visits", json=visit, headers=key)
        assert done.status_code == 201, done.text
        assert (done.json()["round"], done.json()["stage"]) == (2, "upcoming")
    due = datetime.fromisoformat(done.json()["due_at"])
    assert due == at + timedelta(days=30)
    assert (await leader.get("/v1/care?stage=due")).json()["items"] == []
    totals = (await city.admin.get("/v1/records/totals?person_id=visitor")).json()["items"]
    assert [(one["work"], one["records"]) for one in totals] == [("care_visit", 1)]
    await fire(city, 31)
    assert (await shown(city, id))["stage"] == "due"
    events = sorted(await told(city, topics.CARE, 4), key=lambda e: (e.subject, e.sequence))
    assert [(event.subject, event.sequence, type(event.data)) for event in events] == [
        (f"{id}-1", 1, facts.CareDue), (f"{id}-1", 2, facts.CareOverdue),
        (f"{id}-1", 3, facts.CareDone), (f"{id}-2", 1, facts.CareDue),
    ]  # fmt: skip
    assert isinstance(events[0].data, facts.CareDue)
    assert (events[0].data.grid_id, events[0].data.area_path[-1]) == ("g1", "440310001")
    for secret in ("陈奶奶", "13900000001", "old", "elderly", "独居", "身体很好"):
        assert secret not in str([event.data for event in events])


async def test_only_those_who_answer_for_the_person_see_the_mark(city: World) -> None:
    id = await marked(city)
    for client in (
        city.as_(Role.GRID_LEADER, grids={"g1"}),
        city.as_(Role.GRID_LEADER, areas={"440310001"}),
        city.as_(Role.AREA_MANAGER, areas={"440310"}),
    ):
        assert (await client.get(f"/v1/care/{id}")).status_code == 200
        assert len((await client.get("/v1/care")).json()["items"]) == 1
    for client in (
        city.as_(Role.GRID_LEADER, grids={"g2"}),
        city.as_(Role.AREA_MANAGER, areas={"440310002"}),
    ):
        assert (await client.get("/v1/care")).json()["items"] == []
        for answer in (
            await client.get(f"/v1/care/{id}"),
            await client.post("/v1/care", json=MARK | {"kind": "mobile"}),
            await client.post(f"/v1/care/{id}/visits", json={"at": "2026-03-01T08:00:00Z"}),
            await client.post(f"/v1/care/{id}/end", json={"reason": "x"}),
        ):
            assert answer.status_code == 403
    for role in (Role.RESIDENT, Role.VOLUNTEER, Role.UNIT_OPERATOR):
        client = city.as_(role, unit_id="u1", volunteer_id="old")
        assert (await client.get("/v1/care")).status_code == 403
    # The mark is nowhere in what others see of the person.
    assert "elderly" not in (await city.admin.get("/v1/people/old")).text
    for change, status, code in (
        ({}, 409, "cared-for"),
        ({"kind": "rich"}, 422, "unknown-care"),
        ({"person_id": "nobody"}, 422, "unknown-reference"),
    ):
        refused = await city.admin.post("/v1/care", json=MARK | change)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{code}")
    nobody = await city.admin.post(f"/v1/care/{id}/visits", json={"at": moment().isoformat()})
    assert (nobody.status_code, nobody.json()["type"]) == (422, "/problems/doer-needed")


async def test_a_mark_goes_with_the_person_and_ends(city: World) -> None:
    id = await marked(city)
    other = await marked(city, kind="hardship")
    await stage_is(city, id, "due")
    moved = {"name": "陈奶奶", "telephone": "13900000001", "grid_id": "g2"}
    await city.admin.put("/v1/people/old", json=moved, headers={"If-Match": "*"})
    await fire(city, 8)
    [task] = (await city.as_(Role.GRID_LEADER, grids={"g2"}).get(
        "/v1/care?stage=overdue&kind=elderly"
    )).json()["items"]  # fmt: skip
    assert (task["id"], task["grid_id"]) == (id, "g2")
    ended = await city.admin.post(f"/v1/care/{other}/end", json={"reason": "已脱困"})
    assert (ended.json()["stage"], ended.json()["what_to_do"]) == ("ended", None)
    late = await city.admin.post(
        f"/v1/care/{other}/visits", json={"at": moment().isoformat(), "person_id": "visitor"}
    )
    assert (late.status_code, late.json()["type"]) == (409, "/problems/care-ended")
    again = await marked(city, kind="hardship")
    await city.admin.delete("/v1/people/old")
    await fire(city, 8)
    await stage_is(city, again, "ended")


async def test_a_visit_broken_off_between_two_steps_is_made_up_for(city: World) -> None:
    """As after a kill -9: a record without the round knowing it, a round done without the next."""
    recorded, done = await marked(city), await marked(city, kind="mobile")
    await stage_is(city, recorded, "due")
    at = moment()
    body = {
        "work": "care_visit", "at": at.isoformat(), "person_id": "visitor",
        "about": {"kind": "care", "id": f"{recorded}-1"},
    }  # fmt: skip
    assert (await city.admin.post("/v1/records", json=body)).status_code == 201
    await fire(city, 8)
    rounds = parts(city).care
    kind = rounds.rules().by_code["mobile"]
    decide: Callable[[Any], Any] = lambda state: decisions.visited(state, at, kind, at)  # noqa: E731
    await rounds.store.execute(f"{done}-1", decide, by="test")
    await finish([rounds.follow_up], moment() + timedelta(days=9))
    for id, days in ((recorded, 30), (done, 90)):
        mark = await shown(city, id)
        assert (mark["round"], mark["stage"]) == (2, "upcoming")
        assert datetime.fromisoformat(mark["due_at"]) == at + timedelta(days=days)


async def test_of_many_who_mark_or_visit_at_once_one_counts(city: World) -> None:
    answers = await asyncio.gather(*(city.admin.post("/v1/care", json=MARK) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    [id] = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert {a.json()["where"] for a in answers if a.is_error} == {f"/v1/care/{id}"}
    visit = {"at": moment().isoformat(), "person_id": "visitor"}
    visits = await asyncio.gather(
        *(city.admin.post(f"/v1/care/{id}/visits", json=visit) for _ in range(4))
    )
    assert {answer.status_code for answer in visits} == {201}
    rounds = [one async for one in parts(city).care.store.collection.find({"state.mark": id})]
    running = [one for one in rounds if one["state"]["open_as"]]
    assert len(running) == 1
    assert sorted(one["state"]["round"] for one in rounds) == list(range(1, len(rounds) + 1))


async def test_the_list_is_paged_by_date(city: World) -> None:
    ids = [await marked(city, kind=kind) for kind in ("mobile", "elderly", "hardship")]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await city.admin.get(f"/v1/care?limit=1&area=440310{cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ids
