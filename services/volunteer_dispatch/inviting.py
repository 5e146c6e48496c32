"""Whom a batch of activities asks next, computed with the index and the assignment of `match`.

A wave asks so many that the sum of their chances covers the places that are free and that nobody
who was asked is likely to take. The places of a batch are assigned together, so that its
activities ask different people, and somebody with a skill is kept for its places.
Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from services.volunteer_dispatch.choosing import cost
from services.volunteer_dispatch.match.assign import assign
from services.volunteer_dispatch.match.index import Candidate, Index, Wanted
from services.volunteer_dispatch.service.activity_state import ActivityState, Invite
from services.volunteer_dispatch.service.activity_tables import ActivityTable
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.explain import Considered, Explained, Kind, considered

_LOOKED_AT = 8
"""Candidates of a kind of place that one turn looks at."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Whom an activity asks about one kind of place."""

    seat: int
    number: int
    """How many are to be asked."""
    order: tuple[Candidate, ...]
    """In this order, until so many could be asked."""
    short: bool
    """There are not as many as the places want."""


def waves(
    states: Mapping[str, ActivityState], index: Index, table: ActivityTable, now: datetime
) -> dict[str, tuple[Wave, ...]]:
    """Waves by activity id, one for each kind of place that asks."""
    found: dict[tuple[str, int], list[Candidate]] = {}
    number: dict[tuple[str, int], int] = {}
    short: dict[tuple[str, int], bool] = {}
    for id, state in states.items():
        left = table.asked_for_each * state.total - len(state.invites.asked)
        for seat, free in enumerate(state.free):
            need = free * table.cover - _expected(state, seat)
            if need <= 0 or left <= 0:
                continue
            key = id, seat
            found[key] = index.find(_wanted(state, seat, table), int(now.timestamp()))
            most = min(left, table.wave_at_most)
            number[key], reached = _enough(found[key], need, most)
            short[key] = not reached and number[key] < most
            left -= number[key]
    taken = _assigned(found, number)
    result: dict[str, tuple[Wave, ...]] = {}
    for (id, seat), first in taken.items():
        rest = tuple(one for one in found[id, seat] if one not in first)
        wave = Wave(seat, number[id, seat], (*first, *rest), short[id, seat])
        result[id] = (*result.get(id, ()), wave)
    return result


def _expected(state: ActivityState, seat: int) -> float:
    """How many of those whose answer is awaited are likely to come."""
    return sum(one.chance for one in state.invites.open if one.seat == seat and not one.silent)


def _enough(candidates: list[Candidate], need: float, most: int) -> tuple[int, bool]:
    """How many of the best have chances that add up to `need`, and whether they do."""
    sum, number = 0.0, 0
    for one in candidates[:most]:
        sum += one.score.chance
        number += 1
        if sum >= need:
            return number, True
    return number, False


def _wanted(state: ActivityState, seat: int, table: ActivityTable) -> Wanted:
    point = state.point
    return Wanted(
        skill=state.places[seat].skill or "",
        grid_id=state.grid_id or "",
        place=None if point is None else (point.latitude, point.longitude),
        within_km=table.within_km,
        number=table.considered,
        without={*state.invites.asked, *(one.volunteer_id for one in state.sign_ups)},
        busy_too=True,
    )


def _assigned(
    found: Mapping[tuple[str, int], list[Candidate]], number: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], list[Candidate]]:
    """In turns each kind of place gets one more person, by the assignment with the best product
    of scores among the next few of each: all at once would be thousands of rows that are alike."""
    taken: dict[tuple[str, int], list[Candidate]] = {key: [] for key in found}
    left = {key: _Left(of) for key, of in found.items()}
    gone: set[int] = set()
    while True:
        wanting = [key for key in found if len(taken[key]) < number[key]]
        offers = {key: offer for key in wanting if (offer := left[key].next(gone))}
        if not offers:
            return taken
        edges = [[(one.row, cost(one)) for one in offer] for offer in offers.values()]
        for (key, offer), row in zip(offers.items(), assign(edges, {}).partner, strict=True):
            if row is not None:
                taken[key].append(next(one for one in offer if one.row == row))
                gone.add(row)


class _Left:
    """Candidates, the best first, of whom those at the front are taken one after another."""

    def __init__(self, candidates: list[Candidate]) -> None:
        self._candidates = candidates
        self._at = 0

    def next(self, gone: set[int]) -> list[Candidate]:
        """The next few who are not gone."""
        while self._at < len(self._candidates) and self._candidates[self._at].row in gone:
            self._at += 1
        free = (one for one in islice(self._candidates, self._at, None) if one.row not in gone)
        return list(islice(free, _LOOKED_AT))


def invite(
    one: Candidate, seat: int, token: str, state: ActivityState, table: ActivityTable, now: datetime
) -> Invite:
    """An alert as of now; the answer is awaited until sign-up ends at the latest."""
    now = whole(now)
    until = min(now + timedelta(hours=table.answer_hours), state.sign_up_until)
    chance = round(one.score.chance, 4)
    return Invite(volunteer_id=one.id, token=token, at=now, until=until, seat=seat, chance=chance)


def explained(waves: tuple[Wave, ...], asked: set[str], version: int, now: datetime) -> Explained:
    """Why these were asked: the parts of each score."""
    rows = []
    for wave in waves:
        for one in wave.order:
            score = one.score
            parts = (
                f"chance {score.chance:.2f}, travel {score.travel:.2f} ({score.km:.1f} km), "
                f"fairness {score.fairness:.2f}"
            )
            said = f"asked: {parts}" if one.id in asked else parts
            rows.append(
                Considered(key=f"volunteer:{one.id}", score=round(score.value, 4), note=said)
            )
    rows.sort(key=lambda row: not row.note.startswith("asked"))
    return Explained(
        kind=Kind.MATCH,
        at=whole(now),
        table=ActivityTable.NAME,
        version=version,
        rule="chance*travel*fairness",
        candidates=considered(rows),
        why="asked" if asked else "nobody",
    )
