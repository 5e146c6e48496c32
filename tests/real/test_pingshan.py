"""3,981 real requests of Pingshan: every street and every unit, to the last row."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.cli.conftest import Run
from tests.real.tables import DATA, Api, audited, imported, needs_the_tables, rows_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), needs_the_tables]

TABLE = "pingshan_requests_2018_02_to_09.csv"
REPORTER = "pingshan-platform"
FALLEN = ".176.595"
"""Trees on the road: typhoon Mangkhut passed on 16 September 2018."""


def test_the_figures_equal_a_direct_count(
    lianxin: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    above = tmp_path / "areas.csv"
    above.write_text("id,name,level,parent\n4403,深圳市,city,\n440310,坪山区,district,4403\n")
    lianxin("import", "areas", above)
    lianxin("import", "areas", DATA / "pingshan_streets.csv", "--rejects", tmp_path / "s.csv")
    lianxin("import", "areas", DATA / "pingshan_communities.csv", "--rejects", tmp_path / "c.csv")
    arguments = (DATA / TABLE, "--format", "pingshan", "--output", tmp_path)
    rows = rows_of(TABLE)
    summary = imported(lianxin, *arguments)
    assert (summary["accepted"], summary["rejected"]) == (len(rows), 0)
    assert not (tmp_path / f"{TABLE}.rejected.csv").exists()

    assert audited(lianxin)["clean"]

    api = Api(lianxin, environment)
    code = {row["name"]: row["code"] for row in rows_of("pingshan_streets.csv")}
    streets: dict[tuple[str, str], Counter[str]] = {}
    units: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        month = row["CREATE_TIME"][:7]  # of the file's own zone, which is the city's
        unit = row["DISPOSE_UNIT_ID"]
        key = (REPORTER if unit == "-" else f"pingshan-{unit}", month)
        counts = [units.setdefault(key, Counter())]
        if row["STREET_NAME"] != "-":
            counts.append(streets.setdefault((code[row["STREET_NAME"]], month), Counter()))
        verdict = (row["INTIME_ARCHIVE_NUM"], row["OVERTIME_ARCHIVE_NUM"])
        for count in counts:
            count["requests"] += 1
            count["in_time"] += verdict == ("1", "0")
            count["judged"] += verdict in {("1", "0"), ("0", "1")}

    shown = api.figures("street")
    assert_counted(shown, streets)
    without_street = [row for row in rows if row["STREET_NAME"] == "-"]
    assert sum(f["requests"] for f in shown.values()) + len(without_street) == len(rows)
    unlocated = list(
        api.items("request_intake", "/v1/requests", located="false", reported_by=REPORTER)
    )
    assert len(unlocated) == len(without_street)

    found = api.figures("unit")
    figures = {key: figure for key, figure in found.items() if key[0].startswith("pingshan-")}
    assert_counted(figures, units)
    assert sum(figure["requests"] for figure in figures.values()) == len(rows)

    again = imported(lianxin, *arguments)
    assert (again["accepted"], again["known"], again["rejected"]) == (0, len(rows), 0)

    look_for_problems(lianxin, api)


def assert_counted(
    figures: dict[tuple[str, str], dict[str, Any]], counts: dict[tuple[str, str], Counter[str]]
) -> None:
    """The figures of every subject and month, and no others, with their in-time rates."""
    assert figures.keys() == counts.keys()
    for key, figure in figures.items():
        count = counts[key]
        for name in ("requests", "judged", "in_time"):
            assert figure[name] == count[name], (key, name)
        rate = count["in_time"] / count["judged"] if count["judged"] else None
        assert figure["in_time_rate"] == pytest.approx(rate), key


def look_for_problems(lianxin: Run, api: Api) -> None:
    """What assessment finds in the cases is what the command finds in the file, to the digit; the
    command's list is printed with its statistics (docs/assessment/problems.md has it)."""
    arguments = ("find-problems", DATA / TABLE, "--format", "pingshan")
    listed = orjson.loads(lianxin(*arguments, "--json").stdout)
    months = [one["month"] for one in listed["months"]]
    assert months == ["2018-02", "2018-03", "2018-06", "2018-07", "2018-08", "2018-09"]
    for one in listed["months"]:
        found = api.looked_at(one["month"])
        assert (found["requests"], found["tests"]) == (one["requests"], one["tests"])
        names = ("basis", "category", "place", "count", "sample", "expected", "p")
        assert [[f[name] for name in names] for f in found["findings"]] == [
            [f[name] for name in names] for f in one["findings"]
        ]
    trees = next(f for f in listed["months"][-1]["findings"] if f["category"].endswith(FALLEN))
    assert (trees["basis"], trees["count"], trees["ratio"] > 5) == ("widespread", 135, True)
    print(lianxin(*arguments, "--named-by", "SUB_TYPE_NAME").stdout)
