"""Open parts over all tasks: the query of their list, with its index.

Parts stand in their task's document; a partial index holds the tasks alone that have open ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.volunteer_dispatch.service.joint import OPEN_PARTS, PartStatus
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import AggregateStore
from shared.storage.client import ASCENDING, Document, aggregate
from shared.web.auth import Principal, Role
from shared.web.paging import Paging

_LOOKED_AT = ("parts", "areas", "grid_id", "assignee", "lead", "deadline")
_HAS_OPEN: Document = {"state.helping": {"$gt": ""}}


@dataclass(frozen=True, slots=True)
class PartsWanted:
    """Filters of the list; `scope` is what the caller may see, as a query."""

    scope: Document
    statuses: Sequence[PartStatus] = OPEN_PARTS
    late: bool | None = None
    helper: tuple[str, str] | None = None
    area: str | None = None


def parts_scope(principal: Principal) -> Document:
    """The parts that the caller sees: asked of the own unit, grid or area, or of tasks that are
    the own. It holds of a task's document and of one with a single part alike."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return {}
        case Role.AREA_MANAGER:
            own = {"$in": sorted(principal.areas)}
            return {"$or": [{"state.areas": own}, {"state.parts.areas": own}]}
        case Role.GRID_LEADER:
            grids = {"$in": sorted(principal.grids)}
            asked = {
                "state.parts.who.kind": AssigneeKind.GRID_TEAM.value,
                "state.parts.who.id": grids,
            }
            return {"$or": [{"state.grid_id": grids}, asked]}
        case Role.UNIT_OPERATOR if principal.unit_id is not None:
            places = ("state.parts.who", "state.assignee", "state.lead")
            return {"$or": [{f"{place}.unit_id": principal.unit_id} for place in places]}
        case _:
            return {"_id": {"$in": []}}


class JointParts:
    """Lists of open parts."""

    def __init__(self, store: AggregateStore[TaskState]) -> None:
        self._tasks = store.collection

    async def create_indexes(self) -> None:
        """One partial index: tasks without an open part cost nothing."""
        await self._tasks.create_index(
            [("state.helping", ASCENDING)], partialFilterExpression=_HAS_OPEN, name="helping"
        )

    async def find(self, wanted: PartsWanted, paging: Paging, now: datetime) -> list[Document]:
        """Up to `limit + 1` parts, the first due first: `_id` (of the task), `number`, `due`,
        `key` (`task/number`)."""
        helper = None if wanted.helper is None else ":".join(wanted.helper)
        asked: Document = _HAS_OPEN if helper is None else {"state.helping": helper}
        one: list[Document] = [
            {"state.parts.status": {"$in": [status.value for status in wanted.statuses]}}
        ]
        if wanted.scope:
            one.append(wanted.scope)
        if wanted.helper is not None:
            kind, id = wanted.helper
            one.append({"state.parts.who.kind": kind, "state.parts.who.id": id})
        if wanted.area is not None:
            areas = ("state.areas", "state.parts.areas")
            one.append({"$or": [{place: wanted.area} for place in areas]})
        late: list[Document] = [{"state.parts.silent": True, "state.parts.status": "asked"}]
        late.append({"due": {"$lt": now}})
        after: list[Document] = []
        if wanted.late is not None:
            after.append({"$or" if wanted.late else "$nor": late})
        if paging.after is not None:
            due, key = paging.after
            after.append({"$or": [{"due": {"$gt": due}}, {"due": due, "key": {"$gt": key}}]})
        number: Any = {"$toString": "$state.parts.number"}
        pipeline: list[Document] = [
            {"$match": {"$and": [asked, *([wanted.scope] if wanted.scope else [])]}},
            {"$project": {f"state.{name}": 1 for name in _LOOKED_AT}},
            {"$unwind": "$state.parts"},
            {"$match": {"$and": one}},
            {
                "$addFields": {
                    "due": {"$ifNull": ["$state.parts.deadline", "$state.deadline"]},
                    "key": {"$concat": ["$_id", "/", number]},
                }
            },
            *([{"$match": {"$and": after}}] if after else []),
            {"$sort": {"due": 1, "key": 1}},
            {"$limit": paging.limit + 1},
            {"$project": {"due": 1, "key": 1, "number": "$state.parts.number"}},
        ]
        return [row async for row in aggregate(self._tasks, pipeline, allowDiskUse=True)]
