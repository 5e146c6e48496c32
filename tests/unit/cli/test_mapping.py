"""What a format can say, on small tables."""

from pathlib import Path
from typing import Any

import pytest

from cli.failures import Failure
from cli.mapping.areas import Area, Areas
from cli.mapping.format import Format, load_format, read_format, shipped
from shared.contracts.units import RequestReported, TaskResult
from tests.unit.cli.mapped import Whole, map_table

AREAS = Areas(
    [
        Area("11", "东区", "district", None),
        Area("1101", "和平街道", "street", "11"),
        Area("1102", "新华街道", "street", "11"),
        Area("110101", "幸福社区居委会", "community", "1101"),
        Area("110201", "幸福社区居委会", "community", "1102"),
        Area("110202", "光明社区居委会", "community", "1102"),
    ]
)


def format_of(**changes: Any) -> Format:
    document: dict[str, Any] = {
        "name": "small",
        "missing": ["", "-"],
        "unit": {"id": "small-unit", "name": "小单位"},
        "case": "no",
        "time": {"column": "made", "zone": "Asia/Shanghai"},
        "fields": {"category": {"constant": "care"}},
    }
    return read_format(document | changes, "small.yaml")


def mapped(tmp_path: Path, text: str, format: Format, areas: Areas = AREAS) -> Whole:
    file = tmp_path / "table.csv"
    file.write_text(text, encoding="utf-8")
    return map_table(file, format, areas)


def first_report(whole: Whole) -> RequestReported:
    return next(iter(whole.reports().values()))


def first_result(whole: Whole) -> TaskResult:
    return next(iter(whole.results().values()))


def test_accepted_and_rejected_are_all_rows_each_with_line_and_reason(tmp_path: Path) -> None:
    format = format_of(fields={"category": {"column": "kind", "map": {"a": "care"}}})
    text = (
        "no,made,kind\n"
        "1,2026-01-01 08:00,a\n"
        "2,yesterday,a\n"
        "\n"
        "3,2026-01-01 08:00,b\n"
        "-,2026-01-01 08:00,a\n"
        '5,"2026-01-01\n08:00",a\n'
        "6,2026-01-01 08:00\n"
        "7,2036-01-01 08:00,a\n"
        "8 8,2026-01-01 08:00,a\n"
        "9,2026-01-01 08:00,-\n"
    )
    whole = mapped(tmp_path, text, format)
    assert list(whole.taken) == [2, 7]
    assert {line: reason.partition(":")[0] for line, reason in whole.rejected.items()} == {
        3: "made",
        5: "kind",
        6: "no has no value",
        9: "2 cells where there should be 3",
        10: "made",
        11: "no",
        12: "-",
    }
    assert whole.rejected[5] == "kind: b is not in the format's map: add it, or set other"
    assert "future" in whole.rejected[10]


@pytest.mark.parametrize(
    ("street", "community", "code"),
    [
        ("和平街道", "幸福社区", "110101"),
        ("新华街道", "幸福社区", "110201"),
        ("新华街道", "-", "1102"),
        ("-", "光明社区", "110202"),
        ("-", "-", None),
    ],
)
def test_an_area_is_found_by_its_name_inside_the_one_above(
    tmp_path: Path, street: str, community: str, code: str | None
) -> None:
    whole = mapped(tmp_path, f"no,made,s,c\n1,2026-01-01,{street},{community}\n", BY_NAME)
    assert first_report(whole).area == code
    assert bool(whole.remarks()) == (code is None)


BY_NAME = format_of(
    area=[
        {"column": "s", "level": "street"},
        {"column": "c", "level": "community", "suffixes": ["", "居委会"]},
    ]
)


@pytest.mark.parametrize(
    ("street", "community", "word"),
    [
        ("无名街道", "-", "has no 无名街道"),
        ("和平街道", "光明社区", "has no 光明社区"),
        ("-", "幸福社区", "several areas"),
    ],
)
def test_an_area_that_is_not_sure_is_a_rejection(
    tmp_path: Path, street: str, community: str, word: str
) -> None:
    whole = mapped(tmp_path, f"no,made,s,c\n1,2026-01-01,{street},{community}\n", BY_NAME)
    assert word in whole.rejected[2]


def test_an_area_by_code_with_prefix_and_suffix(tmp_path: Path) -> None:
    format = format_of(
        area=[
            {"column": "c", "level": "community", "by": "code", "prefix": "11", "suffixes": ["01"]}
        ]
    )
    assert first_report(mapped(tmp_path, "no,made,c\n1,2026-01-01,02\n", format)).area == "110201"


def test_values_by_constant_column_template_and_map(tmp_path: Path) -> None:
    fields = {
        "channel": {"constant": "hotline"},
        "kind": {
            "column": "k",
            "map": {"1": "help"},
            "other": "complaint",
            "when_missing": "other",
        },
        "category": {"template": "x.{k}.{m}", "when_missing": "x.none"},
    }
    text = "no,made,k,m\n1,2026-01-01,1,7\n2,2026-01-01,9,-\n3,2026-01-01,-,7\n"
    whole = mapped(tmp_path, text, format_of(fields=fields))
    found = [(r.channel, r.kind, r.category) for r in whole.reports().values()]
    assert found == [
        ("hotline", "help", "x.1.7"),
        ("hotline", "complaint", "x.none"),
        ("hotline", "other", "x.none"),
    ]


def test_a_time_with_an_offset_keeps_it_and_one_without_is_of_the_zone(tmp_path: Path) -> None:
    text = "no,made\n1,2025-07-01T08:00:00Z\n2,2025-07-01T08:00:00\n"
    whole = mapped(tmp_path, text, format_of(time={"column": "made", "zone": "Europe/Berlin"}))
    times = [m.events[0].time.isoformat() for m in whole.taken.values()]
    assert times == ["2025-07-01T08:00:00+00:00", "2025-07-01T08:00:00+02:00"]


DONE = {
    "outcome": "done",
    "when": {"state": ["closed", None]},
    "completed": {"column": "end", "zone": "Asia/Shanghai"},
}


@pytest.mark.parametrize(
    ("cells", "completed", "remark"),
    [
        ("closed,2025-01-01 10:00", "2025-01-01T10:00:00+08:00", None),
        ("-,2025-01-01 10:00", "2025-01-01T10:00:00+08:00", None),
        ("closed,-", None, "no time of completion"),
        ("closed,soon", None, "not a time"),
        ("closed,2036-01-01", None, "in the future"),
        ("closed,2024-12-31 10:00", None, "before it was made"),
    ],
)
def test_a_closing_time_is_kept_where_it_means_something(
    tmp_path: Path, cells: str, completed: str | None, remark: str | None
) -> None:
    area = [{"column": "place", "level": "district", "by": "code"}]
    text = f"no,made,state,end,place\n1,2025-01-01 08:00,{cells},11\n"
    whole = mapped(tmp_path, text, format_of(results=[DONE], area=area))
    result = first_result(whole)
    assert (result.completed_at and result.completed_at.isoformat()) == completed
    assert result.outcome == "done"
    assert not result.ask_resident
    told = whole.taken[2].events[1].time.isoformat()
    assert told == (completed or "2025-01-01T08:00:00+08:00")
    remarks = whole.remarks()
    assert len(remarks) == (remark is not None)
    assert all(remark in said for said in remarks if remark)


def test_rules_of_results_are_tried_in_order_and_none_fitting_is_said(tmp_path: Path) -> None:
    rules = [
        {"when": {"state": ["gone"]}, "outcome": "withdrawn"},
        {"when": {"state": ["late"]}, "outcome": "done", "in_time": False},
        {"when": {"state": [None]}, "outcome": "none"},
    ]
    text = "no,made,state\n1,2025-01-01,gone\n2,2025-01-01,late\n3,2025-01-01,-\n4,2025-01-01,x\n"
    whole = mapped(tmp_path, text, format_of(results=rules))
    found = {subject: (r.outcome, r.in_time) for subject, r in whole.results().items()}
    assert found == {"case/1": ("withdrawn", None), "case/2": ("done", False)}
    assert sum("no rule of results fits" in remark for remark in whole.remarks()) == 1


def test_rows_are_skipped_with_the_reason_given(tmp_path: Path) -> None:
    skip = [{"when": {"test": ["yes"]}, "reason": {"zh": "测试", "en": "a test row"}}]
    text = "no,made,test\n1,2025-01-01,yes\n2,2025-01-01,no\n"
    whole = mapped(tmp_path, text, format_of(skip=skip))
    assert whole.rejected == {2: "a test row"}
    assert list(whole.taken) == [3]


def test_a_point_that_cannot_be_is_left_out_and_said(tmp_path: Path) -> None:
    point = {"longitude": "x", "latitude": "y", "decimals": 2}
    text = "no,made,x,y\n1,2025-01-01,114.123,22.7\n2,2025-01-01,22.7,114.1\n3,2025-01-01,nan,1\n"
    whole = mapped(tmp_path, text, format_of(point=point))
    points = [report.point for report in whole.reports().values()]
    assert points[0] is not None
    assert (points[0].longitude, points[0].latitude) == (114.12, 22.7)
    assert points[1:] == [None, None]
    assert sum("cannot be used" in remark for remark in whole.remarks()) == 2


def test_personal_data_in_a_text_is_a_rejection(tmp_path: Path) -> None:
    text = "no,made,words\n1,2025-01-01,请致电13800001234\n2,2025-01-01,路灯不亮\n"
    whole = mapped(tmp_path, text, format_of(fields={"text": {"column": "words"}}))
    assert "telephone" in whole.rejected[2]
    assert first_report(whole).text == "路灯不亮"


def test_the_same_row_gives_the_same_events_in_every_run(tmp_path: Path) -> None:
    text = "no,made\n1,2025-01-01\n"
    assert mapped(tmp_path, text, format_of()).taken == mapped(tmp_path, text, format_of()).taken


# The data file


def test_the_shipped_formats_are_good() -> None:
    assert shipped() == ["la311", "pingshan"]
    assert [load_format(name).name for name in shipped()] == shipped()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cases": "no"}, "wrong at cases"),
        ({"case": None}, "wrong at case"),
        ({"fields": {"kind": {"constant": "shout"}}}, "'shout' is none of complaint"),
        ({"fields": {"channel": {"constant": "web"}}}, "give category or text"),
        ({"fields": {"category": {"constant": "a", "column": "b"}}}, "fields.category"),
        ({"fields": {"category": {"template": "{a"}}}, "write columns as {COLUMN}"),
        ({"time": {"column": "made", "zone": "Shanghai"}}, "no IANA zone"),
        ({"missing": [True]}, "quotation marks"),
        ({"results": [{"outcome": "won"}]}, "wrong at results.0.outcome"),
        ({"results": [{"outcome": "none", "in_time": True}]}, "in_time goes with"),
        ({"area": [{"column": "a", "level": "village"}]}, "wrong at area.0.level"),
        ({"handling_unit": {"column": "u", "prefix": "A B"}}, "wrong at handling_unit.prefix"),
        ({"skip": [{"when": {}, "reason": {"zh": "a", "en": "b"}}]}, "wrong at skip.0.when"),
    ],
)
def test_a_data_file_that_is_wrong_is_told_by_its_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Failure) as failure:
        format_of(**changes)
    assert said in failure.value.message
    assert failure.value.message.startswith("The format file small.yaml is wrong at ")


def test_a_key_that_is_there_twice_is_told(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("name: a\nname: b\n")
    with pytest.raises(Failure, match="'name' is there twice"):
        load_format(str(file))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no,when\n", "lacks columns that the format small reads: made"), (b"\xff\xfe,\n", "utf-8")],
)
def test_a_table_that_does_not_fit_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(Failure, match=said):
        map_table(file, format_of())


def test_unit_ids_are_plain_or_derived_and_names_tell_them_apart(tmp_path: Path) -> None:
    from cli.mapping.table import Table
    from cli.mapping.units import UnitTally, unit_id

    rule = {"column": "u", "prefix": "s-", "name": "n", "names": {"Z9": "給定"}}
    format = format_of(handling_unit=rule)
    assert format.handling_unit is not None
    assert unit_id(format.handling_unit, "BOS") == "s-bos"
    derived = unit_id(format.handling_unit, "环卫所 一")
    assert derived.startswith("s-")
    assert len(derived) == 18
    file = tmp_path / "t.csv"
    file.write_text("no,made,u,n\n1,d,A1,同名\n2,d,A2,同名\n3,d,Z9,x\n4,d,A3,-\n5,d,-,x\n")
    tally = UnitTally(format)
    for row in Table(file, format).rows():
        tally.add(row.values)
    names = {unit.id: unit.name for unit in tally.units()}
    assert names == {"s-a1": "同名 (A1)", "s-a2": "同名 (A2)", "s-z9": "給定", "s-a3": "A3"}
