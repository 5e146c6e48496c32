"""The volunteers that may be asked, in columns: about 80 bytes each, and no document.

Kept up by the registry's snapshots and by what dispatch itself writes on a volunteer's document
(tasks held, alerts, answers). It may be a moment behind: every write that follows from it is
conditional on the document.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.volunteer_dispatch.match.cells import KM_A_DEGREE, Cells, Rows
from services.volunteer_dispatch.match.chance import Prior, chance, group_mean
from services.volunteer_dispatch.match.ids import Ids
from services.volunteer_dispatch.match.score import Score, Weights, score

Floats = NDArray[np.float64]
_COLUMNS: dict[str, Any] = {
    "latitude": np.float32,
    "longitude": np.float32,
    "skills": np.int32,  # number of a distinct set of skills
    "grid": np.int32,
    "group": np.int32,
    "capacity": np.uint8,
    "held": np.uint8,
    "waiting": np.uint8,
    "week": np.uint8,
    "rests_until": np.uint32,
    "asked": np.uint16,
    "accepted": np.uint16,
    "fresh": np.bool_,
}
_FRESH_AT_LEAST = 512


class Volunteer(NamedTuple):
    """What the index knows of somebody; times are seconds since 1970."""

    id: str
    skills: tuple[str, ...]
    grid_id: str
    group: str
    place: tuple[float, float] | None
    """Latitude and longitude, degrees."""
    capacity: int
    """0 where he or she is not to be asked."""
    held: int = 0
    """Tasks held."""
    waiting: int = 0
    """Alerts that wait for an answer."""
    week: int = 0
    """Alerts of the last seven days."""
    rests_until: int = 0
    """Before this, caps forbid to ask."""
    asked: int = 0
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task needs."""

    skill: str
    """Empty: any."""
    grid_id: str
    place: tuple[float, float] | None = None
    """None: the middle of the grid's volunteers."""
    within_km: float = math.inf
    """Of the own grid somebody farther away is found too."""
    number: int = 32
    """At most this many, the nearest."""
    without: Collection[str] = ()
    waiting_too: bool = False
    """Also those whose room is taken up by alerts that wait for an answer."""
    busy_too: bool = False
    """Also those who have no room for tasks now: what is wanted is for another day."""


class Candidate(NamedTuple):
    """Somebody who may be asked, and how he or she scores."""

    id: str
    row: int
    room: int
    score: Score[float]


class Index:
    """See the module. Args: `prior`, `weights`, `weekly`: the table's; `unplaced_km`: distance
    taken of those of the own grid whose place is not known."""

    def __init__(
        self,
        prior: Prior | None = None,
        weights: Weights | None = None,
        weekly: int = 7,
        unplaced_km: float = 1.0,
    ) -> None:
        self.prior, self.weights = prior or Prior(), weights or Weights()
        self.weekly, self.unplaced_km = weekly, unplaced_km
        self._ids = Ids()
        self._c: dict[str, NDArray[Any]] = {n: np.zeros(64, t) for n, t in _COLUMNS.items()}
        self._skills: dict[tuple[str, ...], int] = {}
        self._with_skill: dict[str, NDArray[np.bool_]] = {}
        self._of_set: NDArray[np.int64] = np.zeros(8, np.int64)
        self._grids: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self._counts: list[list[int]] = []
        self._fresh: Rows = np.zeros(0, np.int32)
        self._moved: list[int] = []
        self._build()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def nbytes(self) -> int:
        """Bytes of everything that grows with the number of volunteers."""
        columns = sum(column.nbytes for column in self._c.values())
        by_grid = self._by_grid.nbytes + self._grid_starts.nbytes + self._middles.nbytes
        return columns + self._ids.nbytes + self._cells.nbytes + by_grid

    # Keeping up

    def put(self, volunteer: Volunteer) -> None:
        """Take in somebody as he or she is now; who never could be asked is not kept."""
        row = self._ids.find(volunteer.id)
        if row is None:
            if not volunteer.capacity:
                return
            row = self._new(volunteer.id)
        c = self._c
        grid = self._number(self._grids, volunteer.grid_id)
        latitude, longitude = volunteer.place or (math.nan, math.nan)
        if not self._stands(row, grid, latitude, longitude) and not c["fresh"][row]:
            c["fresh"][row] = True
            self._moved.append(row)
        c["latitude"][row], c["longitude"][row], c["grid"][row] = latitude, longitude, grid
        self._set_skills(row, volunteer.skills)
        self._answers(row, volunteer)
        c["capacity"][row] = min(volunteer.capacity, 255)
        c["held"][row] = min(volunteer.held, 255)
        c["waiting"][row] = min(volunteer.waiting, 255)
        c["week"][row] = min(volunteer.week, 255)
        c["rests_until"][row] = volunteer.rests_until
        if len(self._moved) > max(_FRESH_AT_LEAST, len(self) // 128):
            self._build()

    def put_all(self, volunteers: Iterable[Volunteer]) -> None:
        """Take in many."""
        for volunteer in volunteers:
            self.put(volunteer)

    def note_asked(self, id: str) -> None:
        """An alert was just sent: he or she waits with one more."""
        row = self._ids.find(id)
        if row is not None:
            self._c["waiting"][row] += self._c["waiting"][row] < 255

    def _new(self, id: str) -> int:
        row = self._ids.add(id)
        if row == len(self._c["grid"]):
            self._c = {
                n: np.concatenate([column, np.zeros_like(column)]) for n, column in self._c.items()
            }
        self._c["skills"][row] = self._c["group"][row] = self._c["grid"][row] = -1
        self._c["latitude"][row] = math.inf  # stands nowhere yet
        return row

    def _stands(self, row: int, grid: int, latitude: float, longitude: float) -> bool:
        c = self._c
        place = np.array([latitude, longitude], np.float32)
        there = np.array([c["latitude"][row], c["longitude"][row]])
        return bool(c["grid"][row] == grid and np.array_equal(place, there, equal_nan=True))

    @staticmethod
    def _number(numbers: dict[str, int], name: str) -> int:
        return numbers.setdefault(name, len(numbers))

    def _set_skills(self, row: int, skills: tuple[str, ...]) -> None:
        known = tuple(sorted(set(skills)))
        number = self._skills.get(known)
        if number is None:
            number = self._skills[known] = len(self._skills)
            self._with_skill.clear()
            if number == len(self._of_set):
                self._of_set = np.concatenate([self._of_set, np.zeros_like(self._of_set)])
        before = int(self._c["skills"][row])
        if before != number:
            if before >= 0:
                self._of_set[before] -= 1
            self._of_set[number] += 1
            self._c["skills"][row] = number

    def _answers(self, row: int, volunteer: Volunteer) -> None:
        """Each answer changes the person's counts and the group's."""
        c = self._c
        asked, accepted = min(volunteer.asked, 65535), min(volunteer.accepted, 65535)
        group = self._number(self._groups, volunteer.group)
        if group == len(self._counts):
            self._counts.append([0, 0])
        before = int(c["group"][row])
        if before >= 0:
            self._counts[before][0] -= int(c["asked"][row])
            self._counts[before][1] -= int(c["accepted"][row])
        self._counts[group][0] += asked
        self._counts[group][1] += accepted
        c["group"][row], c["asked"][row], c["accepted"][row] = group, asked, accepted

    def _build(self) -> None:
        """Sort everybody into cells and grids anew."""
        c, number = self._c, len(self._ids)
        rows = np.arange(number, dtype=np.int32)
        latitude, longitude, grid = (c[n][:number] for n in ("latitude", "longitude", "grid"))
        placed = np.isfinite(latitude)
        self._cells = Cells(rows[placed], latitude[placed], longitude[placed])
        self._by_grid = np.argsort(grid, kind="stable").astype(np.int32)
        grids = np.arange(len(self._grids) + 1)
        self._grid_starts = np.searchsorted(grid[self._by_grid], grids).astype(np.int32)
        people = np.maximum(np.bincount(grid[placed], minlength=len(self._grids)), 1)
        self._middles = np.stack(
            [
                np.bincount(grid[placed], weights=of[placed], minlength=len(self._grids)) / people
                for of in (latitude, longitude)
            ]
        )
        c["fresh"][:] = False
        self._moved.clear()
        self._fresh = np.zeros(0, np.int32)

    # Finding

    def find(self, wanted: Wanted, now: int) -> list[Candidate]:
        """Who may be asked, best score first: of those with the skill, with room and not at rest,
        the nearest `number`.

        Args:
            now: seconds since 1970.
        """
        rows, km = self.nearest(wanted, now)
        scores = self._scores(rows, km)
        order = np.lexsort((rows, -scores.value))
        parts = zip(*(part[order].tolist() for part in scores), strict=True)
        return [
            Candidate(self._ids[row], row, self.room(row), Score(*of))
            for row, of in zip(rows[order].tolist(), parts, strict=True)
        ]

    def nearest(self, wanted: Wanted, now: int) -> tuple[Rows, Floats]:
        """Rows and distances (km) of the nearest who may be asked, nearest first."""
        fits = self._fitting(wanted, now)
        place = wanted.place or self._middle(wanted.grid_id)
        own = self._own(wanted.grid_id, fits)
        if place is None:
            return own[: wanted.number], np.full(len(own[: wanted.number]), self.unplaced_km)
        rows, km = self._near(place, wanted, fits)
        if len(own):
            rows, km = self._with_own(rows, km, own, place)
        order = np.lexsort((rows, km))[: wanted.number]
        return rows[order], km[order]

    def room(self, row: int) -> int:
        """Tasks that somebody can be asked about at once."""
        c = self._c
        return int(c["capacity"][row]) - int(c["held"][row]) - int(c["waiting"][row])

    def _scores(self, rows: Rows, km: Floats) -> Score[Floats]:
        c = self._c
        asked, accepted = (c[n][rows].astype(np.float64) for n in ("asked", "accepted"))
        groups = c["group"][rows].tolist()
        mean = np.array([self._mean(group) for group in groups])
        load = c["held"][rows] / np.maximum(c["capacity"][rows], 1).astype(np.float64)
        load += c["week"][rows] / self.weekly
        likely = chance(asked, accepted, mean, self.prior.strength)
        return score(likely, km, load, self.weights)

    def _mean(self, group: int) -> float:
        asked, accepted = self._counts[group]
        return group_mean(asked, accepted, self.prior)

    def _fitting(self, wanted: Wanted, now: int) -> "_Fitting":
        sets = self._with_skill.get(wanted.skill)
        if sets is None:
            sets = np.array(
                [not wanted.skill or wanted.skill in known for known in self._skills], np.bool_
            )
            self._with_skill[wanted.skill] = sets
        without = [row for id in wanted.without if (row := self._ids.find(id)) is not None]
        share = float(self._of_set[: len(sets)][sets].sum()) / max(len(self), 1)
        rows = np.array(without, np.int32)
        return _Fitting(self._c, sets, now, rows, share, wanted.waiting_too, wanted.busy_too)

    def _middle(self, grid_id: str) -> tuple[float, float] | None:
        """The middle of the grid's volunteers at the last build."""
        grid = self._grids.get(grid_id)
        if grid is None or grid >= self._middles.shape[1]:
            return None
        latitude, longitude = self._middles[:, grid].tolist()
        return None if latitude == longitude == 0.0 else (latitude, longitude)

    def _since_built(self) -> Rows:
        """Rows that came or moved since the last build."""
        if len(self._fresh) != len(self._moved):
            self._fresh = np.array(self._moved, np.int32)
        return self._fresh

    def _own(self, grid_id: str, fits: "_Fitting") -> Rows:
        """Those of the grid."""
        grid = self._grids.get(grid_id)
        if grid is None:
            return np.zeros(0, np.int32)
        fresh = self._since_built()
        rows = fresh[self._c["grid"][fresh] == grid]
        if grid + 1 < len(self._grid_starts):
            old = self._by_grid[self._grid_starts[grid] : self._grid_starts[grid + 1]]
            rows = np.concatenate([old[~self._c["fresh"][old]], rows])
        return fits.of(rows)

    def _near(
        self, place: tuple[float, float], wanted: Wanted, fits: "_Fitting"
    ) -> tuple[Rows, Floats]:
        """The nearest `number`, from a block of cells that grows until none can be missing."""
        latitude, longitude = place
        fresh = fits.of(self._since_built())
        expected = max(self._cells.count and 8 * fits.share, 1e-3)
        ring = max(1, math.ceil((math.sqrt(1.5 * wanted.number / expected) - 1) / 2))
        while True:
            rows, everything = self._cells.around(latitude, longitude, ring)
            rows = fits.of(rows[~self._c["fresh"][rows]])
            rows = np.concatenate([rows, fresh]) if len(fresh) else rows
            km = self.distances(place, rows)
            sure = math.inf if everything else 0.999 * ring * self._cells.side_km
            near = km <= min(sure, wanted.within_km)
            if sure >= wanted.within_km or int(near.sum()) >= wanted.number:
                return rows[near], km[near]
            ring *= 2

    def _with_own(
        self, rows: Rows, km: Floats, own: Rows, place: tuple[float, float]
    ) -> tuple[Rows, Floats]:
        own = own[~np.isin(own, rows)]
        away = self.distances(place, own)
        away[np.isnan(away)] = self.unplaced_km
        return np.concatenate([rows, own]), np.concatenate([km, away])

    def distances(self, place: tuple[float, float], rows: Rows) -> Floats:
        """Great-circle distances (haversine), km; NaN where the place is not known."""
        latitude = np.radians(self._c["latitude"][rows], dtype=np.float64)
        east = np.radians(self._c["longitude"][rows] - np.float64(place[1]))
        north = math.radians(place[0])
        h = np.sin((latitude - north) / 2) ** 2
        h += math.cos(north) * np.cos(latitude) * np.sin(east / 2) ** 2
        found: Floats = 2 * KM_A_DEGREE * np.degrees(np.arcsin(np.sqrt(h)))
        return found

    def ids(self, rows: Sequence[int]) -> list[str]:
        """Ids of rows."""
        return [self._ids[row] for row in rows]

    def known(self) -> Mapping[str, int]:
        """Numbers for a look inside: volunteers, grids, distinct sets of skills, groups."""
        return {
            "volunteers": len(self),
            "grids": len(self._grids),
            "skill_sets": len(self._skills),
            "groups": len(self._groups),
        }


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Which rows may be asked."""

    columns: dict[str, NDArray[Any]]
    sets: NDArray[np.bool_]
    now: int
    without: Rows
    share: float
    """Share of volunteers with the skill."""
    waiting_too: bool
    busy_too: bool

    def of(self, rows: Rows) -> Rows:
        c = self.columns
        rows = rows[self.sets[c["skills"][rows]]]
        busy = c["held"][rows].astype(np.int16)
        if self.busy_too:
            busy[:] = 0
        elif not self.waiting_too:
            busy += c["waiting"][rows]
        rows = rows[(c["capacity"][rows] > busy) & (c["rests_until"][rows] <= self.now)]
        return rows[~np.isin(rows, self.without)] if len(self.without) else rows
