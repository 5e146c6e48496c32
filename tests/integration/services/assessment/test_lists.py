"""Lists over HTTP (issue 5, item 5; policy, art. 13): weak organizations by criteria and exemplars.

One world for the module; each test has organizations of its own in it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from services.assessment.lists.anew import STANDING, Registered, standing_of
from services.assessment.lists.weak import on_due
from services.assessment.schemes.periods import bounds_of
from services.assessment.scores.anew import Entry
from services.assessment.service.figures import SubjectKind
from shared.contracts import backbone as b
from shared.contracts import coverage as c
from shared.contracts import plans as p
from shared.contracts.catalog import TOPIC_OF
from shared.messaging.timers import Timers
from shared.spans import moment
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    CITY,
    Assessment,
    Others,
    area,
    branch,
    database_of,
    organization,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import Teller

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREET = Principal("li", Role.AREA_MANAGER, areas=frozenset({"s1"}))
COMMUNITY = Principal("chen", Role.AREA_MANAGER, areas=frozenset({"c1"}))
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
COMMUNITY_KIND = SubjectKind.COMMUNITY


@dataclass
class World:
    """Assessment, and the other services' side of the topics."""

    assessment: Assessment
    others: Others

    async def found(self, kind: str, id: str, **expected: Any) -> dict[str, Any]:
        """A listed one, once it is found and as expected; the lists are looked at meanwhile."""

        async def seen() -> dict[str, Any]:
            await self.look()
            shown: dict[str, Any] = await self.assessment.get(f"/v1/weak/{kind}/{id}")
            assert {name: shown[name] for name in expected} == expected
            return shown

        return await eventually(seen, 30, f"{id} on the list")

    async def look(self) -> None:
        """Have the criteria looked at now."""
        await self.assessment.parts.finding.round(moment())

    async def vacant(self, id: str, days: int = 100) -> None:
        """An organization of community c1 whose secretary left so many days ago."""
        about = {"organization_id": id, "area_path": ("bj", "xc", "s1", "c1"), "post": "secretary"}
        term = {"term_id": "t1", "person_id": "p1"}
        chosen = {"chosen": "elected", "since": NOW - 900 * DAY, "until": NOW + 300 * DAY}
        end = {"at": NOW - days * DAY, "reason": "resigned"}
        await self.others.register(
            (id, b.Appointed.model_validate(about | term | chosen)),
            (id, b.TermEnded.model_validate(about | term | end)),
            part="/backbone",
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(kafka_bootstrap: str, mongodb_uri: str) -> AsyncIterator[World]:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, f"t{uuid4().hex[:12]}")
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        made = World(assessment, others)
        await others.register(*CITY)
        yield made


def plan(leader: str = "zhao", days: int = 60) -> dict[str, Any]:
    until = (NOW + days * DAY).isoformat()
    return {
        "leader": leader,
        "goals": ["选好书记，恢复组织生活"],
        "measures": [{"words": "选派第一书记", "by": until}],
        "until": until,
        "reason": "班子不全，先配班子",
    }


async def test_a_vacant_secretary_lists_it_and_it_leaves_only_after_help_and_a_check(
    world: World,
) -> None:
    """Found by criteria with their numbers, confirmed by the superior, helped by a responsible
    leader, checked by somebody else, refused while criteria hold, and gone; listed again it is a
    relapse."""
    assessment, path = world.assessment, "/v1/weak/organization/o-life"
    await world.others.register(branch("o-life"))
    await world.vacant("o-life")
    found = await world.found("organization", "o-life", stage="found")
    [met] = [each for each in found["stays"][0]["judged"]["criteria"] if each["holds"]]
    assert met["id"] == "secretary_vacant"
    assert met["values"] == [{"vacant_days": 100}]

    # Nobody judges the own; the superior does, with the reason.
    decision = {"confirmed": True, "reason": "书记空缺属实"}
    await assessment.send("POST", f"{path}/decision", decision, COMMUNITY, 403)
    await assessment.send("POST", f"{path}/decision", decision, STREET)

    # Without a plan in time it is told, once.
    weak = assessment.parts.lists.weak
    timers = Timers(weak, on_due, assessment.runtime.leases)
    await eventually(lambda: timers.fire(NOW + 31 * DAY), 30, "the missing plan is told of")
    assert await timers.fire(NOW + 32 * DAY) == 0
    await assessment.send("PUT", f"{path}/plan", plan(), STREET)

    check = {"checker": "zhao", "at": datetime.now(UTC).isoformat(), "findings": "已配齐班子",
             "passed": True}  # fmt: skip
    refused = await assessment.send("POST", f"{path}/leave", {"reason": "达标"}, STREET, 409)
    assert refused["type"] == "/problems/check-needed"
    refused = await assessment.send("POST", f"{path}/checks", check, STREET, 422)
    assert refused["type"] == "/problems/checker-is-leader"
    await assessment.send("POST", f"{path}/checks", check | {"checker": "sun"}, STREET)
    refused = await assessment.send("POST", f"{path}/leave", {"reason": "达标"}, STREET, 409)
    assert (refused["type"], refused["criteria"]) == (
        "/problems/criteria-hold",
        ["secretary_vacant"],
    )
    although = {"reason": "达标", "although": "已并入邻村，不再设书记"}
    left = await assessment.send("POST", f"{path}/leave", although, STREET)
    assert (left["stage"], left["stays"][0]["although"]) == ("left", ["secretary_vacant"])
    assert left["stays"][0]["checks"][0]["findings"] == "已配齐班子"
    assert "已并入邻村" in left["history"][-1]["why"]
    assert all(change["by"] and change["why"] for change in left["history"])

    # It still holds: the next look finds it again, marked as a relapse.
    await assessment.send("POST", "/v1/weak/find", status=202)

    async def relapsed() -> Any:
        shown = await assessment.get(path)
        return shown if shown["stay"] == 2 else None

    again = await eventually(relapsed, 30, "it is looked at when asked for")
    assert (again["stay"], again["relapse"]) == (2, 1)
    listed = await assessment.get("/v1/weak", COMMUNITY, kind="organization", area="c1")
    assert "o-life" in {each["subject_id"] for each in listed["items"]}
    told = await told_of(assessment, "organization/o-life")
    assert told == ["found", "decided", "plan_missing", "planned", "checked", "left", "found"]


async def told_of(assessment: Assessment, subject: str) -> list[str]:
    """Kinds of facts published about a subject of the lists, in order."""
    entries = await assessment.told(assessment.parts.lists.weak)
    entries = [entry for entry in entries if entry["subject"] == subject]
    entries.sort(key=lambda entry: entry["n"])
    return [entry["type"].split(".")[2] for entry in entries]


async def test_a_refused_finding_is_not_found_again_and_a_filled_post_is_no_finding(
    world: World,
) -> None:
    assessment = world.assessment
    await world.others.register(branch("o-refused"), branch("o-filled"))
    await world.vacant("o-refused")
    await world.vacant("o-filled", days=60)
    await world.found("organization", "o-refused", stage="found")
    decision = {"confirmed": False, "reason": "任期登记有误，书记在岗"}
    path = "/v1/weak/organization/o-refused"
    shown = await assessment.send("POST", f"{path}/decision", decision, STREET)
    assert shown["stage"] == "refused"
    await world.look()
    assert (await assessment.get(path))["stay"] == 1
    await assessment.send("GET", "/v1/weak/organization/o-filled", status=404)


async def test_satisfaction_under_60_percent_lists_a_community_and_standing_facts_are_shown(
    world: World,
) -> None:
    """Public satisfaction from figures of the month that is over; gaps, training and plans from
    the registry's facts, for anyone entitled to read with their numbers."""
    assessment = world.assessment
    last_month = NOW.replace(day=1) - 10 * DAY
    tellers = [Teller(f"r-{n}") for n in range(20)]
    for number, tell in enumerate(tellers):
        tell.accept(last_month, ("bj", "xc", "s2", "c3"))
        tell.answer(2 if number < 12 else 5)
    await world.others.publish(event for tell in tellers for event in tell.all)
    gap = {"place": "grid", "place_id": "g1", "area_path": ("bj", "xc", "s2", "c3")}
    await world.others.register(("grid/g1", c.GapFound.model_validate(gap | {"gap": "no_leader"})))
    late = {"assignment_id": "a1", "assigner": "o0", "receiver": "o-c3", "until": NOW}
    await world.others.register(("assignments/a1", p.AssignmentOverdue.model_validate(late)))
    for plan_id in ("slow", "caught-up"):
        of = {"plan_id": plan_id, "target": "visits", "area": "c3"}
        amounts = {"quantity": 10, "reported": 1, "expected": 5}
        told = p.PlanBehind.model_validate(of | amounts)
        await world.others.register((f"plans/{plan_id}", told))
    over = p.PlanCaughtUp.model_validate(of | {"since": NOW})
    await world.others.register(("plans/caught-up", over))
    await world.others.register(
        branch("o-c3", "c3"), unit("u-vac", area="s2"), organization("o-vac", "u-vac")
    )
    await world.vacant("o-vac")

    found = await world.found("community", "c3", stage="found")
    [met] = [each for each in found["stays"][0]["judged"]["criteria"] if each["holds"]]
    assert met["id"] == "satisfaction"
    assert met["values"] == [{"rated": 20, "satisfaction_rate": 0.4}]

    async def standing() -> bool:
        period = f"{datetime.now(assessment.parts.zone):%Y-%m}"
        known = await assessment.parts.lists.inputs.provide(period, COMMUNITY_KIND, ["c3"])
        asked = ("coverage_gaps", "tasks_overdue", "plans_behind")
        assert [known["c3"][name] for name in asked] == [1, 1, 1]
        # A unit's are those of its organizations; without ids all that are known.
        units = await assessment.parts.lists.inputs.provide(period, SubjectKind.UNIT, None)
        return units["u-vac"]["vacant_days"] == 100

    await eventually(standing, 30, "gaps and overdue tasks are known")
    await of_the_journal(world)
    about = await assessment.get("/v1/weak/community/c3/criteria")
    assert {each["id"] for each in about["judged"]["criteria"] if each["holds"]} == {"satisfaction"}


async def of_the_journal(world: World) -> None:
    """The numbers come out of the facts alone, as `lianxin audit --scores` makes them."""
    told: dict[str, list[Entry]] = {topic: [] for topic in STANDING}
    known = Registered()
    for event in world.others.registered:
        topic = TOPIC_OF[event.type.rpartition(".v")[0]]
        told.setdefault(topic, []).append(Entry(event, event.time))
        known.add(event)
    zone = world.assessment.parts.zone
    period = f"{datetime.now(zone):%Y-%m}"
    anew = standing_of(known, told, bounds_of(period, zone), datetime.now(UTC))
    assert anew[SubjectKind.UNIT]["u-vac"]["vacant_days"] == 100
    assert anew[COMMUNITY_KIND]["c3"]["tasks_overdue"] == 1
    for kind in SubjectKind:
        assert anew[kind] == await world.assessment.parts.lists.inputs.provide(period, kind, None)


async def test_an_exemplar_is_found_from_facts_checked_written_up_and_adopted_with_results(
    world: World,
) -> None:
    assessment = world.assessment
    await world.others.register(
        area("s9", "street", ("bj", "xc", "s9")),
        area("c9", "community", ("bj", "xc", "s9", "c9")),
        unit("u-adopter", area="c1"),
        organization("o-adopter", "u-adopter"),
    )
    months = [NOW.replace(day=1) - 5 * DAY]
    for _ in range(2):
        months.append(months[-1].replace(day=1) - 5 * DAY)
    tellers = [Teller(f"good-{n}") for n in range(36)]
    for number, tell in enumerate(tellers):
        tell.accept(months[number % 3], ("bj", "xc", "s9", "c9"))
        tell.answer(5)
    await world.others.publish(event for tell in tellers for event in tell.all)

    async def candidate() -> Any:
        await world.look()
        page = await assessment.get("/v1/exemplars", stage="candidate")
        return next(each for each in page["items"] if each["subject_id"] == "c9")

    found = await eventually(candidate, 30, "c9 is a candidate")
    assert [each["rated"] for each in found["periods"]] == [12, 12, 12]
    assert all(each["score"] >= 90 for each in found["periods"])

    written = {
        "kind": "community",
        "subject_id": "c9",
        "title": "院坝会",
        "summary": "每月一次，当场认领",
        "steps": ["提前收集", "当场认领", "下月报告"],
    }
    refused = await assessment.send("POST", "/v1/practices", written, status=409)
    assert refused["type"] == "/problems/exemplar-not-accepted"
    accepted = {"accepted": True, "checker": "sun", "findings": "走访 12 户，均认可",
                "reason": "群众公认"}  # fmt: skip
    own = Principal("wu", Role.AREA_MANAGER, areas=frozenset({"c9"}))
    path = "/v1/exemplars/community/c9/decision"
    await assessment.send("POST", path, accepted, own, 403)
    await assessment.send("POST", path, accepted)
    # A case of its months is re-judged after it was found: whoever looks at it is told.
    await assessment.correct("good-0", reason="电话复核", satisfied=2)
    page = await assessment.get("/v1/exemplars", stage="accepted")
    assert [each["corrected_since"] for each in page["items"]] == [1]
    made = await assessment.send("POST", "/v1/practices", written, own, 201)
    practice = f"/v1/practices/{made['id']}"

    operator = Principal("qian", Role.UNIT_OPERATOR, unit_id="u-adopter")
    adopter = {"organization_id": "o-adopter"}
    await assessment.send("POST", f"{practice}/adoptions", adopter, own, 403)
    await assessment.send("POST", f"{practice}/adoptions", adopter, operator)
    report = {"outcome": "adapted", "result": "改为两月一次，办结率上升"}
    shown = await assessment.send("PUT", f"{practice}/adoptions/o-adopter/report", report, operator)
    assert (shown["adopters"], shown["outcomes"]) == (1, {"adapted": 1})
    assert shown["adoptions"][0]["result"] == "改为两月一次，办结率上升"
    # What was accepted by mistake is revoked, by the superior and with the reason.
    reason, path = {"reason": "数据经查不实"}, "/v1/exemplars/community/c9/revocation"
    await assessment.send("POST", path, reason, own, 403)
    revoked = await assessment.send("POST", path, reason)
    assert (revoked["stage_label"], revoked["revoked"]["reason"]) == ("已撤销", "数据经查不实")
    kept = await assessment.parts.lists.practices.collection.find_one({"_id": made["id"]})
    assert "办结率上升" not in orjson.dumps(kept["state"], default=str).decode()  # type: ignore[index]
