"""Files read as rows."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.imports_registry import column_names
from cli.registry_files import BadFile, Row, read_csv, read_geojson, repaired
from cli.registry_import import BYTES_A_BATCH, Summary, batches

BOW = [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]


def rows(kind: str, path: Path, text: str, **options: Any) -> list[Row]:
    path = path / "file.csv"
    path.write_text(text, encoding="utf-8-sig")
    return list(read_csv(kind, path, **options))


@pytest.mark.parametrize(
    ("header", "cells", "level", "parent"),
    [
        ("code,name,streetCode,provinceCode,cityCode,areaCode",
         "440310001001,六联社区,440310001,44,4403,440310", "community", "440310001"),
        ("code,name,areaCode,provinceCode,cityCode", "440310001,坪山街道,440310,44,4403",
         "street", "440310"),
        ("code,name,cityCode,provinceCode", "440310,坪山区,4403,44", "district", "4403"),
        ("code,name,provinceCode", "4403,深圳市,44", "city", None),
        ("编码,名称,级别,上级", "440310001,坪山街道,街道,440310", "street", "440310"),
        ("id,name,level,parent", "440310001,坪山街道,street,440310", "street", "440310"),
    ],
)  # fmt: skip
def test_division_codes_and_our_own_columns_load_as_areas(
    tmp_path: Path, header: str, cells: str, level: str, parent: str | None
) -> None:
    [row] = rows("areas", tmp_path, f"{header}\n{cells}\n")
    assert row.line == 2
    assert row.values["level"] == level
    assert row.values.get("parent") == parent
    assert set(row.values) <= {"id", "name", "level", "parent"}


def test_cells_become_what_the_api_takes(tmp_path: Path) -> None:
    text = (
        "姓名,电话,技能,网格,容量,可用,经度,纬度\n"
        "王芳,13800001234,plumbing；care、law,g1,3,否,114.3,22.6\n\n李明,,,g1,,,,\n"
    )
    first, second = rows("people", tmp_path, text)
    assert first.values == {
        "name": "王芳", "telephone": "13800001234", "skills": ["plumbing", "care", "law"],
        "grid_id": "g1", "capacity": "3", "available": False,
        "service_point": {"longitude": "114.3", "latitude": "22.6"},
    }  # fmt: skip
    assert (second.line, second.values) == (4, {"name": "李明", "grid_id": "g1"})


def test_an_empty_cell_says_nothing_and_a_dash_that_there_is_none(tmp_path: Path) -> None:
    text = (
        "id,name,domain,level,组建方式,成立日期,承接党组织\n"
        "o,支部,agency,grassroots,区域联建,2026-03-01,a；b\np,支部,agency,grassroots,,-,-\n"
    )
    first, second = rows("organizations", tmp_path, text)
    told = {"founding": "joint_area", "founded": "2026-03-01", "successors": ["a", "b"]}
    assert {name: first.values[name] for name in told} == told
    assert second.values.keys() == {"id", "name", "domain", "level", "founded", "successors"}
    assert (second.values["founded"], second.values["successors"]) == (None, [])
    [person] = rows("people", tmp_path, "name,grid_id,longitude,latitude\n王芳,g1,-,-\n")
    assert person.values["service_point"] is None


def test_a_column_without_a_meaning_is_told_unless_passed_over(tmp_path: Path) -> None:
    text = "id,name,domain,颜色\nu,甲,agency,红\n"
    with pytest.raises(BadFile, match="颜色"):
        rows("units", tmp_path, text)
    [row] = rows("units", tmp_path, text, columns=column_names("units", "颜色=-"))
    assert row.values == {"id": "u", "name": "甲", "domain": "agency"}
    with pytest.raises(BadFile, match="colour"):
        column_names("units", "a=colour")
    with pytest.raises(BadFile):
        rows("units", tmp_path, "")


def test_features_have_the_line_that_they_begin_on(tmp_path: Path) -> None:
    def feature(n: int, **more: Any) -> dict[str, Any]:
        geometry = {"type": "Polygon", "coordinates": BOW, "bbox": [0, 0, 2, 2]}
        return {"type": "Feature", "properties": {"nr": n} | more, "geometry": geometry}

    whole = {"type": "FeatureCollection", "features": [feature(1), feature(2, area="b")]}
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps(whole, indent=1))
    lines = path.read_text().splitlines()
    first, second = read_geojson(path, id_property="nr", area="a")
    assert [lines[row.line - 1].strip() for row in (first, second)] == ["{", "{"]
    assert '"type": "Feature"' in lines[second.line]
    assert (first.values["id"], first.values["area"], second.values["area"]) == ("1", "a", "b")
    assert first.values["geometry"] == {"type": "Polygon", "coordinates": BOW}
    assert first.note == ""
    [mended, _] = read_geojson(path, id_property="nr", area="a", repair=True)
    assert mended.values["geometry"]["type"] == "MultiPolygon"
    assert "Self-intersection" in mended.note


def test_what_cannot_be_repaired_is_left_for_the_service_to_refuse() -> None:
    for geometry in (
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Polygon", "coordinates": None},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]},
    ):
        assert repaired(geometry) == (geometry, "")


def test_batches_keep_to_rows_and_bytes() -> None:
    small = [Row(n, {"id": str(n)}) for n in range(1, 1202)]
    summary = Summary()
    assert [len(batch) for batch in batches(small, summary)] == [500, 500, 201]
    big = [Row(n, {"name": "x" * (BYTES_A_BATCH // 2)}) for n in (1, 2, 3)]
    huge = Row(9, {"name": "x" * BYTES_A_BATCH})
    assert [len(batch) for batch in batches([*big, huge], summary)] == [1, 1, 1]
    assert [(r.line, r.field) for r in summary.rejected] == [(9, "geometry")]


def test_grids_have_a_level_in_either_language_and_residents(tmp_path: Path) -> None:
    text = (
        "编号,名称,区域,社区,级别,常住人口\ng1,一,s,c1；c2,微网格,1250\ng2,二,s,c1,street_grid,\n"
    )
    first, second = rows("grids", tmp_path, text)
    assert (first.values["level"], first.values["population"]) == ("cell", "1250")
    assert second.values["level"] == "street_grid"
    assert "population" not in second.values
    properties = {"id": "g", "name": "三", "level": "社区网格", "population": 9}
    features = [{"type": "Feature", "properties": properties, "geometry": None}]
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    [row] = read_geojson(path)
    assert (row.values["level"], row.values["population"]) == ("community_grid", 9)


def test_linked_people_are_read_with_their_role(tmp_path: Path) -> None:
    text = "id,name,area,联动人员\ng1,一,s,民警:p1；doctor：d2;物业经理\n"
    [row] = rows("grids", tmp_path, text)
    assert row.values["linked"] == [
        {"role": "police", "id": "p1"},
        {"role": "doctor", "id": "d2"},
        {"role": "property_manager"},
    ]


def test_a_list_of_the_statistics_bureau_loads_as_areas(tmp_path: Path) -> None:
    text = (
        "统计用区划代码,城乡分类代码,名称\n"
        "440300000000,,深圳市\n440310000000,,坪山区\n440310001000,,坪山街道\n"
        "440310001001,111,六联社区居委会\n441900003000,,东城街道\n44031,,坏\n"
    )
    found = [row.values for row in rows("areas", tmp_path, text)]
    assert found[:5] == [
        {"id": "4403", "name": "深圳市", "level": "city"},
        {"id": "440310", "name": "坪山区", "level": "district", "parent": "4403"},
        {"id": "440310001", "name": "坪山街道", "level": "street", "parent": "440310"},
        {
            "id": "440310001001", "name": "六联社区居委会", "level": "community",
            "parent": "440310001",
        },
        {"id": "441900003", "name": "东城街道", "level": "street", "parent": "4419"},
    ]  # fmt: skip
    assert found[5] == {"id": "44031", "name": "坏"}  # without a level: the service refuses it


def test_a_geojson_file_is_read_piece_by_piece(tmp_path: Path) -> None:
    def feature(n: int) -> str:
        ring = [[n, 0], [n, 1 + n / 7], [n + 1, 1], [n, 0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        properties = {"id": f"g{n}", "name": "网" * 200, "area": "a"}
        return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})

    path = tmp_path / "grids.geojson"
    head, tail = '{"crs": null, "features": [\n', '\n], "type": "FeatureCollection"}\n'
    path.write_text(head + ",\n".join(map(feature, range(5_000))) + tail, "utf-8")
    tracemalloc.start()
    found = [(row.line, row.values["id"]) for row in read_geojson(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == [(n + 2, f"g{n}") for n in range(5_000)]
    assert path.stat().st_size > 5_000_000
    assert peak < 2_000_000
    for spoilt in (
        head + feature(1) + "," + feature(2)[:-3],
        head + feature(1) + tail.replace("FeatureCollection", "Feature"),
        '{"type": "FeatureCollection"}',
        "[]",
        "",
    ):
        path.write_text(spoilt, "utf-8")
        with pytest.raises(BadFile):
            list(read_geojson(path))
