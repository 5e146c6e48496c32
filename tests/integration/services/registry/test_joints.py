"""Joint organizations over HTTP (policy, art. 6): members, council, three lists, succession."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.registry.commands import Registry
from services.registry.joint.states import Heir
from services.registry.joint.succession import absorb, dissolve, receive
from shared.contracts.registry import JointChanged
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.services.registry.world import World, registry_settings, running

ANY = {"If-Match": "*"}
STREET = "440310001"
ROOT = Principal("root", Role.ADMINISTRATOR)


def organization(id: str, domain: str, level: str = "grassroots", **rest: Any) -> dict[str, Any]:
    return {"id": id, "name": f"{id}党组织", "domain": domain, "level": level} | rest


async def fill(world: World) -> None:
    """A street's organization, those of three units in it, and one of another street."""
    await world.city()
    units = [
        {"id": f"unit-{name}", "name": f"{name}单位", "domain": "public_institution",
         "area": STREET}
        for name in ("school", "hospital", "bank")
    ]  # fmt: skip
    rows = [
        organization("street", "community", "township", area=STREET),
        *(organization(unit["id"][5:], "public_institution", unit_id=unit["id"]) for unit in units),
        organization("far", "agency", area="440310002"),
    ]
    for kind, entries in (("units", units), ("organizations", rows)):
        assert {row["status"] for row in await world.load(kind, entries)} == {"created"}


@pytest.fixture
async def city(world: World) -> World:
    await fill(world)
    return world


async def found(world: World, id: str, *members: str, **rest: Any) -> None:
    body = {
        "id": id, "name": f"{id}联合党委", "form": "joint_area", "lead": "street",
        "members": [{"organization_id": each, "joined": "2026-01-05"} for each in members],
    } | rest  # fmt: skip
    answer = await world.admin.post("/v1/joints", json=body)
    assert answer.status_code == 201, answer.text


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], **headers: str) -> Any:
    answer = await client.post(f"/v1/joints/{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


async def refused(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = await client.post(f"/v1/joints/{path}".rstrip("/"), json=body)
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def read(world: World, id: str) -> dict[str, Any]:
    answer = await world.admin.get(f"/v1/joints/{id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def offer(world: World, joint: str, who: str, quantity: float, kind: str = "hours") -> str:
    body = {"organization_id": who, "kind": kind, "words": f"{who}可提供", "quantity": quantity}
    id: str = (await post(world.admin, f"{joint}/resources", body))["id"]
    return id


async def need(world: World, joint: str, who: str) -> str:
    body = {"organization_id": who, "words": f"{who}的需求"}
    id: str = (await post(world.admin, f"{joint}/needs", body))["id"]
    return id


async def claim(world: World, joint: str, need: str, resource: str, quantity: float) -> str:
    body = {"need_id": need, "resource_id": resource, "quantity": quantity}
    id: str = (await post(world.admin, f"{joint}/projects", body))["id"]
    return id


async def newest_told(
    world: World, id: str, wanted: Callable[[JointChanged], object]
) -> JointChanged:
    """The last that is told of it, once it has what is wanted."""

    async def newest() -> JointChanged | None:
        told = [e.data for e in await world.events(1) if e.subject == id]
        assert isinstance(told[-1], JointChanged)
        return told[-1] if wanted(told[-1]) else None

    found = await eventually(newest, 30)
    assert found is not None
    return found


async def test_a_street_leads_units_of_its_area_and_duty_rotates(city: World) -> None:
    for lead, code in (("school", "lead-of-street-or-community"), ("x", "unknown-reference")):
        body = {"name": "甲", "form": "joint_area", "lead": lead}
        assert await refused(city.admin, "", body) == (422, code)
    body = {"name": "甲", "form": "alone", "lead": "street"}
    assert await refused(city.admin, "", body) == (422, "form-of-several")
    await found(city, "j", "school", "hospital")
    joining = {"organization_id": "far", "joined": "2026-02-01"}
    assert await refused(city.admin, "j/members", joining) == (422, "member-outside")
    await post(city.admin, "j/members", joining | {"organization_id": "bank"})
    council = {"order": ["school", "bank"], "start": "2026-03-01", "days": 30}
    named = await city.admin.put("/v1/joints/j/council", json=council, headers=ANY)
    assert named.status_code == 200
    turns = {"2026-02-28": None, "2026-03-01": "school", "2026-03-30": "school",
             "2026-03-31": "bank", "2026-04-30": "school"}  # fmt: skip
    for day, who in turns.items():
        duty = (await city.admin.get(f"/v1/joints/j/duty?day={day}")).json()
        assert duty == {"day": day, "organization_id": who}
    # Whose turn it is follows from it.
    [told] = (await newest_told(city, "j", lambda joint: joint.councils)).councils
    assert told.model_dump(mode="json") == council
    gone = {"left": "2026-04-01", "reason": "迁出辖区"}
    left = await post(city.admin, "j/members/school/leave", gone)
    assert [m["left"] for m in left["members"]] == ["2026-04-01", None, None]
    duty = (await city.admin.get("/v1/joints/j/duty?day=2026-04-30")).json()
    assert duty["organization_id"] == "bank"
    refusal = await refused(city.admin, "j/members/school/leave", gone)
    assert refusal == (404, "not-a-member-organization")
    # It may come again; both spans stay.
    again = await post(
        city.admin, "j/members", {"organization_id": "school", "joined": "2026-06-01"}
    )
    spans = [(m["joined"], m["left"]) for m in again["members"] if m["organization_id"] == "school"]
    assert spans == [("2026-01-05", "2026-04-01"), ("2026-06-01", None)]
    for query in ("member=school", "lead=street", f"area={STREET}", "retired=false"):
        [row] = (await city.admin.get(f"/v1/joints?{query}")).json()["items"]
        assert (row["id"], row["form_label"]["zh"]) == ("j", "区域联建")
    assert (await city.admin.get("/v1/joints?member=far")).json()["items"] == []


async def test_a_resource_is_claimed_for_a_need_and_turns_into_a_project_with_a_result(
    city: World,
) -> None:
    await found(city, "j", "school", "hospital")
    school = city.as_(Role.UNIT_OPERATOR, unit_id="unit-school")
    hospital = city.as_(Role.UNIT_OPERATOR, unit_id="unit-hospital")
    offered = {"organization_id": "school", "kind": "venue", "words": "周末礼堂", "quantity": 2}
    key = {"Idempotency-Key": "offer-1"}
    venue = (await post(school, "j/resources", offered, **key))["id"]
    assert (await post(school, "j/resources", offered, **key))["id"] == venue
    other = await school.post("/v1/joints/j/resources", json=offered | {"quantity": 3}, headers=key)
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    wanted = {"organization_id": "hospital", "words": "健康讲座需要场地", "kind": "venue"}
    assert await refused(school, "j/needs", wanted) == (403, "wrong-unit")
    lecture = (await post(hospital, "j/needs", wanted))["id"]
    asked = {"need_id": lecture, "resource_id": venue, "quantity": 1}
    assert await refused(school, "j/projects", asked) == (403, "wrong-unit")
    project = (await post(hospital, "j/projects", asked))["id"]
    assert await refused(hospital, "j/projects", asked | {"quantity": 1.5}) == (
        409,
        "more-than-left",
    )
    seen = await read(city, "j")
    [resource] = seen["resources"]
    assert (resource["left"], resource["words"], resource["kind_label"]["zh"]) == (
        1, "周末礼堂", "场地",
    )  # fmt: skip
    bank = (await city.as_(Role.UNIT_OPERATOR, unit_id="unit-bank").get("/v1/joints/j")).json()
    assert [each["words"] for each in bank["resources"]] == [None]
    result = {"outcome": "done", "words": "到场 120 人", "work": "policy_talk", "work_quantity": 1}
    ended = await post(hospital, f"j/projects/{project}/end", result)
    assert (ended["needs"], ended["projects"]) == ([], [])
    history = (await city.admin.get("/v1/joints/j/ended?name=projects")).json()["items"]
    [one] = [item["project"] for item in history]
    assert (one["outcome"], one["words"], one["ended_by"]) == (
        "done", "到场 120 人", "unit_operator:someone",
    )  # fmt: skip
    totals = (await city.admin.get("/v1/records/totals?organization_id=school&about=j")).json()
    assert totals["items"] == [{"work": "policy_talk", "records": 1, "quantity": 1.0}]
    # Given up, what was claimed is there again.
    second = (await post(hospital, "j/needs", wanted))["id"]
    again = (await post(hospital, "j/projects", asked | {"need_id": second}))["id"]
    assert (await read(city, "j"))["resources"][0]["left"] == 0
    await post(school, f"j/projects/{again}/end", {"outcome": "given_up", "words": "停电"})
    seen = await read(city, "j")
    assert (seen["resources"][0]["left"], seen["needs"][0]["id"]) == (1, second)
    await post(school, f"j/resources/{venue}/withdraw", {"reason": "装修"})
    assert (await read(city, "j"))["resources"] == []
    # The document does not grow with what has ended.
    store = city.app.state.parts.joints.store
    document = await store.collection.find_one({"_id": "j"})
    assert not any(document["state"]["closed"].values())
    assert not any(document["state"]["open"][name] for name in ("resources", "projects"))
    ids = {item["name"] for item in (await city.admin.get("/v1/joints/j/ended")).json()["items"]}
    assert ids == {"needs", "projects", "resources"}
    results = (await newest_told(city, "j", lambda joint: len(joint.results) > 1)).results
    assert [(one.project_id, one.need_by, one.resource_by, one.outcome) for one in results] == [
        (project, "hospital", "school", "done"), (again, "hospital", "school", "given_up"),
    ]  # fmt: skip


async def test_two_who_claim_at_once_never_get_more_than_is_left(city: World) -> None:
    await found(city, "j", "school", "hospital")
    wanted = await need(city, "j", "hospital")
    hours = await offer(city, "j", "school", 10)
    body = {"need_id": wanted, "resource_id": hours, "quantity": 3}
    answers = await asyncio.gather(
        *(city.admin.post("/v1/joints/j/projects", json=body) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    seen = await read(city, "j")
    assert (seen["resources"][0]["left"], len(seen["projects"])) == (1, 3)


async def test_dissolving_moves_open_work_to_the_successor_and_keeps_history(city: World) -> None:
    for id, members in (("old", ["school", "hospital"]), ("new", ["bank"])):
        await found(city, id, *members)
    wanted = await need(city, "old", "hospital")
    hours = await offer(city, "old", "school", 10)
    running_project = await claim(city, "old", wanted, hours, 4)
    over = await claim(city, "old", await need(city, "old", "school"), hours, 1)
    await post(city.admin, f"old/projects/{over}/end", {"outcome": "done", "words": "好"})
    body = {"reason": "区划调整", "into": []}
    assert await refused(city.admin, "old/dissolve", body) == (409, "successor-needed")
    into = body | {"into": [{"joint_id": "new"}]}
    assert await refused(city.admin, "old/dissolve", body | {"into": [{"joint_id": "old"}]}) == (
        422, "successor-is-itself",
    )  # fmt: skip
    ended = await post(city.admin, "old/dissolve", into)
    assert (ended["retired"], ended["successors"], ended["moving"]) == (True, ["new"], 0)
    assert (ended["needs"], ended["resources"], ended["projects"]) == ([], [], [])
    assert await post(city.admin, "old/dissolve", into) == ended  # sent again
    new = await read(city, "new")
    assert [each["id"] for each in new["needs"]] == [wanted]
    assert [(each["id"], each["left"], each["words"]) for each in new["resources"]] == [
        (hours, 5, "school可提供")
    ]
    assert [each["id"] for each in new["projects"]] == [running_project]
    assert new["predecessors"] == ["old"]
    assert {m["organization_id"] for m in new["members"]} == {"bank", "school", "hospital"}
    assert all(m["left"] for m in ended["members"])
    # It goes on there; what had ended stays with the old one.
    await post(
        city.admin, f"new/projects/{running_project}/end", {"outcome": "given_up", "words": "雨"}
    )
    assert (await read(city, "new"))["resources"][0]["left"] == 9
    history = (await city.admin.get("/v1/joints/old/ended?name=projects")).json()["items"]
    assert [item["project"]["id"] for item in history] == [over]
    late = {"organization_id": "school", "words": "x"}
    assert await refused(city.admin, "old/needs", late) == (409, "joint-dissolved")

    async def told() -> list[Any]:
        return [e.data for e in await city.events(27) if isinstance(e.data, JointChanged)]

    async def last_of_each() -> bool:
        last = {data.joint_id: data for data in await told()}
        return (
            last["old"].retired
            and last["old"].successors == ("new",)
            and last["old"].open_needs == 0
            and (last["new"].open_needs, last["new"].open_projects) == (1, 0)
        )

    await eventually(last_of_each)


async def test_several_merge_into_one_and_one_splits_into_several(city: World) -> None:
    for id, members in (("a", ["school"]), ("b", ["hospital"]), ("c", ["bank"])):
        await found(city, id, *members)
    needs = {id: await need(city, id, who) for id, who in (("a", "school"), ("b", "hospital"))}
    hours = await offer(city, "b", "hospital", 6)
    body = {"predecessors": ["a", "b"], "reason": "合并"}
    merged = await post(city.admin, "c/merge", body)
    assert await post(city.admin, "c/merge", body) == merged
    assert {each["id"] for each in merged["needs"]} == set(needs.values())
    assert set(merged["predecessors"]) == {"a", "b"}
    for id in ("a", "b"):
        old = await read(city, id)
        assert (old["retired"], old["successors"], old["moving"]) == (True, ["c"], 0)
    for id in ("d", "e"):
        await found(city, id)
    parts = [
        {"joint_id": "d", "members": ["school", "street"]},
        {"joint_id": "e", "members": ["hospital"]},
    ]
    split = {"reason": "拆分", "into": parts}
    assert await refused(city.admin, "c/dissolve", split) == (422, "split-members")
    parts[1]["members"] = ["hospital", "bank"]
    project = await claim(city, "c", needs["a"], hours, 2)
    await post(city.admin, "c/dissolve", split)
    d, e = await read(city, "d"), await read(city, "e")
    assert [each["id"] for each in d["needs"]] == [needs["a"]]
    assert [each["id"] for each in e["needs"]] == [needs["b"]]
    assert [each["id"] for each in d["projects"]] == [project]
    assert [(each["id"], each["left"]) for each in e["resources"]] == [(hours, 4)]
    # Given up where its resource is not: what was claimed comes back as a part of it.
    await post(city.admin, f"d/projects/{project}/end", {"outcome": "given_up", "words": "x"})
    [part] = (await read(city, "d"))["resources"]
    assert (part["left"], part["organization_id"], part["words"]) == (
        2, "hospital", "hospital可提供",
    )  # fmt: skip
    assert {m["organization_id"] for m in e["members"]} == {"hospital", "bank"}


@pytest.mark.parametrize("taken", [False, True], ids=["before", "after"])
async def test_killed_between_the_two_documents_it_is_still_ended_once(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, taken: bool
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with running(settings) as first:
        await fill(first)
        for id, members in (("old", ["school", "hospital"]), ("new", ["bank"])):
            await found(first, id, *members)
        wanted = await need(first, "old", "hospital")
        hours = await offer(first, "old", "school", 10)
        project = await claim(first, "old", wanted, hours, 4)
        registry: Registry = first.app.state.parts
        # The first of the two writes, and, in one case, the second; then nothing: killed. The
        # service that runs beside it finds what is due in its shards and ends it.
        store = registry.joints.store
        heirs = [Heir(joint_id="new")]
        old = await store.execute(
            "old",
            lambda state: (
                None if state is None else dissolve("old", state, heirs, "2026-05-01", "x", ROOT)
            ),
            by="killed",
        )
        assert old.state is not None
        if taken and old.state.parcels:
            [parcel] = old.state.parcels
            await store.execute(
                "new",
                lambda state: None if state is None else receive("new", state, "old", parcel),
                by="killed",
            )

        async def over() -> bool:
            return not (await read(first, "old"))["moving"]

        await eventually(over)
        new = await read(first, "new")
        assert [each["id"] for each in new["needs"]] == [wanted]
        assert [(each["id"], each["left"]) for each in new["resources"]] == [(hours, 6)]
        assert [each["id"] for each in new["projects"]] == [project]
        document = await store.collection.find_one({"_id": "new"})
        assert document is not None
        assert len(document["state"]["received"]) == 1


async def test_a_merge_that_was_begun_and_killed_is_ended(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    settings = registry_settings(kafka_bootstrap, mongodb_uri, unique)
    async with running(settings) as world:
        await fill(world)
        for id, members in (("a", ["school"]), ("b", ["hospital"]), ("c", ["bank"])):
            await found(world, id, *members)
        needs = [await need(world, "a", "school"), await need(world, "b", "hospital")]
        registry: Registry = world.app.state.parts
        await registry.joints.store.execute(
            "c",
            lambda state: None if state is None else absorb("c", state, ["a", "b"], "x", ROOT),
            by="killed",
        )

        async def over() -> bool:
            c = await read(world, "c")
            return {each["id"] for each in c["needs"]} == set(needs)

        await eventually(over)
        assert set((await read(world, "c"))["predecessors"]) == {"a", "b"}
