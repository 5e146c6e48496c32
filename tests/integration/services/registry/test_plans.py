"""Plans (policy, art. 10, 16): broken down from level to level, progress from recorded facts."""

import asyncio
from typing import Any

import pytest

from shared.contracts.plans import PlanBehind, PlanCaughtUp, PlanChanged
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.agreements import at, facts, fine, made, prepare, refused
from tests.integration.services.registry.world import World

DISTRICT, STREET, OTHER = "440310", "440310001", "440310002"
COMMUNITY = "440310001001"
BASELINE = {"quantity": 40, "at": "2026-01-05T09:00:00+08:00", "source": "2025年走访台账"}


@pytest.fixture
async def city(world: World) -> World:
    return await prepare(world)


def part(area: str, share: float, **rest: Any) -> dict[str, Any]:
    return {"area": area, "share": share, "by": UNTIL} | rest


SINCE, UNTIL = at(days=-50), at(days=50)


def plan(parts: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """The district wants 300 households visited."""
    target = {
        "id": "visits",
        "work": "household_visit",
        "quantity": 300,
        "until": UNTIL,
        "baseline": BASELINE,
        "parts": parts,
    } | changes.pop("of", {})
    return {"name": "走访计划", "area": DISTRICT, "since": SINCE, "targets": [target]} | changes


SPLIT = [part(STREET, 200), part(OTHER, 100)]


async def in_force(world: World, body: dict[str, Any]) -> str:
    id = made(await world.admin.post("/v1/plans", json=body))
    assert fine(await world.admin.post(f"/v1/plans/{id}/start"))["status"] == "in_force"
    return id


async def record(world: World, organization: str, quantity: float, **rest: Any) -> str:
    body = {
        "work": "household_visit",
        "at": at(days=-1),
        "organization_id": organization,
        "quantity": quantity,
    }
    return made(await world.admin.post("/v1/records", json=body | rest))


async def visits(world: World, id: str) -> dict[str, Any]:
    answer: dict[str, Any] = fine(await world.admin.get(f"/v1/plans/{id}/progress"))["targets"][0]
    return answer


def reported(target: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Recorded and reported by part."""
    return {
        one["area"] or one["organization_id"]: (one["recorded"], one["reported"])
        for one in target["parts"]
    }


async def test_a_plan_is_broken_down_through_all_levels_and_facts_roll_up(city: World) -> None:
    top = await in_force(city, plan(SPLIT))
    below = plan([part(COMMUNITY, 200)], area=STREET, parent=top, of={"quantity": 200})
    street = await in_force(city, below)
    in_community = [
        {"organization_id": "liulian", "share": 150, "by": UNTIL},
        {"organization_id": "shop", "share": 50, "by": UNTIL},
    ]
    lowest = plan(in_community, area=COMMUNITY, parent=street, of={"quantity": 200})
    community = await in_force(city, lowest)
    await record(city, "liulian", 30)
    await record(city, "shop", 7)
    await record(city, "shijing", 4)  # in the community, but with no share
    await record(city, "street", 5)  # in the street, but in no community
    await record(city, "shitan", 20)  # in the other street, which did not break down further
    await record(city, "district", 9)  # in no street
    await record(city, "liulian", 99, at=at(days=-60))  # before the plan began
    wrong = await record(city, "liulian", 1000)
    fine(await city.admin.post(f"/v1/records/{wrong}/void", json={"reason": "重复"}))

    low = await visits(city, community)
    assert reported(low) == {"liulian": (30, 30), "shop": (7, 7)}
    assert (low["recorded"], low["reported"], low["in_no_part"]) == (41, 37, 4)
    middle = await visits(city, street)
    assert reported(middle) == {COMMUNITY: (41, 37)}
    assert (middle["recorded"], middle["reported"], middle["in_no_part"]) == (46, 37, 5)
    high = await visits(city, top)
    assert reported(high) == {STREET: (46, 37), OTHER: (20, 20)}
    assert (high["recorded"], high["reported"], high["in_no_part"]) == (75, 57, 9)
    assert [one["plan_id"] for one in high["parts"]] == [street, None]
    # Nobody counts twice: the records of all counted works say the same.
    totals = fine(await city.admin.get(f"/v1/records/totals?area={DISTRICT}&since={_url(SINCE)}"))
    assert totals["items"][0]["quantity"] == high["recorded"]
    shares = fine(await city.admin.get(f"/v1/plans?part={COMMUNITY}"))["items"]
    assert [one["id"] for one in shares] == [street]
    levels = fine(await city.admin.get(f"/v1/plans?area={DISTRICT}"))["items"]
    assert {one["level"]: one["level_label"]["zh"] for one in levels} == {
        "county": "县（区）",
        "township": "乡镇（街道）",
        "grassroots": "基层",
    }


def _url(time: str) -> str:
    return time.replace("+", "%2B")


async def test_an_organization_counts_with_those_below_it_each_once(city: World) -> None:
    parts = [
        {"organization_id": "district", "share": 20, "by": UNTIL},
        {"organization_id": "shitan", "share": 10, "by": UNTIL},
    ]
    top = await in_force(city, plan(parts, of={"quantity": 30}))
    below = plan(
        [{"organization_id": "street", "share": 20, "by": UNTIL}],
        area=None,
        organization_id="district",
        parent=top,
        of={"quantity": 20},
    )
    system = await in_force(city, below)
    for organization, quantity in (("liulian", 3), ("street", 4), ("district", 5), ("shop", 6)):
        await record(city, organization, quantity)
    own = await visits(city, system)
    assert reported(own) == {"street": (7, 7)}
    assert (own["recorded"], own["reported"], own["in_no_part"]) == (12, 7, 5)
    all_of_it = await visits(city, top)
    assert reported(all_of_it) == {"district": (12, 7), "shitan": (0, 0)}
    assert (all_of_it["recorded"], all_of_it["in_no_part"]) == (18, 6)
    nested = [*parts, {"organization_id": "liulian", "share": 1, "by": UNTIL}]
    refused(await city.admin.post("/v1/plans", json=plan(nested)), 422, "parts-overlap")


async def test_new_entries_are_counted_too(city: World) -> None:
    of = {"id": "grids", "work": None, "count": "grids", "quantity": 3}
    parts = [part(STREET, 2), part(OTHER, 1)]
    since = at(seconds=-30)
    top = await in_force(city, plan(parts, since=since, of=of))
    grid = {"id": "g2", "name": "第二网格", "area": OTHER, "communities": ["440310002001"]}
    made(await city.admin.post("/v1/grids", json=grid))
    target = await visits(city, top)
    assert reported(target) == {STREET: (1, 1), OTHER: (1, 1)}


async def test_it_is_surveyed_first_and_adds_up_before_it_is_in_force(city: World) -> None:
    unsurveyed = made(await city.admin.post("/v1/plans", json=plan(SPLIT, of={"baseline": None})))
    problem = refused(
        await city.admin.post(f"/v1/plans/{unsurveyed}/start"), 422, "baseline-needed"
    )
    assert "第10条" in problem["detail"]
    short = [part(STREET, 100), part(OTHER, 50)]
    id = made(await city.admin.post("/v1/plans", json=plan(short)))
    refused(await city.admin.post(f"/v1/plans/{id}/start"), 422, "shares-short")
    changed = await city.admin.put(f"/v1/plans/{id}", json=plan(SPLIT), headers={"If-Match": '"1"'})
    assert fine(changed)["revisions"] == []  # a draft is changed freely
    fine(await city.admin.post(f"/v1/plans/{id}/start"))
    fine(await city.admin.post(f"/v1/plans/{id}/start"))


async def test_one_size_for_all_needs_a_reason_which_is_kept(city: World) -> None:
    same = [part(STREET, 150), part(OTHER, 150)]
    problem = refused(await city.admin.post("/v1/plans", json=plan(same)), 422, "one-size")
    assert "一刀切" in problem["detail"]
    id = await in_force(city, plan(same, of={"reason": "两街道户数相当"}))
    [target] = fine(await city.admin.get(f"/v1/plans/{id}"))["targets"]
    assert (target["warnings"], target["reason"]) == (["one-size"], "两街道户数相当")
    more = [part(STREET, 250), part(OTHER, 150)]
    refused(await city.admin.post("/v1/plans", json=plan(more)), 422, "added-on")


async def test_parts_lie_inside_the_plan_and_never_overlap(city: World) -> None:
    for parts, code in (
        ([part("4403", 300)], "part-outside"),
        ([part(DISTRICT, 300)], "part-outside"),
        ([part(STREET, 200), part(COMMUNITY, 100)], "parts-overlap"),
        ([part(STREET, 200), {"organization_id": "shitan", "share": 100, "by": UNTIL}],
         "parts-mixed"),
        ([part("nowhere", 300)], "unknown-reference"),
        ([{"share": 300, "by": UNTIL}], "one-place"),
    ):  # fmt: skip
        refused(await city.admin.post("/v1/plans", json=plan(parts)), 422, code)


async def test_a_part_has_one_plan_of_its_own(city: World) -> None:
    top = await in_force(city, plan(SPLIT))
    below = plan([], area=STREET, parent=top, of={"quantity": 200})
    answers = await asyncio.gather(*(city.admin.post("/v1/plans", json=below) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    [taken, *_] = [one for one in answers if one.status_code == 409]
    assert refused(taken, 409, "broken-down-already")["where"] == f"/v1/plans?parent={top}"
    [street] = [one.json()["id"] for one in answers if one.status_code == 201]
    refused(await city.admin.post("/v1/plans", json=below | {"area": COMMUNITY}), 422, "no-share")
    only = plan([part(OTHER, 300)], reason="只在马峦")
    etag = {"If-Match": "*"}
    lost = await city.admin.put(f"/v1/plans/{top}", json=only, headers=etag)
    refused(lost, 409, "part-broken-down")
    # Closed, it leaves the part to another one.
    closed = await city.admin.post(f"/v1/plans/{street}/close", json={"reason": "重新制定"})
    assert fine(closed)["outcome"] == "重新制定"
    made(await city.admin.post("/v1/plans", json=below))
    refused(await city.admin.post(f"/v1/plans/{street}/start"), 409, "plan-status")


async def test_a_change_while_in_force_has_a_reason_and_what_was_is_kept(city: World) -> None:
    id = await in_force(city, plan(SPLIT))
    read = await city.admin.get(f"/v1/plans/{id}")
    new = plan([part(STREET, 180), part(OTHER, 120)])
    path, etag = f"/v1/plans/{id}", {"If-Match": read.headers["ETag"]}
    refused(await city.admin.put(path, json=new), 428, "precondition-required")
    refused(await city.admin.put(path, json=new, headers={"If-Match": "*"}), 422,
            "plan-reason-needed")  # fmt: skip
    wanted = new | {"reason": "汛期调整"}
    changed = fine(await city.admin.put(path, json=wanted, headers={"If-Match": "*"}))
    assert changed["revision"] == 2
    [kept] = changed["revisions"]
    assert (kept["revision"], kept["reason"]) == (1, "汛期调整")
    assert [one["share"] for one in kept["was"][0]["parts"]] == [200, 100]
    refused(await city.admin.put(path, json=wanted, headers=etag), 412, "precondition-failed")
    told = [e.data for e in await city.events(21) if e.subject == id]
    assert isinstance(told[-1], PlanChanged)
    assert (told[-1].revision, told[-1].status) == (2, "in_force")


async def test_what_is_behind_the_time_is_listed_and_told_once(city: World) -> None:
    id = made(await city.admin.post("/v1/plans", json=plan(SPLIT)))
    await record(city, "liulian", 150)
    fine(await city.admin.post(f"/v1/plans/{id}/start"))
    [fact] = await facts(city, 1)
    assert isinstance(fact.data, PlanBehind)
    assert (fact.subject, fact.sequence) == (f"plans/{id}", 1)
    assert (fact.data.target, fact.data.area, fact.data.reported) == ("visits", OTHER, 0)
    assert fact.data.expected == pytest.approx(50, abs=1)
    [late] = fine(await city.admin.get("/v1/plans?behind=true"))["items"]
    assert [(one["target"], one["area"]) for one in late["behind"]] == [("visits", OTHER)]
    target = await visits(city, id)
    assert [(one["area"], one["behind"]) for one in target["parts"]] == [
        (STREET, False),
        (OTHER, True),
    ]
    assert target["elapsed"] == pytest.approx(0.5, abs=0.01)
    # A change has it compared at once, and what was told is not told again.
    wanted = plan([part(STREET, 190), part(OTHER, 110)], reason="调整")
    path = f"/v1/plans/{id}"
    fine(await city.admin.put(path, json=wanted, headers={"If-Match": "*"}))
    await record(city, "shitan", 80)
    again = wanted | {"reason": "再调整", "name": "走访计划（修订）"}
    fine(await city.admin.put(path, json=again, headers={"If-Match": "*"}))

    async def caught_up() -> bool:
        return not fine(await city.admin.get("/v1/plans?behind=true"))["items"]

    await eventually(caught_up)
    [_, told] = await facts(city, 2)
    assert isinstance(told.data, PlanCaughtUp)
    assert (told.sequence, told.data.target, told.data.area) == (2, "visits", OTHER)


async def test_each_level_plans_for_its_own_and_reads_what_it_is_given(city: World) -> None:
    district = city.as_(Role.AREA_MANAGER, areas={DISTRICT})
    street = city.as_(Role.AREA_MANAGER, areas={STREET})
    refused(await street.post("/v1/plans", json=plan(SPLIT)), 403, "wrong-area")
    top = made(await district.post("/v1/plans", json=plan(SPLIT)))
    refused(await street.post(f"/v1/plans/{top}/start"), 403, "wrong-area")
    fine(await district.post(f"/v1/plans/{top}/start"))
    [given] = fine(await street.get(f"/v1/plans?part={STREET}"))["items"]
    own = plan([part(COMMUNITY, 200)], area=STREET, parent=given["id"], of={"quantity": 200})
    key = {"Idempotency-Key": "street-plan"}
    first = made(await street.post("/v1/plans", json=own, headers=key))
    assert first == made(await street.post("/v1/plans", json=own, headers=key))
    operator = city.as_(Role.UNIT_OPERATOR, unit_id="u2")
    bureau = plan([], area=None, organization_id="bureau")
    refused(await street.post("/v1/plans", json=bureau), 403, "wrong-area")
    made(await operator.post("/v1/plans", json=bureau))
    refused(await city.as_(Role.RESIDENT).get("/v1/plans"), 403, "wrong-role")
