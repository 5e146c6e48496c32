"""The audit's list over HTTP."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.volunteer_dispatch.parts import Parts
from shared.web.auth import Principal, Role, require
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["operations"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]


@router.get("/audit/tasks")
async def audit_tasks(
    request: Request,
    principal: Administrator,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> dict[str, Any]:
    """Every request that dispatch knows, by request id, with the sequences applied."""
    parts: Parts = request.app.state.parts
    items: Sequence[dict[str, Any]] = await parts.tasks.audit(after, limit)
    next = items[-1]["request_id"] if len(items) == limit else None
    return {"items": items, "next": next}
