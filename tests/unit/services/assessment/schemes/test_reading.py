"""Reading schemes: the shipped ones, and errors that name the line."""

from pathlib import Path

import pytest

from services.assessment.schemes.reading import SchemeInvalid, read_file, read_scheme
from services.assessment.service.figures import SubjectKind
from services.assessment.tables import SHIPPED
from shared.contracts.words import Domain, OrganizationLevel

SMALL = """\
name: {zh: 小, en: Small}
source: an example
valid_from: 2026-01
classes:
  - id: units
    label: {zh: 单位, en: Units}
    kind: unit
indicators:
  - id: resolution
    label: {zh: 解决率, en: Resolution}
    formula: solved / contacted
    sample: contacted
    weight: 1
    floor: 0
    target: 1
grades:
  - {id: good, label: {zh: 好, en: Good}, at_least: 60}
  - {id: poor, label: {zh: 差, en: Poor}, at_least: 0}
rules:
  - id: many
    label: {zh: 多, en: Many}
    when: requests > 100
    cap: 90
steps: {self_rating: 20, public_rating: 40, organizational_rating: 40}
weak:
  - id: last
    label: {zh: 末位, en: Last}
    when: rank == ranked
    periods: 2
"""


def faults_of(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SchemeInvalid) as raised:
        read_scheme(text)
    for fault in raised.value.faults:
        assert "…" not in fault.sentence("zh") + fault.sentence("en")
    return [(fault.line, fault.field, fault.message) for fault in raised.value.faults]


def test_shipped_schemes() -> None:
    default = read_file(SHIPPED / "schemes" / "default.yaml")
    # Each domain is a class of units, and at each level one of organizations.
    levels = [(domain, level) for domain in Domain for level in OrganizationLevel]
    classes = [
        *(default.class_of(SubjectKind.UNIT, domain) for domain in Domain),
        *(default.class_of(SubjectKind.ORGANIZATION, *each) for each in levels),
    ]
    ids = {one.id for one in classes if one is not None}
    assert (len(ids), len(classes)) == (8 + 40, 8 + 40)
    assert ids | {"street", "community_area"} == {one.id for one in default.classes}
    rates = read_file(SHIPPED / "schemes" / "three_rates.yaml")
    assert [grade.id for grade in rates.grades] == ["leading", "improving", "rectify", "govern"]
    assert [indicator.weight for indicator in rates.indicators] == [30, 35, 35]
    assert all(indicator.proportion for indicator in rates.indicators)
    assert "weak" in rates.source


def test_small_scheme() -> None:
    scheme = read_scheme(SMALL)
    assert scheme.grade_of(59.9).id == "poor"
    assert scheme.grade_of(60).id == "good"
    assert scheme.class_of(SubjectKind.STREET) is None


def test_levels_part_organizations_into_classes() -> None:
    classes = """
  - {id: above, label: {zh: 上级, en: Above}, kind: organization, levels: [city, county]}
  - {id: below, label: {zh: 基层, en: Below}, kind: organization, levels: [township, grassroots]}
"""
    before, after = SMALL.partition("classes:\n")[0], SMALL[SMALL.index("indicators:") :]

    def of(text: str, level: str) -> str | None:
        found = read_scheme(text).class_of(SubjectKind.ORGANIZATION, "agency", level)
        return None if found is None else found.id

    text = f"{before}classes:{classes}{after}"
    assert [of(text, level) for level in ("city", "county", "township", "grassroots")] == [
        *("above", "above"),
        *("below", "below"),
    ]
    assert of(text, "province") is None
    both = text.replace("[township,", "[county, township,")
    assert [message for _, _, message in faults_of(both)] == ["field.classes_meet"]


FAULTS = [
    ("    kind: unit", "    kind: unity", 7, "classes.0.kind", "field.choice"),
    ("    weight: 1", "    wieght: 1", 13, "indicators.0.wieght", "field.extra_forbidden"),
    ("    weight: 1", "    weight: 0", 13, "indicators.0.weight", "field.greater_than"),
    (
        "contacted\n    weight",
        "asked\n    weight",
        12,
        "indicators.0.sample",
        "scheme.unknown_name",
    ),
    ("solved / contacted", "solved /", 11, "indicators.0.formula", "field.expression_syntax"),
    ("solved / contacted", "score / contacted", 11, "indicators.0.formula", "scheme.unknown_name"),
    ("requests > 100", "requests + 100", 22, "rules.0.when", "field.expression_no_condition"),
    ("    cap: 90\n", "", 20, "rules.0", "field.rule_of_nothing"),
    (
        "    cap: 90",
        "    grade_at_most: fine",
        23,
        "rules.0.grade_at_most",
        "field.unknown_reference",
    ),
    ("    target: 1", "    target: -1", 9, "indicators.0", "field.target_up"),
    ("    floor: 0", "    direction: down\n    floor: 0", 9, "indicators.0", "field.target_down"),
    ("public_rating: 40", "public_rating: 30", 24, "steps", "field.steps_sum"),
    (
        "self_rating: 20, public_rating: 40",
        "self_rating: 25, public_rating: 35",
        24,
        "steps",
        "field.public_share",
    ),
    (
        "    target: 1\n",
        "    target: 1\n"
        "  - {id: p, label: {zh: 民, en: P}, formula: public_rating, weight: 10, "
        "floor: 0, target: 100}\n"
        "  - {id: o, label: {zh: 组, en: O}, formula: organizational_rating, weight: 90, "
        "floor: 0, target: 100}\n",
        17,
        "indicators.2.weight",
        "field.public_share_indicators",
    ),
    (
        "formula: solved / contacted",
        "formula: 0.1 * public_rating + 0.9 * organizational_rating",
        9,
        "indicators.0",
        "field.ratings_mixed",
    ),
    ("rank == ranked", "rank > 300", 26, "weak.0", "field.weak_by_quota"),
    ("    periods: 2\n", "", 26, "weak.0", "field.weak_by_last_once"),
    ("at_least: 60", "at_least: 0", 18, "grades.1.at_least", "field.grades_order"),
    ("at_least: 0}", "at_least: 1}", 18, "grades.1.at_least", "field.grades_end"),
    (
        "valid_from: 2026-01",
        "valid_from: 2026-13",
        3,
        "valid_from",
        "field.string_pattern_mismatch",
    ),
    ("valid_from: 2026-01", "valid_from: 2026-01-01", 3, "valid_from", "field.string_type"),
    ("source: an example\n", "", 1, "source", "field.missing"),
    ("    kind: unit", "    kind: unit\n    kind: street", 8, "classes.0.kind", "scheme.key"),
    ("    kind: unit", "    kind: unit\n   domains: [agency]", 8, "", "scheme.yaml"),
    (
        "    kind: unit",
        "    kind: unit\n    levels: [city]",
        5,
        "classes.0",
        "field.class_of_units",
    ),
]
"""What is replaced by what, and the line, field and message of the fault."""


@pytest.mark.parametrize(("old", "new", "line", "field", "message"), FAULTS)
def test_errors_name_the_line(old: str, new: str, line: int, field: str, message: str) -> None:
    assert SMALL.count(old) >= 1
    assert (line, field, message) in faults_of(SMALL.replace(old, new, 1))


def test_every_fault_is_told_at_once() -> None:
    text = SMALL.replace("weight: 1", "weight: x").replace("requests > 100", "requests > ")
    assert [line for line, _, _ in faults_of(text)] == [13, 22]


@pytest.mark.parametrize("text", ["", "[]", "5", "a: b: c", "\x00", "[" * 1000, "x" * 200_000])
def test_no_scheme_at_all(text: str) -> None:
    assert faults_of(text)


def test_no_aliases() -> None:
    text = SMALL.replace("{zh: 单位, en: Units}", "&one {zh: 单位, en: Units}")
    text = text.replace("{zh: 差, en: Poor}", "*one")
    assert faults_of(text) == [(6, "grades.1.label", "scheme.alias")]


def test_classes_may_not_meet() -> None:
    twice = "    kind: unit\n  - {id: b, label: {zh: 二, en: B}, kind: unit, domains: [agency]}"
    assert faults_of(SMALL.replace("    kind: unit", twice))[0][2] == "field.classes_meet"


def test_a_file_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(SMALL.replace("weight: 1", "weight: x"))
    with pytest.raises(ValueError, match=r"city\.yaml: line 13: "):
        read_file(path)
