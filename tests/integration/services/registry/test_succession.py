"""Dissolving, merging and splitting keep history and move open work to the successor (issue 3)."""

import time
from typing import Any

import httpx
import pytest

from deploy.local.services import ServiceProcess
from services.registry.checkins.succession import take_over
from services.registry.commands import Registry
from services.registry.handover import Passing
from services.registry.standing import standings
from shared.contracts import topics
from shared.contracts.carriers import CarrierHandedOver, ErrandHandedOver, PromiseHandedOver
from shared.contracts.plans import PairingChanged, PairingEnded
from shared.spans import moment
from shared.web.auth import Principal, Role, issue_token
from tests.eventually import eventually
from tests.integration.messaging.world import SECRET
from tests.integration.services.registry.agreements import (
    at,
    facts,
    fine,
    made,
    prepare,
    refused,
)
from tests.integration.services.registry.world import CITY, SQUARE, World, told

ANY = {"If-Match": "*"}
COMMUNITY = "440310001001"
VISITS = {"work": "household_visit", "quantity": 30, "by": at(days=100)}
TERM = {"since": at(days=-100), "until": at(days=265), "goals": [VISITS], "budget": []}
SINCE, UNTIL = at(days=-50), at(days=50)
FUNDS = [{"source": "fiscal", "yuan": 3000, "by": at(days=30)}]


def organization(id: str, **rest: Any) -> dict[str, Any]:
    return {
        "id": id, "name": f"{id}党委", "domain": "community", "level": "grassroots",
        "area": COMMUNITY, "parent": "street",
    } | rest  # fmt: skip


@pytest.fixture
async def city(world: World) -> World:
    await prepare(world)
    rows = [organization(id) for id in ("east", "west", "north")]
    assert {row["status"] for row in await world.load("organizations", rows)} == {"created"}
    return world


async def retire(world: World, id: str, *successors: str) -> None:
    read = (await world.admin.get(f"/v1/organizations/{id}")).json()
    kept = ("name", "domain", "level", "area", "unit_id", "parent")
    body = {field: read[field] for field in kept}
    body |= {"retired": True, "successors": list(successors)}
    fine(await world.admin.put(f"/v1/organizations/{id}", json=body, headers=ANY))


async def pair(world: World, giver: str, taker: str, **rest: Any) -> str:
    body = {"kind": "village_community", "giver": giver, "taker": taker} | TERM | rest
    return made(await world.admin.post("/v1/pairings", json=body))


async def assign(world: World, receiver: str, assigner: str = "bureau") -> str:
    body = {"kind": "works", "assigner": assigner, "receiver": receiver, "words": "修路",
            "until": at(days=60), "funds": FUNDS}  # fmt: skip
    return made(await world.admin.post("/v1/assignments", json=body))


def target(quantity: float, *parts: tuple[str, float]) -> dict[str, Any]:
    return {
        "id": "visits", "work": "household_visit", "quantity": quantity, "until": UNTIL,
        "baseline": {"quantity": 1, "at": at(days=-60), "source": "台账"}, "reason": "统一安排",
        "parts": [
            {"organization_id": id, "share": share, "by": UNTIL} for id, share in parts
        ],
    }  # fmt: skip


async def plan(world: World, who: str, *parts: tuple[str, float], **rest: Any) -> str:
    asked = target(rest.pop("quantity", sum(share for _, share in parts)), *parts)
    body = {"name": "走访计划", "organization_id": who, "since": SINCE,
            "targets": [asked]} | rest  # fmt: skip
    id = made(await world.admin.post("/v1/plans", json=body))
    fine(await world.admin.post(f"/v1/plans/{id}/start"))
    return id


async def visits(world: World, who: str, quantity: float, when: str) -> str:
    body = {"work": "household_visit", "at": when, "organization_id": who,
            "quantity": quantity}  # fmt: skip
    return made(await world.admin.post("/v1/records", json=body))


async def promise(world: World, who: str) -> str:
    body = {"organization_id": who, "text": "修好路灯", "until": at(days=60)}
    return made(await world.admin.post("/v1/promises", json=body))


async def post(world: World, who: str) -> str:
    body = {"kind": "duty_post", "organization_id": who, "name": "先锋岗"}
    return made(await world.admin.post("/v1/carriers", json=body))


async def read(world: World, path: str) -> dict[str, Any]:
    return fine(await world.admin.get(f"/v1/{path}"))


async def left(world: World, id: str) -> dict[str, Any]:
    return await read(world, f"organizations/{id}/open-work")


def has(open_now: dict[str, Any]) -> dict[str, int]:
    return {kind: number for kind, number in open_now["counts"].items() if number}


async def nothing_left(world: World, id: str) -> None:
    async def nothing() -> bool:
        return bool((await left(world, id))["left"] == 0)

    await eventually(nothing, 30)


def handed(entry: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["role"], one["organization_id"], one["to"]) for one in entry["handovers"]]


async def test_dissolving_keeps_history_and_moves_all_open_work_to_the_successor(
    city: World,
) -> None:
    admin = city.admin
    pairing = await pair(city, "shitan", "liulian")
    ended = await pair(city, "shijing", "liulian")
    for side in ("giver", "taker"):
        fine(await admin.post(f"/v1/pairings/{ended}/summaries", json={"side": side, "words": "x"}))
    fine(await admin.post(f"/v1/pairings/{ended}/end", json={"reason": "到期"}))
    task = await assign(city, "liulian")
    whole = await plan(city, "street", ("liulian", 20), ("north", 10))
    own = await plan(city, "liulian", quantity=20, parent=whole)
    await visits(city, "liulian", 4, at(days=-1))
    carrier = await post(city, "liulian")
    held = made(
        await admin.post(
            f"/v1/carriers/{carrier}/holdings", json={"person_id": "p1", "since": at(days=-1)}
        )
    )
    vow = await promise(city, "liulian")
    before = await visits(city, "liulian", 1, at())
    errand = made(
        await admin.post("/v1/errands", json={"organization_id": "liulian", "text": "代办社保"})
    )
    report = {"organization_id": "liulian", "community": "440310002001", "services": ["repairs"]}
    checkin = made(await admin.post("/v1/checkins", json=report))
    taken = await admin.post(f"/v1/checkins/{checkin}/posts", json={"post": "supervision"})
    assert taken.status_code == 201, taken.text
    open_now = await left(city, "liulian")
    assert has(open_now) == {
        "assignments": 1, "carriers": 1, "checkins": 1, "errands": 1, "pairings": 1, "plans": 2,
        "promises": 1,
    }  # fmt: skip
    assert [one["roles"] for one in open_now["items"] if one["id"] in (whole, pairing)] == [
        ["taker"], ["parts"],
    ]  # fmt: skip

    await retire(city, "liulian", "east")
    await nothing_left(city, "liulian")
    moved = await read(city, f"pairings/{pairing}")
    assert (moved["giver"], moved["taker"]) == ("shitan", "east")
    assert handed(moved) == [("taker", "liulian", "east")]
    [entry] = moved["handovers"]
    assert (entry["by"], entry["why"]) == (
        "succession", "successor of liulian, which is retired",
    )  # fmt: skip
    assert (await read(city, f"pairings/{ended}"))["taker"] == "liulian"
    assert (await read(city, f"assignments/{task}"))["receiver"] == "east"
    shares = (await read(city, f"plans/{whole}"))["targets"][0]["parts"]
    assert {one["organization_id"]: one["share"] for one in shares} == {"east": 20, "north": 10}
    assert (await read(city, f"plans/{own}"))["organization_id"] == "east"
    progress = (await read(city, f"plans/{whole}/progress"))["targets"][0]
    # What the former one has done counts for the part that its successor has now.
    done = {part["organization_id"]: part["reported"] for part in progress["parts"]}
    assert done == {"east": 5, "north": 0}
    here = await read(city, f"carriers/{carrier}")
    assert (here["organization_id"], here["holders"]) == ("east", ["p1"])
    assert [one["id"] for one in here["holdings"]] == [held]
    kept = fine(await admin.post(f"/v1/promises/{vow}/keep", json={"record_id": before}))
    assert (kept["organization_id"], handed(kept)) == (
        "east", [("organization_id", "liulian", "east")],
    )  # fmt: skip
    assert (await read(city, f"errands/{errand}"))["organization_id"] == "east"
    ended_there = await read(city, f"checkins/{checkin}")
    assert ended_there["ended_at"] is not None
    [new] = [one for one in (await left(city, "east"))["items"] if one["kind"] == "checkins"]
    again = await read(city, f"checkins/{new['id']}")
    assert [(one["post"], one["status"]) for one in again["posts"]] == [("supervision", "held")]
    assert handed(again) == [("organization_id", "liulian", "east")]
    places = (await read(city, "checkin-posts/440310002001"))["items"]
    assert [one["holders"] for one in places if one["post"] == "supervision"] == [1]
    # As each subject tells of it.
    history = await admin.get(f"/v1/history/pairings/{pairing}")
    assert [one["by"] for one in history.json()][-1] == "succession"
    passed = {
        event.type: (event.data.from_organization_id, event.data.organization_id)
        for event in await told(city, topics.CARRIERS, 8)
        if isinstance(event.data, CarrierHandedOver | PromiseHandedOver | ErrandHandedOver)
    }
    assert passed == {
        f"lianxin.{what}.handed_over.v1": ("liulian", "east")
        for what in ("carrier", "promise", "errand")
    }
    reports = [(event.subject, event.type) for event in await told(city, topics.CHECKINS, 6)]
    assert sorted(reports) == [
        ("organizations-east", "lianxin.checkin.checked_in.v1"),
        ("organizations-east", "lianxin.checkin.post_held.v1"),
        ("organizations-liulian", "lianxin.checkin.checked_in.v1"),
        ("organizations-liulian", "lianxin.checkin.ended.v1"),
        ("organizations-liulian", "lianxin.checkin.post_held.v1"),
        ("organizations-liulian", "lianxin.checkin.post_left.v1"),
    ]
    takers = [
        (event.sequence, event.data.taker)
        for event in await city.events(34)
        if isinstance(event.data, PairingChanged) and event.data.pairing_id == pairing
    ]
    assert [taker for _, taker in sorted(takers)] == ["liulian", "east"]


async def test_its_people_grids_venues_branches_and_its_place_among_others_are_the_successors(
    city: World,
) -> None:
    admin = city.admin
    mine = {"organization_id": "liulian"}
    place = {"area": "440310001", "name": "第二"}
    for kind, rows in (
        ("organizations", [organization("branch", parent="liulian")]),
        ("grids", [{"id": "g2", "geometry": SQUARE} | place | mine]),
        ("venues", [{"id": "v1"} | place | mine]),
        ("people", [{"id": f"m{n}", "name": f"{n}", "grid_id": "g1"} | mine for n in range(3)]),
    ):
        assert {row["status"] for row in await city.load(kind, rows)} == {"created"}, kind
    group = {"id": "q1", "skills": ["doctor"], "leader": "p1"} | place | mine
    made(await admin.post("/v1/groups", json=group))
    joint = {
        "id": "j1",
        "name": "联合党委",
        "form": "joint_area",
        "lead": "liulian",
        "area": "440310001",
        "members": [{"organization_id": "shop", "joined": "2026-01-05"}],
    }
    made(await admin.post("/v1/joints", json=joint))
    council = {"order": ["liulian", "shop"], "start": "2026-01-05", "days": 1}
    fine(await admin.put("/v1/joints/j1/council", json=council, headers=ANY))
    need = mine | {"words": "会议室", "kind": "venue"}
    made(await admin.post("/v1/joints/j1/needs", json=need))
    assert has(await left(city, "liulian")) == {
        "grids": 1, "groups": 1, "joints": 1, "organizations": 1, "people": 3, "venues": 1,
    }  # fmt: skip

    await retire(city, "liulian", "shop")

    # A shop cannot lead: that waits for a person, and all else goes on.
    async def only_the_lead() -> bool:
        return has(await left(city, "liulian")) == {"joints": 1}

    await eventually(only_the_lead, 30)
    assert (await read(city, "organizations/branch"))["parent"] == "shop"
    for kind, id in (("grids", "g2"), ("venues", "v1"), ("groups", "q1"), ("people", "m2")):
        assert (await read(city, f"{kind}/{id}"))["organization_id"] == "shop", kind
        last = (await admin.get(f"/v1/history/{kind}/{id}")).json()[-1]
        assert (last["by"], last["why"]) == (
            "succession", "successor of liulian, which is retired",
        )  # fmt: skip
    there = await read(city, "joints/j1")
    assert (there["lead"], there["needs"][0]["organization_id"]) == ("liulian", "shop")
    assert there["council"]["order"] == ["shop"]
    [waits] = (await left(city, "liulian"))["items"]
    assert (waits["kind"], waits["roles"], waits["where"]) == ("joints", ["lead"], "/v1/joints/j1")
    body = {"to": "shop", "reason": "x", "items": [{"kind": "joints", "id": "j1"}]}
    given = fine(await admin.post("/v1/organizations/liulian/open-work/hand-over", json=body))
    assert given["results"][0]["outcome"] == "by_hand"
    new = {"name": "联合党委", "form": "joint_area", "lead": "east"}
    fine(await admin.put("/v1/joints/j1", json=new, headers=ANY))
    assert (await left(city, "liulian"))["left"] == 0


async def test_merging_ends_what_the_successor_has_already_and_what_would_be_with_itself(
    city: World,
) -> None:
    older = await pair(city, "shitan", "liulian", since=at(days=-90))
    younger = await pair(city, "shitan", "east", since=at(days=-80))
    for id in ("liulian", "east"):
        await retire(city, id, "north")
    await nothing_left(city, "liulian")
    await nothing_left(city, "east")
    first, second = [await read(city, f"pairings/{id}") for id in (older, younger)]
    assert (first["status"], second["status"], second["taker"]) == ("ended", "in_force", "north")
    assert younger in first["terms"][-1]["reason"]
    # The village goes into the community that it was paired with.
    await retire(city, "shitan", "north")
    await nothing_left(city, "shitan")
    last = await read(city, f"pairings/{younger}")
    assert last["status"] == "ended"
    assert "paired with itself" in last["terms"][-1]["reason"]
    told_of = [e.data for e in await facts(city, 2) if isinstance(e.data, PairingEnded)]
    assert {one.pairing_id for one in told_of} == {older, younger}
    assert all(one.early for one in told_of)


async def test_a_chain_of_successors_leads_to_the_one_in_service(city: World) -> None:
    vow = await promise(city, "liulian")
    await retire(city, "liulian", "east")
    await retire(city, "east", "north")
    await nothing_left(city, "liulian")
    await nothing_left(city, "east")
    found = await read(city, f"promises/{vow}")
    assert found["organization_id"] == "north"
    assert handed(found)[0][1] == "liulian"
    assert handed(found)[-1][2] == "north"


async def test_of_a_split_a_person_says_who_gets_what(city: World) -> None:
    admin = city.admin
    pairing = await pair(city, "shitan", "liulian")
    vows = [await promise(city, "liulian") for _ in range(3)]
    report = {"organization_id": "liulian", "community": "440310002001", "services": ["repairs"]}
    checkin = made(await admin.post("/v1/checkins", json=report))
    person = {"id": "m1", "name": "李梅", "grid_id": "g1", "organization_id": "liulian"}
    assert {row["status"] for row in await city.load("people", [person])} == {"created"}
    give = "/v1/organizations/liulian/open-work/hand-over"
    body = {"to": "east", "reason": "按片区划分", "items": [
        {"kind": "pairings", "id": pairing}, {"kind": "promises", "id": vows[0]},
        {"kind": "checkins", "id": checkin},
    ]}  # fmt: skip
    refused(await admin.post(give, json=body), 409, "not-retired")
    await retire(city, "liulian", "east", "west")
    # It waits, listed in its area, page by page.
    waiting = (await read(city, "open-work?area=440310001"))["items"]
    assert [(one["organization_id"], one["left"]) for one in waiting] == [("liulian", 6)]
    assert waiting[0]["successors"] == ["east", "west"]
    pages, cursor = [], ""
    while True:
        page = await read(city, f"organizations/liulian/open-work?limit=2{cursor}")
        pages += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert (len(pages), set(pages)) == (6, {pairing, checkin, "m1", *vows})
    only = await read(city, "organizations/liulian/open-work?kind=promises")
    assert [one["id"] for one in only["items"]] == sorted(vows)
    # Only to a successor, only by those who answer for it.
    refused(await admin.post(give, json=body | {"to": "north"}), 422, "not-a-successor")
    stranger = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    refused(await stranger.post(give, json=body), 403, "wrong-area")
    refused(await stranger.get("/v1/organizations/liulian/open-work"), 403, "wrong-area")
    assert fine(await stranger.get("/v1/open-work"))["items"] == []
    leader = city.as_(Role.VOLUNTEER, volunteer_id="p1")
    assert (await leader.get("/v1/open-work")).status_code == 403
    manager = city.as_(Role.AREA_MANAGER, areas={"440310001"})
    for _ in range(2):  # given again, all stays where it went
        given = fine(await manager.post(give, json=body))
        assert {one["outcome"] for one in given["results"]} == {"handed_over"}
        assert (given["left"], has(given)) == (3, {"people": 1, "promises": 2})
    found = await read(city, f"pairings/{pairing}")
    assert (found["taker"], len(found["handovers"])) == ("east", 1)
    assert found["handovers"][0]["why"] == "按片区划分"
    assert found["handovers"][0]["by"].startswith("area_manager:")
    items = [{"kind": "promises", "id": id} for id in vows] + [{"kind": "people", "id": "m1"}]
    other = body | {"to": "west", "items": items}
    rest = fine(await manager.post(give, json=other))
    assert [one["outcome"] for one in rest["results"]] == ["not_open", *["handed_over"] * 3]
    assert (await read(city, "people/m1"))["organization_id"] == "west"
    assert rest["left"] == 0
    assert (await read(city, "open-work"))["items"] == []
    assert (await read(city, f"promises/{vows[0]}"))["organization_id"] == "east"
    assert (await read(city, f"promises/{vows[1]}"))["organization_id"] == "west"


async def test_without_a_successor_it_waits_in_its_area_until_somebody_is_named(
    city: World,
) -> None:
    vow = await promise(city, "liulian")
    fine(await city.admin.delete("/v1/organizations/liulian"))
    [waiting] = (await read(city, "open-work"))["items"]
    assert (waiting["organization_id"], waiting["counts"]["promises"]) == ("liulian", 1)
    body = {"to": "street", "reason": "x", "items": [{"kind": "promises", "id": vow}]}
    give = "/v1/organizations/liulian/open-work/hand-over"
    refused(await city.admin.post(give, json=body), 422, "not-a-successor")
    assert (await read(city, f"promises/{vow}"))["organization_id"] == "liulian"
    await retire(city, "liulian", "street")
    await nothing_left(city, "liulian")
    assert (await read(city, f"promises/{vow}"))["organization_id"] == "street"


def test_killed_in_between_all_moves_and_nothing_twice(registry: ServiceProcess) -> None:
    secret = SECRET.get_secret_value()
    token = issue_token(secret, Principal("root", Role.ADMINISTRATOR))
    headers = {"Authorization": f"Bearer {token}"}
    many, members = 300, 700
    with httpx.Client(base_url=registry.url, headers=headers, timeout=60) as client:

        def load(kind: str, rows: list[dict[str, Any]]) -> None:
            answer = client.post(f"/v1/imports/{kind}", json={"rows": rows})
            assert answer.status_code == 200, answer.text
            assert {row["status"] for row in answer.json()["results"]} == {"created"}

        load("areas", CITY)
        rows = [organization(id, parent=None) for id in ("old", "new")]
        load("organizations", rows)
        vows = []
        for n in range(many):
            body = {"organization_id": "old", "text": f"{n}", "until": at(days=60)}
            answer = client.post("/v1/promises", json=body)
            assert answer.status_code == 201, answer.text
            vows.append(answer.json()["id"])
        # People go over by five hundreds, before promises.
        load("grids", [{"id": "g", "name": "网格", "area": "440310001", "geometry": SQUARE}])
        ids = [f"m{n}" for n in range(members)]
        rows_of = [{"id": id, "name": id, "grid_id": "g", "organization_id": "old"} for id in ids]
        for start in range(0, members, 500):
            load("people", rows_of[start : start + 500])
        many += members

        def open_at(who: str) -> int:
            answer = client.get(f"/v1/organizations/{who}/open-work?limit=1")
            return int(answer.json()["left"])

        gone = rows[0] | {"retired": True, "successors": ["new"]}
        del gone["id"]
        answer = client.put("/v1/organizations/old", json=gone, headers=ANY)
        assert answer.status_code == 200, answer.text
        registry_left = many
        while registry_left == many:
            registry_left = open_at("old")
        registry.kill()
        registry.launch()
        # Some had moved, some had not: that is what it was killed between.
        assert 0 < registry_left < many

        registry.wait()
        end = time.monotonic() + 60
        while (open_at("old"), open_at("new")) != (0, many) and time.monotonic() < end:
            pass  # each round asks the database: that is pause enough
        assert (open_at("old"), open_at("new")) == (0, many)
        for id in vows:
            history = client.get(f"/v1/promises/{id}").json()["handovers"]
            assert [(one["organization_id"], one["to"]) for one in history] == [("old", "new")]
        moved, cursor = [], ""
        while True:
            page = client.get(f"/v1/people?organization_id=new&limit=200{cursor}").json()
            moved += [(one["id"], one["version"]) for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        # Each has been written twice: when it was made, when it went over.
        assert sorted(moved) == sorted((id, 2) for id in ids)


async def test_killed_between_two_books_a_check_in_passes_once_with_its_post(city: World) -> None:
    report = {"organization_id": "liulian", "community": "440310002001", "services": ["repairs"]}
    id = made(await city.admin.post("/v1/checkins", json=report))
    await city.admin.post(f"/v1/checkins/{id}/posts", json={"post": "supervision"})
    registry: Registry = city.app.state.parts
    store = registry.checkins.store
    old = await store.get("organizations-liulian")
    assert old is not None
    assert old.state is not None
    [checkin] = old.state.active
    new = (await standings(registry.repository, ["east"])).by_id["east"]
    # The first of the three writes; then nothing: killed. Whoever leads next does all again.
    passing = Passing("liulian", new, moment(), "killed", "x")
    await store.execute(
        "organizations-east", lambda book: take_over(book, checkin, passing), by="killed"
    )
    await retire(city, "liulian", "east")
    await nothing_left(city, "liulian")
    [item] = (await left(city, "east"))["items"]
    shown = await read(city, f"checkins/{item['id']}")
    assert [(one["post"], one["status"]) for one in shown["posts"]] == [("supervision", "held")]
    places = (await read(city, "checkin-posts/440310002001"))["items"]
    assert [one["holders"] for one in places if one["post"] == "supervision"] == [1]
    document = await registry.checkins.places.collection.find_one({"_id": "440310002001"})
    assert document is not None
    assert [one["book"] for one in document["state"]["places"]] == ["organizations-east"]
