"""`lianxin publish`: a file of unit events, one JSON object a line, sent on."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import Progress

from cli.failures import FAILED, failure
from cli.language import tr
from cli.sending import BATCH, HttpSender, Sent, UnitEvent, Via, open_sender
from cli.world import TokenOption, UrlOption, UrlsOption, World, open_world
from shared.contracts.catalog import PUBLISHED
from shared.contracts.ids import derived_id
from shared.contracts.payload import Payload
from shared.contracts.topics import UNITS
from shared.contracts.units import UnitFact
from shared.web.schemas import PastTime

_TYPES: dict[str, type[Payload]] = {
    name: payload
    for payload in PUBLISHED[UNITS.name]
    for name in (payload.TYPE.removeprefix("lianxin.unit."), payload.TYPE, payload.full_type())
}
_TIME: TypeAdapter[datetime] = TypeAdapter(PastTime)
_ENVELOPE = {"unit_id", "id", "type", "subject", "sequence", "time", "data"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: what it says, or what is wrong with it."""

    number: int
    event: dict[str, Any]
    error: str = ""


def publish(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help=tr("help.publish-file"))],
    unit: Annotated[str | None, typer.Option(metavar="ID", help=tr("help.publish-unit"))] = None,
    kafka: Annotated[bool, typer.Option("--kafka", help=tr("help.publish-kafka"))] = False,
    urls: UrlsOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Send unit events; what is wrong is said line by line; exit status 1 if anything is."""
    lines = list(read_lines(_content(file)))
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    world = World({}, "") if kafka else open_world(urls, url, token)
    sent = asyncio.run(_send_all(lines, world, unit, Via.KAFKA if kafka else Via.HTTP, console))
    numbers = {w: sum(s.status == w for s in sent) for w in ("accepted", "duplicate", "rejected")}
    for line, result in zip(lines, sent, strict=True):
        if result.status == "rejected":
            message = tr("line", number=line.number, reason=result.reason)
            console.print(message, markup=False)
    typer.echo(tr("published", lines=len(lines), **numbers))
    if numbers["rejected"]:
        raise typer.Exit(FAILED)


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise failure("file", path=file, error=error.strerror or error) from None


def read_lines(content: bytes) -> Iterator[Line]:
    """The lines that are not empty, read as JSON objects."""
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not raw.strip():
            continue
        try:
            event = orjson.loads(raw)
        except ValueError:
            yield Line(number, {}, tr("line-json"))
            continue
        if not isinstance(event, dict):
            yield Line(number, {}, tr("line-json"))
            continue
        yield Line(number, event)


async def _send_all(
    lines: list[Line], world: World, unit: str | None, via: Via, console: Console
) -> list[Sent]:
    results = {line.number: Sent("rejected", line.error) for line in lines if line.error}
    by_unit: dict[str, list[Line]] = {}
    for line in lines:
        if not line.error:
            named = line.event.get("unit_id", unit)
            by_unit.setdefault(named if isinstance(named, str) else "", []).append(line)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(tr("sending"), total=sum(map(len, by_unit.values())))
        for named, of_unit in by_unit.items():
            async with open_sender(via, world, named) as sender:
                for begin in range(0, len(of_unit), BATCH):
                    batch = of_unit[begin : begin + BATCH]
                    if isinstance(sender, HttpSender):
                        events = [_without_unit(line.event) for line in batch]
                        sent = await sender.send_json(events)
                    else:
                        sent = await _send_checked(sender, named, batch)
                    results |= {line.number: s for line, s in zip(batch, sent, strict=True)}
                    progress.advance(bar, len(batch))
    return [results[line.number] for line in lines]


def _without_unit(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "unit_id"}


async def _send_checked(sender: Any, unit: str, batch: Iterable[Line]) -> list[Sent]:
    """Check here what no service checks before the record is on the topic."""
    read = [event_of(unit, line.event) for line in batch]
    good = [event for event in read if isinstance(event, UnitEvent)]
    sent = iter(await sender.send(good) if good else [])
    return [Sent("rejected", e) if isinstance(e, str) else next(sent) for e in read]


def event_of(unit: str, given: Mapping[str, Any]) -> UnitEvent | str:
    """The event that a line says, or what is wrong with it."""
    if not unit:
        return tr("line-unit")
    if unknown := sorted(given.keys() - _ENVELOPE):
        return tr("line-unknown", names=", ".join(unknown))
    payload = _TYPES.get(str(given.get("type")))
    if payload is None:
        return tr(
            "line-type", names=", ".join(sorted(p.full_type() for p in PUBLISHED[UNITS.name]))
        )
    sequence, subject = given.get("sequence"), given.get("subject")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        return tr("line-sequence")
    about = payload.ABOUT if issubclass(payload, UnitFact) else ()
    if not isinstance(subject, str) or not subject.startswith(tuple(f"{one}/" for one in about)):
        return tr("line-subject", wanted=" | ".join(f"{one}/…" for one in about))
    try:
        time = _TIME.validate_python(given.get("time"))
    except ValidationError:
        return tr("line-time")
    try:
        data = payload.model_validate(given.get("data"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(('data', *map(str, first['loc'])))}: {first['msg']}"
    id = given.get("id")
    # Without an id of its own the same line is the same event, however often it is sent.
    known = id if isinstance(id, str) and id else derived_id("line", unit, subject, str(sequence))
    return UnitEvent(unit, known, subject, sequence, time, data)
