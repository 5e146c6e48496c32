"""`lianxin import areas|units|organizations|grids|people FILE`: bulk loads of the registry."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from cli.bars import row_bar
from cli.registry_files import COLUMNS, BadFile
from cli.registry_import import (
    ImportFailed,
    Missing,
    Summary,
    import_rows,
    missing_areas,
    write_rejected,
)

__all__ = ["Summary", "import_app", "import_rows"]

import_app = typer.Typer(
    no_args_is_help=True, help="批量导入登记数据。Load areas, units, grids, volunteers in bulk."
)

_REJECTED, _FAILED = 1, 2
_SHOWN = 5

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")]
Url = Annotated[str, typer.Option(help="登记服务地址 Address of the registry.")]
Token = Annotated[
    str,
    typer.Option(envvar="LIANXIN_TOKEN", help="令牌 Token of an administrator or area manager."),
]
Rejects = Annotated[
    Path | None,
    typer.Option(help="被拒绝的行写到哪里 Where rejected rows go; default FILE.rejected.csv"),
]
Columns = Annotated[
    str,
    typer.Option(
        metavar="THEIRS=OURS,...",
        help="列名对应，- 表示不用 The file's columns in our words; - passes one over.",
    ),
]
Encoding = Annotated[str, typer.Option(help="CSV 编码 Encoding of the CSV file, as gb18030.")]
URL = "http://127.0.0.1:8101"


@import_app.command("areas")
def import_areas(
    file: File,
    url: Url = URL,
    token: Token = "",
    rejects: Rejects = None,
    columns: Columns = "",
    encoding: Encoding = "utf-8-sig",
) -> None:
    """导入区域。Areas from CSV: id,name,level,parent,retired.

    Files of national division codes load as they are: code,name with streetCode (communities),
    areaCode (streets), cityCode (districts) or provinceCode (cities) as the parent; so do the
    statistics bureau's lists (统计用区划代码,城乡分类代码,名称), 12 digits at every level. What the
    registry has under the same parents and the file has not is told, and left alone.
    """
    run("areas", file, url, token, rejects, columns=columns, encoding=encoding)


@import_app.command("units")
def import_units(
    file: File,
    url: Url = URL,
    token: Token = "",
    rejects: Rejects = None,
    columns: Columns = "",
    encoding: Encoding = "utf-8-sig",
) -> None:
    """导入单位。Units from CSV: id,name,domain,area; domain also in Chinese (机关…).

    Further columns: system,superior_unit_id,superior_organization_id,retired. An empty cell leaves
    what is there, - clears it; so it is for every kind.
    """
    run("units", file, url, token, rejects, columns=columns, encoding=encoding)


@import_app.command("organizations")
def import_organizations(
    file: File,
    url: Url = URL,
    token: Token = "",
    rejects: Rejects = None,
    columns: Columns = "",
    encoding: Encoding = "utf-8-sig",
) -> None:
    """导入党组织。Organizations from CSV: id,name,domain,level,unit_id,area,parent.

    Further columns: founding (also in Chinese: 区域联建…),founded,successors,retired.
    """
    run("organizations", file, url, token, rejects, columns=columns, encoding=encoding)


@import_app.command("people")
@import_app.command("volunteers")
def import_people(
    file: File,
    url: Url = URL,
    token: Token = "",
    rejects: Rejects = None,
    columns: Columns = "",
    encoding: Encoding = "utf-8-sig",
) -> None:
    """导入人员（志愿者、党员）。People from CSV: id,name,telephone,skills,grid_id,capacity.

    Further columns: available,longitude,latitude,unit_id,number,organization_id,services,retired.
    Skills and services are parted by ; or 、. A number is never an identity-card number.
    Without an id the telephone number stands for the volunteer when the file is loaded again.
    """
    run("people", file, url, token, rejects, columns=columns, encoding=encoding)


@import_app.command("grids")
def import_grids(
    file: File,
    url: Url = URL,
    token: Token = "",
    rejects: Rejects = None,
    columns: Columns = "",
    encoding: Encoding = "utf-8-sig",
    id_property: Annotated[str, typer.Option(help="GeoJSON: 编号 Property with the id.")] = "id",
    name_property: Annotated[
        str, typer.Option(help="GeoJSON: 名称 Property with the name.")
    ] = "name",
    area: Annotated[
        str | None, typer.Option(help="GeoJSON: 所属区域 Area of grids that name none.")
    ] = None,
    repair: Annotated[
        bool, typer.Option(help="修复自相交的多边形 Mend polygons that cross themselves.")
    ] = False,
) -> None:
    """导入网格。Grids from GeoJSON (.geojson, .json) or CSV.

    CSV: id,name,area,communities,organization_id,leader,members,level,population,linked,retired;
    lists are parted by ;, linked is role:id (民警:p1;doctor:d2).
    GeoJSON: a FeatureCollection of polygons; properties of those names are taken too.
    """
    reading: dict[str, Any] = {"columns": columns, "encoding": encoding}
    if file.suffix.lower() in {".geojson", ".json"}:
        reading = {
            "id_property": id_property,
            "name_property": name_property,
            "area": area,
            "repair": repair,
        }
    run("grids", file, url, token, rejects, **reading)


def run(kind: str, file: Path, url: str, token: str, rejects: Path | None, **reading: Any) -> None:
    """Import with a progress bar; exit status 1 where rows were rejected, 2 where it failed."""
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    if not token:
        errors.print("请用 --token 或 LIANXIN_TOKEN 提供令牌（give a token）。", markup=False)
        raise typer.Exit(_FAILED)
    bar = row_bar(errors)
    try:
        if "columns" in reading:
            reading["columns"] = column_names(kind, reading["columns"])
        with (
            httpx.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {token}"},
                timeout=httpx.Timeout(120.0, connect=5.0),
                trust_env=False,
            ) as client,
            bar,
        ):
            task = bar.add_task(file.name)
            summary = import_rows(
                kind,
                file,
                client,
                lambda done, total: bar.update(task, completed=done, total=total),
                **reading,
            )
            missing = missing_areas(file, client, **reading) if kind == "areas" else []
    except (BadFile, ImportFailed, httpx.InvalidURL, OSError) as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(_FAILED) from None
    report = rejects or file.with_name(f"{file.name}.rejected.csv")
    write_rejected(report, summary.rejected)
    tell(console, summary, report)
    tell_missing(console, missing)
    if summary.rejected:
        raise typer.Exit(_REJECTED)


def tell(console: Console, summary: Summary, report: Path) -> None:
    """Print what became of the rows."""

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    for line, why in summary.repaired:
        say(f"第 {line} 行的多边形已修复（line {line}: polygon repaired, {why}）")
    rate = summary.rows / summary.seconds if summary.seconds else 0.0
    say(
        f"共 {summary.rows} 行：新建 {summary.created}，修改 {summary.changed}，"
        f"未变 {summary.unchanged}，拒绝 {len(summary.rejected)}"
        f"（{summary.rows} rows: {summary.created} created, {summary.changed} changed, "
        f"{summary.unchanged} unchanged, {len(summary.rejected)} rejected; "
        f"{rate:,.0f} rows/s）"
    )
    for one in summary.rejected[:_SHOWN]:
        say(f"  第 {one.line} 行 {one.field}：{one.zh}（{one.en}）")
    if summary.rejected:
        say(f"被拒绝的行在 {report}，改正后可直接再导入（mend them there and import that file）。")


def tell_missing(console: Console, missing: Sequence[Missing]) -> None:
    """Print which areas the registry has and the file no longer; nothing was done to them."""
    if not missing:
        return
    console.print(
        f"登记中有、文件中没有的区域 {len(missing)} 个，未作改动；已撤销的请停用"
        f"（{len(missing)} areas of the registry are not in the file and stay as "
        "they are; retire those that were withdrawn: DELETE "
        "/v1/areas/CODE, or retired=true in a file):",
        markup=False,
        soft_wrap=True,
    )
    for one in missing:
        same = f"，同名的新代码 {one.perhaps}（same name under a new code）" if one.perhaps else ""
        console.print(f"  {one.id} {one.name}{same}", markup=False, soft_wrap=True)


def column_names(kind: str, text: str) -> dict[str, str]:
    """`code=id,note=-` as a table. Raises `BadFile` for another form or an unknown column."""
    table: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        theirs, parted, ours = (piece.strip() for piece in part.partition("="))
        if not parted or ours not in (*COLUMNS[kind], "-"):
            allowed = ", ".join(COLUMNS[kind])
            raise BadFile(
                f"--columns {part}：请写成 列=我们的列（theirs=ours; ours: {allowed}, -）。"
            )
        table[theirs] = ours
    return table
