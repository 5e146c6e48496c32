"""Which volunteers a batch of tasks asks, computed: candidates, then assignments, then the rest.

Each turn gives every task one more volunteer, by the assignment with the best product of scores,
so that a batch asks different people where others are as good; after that come those of the task's
other candidates whom no task of the batch asks, should somebody not be free any more. Pure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from services.volunteer_dispatch.match.assign import assign
from services.volunteer_dispatch.match.groups import Groups, Needed
from services.volunteer_dispatch.match.index import Candidate, Index, Wanted
from services.volunteer_dispatch.service.alerting import Asking
from services.volunteer_dispatch.service.alerts import asks_alone, wanted
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.explain import Considered, Explained, Kind, considered
from services.volunteer_dispatch.service.group_ids import key_of
from services.volunteer_dispatch.service.groups import wants_group
from services.volunteer_dispatch.service.state import TaskState

_LEAST = 1e-9
_NOTES = 12
_GROUP_NOTES = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a task asks."""

    number: int
    """How many are to be asked."""
    order: tuple[Candidate, ...]
    """In this order, until so many could be asked."""
    others_wait: bool = False
    """Nobody can be asked now, but some once they have answered others."""
    groups: tuple[Candidate, ...] = ()
    """Groups, the first of which that can be is asked besides."""


def choose(
    tasks: Mapping[str, TaskState], index: Index, context: Context, groups: Groups | None = None
) -> dict[str, Choice]:
    """Choices by task id; none for a task whose candidates all went to others of the batch: the
    next batch finds those who come after them."""
    now = int(context.now.timestamp())
    numbers = {id: wanted(state, context) for id, state in tasks.items()}
    found = {
        id: index.find(_wanted(state, context.asking), now) if numbers[id] else []
        for id, state in tasks.items()
        if not asks_alone(state)
    }
    taken, room = _assigned(found, numbers)
    of_groups = _groups({id: tasks[id] for id in found}, groups, context)
    choices = {}
    for id, first in taken.items():
        if found[id] and not first:
            continue
        spare = (one for one in found[id] if room[one.row] > 0 and one not in first)
        order = (*first, *spare)
        asks = of_groups.get(id, ())
        nobody = numbers[id] > 0 and not first and not asks
        waiting = nobody and (
            _others_wait(tasks[id], index, context) or _groups_wait(tasks[id], groups, context)
        )
        choices[id] = Choice(numbers[id], order, waiting, asks)
    return choices


def _groups(
    tasks: Mapping[str, TaskState], groups: Groups | None, context: Context
) -> dict[str, tuple[Candidate, ...]]:
    """The groups that could be asked by the tasks that ask one now, the assigned one first."""
    if groups is None or not len(groups):
        return {}
    now = int(context.now.timestamp())
    found = {
        id: groups.find(_needed(state, context.asking), now)
        for id, state in tasks.items()
        if wants_group(state, context)
    }
    taken, room = _assigned(found, dict.fromkeys(found, 1))
    return {
        id: (*first, *(one for one in found[id] if room[one.row] > 0 and one not in first))
        for id, first in taken.items()
    }


def _groups_wait(state: TaskState, groups: Groups | None, context: Context) -> bool:
    if groups is None:
        return False
    now = int(context.now.timestamp())
    return bool(groups.find(_needed(state, context.asking), now, waiting_too=True))


def _needed(state: TaskState, asking: Asking) -> Needed:
    point = state.point
    return Needed(
        skill=state.skill or state.category,
        areas=state.area_path,
        place=None if point is None else (point.latitude, point.longitude),
        within_km=asking.table.within_km,
        without=state.alerts.asked,
    )


def _others_wait(state: TaskState, index: Index, context: Context) -> bool:
    wanted = _wanted(state, context.asking, waiting_too=True)
    return bool(index.find(wanted, int(context.now.timestamp())))


def _wanted(state: TaskState, asking: Asking, *, waiting_too: bool = False) -> Wanted:
    had = (key.partition(":")[2] for key in state.tried if key.startswith("volunteer:"))
    point = state.point
    return Wanted(
        skill=state.skill or state.category,
        grid_id=state.grid_id or "",
        place=None if point is None else (point.latitude, point.longitude),
        within_km=asking.table.within_km,
        number=asking.table.considered,
        without={*state.alerts.asked, *had},
        waiting_too=waiting_too,
    )


def _assigned(
    found: Mapping[str, list[Candidate]], numbers: Mapping[str, int]
) -> tuple[dict[str, list[Candidate]], dict[int, int]]:
    """Candidates by task, and the room that is left by row."""
    room = {one.row: one.room for candidates in found.values() for one in candidates}
    taken: dict[str, list[Candidate]] = {id: [] for id in found}
    for turn in range(max(numbers.values(), default=0)):
        ids = [id for id in found if turn < numbers[id] and turn <= len(taken[id])]
        left = [[one for one in found[id] if room[one.row] > 0] for id in ids]
        left = [
            [one for one in of if one not in taken[id]] for id, of in zip(ids, left, strict=True)
        ]
        edges = [[(one.row, cost(one)) for one in of] for of in left]
        for id, of, row in zip(ids, left, assign(edges, room).partner, strict=True):
            if row is not None:
                taken[id].append(next(one for one in of if one.row == row))
                room[row] -= 1
    return taken, room


def cost(one: Candidate) -> float:
    """What an assignment adds up: the product of scores is the greatest where it is the least."""
    return -math.log(max(one.score.value, _LEAST))


def explained(choice: Choice, asked: set[str], context: Context) -> Explained:
    """Why these were asked: the parts of each score, and who could not be asked any more."""
    everybody = (*choice.groups[:_GROUP_NOTES], *choice.order[:_NOTES])
    rows = [
        Considered(
            key=key_of(one.id),
            score=round(one.score.value, 4),
            note=_note(one, one.id in asked),
        )
        for one in everybody
    ]
    first = next((one.id for one in (*choice.order, *choice.groups) if one.id in asked), None)
    return Explained(
        kind=Kind.MATCH,
        at=context.now,
        table=type(context.asking.table).NAME,
        version=context.asking.version,
        rule="chance*travel*fairness",
        candidates=considered(rows),
        chosen=None if first is None else key_of(first),
        why="asked" if asked else "nobody",
    )


def _note(one: Candidate, asked: bool) -> str:
    score = one.score
    parts = (
        f"chance {score.chance:.2f}, travel {score.travel:.2f} ({score.km:.1f} km), "
        f"fairness {score.fairness:.2f}"
    )
    return f"asked: {parts}" if asked else parts
