"""`/v1/audit/requests`: what `lianxin audit` compares with the other services."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.request_intake.parts import parts_of
from shared.web.auth import Principal, Role, require
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/audit", tags=["audit"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]


@router.get("/requests")
async def audit_requests(
    request: Request,
    principal: Administrator,
    after: Annotated[str, Query(max_length=120)] = "",
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """Every request with the sequence of its last event, by id; `next` is the next `after`."""
    found = await parts_of(request).requests.audit(after, limit + 1)
    items = found[:limit]
    following = items[-1]["request_id"] if len(found) > limit else None
    return Json({"items": items, "next": following})
