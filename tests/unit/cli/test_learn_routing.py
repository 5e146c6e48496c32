"""What a history teaches: shares, back-off, what is left to a person."""

import math
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.learning.history import read_history
from cli.learning.routing import Case, Cell, halves, learn
from cli.mapping.areas import Area, Areas
from cli.mapping.format import load_format
from cli.mapping.rows import Mapper
from cli.mapping.table import Table
from services.volunteer_dispatch.service.tables import RoutingTable
from shared.contracts.words import Urgency
from tests.unit.cli.mapped import NOW
from tests.unit.cli.test_command import failed, run

EAST, WEST = ("east",), ("west",)


def _cases(number: int, category: str, areas: tuple[str, ...], unit: str) -> list[Case]:
    return [Case(category, areas, unit)] * number


def test_many_cases_speak_for_themselves_and_few_follow_the_coarser_cell() -> None:
    cases = [
        *_cases(20, "city.road.hole", EAST, "roads"),
        *_cases(1, "city.road.lamp", EAST, "lamps"),
        *_cases(9, "city.trees.fallen", EAST, "gardens"),
        *_cases(9, "city.trees.fallen", WEST, "gardens-west"),
    ]
    draft = learn(cases, confidence=0.7)
    holes = draft.rules[Cell("city.road.", "")]
    assert (holes.sure, holes.units[0][0], holes.cases) == (True, "roads", 21)
    lamp = draft.rules[Cell("city.road.lamp", "east")]
    assert not lamp.sure  # one case beside twenty of its kind: a person decides
    assert [unit for unit, _ in lamp.units[:2]] == ["roads", "lamps"]
    known = draft.of(Case("city.trees.fallen", WEST, ""))
    assert known is not None
    assert (known.sure, known.units[0][0]) == (True, "gardens-west")
    assert draft.of(Case("other.new", WEST, "")) is None  # left to the gaps


def test_the_shares_are_those_of_the_formula() -> None:
    cases = [
        *_cases(3, "a.b", EAST, "x"),
        *_cases(1, "a.b", EAST, "y"),
        *_cases(4, "a.c", EAST, "y"),
    ]
    draft = learn(cases, confidence=0.5, weight=2)
    anywhere = (3 + 2 * 3 / 8) / 6  # a.b; the prefix a. is all cases', and says nothing
    shares = dict(draft.rules[Cell("a.b", "")].units)
    assert shares == pytest.approx({"x": anywhere, "y": 1 - anywhere})
    assert Cell("a.b", "east") not in draft.rules  # it would say the same


def test_the_lowest_area_counts_where_it_differs() -> None:
    cases = [
        *_cases(8, "noise", ("street", "north"), "team-1"),
        *_cases(8, "noise", ("street", "south"), "team-2"),
        *_cases(8, "noise", ("street",), "team-2"),
    ]
    draft = learn(cases, confidence=0.6)
    for area, unit in (("north", "team-1"), ("south", "team-2"), ("elsewhere", "team-2")):
        rule = draft.of(Case("noise", ("street", area), ""))
        assert rule is not None
        assert (rule.sure, rule.units[0][0]) == (True, unit), area


HISTORIES = st.lists(
    st.builds(
        Case,
        category=st.sampled_from(["p.a.x", "p.a.y", "p.b.x", "p.b", "p.c.z.w"]),
        areas=st.sampled_from([(), ("s1",), ("s1", "c1"), ("s1", "c2"), ("s2", "c3")]),
        unit=st.sampled_from(["u1", "u2", "u3", "u4"]),
    ),
    min_size=1,
    max_size=60,
)


@given(
    cases=HISTORIES,
    asked=HISTORIES,
    confidence=st.floats(0, 1),
    weight=st.floats(0, 5),
    least=st.integers(1, 4),
)
def test_the_service_applies_the_table_as_the_draft_was_checked(
    cases: list[Case], asked: list[Case], confidence: float, weight: float, least: int
) -> None:
    draft = learn(cases, confidence=confidence, weight=weight, least=least)
    table = RoutingTable.model_validate_json(orjson.dumps(draft.table()))
    assert len(table.rules) == len(draft.rules)
    for case in asked:
        if not case.areas:
            continue  # dispatch gives what has no place to the top area's duty officer
        expected = draft.of(case)
        found = table.rule_for(case.category, ("city", *case.areas), Urgency.ORDINARY)
        assert (found is None) == (expected is None)
        if found is None or expected is None:
            continue
        targets = [target for target in found[1].targets if target != "area_duty"]
        assert targets == [f"unit:{unit}" for unit, _ in expected.units]
        assert (found[1].to != "area_duty") == expected.sure
    for learnt in draft.rules.values():
        shares = [share for _, share in learnt.units]
        assert shares == sorted(shares, reverse=True)
        assert math.fsum(shares) <= 1 + 1e-9
        assert learnt.sure == (shares[0] >= confidence)
        assert learnt.cases >= least


@given(cases=HISTORIES, seed=st.integers(0, 99))
def test_halves_part_every_case_and_order_does_not_matter(cases: list[Case], seed: int) -> None:
    one, other = halves(cases, seed)
    assert len(one) + len(other) == len(cases)
    assert abs(len(one) - len(other)) <= 1
    assert sorted(map(repr, one + other)) == sorted(map(repr, cases))
    assert halves(cases, seed) == (one, other)
    draft = learn(cases, confidence=0.6)
    assert learn(list(reversed(cases)), confidence=0.6).table() == draft.table()


def test_rows_are_read_as_an_import_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(
        "CREATE_TIME,REC_ID,EVENT_SRC_NAME,EVENT_PROPERTY_NAME,EVENT_TYPE_ID,MAIN_TYPE_ID,"
        "SUB_TYPE_ID,STREET_NAME,COMMUNITY_NAME,DISPOSE_UNIT_ID,DISPOSE_UNIT_NAME,"
        "INTIME_ARCHIVE_NUM,OVERTIME_ARCHIVE_NUM\n"
        "2018-07-04 17:24:41,1,12345,投诉,5,1159,1160,东街道,北社区,8508,执法队,1,0\n"
        "2018-07-04 17:24:41,2,12345,投诉,5,1159,1160,东街道,-,8508,执法队,1,0\n"
        "2018-07-04 17:24:41,3,12345,投诉,5,1159,1160,-,-,-,-,1,0\n"
        "2018-07-04 17:24:41,4,12345,投诉,5,1159,-,东街道,-,8508,执法队,1,0\n"
        "soon,5,12345,投诉,5,1159,1160,东街道,-,8508,执法队,1,0\n"
    )
    known = load_format("pingshan")
    areas = Areas(
        [
            Area("d", "区", "district", None),
            Area("s", "东街道", "street", "d"),
            Area("c", "北社区", "community", "s"),
        ]
    )
    mapper = Mapper(known, areas, known.unit.id, NOW)
    found = read_history(Table(file, known).rows(), known, areas, mapper)
    assert found.cases == [
        Case("pingshan.5.1159.1160", ("s", "c"), "pingshan-8508"),
        Case("pingshan.5.1159.1160", ("s",), "pingshan-8508"),
    ]
    assert (found.without_unit, found.without_category, found.rejected) == (1, 0, 2)


def test_a_table_that_teaches_nothing_is_said(tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    format = tmp_path / "f.yaml"
    format.write_text(
        "name: f\nunit: {id: u, name: n}\ncase: id\ntime: {column: at, zone: UTC}\n"
        "fields: {category: {column: kind}, text: {column: kind, when_missing: 路坏了}}\n"
        "handling_unit: {column: who, prefix: p-}\n"
    )
    file.write_text("id,at,kind,who\n1,2020-01-01T00:00:00,road,\n")
    out = str(tmp_path / "routing.json")
    said = failed(run("learn-routing", str(file), "--format", str(format), "--output", out))
    assert "handling_unit" in said
    rows = "".join(f"{n},2020-01-01T00:00:00,road,{n % 7 // 6}\n" for n in range(40))
    file.write_text(f"id,at,kind,who\n{rows}41,2020-01-01T00:00:00,,1\n")
    done = run("learn-routing", str(file), "--format", str(format), "--output", out, "--json")
    assert done.exit_code == 0, done.output
    told = orjson.loads(done.stdout)
    assert (told["cases"], told["rules"], told["undecided"]) == (40, 1, [])
    assert (told["without_category"], told["without_unit"], told["rejected"]) == (1, 0, 0)
    [rule] = RoutingTable.model_validate_json(Path(out).read_bytes()).rules
    assert (rule.to, rule.then, rule.cases) == ("unit:p-0", ("unit:p-1",), 40)
    shown = run("learn-routing", str(file), "--format", str(format), "--output", out)
    assert "PUT /v1/routing" in shown.output
