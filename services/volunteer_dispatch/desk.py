"""What the routes of tasks share: finding a task, checking a command, answering."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch import messages as _messages  # noqa: F401 (registers)
from services.volunteer_dispatch import messages_lists as _lists  # noqa: F401 (registers)
from services.volunteer_dispatch.access import (
    commands_of,
    ensure_may_act,
    ensure_speaks_for,
    sees_whole,
)
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas import TaskDetail, To, WordsView, shown
from services.volunteer_dispatch.service.limits import CalendarTable, Ground
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.state import Status, TaskState
from shared.contracts.tasks import Assignee
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.problems import Problem

_WORKERS = (
    Role.VOLUNTEER,
    Role.UNIT_OPERATOR,
    Role.GRID_LEADER,
    Role.AREA_MANAGER,
    Role.ADMINISTRATOR,
)
Worker = Annotated[Principal, Depends(require(*_WORKERS))]
Manager = Annotated[Principal, Depends(require(Role.AREA_MANAGER, Role.ADMINISTRATOR))]


def parts_of(request: Request) -> Parts:
    """The service's parts."""
    parts: Parts = request.app.state.parts
    return parts


async def load(parts: Parts, id: str) -> tuple[Aggregate[TaskState], TaskState]:
    """The task `id` with its state. Raises `Problem` 404."""
    task = await parts.store.get(id)
    if task is None or task.state is None or task.state.status is Status.EARLY:
        raise Problem(404, "task-not-found", id=id[:120])
    return task, task.state


def by_of(principal: Principal) -> str:
    """Who did it, for histories."""
    return f"{principal.role.value}:{principal.subject}"


def detail(
    parts: Parts, task: Aggregate[TaskState], state: TaskState, principal: Principal
) -> TaskDetail:
    """The answer that shows a task to somebody."""
    words = [
        WordsView.model_validate(
            {**said.model_dump(), "text": parts.unseal(state.task_id, said.text)}
        )
        for said in state.words
    ]
    now, deadline = datetime.now(UTC), state.deadline
    known = deadline is None or parts.tables.get(CalendarTable).knows(deadline)
    # Who only helps sees the task and the own part, not what others wrote about the rest.
    whole = sees_whole(principal, state)
    return TaskDetail.model_validate(
        {
            **shown(state, task.version, now, principal.volunteer_id),
            "words": words,
            "explained": state.explained,
            "calendar_known": known,
            **({} if whole else {"words": [], "explained": [], "proposal": None, "problem": None}),
        }
    )


def checked(
    principal: Principal,
    name: str,
    decide: Callable[[TaskState], Decision[TaskState]],
    ensure: Callable[[Principal, TaskState], None] = ensure_may_act,
) -> Callable[[TaskState | None], Decision[TaskState]]:
    """`decide` after the check of who (`ensure`) and when: it sees the very state that is written.

    It raises `Problem` 403 or 409.
    """

    def inner(state: TaskState | None) -> Decision[TaskState]:
        assert state is not None
        ensure(principal, state)
        if state.joined is not None:
            raise Problem(409, "task-joined", lead=state.joined.lead_task_id)
        allowed = commands_of(state)
        if name not in allowed:
            raise Problem(
                409,
                "not-possible-now",
                allowed=allowed,
                state=state.status.value,
                command=name,
            )
        try:
            return decide(state)
        except Ruled as rule:
            # What the rule forbids now is not what the caller should try next.
            others = tuple(one for one in allowed if one != name)
            raise Problem(409, rule.code, allowed=others, **rule.parameters) from None

    return inner


async def command(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    name: str,
    decide: Callable[[TaskState], Decision[TaskState]],
    version: int | None = None,
    ensure: Callable[[Principal, TaskState], None] = ensure_may_act,
) -> TaskDetail:
    """Check who (`ensure`) and when, decide, write; answer the task as it is then."""
    parts = parts_of(request)
    await load(parts, id)
    expected = if_match(request) if version is None else version
    decision = checked(principal, name, decide, ensure)
    task = await parts.store.execute(id, decision, by=by_of(principal), version=expected)
    return answered(parts, response, task, principal)


def answered(
    parts: Parts, response: Response, task: Aggregate[TaskState], principal: Principal
) -> TaskDetail:
    """The answer of a command: the task as it is now, with its `ETag`."""
    assert task.state is not None
    response.headers["ETag"] = etag(task.version)
    return detail(parts, task, task.state, principal)


OnBehalf = Annotated[
    str | None,
    Query(
        max_length=120,
        description="The volunteer whose word this is, given by telephone to who stands above",
    ),
]


def speaking_for(
    decide: Callable[[TaskState], Decision[TaskState]], principal: Principal, volunteer_id: str
) -> Callable[[TaskState], Decision[TaskState]]:
    """`decide` for a volunteer; the history says for whom. It raises `Problem`."""

    def inner(state: TaskState) -> Decision[TaskState]:
        ensure_speaks_for(principal, state, volunteer_id)
        return for_volunteer(decide(state), volunteer_id)

    return inner


def for_volunteer(decision: Decision[TaskState], volunteer_id: str) -> Decision[TaskState]:
    """The decision with a note that it is a volunteer's word (`by` is who passed it on)."""
    why = f"for volunteer {volunteer_id}, by telephone"
    return replace(decision, why=f"{why}: {decision.why}" if decision.why else why)


def ensure_ground(code: str, grounds: Sequence[Ground]) -> None:
    """Raise `Problem` 422 unless the list of the table has this ground."""
    known = [ground.code for ground in grounds]
    if code not in known:
        raise Problem(422, "ground-unknown", field="ground", allowed=known, ground=code)


def known_assignee(parts: Parts, to: To, field: str = "to.id") -> Assignee:
    """The unit, grid team or area duty that is named in `field`. Raises `Problem` 422."""
    if not parts.directory.knows(to.kind, to.id):
        raise Problem(422, "assignee-unknown", field=field, kind=to.kind.value, id=to.id)
    return parts.directory.of(to.kind, to.id)
