"""HTTP: a period's scores made anew from the bare facts, for `lianxin audit --scores`."""

from fastapi import Request

from services.assessment.parts import parts_in
from services.assessment.routes import Administrator
from services.assessment.scores.reproduction import reproduce
from services.assessment.scores.schemas import Period, ReproducedOut
from shared.web.routing import Router

router = Router(prefix="/v1/audit", tags=["audit"])


@router.post("/scores")
async def reproduce_scores(
    request: Request, _principal: Administrator, period: Period
) -> ReproducedOut:
    """Count the cases of a period again, score them by the scheme version that it was settled
    with, and compare to the last digit: with the scores kept, or those of now where it is not
    settled."""
    parts = parts_in(request)
    return await reproduce(parts.repository, parts.scoring, parts.zone, period)
