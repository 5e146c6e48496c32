"""`lianxin replay`: the services publish their journals again; consumers skip what they know."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.failures import FAILED, failure
from cli.http import answer_of, connect
from cli.language import tr
from cli.world import ServicesOption, TokenOption, UrlOption, UrlsOption, open_world

_POLL_SECONDS = 0.3
_AGO = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def replay(
    since: Annotated[str, typer.Option(metavar="TIME", help=tr("help.since"))],
    service: ServicesOption = None,
    deadline: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help=tr("help.replay-deadline"))
    ] = 3600.0,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Publish the journals again from a time on."""
    world = open_world(urls, url, token)
    names = world.chosen(service)
    moment = moment_of(since, datetime.now(UTC)).isoformat()
    clients = {name: connect(world, name) for name in names}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    jobs: dict[str, Any] = {}
    try:
        with Progress(*columns, TimeElapsedColumn()) as progress:
            bars: dict[str, Any] = {}
            for name, client in clients.items():
                jobs[name] = answer_of(client.post("/v1/replays", json={"since": moment}))
                bars[name] = progress.add_task(name, total=jobs[name]["total"])
            end = time.monotonic() + deadline
            while True:
                for name, job in jobs.items():
                    progress.update(bars[name], completed=job["published"])
                unfinished = [name for name, job in jobs.items() if job["state"] != "done"]
                if not unfinished or time.monotonic() > end:
                    break
                time.sleep(_POLL_SECONDS)
                for name in unfinished:
                    path = f"/v1/replays/{jobs[name]['id']}"
                    jobs[name] = answer_of(clients[name].get(path))
    finally:
        for client in clients.values():
            client.close()
    console = Console(highlight=False, soft_wrap=True)
    for name, job in jobs.items():
        console.print(tr("replayed", service=name, published=job["published"], total=job["total"]))
    if unfinished:
        console.print(tr("replay-unfinished", names=", ".join(unfinished)))
        raise typer.Exit(FAILED)


def moment_of(text: str, now: datetime) -> datetime:
    """The time that `text` says: RFC 3339, a date or time of this machine's zone, or `2h` ago.

    Raises:
        Failure: for another text, or a time in the future.
    """
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise failure("since", value=text) from None
    if moment > now:
        raise failure("since-future", value=text)
    return moment
