"""Boundaries in time, from the registry's decisions to intake's look-ups (policy, art. 6).

After any sequence of boundary changes a request's grid at its time is one, and the same in every
replica, in whatever order and batches the snapshots came.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point as XY
from shapely.geometry import box, mapping, shape

from services.registry.schemas import GridBody
from services.registry.service import Grids, boundaries
from services.registry.service.base import Known, Reference, Referred
from services.registry.service.grids import on_due
from services.registry.states import GridState
from services.request_intake.read_models import City, _next, _read
from shared.contracts.payload import Point
from shared.contracts.registry import AreaChanged, GridChanged
from shared.contracts.words import AreaLevel
from shared.web.auth import Principal, Role

ADMIN = Principal("root", Role.ADMINISTRATOR)
PATHS = {"s": ("s",), "s1": ("s", "s1"), "s2": ("s", "s2")}
AREAS = [
    AreaChanged(area=code, name=code, level=AreaLevel.COMMUNITY, path=path).model_dump(mode="json")
    for code, path in PATHS.items()
]
HOURS = 10
Where = dict[str, Any]
WHERE: tuple[Where, ...] = (
    {"area": "s", "geometry": mapping(box(0, 0, 2, 2))},
    {"area": "s", "geometry": mapping(box(1, 1, 3, 3)), "level": "cell"},
    {"area": "s1", "geometry": mapping(box(0, 0, 3, 1)), "communities": ["s1"]},
    {"area": "s", "communities": ["s1", "s2"]},
    {"area": "s2", "geometry": mapping(box(2, 0, 3, 3)), "level": "street_grid"},
)
LAND = {id(where): shape(where["geometry"]) for where in WHERE if "geometry" in where}
POINTS = [Point(longitude=x + 0.5, latitude=y + 0.5) for x in range(3) for y in range(3)]


def extent_of(where: Where) -> Where:
    """Where as a grid's state has it."""
    told = json.loads(json.dumps(where))
    return {
        "area": told["area"],
        "area_path": PATHS[told["area"]],
        "communities": tuple(told.get("communities", ())),
        "geometry": told.get("geometry"),
        "level": told.get("level", "community_grid"),
    }


def hour(number: float) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=number)


class Registry:
    """Grids as the registry decides on them, hour by hour; what it has published."""

    def __init__(self) -> None:
        self.states: dict[str, GridState] = {}
        self.told: dict[str, list[GridChanged]] = {}

    def change(self, what: str, id: str, where: Where, since: int | None, now: int) -> None:
        """`put` a grid somewhere (from an hour on), `retire` it, `resume` it."""
        current = self.states.get(id)
        entries = {Reference("areas", code): Referred(path) for code, path in PATHS.items()}
        if current is not None and what != "put":
            where = boundaries.extent(current)
            where = {name: where[name] for name in ("area", "communities", "geometry", "level")}
        body = GridBody.model_validate(
            {
                "name": id,
                "retired": {"put": None, "retire": True, "resume": False}[what],
                "valid_from": None if since is None else hour(since),
            }
            | json.loads(json.dumps(where))
        )
        known = Known(entries, now=hour(now))
        self._take(id, Grids().decide(id, body, current, known, ADMIN))

    def pass_time(self, now: int) -> None:
        for id, state in list(self.states.items()):
            self._take(id, on_due(state, hour(now)))

    def _take(self, id: str, decision: Any) -> None:
        if decision is not None:
            # As the database gives it back.
            self.states[id] = GridState.model_validate(decision.state.model_dump())
            self.told.setdefault(id, []).extend(decision.events)


class Model:
    """One grid, as simply as it can be said: from which hour on it is where (None: nowhere)."""

    def __init__(self) -> None:
        self.marks: dict[int, Where | None] = {}
        self.undated = False
        self.retired: int | None = None
        self.last: Where = {}

    def change(self, what: str, where: Where, since: int | None, now: int) -> None:
        if not self.marks:
            self.marks, self.undated = {since if since is not None else now: where}, since is None
        elif what == "put" and (since is not None or where != self.shown(now)):
            at = now if since is None else since
            if at <= min(self.marks):
                self.undated = False
            if self.retired is None or at < self.retired:
                self.marks[at] = where
            elif [at] == list(self.marks):
                self.last = where  # it has never counted, and begins there when it is resumed
        if what == "retire" and self.retired is None:
            self.last, self.retired = self.shown(now), now
            self.marks = {at: there for at, there in self.marks.items() if at < now}
            self.undated = self.undated and bool(self.marks)
            self.marks[now] = None
        if what == "resume" and self.retired is not None:
            self.last, self.retired = self.shown(now), None
            if len(self.marks) == 1:
                self.marks = {}
            self.marks[now] = self.last
        # A change to what was there before is none (so a planned one is taken back).
        kept: dict[int, Where | None] = {}
        for at, there in sorted(self.marks.items()):
            if not kept or list(kept.values())[-1] != there:
                kept[at] = there
        self.marks = kept

    def at(self, when: float) -> Where | None:
        begun = [at for at in self.marks if at <= when]
        return self.marks[max(begun)] if begun else None

    def older(self, when: float) -> Where | None:
        first = min(self.marks)
        return self.marks[first] if self.undated and when < first else None

    def shown(self, now: int) -> Where:
        there = [self.marks[at] for at in sorted(self.marks) if at <= now]
        begun = [where for where in there if where is not None]
        if begun:
            return begun[-1]
        return self.last or next(w for _, w in sorted(self.marks.items()) if w is not None)


def wanted(there: Mapping[str, Where], point: Point) -> str | None:
    """The grid of a point among those that are where `there` says, without any index."""
    ranks = ["cell", "community_grid", "street_grid"]
    holding = [
        (ranks.index(where.get("level", "community_grid")), land.area, grid)
        for grid, where in there.items()
        if (land := LAND.get(id(where))) and land.intersects(XY(point.longitude, point.latitude))
    ]
    return min(holding)[2] if holding else None


def replica(batches: Iterable[Iterable[GridChanged]]) -> City:
    """Intake's city after batches of snapshots, of which it keeps the newest of each grid."""
    city = _next(City(), {"areas": _read("areas", AREAS), "units": {}, "grids": {}})
    for batch in batches:
        grids = _read("grids", [event.model_dump(mode="json") for event in batch])
        city = _next(city, {"areas": {}, "units": {}, "grids": grids})
    return city


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("put", "put", "put", "retire", "resume")),
        st.sampled_from(("a", "b", "c")),
        st.integers(0, len(WHERE) - 1),
        st.none() | st.integers(0, HOURS),
        st.integers(1, 3),
    ),
    max_size=14,
)


@settings(max_examples=100)
@given(CHANGES, st.randoms(use_true_random=False))
def test_a_requests_grid_at_its_time_is_one_and_the_same_everywhere(
    changes: list[tuple[str, str, int, int | None, int]], random: Random
) -> None:
    registry, models, now = Registry(), defaultdict[str, Model](Model), 0
    for what, id, place, since, hours in changes:
        now, where = now + hours, WHERE[place]
        registry.pass_time(now)
        date = since if what == "put" else None
        registry.change(what, id, where, date, now)
        models[id].change(what, where, date, now)
        for each, state in registry.states.items():
            # Who does not look at time is told the boundary of now.
            there = models[each].at(now)
            assert state.in_force is (there is not None)
            assert there is None or extent_of(there) == boundaries.extent(state)
    newest = [events[-1] for events in registry.told.values()]
    shuffled = random.sample(newest, len(newest))
    replicas = [replica([newest]), replica([event] for event in shuffled)]
    # One that saw old snapshots first, as each of them was put in its place by a later one.
    replicas.append(replica([[event for e in registry.told.values() for event in e[:1]], shuffled]))
    for moment in [-1, *(number + half for number in range(HOURS + 2) for half in (0, 0.5))]:
        dated = {id: w for id, m in models.items() if (w := m.at(moment)) is not None}
        older = {id: w for id, m in models.items() if (w := m.older(moment)) is not None}
        for point in POINTS:
            found = {one.locator.locate(point, at=hour(moment)) for one in replicas}
            assert len(found) == 1
            [placement] = found
            right = wanted(dated, point) or wanted(older, point)
            assert (placement.grid_id if placement else None) == right
            if placement is not None and right is not None:
                where = dated.get(right) or older[right]
                assert placement.area_path == PATHS[where["area"]]
        for area in PATHS:
            assert len({one.locator.locate(area=area, at=hour(moment)) for one in replicas}) == 1


def test_by_its_area_alone_a_place_has_the_grid_of_its_time_too() -> None:
    registry = Registry()
    registry.change("put", "a", WHERE[3], 2, now=0)
    registry.change("put", "a", WHERE[2], 8, now=0)
    registry.change("put", "b", {"area": "s2", "communities": []} | WHERE[4], None, now=4)
    registry.change("retire", "b", {}, None, now=12)
    city = replica([[events[-1] for events in registry.told.values()]])

    def at(area: str, number: float) -> str | None:
        found = city.locator.locate(area=area, at=hour(number))
        assert found is not None
        return found.grid_id

    assert [at("s1", n) for n in (1, 2, 7.9, 8, 20)] == [None, "a", "a", "a", "a"]
    # `a` lists s2 until hour 8; `b` is of s2 from 4 to 12, and was registered without a date.
    assert [at("s2", n) for n in (1, 3, 5, 7.9, 8, 11, 12)] == ["b", "a", "a", "a", "b", "b", None]
