"""`lianxin import requests`: a city's table of requests, sent as events of the importing unit.

Safe to run again: events have ids derived from the unit and the case number, so that what is
there is known again. `accepted + already there + rejected = rows`, always.
"""

import asyncio
import csv
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import httpx
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from cli.failures import failure
from cli.http import answer_of, connect
from cli.language import language, tr
from cli.mapping.areas import Area, Areas
from cli.mapping.format import Format, UnitIdentity
from cli.mapping.rejected import Rejected
from cli.mapping.rows import Mapped, Mapper
from cli.mapping.table import Row, Table
from cli.mapping.units import UnitTally
from cli.sending import BATCH, Sender, Sent, Via, open_sender
from cli.world import World

_REGISTRY_ROWS = 500
_REGISTRY_SECONDS = 60.0
_POLL_SECONDS = 0.3
_AT_ONCE = 3
"""Batches under way: a batch's subjects are its own, so that their order does not matter."""


@dataclass(slots=True)
class Summary:
    """What became of the rows, and how many events were sent in how many seconds."""

    rows: int = 0
    accepted: int = 0
    known: int = 0
    """Rows that were there already, with everything that they tell of."""
    rejected: int = 0
    remarks: int = 0
    events: int = 0
    seconds: float = 0.0
    units_created: int = 0


class Notes:
    """A CSV file beside the table that names rows with a reason; written only when there are any.

    The columns of the table follow, so that mended rows can be imported from it.
    """

    def __init__(self, path: Path, header: Sequence[str], word: str) -> None:
        self.path = path
        self._head = ["line", word, *header]
        self._file: TextIO | None = None
        self._stack = ExitStack()
        path.unlink(missing_ok=True)

    def add(self, row: Row, words: str) -> None:
        """Name a row."""
        if self._file is None:
            # utf-8-sig: so that spreadsheets read Chinese.
            self._file = self._stack.enter_context(
                self.path.open("w", encoding="utf-8-sig", newline="")
            )
            csv.writer(self._file).writerow(self._head)
        csv.writer(self._file).writerow([row.line, words, *row.cells])

    def __enter__(self) -> "Notes":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@dataclass(slots=True)
class _Order:
    """What one run does."""

    table: Table
    mapper: Mapper
    rejected: Notes
    remarks: Notes
    limit: int | None
    summary: Summary = field(default_factory=Summary)


def import_requests(
    world: World,
    format: Format,
    file: Path,
    *,
    limit: int | None,
    via: Via,
    as_unit: str | None,
    output: Path | None,
    console: Console,
) -> Summary:
    """Import a table. Raises `Failure` where it cannot be read or nothing can be sent."""
    table = Table(file, format)
    unit = format.unit.model_copy(update={"id": as_unit}) if as_unit else format.unit
    units = UnitTally(format)
    number = 0
    for row in table.rows(limit):
        number += 1
        if not row.error:
            units.add(row.values)
    with connect(world, "registry") as registry:
        areas = Areas(map(Area.of, entries_of(registry, "areas"))) if format.area else Areas(())
        if format.area and not len(areas):
            raise failure("no-areas")
        created = ensure_units(registry, [unit, *units.units()])
        with connect(world, "request_intake") as intake:
            await_registry(registry, intake)
    folder = output or file.parent
    try:
        with (
            Notes(folder / f"{file.name}.rejected.csv", table.header, "reason") as rejected,
            Notes(folder / f"{file.name}.remarks.csv", table.header, "remark") as remarks,
        ):
            mapper = Mapper(format, areas, unit.id, datetime.now(UTC))
            order = _Order(table, mapper, rejected, remarks, limit)
            order.summary.units_created = created
            began = time.monotonic()
            with _progress(console) as progress:
                bar = progress.add_task(file.name, total=number)
                asyncio.run(_run(order, world, via, unit.id, lambda n: progress.advance(bar, n)))
            order.summary.seconds = time.monotonic() - began
    except OSError as error:
        raise failure("output", path=folder, error=error.strerror or error) from None
    return order.summary


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )


# The registry


def entries_of(registry: httpx.Client, kind: str) -> Iterator[dict[str, Any]]:
    """Every entry of a kind that is not retired."""
    cursor: str | None = None
    while True:
        asked = {"limit": "200", "retired": "false"} | ({"cursor": cursor} if cursor else {})
        page = answer_of(registry.get(f"/v1/{kind}", params=asked))
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def ensure_units(registry: httpx.Client, units: Sequence[UnitIdentity]) -> int:
    """Create the units that are not there; those that are stay as they are. How many are new."""
    there = {unit["id"] for unit in entries_of(registry, "units")}
    absent = list({unit.id: unit for unit in units if unit.id not in there}.values())
    for begin in range(0, len(absent), _REGISTRY_ROWS):
        rows = [unit.model_dump(mode="json") for unit in absent[begin : begin + _REGISTRY_ROWS]]
        answer = answer_of(registry.post("/v1/imports/units", json={"rows": rows}))
        for result in answer["results"]:
            if result["status"] == "rejected":
                reason = result["reason"]
                raise failure("unit-rejected", unit=result["id"], reason=reason[language()])
    return len(absent)


def await_registry(registry: httpx.Client, intake: httpx.Client) -> None:
    """Wait until intake knows the areas, grids and units of now: it places requests by them.

    Raises `Failure` where it does not come to know them.
    """
    wanted = answer_of(registry.get("/v1/changes"))
    end = time.monotonic() + _REGISTRY_SECONDS
    while True:
        known = answer_of(intake.get("/v1/registry-changes"))
        behind = [kind for kind, changes in known.items() if changes < wanted[kind]]
        if not behind:
            return
        if time.monotonic() > end:
            raise failure("registry-behind", seconds=_REGISTRY_SECONDS, kinds=", ".join(behind))
        time.sleep(_POLL_SECONDS)


# Sending


async def _run(order: _Order, world: World, via: Via, unit: str, advance: Any) -> None:
    """Map and send; batches overlap, notes are written in the order of the rows."""
    async with open_sender(via, world, unit) as sender:
        under_way: list[tuple[list[tuple[Row, Mapped]], asyncio.Task[list[Sent]]]] = []
        try:
            for batch in _batches(order, advance):
                task = asyncio.create_task(_send(sender, batch))
                under_way.append((batch, task))
                if len(under_way) >= _AT_ONCE:
                    await _settle(order, *under_way.pop(0), advance)
            while under_way:
                await _settle(order, *under_way.pop(0), advance)
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)


def _batches(order: _Order, advance: Any) -> Iterator[list[tuple[Row, Mapped]]]:
    """Rows that are taken, in batches of whole rows; the others are rejected on the way."""
    summary = order.summary
    first_line: dict[str, int] = {}
    batch: list[tuple[Row, Mapped]] = []
    events = 0
    for row in order.table.rows(order.limit):
        summary.rows += 1
        try:
            if row.error:
                raise Rejected(row.error)
            mapped = order.mapper.map(row.values)
            subject = mapped.events[0].subject
            if (earlier := first_line.setdefault(subject, row.line)) != row.line:
                raise Rejected(tr("row.twice", case=subject.removeprefix("case/"), line=earlier))
        except Rejected as error:
            summary.rejected += 1
            order.rejected.add(row, str(error))
            advance(1)
            continue
        batch.append((row, mapped))
        events += len(mapped.events)
        if events >= BATCH:
            yield batch
            batch, events = [], 0
    if batch:
        yield batch


async def _send(sender: Sender, batch: Sequence[tuple[Row, Mapped]]) -> list[Sent]:
    return await sender.send([event for _, mapped in batch for event in mapped.events])


async def _settle(
    order: _Order,
    batch: Sequence[tuple[Row, Mapped]],
    task: "asyncio.Task[list[Sent]]",
    advance: Any,
) -> None:
    """Count what became of a batch."""
    sent = iter(await task)
    summary = order.summary
    for row, mapped in batch:
        report, *rest = [next(sent) for _ in mapped.events]
        summary.events += sum(s.status == "accepted" for s in (report, *rest))
        if report.status == "rejected":
            summary.rejected += 1
            order.rejected.add(row, report.reason)
            continue
        # The request is in; a result that was refused is said, and no reason to count it out.
        remarks = [*mapped.remarks]
        remarks += [tr("remark.result", reason=s.reason) for s in rest if s.status == "rejected"]
        if all(s.status == "duplicate" for s in (report, *rest)):
            summary.known += 1
        else:
            summary.accepted += 1
        if remarks:
            summary.remarks += 1
            order.remarks.add(row, "; ".join(remarks))
    advance(len(batch))
