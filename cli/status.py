"""`lianxin status`: the whole system in one table, worst first, with what to do."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.table import Table

from cli.failures import failure
from cli.findings import Finding, Metrics, Severity, assess, parse, worst_first
from cli.language import tr
from cli.world import SERVICES, JsonOption, UrlOption, UrlsOption, urls_of

_STYLES = {Severity.WELL: "green", Severity.WARNING: "yellow", Severity.CRITICAL: "bold red"}
_TIMEOUT = httpx.Timeout(8.0, connect=3.0)


def status(
    urls: UrlsOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
    every: Annotated[bool, typer.Option("--all", "-a", help=tr("help.status-all"))] = False,
    watch: Annotated[
        float | None,
        typer.Option(min=0.5, metavar="SECONDS", help=tr("help.watch"), show_default=False),
    ] = None,
) -> None:
    """Show the system; exit status 0: all well, 1: warnings, 2: critical."""
    if watch is not None and as_json:
        raise failure("watch-json")
    where = urls_of(urls, url)
    console = Console()
    while True:
        findings = worst_first(
            finding for metrics in asyncio.run(look(where)) for finding in assess(metrics)
        )
        if as_json:
            typer.echo(orjson.dumps([_shown(finding) for finding in findings]).decode())
        else:
            if watch is not None:
                console.clear()
            console.print(table_of(findings, every=every))
        if watch is None:
            raise typer.Exit(max(finding.severity for finding in findings))
        time.sleep(watch)


async def look(urls: dict[str, str]) -> list[Metrics]:
    """Look at every service at once."""
    async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
        return list(
            await asyncio.gather(*(_look_at(client, name, urls[name]) for name in SERVICES))
        )


async def _look_at(client: httpx.AsyncClient, service: str, url: str) -> Metrics:
    try:
        ready = await client.get(f"{url}/ready")
        metrics = await client.get(f"{url}/metrics")
        samples = parse(metrics.text) if metrics.is_success else None
        missing = () if ready.is_success else _missing(ready)
    except httpx.HTTPError as error:
        return Metrics(service, away=f"{url} ({type(error).__name__})")
    except ValueError:
        return Metrics(service, away=tr("not-lianxin", url=url))
    return Metrics(service, missing=missing, samples=samples)


def _missing(ready: httpx.Response) -> tuple[tuple[str, str], ...]:
    """What a service that is not ready misses. Raises ValueError where it is no service."""
    problem = ready.json()
    entries = problem.get("missing") if isinstance(problem, dict) else None
    if not entries:
        return (("/ready", str(ready.status_code)),)
    return tuple((str(entry["name"]), str(entry["detail"])) for entry in entries)


def table_of(findings: Sequence[Finding], *, every: bool = False) -> Table:
    """The table: what is wrong, then one row for each service with the figures that are well."""
    table = Table(title=tr("title.status"), title_justify="left", show_lines=False)
    for column in ("severity", "service", "what", "value", "advice"):
        table.add_column(tr(f"column.{column}"), overflow="fold", no_wrap=column == "service")
    for finding in findings:
        if every or finding.severity:
            table.add_row(
                _severity(finding.severity),
                finding.service,
                tr(f"what.{finding.what}"),
                _value(finding),
                finding.advice,
            )
    for service in () if every else dict.fromkeys(f.service for f in findings):
        well = [f for f in findings if f.service == service and not f.severity]
        if well:
            named = [f"{tr(f'what.{f.what}')} {_value(f)}" for f in well if f.value != 0]
            table.add_row(
                _severity(Severity.WELL),
                service,
                tr("what.rest"),
                "",
                ", ".join([*named, tr("others-zero")]),
            )
    return table


def _severity(severity: Severity) -> str:
    return f"[{_STYLES[severity]}]{tr(f'severity.{severity.name.lower()}')}[/]"


def _value(finding: Finding) -> str:
    value = finding.value
    return value if isinstance(value, str) else f"{value:g}"


def _shown(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.name.lower(),
        "service": finding.service,
        "what": finding.what,
        "value": finding.value,
        "advice": finding.advice,
    }
