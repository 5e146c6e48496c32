"""HTTP for `lianxin audit --scores`: a period's scores as kept, and the quick look at them."""

from datetime import UTC, datetime

from fastapi import Request, Response

from services.assessment.parts import parts_in
from services.assessment.routes import Administrator
from services.assessment.schemes.periods import months_of
from services.assessment.scores.kept import KeptScores
from services.assessment.scores.reproduction import kept_classes, reproduce
from services.assessment.scores.schemas import Period, ReproducedOut
from shared.web.routing import Router

router = Router(prefix="/v1/audit", tags=["audit"])


@router.get("/scores", response_model=KeptScores)
async def read_kept_scores(request: Request, _principal: Administrator, period: Period) -> Response:
    """Every score of a period with its inputs and the scheme: as settled, or as of now. With the
    journals (`GET /v1/journal`) that is all that somebody needs to make them anew elsewhere."""
    parts = parts_in(request)
    version = await parts.scoring.version_kept(period)
    revision, classes = await kept_classes(parts.scoring, period)
    kept = KeptScores(
        period=period,
        at=datetime.now(UTC),
        timezone=str(parts.zone),
        scheme_version=version.version,
        revision=revision,
        cases=await parts.repository.count_cases(months_of(period)),
        scheme=version.scheme,
        classes=classes,
    )
    return Response(kept.model_dump_json(), media_type="application/json")


@router.post("/scores")
async def reproduce_scores(
    request: Request, _principal: Administrator, period: Period
) -> ReproducedOut:
    """Count the cases of a period again, score them by the scheme version that it was settled
    with, and compare to the last digit: with the scores kept, or those of now where it is not
    settled. It begins at assessment's own cases; `lianxin audit --scores` at the journals."""
    parts = parts_in(request)
    return await reproduce(parts.repository, parts.scoring, parts.zone, period)
