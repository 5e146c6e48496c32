"""Whom a task may be given to, for a list to choose from. Pure; the command itself decides."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.directory import GridSeen, UnitSeen
from services.volunteer_dispatch.service.handing import below
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.words import AssigneeKind

Command = Literal["hand-over", "reassign"]


def kinds(state: TaskState, command: Command, context: Context) -> tuple[AssigneeKind, ...]:
    """The kinds that may get it: of a hand-over by the table `lists`, else all."""
    if command == "reassign":
        return tuple(AssigneeKind)
    holder = state.holder
    return () if holder is None else context.lists.receivers.of(holder.kind)


def places(
    state: TaskState, command: Command, context: Context
) -> Iterator[tuple[AssigneeKind, str]]:
    """Kind and id of the units, grid teams and duty officers, the nearest first; volunteers are
    found by the index of those who have room."""
    directory, allowed = context.directory, kinds(state, command, context)
    nearest = tuple(reversed(state.areas))
    found: list[tuple[AssigneeKind, str]] = []
    if state.grid_id is not None:
        found.append((AssigneeKind.GRID_TEAM, state.grid_id))
    if command == "reassign":
        found += _in_areas(AssigneeKind.GRID_TEAM, directory.grids, nearest)
        found += [(AssigneeKind.AREA_DUTY, code) for code in nearest]
    else:
        found += [(AssigneeKind.AREA_DUTY, code) for code in below(state)]
    found += _in_areas(AssigneeKind.UNIT, directory.units, nearest)
    holder = state.holder
    own = None if holder is None else (holder.kind, holder.id)
    for one in dict.fromkeys(found):
        if one[0] in allowed and one != own and directory.knows(*one):
            yield one


def _in_areas(
    kind: AssigneeKind, known: Mapping[str, GridSeen | UnitSeen], nearest: Sequence[str]
) -> list[tuple[AssigneeKind, str]]:
    """Those that lie in one of the areas, in the areas' order."""
    at: dict[str, list[str]] = {code: [] for code in nearest}
    for id, seen in known.items():
        if seen.area in at:
            at[seen.area].append(id)
    return [(kind, id) for ids in at.values() for id in sorted(ids)]
