"""`lianxin make-city FOLDER`: the files that `lianxin import` takes, row by row to the disk."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from cli.bars import row_bar
from cli.city import rows
from cli.city.plan import Plan
from cli.failures import failure
from cli.language import tr

ORDER = ("areas.csv", "units.csv", "organizations.csv", "grids.geojson", "people.csv")
"""The files in the order in which they can be imported."""
_EVERY = 1000

OnProgress = Callable[[str, int, int], None]
"""Called with the file, and its rows done and in all."""


def write_city(
    plan: Plan, folder: Path, on_progress: OnProgress = lambda file, done, total: None
) -> None:
    """Write the five files; the same plan gives the same bytes. Memory does not grow with it."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, tuple[tuple[str, ...], Iterable[rows.Row], int]] = {
        "areas.csv": (rows.AREAS, rows.areas(plan), plan.areas),
        "units.csv": (rows.UNITS, rows.units(plan), plan.units),
        "organizations.csv": (rows.ORGANIZATIONS, rows.organizations(plan), plan.organizations),
        "people.csv": (rows.PEOPLE, rows.people(plan), plan.people),
    }
    for name in ORDER:
        if name in tables:
            header, found, total = tables[name]
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                for row in _counted(found, total, name, on_progress):
                    writer.writerow(row)
            continue
        with (folder / name).open("wb") as binary:
            binary.write(b'{"type":"FeatureCollection","features":[\n')
            between = b""
            for feature in _counted(rows.grids(plan), plan.grids, name, on_progress):
                binary.write(between + orjson.dumps(feature))
                between = b",\n"
            binary.write(b"\n]}\n")


def _counted(found: Iterable[Any], total: int, name: str, on_progress: OnProgress) -> Iterable[Any]:
    done = 0
    for done, row in enumerate(found, 1):
        yield row
        if done % _EVERY == 0:
            on_progress(name, done, total)
    on_progress(name, done, done)


def make_city(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("help.make-city-folder"))],
    seed: Annotated[int, typer.Option(help=tr("help.make-city-seed"))] = 1,
    scale: Annotated[float, typer.Option(help=tr("help.make-city-scale"))] = 1.0,
) -> None:
    """Write a made-up city's files; say how to load them."""
    try:
        plan = Plan.of(seed, scale)
    except ValueError:
        raise failure("city-scale") from None
    bar = row_bar()
    with bar:
        tasks = {name: bar.add_task(name, total=None) for name in ORDER}
        try:
            write_city(
                plan,
                folder,
                lambda name, done, total: bar.update(tasks[name], completed=done, total=total),
            )
        except OSError as error:
            raise failure("file", path=folder, error=error.strerror or error) from None
    typer.echo(tr("city-made", folder=folder))
    for name in ORDER:
        typer.echo(f"  lianxin import {name.partition('.')[0]} {folder / name}")
