"""The `lianxin` command: its sub-commands, and nothing else."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from cli.check_scheme import check_scheme
from cli.city.command import make_city
from cli.dead_letters import dead_letters_app
from cli.failures import FAILED, Failure, Guarded
from cli.find_problems import find_problems
from cli.grid_check import grid_check
from cli.imports_registry import import_app
from cli.language import tr
from cli.learn_routing import learn_routing
from cli.publish import publish
from cli.replays import moment_of, replay
from cli.sending import Via
from cli.status import status
from cli.tokens import token
from cli.world import JsonOption, TokenOption, UrlOption, UrlsOption, open_world, urls_of

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    add_completion=False,
    help=tr("help.lianxin"),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(help=tr("help.local"))
def local(
    data: Annotated[Path, typer.Option(help=tr("help.data"))] = Path(".data"),
    no_demo: Annotated[bool, typer.Option("--no-demo", help=tr("help.no-demo"))] = False,
    exit_after_demo: Annotated[
        bool, typer.Option("--exit-after-demo", help=tr("help.exit-after-demo"))
    ] = False,
) -> None:
    """Run the whole system on this machine."""
    from deploy.local.run import run_local  # noqa: PLC0415 (not needed by the others)

    raise typer.Exit(run_local(data=data, demo=not no_demo, exit_after_demo=exit_after_demo))


@app.command(help=tr("help.audit"))
def audit(
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help=tr("help.audit-since"), show_default=False)
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help=tr("help.audit-wait"))] = 0.0,
    scores: Annotated[bool, typer.Option("--scores", help=tr("help.audit-scores"))] = False,
    month: Annotated[
        str | None,
        typer.Option(metavar="2026-05", help=tr("help.audit-month"), show_default=False),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=tr("help.audit-quick"))] = False,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what the services know; exit status 0: nothing missing, nothing counted twice."""
    from cli.audit import run_audit  # noqa: PLC0415 (not needed by the others)

    world = open_world(urls, url, token)
    if scores:
        from cli.audit_scores import audit_scores  # noqa: PLC0415 (not needed by the others)

        raise typer.Exit(
            audit_scores(
                world.urls, world.token, Console(), month, quick=quick, wait=wait, as_json=as_json
            )
        )
    moment = None if since is None else moment_of(since, datetime.now(UTC))
    raise typer.Exit(
        run_audit(world.urls, world.token, Console(), moment, wait=wait, as_json=as_json)
    )


@import_app.callback()
def registry_defaults(context: typer.Context) -> None:
    """Give the loads of the registry the address and the token that all sub-commands find."""
    found = {"url": urls_of()["registry"]}
    with suppress(Failure):  # the sub-command says itself what it lacks
        found["token"] = open_world().token
    kinds = ("areas", "units", "organizations", "grids", "people", "volunteers")
    context.default_map = dict.fromkeys(kinds, found)


@import_app.command("requests", help=tr("help.import-requests"))
def requests(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=tr("help.table"))],
    format: Annotated[str, typer.Option(metavar="NAME|FILE.yaml", help=tr("help.format"))],
    limit: Annotated[
        int | None, typer.Option(min=1, help=tr("help.limit"), show_default=False)
    ] = None,
    via: Annotated[Via, typer.Option(help=tr("help.via"))] = Via.HTTP,
    as_unit: Annotated[
        str | None, typer.Option(metavar="ID", help=tr("help.as-unit"), show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=tr("help.output"), show_default=False),
    ] = None,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a table of requests; exit status 1 where rows were rejected."""
    from cli.import_requests import import_requests  # noqa: PLC0415 (not needed by the others)
    from cli.mapping.format import load_format  # noqa: PLC0415

    summary = import_requests(
        open_world(urls, url, token),
        load_format(format),
        file,
        limit=limit,
        via=via,
        as_unit=as_unit,
        output=output,
        console=Console(stderr=True),
    )
    folder = output or file.parent
    if as_json:
        typer.echo(orjson.dumps(summary).decode())
    else:
        numbers = {name: getattr(summary, name) for name in summary.__slots__}
        rate = summary.events / summary.seconds if summary.seconds else 0.0
        typer.echo(
            tr("imported", **(numbers | {"seconds": f"{summary.seconds:.1f}"}), rate=f"{rate:.0f}")
        )
        if summary.rejected:
            typer.echo(tr("see-rejected", path=folder / f"{file.name}.rejected.csv"))
        if summary.remarks:
            typer.echo(tr("see-remarks", path=folder / f"{file.name}.remarks.csv"))
    if summary.rejected:
        raise typer.Exit(FAILED)


app.add_typer(import_app, name="import", help=tr("help.import"))
app.add_typer(dead_letters_app, name="dead-letters", help=tr("help.dead-letters"))
app.command("check-scheme", help=tr("help.check-scheme"))(check_scheme)
app.command("find-problems", help=tr("help.find-problems"))(find_problems)
app.command("grid-check", help=tr("help.grid-check"))(grid_check)
app.command("learn-routing", help=tr("help.learn-routing"))(learn_routing)
app.command("make-city", help=tr("help.make-city"))(make_city)
app.command("publish", help=tr("help.publish"))(publish)
app.command("replay", help=tr("help.replay"))(replay)
app.command("status", help=tr("help.status"))(status)
app.command("token", help=tr("help.issue-token"))(token)


def run() -> None:
    """Entry point of the `lianxin` command."""
    app()


if __name__ == "__main__":
    run()
