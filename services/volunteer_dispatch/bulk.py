"""Bulk actions: each answered by itself, and done once however often they are sent.

The answer is kept under the caller's `Idempotency-Key`. Should the process die half-way, the same
key does the rest: each task that was written carries the mark of its action.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from services.volunteer_dispatch.acting import BODIES, act, ensure_role
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas_bulk import Action, ActionResult
from shared.storage.aggregates import Contended, VersionMismatch
from shared.storage.client import UNREACHABLE, Document
from shared.web.auth import Principal
from shared.web.errors import field_error, invalid
from shared.web.idempotency import Idempotency
from shared.web.problems import Problem

_AT_ONCE = 8


async def perform(
    parts: Parts, actions: Sequence[Action], principal: Principal, attempt: Idempotency | None
) -> Document:
    """Do every action, some at once, those of one task in their order; what became of each."""
    if attempt is not None:
        earlier = await parts.bulk.begin(attempt)
        if earlier is not None:
            return earlier
    turns = asyncio.Semaphore(_AT_ONCE)
    of_task: dict[str, list[tuple[int, Action]]] = {}
    for number, action in enumerate(actions, 1):
        of_task.setdefault(action.task_id, []).append((number, action))
    results: dict[int, ActionResult] = {}

    async def of_one(mine: Sequence[tuple[int, Action]]) -> None:
        for number, action in mine:
            mark = None if attempt is None else f"{attempt.key[:24]}.{number}"
            async with turns:
                results[number] = await _one(parts, number, action, principal, mark)

    async with asyncio.TaskGroup() as group:
        for mine in of_task.values():
            group.create_task(of_one(mine))
    in_order = [results[number] for number in sorted(results)]
    answer: Document = {
        "results": [one.model_dump(mode="json", exclude_none=True) for one in in_order]
    }
    # What failed for want of a server is tried again when the same key comes.
    if attempt is not None and all(one.status != "failed" for one in in_order):
        await parts.bulk.keep(attempt, answer)
    return answer


async def _one(
    parts: Parts, number: int, action: Action, principal: Principal, mark: str | None
) -> ActionResult:
    row: dict[str, Any] = {"row": number, "task_id": action.task_id}
    try:
        ensure_role(principal, action.command)
        task = await act(
            parts,
            action.task_id,
            principal,
            action.command,
            _body(action),
            version=action.version,
            on_behalf_of=action.on_behalf_of,
            attempt=mark,
        )
    except Problem as problem:
        return ActionResult.refused(row, problem)
    except VersionMismatch:
        return ActionResult.refused(row, Problem(412, "precondition-failed"))
    except (Contended, *UNREACHABLE):
        return ActionResult.refused(row, Problem(503, "try-again"), status="failed")
    assert task.state is not None
    return ActionResult(**row, status="done", version=task.version, state=task.state.status)


def _body(action: Action) -> Any:
    """The command's own body. Raises `Problem` 422."""
    if action.command not in BODIES:
        raise Problem(
            422,
            "bulk-command-unknown",
            field="command",
            allowed=list(BODIES),
            command=action.command,
        )
    model = BODIES[action.command]
    if model is None:
        return None
    try:
        return model.model_validate(action.body or {})
    except ValidationError as error:
        raise invalid(
            [
                field_error({**entry, "loc": ("body", "body", *entry["loc"])})
                for entry in error.errors(include_url=False, include_input=False)
            ][:1]
        ) from None
