"""`lianxin find-problems FILE`: recurring problems in a city's own history, month by month."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Shown

from cli.failures import failure
from cli.http import connect
from cli.import_requests import entries_of
from cli.language import language, tr
from cli.mapping.areas import Area, Areas
from cli.mapping.format import load_format
from cli.mapping.rows import Mapper
from cli.mapping.table import Table
from cli.world import JsonOption, TokenOption, UrlOption, UrlsOption, open_world

if TYPE_CHECKING:
    from services.assessment.problems.finder import Finder
    from services.assessment.problems.findings import Finding

_COLUMNS = ("basis", "category", "area", "cases", "expected", "ratio", "p", "above")


def find_problems(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=tr("help.table"))],
    format: Annotated[str, typer.Option(metavar="NAME|FILE.yaml", help=tr("help.format"))],
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help=tr("help.problems-rules"))
    ] = None,
    month: Annotated[str | None, typer.Option(help=tr("help.problems-month"))] = None,
    named_by: Annotated[str | None, typer.Option(help=tr("help.problems-named-by"))] = None,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at every month of the table as assessment would, and print what each has found."""
    # The finder brings the database's driver along, which no other command needs.
    from cli.learning.problems import count  # noqa: PLC0415
    from services.assessment.problems.finder import look_at  # noqa: PLC0415
    from services.assessment.problems.table import ProblemRules  # noqa: PLC0415
    from services.assessment.tables import SHIPPED  # noqa: PLC0415

    path = rules or SHIPPED / f"{ProblemRules.NAME}.json"
    try:
        table = ProblemRules.model_validate_json(path.read_bytes())
    except OSError as error:
        raise failure("problems-rules", path=path, error=error.strerror or error) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise failure("problems-rules", path=path, error=f"{where}: {first['msg']}") from None
    known = load_format(format)
    with connect(open_world(urls, url, token), "registry") as registry:
        entries = list(map(Area.of, entries_of(registry, "areas")))
    if not entries:
        raise failure("no-areas")
    areas = Areas(entries)
    mapper = Mapper(known, areas, known.unit.id, datetime.now(UTC))
    counts = count(Table(file, known).rows(), areas, mapper, table, named_by)
    months = sorted({row.month for rows in counts.rows.values() for row in rows})
    levels = {area.code: area.level for area in entries}
    names = {area.code: area.name for area in entries}
    called = {category: some.most_common(1)[0][0] for category, some in counts.names.items()}
    looked = [
        (one, *look_at(counts.rows, levels, table, one)) for one in months if month in (None, one)
    ]
    if as_json:
        found = {
            "counted": counts.counted,
            "rejected": counts.rejected,
            "left_out": counts.left_out,
            "months": [_as_json(*one, called) for one in looked],
        }
        typer.echo(orjson.dumps(found).decode())
        return
    typer.echo(
        tr(
            "problems-counted",
            counted=counts.counted,
            rejected=counts.rejected,
            left=counts.left_out,
        )
    )
    console = Console()
    for one, finder, findings in looked:
        _show(one, finder, findings, names, called, console)


def _as_json(
    month: str, finder: "Finder", findings: "Sequence[Finding]", called: dict[str, str]
) -> dict[str, Any]:
    return {
        "month": month,
        "requests": finder.requests,
        "tests": finder.number(),
        "window": finder.window,
        "before": finder.before,
        "findings": [
            {
                "basis": one.basis.value,
                "category": one.category,
                "name": called.get(one.category),
                "place": one.place,
                "level": one.level,
                "count": one.count,
                "sample": one.sample,
                "expected": one.expected,
                "ratio": one.ratio,
                "p": one.p,
                "cut": one.cut,
                "above": one.above,
                "of": one.of,
            }
            for one in findings
        ],
    }


def _show(
    month: str,
    finder: "Finder",
    findings: "Sequence[Finding]",
    names: dict[str, str],
    called: dict[str, str],
    console: Console,
) -> None:
    title = tr(
        "title.problems",
        month=month,
        requests=finder.requests,
        tests=finder.number(),
        found=len(findings),
        window=len(finder.window),
    )
    if not findings:
        typer.echo(title)
        return
    from services.assessment.problems.messages import BASES  # noqa: PLC0415 (as above)

    shown = Shown(title=title, title_justify="left")
    for column in _COLUMNS:
        right = column in ("cases", "expected", "ratio", "p")
        shown.add_column(
            tr(f"column.{column}"), justify="right" if right else "left", overflow="fold"
        )
    which = 0 if language() == "zh" else 1
    for one in findings:
        category = " ".join(filter(None, (called.get(one.category), one.category)))
        cases = f"{one.count}/{one.sample}" if one.sample else str(one.count)
        above = f"{len(one.above)}/{one.of}" if one.of else "—"
        shown.add_row(
            BASES[one.basis.value][which],
            escape(category),
            escape(names.get(one.place, one.place)),
            cases,
            f"{one.expected:.1f}",
            f"{one.ratio:.1f}",
            f"{one.p:.1e}",
            above,
        )
    console.print(shown)
