"""Areas, grids and units as the registry tells of them: in the database and, ready, in memory.

Each replica receives only its own partitions' snapshots; so the memory is filled from the
database, by the time at which a snapshot was written, about once a second.
"""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.request_intake.locator import Area, Boundary, Grid, Locator, polygon_of
from shared.contracts.envelope import Event
from shared.contracts.payload import Payload
from shared.contracts.registry import AreaChanged, GridChanged, UnitChanged
from shared.contracts.words import GridLevel
from shared.messaging.processor import SnapshotHandler
from shared.storage.changes import Changes, changes_of
from shared.storage.client import ASCENDING, Database, Document

log = logging.getLogger(__name__)

NAMES = ("areas", "grids", "units")
_OVERLAP = timedelta(seconds=30)
"""Replicas' clocks differ, and a write lands a moment after its `applied_at` was taken."""
_AT_ONCE = 500
_KNOWN_TO_ALL = timedelta(seconds=2)


def _area(event: Event) -> tuple[str, Document]:
    assert isinstance(event.data, AreaChanged)
    return "areas", event.data.model_dump(mode="json")


def _grid(event: Event) -> tuple[str, Document]:
    assert isinstance(event.data, GridChanged)
    for geometry in (event.data.geometry, *(one.geometry for one in event.data.boundaries)):
        polygon_of(geometry)  # raises what makes a dead letter
    return "grids", event.data.model_dump(mode="json")


def _unit(event: Event) -> tuple[str, Document]:
    assert isinstance(event.data, UnitChanged)
    return "units", event.data.model_dump(mode="json")


SNAPSHOTS: Mapping[type[Payload], SnapshotHandler] = {
    AreaChanged: _area,
    GridChanged: _grid,
    UnitChanged: _unit,
}


@dataclass(frozen=True)
class City:
    """The city at one moment; replaced as a whole, never changed."""

    areas: Mapping[str, Area] = field(default_factory=dict)
    grids: Mapping[str, Grid] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    locator: Locator = field(default_factory=lambda: Locator({}, ()))

    def has_area(self, code: str) -> bool:
        """Whether new requests may name this area."""
        area = self.areas.get(code)
        return area is not None and not area.retired

    def name_of(self, kind: str, id: str) -> str | None:
        """The name of an assignee of a kind; None for people and for what is not known."""
        if kind == "unit":
            return self.units.get(id)
        if kind == "grid_team":
            grid = self.grids.get(id)
            return grid.name if grid else None
        area = self.areas.get(id) if kind == "area_duty" else None
        return area.name if area else None


class Directory:
    """Keeps `city` as new as the database, without holding up who reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since: dict[str, datetime] = {}
        self._sequences: dict[str, dict[str, int]] = {name: {} for name in NAMES}
        self._refreshing = asyncio.Lock()
        self.city = City()

    async def create_indexes(self) -> None:
        """Create the indexes that `refresh` needs."""
        for name in NAMES:
            await self._database[name].create_index([("applied_at", ASCENDING)])

    async def refresh(self) -> None:
        """Take in what was written since the last time."""
        async with self._refreshing:
            news = {name: await self._news(name) for name in NAMES}
            if any(news.values()):
                # The tree of polygons costs CPU; the event loop goes on serving meanwhile.
                self.city = await asyncio.to_thread(_next, self.city, news)

    async def changes(self, now: datetime) -> Changes:
        """How many changes of each kind are known to every replica, the slowest of them too."""
        return await changes_of(self._database, NAMES, now - _KNOWN_TO_ALL)

    async def _news(self, name: str) -> dict[str, Any]:
        """What is new of a kind, by id and as it is kept."""
        since = self._since.get(name)
        query = {} if since is None else {"applied_at": {"$gte": since - _OVERLAP}}
        seen = self._sequences[name]
        # What was seen is known by its sequence; only what is new is then read as a whole.
        heads = self._database[name].find(query, {"sequence": 1})
        wanted = [head["_id"] async for head in heads if seen.get(head["_id"]) != head["sequence"]]
        news: dict[str, Any] = {}
        newest = since
        for start in range(0, len(wanted), _AT_ONCE):
            # In pieces: a whole city's documents are many times as large as what is kept of them.
            ids = wanted[start : start + _AT_ONCE]
            found = await self._database[name].find({"_id": {"$in": ids}}).to_list(None)
            news |= await asyncio.to_thread(_read, name, found)
            for document in found:
                seen[document["_id"]] = document["sequence"]
                at = document["applied_at"]
                newest = at if newest is None else max(newest, at)
        if newest is not None:
            self._since[name] = newest
        return news


def _read(name: str, documents: Sequence[Document]) -> dict[str, Any]:
    if name == "areas":
        return {
            one["area"]: Area(one["name"], tuple(one["path"]), one["retired"]) for one in documents
        }
    if name == "grids":
        return {grid.id: grid for grid in map(_read_grid, documents)}
    return {one["unit_id"]: one["name"] for one in documents}


def _next(city: City, news: Mapping[str, Mapping[str, Any]]) -> City:
    areas = {**city.areas, **news["areas"]}
    grids = {**city.grids, **news["grids"]}
    units = {**city.units, **news["units"]}
    same_places = not news["areas"] and not news["grids"]
    locator = city.locator if same_places else Locator(areas, grids.values())
    return City(areas, grids, units, locator)


def _read_grid(document: Mapping[str, Any]) -> Grid:
    told = [document, *document.get("boundaries", ())]
    if document["retired"] and document.get("valid_until") is None:
        told = []  # retired before there were dates: until when it counted is not known
    boundaries = sorted((_read_boundary(one) for one in told), key=lambda one: one.start)
    return Grid(
        id=document["grid_id"],
        name=document["name"],
        boundaries=tuple(boundaries),
        undated=document.get("undated", False),
    )


def _read_boundary(told: Mapping[str, Any]) -> Boundary:
    # What was kept before there were levels or dates has none.
    start, end = told.get("valid_from"), told.get("valid_until")
    return Boundary(
        area=told["area"],
        area_path=tuple(told["area_path"]),
        communities=tuple(told["communities"]),
        polygon=polygon_of(told["geometry"]),
        level=GridLevel(told.get("level", GridLevel.COMMUNITY_GRID)),
        start=-math.inf if start is None else datetime.fromisoformat(start).timestamp(),
        end=math.inf if end is None else datetime.fromisoformat(end).timestamp(),
    )
