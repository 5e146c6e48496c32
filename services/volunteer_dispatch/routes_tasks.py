"""Tasks over HTTP: lists, one task, its history."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch.access import ensure_sees, scope_of
from services.volunteer_dispatch.desk import Worker, detail, load, parts_of
from services.volunteer_dispatch.repository import Wanted
from services.volunteer_dispatch.schemas import TaskDetail, TaskView, shown
from services.volunteer_dispatch.service.standing import Awaits
from services.volunteer_dispatch.service.state import OPEN, Status, TaskState
from shared.contracts.task_life import PauseKind
from shared.contracts.words import Urgency
from shared.web.etag import etag
from shared.web.paging import Page, Paging, paging
from shared.web.routing import Router
from shared.web.schemas import Change

router = Router(prefix="/v1", tags=["tasks"])


@router.get("/tasks")
async def list_tasks(
    request: Request,
    principal: Worker,
    page: Annotated[Paging, Depends(paging)],
    status: Annotated[list[Status] | None, Query(description="Open ones unless given")] = None,
    assignee: Annotated[
        str | None, Query(pattern=r"^(unit|grid_team|volunteer|area_duty):.{1,120}$")
    ] = None,
    area: Annotated[str | None, Query(max_length=60)] = None,
    overdue: bool | None = None,
    urgency: Urgency | None = None,
    awaits: Annotated[Awaits | None, Query(description="What somebody above has to decide")] = None,
    paused: Annotated[
        PauseKind | None, Query(description="Waiting for the resident, or deferred")
    ] = None,
) -> Page[TaskView]:
    """The tasks that the caller sees, by deadline, so overdue ones first. `assignee` is
    `kind:id`."""
    parts, now = parts_of(request), datetime.now(UTC)
    kind, _, id = (assignee or "").partition(":")
    statuses = tuple(status or OPEN)
    if overdue is not None:
        statuses = tuple(s for s in statuses if s in OPEN)
    wanted = Wanted(
        scope=scope_of(principal),
        statuses=statuses,
        assignee=(kind, id) if assignee else None,
        area=area,
        overdue=overdue,
        urgency=urgency,
        awaits=awaits,
        paused=paused,
    )
    found = await parts.tasks.find(wanted, page, now)
    items, next = page.cut(found, lambda row: (row["state"]["deadline"], row["_id"]))
    views = [
        TaskView.model_validate(
            shown(
                TaskState.model_validate(row["state"]), row["version"], now, principal.volunteer_id
            )
        )
        for row in items
    ]
    return Page(items=views, next=next)


@router.get("/tasks/{id}")
async def show_task(request: Request, response: Response, id: str, principal: Worker) -> TaskDetail:
    """One task, with its `ETag`."""
    parts = parts_of(request)
    task, state = await load(parts, id)
    ensure_sees(principal, state)
    response.headers["ETag"] = etag(task.version)
    return detail(parts, task, state, principal)


@router.get("/tasks/{id}/history")
async def show_task_history(request: Request, id: str, principal: Worker) -> list[Change]:
    """Who did what, when and why; oldest first, the last 100."""
    parts = parts_of(request)
    _, state = await load(parts, id)
    ensure_sees(principal, state)
    return [Change.model_validate(change) for change in await parts.store.history(id)]
