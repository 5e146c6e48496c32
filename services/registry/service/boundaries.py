"""A grid's boundaries in time: each counts from a moment on, old requests keep theirs (art. 6).

Pure. A timeline is a sequence of boundaries in their order that do not meet in time; between two
of them may be none (the grid was retired). `GridState` holds the one that counts in its own
fields and the others in `boundaries`, so that who does not look at time need not.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from services.registry.geometry import POSITIONS_LIMIT
from services.registry.states import GridState
from shared.contracts.registry import Boundary
from shared.web.problems import Problem

KEPT = 20
"""Boundaries of one grid. The times of an older one go to the one that came after it."""
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)

Timeline = tuple[Boundary, ...]


def start(boundary: Boundary | GridState) -> datetime:
    """The first moment at which it counts."""
    return boundary.valid_from or BEGINNING


def end(boundary: Boundary | GridState) -> datetime:
    """The first moment at which it counts no more."""
    return boundary.valid_until or END


def counts(boundary: Boundary | GridState, at: datetime) -> bool:
    """Whether it is the boundary at a moment."""
    return start(boundary) <= at < end(boundary)


def extent(boundary: Boundary | GridState) -> dict[str, Any]:
    """Where it is, without the time."""
    return {
        "area": boundary.area,
        "area_path": boundary.area_path,
        "communities": boundary.communities,
        "geometry": boundary.geometry,
        "level": boundary.level,
    }


def timeline_of(state: GridState) -> Timeline:
    """All boundaries of a grid in their order."""
    own = Boundary(valid_from=state.valid_from, valid_until=state.valid_until, **extent(state))
    return tuple(sorted((own, *state.boundaries), key=start))


def at(timeline: Iterable[Boundary], moment: datetime) -> Boundary | None:
    """The boundary of a moment."""
    return next((boundary for boundary in timeline if counts(boundary, moment)), None)


def put(timeline: Timeline, where: dict[str, Any], since: datetime) -> Timeline:
    """The timeline with another extent from `since` on, until the next moment that is known.

    What was to change later still changes then; what had ended at a moment still ends then.
    """
    before = at(timeline, since)
    later = [boundary for boundary in timeline if start(boundary) > since]
    until = before.valid_until if before else (later[0].valid_from if later else None)
    kept = [_cut(boundary, since) for boundary in timeline if start(boundary) < since]
    new = Boundary(valid_from=since, valid_until=until, **where)
    return tuple(_merged((*kept, new, *later)))


def ended(timeline: Timeline, when: datetime) -> Timeline:
    """The timeline with nothing from `when` on; a grid that never counted keeps where it is."""
    kept = [_cut(boundary, when) for boundary in timeline if start(boundary) < when]
    if kept:
        return tuple(kept)
    return (timeline[0].model_copy(update={"valid_from": when, "valid_until": when}),)


def resumed(timeline: Timeline, when: datetime) -> Timeline:
    """The timeline of a grid that is in service again: without an end, from `when` on if it had."""
    if timeline[-1].valid_until is None:
        return timeline
    again = Boundary(valid_from=when, **extent(timeline[-1]))
    return tuple(_merged((*(b for b in timeline if start(b) < end(b)), again)))


def bounded(timeline: Timeline, now: datetime) -> Timeline:
    """At most `KEPT` boundaries of at most `POSITIONS_LIMIT` positions together.

    The oldest past ones go first. Raises `Problem` 422 where the future ones alone are too many.
    """
    kept = list(timeline)
    while len(kept) > KEPT or (len(kept) > 1 and sum(map(_positions, kept)) > POSITIONS_LIMIT):
        oldest, next = kept[0], kept[1]
        if end(oldest) > now:
            raise Problem(
                422, "too-many-boundaries", field="valid_from", kept=KEPT, limit=POSITIONS_LIMIT
            )
        if end(oldest) == start(next):
            kept[1] = next.model_copy(update={"valid_from": oldest.valid_from})
        del kept[0]
    return tuple(kept)


def shown(state: GridState, id: str, timeline: Timeline, now: datetime) -> GridState:
    """`state` with the boundary of `now` in its own fields, and the others beside it.

    Where none counts: the last before; where all are still to come: the first.
    """
    begun = [n for n, boundary in enumerate(timeline) if start(boundary) <= now]
    index = begun[-1] if begun else 0
    own = timeline[index]
    due = min((start(boundary) for boundary in timeline if start(boundary) > now), default=None)
    return state.model_copy(
        update=extent(own)
        | {
            "valid_from": own.valid_from,
            "valid_until": own.valid_until,
            "boundaries": (*timeline[:index], *timeline[index + 1 :]),
            "in_force": counts(own, now),
            "due": due,
            "grid_id": None if due is None else id,
        }
    )


def _cut(boundary: Boundary, when: datetime) -> Boundary:
    return boundary if end(boundary) <= when else boundary.model_copy(update={"valid_until": when})


def _merged(timeline: Sequence[Boundary]) -> Iterator[Boundary]:
    """Neighbours with the same extent become one."""
    last: Boundary | None = None
    for boundary in timeline:
        if last is not None and end(last) == start(boundary) and extent(last) == extent(boundary):
            last = last.model_copy(update={"valid_until": boundary.valid_until})
            continue
        if last is not None:
            yield last
        last = boundary
    if last is not None:
        yield last


def _positions(boundary: Boundary) -> int:
    geometry = boundary.geometry
    if geometry is None:
        return 0
    coordinates = geometry["coordinates"]
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return sum(len(ring) for polygon in polygons for ring in polygon)
