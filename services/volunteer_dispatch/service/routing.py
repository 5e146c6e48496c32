"""Where a task goes: ordered places, from the first one up to the top area's duty officer."""

import zlib
from dataclasses import dataclass

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import TaskState
from services.volunteer_dispatch.service.tables import Rule
from shared.contracts.words import AssigneeKind

NOBODY = "volunteer:*"
"""In `tried`: no volunteer was found."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who could get a task. A volunteer is found by `skill`, so `id` is empty then."""

    kind: AssigneeKind
    id: str
    level: int
    skill: str = ""

    @property
    def key(self) -> str:
        """As it stands in `tried`."""
        return f"{self.kind.value}:{self.id}"


def rule_for(task: TaskState, context: Context) -> Rule | None:
    """The first rule of the table that fits."""
    rules = context.routing.rules
    return next((r for r in rules if r.fits(task.category, task.areas, task.urgency)), None)


def route(task: TaskState, context: Context) -> tuple[Place, ...]:
    """Ordered candidates: the rule's, the grid team, then duty officers from below to the top.

    Never empty: the last place, the top area's duty officer, can always take a task.
    """
    first = _first_places(task, context)
    base = 1 if first else 0
    above = tuple(
        Place(AssigneeKind.AREA_DUTY, code, base + n)
        for n, code in enumerate(reversed(task.area_path or (context.directory.top_area(),)))
    )
    return (*first, *above)


def _first_places(task: TaskState, context: Context) -> tuple[Place, ...]:
    rule = rule_for(task, context)
    to = rule.to if rule else AssigneeKind.GRID_TEAM.value
    if to == AssigneeKind.AREA_DUTY.value or not task.area_path:
        return ()
    places: list[Place] = []
    kind, _, value = to.partition(":")
    if kind == "unit" and not context.directory.has_retired_unit(value):
        places.append(Place(AssigneeKind.UNIT, value, 0))
    elif kind == "domain":
        units = _units(task, value, context)
        places += [Place(AssigneeKind.UNIT, unit, 0) for unit in units]
    elif kind == "volunteer" and task.grid_id is not None:
        skill = (rule.skill if rule else None) or task.category
        places.append(Place(AssigneeKind.VOLUNTEER, "", 0, skill))
    # A request that is reported late goes by the grid of its time, which may have ended since.
    if task.grid_id is not None and not context.directory.has_retired_grid(task.grid_id):
        places.append(Place(AssigneeKind.GRID_TEAM, task.grid_id, 0))
    return tuple(places)


def _units(task: TaskState, domain: str, context: Context) -> list[str]:
    """Units of a domain, nearest area first; within an area each task starts at another one."""
    found: list[str] = []
    for code in reversed(task.area_path):
        units = context.directory.units_of(domain, code)
        if units:
            start = zlib.crc32(task.task_id.encode()) % len(units)
            found += units[start:] + units[:start]
    return found[: context.routing.units_tried]


def next_place(task: TaskState, context: Context, *, above: bool = False) -> Place:
    """The next place that was not tried in this round, never below the present level.

    Args:
        above: only duty officers of a higher level.
    """
    places = route(task, context)
    for place in places:
        if place.level < task.level or _tried(task, place, context):
            continue
        if above and (place.kind is not AssigneeKind.AREA_DUTY or place.level <= task.level):
            continue
        return place
    return places[-1]


def is_top(place: Place, task: TaskState, context: Context) -> bool:
    """Whether nobody stands above this place."""
    return place.key == route(task, context)[-1].key


def _tried(task: TaskState, place: Place, context: Context) -> bool:
    if place.kind is not AssigneeKind.VOLUNTEER:
        return place.key in task.tried
    asked = sum(key.startswith("volunteer:") for key in task.tried)
    return NOBODY in task.tried or asked >= context.routing.volunteers_tried
