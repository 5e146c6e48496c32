"""Whom to ask for help beyond the own grid, in order. Pure.

Neighbour grids first (of the same area, then of the areas beside it), then members of a joint
organization that the task's own organizations are in (policy, art. 6, 12), then those they are
paired with (art. 12), then the duty officers from below to the top. Neighbours are those of an
area and its siblings: boundaries are not looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.directory import Directory
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.tasks import Assignee

EACH = 10
"""Helpers named of one step."""


class Step(StrEnum):
    """How near a helper is, nearest first."""

    NEIGHBOUR_GRID = "neighbour_grid"
    JOINT = "joint"
    PAIRED = "paired"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Helper:
    """One who can be asked; `through`: the joint organization or the pairing that leads there."""

    step: Step
    who: Assignee
    through: str | None = None


def help_path(task: TaskState, context: Context, *, asked_too: bool = False) -> tuple[Helper, ...]:
    """Whom to ask, nearest first; at most ten a step, nobody twice, nobody who has the task.

    Args:
        asked_too: also who assists, or was asked for a part in this round.
    """
    city = context.directory
    own = _organizations(task, city)
    taken = {_key(one) for one in (task.assignee, task.lead) if one}
    if not asked_too:
        taken |= {_key(one) for one in task.assisting}
        taken |= {part.key for part in task.parts if part.round == task.round}
    found: list[Helper] = []
    for step in (
        _grids(task, city),
        _joint(own, context),
        _paired(own, context),
        _above(task, city),
    ):
        number = 0
        for helper in step:
            key = _key(helper.who)
            # Duty officers of the own areas come last, whatever their organization is a member of.
            early = helper.step is not Step.ABOVE and helper.who.id in task.area_path
            if key in taken or early or number == EACH:
                continue
            taken.add(key)
            number += 1
            found.append(helper)
    return tuple(found)


def _key(one: Assignee) -> str:
    return f"{one.kind.value}:{one.id}"


def _organizations(task: TaskState, city: Directory) -> set[str]:
    """Of who has or leads it, of the grid, and of the two lowest areas."""
    found = {one.organization_id for one in (task.assignee, task.lead) if one}
    found |= {city.of_area(code) for code in task.area_path[-2:]}
    if task.grid_id is not None:
        found.add(city.answers_for(task.grid_id))
    return {id for id in found if id is not None}


def _grids(task: TaskState, city: Directory) -> Iterator[Helper]:
    if not task.area_path:
        return
    here = task.area_path[-1]
    above = task.area_path[-2] if len(task.area_path) > 1 else None
    beside: list[tuple[bool, str]] = []
    for id, grid in city.grids.items():
        if grid.retired or grid.area is None or id == task.grid_id:
            continue
        area = city.areas.get(grid.area)
        if grid.area == here or (above is not None and area and area.parent == above):
            beside.append((grid.area != here, id))
    for _, id in sorted(beside):
        yield Helper(Step.NEIGHBOUR_GRID, city.grid_team(id))


def _joint(own: set[str], context: Context) -> Iterator[Helper]:
    today = context.now.date().isoformat()
    for id, joint in sorted(context.directory.joints.items()):
        members = [one for one, left in joint.members if left is None or left > today]
        everybody = [*([joint.lead] if joint.lead else []), *members]
        if joint.retired or own.isdisjoint(everybody):
            continue
        yield from _who(everybody, own, context, Step.JOINT, id)


def _paired(own: set[str], context: Context) -> Iterator[Helper]:
    for id, pairing in sorted(context.directory.pairings.items()):
        sides = [side for side in (pairing.giver, pairing.taker) if side]
        now = context.now
        runs = _time(pairing.since) <= now < _time(pairing.until) and not pairing.ended
        if runs and not own.isdisjoint(sides):
            yield from _who(sides, own, context, Step.PAIRED, id)


def _who(
    organizations: list[str], own: set[str], context: Context, step: Step, through: str
) -> Iterator[Helper]:
    for id in organizations:
        who = None if id in own else context.directory.holder(id)
        if who is not None:
            yield Helper(step, who, through)


def _above(task: TaskState, city: Directory) -> Iterator[Helper]:
    for code in reversed(task.area_path or (city.top_area(),)):
        yield Helper(Step.ABOVE, city.area_duty(code))


def _time(text: str | None) -> datetime:
    """A pairing always has both times; one that lacks them never runs."""
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)
