"""A table as the counts that problems are looked for in, held against the file itself."""

from collections import Counter
from pathlib import Path

import pytest

from cli.learning.problems import Counts, count
from cli.mapping.areas import Area, Areas
from cli.mapping.format import load_format
from cli.mapping.rows import Mapper
from cli.mapping.table import Table
from services.assessment.problems.finder import look_at
from services.assessment.problems.findings import Finding
from services.assessment.problems.table import ProblemRules
from tests.unit.cli.conftest import rows
from tests.unit.cli.mapped import NOW
from tests.unit.services.assessment.problems.cities import RULES

FILE = "pingshan_requests_2018_02_to_09.csv"
FORMAT = """
name: small
about: a small table
unit: {id: hall, name: 政务大厅, domain: agency}
case: id
time: {column: at, format: iso, zone: Asia/Shanghai}
fields:
  kind: {column: kind, map: {投诉: complaint, 咨询: question}}
  urgency: {constant: utilities}
  category: {column: what}
area:
  - {column: street, level: street}
results:
  - when: {state: [done]}
    outcome: done
    completed: {column: end, format: iso, zone: Asia/Shanghai}
"""
ROWS = """id,at,kind,what,street,state,end
1,2025-01-02 08:00,投诉,water.pipe,s1,done,2025-01-03 08:00
2,2025-01-31 23:30,投诉,water.pipe,s1,done,2025-02-04 08:00
3,2025-01-31 23:30,投诉,water.tap,s1,open,
4,2025-01-04 08:00,咨询,water.pipe,s1,done,2025-01-05 08:00
5,2025-01-04 08:00,投诉,water.pipe,,done,2025-01-05 08:00
6,not a time,投诉,water.pipe,s1,done,2025-01-05 08:00
"""


def counted(path: Path, format: str, areas: Areas, rules: ProblemRules = RULES) -> Counts:
    known = load_format(format)
    mapper = Mapper(known, areas, known.unit.id, NOW)
    return count(Table(path, known).rows(), areas, mapper, rules, None)


def test_what_tells_of_problems_is_counted_by_place_and_the_files_own_month(
    tmp_path: Path,
) -> None:
    (tmp_path / "small.yaml").write_text(FORMAT, encoding="utf-8")
    (tmp_path / "table.csv").write_text(ROWS, encoding="utf-8")
    areas = Areas([Area("city", "城", "city", None), Area("s1", "s1", "street", "city")])
    found = counted(tmp_path / "table.csv", str(tmp_path / "small.yaml"), areas)
    assert (found.counted, found.left_out, found.rejected) == (3, 2, 1)
    # 24 hours is not long for water, 80.5 are (72 hours); the third has no end yet.
    assert [(r.path, r.month, tuple(r.cell)) for r in found.rows["water.pipe"]] == [
        (("city", "s1"), "2025-01", (1, 1, 0, 0)),
        (("city", "s1"), "2025-01", (1, 1, 1, 0)),
    ]
    assert [tuple(r.cell) for r in found.rows["water.tap"]] == [(1, 0, 0, 0)]
    coarse = RULES.model_copy(update={"category_parts": 1})
    found = counted(tmp_path / "table.csv", str(tmp_path / "small.yaml"), areas, coarse)
    assert {name: len(some) for name, some in found.rows.items()} == {"water": 3}


@pytest.fixture(scope="module")
def areas(data: Path) -> list[Area]:
    streets = rows(data / "pingshan_streets.csv")
    communities = rows(data / "pingshan_communities.csv")
    return [
        Area("4403", "深圳市", "city", None),
        Area("440310", "坪山区", "district", "4403"),
        *(Area(r["code"], r["name"], "street", "440310") for r in streets),
        *(Area(r["code"], r["name"], "community", r["streetCode"]) for r in communities),
    ]


@pytest.fixture(scope="module")
def pingshan(data: Path, areas: list[Area]) -> Counts:
    return counted(data / FILE, "pingshan", Areas(areas))


def test_counts_and_late_ones_are_those_of_the_file(pingshan: Counts, data: Path) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    late = 0
    for row in rows(data / FILE):
        if row["EVENT_PROPERTY_NAME"] in ("咨询", "感谢") or row["STREET_NAME"] == "-":
            continue
        code = f"pingshan.{row['EVENT_TYPE_ID']}.{row['MAIN_TYPE_ID']}.{row['SUB_TYPE_ID']}"
        wanted[code, row["CREATE_TIME"][:7]] += 1
        late += row["OVERTIME_ARCHIVE_NUM"] == "1"
    found = Counter((c, row.month) for c, some in pingshan.rows.items() for row in some)
    assert found == wanted
    assert late == sum(row.cell.long for some in pingshan.rows.values() for row in some)


def test_the_months_problems_are_listed(pingshan: Counts, areas: list[Area]) -> None:
    """The whole list is in docs/assessment/problems.md."""
    levels = {area.code: area.level for area in areas}

    def told(month: str) -> list[Finding]:
        return look_at(pingshan.rows, levels, RULES, month)[1]

    assert [len(told(f"2018-{n:02}")) for n in (2, 3, 6, 7, 8)] == [0, 0, 0, 1, 1]
    september = {(one.basis.value, one.category, one.place): one for one in told("2018-09")}
    # Typhoon Mangkhut, 16 September 2018: trees across roads in all six streets.
    trees = september["widespread", "pingshan.5.176.595", "440310"]
    assert (trees.count, len(trees.above), trees.of) == (135, 6, 6)
    # 27 of 32 disputes of owners with their property management in one community were late.
    disputes = next(one for key, one in september.items() if key[2] == "440310001001")
    assert (disputes.count, disputes.sample) == (27, 32)
