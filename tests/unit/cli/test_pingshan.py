"""The whole Pingshan table, against counts made from the file alone."""

from collections import Counter
from pathlib import Path

import pytest

from cli.mapping.areas import Areas
from cli.mapping.format import load_format
from cli.mapping.table import Table
from cli.mapping.units import UnitTally
from tests.unit.cli.conftest import rows
from tests.unit.cli.mapped import Whole, map_table

FILE = "pingshan_requests_2018_02_to_09.csv"


@pytest.fixture(scope="module")
def file(data: Path) -> Path:
    return data / FILE


@pytest.fixture(scope="module")
def table(file: Path) -> list[dict[str, str]]:
    return rows(file)


@pytest.fixture(scope="module")
def whole(file: Path, pingshan_areas: Areas) -> Whole:
    return map_table(file, "pingshan", pingshan_areas)


def test_every_row_is_taken_once(whole: Whole, table: list[dict[str, str]]) -> None:
    assert len(table) == 3981
    assert whole.rejected == {}
    assert set(whole.reports()) == {f"case/{row['REC_ID']}" for row in table}
    assert len(whole.taken) == len(table)


def test_requests_by_street_are_those_of_the_file(
    whole: Whole, table: list[dict[str, str]], data: Path
) -> None:
    codes = {row["name"]: row["code"] for row in rows(data / "pingshan_streets.csv")}
    wanted = Counter(codes.get(row["STREET_NAME"]) for row in table)
    assert wanted[None] == 5
    found = Counter(r.area[:9] if r.area else None for r in whole.reports().values())
    assert found == wanted


def test_requests_by_community_are_those_of_the_file(
    whole: Whole, table: list[dict[str, str]], data: Path
) -> None:
    names = {row["code"]: row["name"] for row in rows(data / "pingshan_communities.csv")}
    found = Counter(names[r.area] if r.area else "-" for r in whole.reports().values())
    wanted = Counter(row["COMMUNITY_NAME"] for row in table)
    assert found.pop("-") == wanted.pop("-") == 5
    assert {name.removesuffix("居委会"): number for name, number in found.items()} == wanted


def test_in_time_by_disposing_unit_is_that_of_the_file(
    whole: Whole, table: list[dict[str, str]]
) -> None:
    verdicts = {"1": True, "0": False, "-": None}
    wanted = Counter((r["DISPOSE_UNIT_ID"], verdicts[r["INTIME_ARCHIVE_NUM"]]) for r in table)
    results = whole.results()
    found: Counter[tuple[str, bool | None]] = Counter()
    for subject, report in whole.reports().items():
        unit = (report.handling_unit or "").removeprefix("pingshan-")
        verdict = results[subject].in_time if subject in results else None
        found["-" if unit == "platform" else unit, verdict] += 1
    assert found == wanted
    assert len({unit for unit, _ in wanted}) == 105


def test_the_name_column_would_count_other_units(table: list[dict[str, str]]) -> None:
    """Why units go by id: one id has up to two names, and one name is that of two units."""
    pairs = {(row["DISPOSE_UNIT_ID"], row["DISPOSE_UNIT_NAME"]) for row in table}
    ids = Counter(id for id, _ in pairs)
    names = Counter(name for _, name in pairs)
    assert (len(ids), len(names)) == (105, 118)
    assert sum(number > 1 for number in ids.values()) == 14
    assert [name for name, number in names.items() if number > 1] == ["城建办"]


def test_a_result_for_every_verdict_and_none_without(
    whole: Whole, table: list[dict[str, str]]
) -> None:
    wanted = Counter(row["INTIME_ARCHIVE_NUM"] for row in table)
    assert wanted == {"1": 3485, "0": 494, "-": 2}
    results = whole.results().values()
    assert Counter(result.in_time for result in results) == {True: 3485, False: 494}
    assert all(r.completed_at is None and not r.ask_resident for r in results)


def test_times_are_of_utc_plus_eight(whole: Whole, table: list[dict[str, str]]) -> None:
    at = {m.events[0].subject: m.events[0].time.isoformat() for m in whole.taken.values()}
    for row in table:
        assert at[f"case/{row['REC_ID']}"] == row["CREATE_TIME"].replace(" ", "T") + "+08:00"


def test_kinds_and_channels(whole: Whole, table: list[dict[str, str]]) -> None:
    reports = whole.reports().values()
    kinds = Counter(row["EVENT_PROPERTY_NAME"] for row in table)
    assert Counter(r.kind.value for r in reports) == {
        "complaint": kinds["投诉"],
        "question": kinds["咨询"],
        "suggestion": kinds["建议"],
        "help": kinds["求决"],
        "praise": kinds["感谢"],
        "other": kinds["-"],
    }
    sources = Counter(row["EVENT_SRC_NAME"] for row in table)
    assert Counter(r.channel.value for r in reports) == {
        "hotline": sources["12345"] + sources["12319"] + sources["固话投诉"],
        "app": sources["@坪山"] + sources["美丽深圳"],
        "web": sources["政府信箱"],
    }


def test_what_is_missing_is_said(whole: Whole) -> None:
    words = Counter(remark.partition(":")[0].partition(";")[0] for remark in whole.remarks())
    assert words == {
        "without a place": 5,
        "not recorded whether it was closed in time": 2,
        "DISPOSE_UNIT_ID names no handling unit": 8,
    }


def test_units_have_names_that_tell_them_apart(file: Path) -> None:
    format = load_format("pingshan")
    tally = UnitTally(format)
    for row in Table(file, format).rows():
        tally.add(row.values)
    units = {unit.id: unit for unit in tally.units()}
    assert len(units) == 104
    assert len({unit.name for unit in units.values()}) == 104
    assert units["pingshan-9444"].name == "城建办（坑梓街道办事处）"
    assert units["pingshan-9466"].name == "城建办（龙田街道办事处）"
    assert units["pingshan-1803"].name == "竹坑社区"
    assert units["pingshan-1803"].domain == "community"
    assert units["pingshan-1932"].domain == "state_enterprise"
