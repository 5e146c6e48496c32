"""`lianxin grid-check --area CODE`: overlaps and holes of an area's grids in tables."""

from collections.abc import Iterable, Mapping
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
    at: Annotated[str | None, typer.Option(help=tr("help.grid-check-at"))] = None,
    limit: Annotated[int, typer.Option(min=1, help=tr("help.grid-check-limit"))] = 200,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the registry finds; exit status 0: nothing, 1: something."""
    with connect(open_world(urls, url, token), "registry") as client:
        asked: dict[str, str | float] = {"area": area, "tolerance": tolerance, "limit": limit}
        if at is not None:
            asked["at"] = at
        found = answer_of(client.get("/v1/grid-check", params=asked))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
    else:
        _show(found, Console())
        if max(found["totals"].values()) > limit:
            typer.echo(tr("grid-check-more", limit=limit))
    if any(found["totals"].values()):
        raise typer.Exit(FAILED)


def _show(found: Mapping[str, Any], console: Console) -> None:
    numbers = found["totals"] | {"drawn": found["drawn"], "listed": found["listed"]}
    console.print(tr("grid-check", **numbers), markup=False)
    if found["overlaps"]:
        table = _table("title.overlaps", "level", "grids", "square-metres", "share", "point")
        for one in found["overlaps"]:
            table.add_row(
                _level(one), _named(one["grids"]), _size(one), f"{one['share']:.1%}", _point(one)
            )
        console.print(table)
    if found["holes"]:
        table = _table("title.holes", "square-metres", "point")
        for one in found["holes"]:
            table.add_row(_size(one), _point(one))
        console.print(table)
    if found["shared_communities"]:
        table = _table("title.shared_communities", "level", "community", "grids")
        for one in found["shared_communities"]:
            table.add_row(_level(one), _named([one["community"]]), _named(one["grids"]))
        console.print(table)
    if found["missing_communities"]:
        table = _table("title.missing_communities", "community")
        for one in found["missing_communities"]:
            table.add_row(_named([one]))
        console.print(table)


def _level(one: Mapping[str, Any]) -> str:
    return label(f"grid.{one['level']}", language())


def _named(entries: Iterable[Mapping[str, Any]]) -> str:
    return " / ".join(f"{escape(one['name'] or '—')} ({one['id']})" for one in entries)


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
