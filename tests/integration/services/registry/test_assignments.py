"""Money follows the task (policy, art. 12): tasks assigned to lower organizations, over HTTP."""

import asyncio
from typing import Any

import pytest

from shared.contracts.plans import AssignmentChanged, AssignmentFundsOverdue, AssignmentOverdue
from shared.web.auth import Role
from tests.eventually import eventually
from tests.integration.services.registry.agreements import at, facts, fine, made, prepare, refused
from tests.integration.services.registry.world import World


@pytest.fixture
async def city(world: World) -> World:
    return await prepare(world)


def task(**changes: Any) -> dict[str, Any]:
    """The civil affairs bureau has a community survey its old residents, and pays for it."""
    return {
        "kind": "survey",
        "assigner": "bureau",
        "receiver": "liulian",
        "words": "摸清独居老人底数",
        "residents_of": "440310001001",
        "until": at(days=30),
        "funds": [{"source": "fiscal", "yuan": 3000, "by": at(days=10)}],
    } | changes


async def test_a_task_pushed_down_without_funds_and_resources_is_refused(city: World) -> None:
    answer = await city.admin.post("/v1/assignments", json=task(funds=[]))
    problem = refused(answer, 422, "funds-needed")
    assert "费随事转" in problem["detail"]
    assert "第12条" in problem["detail"]
    assert problem["errors"][0]["field"] == "funds"
    english = await city.admin.post(
        "/v1/assignments", json=task(funds=[]), headers={"Accept-Language": "en"}
    )
    assert "art. 12" in english.json()["detail"]
    # With resources it goes through; or for nothing, where the kind may and says why.
    people = [{"kind": "people", "quantity": 2, "what": "社工"}]
    with_people = made(
        await city.admin.post("/v1/assignments", json=task(funds=[], resources=people))
    )
    reason = "仅需在例会上宣读"
    free = task(funds=[], no_cost_reason=reason)
    refused(await city.admin.post("/v1/assignments", json=free), 422, "cost-free-kind-only")
    study = free | {"kind": "study"}
    refused(
        await city.admin.post("/v1/assignments", json=study | {"no_cost_reason": None}),
        422,
        "funds-needed",
    )
    without = made(await city.admin.post("/v1/assignments", json=study))
    shown = fine(await city.admin.get(f"/v1/assignments/{with_people}"))
    assert shown["resources"] == people
    assert fine(await city.admin.get(f"/v1/assignments/{without}"))["no_cost_reason"] == reason


async def test_it_comes_along_a_line_from_a_higher_level(city: World) -> None:
    """The bureau is not above the community in its tree, but answers for the district it is in."""
    along_place = made(await city.admin.post("/v1/assignments", json=task()))
    along_system = made(await city.admin.post("/v1/assignments", json=task(assigner="district")))
    lines = [
        fine(await city.admin.get(f"/v1/assignments/{id}"))["line"]
        for id in (along_place, along_system)
    ]
    assert lines == ["place", "system"]
    for change, code in (
        ({"assigner": "shop"}, "not-a-lower-level"),
        ({"assigner": "street", "receiver": "shitan", "residents_of": "440310002001"}, "no-line"),
        ({"kind": "sleep"}, "unknown-kind"),
        ({"until": at(days=-1)}, "date-past"),
        ({"funds": [{"source": "lottery", "yuan": 1, "by": at(days=1)}]}, "unknown-source"),
    ):
        refused(await city.admin.post("/v1/assignments", json=task(**change)), 422, code)


async def test_a_task_for_residents_goes_through_their_organization(city: World) -> None:
    around = await city.admin.post("/v1/assignments", json=task(receiver="shop"))
    problem = refused(around, 422, "around-the-organization")
    assert problem["where"] == "/v1/organizations?area=440310001001"
    unnamed = await city.admin.post("/v1/assignments", json=task(residents_of=None))
    refused(unnamed, 422, "area-of-residents-needed")
    elsewhere = await city.admin.post("/v1/assignments", json=task(residents_of="440310002001"))
    refused(elsewhere, 422, "around-the-organization")
    for receiver in ("liulian", "street"):
        made(await city.admin.post("/v1/assignments", json=task(receiver=receiver)))
    # What is not for residents may go to any organization below.
    works = task(receiver="shop", kind="works", residents_of=None)
    made(await city.admin.post("/v1/assignments", json=works))


async def test_it_is_accepted_and_done_or_returned_with_a_reason_of_the_list(city: World) -> None:
    receiver = city.as_(Role.AREA_MANAGER, areas={"440310001001"})
    bureau = city.as_(Role.UNIT_OPERATOR, unit_id="u2")
    id = made(await bureau.post("/v1/assignments", json=task()))
    path = f"/v1/assignments/{id}"
    words = {"words": "已走访李四等二十户"}
    refused(await receiver.post(f"{path}/done", json=words), 409, "wrong-status")
    refused(await bureau.post(f"{path}/accept"), 403, "not-your-side")
    assert fine(await receiver.post(f"{path}/accept"))["status"] == "accepted"
    key = {"Idempotency-Key": "note-1"}
    for _ in range(2):
        shown = fine(await receiver.post(f"{path}/progress", json=words, headers=key))
    assert [note["words"] for note in shown["progress"]] == [words["words"]]
    done = fine(await receiver.post(f"{path}/done", json=words))
    assert (done["status"], done["result"]) == ("done", words["words"])
    other = made(await bureau.post("/v1/assignments", json=task()))
    path = f"/v1/assignments/{other}"
    bad = await receiver.post(f"{path}/return", json={"reason": "rain"})
    assert "no_funds" in refused(bad, 422, "unknown-reason")["allowed"]
    back = await receiver.post(f"{path}/return", json={"reason": "no_funds", "words": "未到账"})
    returned = fine(back)
    assert (returned["status"], returned["return_reason"]) == ("returned", "no_funds")
    assert returned["unpaid_by"] is None  # it is owed nothing any more
    refused(await bureau.post(f"{path}/cancel", json={"reason": "x"}), 409, "wrong-status")
    third = made(await bureau.post("/v1/assignments", json=task()))
    refused(
        await receiver.post(f"/v1/assignments/{third}/cancel", json={"reason": "x"}),
        403,
        "not-your-side",
    )
    gone = await bureau.post(f"/v1/assignments/{third}/cancel", json={"reason": "并入其他任务"})
    assert fine(gone)["status"] == "cancelled"
    by_status = fine(await receiver.get("/v1/assignments?receiver=liulian&status=returned"))
    assert [one["id"] for one in by_status["items"]] == [other]
    told = [e.data for e in await city.events(25) if e.subject == other]
    assert isinstance(told[-1], AssignmentChanged)
    assert (told[-1].status, told[-1].return_reason) == ("returned", "no_funds")
    kept = await city.app.state.runtime.database["assignments"].find_one({"_id": id})
    assert "李四" not in str(kept)
    assert "独居" not in str(kept)


async def test_money_is_tracked_against_what_was_promised(city: World) -> None:
    id = made(await city.admin.post("/v1/assignments", json=task()))
    path = f"/v1/assignments/{id}"
    paying = {"line": "1", "yuan": 1000, "at": at(days=0)}
    answers = await asyncio.gather(
        *(city.admin.post(f"{path}/payments", json=paying) for _ in range(9))
    )
    assert sorted(a.status_code for a in answers) == [200] * 3 + [409] * 6
    shown = fine(await city.admin.get(path))
    assert (shown["funds"][0]["left"], shown["unpaid_by"]) == (0, None)
    # The receiver says what never came; it is owed again.
    receiver = city.as_(Role.AREA_MANAGER, areas={"440310001001"})
    refused(await receiver.post(f"{path}/payments", json=paying), 403, "not-your-side")
    payment = shown["payments"][0]["id"]
    voided = fine(await receiver.post(f"{path}/payments/{payment}/void", json={"reason": "未到账"}))
    assert voided["funds"][0]["left"] == 1000
    assert voided["unpaid_by"] == voided["funds"][0]["by"]
    refused(
        await receiver.post(f"{path}/payments/none/void", json={"reason": "x"}),
        404,
        "unknown-payment",
    )


async def test_what_is_overdue_and_not_paid_by_its_date_is_listed_and_told_once(
    city: World,
) -> None:
    late = {
        "until": at(seconds=6),
        "funds": [
            {"source": "fiscal", "yuan": 3000, "by": at(seconds=5)},
            {"source": "party_dues", "yuan": 500, "by": at(days=9)},
        ],
    }
    id = made(await city.admin.post("/v1/assignments", json=task(**late)))
    in_time = made(await city.admin.post("/v1/assignments", json=task()))
    paying = {"line": "1", "yuan": 1000, "at": at(days=0)}
    fine(await city.admin.post(f"/v1/assignments/{id}/payments", json=paying))
    told = await facts(city, 2)
    assert [(one.subject, one.sequence) for one in told] == [
        (f"assignments/{id}", 1),
        (f"assignments/{id}", 2),
    ]
    [funds] = [one.data for one in told if isinstance(one.data, AssignmentFundsOverdue)]
    assert (funds.line, funds.promised_yuan, funds.missing_yuan) == ("1", 3000, 2000)
    [overdue] = [one.data for one in told if isinstance(one.data, AssignmentOverdue)]
    assert (overdue.assigner, overdue.receiver) == ("bureau", "liulian")

    async def listed(query: str) -> list[str]:
        page = fine(await city.admin.get(f"/v1/assignments?{query}"))
        return [one["id"] for one in page["items"]]

    assert await listed("unpaid=true") == await listed("overdue=true") == [id]
    assert await listed("unpaid=false") == await listed("overdue=false") == [in_time]

    async def shown_overdue() -> bool:
        return bool(fine(await city.admin.get(f"/v1/assignments/{id}"))["overdue"])

    await eventually(shown_overdue)
    rest = {"line": "1", "yuan": 2000, "at": at(days=0)}
    fine(await city.admin.post(f"/v1/assignments/{id}/payments", json=rest))
    assert await listed("unpaid=true") == []
    assert len(await facts(city, 2)) == 2
