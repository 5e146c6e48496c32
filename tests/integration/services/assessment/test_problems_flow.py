"""Recurring problems from cases to closing, over a real broker and database; one world for all."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from services.assessment.problems.succession import Succession
from services.assessment.problems.watch import Watch
from services.assessment.schemes.periods import before
from shared.contracts.envelope import Event
from shared.contracts.words import RequestKind, Urgency
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    CITY,
    Assessment,
    Others,
    area,
    database_of,
    organization,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import BEIJING, Teller

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = Principal("street", Role.AREA_MANAGER, frozenset({"s1"}))
DISTRICT = Principal("district", Role.AREA_MANAGER, frozenset({"xc"}))
ELSEWHERE = Principal("elsewhere", Role.AREA_MANAGER, frozenset({"s2"}))
C4 = area("c4", "community", ("bj", "xc", "s2", "c4"))
COMMUNITIES = {
    "c1": ("bj", "xc", "s1", "c1"),
    "c2": ("bj", "xc", "s1", "c2"),
    "c3": ("bj", "xc", "s2", "c3"),
    "c4": ("bj", "xc", "s2", "c4"),
}
NOISE = {"2025-03": 28, "2025-04": 30, "2025-05": 29, "2025-06": 31, "2025-07": 3, "2025-08": 3}
"""Of noise in c1; elsewhere three a month, and everywhere 20 of other things."""
RELAPSE = {"2025-09": 30}


def month_of_requests(month: str, noise: int) -> Iterator[Event]:
    """The requests of a month."""
    for code, path in COMMUNITIES.items():
        kinds = ["noise"] * (noise if code == "c1" else 3) + ["water"] * 20
        for n, category in enumerate(kinds):
            teller = Teller(f"{month}-{code}-{n:02}")
            at = datetime.fromisoformat(f"{month}-{1 + n % 28:02}T12:00:00").replace(tzinfo=BEIJING)
            kind, urgency = RequestKind.COMPLAINT, Urgency.ORDINARY
            teller.accept(at, path, kind=kind, category=category, urgency=urgency)
            yield from teller.all


@dataclass
class World:
    """Assessment with a city in which one community has noise for four months."""

    assessment: Assessment
    others: Others

    async def look(self, month: str) -> Any:
        """Have a month looked at; what it has found."""
        await self.assessment.send("POST", "/v1/problem-rounds", {"month": month}, status=202)
        parts, leases = self.assessment.parts, self.assessment.runtime.leases
        # The loop comes once a second; with one more at work at once it is the same.
        watch = Watch(parts.repository, parts.problems, parts.tables, leases, parts.zone)

        async def done() -> bool:
            if (asked := await parts.problems.wanted()) is not None:
                await watch.look(asked[0], datetime.now(UTC), asked[1])
            return await parts.problems.wanted() is None

        await eventually(done, 30, f"{month} looked at")
        return await self.assessment.get(f"/v1/problem-rounds/{month}")

    async def problem(self) -> Any:
        (one,) = (await self.assessment.get("/v1/problems"))["items"]
        return await self.assessment.get(f"/v1/problems/{one['id']}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[World]:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, f"t{uuid4().hex[:12]}")
    async with database_of(of), publishing(of) as others:
        await others.register(*CITY, C4, unit("u"), organization("works", "u"))
        months = NOISE | RELAPSE
        events = [e for month, n in months.items() for e in month_of_requests(month, n)]
        await others.publish(events)
        async with running(of) as assessment:
            await eventually(lambda: assessment.settled(len(events)), 40, "all cases are in")
            world = World(assessment, others)
            # Once last month was looked at, the loop looks at none of these by itself.
            await world.look(before(f"{datetime.now(BEIJING):%Y-%m}"))
            yield world


async def what_is_repeated_is_found_and_put_to_the_street(world: World) -> None:
    for month in ("2025-03", "2025-04"):
        assert (await world.look(month))["findings"] == []
    found = await world.look("2025-05")
    (finding,) = found["findings"]
    assert (finding["basis"], finding["category"], finding["place"]) == ("repeated", "noise", "c1")
    # Each month nine elsewhere and half a one, where 207 were asked for in all against 147 here.
    assert finding["count"] == 87
    assert finding["expected"] == pytest.approx(3 * 9.5 * 147 / 207)
    assert found["requests"] == 29 + 9 + 80

    problem = await world.problem()
    assert (problem["owner"], problem["status"], problem["place"]) == ("s1", "found", "c1")
    assert [one["month"] for one in problem["findings"]] == ["2025-05"]
    # Looked at again it is the same, and nothing is written.
    again = await world.look("2025-05")
    assert again["findings"] == found["findings"]
    assert (await world.problem())["version"] == problem["version"]


async def the_cases_behind_it_are_paged(world: World) -> None:
    problem = await world.problem()
    path = f"/v1/problems/{problem['id']}/cases"
    first = await world.assessment.get(path, month="2025-05", limit=20)
    rest = await world.assessment.get(path, month="2025-05", limit=20, cursor=first["next"])
    seen = [case["request_id"] for case in first["items"] + rest["items"]]
    assert len(seen) == len(set(seen)) == 29
    assert all(case["category"] == "noise" for case in first["items"])


async def only_those_whom_it_concerns_see_it_and_only_its_owner_decides(world: World) -> None:
    problem = await world.problem()
    path = f"/v1/problems/{problem['id']}"
    assert (await world.assessment.get("/v1/problems", ELSEWHERE))["items"] == []
    assert len((await world.assessment.get("/v1/problems", STREET))["items"]) == 1
    refused = await world.assessment.get(path, ELSEWHERE, 403)
    assert refused["type"] == "/problems/problem-not-seen"
    community = Principal("c", Role.AREA_MANAGER, frozenset({"c1"}))
    body = {"reason": "施工"}
    refused = await world.assessment.send("POST", f"{path}/dismiss", body, community, 403)
    assert refused["type"] == "/problems/problem-not-yours"


async def it_is_taken_worked_on_and_closed_once_its_rate_has_fallen(world: World) -> None:
    path = f"/v1/problems/{(await world.problem())['id']}"
    cause = {"cause": "夜间施工没有审批", "organization_id": "works"}
    await world.assessment.send("POST", f"{path}/accept", cause, STREET)
    await its_leader_is_merged_and_the_successor_goes_on(world)
    measure = {"what": "夜间施工一律审批", "until": "2025-07-01T00:00:00+08:00"}
    taken = await world.assessment.send("POST", f"{path}/measures", measure, STREET)
    done = f"{path}/measures/{taken['measures'][0]['id']}/done"
    await world.assessment.send("POST", done, {"reason": "已实行"}, STREET)

    # Found again in June: onto the same case. In July it has fallen, for one month so far.
    await world.look("2025-06")
    await world.look("2025-07")
    problem = await world.problem()
    assert [one["month"] for one in problem["findings"]] == ["2025-05", "2025-06"]
    assert [one["fell"] for one in problem["followed"]] == [False, True]
    refused = await world.assessment.send("POST", f"{path}/close", {"reason": "好了"}, STREET, 409)
    assert refused["type"] == "/problems/problem-not-fallen"

    await world.look("2025-08")
    closed = await world.assessment.send(
        "POST", f"{path}/close", {"reason": "连续两月回落"}, STREET
    )
    assert (closed["status"], closed["fallen_months"]) == ("closed", 2)
    assert [line["by"] for line in closed["history"]][-1] == "area_manager:street"
    assert closed["history"][-1]["why"] == "连续两月回落"


async def its_leader_is_merged_and_the_successor_goes_on(world: World) -> None:
    (id, works), (_, merged) = organization("works", "u"), organization("merged", "u")
    gone = works.model_copy(update={"retired": True, "successors": ("merged",)})
    await world.others.register(("merged", merged), (id, gone))
    parts = world.assessment.parts
    # It looks every ten seconds; with one more at work at once it is the same.
    succession = Succession(parts.problems, parts.subjects, world.assessment.runtime.leases)

    async def passed() -> bool:
        await succession.look()
        return bool((await world.problem())["organization_id"] == "merged")

    await eventually(passed, 30, "the successor leads the work")
    last = (await world.problem())["history"][-1]
    assert (last["by"], last["why"]) == ("succession", "merged took over from works")


async def a_relapse_is_seen_on_the_same_case(world: World) -> None:
    assert (await world.look("2025-09"))["findings"] != []
    problem = await world.problem()
    assert (problem["status"], problem["relapses"], problem["month"]) == ("found", 1, "2025-09")


async def a_case_that_is_re_judged_counts_as_judged_once_looked_at_again(world: World) -> None:
    """Noise of September, one of 30 of which was none: once it was quiet for half a minute the
    month is looked at again by itself."""
    before = (await world.look("2025-09"))["findings"]
    wrong = {"reason": "重复登记", "excluded": True}
    request = "/v1/cases/2025-09-c1-00/corrections"
    await world.assessment.send("POST", request, wrong, status=201)
    parts, leases = world.assessment.parts, world.assessment.runtime.leases
    watch = Watch(parts.repository, parts.problems, parts.tables, leases, parts.zone)
    looked = await parts.problems.round("2025-09")
    await watch.step(datetime.now(UTC))
    assert await parts.problems.round("2025-09") == looked
    await watch.step(datetime.now(UTC) + timedelta(seconds=31))
    after = (await world.assessment.get("/v1/problem-rounds/2025-09"))["findings"]
    assert [one["count"] for one in after] == [one["count"] - 1 for one in before]
    problem = await world.problem()
    assert [one["count"] for one in problem["findings"]][-1] == after[0]["count"]
    await world.assessment.send("POST", f"{request}/1/void", {"reason": "核实为单独一件"})

    # One of July is what is usual to the months after it: they are looked at again too.
    await world.look("2025-09")  # now, and not half a minute from now
    seen = await parts.problems.rounds()
    request = "/v1/cases/2025-07-c1-00/corrections"
    await world.assessment.send("POST", request, wrong, status=201)
    watch = Watch(parts.repository, parts.problems, parts.tables, leases, parts.zone)
    for _ in seen:
        await watch.step(datetime.now(UTC) + timedelta(seconds=31))
    again = await parts.problems.rounds()
    looked_again = [month for month in seen if again[month] > seen[month]]
    assert looked_again[:3] == ["2025-07", "2025-08", "2025-09"]
    assert looked_again == [month for month in seen if month >= "2025-07"]
    await world.assessment.send("POST", f"{request}/1/void", {"reason": "核实为单独一件"})


async def a_programme_has_a_problem_a_month_with_lead_goal_and_figures(world: World) -> None:
    body = {"area": "xc", "year": 2025, "name": "每月一题"}
    refused = await world.assessment.send("POST", "/v1/programmes", body, STREET, 403)
    assert refused["type"] == "/problems/wrong-area"
    made = await world.assessment.send("POST", "/v1/programmes", body, DISTRICT, 201)
    problem = await world.problem()
    item = {
        "month": "2025-06",
        "category": "noise",
        "lead": "works",
        "goal": "夜间施工噪声减半",
        "at_most": 0.5,
        "problem_ids": [problem["id"]],
        "reason": "居民反映最多",
    }
    path = f"/v1/programmes/{made['id']}/problems/june"
    await world.assessment.send("PUT", path, item, DISTRICT)
    told = await world.assessment.send(
        "POST", f"{path}/results", {"words": "审批实行", "done": True}, DISTRICT
    )
    assert told["items"][0]["results"][0]["done"] is True
    figures = await world.assessment.get(f"{path}/figures")
    by_month = {one["month"]: one["requests"] for one in figures["months"]}
    assert by_month == {month: n + 9 for month, n in (NOISE | RELAPSE).items()}
    assert figures["before"] == pytest.approx((37 + 39 + 38) / 3)
    assert figures["after"] == pytest.approx((12 + 12 + 39) / 3)
    assert figures["goal_met"] is False


async def all_of_it_is_told_on_reviews(world: World) -> None:
    async def published() -> bool:
        entries = await world.assessment.told()
        told = [(entry["type"].split(".", 1)[1], orjson.loads(entry["data"])) for entry in entries]
        # The re-judged cases are told of there too; and after each the month before today's is
        # looked at again, which has no requests.
        types = [
            type
            for type, data in told
            if not type.startswith("case.")
            and (type != "problem.followed.v1" or data["month"] in NOISE | RELAPSE)
        ]
        assert types == [
            "problem.found.v1",
            "problem.accepted.v1",
            "problem.accepted.v1",
            "problem.measure_set.v1",
            "problem.measure_set.v1",
            "problem.followed.v1",
            "problem.found_again.v1",
            "problem.followed.v1",
            "problem.followed.v1",
            "problem.closed.v1",
            "problem.relapsed.v1",
            "programme.problem_set.v1",
            "programme.result_reported.v1",
        ]
        return True

    await eventually(published, 30, "every step is published")


STEPS = (
    what_is_repeated_is_found_and_put_to_the_street,
    the_cases_behind_it_are_paged,
    only_those_whom_it_concerns_see_it_and_only_its_owner_decides,
    it_is_taken_worked_on_and_closed_once_its_rate_has_fallen,
    a_relapse_is_seen_on_the_same_case,
    a_case_that_is_re_judged_counts_as_judged_once_looked_at_again,
    a_programme_has_a_problem_a_month_with_lead_goal_and_figures,
    all_of_it_is_told_on_reviews,
)
"""Each goes on from where the one before left the city."""


async def test_a_problem_from_its_finding_to_its_relapse(world: World) -> None:
    for step in STEPS:
        try:
            await step(world)
        except BaseException as error:
            error.add_note(f"in the step: {step.__name__.replace('_', ' ')}")
            raise
