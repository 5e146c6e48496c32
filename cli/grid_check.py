"""`lianxin grid-check --area CODE`: overlaps and holes of an area's grids in two tables."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.failures import FAILED
from cli.http import answer_of, connect
from cli.language import language, tr
from cli.world import JsonOption, TokenOption, UrlOption, UrlsOption, open_world
from shared.contracts.words import label


def grid_check(
    area: Annotated[str, typer.Option(metavar="CODE", help=tr("help.grid-check-area"))],
    tolerance: Annotated[float, typer.Option(min=0, help=tr("help.grid-check-tolerance"))] = 100.0,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the registry finds; exit status 0: nothing, 1: overlaps or holes."""
    with connect(open_world(urls, url, token), "registry") as client:
        asked: dict[str, str | float] = {"area": area, "tolerance": tolerance}
        found = answer_of(client.get("/v1/grid-check", params=asked))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
    else:
        _show(found, Console())
    if found["overlaps"] or found["holes"]:
        raise typer.Exit(FAILED)


def _show(found: Mapping[str, Any], console: Console) -> None:
    numbers = {"overlaps": len(found["overlaps"]), "holes": len(found["holes"])}
    console.print(
        tr("grid-check", drawn=found["drawn"], listed=found["listed"], **numbers), markup=False
    )
    if found["overlaps"]:
        table = _table("title.overlaps", "level", "grids", "square-metres", "share", "point")
        for one in found["overlaps"]:
            grids = " / ".join(f"{escape(grid['name'])} ({grid['id']})" for grid in one["grids"])
            level = label(f"grid.{one['level']}", language())
            table.add_row(level, grids, _size(one), f"{one['share']:.1%}", _point(one))
        console.print(table)
    if found["holes"]:
        table = _table("title.holes", "square-metres", "point")
        for one in found["holes"]:
            table.add_row(_size(one), _point(one))
        console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=tr(title))
    for name in columns:
        table.add_column(
            tr(f"column.{name}"), justify="right" if name in {"square-metres", "share"} else "left"
        )
    return table


def _size(land: Mapping[str, Any]) -> str:
    return f"{land['square_metres']:,.0f}"


def _point(land: Mapping[str, Any]) -> str:
    point = land["point"]
    return f"{point['longitude']:.5f}, {point['latitude']:.5f}"
