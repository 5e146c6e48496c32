"""Pairing (policy, art. 12): goals, terms, results and money, over HTTP and Kafka."""

import asyncio
from typing import Any

import pytest

from shared.contracts.plans import PairingChanged, PairingEnded, PairingEnding
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.agreements import at, facts, fine, made, prepare, refused
from tests.integration.services.registry.world import World


@pytest.fixture
async def city(world: World) -> World:
    return await prepare(world)


def pairing(**changes: Any) -> dict[str, Any]:
    """A company pairs with a village for a year."""
    return {
        "kind": "company_village",
        "giver": "water",
        "taker": "shitan",
        "since": at(days=-100),
        "until": at(days=265),
        "goals": [{"work": "household_visit", "quantity": 30, "by": at(days=100)}],
        "budget": [{"source": "own_funds", "yuan": 1000, "purpose": "修桥"}],
    } | changes


async def test_organizations_are_paired_by_kinds_that_fit_them(city: World) -> None:
    goals = pairing()["goals"]
    # Strong with weak: of the six assets shijing has its rules, shitan nothing.
    rules = {"work": "rule_adopted", "at": at(days=-1), "organization_id": "shijing", "quantity": 3}
    made(await city.admin.post("/v1/records", json=rules))
    sent = {"id": "p2", "name": "李明", "grid_id": "g1", "organization_id": "liulian"}
    made(await city.admin.post("/v1/people", json=sent))
    reason = {"reason": "书记有经验"}
    fitting: list[dict[str, Any]] = [
        {"kind": "department_village", "giver": "bureau", "taker": "shitan"},
        {"kind": "company_village", "giver": "water", "taker": "shitan"},
        {"kind": "village_community", "giver": "shitan", "taker": "liulian"},
        {"kind": "strong_weak", "giver": "shijing", "taker": "shitan"},
        {"kind": "secondment", "giver": "liulian", "taker": "shitan", "person_id": "p2"},
        {"kind": "strong_weak", "giver": "shitan", "taker": "shijing"} | reason,
    ]
    for sides in fitting:
        made(await city.admin.post("/v1/pairings", json=pairing(goals=goals, **sides)))
    listed = fine(await city.admin.get("/v1/pairings?organization_id=shitan&limit=2"))
    assert [(one["kind"], one["reason"]) for one in listed["items"]] == [
        ("strong_weak", "书记有经验"), ("secondment", None),
    ]  # fmt: skip
    rest = fine(await city.admin.get(f"/v1/pairings?limit=50&cursor={listed['next']}"))
    assert len(rest["items"]) == 4
    for sides, code in (
        ({"kind": "company_village", "giver": "bureau"}, "pairing-does-not-fit"),
        ({"kind": "department_village", "giver": "liulian"}, "pairing-does-not-fit"),
        ({"kind": "strong_weak", "giver": "liulian"}, "pairing-domains-same"),
        ({"kind": "strong_weak", "giver": "shitan", "taker": "shijing"}, "not-stronger"),
        ({"kind": "secondment", "giver": "shijing", "person_id": "p1"}, "person-not-of-giver"),
        ({"kind": "village_community", "giver": "shijing"}, "pairing-domains-different"),
        ({"giver": "shitan"}, "same-organization"),
        ({"kind": "secondment", "giver": "liulian"}, "person-needed"),
        ({"kind": "secondment", "giver": "shop", "taker": "liulian", "person_id": "p1"},
         "pairing-same-area"),
        ({"person_id": "p1"}, "person-not-wanted"),
        ({"giver": "nobody"}, "unknown-reference"),
        ({"until": at(days=-101)}, "until-before-since"),
        ({"goals": [{"work": "sleep", "quantity": 1, "by": at(days=1)}]}, "unknown-work"),
        ({"goals": [goals[0] | {"by": at(days=999)}]}, "goal-outside-term"),
        ({"budget": [{"source": "lottery", "yuan": 1, "purpose": "x"}]}, "unknown-source"),
        ({"budget": [{"source": "other", "yuan": 0.001, "purpose": "x"}]}, "invalid-content"),
    ):  # fmt: skip
        refused(await city.admin.post("/v1/pairings", json=pairing(**sides)), 422, code)


async def test_a_city_replaces_what_fits(city: World) -> None:
    table = fine(await city.admin.get("/v1/pairing-kinds"))["table"]
    table["kinds"] = [kind for kind in table["kinds"] if kind["kind"] != "company_village"]
    fine(await city.admin.put("/v1/pairing-kinds", json=table, headers={"If-Match": '"1"'}))
    answer = await city.admin.post("/v1/pairings", json=pairing())
    refused(answer, 422, "pairing-does-not-fit")


async def test_results_are_counted_from_records_about_the_pairing(city: World) -> None:
    id = made(await city.admin.post("/v1/pairings", json=pairing()))
    visit = {"work": "household_visit", "at": at(days=-1), "organization_id": "water"}
    about = {"about": {"kind": "pairings", "id": id}}
    for change in (
        {"quantity": 12},
        {"quantity": 20},
        {"quantity": 7, "at": at(days=-200)},  # before the term
        {"quantity": 3, "work": "policy_talk"},
        {"quantity": 500, "about": None},
    ):
        made(await city.admin.post("/v1/records", json=visit | about | change))
    [record, *_] = fine(await city.admin.get("/v1/records"))["items"]
    no_entry = {"about": {"kind": "records", "id": record["id"]}}
    refused(await city.admin.post("/v1/records", json=visit | no_entry), 422, "unknown-reference")
    results = fine(await city.admin.get(f"/v1/pairings/{id}/results"))
    [goal] = results["goals"]
    assert (goal["quantity"], goal["done"], goal["in_time"], goal["met"]) == (30, 32, 32, True)
    assert results["others"] == [{"work": "policy_talk", "records": 1, "quantity": 3}]
    listed = fine(await city.admin.get(f"/v1/records?about={id}"))["items"]
    [wrong] = [one["id"] for one in listed if one["quantity"] == 20]
    fine(await city.admin.post(f"/v1/records/{wrong}/void", json={"reason": "记错"}))
    [goal] = fine(await city.admin.get(f"/v1/pairings/{id}/results"))["goals"]
    assert (goal["done"], goal["met"]) == (12, False)


async def test_never_more_is_paid_than_there_is_whoever_pays_at_once(city: World) -> None:
    id = made(await city.admin.post("/v1/pairings", json=pairing()))
    paying = {"line": "1", "yuan": 300.5, "at": at(days=-1)}

    async def pay(**headers: str) -> int:
        answer = await city.admin.post(f"/v1/pairings/{id}/payments", json=paying, headers=headers)
        assert answer.status_code in (200, 409), answer.text
        return answer.status_code

    codes = await asyncio.gather(*(pay() for _ in range(12)))
    assert sorted(codes) == [200] * 3 + [409] * 9
    shown = fine(await city.admin.get(f"/v1/pairings/{id}"))
    [line] = shown["budget"]
    assert (line["yuan"], line["paid"], line["left"]) == (1000, 901.5, 98.5)
    problem = refused(
        await city.admin.post(f"/v1/pairings/{id}/payments", json=paying), 409, "overspent"
    )
    assert "98.5" in problem["detail"]
    # Taken back with a reason, it can be paid again; the same attempt is one payment.
    first = shown["payments"][0]["id"]
    path = f"/v1/pairings/{id}/payments/{first}/void"
    fine(await city.admin.post(path, json={"reason": "转账退回"}))
    key = {"Idempotency-Key": "pay-1"}
    assert [await pay(**key), await pay(**key)] == [200, 200]
    other = paying | {"yuan": 1}
    answer = await city.admin.post(f"/v1/pairings/{id}/payments", json=other, headers=key)
    refused(answer, 422, "idempotency-key-reused")
    # More money is a further line.
    more = {"source": "party_dues", "yuan": 50, "purpose": "慰问"}
    key = {"Idempotency-Key": "more-1"}
    for _ in range(2):
        shown = fine(await city.admin.post(f"/v1/pairings/{id}/budget", json=more, headers=key))
    assert [(b["id"], b["yuan"], b["paid"]) for b in shown["budget"]] == [
        ("1", 1000, 901.5),
        ("2", 50, 0),
    ]
    missing = await city.admin.post(f"/v1/pairings/{id}/payments", json=paying | {"line": "9"})
    refused(missing, 422, "unknown-line")


async def test_it_is_renewed_or_ended_with_a_reason_and_both_sides_summaries(city: World) -> None:
    id = made(await city.admin.post("/v1/pairings", json=pairing()))
    until = at(days=600)
    renewal = {"until": until, "goals": pairing(until=until)["goals"], "reason": "成效好"}
    renewal["goals"][0]["by"] = at(days=500)
    ended = {"reason": "任务完成"}
    refused(await city.admin.post(f"/v1/pairings/{id}/end", json=ended), 409, "summary-needed")
    giver = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    village = city.as_(Role.AREA_MANAGER, areas={"440310002"})

    async def sum_up(client: Any, side: str) -> Any:
        body = {"side": side, "words": f"{side}：张三家修好了屋顶"}
        return await client.post(f"/v1/pairings/{id}/summaries", json=body)

    refused(await sum_up(giver, "taker"), 403, "not-this-side")
    fine(await sum_up(giver, "giver"))
    problem = refused(
        await city.admin.post(f"/v1/pairings/{id}/renew", json=renewal), 409, "summary-needed"
    )
    assert "受助方" in problem["detail"]
    assert "帮扶方" not in problem["detail"]
    fine(await sum_up(village, "taker"))
    renewed = fine(await giver.post(f"/v1/pairings/{id}/renew", json=renewal))
    first, second = renewed["terms"]
    assert (first["outcome"], first["reason"]) == ("renewed", "成效好")
    assert first["taker_summary"]["words"] == "taker：张三家修好了屋顶"
    assert (second["since"], second["outcome"]) == (first["until"], None)
    # The new term needs summaries of its own.
    refused(await giver.post(f"/v1/pairings/{id}/end", json=ended), 409, "summary-needed")
    fine(await sum_up(giver, "giver"))
    fine(await sum_up(village, "taker"))
    over = fine(await village.post(f"/v1/pairings/{id}/end", json=ended))
    assert (over["status"], over["terms"][1]["outcome"]) == ("ended", "ended")
    refused(await giver.post(f"/v1/pairings/{id}/renew", json=renewal), 409, "pairing-is-ended")
    [fact] = await facts(city, 1)
    assert isinstance(fact.data, PairingEnded)
    assert (fact.subject, fact.sequence, fact.data.early) == (f"pairings/{id}", 1, True)
    last = [e for e in await city.events(21) if e.subject == id][-1].data
    assert isinstance(last, PairingChanged)
    assert (last.term, last.ended, last.promised_yuan) == (2, True, 1000)
    database = city.app.state.runtime.database
    kept = await database["pairings"].find_one({"_id": id})
    assert "张三" not in str(kept)
    assert "修桥" not in str(kept)


async def test_the_end_of_a_term_is_told_ahead_and_when_it_has_come(city: World) -> None:
    soon = pairing(until=at(seconds=7), goals=[
        {"work": "household_visit", "quantity": 1, "by": at(days=-1)}])  # fmt: skip
    id = made(await city.admin.post("/v1/pairings", json=soon))
    later = made(await city.admin.post("/v1/pairings", json=pairing()))
    ending, ended = await facts(city, 2)
    assert (ending.subject, ended.subject) == (f"pairings/{id}",) * 2
    assert (ending.sequence, ended.sequence) == (1, 2)
    assert isinstance(ending.data, PairingEnding)
    assert isinstance(ended.data, PairingEnded)
    assert not ended.data.early
    assert fine(await city.admin.get(f"/v1/pairings/{id}"))["status"] == "over"
    assert fine(await city.admin.get(f"/v1/pairings/{later}"))["status"] == "in_force"

    async def struck_off() -> bool:
        found = await city.app.state.runtime.database["pairings"].find_one({"_id": id})
        return found is not None and found["state"]["untold"] == [] and "next_due" not in found

    await eventually(struck_off)


async def test_each_side_and_nobody_else_sees_and_changes_a_pairing(city: World) -> None:
    giver = city.as_(Role.UNIT_OPERATOR, unit_id="u1")
    village = city.as_(Role.AREA_MANAGER, areas={"440310002"})
    strangers = (
        city.as_(Role.UNIT_OPERATOR, unit_id="u2"),
        city.as_(Role.AREA_MANAGER, areas={"440399"}),
    )
    id = made(await giver.post("/v1/pairings", json=pairing()))
    for client in (giver, village):
        [one] = fine(await client.get("/v1/pairings"))["items"]
        assert (one["id"], one["budget"][0]["purpose"]) == (id, "修桥")
    for client in strangers:
        refused(await client.post("/v1/pairings", json=pairing()), 403, "not-your-side")
        refused(await client.get(f"/v1/pairings/{id}"), 403, "not-your-side")
        assert fine(await client.get("/v1/pairings"))["items"] == []
    resident = city.as_(Role.RESIDENT)
    refused(await resident.get("/v1/pairings"), 403, "wrong-role")
    refused(await city.admin.get("/v1/pairings/none"), 404, "not-registered")
