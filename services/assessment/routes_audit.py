"""HTTP: what `lianxin audit` reads: sequences applied, and a recount of every figure."""

import asyncio
from datetime import tzinfo
from typing import Annotated

from fastapi import Query, Request

from services.assessment.parts import parts_in
from services.assessment.repository import Repository
from services.assessment.routes import Administrator
from services.assessment.schemas import AuditCase, RecountOut, RemeasureOut
from services.assessment.service.recount import Comparison
from shared.storage.batches import in_a_thread
from shared.storage.client import Document, documents_in
from shared.web.paging import Page
from shared.web.routing import Router

router = Router(prefix="/v1/audit", tags=["audit"])


@router.get("/cases")
async def audit_cases(
    request: Request,
    _principal: Administrator,
    after: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Page[AuditCase]:
    """The last sequences applied to each case, by request id; `next` is the id to go on after."""
    found = await parts_in(request).repository.inboxes(after, limit + 1)
    items = [_sequences(document) for document in found[:limit]]
    return Page(items=items, next=items[-1].request_id if len(found) > limit else None)


def _sequences(document: Document) -> AuditCase:
    id: str = document["_id"]
    seen = {
        key.replace("%2E", ".").partition("|")[2]: sequence
        for key, (sequence, _) in document["inbox"].items()
    }
    return AuditCase(request_id=id, requests_sequence=seen.pop(id, 0), tasks=seen)


@router.post("/recount")
async def recount_figures(request: Request, _principal: Administrator) -> RecountOut:
    """Count every figure again from the cases and compare.

    While facts come in the two can differ for a moment: ask again when `unmeasured` is 0.
    """
    parts = parts_in(request)
    return await recount(parts.repository, parts.zone)


@router.post("/remeasure", status_code=202)
async def remeasure_figures(request: Request, _principal: Administrator) -> RemeasureOut:
    """Have every figure computed anew from the cases, in the background; safe at any time."""
    return RemeasureOut(cases=await parts_in(request).repository.remeasure())


async def recount(repository: Repository, zone: tzinfo) -> RecountOut:
    """The recount beside the figures; 16 bytes a case stay in memory meanwhile."""
    counted = await repository.recounted(zone)
    comparison = await asyncio.to_thread(Comparison, counted)

    def compare(raw: bytes) -> None:
        for document in documents_in(raw):
            comparison.add(document["state"])

    await in_a_thread(repository.every_figure_raw(), compare)
    await asyncio.to_thread(comparison.finish)
    return RecountOut(
        figures=comparison.figures,
        differing=comparison.differing,
        differing_total=comparison.differing_total,
        cases=counted.cases,
        unaccepted=counted.unaccepted,
        unmeasured=await repository.count_dirty(),
        counted_twice=comparison.counted_twice,
        missing=comparison.missing,
    )
