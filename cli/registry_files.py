"""Files of registry entries (CSV, GeoJSON) as rows of `POST /v1/imports/{kind}`."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import shapely
from shapely.geometry import MultiPolygon, mapping, shape
from shapely.lib import ShapelyError

from shared.contracts.words import LABELS

COLUMNS: dict[str, tuple[str, ...]] = {
    "areas": ("id", "name", "level", "parent", "retired"),
    "units": (
        "id", "name", "domain", "area", "system", "superior_unit_id", "superior_organization_id",
        "retired",
    ),
    "organizations": (
        "id", "name", "domain", "level", "unit_id", "area", "parent", "founding", "founded",
        "successors", "retired",
    ),
    "grids": (
        "id", "name", "area", "communities", "organization_id", "leader", "members",
        "level", "population", "linked", "valid_from", "retired",
    ),
    "people": (
        "id", "name", "telephone", "skills", "grid_id", "capacity", "available",
        "longitude", "latitude", "unit_id", "number", "organization_id", "services", "retired",
    ),
}  # fmt: skip
ALIASES = {
    "code": "id", "编号": "id", "编码": "id", "代码": "id", "名称": "name", "姓名": "name",
    "级别": "level", "层级": "level", "上级": "parent", "领域": "domain", "区域": "area",
    "单位": "unit_id", "网格": "grid_id", "grid": "grid_id", "unit": "unit_id",
    "社区": "communities", "党组织": "organization_id", "网格长": "leader", "成员": "members",
    "电话": "telephone", "手机": "telephone", "phone": "telephone", "技能": "skills",
    "容量": "capacity", "可用": "available", "经度": "longitude", "纬度": "latitude",
    "人口": "population", "常住人口": "population", "联动人员": "linked",
    "志愿者编号": "number", "登记编号": "number",
    "所属党组织": "organization_id", "服务类别": "services", "服务项目": "services",
    **dict.fromkeys(("统计用区划代码", "区划代码"), "id"),
    "生效时间": "valid_from",
    "停用": "retired",
    "组建方式": "founding", "成立日期": "founded", "承接党组织": "successors",
    "系统": "system", "主管单位": "superior_unit_id", "主管党组织": "superior_organization_id",
}  # fmt: skip
DIVISION_LEVELS = (
    ("streetCode", "community"), ("areaCode", "street"), ("cityCode", "district"),
    ("provinceCode", "city"),
)  # fmt: skip
"""National division code files: the lowest code that a file's rows carry tells their level."""
STATISTICS = ("统计用区划代码", "区划代码")
"""Columns of the statistics bureau's own lists: 12 digits at every level, zeros where it ends."""
URBAN_RURAL = ("城乡分类代码", "城乡分类")
"""A column of those lists that the registry does not keep."""
REPORT = ("line", "field", "reason_zh", "reason_en")
_LISTS = frozenset({"communities", "members", "skills", "services", "linked", "successors"})
_CLEARED = "-"
"""A cell that says that there is none; an empty one says nothing, and what is there stays."""
_APART = re.compile(r"[;；、|]")
_COLON = re.compile(r"\s*[:：]\s*")
_LABELLED = {
    "domain": {zh: key[7:] for key, (zh, _) in LABELS.items() if key.startswith("domain.")},
    "founding": {zh: key[9:] for key, (zh, _) in LABELS.items() if key.startswith("founding.")},
    "role": {zh: key[5:] for key, (zh, _) in LABELS.items() if key.startswith("role.")},
    "level": {
        zh: key.partition(".")[2]
        for key, (zh, _) in LABELS.items()
        if key.startswith(("level.", "area.", "grid."))
    },
}
_FEATURES = re.compile(r'"features"\s*:\s*\[')
_SEPARATOR = re.compile(r"[\s,]*")
_PIECE = 1 << 16
"""Characters of a GeoJSON file read at a time."""


class BadFile(Exception):
    """The file as a whole cannot be read; the sentence says what to do."""


@dataclass(slots=True)
class Row:
    """A row to send: `line` in the file from 1, `values` as the API takes them.

    `shown` is what the file of rejected rows repeats; `note` says what was repaired.
    """

    line: int
    values: dict[str, Any]
    shown: dict[str, str] = field(default_factory=dict)
    note: str = ""


def read_csv(
    kind: str, path: Path, columns: Mapping[str, str] | None = None, encoding: str = "utf-8-sig"
) -> Iterator[Row]:
    """Rows of a CSV file.

    Args:
        kind: as in `COLUMNS`.
        columns: the file's column -> ours, or `-` to pass it over; others go by their own name
            or `ALIASES`.

    Raises:
        BadFile: not text in `encoding`, no header, or a column that means nothing.
    """
    try:
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            meant, level = _meaning(kind, header, columns or {})
            statistics = level is None and kind == "areas" and bool({*STATISTICS} & {*header})
            begun = reader.line_num
            for cells in reader:
                line, begun = begun + 1, reader.line_num
                if not any(cell.strip() for cell in cells):
                    continue
                values = {} if level is None else {"level": level}
                for name, cell in zip(meant, cells, strict=False):
                    if name is not None and cell.strip():
                        values[name] = _value(name, cell.strip())
                _place(values)
                if statistics:
                    values |= division(str(values.get("id", "")))
                yield Row(line, values, dict(zip(header, cells, strict=False)))
    except UnicodeDecodeError:
        raise BadFile(
            f"{path} 不是 {encoding} 编码：请另存为 UTF-8，或用 --encoding gb18030。"
            f" {path} is not {encoding} text: save it as UTF-8, or give --encoding gb18030."
        ) from None
    except csv.Error as error:
        raise BadFile(f"{path} 不是 CSV 文件（not a CSV file: {error}）。") from None


def _meaning(
    kind: str, header: list[str], columns: Mapping[str, str]
) -> tuple[list[str | None], str | None]:
    """For each column what it means (None: nothing), and the level that all rows have."""
    known = COLUMNS[kind]
    divisions = kind == "areas" and not {"parent", "上级"} & {*header, *columns.values()}
    parent, level = None, None
    if divisions:
        found = next(((c, lv) for c, lv in DIVISION_LEVELS if c in header), None)
        if found is not None:
            parent, level = found if found[1] != "city" else (None, "city")
        if {"level", "级别", "层级"} & {*header, *columns.values()}:
            level = None
    passed_over = {*REPORT}
    if kind == "areas":
        passed_over |= {*URBAN_RURAL, *(name for name, _ in DIVISION_LEVELS)}
    meant: list[str | None] = []
    for name in header:
        to = columns.get(name) or (name if name in known else ALIASES.get(name))
        if name == parent and name not in columns:
            to = "parent"
        if to == "-" or (to is None and name in passed_over):
            meant.append(None)
        elif to in known:
            meant.append(to)
        else:
            allowed = ", ".join(known)
            raise BadFile(
                f"列 {name!r} 没有含义：请改名，或用 --columns {name}=<列名> 说明，{name}=- 表示"
                f"不用（column {name!r} means nothing here; the columns are {allowed}）。"
            )
    if not any(meant):
        raise BadFile("文件没有标题行（the file has no header line）。")
    return meant, level


def division(code: str) -> dict[str, str]:
    """Id, level and parent that a code of 12 digits says; {} for what is not such a code.

    Its digits are 2 of the province, 2 of the city, 2 of the district, 3 of the street, 3 of the
    community; what is below the level is zeros, which the registry's ids leave out. A city without
    districts (00) has its streets directly.
    """
    if not re.fullmatch(r"[0-9]{12}", code):
        return {}
    city, district, street = code[:4], code[:6], code[:9]
    if code[9:] != "000":
        return {"id": code, "level": "community", "parent": street}
    if code[6:9] != "000":
        above = city if code[4:6] == "00" else district
        return {"id": street, "level": "street", "parent": above}
    if code[4:6] != "00":
        return {"id": district, "level": "district", "parent": city}
    return {"id": city, "level": "city"}


def _value(name: str, cell: str) -> Any:
    if cell == _CLEARED:
        return [] if name in _LISTS else None
    if name in _LISTS:
        items = [item.strip() for item in _APART.split(cell) if item.strip()]
        return [_linked(item) for item in items] if name == "linked" else items
    if name in {"available", "retired"}:
        return {"是": True, "否": False}.get(cell, cell)
    return _LABELLED.get(name, {}).get(cell, cell)


def _linked(item: str) -> dict[str, str]:
    """`民警:p1` or `police:p1`; without an id as it is, for the service to refuse."""
    role, *id = _COLON.split(item, maxsplit=1)
    return {"role": _LABELLED["role"].get(role, role)} | ({"id": id[0]} if id else {})


def _place(values: dict[str, Any]) -> None:
    point = {name: values.pop(name) for name in ("longitude", "latitude") if name in values}
    if point:
        cleared = all(value is None for value in point.values())
        values["service_point"] = None if cleared else point


def read_geojson(
    path: Path,
    *,
    id_property: str = "id",
    name_property: str = "name",
    area: str | None = None,
    repair: bool = False,
) -> Iterator[Row]:
    """Grids of a GeoJSON FeatureCollection, each with the line that its feature begins on.

    Args:
        area: of grids whose properties have none.
        repair: mend polygons that cross themselves (`shapely.make_valid`) and note it.

    Raises:
        BadFile: not a FeatureCollection.
    """
    for line, feature in _features(path):
        properties = feature.get("properties") or {}
        taken = {name: properties.get(name) for name in COLUMNS["grids"]}
        taken |= {"id": properties.get(id_property), "name": properties.get(name_property)}
        if taken["id"] is None and id_property == "id":
            taken["id"] = feature.get("id")
        if isinstance(taken["id"], int):
            taken["id"] = str(taken["id"])
        taken["area"] = taken["area"] or area
        if isinstance(taken["level"], str):
            taken["level"] = _value("level", taken["level"])
        values = {name: value for name, value in taken.items() if value is not None}
        geometry, note = feature.get("geometry"), ""
        if isinstance(geometry, dict):
            geometry = {name: geometry.get(name) for name in ("type", "coordinates")}
            if repair:
                geometry, note = repaired(geometry)
            values["geometry"] = geometry
        shown = {name: str(values.get(name, "")) for name in ("id", "name", "area")}
        yield Row(line, values, shown, note)


def _features(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The features one by one, each with its line; only some of the file is in memory."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Features(file)
    except ValueError as error:
        raise BadFile(f"{path} 不是 GeoJSON 文件（not JSON: {error}）。") from None
    except LookupError:
        raise BadFile(
            f"{path} 应为 GeoJSON FeatureCollection（give a FeatureCollection）。"
        ) from None


class _Features:
    """Walks along `file`, whose features it decodes from a piece of the text at a time.

    Raises `ValueError` where it is not JSON, `LookupError` where it is no FeatureCollection.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._line = 1

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        begun = _FEATURES.search(self._text)
        while begun is None:
            if not self._more():
                json.loads(self._text)
                raise LookupError
            begun = _FEATURES.search(self._text)
        head = self._take(begun.end())
        decoder = json.JSONDecoder()
        while True:
            self._take(_end_of(_SEPARATOR.match(self._text)))
            if not self._text and self._more():
                continue
            if self._text.startswith("]"):
                break
            try:
                feature, end = decoder.raw_decode(self._text)
            except ValueError:
                if not self._more():
                    raise
                continue
            if isinstance(feature, dict):
                yield self._line, feature
            self._take(end)
        whole = json.loads(head + self._text + self._file.read())
        if not isinstance(whole, dict) or whole.get("type") != "FeatureCollection":
            raise LookupError

    def _more(self) -> bool:
        """Read on, as much again as is there; False at the end of the file."""
        read = self._file.read(max(_PIECE, len(self._text)))
        self._text += read
        return bool(read)

    def _take(self, end: int) -> str:
        """The text up to `end`, which is let go and whose lines are counted."""
        taken, self._text = self._text[:end], self._text[end:]
        self._line += taken.count("\n")
        return taken


def _end_of(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def repaired(geometry: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The geometry made valid, and what was mended ("" where nothing was).

    Of what `make_valid` gives only the polygons stay; what cannot be read is left as it is, for
    the service to refuse.
    """
    try:
        made = shape(geometry)
        if made.is_valid:
            return geometry, ""
        why = shapely.is_valid_reason(made)
        parts = [
            part
            for part in shapely.get_parts(shapely.make_valid(made), return_index=False)
            for part in (shapely.get_parts(part) if part.geom_type != "Polygon" else [part])
            if part.geom_type == "Polygon" and part.area > 0
        ]
    except (ValueError, TypeError, AttributeError, ShapelyError):
        return geometry, ""
    if not parts:
        return geometry, ""
    mended = mapping(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    return json.loads(json.dumps(mended)), why
