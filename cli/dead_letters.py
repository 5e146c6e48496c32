"""`lianxin dead-letters`: records that could not be applied, in all services; replay or skip."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.failures import FAILED, failure
from cli.http import answer_of, connect
from cli.language import tr
from cli.world import (
    JsonOption,
    ServicesOption,
    TokenOption,
    UrlOption,
    UrlsOption,
    World,
    open_world,
)

dead_letters_app = typer.Typer(no_args_is_help=True)

Letter = dict[str, Any]
_POLL_SECONDS = 0.25
_COLUMNS = ("service", "id", "reason", "place", "unit", "subject", "seen")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help=tr("help.dead-letter-id"))]
DeadlineOption = Annotated[
    float, typer.Option("--deadline", min=0, metavar="SECONDS", help=tr("help.deadline"))
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a released dead letter: `applied`, `dead` again, or still `waiting`."""

    service: str
    id: str
    what: Literal["applied", "dead", "waiting"]
    reason: str = ""


@dead_letters_app.command("list", help=tr("help.dead-letters-list"))
def list_(
    service: ServicesOption = None,
    status: Annotated[
        Literal["dead", "waiting"], typer.Option(help=tr("help.dead-letter-status"))
    ] = "dead",
    limit: Annotated[int, typer.Option(min=1, help=tr("help.dead-letter-limit"))] = 200,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """List them."""
    world = open_world(urls, url, token)
    found: list[Letter] = []
    for name in world.chosen(service):
        with connect(world, name) as client:
            for letter in letters(client, status):
                if len(found) >= limit:
                    break
                found.append({"service": name} | letter)
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    console = Console()
    if not found:
        console.print(tr(f"no-letters.{status}"))
        return
    table = Table(title=tr(f"title.{status}", count=len(found)), title_justify="left")
    for column in _COLUMNS:
        table.add_column(tr(f"column.{column}"), overflow="fold")
    for letter in found:
        table.add_row(*(_plain(cell) for cell in _row(letter)))
    console.print(table)


def letters(client: httpx.Client, status: str) -> Iterator[Letter]:
    """All records of a status that one service keeps."""
    cursor: str | None = None
    while True:
        asked = {"status": status, "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = answer_of(client.get("/v1/dead-letters", params=asked))
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def _row(letter: Letter) -> tuple[str, ...]:
    return (
        letter["service"],
        letter["id"],
        f"{letter['code']}: {letter['reason']}",
        f"{letter['topic']}/{letter['partition']}/{letter['offset']}",
        letter["unit_id"] or "",
        f"{letter['subject']} #{letter['sequence']}",
        str(letter["seen_at"])[:19].replace("T", " "),
    )


def _plain(text: str) -> str:
    # What a stranger sent must neither style nor steer the terminal.
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.replace("[", "\\[")


@dead_letters_app.command("show", help=tr("help.dead-letters-show"))
def show(
    id: IdArgument,
    service: ServicesOption = None,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print one with its headers and value, as JSON."""
    world = open_world(urls, url, token)
    name, letter = find(world, id, service)
    shown = orjson.dumps({"service": name} | letter, option=orjson.OPT_INDENT_2)
    typer.echo(shown.decode())


def find(world: World, id: str, services: Sequence[str] | None) -> tuple[str, Letter]:
    """The service that keeps `id`, and the record. Raises `Failure` where none does."""
    for name in world.chosen(services):
        with connect(world, name) as client:
            if (letter := _get(client, id)) is not None:
                return name, letter
    raise failure("letter-unknown", id=id)


def _get(client: httpx.Client, id: str) -> Letter | None:
    response = client.get(f"/v1/dead-letters/{id}")
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    letter: Letter = answer_of(response)
    return letter


@dead_letters_app.command("replay", help=tr("help.dead-letters-replay"))
def replay(
    id: Annotated[str | None, typer.Argument(metavar="ID", show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help=tr("help.replay-all"))] = False,
    service: ServicesOption = None,
    deadline: DeadlineOption = 30.0,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Try dead letters again, with what stands behind them; tell what came of it."""
    if (id is None) != every:
        raise failure("id-or-all")
    world = open_world(urls, url, token)
    wanted: dict[str, list[str]] = {}
    if id is not None:
        wanted[find(world, id, service)[0]] = [id]
    else:
        for name in world.chosen(service):
            with connect(world, name) as client:
                wanted[name] = [letter["id"] for letter in letters(client, "dead")]
    _tell([o for name, ids in wanted.items() for o in release(world, name, ids, deadline)])


@dead_letters_app.command("skip", help=tr("help.dead-letters-skip"))
def skip(
    id: IdArgument,
    service: ServicesOption = None,
    deadline: DeadlineOption = 30.0,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Count one as done without applying it; release what stands behind it."""
    world = open_world(urls, url, token)
    name, _ = find(world, id, service)
    _tell(release(world, name, [id], deadline, verb="skip"))


def release(
    world: World,
    service: str,
    ids: Sequence[str],
    deadline: float,
    verb: Literal["replay", "skip"] = "replay",
) -> list[Outcome]:
    """Release dead letters of one service and wait until each is gone or dead again."""
    if not ids:
        return []
    with connect(world, service) as client, Progress(transient=True) as progress:
        bar = progress.add_task(tr("replaying", service=service), total=len(ids))
        for id in ids:
            response = client.post(f"/v1/dead-letters/{id}/{verb}")
            if response.status_code != httpx.codes.NOT_FOUND:  # gone with one before it
                answer_of(response)
        end = time.monotonic() + deadline
        while True:
            waiting = {letter["id"] for letter in letters(client, "waiting")}
            open_ids = [id for id in ids if id in waiting]
            progress.update(bar, completed=len(ids) - len(open_ids))
            if not open_ids or time.monotonic() > end:
                break
            time.sleep(_POLL_SECONDS)
        dead = {letter["id"]: letter["reason"] for letter in letters(client, "dead")}
    return [_outcome(service, id, set(open_ids), dead) for id in ids]


def _outcome(service: str, id: str, waiting: set[str], dead: dict[str, str]) -> Outcome:
    if id in dead:
        return Outcome(service, id, "dead", dead[id])
    return Outcome(service, id, "waiting" if id in waiting else "applied")


def _tell(outcomes: Sequence[Outcome]) -> None:
    """Say what came of it; exit status 1 where something is not applied."""
    console = Console(highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if outcome.what != "applied":
            line = tr(f"outcome.{outcome.what}", id=outcome.id, reason=outcome.reason)
            console.print(f"{outcome.service}: {line}", markup=False)
    number = {w: sum(o.what == w for o in outcomes) for w in ("applied", "dead", "waiting")}
    console.print(tr("released", **number))
    if number["dead"] or number["waiting"]:
        raise typer.Exit(FAILED)
