"""Plans, money and venues beside results, over HTTP and Kafka."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.assessment.service.figures import SubjectKind
from services.assessment.support import gather
from shared.contracts.assets import AssetsChanged
from shared.contracts.payload import Payload
from shared.contracts.plans import AssignmentChanged, PlanChanged
from shared.contracts.work import WorkCorrected, WorkRecorded, WorkVoided
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    ADMINISTRATOR,
    CITY,
    Assessment,
    branch,
    database_of,
    publishing,
    running,
)
from tests.unit.services.assessment.stories import Teller

MANAGER = Principal("m", Role.AREA_MANAGER, frozenset({"s1"}))
OTHER = Principal("x", Role.AREA_MANAGER, frozenset({"s2"}))
DUE = datetime(2026, 5, 20, tzinfo=UTC)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def plan() -> tuple[str, Payload]:
    parts = [
        {"area": "s1", "share": 30, "by": DUE},
        {"area": "s2", "share": 10, "by": DUE},
    ]
    target = {"id": "visits", "work": "visit", "quantity": 40, "until": DUE, "parts": parts}
    fields = {"plan_id": "p1", "level": "county", "area": "xc", "status": "in_force"}
    more = {"revision": 1, "since": SINCE, "targets": [target]}
    return "p1", PlanChanged.model_validate(fields | more)


def assignment(promised: float, paid: float) -> tuple[str, Payload]:
    fields = {"assignment_id": "a1", "kind": "survey", "assigner": "o0", "receiver": "o1"}
    money = {"promised_yuan": promised, "paid_yuan": paid}
    return "a1", AssignmentChanged.model_validate(
        fields | money | {"until": DUE, "status": "accepted"}
    )


def assets(*met: str) -> tuple[str, Payload]:
    fields = {"organization_id": "o1", "area_path": ("bj", "xc", "s1"), "met": met, "target": DUE}
    return "o1", AssetsChanged.model_validate(fields)


def work(
    record: str, path: tuple[str, ...], quantity: float, *then: Payload
) -> list[tuple[str, Payload]]:
    recorded = WorkRecorded(
        record_id=record,
        work="visit",
        at=DUE - timedelta(days=3),
        quantity=quantity,
        area_path=path,
    )
    return [(record, data) for data in (recorded, *then)]


async def support(assessment: Assessment, id: str) -> dict[str, Any]:
    query = {"kind": "street", "id": id, "period": "2026-05"}
    found: dict[str, Any] = await assessment.get("/v1/support", **query)
    return found


async def test_facts_stand_beside_plans_and_guarantees_are_tracked(
    kafka_bootstrap: str, mongodb_uri: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        o0, o1 = branch("o0", "xc", None, "township"), branch("o1", "s1", "o0", "township")
        await others.register(*CITY, o0, o1, plan(), assignment(900, 100), assets("venue"))
        s1, s2 = ("bj", "xc", "s1", "c1"), ("bj", "xc", "s2", "c3")
        await others.register(
            *work("w1", s1, 20),
            *work("w2", s1, 99, WorkCorrected(record_id="w2", work="visit", quantity=9)),
            *work("w3", s1, 50, WorkVoided(record_id="w3", work="visit")),
            *work("w4", s2, 10),
            part="/records",
        )

        async def rolled_up() -> dict[str, Any] | None:
            found = await support(assessment, "s1")
            known = found["plans"] and found["plans"][0]["done"] == 29 and found["funds_promised"]
            return found if known and found["has_venue"] is not None else None

        # Facts roll up to the shares of the plan: 20 + 9, the voided one out; 30 were due.
        found = await eventually(rolled_up, 30, "the facts are rolled up")
        assert found is not None
        assert (found["plans_due"], found["plans_overdue"]) == (1, 1)
        assert (found["plans"][0]["share"], found["plans"][0]["missing"]) == (30, 1)
        assert (await support(assessment, "s2"))["plans_overdue"] == 0

        # 900 yuan came with a task, 100 were paid: the street is compared apart.
        assert (found["funds_promised"], found["funds_given"]) == (900, 100)
        assert (found["group"], found["lacks"]) == ("unsupported", ["funds"])
        assert found["inputs"]["plans_overdue"] == 1

        # A guarantee: promised, given, beside the rest.
        body = {
            "kind": "budget",
            "organization_id": "o1",
            "giver": "o0",
            "year": 2026,
            "yuan": 600,
            "by": "2026-03-31T00:00:00+08:00",
            "reason": "街道2026年预算第12号",
        }
        await assessment.send("POST", "/v1/guarantees", body, OTHER, 403)
        id = (await assessment.send("POST", "/v1/guarantees", body, MANAGER, 201))["id"]
        late = await assessment.get("/v1/guarantees", MANAGER, overdue="true")
        assert [(one["id"], one["missing_yuan"]) for one in late["items"]] == [(id, 600)]
        gift = {"yuan": 650, "at": "2026-03-01T00:00:00+08:00", "reason": "凭证1"}
        path = f"/v1/guarantees/{id}"
        problem = await assessment.send("POST", f"{path}/payments", gift, MANAGER, 409)
        assert problem["type"] == "/problems/guarantee-overspent"
        await assessment.send("POST", f"{path}/payments", gift | {"yuan": 600}, MANAGER, 201)
        assert (await assessment.get("/v1/guarantees", overdue="true"))["items"] == []
        shown = await assessment.get(path, MANAGER)
        assert [
            (line["by"], line["why"]) for line in shown["history"] if line["by"] != "timer"
        ] == [
            ("area_manager:m", "街道2026年预算第12号"),
            ("area_manager:m", "凭证1"),
        ]
        await assessment.get(path, OTHER, 404)

        # Each number leads down to the event that told of it, or to where it was entered.
        sources = await assessment.parts.sources("2026-05", SubjectKind.STREET, "s1")
        money, entered = sources["funds_given"]
        assert (money.subject, entered.link) == ("a1", path)
        assert money.told is not None
        assert (money.told.type, money.told.sequence) == ("lianxin.assignment.changed.v1", 1)
        [venue] = sources["has_venue"]
        assert venue.told is not None
        assert venue.told.type == "lianxin.assets.changed.v1"
        subjects = {one.subject: one.told and one.told.type for one in sources["plans_overdue"]}
        assert subjects == {
            "p1": "lianxin.plan.changed.v1",
            "w1": "lianxin.work.recorded.v1",
            "w2": "lianxin.work.corrected.v1",
        }

        # Schemes see it as inputs; of all subjects once in a while, not with each figure.
        provide = assessment.parts.support.inputs.provide
        every = await provide("2026-05", SubjectKind.STREET, None)
        assert every["s1"]["funds_promised"] == 1500
        assert await provide("2026-05", SubjectKind.STREET, None) is every

        # 700 of 1,500 is less than half; 800 after another payment of the task is not.
        assert (await support(assessment, "s1"))["group"] == "unsupported"
        await others.register(assignment(900, 200))

        async def supported() -> bool:
            return bool((await support(assessment, "s1"))["group"] == "supported")

        await eventually(supported, 30, "the money came")
        await others.register(assets())

        async def without_venue() -> bool:
            return bool((await support(assessment, "s1"))["lacks"] == ["venue"])

        await eventually(without_venue, 30, "the venue is gone")

        # And that is what an explanation says of a score's inputs.
        monkeypatch.setattr(gather, "_FRESH_SECONDS", 0.0)
        tell = Teller("r1")
        tell.accept(DUE, ("bj", "xc", "s1"))
        tell.answer(5)
        await others.publish(tell.all)
        await eventually(lambda: assessment.settled(1), 30, "the request is counted")
        explained = await assessment.get("/v1/scores/2026-05/street/s1/explanation")
        assert explained["inputs"]["has_venue"] == 0
        [venue] = explained["sources"]["has_venue"]
        assert (venue["subject"], venue["sequence"]) == ("o1", 3)
        assert {one["subject"] for one in explained["sources"]["plans_due"]} == {"p1"}

        # It was past its date when it was promised: told once, between promise and payment or not.
        async def both_told() -> bool:
            entries = [e for e in await assessment.told() if "guarantee.changed" in e["type"]]
            return [orjson.loads(entry["data"])["given_yuan"] for entry in entries] == [0, 600]

        await eventually(both_told, 30, "promise and payment are published")
        await assessment.get(
            "/v1/support", ADMINISTRATOR, 404, kind="street", id="zz", period="2026"
        )
