"""3,981 real requests of Pingshan: every street and every unit, to the last row; what the pages
in docs/assessment say of them is held against the run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.cli.conftest import Run
from tests.real.by_hand import documented, ranked
from tests.real.tables import DATA, Api, audited, imported, needs_the_tables, rows_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(900), needs_the_tables]

TABLE = "pingshan_requests_2018_02_to_09.csv"
REPORTER = "pingshan-platform"
MONTHS = ("2018-02", "2018-03", "2018-06", "2018-07", "2018-08", "2018-09")
"""April and May have no requests."""
GRADES = {"good": "好", "fairly_good": "较好", "average": "一般", "poor": "差"}
FALLEN = ".176.595"
"""Trees on the road: typhoon Mangkhut passed on 16 September 2018."""
Counts = dict[tuple[str, str], Counter[str]]
"""By subject and month: requests, judged, in time."""


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
    streets: Counts = {}
    units: Counts = {}
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

    show_in_time(shown, code)
    rank(lianxin, api, code, streets, units)
    look_for_problems(lianxin, api)

    # The scores of every month come out of the services' journals.
    requests = Counter(row["CREATE_TIME"][:7] for row in rows)
    for month in requests:
        audit = lianxin("audit", "--scores", "--month", month, "--wait", 60, "--json")
        made = orjson.loads(audit.stdout)
        assert (made["same"], made["gaps"], made["taken_as_kept"]) == (True, [], [])
        assert (made["cases"], made["subjects"] > 0) == (requests[month], True)


def assert_counted(figures: dict[tuple[str, str], dict[str, Any]], counts: Counts) -> None:
    """The figures of every subject and month, and no others, with their in-time rates."""
    assert figures.keys() == counts.keys()
    for key, figure in figures.items():
        count = counts[key]
        for name in ("requests", "judged", "in_time"):
            assert figure[name] == count[name], (key, name)
        rate = count["in_time"] / count["judged"] if count["judged"] else None
        assert figure["in_time_rate"] == pytest.approx(rate), key


def show_in_time(
    figures: Mapping[tuple[str, str], Mapping[str, Any]], code: Mapping[str, str]
) -> None:
    """The table of in-time rates by street and month, as the page has it."""

    def cell(figure: Mapping[str, Any] | None) -> str:
        if figure is None:
            return "–"
        rate = f"{100 * figure['in_time_rate']:.1f} %"
        return f"{figure['in_time']} of {figure['judged']}: {rate}"

    seen = {id for id, _ in figures}
    table = [
        [name, *(cell(figures.get((id, month))) for month in MONTHS)]
        for name, id in code.items()
        if id in seen
    ]
    as_documented("pingshan.md", "In time, by street and month", table)


def rank(lianxin: Run, api: Api, code: Mapping[str, str], streets: Counts, units: Counts) -> None:
    """Points, ranks and grades of each month are those of the formulas, in every class, and come
    out the same when they are made anew."""
    (scheme,) = api.get("/v1/schemes", period=MONTHS[0])["items"]
    classes = api.get(f"/v1/schemes/{scheme['version']}")["scheme"]["classes"]
    of_units = [one["id"] for one in classes if one["kind"] == "unit"]
    cells: dict[tuple[str, str], str] = {}
    for month in MONTHS:
        for one in assert_ranked(api, month, "street", streets):
            if one["rank"] is not None:
                grade = GRADES[one["grade"]["id"]]
                cells[one["subject_id"], month] = f"{one['rank']}. {one['score']:.2f} {grade}"
        scored = [one for id in of_units for one in assert_ranked(api, month, id, units)]
        assert {one["subject_id"] for one in scored} == {id for id, m in units if m == month}
        print(f"\n{month}: units with the minimum sample, by class")
        for one in scored:
            if one["rank"] is not None:
                place = f"{one['class']} {one['rank']}/{one['ranked']}"
                print(f"  {place} {one['name']} {one['score']:.2f} {one['grade']['label']['zh']}")
        assert reproduced(lianxin, month)["revision"] == 0
    seen = {id for id, _ in streets}
    table = [
        [name, *(cells.get((id, month), "–") for month in MONTHS)]
        for name, id in code.items()
        if id in seen
    ]
    as_documented("pingshan.md", "Ranked, by street and month", table)
    api.settle(MONTHS[-1])
    assert reproduced(lianxin, MONTHS[-1])["revision"] == 1


def assert_ranked(api: Api, month: str, class_: str, counts: Counts) -> list[dict[str, Any]]:
    """The scores of a class, which are those made by hand of the same subjects' counts."""
    every = api.items("assessment", "/v1/scores", **{"period": month, "class": class_})
    shown = [one for one in every if (one["subject_id"], month) in counts]
    of = {one["subject_id"]: counts[one["subject_id"], month] for one in shown}
    by_hand = ranked({id: (count["in_time"], count["judged"]) for id, count in of.items()})
    if not by_hand:
        assert all(one["rank"] is one["grade"] is None for one in shown), (month, class_)
        return shown
    for one, own in zip(shown, by_hand, strict=True):
        grade = one["grade"] and one["grade"]["id"]
        assert (one["subject_id"], one["rank"], grade) == (own.id, own.rank, own.grade), month
        assert one["score"] == pytest.approx(own.points, abs=1e-6), (month, own.id)
    return shown


def reproduced(lianxin: Run, month: str) -> dict[str, Any]:
    """What `lianxin audit --scores` finds: the same, or the test fails."""
    arguments = ("audit", "--scores", "--month", month, "--json")
    found: dict[str, Any] = orjson.loads(lianxin(*arguments).stdout)
    assert (found["same"], found["differing_total"]) == (True, 0)
    return found


def look_for_problems(lianxin: Run, api: Api) -> None:
    """What assessment finds in the cases is what the command finds in the file, to the digit; the
    list is printed with its statistics, and is the page's."""
    options = ("--format", "pingshan", "--named-by", "SUB_TYPE_NAME")
    arguments = ("find-problems", DATA / TABLE, *options)
    listed = orjson.loads(lianxin(*arguments, "--json").stdout)["months"]
    assert tuple(one["month"] for one in listed) == MONTHS
    for one in listed:
        found = api.looked_at(one["month"])
        assert (found["requests"], found["tests"]) == (one["requests"], one["tests"])
        names = ("basis", "category", "place", "count", "sample", "expected", "p")
        assert [[f[name] for name in names] for f in found["findings"]] == [
            [f[name] for name in names] for f in one["findings"]
        ]
    trees = next(f for f in listed[-1]["findings"] if f["category"].endswith(FALLEN))
    assert (trees["basis"], trees["count"], trees["ratio"] > 5) == ("widespread", 135, True)
    called = {area["id"]: area["name"] for area in api.items("registry", "/v1/areas")}
    table = [row for one in listed for row in problem_rows(one, called)]
    as_documented("problems.md", "Pingshan, February to September 2018", table)
    print(lianxin(*arguments).stdout)


def problem_rows(looked: Mapping[str, Any], called: Mapping[str, str]) -> Iterator[list[str]]:
    """A month of the page's table."""
    head = [looked["month"], str(looked["requests"]), f"{looked['tests']:,}"]
    if not looked["findings"]:
        yield [*head, "none", *[""] * 6]
    for one in looked["findings"]:
        count = f"{one['count']} of {one['sample']}" if one["sample"] else str(one["count"])
        numbers = [count, f"{one['expected']:.1f}", f"{one['ratio']:.1f}", f"{one['p']:.1e}"]
        yield [*head, one["basis"], one["name"], called[one["place"]], *numbers]


def as_documented(page: str, heading: str, table: Sequence[Sequence[str]]) -> None:
    """Print a table as the page is to have it, and hold the page against it."""
    print(f"\n{heading}")
    for row in table:
        print("| " + " | ".join(row) + " |")
    assert documented(f"assessment/{page}", heading) == [list(row) for row in table], page
