"""A city's areas, grids and people, inserted straight into the registry's database.

As the registry's own writes leave them, but for names and history: what is measured reads neither.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pymongo import MongoClient
from shapely.geometry import Point, mapping

from services.registry.states import AreaState, GridState, PersonState
from shared.contracts.words import AreaLevel, GridLevel

DISTRICTS, STREETS, COMMUNITIES, GRIDS, PEOPLE = 16, 350, 7_500, 30_000, 1_000_000
TEAM = 3
"""People of a grid's team: 90,000 of the million."""
_ROWS = 5_000
_MADE = datetime(2026, 3, 1, tzinfo=UTC)
_LOCKED = "v1:" + "x" * 76  # as long as an encrypted name


def load(uri: str, database: str) -> int:
    """Insert the city; how many documents."""
    loaded = 0
    with MongoClient[dict[str, Any]](uri) as client:
        for kind, made in (("areas", areas()), ("grids", grids()), ("people", people())):
            while rows := list(islice(made, _ROWS)):
                client[database][kind].insert_many(rows, ordered=False)
                loaded += len(rows)
    return loaded


def areas() -> Iterator[dict[str, Any]]:
    """The city, its districts, streets and communities."""
    yield _area("c", AreaLevel.CITY)
    for n in range(DISTRICTS):
        yield _area(f"d{n}", AreaLevel.DISTRICT)
    for n in range(STREETS):
        yield _area(f"s{n}", AreaLevel.STREET)
    for n in range(COMMUNITIES):
        yield _area(f"m{n}", AreaLevel.COMMUNITY)


def grids() -> Iterator[dict[str, Any]]:
    """Four grids a community, but none for each seventy-fifth; each tenth has no leader."""
    for n in range(GRIDS):
        community = n % COMMUNITIES
        team = [person_id(TEAM * n + k) for k in range(TEAM)]
        land = Point(114 + n % 200 / 200, 22 + n // 200 / 200).buffer(0.002, quad_segs=6)
        state = GridState(
            **_name(f"网格{n}"),
            area=f"s{community % STREETS}",
            area_path=_path(AreaLevel.STREET, community % STREETS),
            communities=() if community % 75 == 0 else (f"m{community}",),
            geometry=mapping(land),
            leader=None if n % 10 == 0 else team[0],
            members=tuple(team[1:]),
            level=GridLevel.CELL if n >= COMMUNITIES else GridLevel.COMMUNITY_GRID,
            population=0 if n % 50 == 0 else 1_000,
            valid_from=_MADE,
        )
        yield _document(f"g{n}", state.model_dump())


def people() -> Iterator[dict[str, Any]]:
    """One in seven has no telephone, one in fifty is retired."""
    for n in range(PEOPLE):
        grid = n % GRIDS
        community = grid % COMMUNITIES
        state = PersonState(
            name=_LOCKED,
            name_index=f"{n:064x}",
            telephone=_LOCKED,
            telephone_index=None if n % 7 == 0 else f"{n:064x}",
            grid_id=f"g{grid}",
            area_path=_path(AreaLevel.STREET, community % STREETS),
            capacity=1,
            available=n % 11 != 0,
            retired=n % 50 == 0,
        )
        yield _document(person_id(n), state.model_dump())


def person_id(number: int) -> str:
    """A UUID, scattered as those of people registered in no order of their grids."""
    return str(uuid.UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % (1 << 128)))


def _path(level: AreaLevel, number: int) -> tuple[str, ...]:
    if level is AreaLevel.CITY:
        return ("c",)
    if level is AreaLevel.DISTRICT:
        return ("c", f"d{number}")
    if level is AreaLevel.STREET:
        return (*_path(AreaLevel.DISTRICT, number % DISTRICTS), f"s{number}")
    return (*_path(AreaLevel.STREET, number % STREETS), f"m{number}")


def _area(id: str, level: AreaLevel) -> dict[str, Any]:
    path = _path(level, int(id[1:] or 0))
    parent = path[-2] if len(path) > 1 else None
    state = AreaState(**_name(id), level=level, parent=parent, area_path=path)
    return _document(id, state.model_dump())


def _name(name: str) -> dict[str, Any]:
    return {"name": name, "sort_key": name, "grams": (name,)}


def _document(id: str, state: dict[str, Any]) -> dict[str, Any]:
    made = {"at": _MADE, "by": "administrator:bench", "what": [], "why": "created"}
    return {
        "_id": id,
        "version": 1,
        "sequence": 1,
        "state": state,
        "inbox": {},
        "shard": 0,
        "created_at": _MADE,
        "history": [made],
        "outbox": [],
    }
