"""Joint work over HTTP: the parts of a task, and lists of open parts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.volunteer_dispatch import messages_joint as _messages  # noqa: F401 (registers)
from services.volunteer_dispatch.access import (
    ensure_sees,
    may_answer,
    may_coordinate,
    sees_whole,
)
from services.volunteer_dispatch.desk import Worker, by_of, known_assignee, load, parts_of
from services.volunteer_dispatch.joint_repository import PartsWanted, parts_scope
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas_parts import (
    HelpWanted,
    PartDecline,
    PartEnd,
    PartResult,
    PartsView,
    PartView,
    part_view,
)
from services.volunteer_dispatch.service import joint_commands
from services.volunteer_dispatch.service.joint import OPEN_PARTS, JointPart, PartStatus
from services.volunteer_dispatch.service.joint_work import Wish, part_of
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import TaskState
from shared.contracts.task_parts import PartOrigin
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, Idempotency, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["joint work"])

Number = Annotated[int, Path(ge=1, le=100_000)]
_ASKED = (Role.UNIT_OPERATOR, Role.GRID_LEADER, Role.AREA_MANAGER, Role.ADMINISTRATOR)
Asked = Annotated[Principal, Depends(require(*_ASKED))]


@router.get("/tasks/{id}/parts")
async def list_task_parts(
    request: Request, response: Response, id: str, principal: Worker
) -> PartsView:
    """The parts of a task, of all rounds; who only helps sees the own ones."""
    parts, now = parts_of(request), datetime.now(UTC)
    task, state = await load(parts, id)
    ensure_sees(principal, state)
    response.headers["ETag"] = etag(task.version)
    asks = may_coordinate(principal, state) and joint_commands.may_ask(state)
    return PartsView(
        items=[
            _view(parts, state, part, now, principal)
            for part in state.parts
            if sees_whole(principal, state) or may_answer(principal, part)
        ],
        open=len(state.open_parts),
        held=state.held is not None,
        commands=("ask",) if asks else (),
    )


@router.get("/tasks/{id}/parts/{number}")
async def show_task_part(
    request: Request, response: Response, id: str, number: Number, principal: Worker
) -> PartView:
    """One part, with the task's `ETag`."""
    parts = parts_of(request)
    task, state = await load(parts, id)
    ensure_sees(principal, state)
    part = _known(state, number)
    if not (sees_whole(principal, state) or may_answer(principal, part)):
        raise Problem(403, "not-your-part")
    response.headers["ETag"] = etag(task.version)
    return _view(parts, state, part, datetime.now(UTC), principal)


@router.post("/tasks/{id}/parts", status_code=201, openapi_extra=IDEMPOTENT)
async def ask_for_help(
    request: Request, response: Response, id: str, body: HelpWanted, principal: Worker
) -> PartView:
    """Ask a unit, a grid team or an area's duty officer for a part of the task.

    Who leads the task asks, or who stands above; `GET /v1/tasks/{id}/helpers` names the nearest.
    """
    if body.to.kind is AssigneeKind.VOLUNTEER:
        raise Problem(422, "part-for-volunteer", field="to.kind")
    parts = parts_of(request)
    await load(parts, id)
    attempt, context = await idempotency_of(request), parts.context()
    who = known_assignee(parts, body.to)
    wish = Wish(
        origin=PartOrigin.ASKED,
        asks=body.asks,
        deadline=body.deadline,
        pass_on=body.pass_on,
        by=by_of(principal),
        attempt=f"{attempt.key} {attempt.fingerprint}" if attempt else None,
    )

    def decide(state: TaskState | None) -> Decision[TaskState] | None:
        assert state is not None
        ensure_sees(principal, state)
        if not may_coordinate(principal, state):
            raise Problem(403, "not-leading")
        if _made(state, attempt) is not None:
            return None
        if not joint_commands.may_ask(state):
            raise Problem(409, "no-help-now")
        try:
            return joint_commands.ask(state, who, wish, context)
        except Ruled as rule:
            raise Problem(409, rule.code, **rule.parameters) from None

    task = await parts.store.execute(id, decide, by=by_of(principal), version=if_match(request))
    assert task.state is not None
    made = _made(task.state, attempt) or task.state.parts[-1]
    response.headers["ETag"] = etag(task.version)
    response.headers["Location"] = f"/v1/tasks/{id}/parts/{made.number}"
    return _view(parts, task.state, made, datetime.now(UTC), principal)


def _made(state: TaskState, attempt: Idempotency | None) -> JointPart | None:
    """The part that an earlier attempt with the same key made. Raises `Problem` 422."""
    for part in state.parts:
        key, _, fingerprint = (part.attempt or "").partition(" ")
        if attempt is not None and key == attempt.key:
            attempt.check(fingerprint)
            return part
    return None


@router.post("/tasks/{id}/parts/{number}/accept")
async def accept_part(
    request: Request, response: Response, id: str, number: Number, principal: Worker
) -> PartView:
    """Take the part."""
    return await _command(request, response, id, number, principal, "accept", joint_commands.accept)


@router.post("/tasks/{id}/parts/{number}/decline")
async def decline_part(
    request: Request,
    response: Response,
    id: str,
    number: Number,
    body: PartDecline,
    principal: Worker,
) -> PartView:
    """Say no, or give it back; the next helper up the way is suggested, or asked (`pass_on`)."""
    context = parts_of(request).context()
    return await _command(
        request, response, id, number, principal, "decline",
        lambda state, part: joint_commands.decline(
            state, part, body.reason, by_of(principal), context
        ),
    )  # fmt: skip


@router.post("/tasks/{id}/parts/{number}/complete")
async def complete_part(
    request: Request,
    response: Response,
    id: str,
    number: Number,
    body: PartResult,
    principal: Worker,
) -> PartView:
    """The part is done."""
    context = parts_of(request).context()
    return await _command(
        request, response, id, number, principal, "complete",
        lambda state, part: joint_commands.complete(
            state, part, body.words, by_of(principal), context
        ),
    )  # fmt: skip


@router.post("/tasks/{id}/parts/{number}/cancel")
async def cancel_part(
    request: Request, response: Response, id: str, number: Number, body: PartEnd, principal: Worker
) -> PartView:
    """End a part, with a reason: who leads the task, or stands above."""
    context = parts_of(request).context()
    return await _command(
        request, response, id, number, principal, "cancel",
        lambda state, part: joint_commands.cancel(
            state, part, body.reason, by_of(principal), context
        ),
    )  # fmt: skip


async def _command(
    request: Request,
    response: Response,
    id: str,
    number: int,
    principal: Principal,
    name: str,
    decide: Callable[[TaskState, JointPart], Decision[TaskState]],
) -> PartView:
    """Check who and when inside the decision, which sees the very state that is written."""
    parts = parts_of(request)
    await load(parts, id)

    def checked(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        ensure_sees(principal, state)
        part = _known(state, number)
        if name == "cancel":
            if not may_coordinate(principal, state):
                raise Problem(403, "not-leading")
        elif not may_answer(principal, part):
            raise Problem(403, "not-your-part")
        allowed = joint_commands.commands_of(state, part)
        if name not in allowed:
            raise Problem(
                409,
                "part-not-possible-now",
                allowed=allowed,
                number=number,
                state=part.status.value,
                command=name,
            )
        return decide(state, part)

    task = await parts.store.execute(id, checked, by=by_of(principal), version=if_match(request))
    assert task.state is not None
    response.headers["ETag"] = etag(task.version)
    part = _known(task.state, number)
    return _view(parts, task.state, part, datetime.now(UTC), principal)


def _known(state: TaskState, number: int) -> JointPart:
    part = part_of(state, number)
    if part is None:
        raise Problem(404, "part-not-found", id=state.task_id, number=number)
    return part


def _view(
    parts: Parts, state: TaskState, part: JointPart, now: datetime, principal: Principal
) -> PartView:
    result = None if part.result is None else parts.unseal(state.task_id, part.result)
    shown = part_view(state, part, now, result)
    commands: tuple[str, ...] = shown["commands"]
    answers, leads = may_answer(principal, part), may_coordinate(principal, state)
    shown["commands"] = tuple(c for c in commands if (leads if c == "cancel" else answers))
    return PartView.model_validate(shown)


@router.get("/parts")
async def list_parts(
    request: Request,
    principal: Asked,
    page: Annotated[Paging, Depends(paging)],
    status: Annotated[list[PartStatus] | None, Query(description="asked, accepted")] = None,
    late: Annotated[
        bool | None, Query(description="No answer in time, or after the deadline")
    ] = None,
    helper: Annotated[str | None, Query(pattern=r"^(unit|grid_team|area_duty):.{1,120}$")] = None,
    area: Annotated[
        str | None, Query(max_length=60, description="Of the task, or of the helper")
    ] = None,
) -> Page[PartView]:
    """Open parts, the first due first: those asked of the caller's unit, grids or areas, and those
    of tasks that the caller leads or stands above. `helper` is `kind:id`."""
    parts, now = parts_of(request), datetime.now(UTC)
    kind, _, id = (helper or "").partition(":")
    wanted = PartsWanted(
        scope=parts_scope(principal),
        statuses=tuple(one for one in status or OPEN_PARTS if one in OPEN_PARTS),
        late=late,
        helper=(kind, id) if helper else None,
        area=area,
    )
    found = await parts.joint.find(wanted, page, now)
    rows, next = page.cut(found, lambda row: (row["due"], row["key"]))
    tasks = await parts.store.get_many({row["_id"] for row in rows})
    items: list[PartView] = []
    for row in rows:
        task = tasks.get(row["_id"])
        part = task and task.state and part_of(task.state, row["number"])
        if task is not None and task.state is not None and part:
            items.append(_view(parts, task.state, part, now, principal))
    return Page(items=items, next=next)
