"""Check-in over HTTP (issue 3, item 5; policy, art. 5): members and whole organizations report to
a community, hold posts within limits, report every half year, and the employer hears of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.registry.checkins import posts
from services.registry.checkins.decisions import months_after
from services.registry.checkins.repository import ReportTimers
from services.registry.checkins.states import Place
from services.registry.checkins.table import CheckinRules
from services.registry.commands import Registry
from services.registry.follow_ups import finish
from shared.contracts import checkins as facts
from shared.contracts import topics
from shared.spans import moment
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, told

COMMUNITY = "440310001001"
OTHER = "440310002001"


def parts(world: World) -> Registry:
    found: Registry = world.app.state.parts
    return found


@pytest.fixture
async def city(world: World) -> World:
    """Five members of a company's organization."""
    await world.city()
    organization = {"id": "o1", "name": "供水公司党支部", "domain": "state_enterprise",
                    "level": "grassroots", "unit_id": "u1"}  # fmt: skip
    await world.load("organizations", [organization])
    people = [
        {"id": f"p{n}", "name": f"党员{n}", "telephone": f"1380000000{n}", "grid_id": "g1",
         "organization_id": "o1"}
        for n in range(5)
    ]  # fmt: skip
    people.append({"id": "resident", "name": "居民", "grid_id": "g1"})
    assert {r["status"] for r in await world.load("people", people)} == {"created"}
    return world


async def check_in(world: World, id: str, community: str = COMMUNITY, **more: Any) -> str:
    body = {"person_id": id, "community": community, "services": ["repairs"]} | more
    answer = await world.admin.post("/v1/checkins", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def limits(world: World, holders: int, each: int) -> None:
    shown = await world.admin.get("/v1/checkin-rules")
    table = shown.json()["table"] | {"posts_each": {"people": each, "organizations": 8}}
    table["posts"] = [post | {"holders": holders} for post in table["posts"]]
    put = await world.admin.put("/v1/checkin-rules", json=table, headers={"If-Match": "*"})
    assert put.status_code == 200, put.text


async def fire(world: World, days: float) -> None:
    """What the timers do when so many days have gone by."""
    registry, runtime = parts(world), world.app.state.runtime
    timers = ReportTimers(registry.checkins, registry.repository, runtime.leases)

    async def leased() -> bool:
        return bool(runtime.leases.mine)

    await eventually(leased)
    await timers.fire(moment() + timedelta(days=days))


async def test_a_member_and_a_whole_organization_report_to_a_community(city: World) -> None:
    own = city.as_(Role.VOLUNTEER, volunteer_id="p1")
    body = {"person_id": "p1", "community": COMMUNITY, "services": ["repairs", "tutoring"]}
    key = {"Idempotency-Key": "once"}
    first = await own.post("/v1/checkins", json=body, headers=key)
    assert first.status_code == 201, first.text
    assert (await own.post("/v1/checkins", json=body, headers=key)).json() == first.json()
    other_body = await own.post("/v1/checkins", json=body | {"services": ["x"]}, headers=key)
    assert other_body.status_code == 422
    id = first.json()["id"]
    shown = (await own.get(f"/v1/checkins/{id}")).json()
    assert (shown["area_path"], shown["stage"], shown["posts"]) == (
        ["4403", "440310", "440310001", COMMUNITY], "in_order", [],
    )  # fmt: skip
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    whole = {"organization_id": "o1", "community": OTHER, "services": ["hall"]}
    assert (await operator.post("/v1/checkins", json=whole)).status_code == 201
    for area, reporters in ((COMMUNITY, [("p1", None)]), (OTHER, [(None, "o1")])):
        items = (await city.admin.get(f"/v1/checkins?area={area}")).json()["items"]
        assert [(one["person_id"], one["organization_id"]) for one in items] == reporters
    for change, status, code in (
        ({}, 409, "checked-in"),
        ({"person_id": "resident"}, 422, "not-a-member"),
        ({"person_id": "nobody"}, 422, "unknown-reference"),
        ({"community": "440310001"}, 422, "community-needed"),
        ({"organization_id": "o1"}, 422, "reporter-needed"),
    ):
        refused = await city.admin.post("/v1/checkins", json=body | change)
        assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{code}")
    for client in (
        city.as_(Role.VOLUNTEER, volunteer_id="p2"),
        city.as_(Role.AREA_MANAGER, areas={"440310002"}),
        city.as_(Role.UNIT_OPERATOR, unit_id="u2"),
    ):
        assert (await client.get(f"/v1/checkins/{id}")).status_code == 403
        assert (await client.post("/v1/checkins", json=body)).status_code in (403, 409)
        items = (await client.get(f"/v1/checkins?area={COMMUNITY}")).json()["items"]
        assert items == []
    events = await told(city, topics.CHECKINS, 2)
    assert {(event.subject, type(event.data)) for event in events} == {
        ("people-p1", facts.CheckedIn), ("organizations-o1", facts.CheckedIn),
    }  # fmt: skip
    assert "党员" not in str([event.data for event in events])


async def test_no_person_and_no_post_exceeds_its_limit_in_a_race(city: World) -> None:
    await limits(city, holders=2, each=2)
    here = {f"p{n}": await check_in(city, f"p{n}") for n in range(5)}
    there = {f"p{n}": await check_in(city, f"p{n}", OTHER) for n in range(5)}
    third = {"person_id": "p0", "community": COMMUNITY, "services": ["x"]}
    assert (await city.admin.post("/v1/checkins", json=third)).json()["type"].endswith("checked-in")
    kinds = ("mediation", "safety_patrol", "opinions")
    answers = await asyncio.gather(
        *(
            city.admin.post(f"/v1/checkins/{id}/posts", json={"post": kind})
            for kind in kinds
            for id in (*here.values(), *there.values())
        )
    )
    assert {answer.status_code for answer in answers} == {201, 409}
    assert {a.json()["type"] for a in answers if a.is_error} <= {
        "/problems/posts-each", "/problems/post-full",
    }  # fmt: skip
    held = 0
    for person in here:
        items = (await city.admin.get(f"/v1/checkins?person_id={person}")).json()["items"]
        posts_held = [post for one in items[0]["checkins"] for post in one["posts"]]
        assert {post["status"] for post in posts_held} <= {"held"}
        assert len(posts_held) <= 2
        held += len(posts_held)
    taken = 0
    for community in (COMMUNITY, OTHER):
        places = (await city.admin.get(f"/v1/checkin-posts/{community}")).json()["items"]
        assert all(place["holders"] <= 2 for place in places)
        taken += sum(place["holders"] for place in places)
    assert held == taken > 0


async def test_a_post_that_is_left_is_free_for_another(city: World) -> None:
    await limits(city, holders=1, each=1)
    first, second = await check_in(city, "p1"), await check_in(city, "p2")
    post = {"post": "mediation"}
    assert (await city.admin.post(f"/v1/checkins/{first}/posts", json=post)).status_code == 201
    assert (await city.admin.post(f"/v1/checkins/{first}/posts", json=post)).status_code == 201
    full = await city.admin.post(f"/v1/checkins/{second}/posts", json=post)
    assert (full.status_code, full.json()["type"]) == (409, "/problems/post-full")
    assert full.json()["where"] == f"/v1/checkin-posts/{COMMUNITY}"
    more = await city.admin.post(f"/v1/checkins/{first}/posts", json={"post": "opinions"})
    assert (more.status_code, more.json()["type"]) == (409, "/problems/posts-each")
    left = await city.admin.delete(f"/v1/checkins/{first}/posts/mediation")
    assert left.json()["posts"] == []
    assert (await city.admin.post(f"/v1/checkins/{second}/posts", json=post)).status_code == 201
    ended = await city.admin.post(f"/v1/checkins/{second}/end", json={"reason": "搬家"})
    assert (ended.json()["posts"], ended.json()["ended_at"] is None) == ([], False)
    assert (await city.admin.post(f"/v1/checkins/{first}/posts", json=post)).status_code == 201
    again = await city.admin.post(f"/v1/checkins/{second}/posts", json=post)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/checkin-ended")
    events = sorted(await told(city, topics.CHECKINS, 8), key=lambda e: (e.subject, e.sequence))
    assert [(event.subject[-1], event.type.split(".")[2]) for event in events] == [
        ("1", "checked_in"), ("1", "post_held"), ("1", "post_left"), ("1", "post_held"),
        ("2", "checked_in"), ("2", "post_held"), ("2", "post_left"), ("2", "ended"),
    ]  # fmt: skip
    posts_told = [e.data for e in events if isinstance(e.data, facts.PostHeld | facts.PostLeft)]
    assert {one.post for one in posts_told} == {"mediation"}


async def test_what_was_broken_off_between_two_steps_is_finished(city: World) -> None:
    """As after a kill -9: a post asked for and never placed, and a place that no book holds."""
    checkin = await check_in(city, "p1")
    checkins, now = parts(city).checkins, moment()
    rules = parts(city).tables.get(CheckinRules)

    def ask(book: Any) -> Any:
        return posts.ask(book, book.find(checkin), "asked", "mediation", rules, now)

    await checkins.store.execute("people-p1", ask, by="test")
    lost = Place(id="lost", book="people-p1", checkin_id=checkin, post="opinions")
    await checkins.places.execute(
        COMMUNITY, lambda state: posts.place(state, COMMUNITY, lost, 9, now), by="test"
    )
    await finish(checkins.follow_ups, moment() + timedelta(seconds=10))
    [post] = (await city.admin.get(f"/v1/checkins/{checkin}")).json()["posts"]
    assert (post["post"], post["status"]) == ("mediation", "held")
    places = (await city.admin.get(f"/v1/checkin-posts/{COMMUNITY}")).json()["items"]
    assert {place["post"]: place["holders"] for place in places if place["holders"]} == {
        "mediation": 1
    }


async def test_a_member_reports_every_half_year(city: World) -> None:
    id = await check_in(city, "p1")

    async def shown() -> dict[str, Any]:
        found: dict[str, Any] = (await city.admin.get(f"/v1/checkins/{id}")).json()
        return found

    begun = await shown()
    half = (months_after(moment(), 6) - moment()).days
    for days, stage in ((half - 40, "in_order"), (half - 20, "due"), (half - 3, "reminded"),
                        (half + 1, "overdue")):  # fmt: skip
        await fire(city, days)
        assert (await shown())["stage"] == stage
    overdue = (await city.admin.get("/v1/checkins?area=440310&stage=overdue")).json()["items"]
    assert [one["person_id"] for one in overdue] == ["p1"]
    key = {"Idempotency-Key": "report"}
    for _ in range(2):
        answer = await city.as_(Role.VOLUNTEER, volunteer_id="p1").post(
            f"/v1/checkins/{id}/reports", json={"words": "每月巡河两次"}, headers=key
        )
        assert answer.status_code == 200, answer.text
    after = await shown()
    assert (after["stage"], after["report_due_at"] > begun["report_due_at"]) == ("in_order", True)
    # A further report within the period moves no date.
    await city.admin.post(f"/v1/checkins/{id}/reports", json={})
    assert (await shown())["report_due_at"] == after["report_due_at"]
    await city.admin.delete("/v1/people/p1")
    await fire(city, 2 * half)
    assert (await shown())["ended_at"] is not None
    events = await told(city, topics.CHECKINS, 7)
    assert [type(event.data) for event in sorted(events, key=lambda event: event.sequence)] == [
        facts.CheckedIn, facts.ReportDue, facts.ReportDue, facts.ReportOverdue, facts.Reported,
        facts.Reported, facts.CheckinEnded,
    ]  # fmt: skip
    assert "巡河" not in str([event.data for event in events])


async def test_the_employing_units_organization_hears_of_it_each_quarter(city: World) -> None:
    id = await check_in(city, "p1")
    await check_in(city, "p2")
    await check_in(city, "", organization_id="o1", person_id=None)
    await city.admin.post(f"/v1/checkins/{id}/reports", json={"words": "已服务"})
    await city.admin.post(f"/v1/checkins/{id}/posts", json={"post": "mediation"})
    now = moment()
    for quantity in (2, 3.5):
        record = {"work": "service_hours", "person_id": "p1", "quantity": quantity}
        made = await city.admin.post("/v1/records", json=record | {"at": now.isoformat()})
        assert made.status_code == 201, made.text
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    current = (await operator.get("/v1/checkin-feedback/o1")).json()
    word = {"period": current["period"], "words": "热心可靠"}
    assert (await operator.post(f"/v1/checkins/{id}/feedback", json=word)).status_code == 403
    manager = city.as_(Role.AREA_MANAGER, areas={COMMUNITY})
    assert (await manager.post(f"/v1/checkins/{id}/feedback", json=word)).status_code == 200
    heard = (await operator.get("/v1/checkin-feedback/o1?limit=3")).json()
    members = {one["person_id"]: one for one in heard["items"]}
    assert list(members) == ["p0", "p1", "p2"]
    assert heard["next"] is not None
    assert (members["p1"]["records"], members["p1"]["hours"]) == (2, 5.5)
    [served] = members["p1"]["checkins"]
    assert (served["reported"], served["word"]) == (True, "热心可靠")
    assert served["checkin"]["posts"][0]["post"] == "mediation"
    assert [one["reported"] for one in members["p2"]["checkins"]] == [False]
    assert (members["p0"]["checkins"], len(heard["own"])) == ([], 1)
    assert "党员" not in str(heard)
    before = (await operator.get("/v1/checkin-feedback/o1?period=2020-H1")).json()
    assert [one["checkins"] for one in before["items"]] == [[]] * 5
    bad = await operator.get("/v1/checkin-feedback/o1?period=2020-Q5")
    assert (bad.status_code, bad.json()["type"]) == (422, "/problems/period-unknown")
    stranger = city.as_(Role.UNIT_OPERATOR, unit_id="u2")
    assert (await stranger.get("/v1/checkin-feedback/o1")).status_code == 403
    [given] = [
        event.data
        for event in await told(city, topics.CHECKINS, 6)
        if isinstance(event.data, facts.FeedbackGiven)
    ]
    assert (given.person_id, given.period) == ("p1", current["period"])
