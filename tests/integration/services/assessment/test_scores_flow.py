"""Schemes, scores, corrections and settled months over HTTP, with a real broker and database."""

from typing import Any

import pytest

from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    ADMINISTRATOR,
    CITY,
    SCHEME,
    Assessment,
    database_of,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import START, Teller

MONTH = "2026-04"


async def ask(
    assessment: Assessment,
    method: str,
    path: str,
    status: int = 200,
    body: Any = None,
    principal: Principal = ADMINISTRATOR,
    **query: Any,
) -> Any:
    sent: dict[str, Any] = {"content": body} if isinstance(body, str) else {"json": body}
    english = {"Accept-Language": "en"}
    answer = await assessment.ask(method, path, principal, english, params=query or None, **sent)
    assert answer.status_code == status, answer.text
    return answer.json()


def asked(id: str, unit_id: str, *, solved: bool, in_time: bool) -> Teller:
    tell = Teller(id)
    tell.accept(START, ("bj", "xc", "s1"))
    tell.assign(unit_id)
    tell.complete(unit_id, None, START, in_time)
    tell.answer(4, solved=solved)
    return tell


async def scores(assessment: Assessment, class_: str = "agency") -> dict[str, Any]:
    page = await ask(assessment, "GET", f"/v1/scores?period={MONTH}&class={class_}")
    return {item["subject_id"]: item for item in page["items"]}


async def test_schemes_scores_corrections_and_a_settled_month(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    async with database_of(of), running(of) as assessment, publishing(of) as others:

        async def until_measured(cases: int) -> None:
            await eventually(lambda: assessment.settled(cases), 30, "all measured")

        await others.register(*CITY, unit("u1"), unit("u2"), unit("u3", "university"))
        tellers = [
            asked(f"r{n}", "u1" if n < 10 else "u2", solved=n not in (1, 11, 12, 13), in_time=True)
            for n in range(20)
        ]
        tellers.append(asked("x", "u3", solved=True, in_time=True))
        await others.publish(event for tell in tellers for event in tell.all)
        await until_measured(21)

        # A scheme is checked without being put in force, and its faults name the line.
        wrong = SCHEME.replace("solved / contacted", "solved / asked").replace("40}", "41}")
        checked = await ask(assessment, "POST", "/v1/schemes/check", body=wrong)
        assert [(f["line"], f["field"]) for f in checked["faults"]] == [(27, "steps")]
        checked = await ask(assessment, "POST", "/v1/schemes/check", body=wrong.replace("41", "40"))
        assert [(f["line"], f["field"]) for f in checked["faults"]] == [
            (10, "indicators.0.formula")
        ]
        problem = await ask(assessment, "POST", "/v1/schemes", 422, wrong, reason="trial")
        assert problem["type"] == "/problems/scheme-invalid"
        assert problem["faults"][0]["line"] == 27
        (shipped,) = (await ask(assessment, "GET", "/v1/schemes", period=MONTH))["items"]
        assert (shipped["version"], shipped["by"]) == (1, "shipped")
        assert set(await scores(assessment)) == {"u1", "u2"}

        # Put in force it counts; it is never edited, and what is past is not changed any more.
        put = await ask(assessment, "POST", "/v1/schemes", 201, SCHEME, reason="trial")
        assert (put["version"], put["valid_from"], put["why"]) == (2, "2026-04", "trial")
        await ask(assessment, "POST", "/v1/schemes", 200, SCHEME, reason="trial")
        other = SCHEME.replace("weight: 60", "weight: 50")
        problem = await ask(assessment, "POST", "/v1/schemes", 409, other, reason="second")
        assert problem["type"] == "/problems/scheme-backdated"
        manager = Principal("m", Role.AREA_MANAGER, areas=frozenset({"s1"}))
        await ask(assessment, "POST", "/v1/schemes", 403, other, manager, reason="no")

        # 9 and 7 of 10: m = 0.8, S = 0.2, S / m(1 - m) = 1.25; 0.25 / (20 - 10 - 1) = 1/36: M = 35.
        found = await scores(assessment)
        first, second = found["u1"], found["u2"]
        assert first["score"] == pytest.approx(60 * ((9 + 28) / 45 - 0.5) / 0.5 + 40, abs=1e-5)
        assert second["score"] == pytest.approx(60 * ((7 + 28) / 45 - 0.5) / 0.5 + 40, abs=1e-5)
        assert [(s["rank"], s["grade"]["id"]) for s in (first, second)] == [
            (1, "poor"),
            (2, "poor"),
        ]
        assert first["trend"] is None
        ranking = await ask(assessment, "GET", "/v1/rankings", month=MONTH, kind="unit")
        assert [(c["name"], [p["id"] for p in c["ranked"]]) for c in ranking["classes"]] == [
            ("agency", ["u1", "u2"]),
            ("unclassed", []),
        ]

        async def grade_told(id: str, grade: str) -> bool:
            standing = await assessment.parts.scores.standings.get(f"{MONTH}/unit/{id}")
            return standing is not None and standing.state.grade == grade

        await eventually(lambda: grade_told("u1", "poor"), 30, "the grade is told")

        # Down to the cases, and the events behind one.
        path = f"/v1/scores/{MONTH}/unit/u1"
        explained = await ask(assessment, "GET", f"{path}/explanation")
        resolution = explained["indicators"][0]
        assert resolution["formula"] == "solved / contacted"
        assert resolution["inputs"] == {"solved": 9, "contacted": 10}
        assert (resolution["sample"], resolution["strength"]) == (10, pytest.approx(35))
        assert resolution["class_mean"] == pytest.approx(0.8)
        assert resolution["value"] == pytest.approx(37 / 45)
        assert resolution["own_weight"] == pytest.approx(10 / 45)
        assert (resolution["low"], resolution["high"]) == pytest.approx((0.5958, 0.9821), abs=1e-4)
        assert [i["weight"] for i in explained["indicators"]] == [0.6, 0.4]
        page = await ask(assessment, "GET", explained["cases"][0] + "&limit=4")
        assert [case["request_id"] for case in page["items"]] == ["r0", "r1", "r2", "r3"]
        case = await ask(assessment, "GET", "/v1/cases/r1")
        assert {(h["subject"], h["sequence"]) for h in case["heard_of"]} == {
            ("r1", 2),
            (tellers[1].task_id, 2),
        }
        told = {change["why"].split()[0] for change in case["changes"]}
        assert "lianxin.request.followed_up.v1" in told
        operator = Principal("o", Role.UNIT_OPERATOR, unit_id="u2")
        await ask(assessment, "GET", f"{path}/explanation", 403, principal=operator)
        await ask(assessment, "GET", path, principal=operator)

        # A disputed rating is re-judged with a reason; everything that it touches follows.
        await ask(
            assessment, "POST", "/v1/cases/r1/corrections", 422, {"solved": True}
        )  # without a reason
        body = {"reason": "the resident confirmed by telephone", "solved": True}
        for _ in range(2):  # sent twice, done once
            corrected = await ask(assessment, "POST", "/v1/cases/r1/corrections", 201, body)
        assert [c["by"] for c in corrected["corrections"]] == ["administrator:admin"]
        await until_measured(21)
        assert (await assessment.recount())["differing"] == []
        found = await scores(assessment)
        moved = found["u1"]
        assert moved["score"] > first["score"]
        # It is marked wherever the figure or what it comes to is shown.
        assert [found[id]["corrected_cases"] for id in ("u1", "u2")] == [1, 0]
        page = await ask(assessment, "GET", f"/v1/figures?month={MONTH}&kind=unit")
        assert {one["id"]: one["corrected_cases"] for one in page["items"]} == {
            "u1": 1, "u2": 0, "u3": 0,
        }  # fmt: skip
        report = await ask(assessment, "GET", f"/v1/reports/street/s1?period={MONTH}")
        (units,) = [table for table in report["tables"] if table["id"] == "unit"]
        marks = {row["id"]: row["mark"] for row in units["rows"]}
        assert (marks["u1"], marks["u2"]) == ("［更正 1 件］", None)
        assert report["corrected_cases"] == 1
        explained = await ask(assessment, "GET", f"{path}/explanation")
        (judgement,) = explained["corrected"]
        assert (judgement["request_id"], judgement["corrections"][0]["reason"]) == (
            "r1",
            body["reason"],
        )
        await ask(
            assessment,
            "POST",
            "/v1/cases/r1/corrections",
            422,
            {"reason": "x", "responsible": {"unit_id": "nobody"}},
        )

        # Settled, the month stands, and comes out the same to the last digit.
        reason = {"period": MONTH, "reason": "checked"}
        future = {"period": "2099-01", "reason": "too early"}
        await ask(assessment, "POST", "/v1/settlements", 409, future)
        await ask(assessment, "POST", "/v1/settlements", 202, reason)

        async def settled(revision: int) -> bool:
            (found,) = (await ask(assessment, "GET", "/v1/settlements"))["items"]
            return bool(found["done"] and found["revision"] == revision)

        await eventually(lambda: settled(1), 30, "the month is settled")
        again = await assessment.reproduced(MONTH)
        assert (again["same"], again["revision"], again["scheme_version"]) == (True, 1, 2)
        assert (again["subjects"], again["cases"]) == (3, 21)

        # Taken back: the score of now is as before; the settled one stands, and the audit says so.
        void = {"reason": "the record says otherwise"}
        await ask(assessment, "POST", "/v1/cases/r1/corrections/1/void", 200, void)
        await until_measured(21)
        explained = await ask(assessment, "GET", f"{path}/explanation")
        assert explained["score"] == moved["score"]
        assert explained["now"] == first["score"]
        assert explained["as_of"] == explained["settled"]["at"]

        # The settled month says that it is outdated, and by how many corrections; rankings and
        # scores show what was kept, unless another minimum is asked for.
        async def outdated() -> Any:
            (found,) = (await ask(assessment, "GET", "/v1/settlements"))["items"]
            return found if found["outdated"] == 2 else None

        stale = await eventually(outdated, 30, "figures of u1 and the street are seen to differ")
        assert stale["corrections_since"] == 1
        assert "POST /v1/settlements" in stale["what_to_do"]["zh"]
        report = await ask(assessment, "GET", f"/v1/reports/street/s1?period={MONTH}")
        assert any("结算后有 2 个对象的数据变动" in note for note in report["notes"])

        async def ranked(**more: Any) -> tuple[Any, dict[str, Any]]:
            page = await ask(assessment, "GET", "/v1/rankings", month=MONTH, kind="unit", **more)
            places = {p["id"]: p for one in page["classes"] for p in one["ranked"]}
            return page["settled"], places

        kept, places = await ranked()
        assert places["u1"]["score"] == moved["score"] / 100
        assert places["u1"]["resolution_rate"] == 1
        assert kept["outdated"] == 2
        kept, places = await ranked(minimum=5)
        assert (kept, places["u1"]["score"]) == (None, first["score"] / 100)
        again = await assessment.reproduced(MONTH)
        assert not again["same"]
        differing = {one["id"]: one["numbers"] for one in again["differing"]}
        assert differing[f"{MONTH}/unit/u1"]["solved"] == [10, 9]
        assert differing[f"{MONTH}/unit/u1"]["total"] == [moved["score"], first["score"]]
        await ask(assessment, "POST", "/v1/settlements", 202, reason | {"reason": "taken back"})
        await eventually(lambda: settled(2), 30, "the month is settled again")
        assert (await assessment.reproduced(MONTH))["same"]
        assert (await scores(assessment))["u1"]["score"] == first["score"]
        kept, places = await ranked()
        assert (kept["outdated"], kept["corrections_since"], kept["what_to_do"]) == (0, 0, None)
        assert places["u1"]["score"] == first["score"] / 100
