"""Bulk actions over HTTP."""

from fastapi import Request, Response

from services.volunteer_dispatch.bulk import perform
from services.volunteer_dispatch.desk import Worker, parts_of
from services.volunteer_dispatch.schemas_bulk import BulkBody, BulkView
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["lists"])


@router.post("/tasks/actions", response_model=BulkView, openapi_extra=IDEMPOTENT)
async def act_on_many(request: Request, body: BulkBody, principal: Worker) -> Response:
    """Do up to 200 commands (accept, reassign, extend, claim ...); what became of each.

    One that is refused does not stop the others. The same `Idempotency-Key` again is answered as
    the first time, and does what the first call did not come to.
    """
    attempt = await idempotency_of(request)
    return Json(await perform(parts_of(request), body.actions, principal, attempt))
