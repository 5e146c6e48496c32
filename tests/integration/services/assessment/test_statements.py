"""Yearly statements and contact points over HTTP (issue 5, item 7; policy, art. 15)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    CITY,
    Assessment,
    Others,
    branch,
    database_of,
    publishing,
    running,
)
from tests.unit.services.assessment.stories import Teller

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
STREET = Principal("li", Role.AREA_MANAGER, areas=frozenset({"s1"}))
COMMUNITY = Principal("chen", Role.AREA_MANAGER, areas=frozenset({"c1"}))
YEAR = NOW.astimezone().year


async def test_a_statement_has_the_years_figures_questions_attendance_and_grades(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    """The superior opens it, the system fills it in and freezes it, somebody sent by the superior
    attends, both grade; and leaders' contact points have visits and what came of them."""
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        await others.register(*CITY, branch("o-c1"))
        this_month = max(NOW - 10 * DAY, datetime(YEAR, 1, 1, 1, tzinfo=UTC))
        await others.publish(answered("r1", this_month).all)

        async def counted() -> bool:
            figures = await assessment.get("/v1/figures", month=f"{this_month:%Y-%m}",
                                           kind="community", id="c1")  # fmt: skip
            return bool(figures["items"]) and figures["items"][0]["rated"] == 1

        await eventually(counted, 30, "the request is counted")
        await stated(assessment, others)
        await visited(assessment)


def answered(id: str, at: datetime) -> Teller:
    """A request of community c1 whose resident is satisfied."""
    tell = Teller(id)
    tell.accept(at, ("bj", "xc", "s1", "c1"))
    tell.answer(5)
    return tell


async def stated(assessment: Assessment, others: Others) -> None:
    opening = {"year": YEAR, "area": "s1", "levels": ["grassroots"],
               "due": (NOW + 20 * DAY).isoformat()}  # fmt: skip
    refused = await assessment.send("POST", "/v1/statements", opening, COMMUNITY, 403)
    assert refused["type"] == "/problems/wrong-area"
    for opened in (1, 0):  # sent again it changes nothing
        shown = await assessment.send("POST", "/v1/statements", opening, STREET)
        assert shown == {"opened": opened, "statements": 1}
    path = f"/v1/statements/o-c1/{YEAR}"

    live = await assessment.get(path, COMMUNITY)
    assert requests_of(live) == 1
    words = {"words": "今年重点解决了三件难事"}
    await assessment.send("POST", f"{path}/submit", words, STREET, 403)  # not for others
    submitted = await assessment.send("POST", f"{path}/submit", words, COMMUNITY)
    assert submitted["stage"] == "submitted"
    # More comes in: what was handed in stands.
    await others.publish(answered("r2", NOW - 10 * DAY if NOW.day > 10 else NOW).all)
    frozen = await assessment.get(path, COMMUNITY)
    assert (requests_of(frozen), frozen["figures_at"]) == (1, submitted["figures_at"])

    # A case of the year re-judged afterwards is said beside the figures that stand.
    await assessment.correct("r1", reason="电话复核", satisfied=2)
    marked = await assessment.get(path, COMMUNITY)
    assert (requests_of(marked), marked["corrected_since"]) == (1, 1)
    assert frozen["corrected_since"] == 0

    question = {"words": "老旧小区加装电梯为何推进慢？"}
    asked = await assessment.send("POST", f"{path}/questions", question, STREET)
    grade = {"grade": "good", "reason": "任务完成扎实"}
    await assessment.send("PUT", f"{path}/grade", grade, COMMUNITY, 403)
    await assessment.send("PUT", f"{path}/grade", grade, STREET)
    votes = {"present": 30, "good": 21, "fairly_good": 8, "average": 1, "poor": 0}
    await assessment.send("PUT", f"{path}/votes", votes, STREET)
    refused = await assessment.send("POST", f"{path}/conclude", None, STREET, 409)
    assert refused["missing"] == ["attendance", "answers"]
    id = asked["questions"][0]["id"]
    answer = {"words": "资金已落实，六月开工"}
    await assessment.send("PUT", f"{path}/questions/{id}/answer", answer, COMMUNITY)
    refused = await assessment.send("POST", f"{path}/conclude", None, STREET, 409)
    assert refused["missing"] == ["attendance"]
    attendance = {"person_id": "p-zhao", "at": datetime.now(UTC).isoformat()}
    await assessment.send("POST", f"{path}/attendances", attendance, STREET)
    done = await assessment.send("POST", f"{path}/conclude", None, STREET)
    assert (done["stage"], done["grade_label"]) == ("concluded", "好")
    assert done["questions"][0]["answer"] == answer["words"]
    assert all(change["by"] and change["why"] for change in done["history"])
    kept = await assessment.parts.statements.statements.collection.find_one({})
    assert kept is not None
    assert words["words"] not in orjson.dumps(kept, default=str).decode()


def requests_of(statement: dict[str, Any]) -> float:
    [line] = [
        each
        for each in statement["figures"]
        if (each["code"], each["of"], each["period"]) == ("requests", "community", str(YEAR))
    ]
    return float(line["value"])


async def visited(assessment: Assessment) -> None:
    body = {"leader": "p-zhao", "kind": "community", "place_id": "c1"}
    made = await assessment.send("POST", "/v1/contact-points", body, STREET, 201)
    path = f"/v1/contact-points/{made['id']}"
    promised = [{"words": "修好路灯", "by": (NOW + 30 * DAY).isoformat()}]
    visit = {"at": (NOW - 100 * DAY).isoformat(), "found": "路灯坏了三盏", "promised": promised}
    seen = await assessment.send("POST", f"{path}/visits", visit, STREET)
    assert seen["open_items"] == 1
    item = seen["visits"][0]["promised"][0]["id"]
    # The table counts the silence from the last visit; here it began with the opening.
    rules = await assessment.get("/v1/statement-rules")
    assert (await assessment.get("/v1/contact-points/silent", STREET))["items"] == []
    store = assessment.parts.statements.points
    long_ago = NOW - timedelta(days=rules["table"]["visit_days"] + 1)
    await store.collection.update_one(
        {"_id": made["id"]},
        {"$set": {"state.opened_at": long_ago, "state.silent_at": NOW - DAY, "next_due": NOW}},
    )
    silent = await assessment.get("/v1/contact-points/silent", STREET)
    assert [each["id"] for each in silent["items"]] == [made["id"]]

    async def told() -> bool:
        kept = await store.get(made["id"])
        return kept is not None and kept.state is not None and kept.state.told_silent

    await eventually(told, 30, "the silence is told of")
    result = {"kept": True, "result": "已换新灯"}
    settled = await assessment.send("PUT", f"{path}/promised/{item}", result, STREET)
    assert (settled["open_items"], settled["visits"][0]["promised"][0]["result"]) == (
        0,
        "已换新灯",
    )
