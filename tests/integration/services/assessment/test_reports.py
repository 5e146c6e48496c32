"""Reports and bulletins over HTTP, read back and compared with the figures."""

import random
import re
from io import BytesIO
from typing import Any

import openpyxl
import pypdfium2

from shared.contracts.words import Domain
from shared.web.auth import Principal, Role
from tests.eventually import eventually
from tests.integration.messaging.world import settings_for
from tests.integration.services.assessment.world import (
    ADMINISTRATOR,
    CITY,
    Assessment,
    database_of,
    organization,
    publishing,
    running,
    unit,
)
from tests.unit.services.assessment.stories import shuffled, story

MONTH = "2026-05"
MANAGER = Principal("m", Role.AREA_MANAGER, frozenset({"s1"}))
COUNTS = ("requests", "followed_up", "contacted", "solved", "rated", "satisfied", "judged")


async def figures(
    assessment: Assessment, kind: str, month: str = MONTH
) -> dict[str, dict[str, Any]]:
    page = await assessment.get("/v1/figures", month=month, kind=kind)
    return {figure["id"]: figure for figure in page["items"]}


def numbers(figure: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return {name: figure[name] for name in like}


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    return re.sub(r"\s", "", text)


async def test_every_area_and_unit_has_its_report_and_all_formats_say_the_figures(
    kafka_bootstrap: str, mongodb_uri: str, unique: str
) -> None:
    of = settings_for("assessment", kafka_bootstrap, mongodb_uri, unique)
    chance = random.Random(20260501)
    async with database_of(of), running(of) as assessment, publishing(of) as others:
        units = (unit("u1", Domain.AGENCY), unit("u2", Domain.AGENCY), unit("u3", Domain.VILLAGE))
        await others.register(*CITY, *units, organization("o1", "u1"))
        await others.publish(shuffled(chance, [story(chance, n) for n in range(80)]))
        await eventually(lambda: assessment.settled(80), 30, "all cases measured")
        streets = await figures(assessment, "street")
        communities = await figures(assessment, "community")
        held = await figures(assessment, "unit")

        # A street's month: its figure, last month's, its communities, its units.
        report = await assessment.get("/v1/reports/street/s1", MANAGER, period=MONTH)
        assert report["now"] == numbers(streets["s1"], report["now"])
        earlier = (await figures(assessment, "street", "2026-04"))["s1"]
        assert report["before"] == numbers(earlier, report["before"])
        tables = {table["id"]: table["rows"] for table in report["tables"]}
        assert {row["id"]: row["numbers"] for row in tables["community"]} == {
            id: numbers(communities[id], report["now"]) for id in ("c1", "c2") if id in communities
        }
        assert "u1" in {row["id"] for row in tables["unit"]}
        categories = sum(row["requests"] for row in report["categories"])
        assert categories == streets["s1"]["requests"]

        # City and district are the sums of their streets; the year is the sum of its months.
        for kind, id in (("city", "bj"), ("district", "xc")):
            of_all = await assessment.get(f"/v1/reports/{kind}/{id}", period=MONTH)
            for name in COUNTS:
                assert of_all["now"][name] == sum(figure[name] for figure in streets.values())
            assert of_all["now"]["response_rate"] == (
                of_all["now"]["contacted"] / of_all["now"]["followed_up"]
            )
        year = await assessment.get("/v1/reports/unit/u1", period="2026")
        months = [held["u1"], (await figures(assessment, "unit", "2026-04"))["u1"]]
        assert year["now"]["requests"] == sum(figure["requests"] for figure in months)
        assert [m["month"] for m in year["months"]] == [f"2026-{n:02}" for n in range(1, 13)]

        # Units by their work on this street's requests add up to the whole city's figure.
        by_street = [
            await assessment.get(f"/v1/reports/{kind}/{id}", period=MONTH)
            for kind, id in (("street", "s1"), ("street", "s2"))
        ]
        rows = [row for of_one in by_street for row in _rows(of_one, "unit") if row["id"] == "u1"]
        placed = sum(row["numbers"]["requests"] for row in rows)
        assert 0 < placed <= held["u1"]["requests"]

        # The workbook and the PDF say the same, Chinese first, English by `language=en`.
        book = openpyxl.load_workbook(
            BytesIO(await fetched(assessment, "reports/street/s1", period=MONTH, format="xlsx"))
        )
        overview = {row[0]: row[1] for row in book["概况"].iter_rows(values_only=True)}
        assert overview["诉求数"] == streets["s1"]["requests"]
        assert overview["解决率"] == streets["s1"]["resolution_rate"]
        pdf = words(await fetched(assessment, "reports/street/s1", period=MONTH, format="pdf"))
        assert f"{streets['s1']['resolution_rate'] * 100:.1f}%" in pdf
        assert "2026年5月考评报告" in pdf
        english = await fetched(
            assessment, "reports/street/s1", period=MONTH, format="pdf", language="en"
        )
        assert "reportforMay2026" in words(english)

        # What recurs in the street stands in its bulletin (as the finder of problems keeps it).
        problem = {"category": "utilities", "place": "c1", "owner": "xc", "month": "2026-04"}
        problems = assessment.parts.problems.store.collection
        more = {"status": "accepted", "seen_by": ["bj", "xc", "s1", "c1"]}
        await problems.insert_one({"_id": "p1", "state": problem | more})

        # The bulletin ranks and grades as the scores do, and is printed.
        bulletin = await assessment.get("/v1/bulletins/s1", MANAGER, month=MONTH)
        explained = await assessment.get(f"/v1/scores/{MONTH}/street/s1/explanation")
        place = bulletin["place"]
        assert (place["rank"], place["score"]) == (explained["rank"], explained["score"])
        assert [(p["name"], p["since"], p["owner"]) for p in bulletin["problems"]] == [
            ("c1街道：水电气热", "2026-04", "xc街道")
        ]
        assert place["grade"] == explained["grade"]["label"]["zh"]
        assert [rate["now"] for rate in bulletin["rates"]] == [
            streets["s1"][rate["id"]] for rate in bulletin["rates"]
        ]
        printed = await fetched(assessment, "bulletins/s1", month=MONTH, format="pdf")
        assert len(pypdfium2.PdfDocument(printed)) <= 2
        assert "群众诉求办理情况通报" in words(printed)

        # Only what somebody may see.
        for path in ("reports/street/s2", "reports/district/xc", "reports/unit/u1"):
            problem = await assessment.get(f"/v1/{path}", MANAGER, 403, period=MONTH)
            assert problem["type"] == "/problems/figures-not-yours"
        problem = await assessment.get("/v1/reports/street/zz", ADMINISTRATOR, 404, period=MONTH)
        assert problem["type"] == "/problems/report-subject-not-found"


def _rows(report: dict[str, Any], id: str) -> list[dict[str, Any]]:
    return next(table["rows"] for table in report["tables"] if table["id"] == id)


async def fetched(assessment: Assessment, path: str, **query: str) -> bytes:
    answer = await assessment.ask("GET", f"/v1/{path}", ADMINISTRATOR, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    return answer.content
