"""Groups with skills that may be asked: few, so they are looked through one by one.

A group is found by its skill where it is at home (its home area contains the task's place), and
near its service point. Its own answers are learnt from as a volunteer's are; the mean of all groups
is what a new one is believed to be like.
"""

import math
from collections.abc import Collection, Iterable
from typing import NamedTuple

from services.volunteer_dispatch.match.cells import KM_A_DEGREE
from services.volunteer_dispatch.match.chance import Prior, chance, group_mean
from services.volunteer_dispatch.match.index import Candidate
from services.volunteer_dispatch.match.score import Score, Weights, score

FIRST_ROW = 1 << 30
"""Row numbers of groups begin here, beyond those of volunteers: one assignment knows both."""

Place = tuple[float, float]
"""Latitude and longitude, degrees."""


class Group(NamedTuple):
    """What is known of a group; times are seconds since 1970."""

    id: str
    """As candidates carry it."""
    skills: tuple[str, ...]
    area: str
    place: Place | None
    capacity: int
    """0 where it is not to be asked."""
    held: int = 0
    waiting: int = 0
    week: int = 0
    rests_until: int = 0
    asked: int = 0
    accepted: int = 0


class Needed(NamedTuple):
    """What a task needs of a group."""

    skill: str
    areas: Collection[str]
    """The task's path."""
    place: Place | None
    within_km: float
    without: Collection[str] = ()


class Groups:
    """The groups. Args: `prior`, `weights`: the table's; `weekly`: alerts a week of one group."""

    def __init__(self, prior: Prior, weights: Weights, weekly: int) -> None:
        self._prior, self._weights, self._weekly = prior, weights, weekly
        self._groups: dict[str, Group] = {}
        self._rows: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def put_all(self, groups: Iterable[Group]) -> None:
        """Take in groups as they are now."""
        for group in groups:
            self._groups[group.id] = group
            self._rows.setdefault(group.id, FIRST_ROW + len(self._rows))

    def note_asked(self, id: str) -> None:
        """An alert was just sent."""
        group = self._groups.get(id)
        if group is not None:
            self._groups[id] = group._replace(waiting=group.waiting + 1)

    def find(self, needed: Needed, now: int, *, waiting_too: bool = False) -> list[Candidate]:
        """Those that may be asked, best score first. `now`: seconds since 1970."""
        mean = group_mean(
            sum(group.asked for group in self._groups.values()),
            sum(group.accepted for group in self._groups.values()),
            self._prior,
        )
        found = []
        for group in self._groups.values():
            if needed.skill not in group.skills or group.id in needed.without:
                continue
            room = group.capacity - group.held - (0 if waiting_too else group.waiting)
            km = self._km(group, needed)
            if room > 0 and group.rests_until <= now and km is not None:
                found.append(
                    Candidate(group.id, self._rows[group.id], room, self._score(group, km, mean))
                )
        return sorted(found, key=lambda one: (-one.score.value, one.row))

    def _km(self, group: Group, needed: Needed) -> float | None:
        """How far it has to go; None where it does not serve there."""
        at_home = group.area in needed.areas
        if group.place is None or needed.place is None:
            # Somewhere in its home area: as far as counts a half.
            return self._weights.half_km if at_home else None
        km = distance(group.place, needed.place)
        return km if at_home or km <= needed.within_km else None

    def _score(self, group: Group, km: float, mean: float) -> Score[float]:
        likely = chance(group.asked, group.accepted, mean, self._prior.strength)
        load = group.held / max(group.capacity, 1) + group.week / self._weekly
        return score(likely, km, load, self._weights)


def distance(a: Place, b: Place) -> float:
    """Great-circle distance (haversine), km."""
    north, south = math.radians(a[0]), math.radians(b[0])
    h = math.sin((north - south) / 2) ** 2
    h += math.cos(north) * math.cos(south) * math.sin(math.radians(a[1] - b[1]) / 2) ** 2
    return 2 * KM_A_DEGREE * math.degrees(math.asin(math.sqrt(h)))
