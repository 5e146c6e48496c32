"""The command against four real services: what it sends arrives, what it says is so."""

import asyncio
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.eventually import eventually
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.timeout(240)

FORMAT = """
name: village
missing: ["-", ""]
unit: {id: UNIT, name: 试点单位, domain: agency}
case: "no"
time: {column: made, format: "%d.%m.%Y %H:%M", zone: Asia/Shanghai}
fields:
  category: {constant: care}
area:
  - {column: place, level: street, by: code, prefix: "11"}
handling_unit: {column: who, prefix: UNIT-, name: name}
results:
  - when: {end: [null]}
    outcome: none
  - outcome: done
    completed: {column: end, format: "%d.%m.%Y %H:%M", zone: Asia/Shanghai}
"""

ROWS = """no,made,place,who,name,end
1,01.03.2025 08:00,01,A,甲单位,02.03.2025 09:00
2,01.03.2025 09:00,01,B,乙单位,-
3,soon,01,A,甲单位,-
4,01.03.2025 10:00,99,A,甲单位,-
5,01.03.2025 11:00,02,A,甲单位,01.03.2025 12:00
5,01.03.2025 11:00,02,A,甲单位,01.03.2025 12:00
6,01.03.2025 12:00,-,-,-,-
"""


@pytest.fixture
def areas(lianxin: Run, tmp_path: Path) -> None:
    """Three areas that the registry knows; intake hears of them a moment later."""
    file = tmp_path / "areas.csv"
    file.write_text("id,name,level,parent\n11,东区,district,\n1101,和平街道,street,11\n")
    with file.open("a") as more:
        more.write("1102,新华街道,street,11\n")
    lianxin("import", "areas", file)


@pytest.fixture
def files(tmp_path: Path, unique: str) -> tuple[Path, Path]:
    """A table and its format, of a unit that no other test has."""
    table, format = tmp_path / "requests.csv", tmp_path / "village.yaml"
    table.write_text(ROWS, encoding="utf-8")
    format.write_text(FORMAT.replace("UNIT", unique), encoding="utf-8")
    return table, format


def imported(lianxin: Run, table: Path, format: Path, *more: object, exit: int) -> dict[str, Any]:
    arguments = ("import", "requests", table, "--format", format, "--json", *more)
    found: dict[str, Any] = orjson.loads(lianxin(*arguments, exit=exit).stdout)
    assert found["accepted"] + found["known"] + found["rejected"] == found["rows"]
    return found


def token_of(lianxin: Run, *arguments: object) -> str:
    return lianxin("token", *arguments).stdout.strip()


def requests_of(environment: dict[str, str], token: str, unit: str) -> list[dict[str, Any]]:
    """Requests that a unit reported, as intake tells of them."""
    response = httpx.get(
        f"{environment['LIANXIN_REQUEST_INTAKE_URL']}/v1/requests",
        params={"reported_by": unit, "limit": "200"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def until(predicate: Callable[[], object], message: str) -> None:
    """Ask again until it is true; in a thread, where the command has an event loop of its own."""
    asyncio.run(eventually(lambda: asyncio.to_thread(predicate), 60, message, interval=0.3))


def letters(lianxin: Run, subject: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = orjson.loads(lianxin("dead-letters", "list", "--json").stdout)
    return [letter for letter in listed if letter["subject"] == subject]


def event_line(unit: str, number: int, area: str = "1101", **more: Any) -> str:
    event = {
        "unit_id": unit,
        "type": "request_reported",
        "subject": f"case/{unit}-{number}",
        "sequence": 1,
        "time": "2026-01-01T08:00:00+08:00",
        "data": {"category": "care", "area": area},
    }
    return json.dumps(event | more) + "\n"


@pytest.mark.usefixtures("areas")
def test_the_system_is_well_and_the_table_says_so(lianxin: Run) -> None:
    until(lambda: lianxin("status", "--json"), "status 0")
    shown = lianxin("status", "--all").stdout
    for service in ("registry", "request_intake", "volunteer_dispatch", "assessment"):
        assert service in shown
    assert shown.count("well") > 40
    findings = orjson.loads(lianxin("status", "--json").stdout)
    assert {finding["severity"] for finding in findings} == {"well"}


def test_a_service_that_is_away_is_the_first_row(lianxin: Run) -> None:
    away = ("--url", "assessment=http://127.0.0.1:9")
    findings = orjson.loads(lianxin("status", "--json", *away, exit=2).stdout)
    assert (findings[0]["service"], findings[0]["severity"]) == ("assessment", "critical")
    assert "http://127.0.0.1:9" in findings[0]["value"]


@pytest.mark.usefixtures("areas")
def test_a_table_of_a_third_form_is_imported_without_code(
    lianxin: Run, environment: dict[str, str], files: tuple[Path, Path], unique: str
) -> None:
    table, format = files
    token = token_of(lianxin, "--role", "administrator")
    summary = imported(lianxin, table, format, exit=1)
    assert (summary["rows"], summary["accepted"], summary["rejected"]) == (7, 4, 3)
    assert (summary["events"], summary["units_created"], summary["remarks"]) == (6, 3, 1)

    with Path(f"{table}.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [(row["line"], row["no"]) for row in rejected] == [("4", "3"), ("5", "4"), ("7", "5")]
    assert "not a time" in rejected[0]["reason"]
    assert "registry has no 99" in rejected[1]["reason"]
    assert "line 6" in rejected[2]["reason"]
    assert "without a place" in Path(f"{table}.remarks.csv").read_text(encoding="utf-8-sig")

    def arrived() -> bool:
        found = {r["case_number"]: r for r in requests_of(environment, token, unique)}
        statuses = {number: request["status"] for number, request in found.items()}
        assert statuses == {"1": "closed", "2": "in_hand", "5": "closed", "6": "in_hand"}
        return True

    until(arrived, "four requests, of which two are closed")
    lianxin("audit", "--wait", 60)

    again = imported(lianxin, table, format, exit=1)
    assert (again["accepted"], again["known"], again["rejected"]) == (0, 4, 3)
    assert (again["events"], again["units_created"]) == (0, 0)

    # The city mends the rejected rows in that file and imports it as it is.
    mended = table.with_name("mended.csv")
    text = Path(f"{table}.rejected.csv").read_text(encoding="utf-8-sig")
    mended.write_text(text.replace(",soon,", ",03.03.2025 08:00,").replace(",99,", ",02,"))
    summary = imported(lianxin, mended, format, exit=0)
    assert (summary["accepted"], summary["known"], summary["rejected"]) == (2, 1, 0)


@pytest.mark.usefixtures("areas")
def test_the_same_table_straight_to_kafka(
    lianxin: Run, environment: dict[str, str], files: tuple[Path, Path], unique: str
) -> None:
    table, format = files
    token = token_of(lianxin, "--role", "administrator")
    unit = f"{unique}-k"
    for _ in range(2):
        summary = imported(
            lianxin, table, format, "--via", "kafka", "--as-unit", unit, "--limit", 2, exit=0
        )
        assert (summary["rows"], summary["accepted"], summary["events"]) == (2, 2, 3)
    until(lambda: len(requests_of(environment, token, unit)) == 2, "two requests in intake")
    lianxin("audit", "--wait", 60)
    assert len(requests_of(environment, token, unit)) == 2


@pytest.mark.usefixtures("areas")
def test_events_are_published_and_what_is_wrong_is_told_by_line(
    lianxin: Run, environment: dict[str, str], unique: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    wrong = event_line(unique, 2, sequence=4)
    file.write_text(event_line(unique, 1) + "nothing\n" + wrong + event_line(unique, 3))
    result = lianxin("publish", file, exit=1)
    assert "4 lines: 2 accepted, 0 there already, 2 rejected" in result.stdout
    said = [line for line in result.stderr.splitlines() if line.startswith("line ")]
    assert said[0].startswith("line 2: not a JSON object")
    assert said[1].startswith("line 3: sequence: ")
    # All of a unit's events at once wrong: the service's 422 is told line by line too.
    file.write_text(wrong)
    assert "0 accepted, 0 there already, 1 rejected" in lianxin("publish", file, exit=1).stdout

    token = token_of(lianxin, "--role", "administrator")
    until(lambda: len(requests_of(environment, token, unique)) == 2, "two requests in intake")


def test_a_dead_letter_is_listed_shown_replayed_and_skipped(
    lianxin: Run, environment: dict[str, str], unique: str, tmp_path: Path
) -> None:
    token = token_of(lianxin, "--role", "administrator")
    file = tmp_path / "events.ndjson"
    area = f"{unique}-late"
    file.write_text(event_line(unique, 1, area=area) + event_line(unique, 2, area="nowhere"))
    assert "2 accepted" in lianxin("publish", "--kafka", file).stdout

    first, second = f"case/{unique}-1", f"case/{unique}-2"
    until(lambda: letters(lianxin, first) and letters(lianxin, second), "both are dead letters")
    (letter,) = letters(lianxin, first)
    assert (letter["service"], letter["unit_id"]) == ("request_intake", unique)
    assert area in letter["reason"]
    listed = lianxin("dead-letters", "list", "--service", "request_intake").stdout
    assert letter["id"] in listed
    assert letter["id"] not in lianxin("dead-letters", "list", "-s", "registry").stdout
    shown = orjson.loads(lianxin("dead-letters", "show", letter["id"]).stdout)
    assert orjson.loads(shown["value"])["area"] == area
    assert ["ce_subject", first] in shown["headers"]
    until(lambda: "dead letters" in lianxin("status", exit=1).stdout, "status tells of it")

    # Not mended: dead again, and told why.
    result = lianxin("dead-letters", "replay", letter["id"], exit=1)
    assert "is dead again" in result.stdout
    assert "0 done, 1 dead again, 0 still waiting" in result.stdout

    areas = tmp_path / "areas.csv"
    areas.write_text(f"id,name,level,parent\n{area},晚到区,district,\n")
    lianxin("import", "areas", areas)

    def mended() -> bool:
        done = "1 done, 0 dead again"
        result = lianxin("dead-letters", "replay", letter["id"], "--deadline", 30)
        return done in result.stdout

    until(mended, "applied once intake knows the area")
    until(lambda: len(requests_of(environment, token, unique)) == 1, "the request is in intake")

    (hopeless,) = letters(lianxin, second)
    assert "1 done" in lianxin("dead-letters", "skip", hopeless["id"]).stdout
    assert letters(lianxin, second) == []
    assert "There is no dead letter" in lianxin("dead-letters", "show", "x", exit=1).stderr
    assert "0 done" in lianxin("dead-letters", "replay", "--all").stdout


def test_a_replay_of_the_journals_changes_nothing(lianxin: Run) -> None:
    result = lianxin("replay", "--since", "1d", "--service", "registry")
    published = int(result.stdout.split("registry: ")[1].split(" of ")[0])
    assert published > 0
    result = lianxin("replay", "--since", "1d")
    assert result.stdout.count("events published again.") == 4
    lianxin("audit", "--wait", 60)


def test_what_a_role_may_not_do_is_one_sentence(lianxin: Run) -> None:
    resident = token_of(lianxin, "--role", "resident")
    result = lianxin("dead-letters", "list", "--token", resident, exit=1)
    assert "403" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    result = lianxin("dead-letters", "list", "--token", "forged", exit=1)
    assert "401" in result.stderr
    chinese = lianxin(
        "dead-letters", "list", "--token", "forged", exit=1, env={"LANG": "zh_CN.UTF-8"}
    )
    assert "令牌" in chinese.stderr
    operator = token_of(lianxin, "--role", "unit_operator", "--unit", "u")
    assert lianxin("dead-letters", "list", "--token", operator).stdout.strip() == "No dead letters."


def test_grids_of_an_area_are_checked(lianxin: Run, areas: None, tmp_path: Path) -> None:
    def square(left: int, right: int) -> dict[str, Any]:
        corners = [[left, 0], [right, 0], [right, 1], [left, 1], [left, 0]]
        return {"type": "Polygon", "coordinates": [[[x / 100, y / 100] for x, y in corners]]}

    def load(**squares: dict[str, Any]) -> None:
        features = [
            {"type": "Feature", "properties": {"id": id, "name": f"[b]格{id}"}, "geometry": shape}
            for id, shape in squares.items()
        ]
        file = tmp_path / "grids.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        lianxin("import", "grids", file, "--area", "1102")

    load(one=square(0, 2), two=square(2, 4))
    well = lianxin("grid-check", "--area", "1102")
    assert "2 grids with a polygon, 0 with a list" in well.stdout
    assert "0 overlaps, 0 holes" in well.stdout
    load(two=square(1, 4))
    shown = lianxin("grid-check", "--area", "1102", exit=1)
    assert "[b]格one (one) / [b]格two (two)" in shown.stdout
    assert "50.0%" in shown.stdout
    assert "Community grid" in shown.stdout
    found = json.loads(lianxin("grid-check", "--area", "1102", "--json", exit=1).stdout)
    assert found["overlaps"][0]["share"] == pytest.approx(0.5, rel=1e-3)
    lianxin("grid-check", "--area", "1102", "--tolerance", "2e6")
    unknown = lianxin("grid-check", "--area", "9", exit=1)
    assert "Nothing is registered as 9" in unknown.output
