"""Who acts in the demo: callers with their roles, by what they hold."""

from collections.abc import Mapping
from typing import Any

from deploy.local.demo.areas import CITY, communities
from shared.web.auth import Principal, Role

FIRST = communities()[0]


def operator(unit_id: str) -> Principal:
    """Somebody who works for a unit."""
    return Principal(f"operator-{unit_id}", Role.UNIT_OPERATOR, unit_id=unit_id)


def resident(number: int) -> Principal:
    """A resident of the city."""
    return Principal(f"resident-{number}", Role.RESIDENT)


def manager(area: str) -> Principal:
    """The manager, and duty officer, of an area."""
    return Principal(f"manager-{area}", Role.AREA_MANAGER, areas=frozenset({area}))


def holder(assignee: Mapping[str, Any]) -> Principal:
    """The one who holds a task, as dispatch names the assignee."""
    id = str(assignee["id"])
    match assignee["kind"]:
        case "unit":
            return operator(id)
        case "grid_team":
            return Principal(f"leader-{id}", Role.GRID_LEADER, grids=frozenset({id}))
        case "volunteer":
            return volunteer({"volunteer_id": id})
        case _:
            return manager(id)


def volunteer(asked: Mapping[str, Any]) -> Principal:
    """A volunteer whom a task asks, as dispatch shows it."""
    id = str(asked["volunteer_id"])
    return Principal(id, Role.VOLUNTEER, volunteer_id=id)


ROLES: tuple[tuple[str, str, Principal], ...] = (
    ("居民", "提出诉求、查进度、回访 · asks, follows, answers", resident(1)),
    (
        "志愿者",
        "接、办、退自己的任务 · takes and does own tasks",
        Principal("v-0001", Role.VOLUNTEER, volunteer_id="v-0001"),
    ),
    ("单位经办人", "办本单位的任务、上报 · the unit's tasks and reports", operator("utility-east")),
    (
        "网格长",
        f"{FIRST.name}两个网格的任务 · tasks of two grids",
        Principal("leader", Role.GRID_LEADER, grids=frozenset(FIRST.grids)),
    ),
    ("街道管理员", f"{FIRST.street_name}的一切 · everything in one street", manager(FIRST.street)),
    ("系统管理员", "全部 · everything", Principal("administrator", Role.ADMINISTRATOR)),
)
"""One caller for each role: the Chinese word, what he or she may do, who."""

CITY_DUTY = manager(CITY)
