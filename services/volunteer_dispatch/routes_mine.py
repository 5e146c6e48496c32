"""What is mine, over HTTP: to answer, in hand, done; and the pool of tasks that one may take."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from services.volunteer_dispatch.acting import acted
from services.volunteer_dispatch.boards import DONE_BY, OPEN
from services.volunteer_dispatch.claiming import claimer_of
from services.volunteer_dispatch.desk import parts_of
from services.volunteer_dispatch.routes_board import place_of, views_of
from services.volunteer_dispatch.schemas import TaskDetail, TaskView
from services.volunteer_dispatch.service.claims import pool_of
from services.volunteer_dispatch.service.columns import Column
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.words import AssigneeKind, Urgency
from shared.web.auth import Principal, Role, require
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["lists"])

_MOST = 200
_HELD = [column for column in OPEN if column != Column.ASKING]
Claimant = Annotated[
    Principal, Depends(require(Role.VOLUNTEER, Role.UNIT_OPERATOR, Role.GRID_LEADER))
]
Own = Annotated[Principal, Depends(require(Role.VOLUNTEER, Role.UNIT_OPERATOR))]


class MineView(BaseModel):
    """The caller's work, due first; at most 200 of each."""

    alerts: list[TaskView] = Field(description="Asked whether I take it: accept or decline")
    offers: list[TaskView] = Field(
        description="Handed over to me: accept-hand-over or decline-hand-over"
    )
    holds: list[TaskView] = Field(description="Mine, to accept or in hand")
    assists: list[TaskView] = Field(description="Of a unit: others lead, mine assists")


class Done(BaseModel):
    """A task that was done."""

    id: str
    request_id: str
    category: str
    urgency: Urgency
    round: int
    taken_at: datetime | None
    ended_at: datetime | None
    in_time: bool | None
    hours: float | None = Field(
        description="From taking it to its end; not service hours, which somebody confirms"
    )


def _who(principal: Principal) -> tuple[AssigneeKind, str]:
    """The holder that the caller is. Raises `Problem` 403."""
    if principal.role is Role.VOLUNTEER and principal.volunteer_id:
        return AssigneeKind.VOLUNTEER, principal.volunteer_id
    if principal.role is Role.UNIT_OPERATOR and principal.unit_id:
        return AssigneeKind.UNIT, principal.unit_id
    raise Problem(403, "claims-nothing")


@router.get("/mine")
async def list_mine(request: Request, principal: Own) -> MineView:
    """What a volunteer or a unit has to answer, and has in hand."""
    boards, now = parts_of(request).boards, datetime.now(UTC)
    kind, id = _who(principal)
    first = Paging(_MOST, None)
    holder = {"state.assignee.id": id, "state.assignee.kind": kind.value}
    holds = await boards.find([holder, {"state.column": {"$in": _HELD}}], first)
    offers = await boards.offered(f"{kind.value}:{id}", _MOST)
    alerts = await boards.asked(id, _MOST) if kind is AssigneeKind.VOLUNTEER else []
    assists = []
    if kind is AssigneeKind.UNIT:
        helps = {"$or": [{"state.assisting.id": id}, {"state.helping": f"unit:{id}"}]}
        beside = {"state.units": id, **helps, "$nor": [holder]}
        assists = await boards.find([beside, {"state.column": {"$in": OPEN}}], first)
    me = principal.volunteer_id
    return MineView(
        alerts=views_of(sorted(alerts, key=place_of), now, me),
        offers=views_of(sorted(offers, key=place_of), now, me),
        holds=views_of(holds[:_MOST], now, me),
        assists=views_of(assists[:_MOST], now, me),
    )


@router.get("/mine/history")
async def list_history(
    request: Request, principal: Own, page: Annotated[Paging, Depends(paging)]
) -> Page[Done]:
    """What a volunteer or a unit has done, the last first."""
    kind, id = _who(principal)
    holder = {"state.assignee.id": id, "state.assignee.kind": kind.value}
    rows = await parts_of(request).boards.find(
        [holder, {"state.column": "done"}], page, latest_first=True, hint=DONE_BY
    )
    items, next = page.cut(rows, place_of)
    return Page(items=[_done(TaskState.model_validate(row["state"])) for row in items], next=next)


def _done(state: TaskState) -> Done:
    taken, ended = state.taken_at, state.column_at
    known = taken is not None and ended is not None and ended >= taken
    hours = round((ended - taken).total_seconds() / 3600, 2) if known else None  # type: ignore[operator]
    return Done(
        id=state.task_id,
        request_id=state.request_id,
        category=state.category,
        urgency=state.urgency,
        round=state.round,
        taken_at=taken,
        ended_at=ended,
        in_time=state.in_time,
        hours=hours,
    )


@router.get("/pool")
async def list_pool(
    request: Request, principal: Claimant, page: Annotated[Paging, Depends(paging)]
) -> Page[TaskView]:
    """Tasks that the caller may take without being asked (自领), due first."""
    parts, now = parts_of(request), datetime.now(UTC)
    claimer = await claimer_of(parts, principal)
    query = pool_of(claimer, parts.context(now).lists.claims)
    rows = [] if query is None else await parts.boards.find([query], page)
    items, next = page.cut(rows, place_of)
    return Page(items=views_of(items, now, principal.volunteer_id), next=next)


@router.post("/tasks/{id}/claim")
async def claim_task(
    request: Request, response: Response, id: str, principal: Claimant
) -> TaskDetail:
    """Take a task of the pool. Of two who do so at once one gets it; the other reads who has it."""
    return await acted(request, response, id, principal, "claim")
