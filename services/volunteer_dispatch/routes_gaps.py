"""Gaps of the routing table over HTTP: what a city should write a rule for."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, Field

from services.volunteer_dispatch.access import scope_of
from services.volunteer_dispatch.desk import Manager, parts_of
from services.volunteer_dispatch.gaps import GapsWanted
from services.volunteer_dispatch.messages_routing import Words, words_of
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.routing import gap_of, rule_for
from services.volunteer_dispatch.service.state import Gap, TaskState
from shared.contracts.words import Urgency
from shared.storage.client import Document
from shared.web.paging import Page, Paging, paging
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["tasks"])

_WINDOW = timedelta(days=90)


class GapView(BaseModel):
    """Tasks of one category in one area that the table did not cover."""

    category: str
    area: str = Field(description="The lowest area known of these requests")
    gap: Gap
    tasks: int
    open: int = Field(description="How many of them are not done yet")
    first: AwareDatetime = Field(description="Time of the first request")
    last: AwareDatetime
    examples: list[str] = Field(description="Ids of the latest tasks")
    covered: bool = Field(description="Whether the table in force now covers them")
    words: Words


@router.get("/routing-gaps")
async def list_routing_gaps(
    request: Request,
    principal: Manager,
    page: Annotated[Paging, Depends(paging)],
    since: Annotated[
        AwareDatetime | None, Query(description="Requests from then on; the last 90 days")
    ] = None,
    gap: Gap | None = None,
    area: Annotated[str | None, Query(max_length=60)] = None,
) -> Page[GapView]:
    """Category and area of tasks that no rule covered, or whose rule names nobody who is there;
    those with most tasks first. They went to the duty officer of the area, or the grid team."""
    parts = parts_of(request)
    wanted = GapsWanted(
        scope=scope_of(principal), since=since or datetime.now(UTC) - _WINDOW, gap=gap, area=area
    )
    found = await parts.gaps.find(wanted, page)
    items, next = page.cut(found, lambda row: (row["tasks"], row["_id"]))
    context = parts.context()
    return Page(items=[_view(row, context) for row in items], next=next)


def _view(row: Document, context: Context) -> GapView:
    covered = all(_covers(row, Urgency(urgency), context) for urgency in row["urgencies"])
    key = "gap-covered" if covered else f"gap-{row['gap']}"
    return GapView.model_validate(
        {
            **row,
            "area": row["area_path"][-1],
            "covered": covered,
            "words": words_of(
                key, category=row["category"], area=row["area_path"][-1], tasks=row["tasks"]
            ),
        }
    )


def _covers(row: Document, urgency: Urgency, context: Context) -> bool:
    path = tuple(row["area_path"])
    task = TaskState(
        task_id=row["examples"][0],
        request_id="",
        category=row["category"],
        urgency=urgency,
        area_path=path,
        areas=path,
    )
    return gap_of(task, rule_for(task, context), context) is None
