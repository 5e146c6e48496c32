"""Problem cases: tasks that were redone or passed on too often, looked after one level up."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch.access import ensure_may_close_problem, scope_of
from services.volunteer_dispatch.desk import Manager, Worker, by_of, detail, load, parts_of
from services.volunteer_dispatch.schemas import Finding, ProblemCase, TaskDetail, shown
from services.volunteer_dispatch.service import commands
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.task_life import ProblemReason
from shared.storage.aggregates import Decision
from shared.web.etag import etag, if_match
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["problem cases"])


@router.get("/problem-cases")
async def list_problem_cases(
    request: Request,
    principal: Worker,
    page: Annotated[Paging, Depends(paging)],
    owner_area: Annotated[
        str | None, Query(max_length=60, description="The area that looks after it")
    ] = None,
    reason: ProblemReason | None = None,
    open: Annotated[bool, Query(description="False: those that were closed")] = True,
) -> Page[ProblemCase]:
    """Problem cases among the tasks that the caller sees, the oldest first."""
    parts, now = parts_of(request), datetime.now(UTC)
    found = await parts.tasks.problems(
        scope_of(principal), page, open=open, owner_area=owner_area, reason=reason
    )
    items, next = page.cut(found, lambda row: (row["state"]["problem"]["raised_at"], row["_id"]))
    views = [
        ProblemCase.model_validate(
            shown(TaskState.model_validate(row["state"]), row["version"], now)
        )
        for row in items
    ]
    return Page(items=views, next=next)


@router.post("/problem-cases/{id}/close")
async def close_problem_case(
    request: Request, response: Response, id: str, body: Finding, principal: Manager
) -> TaskDetail:
    """Close a problem case (`id` is the task's) with a finding; the work itself goes on."""
    parts = parts_of(request)
    await load(parts, id)

    def decide(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        ensure_may_close_problem(principal, state)
        if state.problem is None or not state.problem.open:
            raise Problem(409, "no-problem-case", id=id[:120])
        return commands.close_problem(state, body.finding, by_of(principal), parts.context())

    task = await parts.store.execute(id, decide, by=by_of(principal), version=if_match(request))
    assert task.state is not None
    response.headers["ETag"] = etag(task.version)
    return detail(parts, task, task.state, principal)
