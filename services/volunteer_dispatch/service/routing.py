"""Where a task goes: ordered places, from the first one up to the top area's duty officer."""

import zlib
from dataclasses import dataclass

from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.state import Gap, TaskState
from services.volunteer_dispatch.service.tables import Rule
from shared.contracts.tasks import Assignee
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


def numbered_rule(task: TaskState, context: Context) -> tuple[int, Rule] | None:
    """The first rule of the table that fits, with its number (from 1)."""
    return context.routing.rule_for(task.category, task.areas, task.urgency)


def rule_for(task: TaskState, context: Context) -> Rule | None:
    """The first rule of the table that fits."""
    found = numbered_rule(task, context)
    return found[1] if found else None


def route(task: TaskState, context: Context) -> tuple[Place, ...]:
    """Ordered candidates: the rule's, the grid team, then duty officers from below to the top.

    Without a rule that fits, and by a rule to `area_duty`, the duty officers alone. Never empty:
    the last place, the top area's duty officer, can always take a task.
    """
    first = _first_places(task, context)
    base = 1 if first else 0
    above = tuple(
        Place(AssigneeKind.AREA_DUTY, code, base + n)
        for n, code in enumerate(reversed(task.area_path or (context.directory.top_area(),)))
    )
    return (*first, *above)


def gap_of(task: TaskState, rule: Rule | None, context: Context) -> Gap | None:
    """What the table lacks for this task, which `rule` fits; one without a place says nothing."""
    if not task.area_path:
        return None
    if rule is None:
        return Gap.NO_RULE
    # Without a grid it is the grids that have a gap, and the registry lists it.
    named = all(target.startswith(("unit:", "domain:")) for target in rule.targets)
    return Gap.NO_TARGET if named and not _targeted(task, rule, context) else None


def assisting(task: TaskState, rule: Rule | None, context: Context) -> tuple[Assignee, ...]:
    """The units that the rule names beside the lead, those that are there, without its own."""
    if rule is None or not rule.assist or not task.area_path:
        return ()
    found: list[str] = []
    for target in rule.assist:
        kind, _, value = target.partition(":")
        if kind == "domain":
            found += _units(task, value, context)[:1]
        elif not context.directory.has_retired_unit(value):
            found.append(value)
    own = rule.to.removeprefix("unit:")
    return tuple(context.directory.unit(id) for id in dict.fromkeys(found) if id != own)


def _first_places(task: TaskState, context: Context) -> tuple[Place, ...]:
    rule = rule_for(task, context)
    if rule is None or not task.area_path or rule.to == AssigneeKind.AREA_DUTY.value:
        return ()
    places = _targeted(task, rule, context)
    if AssigneeKind.AREA_DUTY.value not in rule.then:
        places += _targets_places(AssigneeKind.GRID_TEAM.value, task, rule, context)
    return tuple(dict.fromkeys(places))


def _targeted(task: TaskState, rule: Rule, context: Context) -> list[Place]:
    """The places that a rule names, up to `area_duty` where that is one of them."""
    places: list[Place] = []
    for target in rule.targets:
        if target == AssigneeKind.AREA_DUTY.value:
            break
        places += _targets_places(target, task, rule, context)
    return places


def _targets_places(target: str, task: TaskState, rule: Rule, context: Context) -> list[Place]:
    kind, _, value = target.partition(":")
    if kind == "unit" and not context.directory.has_retired_unit(value):
        return [Place(AssigneeKind.UNIT, value, 0)]
    if kind == "domain":
        return [Place(AssigneeKind.UNIT, unit, 0) for unit in _units(task, value, context)]
    if kind == "volunteer" and task.grid_id is not None:
        return [Place(AssigneeKind.VOLUNTEER, "", 0, rule.skill or task.category)]
    # A request that is reported late goes by the grid of its time, which may have ended since.
    ended = task.grid_id is None or context.directory.has_retired_grid(task.grid_id)
    if kind == "grid_team" and task.grid_id is not None and not ended:
        return [Place(AssigneeKind.GRID_TEAM, task.grid_id, 0)]
    return []


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
        if place.level < task.level or was_tried(task, place, context):
            continue
        if above and (place.kind is not AssigneeKind.AREA_DUTY or place.level <= task.level):
            continue
        return place
    return places[-1]


def is_top(place: Place, task: TaskState, context: Context) -> bool:
    """Whether nobody stands above this place."""
    top = task.area_path[0] if task.area_path else context.directory.top_area()
    return place.kind is AssigneeKind.AREA_DUTY and place.id == top


def was_tried(task: TaskState, place: Place, context: Context) -> bool:
    """Whether the place had its turn in this round."""
    if place.kind is not AssigneeKind.VOLUNTEER:
        return place.key in task.tried
    asked = sum(key.startswith("volunteer:") for key in task.tried)
    return NOBODY in task.tried or asked >= context.routing.volunteers_tried
