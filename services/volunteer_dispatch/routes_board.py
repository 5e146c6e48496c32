"""Boards over HTTP: counts a column, what is due first, pages of a column."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel, StringConstraints

from services.volunteer_dispatch.access import scope_of
from services.volunteer_dispatch.boards import BoardWanted
from services.volunteer_dispatch.desk import parts_of
from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.schemas import TaskView, shown
from services.volunteer_dispatch.service.columns import Shown
from services.volunteer_dispatch.service.standing import Awaits
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.words import Urgency
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.paging import Page, Paging, paging
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["lists"])

Leader = Annotated[
    Principal,
    Depends(require(Role.UNIT_OPERATOR, Role.GRID_LEADER, Role.AREA_MANAGER, Role.ADMINISTRATOR)),
]


class ColumnView(BaseModel):
    """A column: how many tasks, and those due first; `next` is the cursor of the others."""

    column: Shown
    name: Words
    number: int
    items: list[TaskView]
    next: str | None


class BoardView(BaseModel):
    """A board as of `at`; every open task stands in exactly one column."""

    at: datetime
    columns: list[ColumnView]


Holder = Annotated[
    str, StringConstraints(pattern=r"^(unit|grid_team|volunteer|area_duty):.{1,120}$")
]


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of a board, from the query."""

    status: Annotated[list[Status] | None, Query()] = None
    category: Annotated[
        str | None, Query(max_length=60, description="A code, or a prefix with a point: `care.`")
    ] = None
    urgency: Annotated[Urgency | None, Query()] = None
    area: Annotated[str | None, Query(max_length=60)] = None
    grid: Annotated[str | None, Query(max_length=120)] = None
    holder: Annotated[
        list[Holder] | None,
        Query(max_length=50, description="`kind:id`; repeat it for one of several"),
    ] = None
    request: Annotated[str | None, Query(max_length=120, description="A request's id")] = None
    overdue: Annotated[bool | None, Query(description="Open tasks past their deadline")] = None
    awaits: Annotated[Awaits | None, Query(description="What somebody above has to decide")] = None

    def wanted(self, principal: Principal) -> BoardWanted:
        """With what the caller may see."""
        return BoardWanted(
            scope=scope_of(principal),
            statuses=tuple(self.status or ()),
            category=self.category,
            urgency=self.urgency,
            area=self.area,
            grid=self.grid,
            holders=tuple(dict.fromkeys(self.holder or ())),
            request=self.request,
            overdue=self.overdue,
            awaits=self.awaits,
        )


def place_of(row: Document) -> tuple[datetime, str]:
    """Where a row stands in its column, for cursors."""
    return row["state"]["column_at"], row["_id"]


def views_of(
    rows: Sequence[Document], now: datetime, volunteer_id: str | None = None
) -> list[TaskView]:
    """Rows as they are shown."""
    return [
        TaskView.model_validate(
            shown(TaskState.model_validate(row["state"]), row["version"], now, volunteer_id)
        )
        for row in rows
    ]


@router.get("/board")
async def show_board(
    request: Request,
    principal: Leader,
    filters: Annotated[Filters, Depends()],
    limit: Annotated[int, Query(ge=0, le=50, description="Rows a column")] = 10,
) -> BoardView:
    """Counts a column of the tasks that the caller sees, and those of each that are due first."""
    parts, now = parts_of(request), datetime.now(UTC)
    wanted, table, page = filters.wanted(principal), parts.context(now).lists, Paging(limit, None)
    counts = await parts.boards.counts(wanted, table, now)
    full = [column for column in Shown if counts[column] and limit]
    pages = await asyncio.gather(
        *(parts.boards.page(wanted, column, table, page, now) for column in full)
    )
    found = dict(zip(full, pages, strict=True))
    columns = []
    for column in Shown:
        items, next = page.cut(found.get(column, []), place_of)
        columns.append(
            ColumnView(
                column=column,
                name=words_of(f"column.{column.value}"),
                # Counted a moment before: one may have come since.
                number=max(counts[column], len(items)),
                items=views_of(items, now),
                next=next,
            )
        )
    return BoardView(at=now, columns=columns)


@router.get("/board/{column}")
async def list_column(
    request: Request,
    column: Shown,
    principal: Leader,
    filters: Annotated[Filters, Depends()],
    page: Annotated[Paging, Depends(paging)],
) -> Page[TaskView]:
    """A column's tasks, due first (of those done lately the last first), page by page."""
    parts, now = parts_of(request), datetime.now(UTC)
    table = parts.context(now).lists
    rows = await parts.boards.page(filters.wanted(principal), column, table, page, now)
    items, next = page.cut(rows, place_of)
    return Page(items=views_of(items, now), next=next)
