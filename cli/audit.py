"""`lianxin audit`: is every accepted request known everywhere, once, and are the figures right?"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import cli.audit_words  # noqa: F401 (registers the sentences)
from cli.audit_compare import (
    ASSESSMENT,
    AUDITED,
    DISPATCH,
    INTAKE,
    Comparison,
    Item,
    compare,
)
from cli.http import answer_of, connect
from cli.language import tr
from cli.world import World

_PAGE = 5000
_STREAMS = {INTAKE: "requests", DISPATCH: "tasks", ASSESSMENT: "cases"}
RECOUNT_SECONDS = 900.0
_PAUSE_SECONDS = 1.0
_SHOW_EVERY = 500


@dataclass(frozen=True, slots=True)
class Audit:
    """One pass: the services side by side, and assessment's recount (see its `RecountOut`)."""

    comparison: Comparison
    recount: dict[str, Any]

    @property
    def clean(self) -> bool:
        """Whether everything is zero."""
        recount = self.recount
        return not (
            self.comparison.wrong
            or recount["unmeasured"]
            or recount["counted_twice"]
            or recount["missing"]
            or recount["differing_total"]
        )


def run_audit(
    urls: Mapping[str, str],
    token: str,
    console: Console,
    since: datetime | None = None,
    *,
    wait: float = 0.0,
    as_json: bool = False,
) -> int:
    """Audit the system and report on `console`.

    Args:
        urls: addresses of the services by name.
        token: an administrator's.
        since: only requests that came from then on; figures are always compared whole.
        wait: for how many seconds to audit again until everything is settled.
        as_json: print one JSON document in place of tables.

    Returns:
        0 where nothing is missing, behind, counted twice or different; else 1.

    Raises:
        Failure: a service refused; `httpx.TransportError`: it is away.
    """
    world = World(urls, token)
    clients = {name: connect(world, name) for name in AUDITED}
    end = time.monotonic() + wait
    try:
        with _progress(console, hidden=as_json) as progress:
            bar = progress.add_task("", total=None)
            for round in range(1, 1_000_000):
                audit = _once(
                    clients, since, lambda text: progress.update(bar, description=text), round
                )
                if audit.clean or time.monotonic() >= end:
                    break
                progress.update(bar, description=tr("audit.waiting"))
                time.sleep(_PAUSE_SECONDS)
    finally:
        for client in clients.values():
            client.close()
    if as_json:
        console.out(orjson.dumps(_document(audit), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(console, audit, urls)
    return 0 if audit.clean else 1


def _progress(console: Console, *, hidden: bool) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=hidden)


def _once(
    clients: Mapping[str, httpx.Client],
    since: datetime | None,
    say: Callable[[str], None],
    round: int,
) -> Audit:
    def counted() -> Iterator[Item]:
        # Each request is in intake, so that its stream tells how far the comparison is.
        for number, item in enumerate(pages(clients[INTAKE], _STREAMS[INTAKE]), 1):
            if number % _SHOW_EVERY == 0:
                say(tr("audit.reading", round=round, requests=number))
            yield item

    say(tr("audit.reading", round=round, requests=0))
    comparison = compare(
        counted(),
        pages(clients[DISPATCH], _STREAMS[DISPATCH]),
        pages(clients[ASSESSMENT], _STREAMS[ASSESSMENT]),
        since,
    )
    say(tr("audit.recounting", round=round))
    response = clients[ASSESSMENT].post("/v1/audit/recount", timeout=RECOUNT_SECONDS)
    return Audit(comparison, answer_of(response))


def pages(client: httpx.Client, stream: str) -> Iterator[Item]:
    """The items of an audit stream, page by page."""
    query: dict[str, str | int] = {"limit": _PAGE}
    while True:
        page = answer_of(client.get(f"/v1/audit/{stream}", params=query))
        yield from page["items"]
        if page["next"] is None:
            return
        query["after"] = page["next"]


# Reporting


def _document(audit: Audit) -> dict[str, Any]:
    comparison = audit.comparison
    return {
        "clean": audit.clean,
        "requests": comparison.requests,
        "services": {name: asdict(tally) for name, tally in comparison.tallies.items()},
        "offending": [asdict(offence) for offence in comparison.offending],
        "recount": audit.recount,
    }


def _show(console: Console, audit: Audit, urls: Mapping[str, str]) -> None:
    console.print(_table(audit))
    if audit.clean:
        console.print(tr("audit.clean", figures=audit.recount["figures"]), style="green")
        return
    comparison, recount = audit.comparison, audit.recount
    if comparison.offending:
        console.print(tr("audit.offending", number=len(comparison.offending)))
    for offence in comparison.offending:
        fields = asdict(offence) | {"id": offence.request_id}
        console.out("  " + tr(f"audit.offence.{offence.what}", **fields), highlight=False)
    if recount["differing"]:
        console.print(tr("audit.figures"))
    show_differing(console, recount["differing"])
    for line in _advice(audit, urls):
        console.out("→ " + line, highlight=False)


def show_differing(console: Console, differing: Sequence[Mapping[str, Any]]) -> None:
    """List what is other than it was counted again: the first twenty, with both numbers."""
    for one in differing[:20]:
        numbers = "，".join(f"{name} {a} ≠ {b}" for name, (a, b) in one["numbers"].items())
        console.out(f"  {one['id']}  {numbers}", highlight=False)


def _table(audit: Audit) -> Table:
    names = ("service", "known", "missing", "behind", "unmeasured", "counted_twice", "differing")
    table = Table(title=tr("audit.title", requests=audit.comparison.requests))
    for name in names:
        table.add_column(tr(f"audit.{name}"), justify="left" if name == "service" else "right")
    recount = audit.recount
    for service, tally in audit.comparison.tallies.items():
        own = ["", "", ""]
        if service == ASSESSMENT:
            figures = ("unmeasured", "counted_twice", "differing_total")
            own = [_number(recount[name]) for name in figures]
        table.add_row(
            service, str(tally.known), _number(tally.missing), _number(tally.behind), *own
        )
    return table


def _number(number: int) -> str:
    return f"[red]{number}[/]" if number else "0"


def _advice(audit: Audit, urls: Mapping[str, str]) -> list[str]:
    lines: dict[str, None] = {}
    for offence in audit.comparison.offending:
        if offence.service in (offence.owner, INTAKE):
            lines[tr("audit.do.owner", service=offence.service)] = None
        else:
            lines[tr("audit.do.letters", service=offence.service)] = None
            lines[tr("audit.do.replay", owner=offence.owner)] = None
    if audit.recount["unmeasured"]:
        lines[tr("audit.do.unmeasured")] = None
    elif audit.recount["differing_total"]:
        lines[tr("audit.do.figures", url=urls[ASSESSMENT])] = None
    return list(lines)
