"""`lianxin learn-routing FILE`: a draft of dispatch's routing table from a city's own history."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from cli.failures import failure
from cli.http import connect
from cli.import_requests import entries_of
from cli.language import tr
from cli.learning.history import History, read_history
from cli.learning.routing import Draft, Learnt, halves, learn
from cli.mapping.areas import Area, Areas
from cli.mapping.format import Format, UnitIdentity, load_format
from cli.mapping.rows import Mapper
from cli.mapping.table import Table
from cli.mapping.units import UnitTally
from cli.world import JsonOption, TokenOption, UrlOption, UrlsOption, open_world

_MOST_RULES = 5000
"""As many as dispatch takes."""


def learn_routing(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=tr("help.table"))],
    format: Annotated[str, typer.Option(metavar="NAME|FILE.yaml", help=tr("help.format"))],
    output: Annotated[Path, typer.Option(metavar="FILE", help=tr("help.learn-output"))] = Path(
        "routing.json"
    ),
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help=tr("help.learn-confidence"))
    ] = 0.7,
    weight: Annotated[float, typer.Option(min=0, help=tr("help.learn-weight"))] = 2.0,
    least: Annotated[int, typer.Option(min=1, help=tr("help.learn-least"))] = 1,
    seed: Annotated[int, typer.Option(help=tr("help.learn-seed"))] = 1,
    show: Annotated[int, typer.Option(min=0, help=tr("help.learn-show"))] = 20,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from one half and check on the other; then write what the whole history teaches."""
    known = load_format(format)
    table = Table(file, known)
    areas = Areas(())
    if known.area:
        with connect(open_world(urls, url, token), "registry") as registry:
            areas = Areas(map(Area.of, entries_of(registry, "areas")))
        if not len(areas):
            raise failure("no-areas")
    mapper = Mapper(known, areas, known.unit.id, datetime.now(UTC))
    history = read_history(table.rows(), known, areas, mapper)
    if len(history.cases) < 2:
        raise failure("learn-nothing", path=file)
    one_half, other = halves(history.cases, seed)
    by = partial(learn, confidence=confidence, weight=weight, least=least)
    checked = by(one_half).check(other)
    draft = by(history.cases)
    if len(draft.rules) > _MOST_RULES:
        raise failure("learn-many", rules=len(draft.rules), most=_MOST_RULES, least=least + 1)
    try:
        output.write_bytes(orjson.dumps(draft.table(), option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise failure("output", path=output, error=error.strerror or error) from None
    undecided = draft.undecided(history.cases)
    if as_json:
        found = {
            "cases": len(history.cases),
            "rejected": history.rejected,
            "without_unit": history.without_unit,
            "without_category": history.without_category,
            "rules": len(draft.rules),
            "checked": asdict(checked) | checked.shares(),
            "undecided": [_as_json(learnt, number) for learnt, number in undecided],
        }
        typer.echo(orjson.dumps(found).decode())
        return
    _tell(history, draft, checked.shares(), checked.cases, output)
    if show and undecided:
        names = {unit.id: unit.name for unit in _units(table, known)}
        _show(undecided, show, names, Console())


def _units(table: Table, known: Format) -> Sequence[UnitIdentity]:
    tally = UnitTally(known)
    for row in table.rows():
        if not row.error:
            tally.add(row.values)
    return tally.units()


def _as_json(learnt: Learnt, number: int) -> dict[str, Any]:
    return {
        "category": learnt.cell.category,
        "area": learnt.cell.area,
        "cases": number,
        "units": [{"id": unit, "share": round(share, 3)} for unit, share in learnt.units],
    }


def _tell(
    history: History, draft: Draft, shares: Mapping[str, float], checked: int, output: Path
) -> None:
    left = history.rejected + history.without_unit + history.without_category
    typer.echo(tr("learnt", cases=len(history.cases), left=left, rules=len(draft.rules)))
    percent = {name: f"{share:.1%}" for name, share in shares.items()}
    typer.echo(tr("learn-checked", checked=checked, **percent))
    typer.echo(tr("learn-written", path=output))


def _show(
    undecided: Sequence[tuple[Learnt, int]],
    limit: int,
    names: Mapping[str, str],
    console: Console,
) -> None:
    title = tr("title.learn-undecided", number=len(undecided), shown=min(limit, len(undecided)))
    shown = Shown(title=title, title_justify="left")
    for column in ("category", "area", "cases", "likeliest"):
        shown.add_column(
            tr(f"column.{column}"),
            justify="right" if column == "cases" else "left",
            overflow="fold",
        )
    for learnt, number in undecided[:limit]:
        units = ", ".join(f"{names.get(id, id)} ({id}) {share:.0%}" for id, share in learnt.units)
        shown.add_row(
            learnt.cell.category or "—", learnt.cell.area or "—", str(number), escape(units)
        )
    console.print(shown)
