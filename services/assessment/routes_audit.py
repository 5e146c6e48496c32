"""HTTP: what `lianxin audit` reads: sequences applied, and a recount of every figure."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.assessment.parts import Parts, parts_in
from services.assessment.schemas import AuditCase, RecountOut, RemeasureOut
from services.assessment.service.figures import SubjectKind, figure_id
from services.assessment.service.recount import Recount, Subject
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.paging import Page
from shared.web.routing import Router

router = Router(prefix="/v1/audit", tags=["audit"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
_DIFFERING_SHOWN = 100


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
    return await recount(parts_in(request))


@router.post("/remeasure", status_code=202)
async def remeasure_figures(request: Request, _principal: Administrator) -> RemeasureOut:
    """Have every figure computed anew from the cases, in the background; safe at any time."""
    return RemeasureOut(cases=await parts_in(request).repository.remeasure())


async def recount(parts: Parts) -> RecountOut:
    """The recount beside the figures. Cases and figures are streamed; what stays in memory is a
    handful of numbers a figure, and the hours of each case in each of its figures."""
    repository = parts.repository
    counted = Recount(parts.zone, await repository.levels())
    async for case in repository.every_case():
        counted.add(case)
    differing: list[dict[str, Any]] = []
    total = compared = twice = missing = 0
    unseen = set(counted.tallies)

    def compare(subject: Subject, figure: Document | None) -> None:
        nonlocal total, compared, twice, missing
        compared += 1
        differences = counted.differences(subject, figure)
        if not differences:
            return
        total += 1
        if len(differing) < _DIFFERING_SHOWN:
            differing.append({"id": figure_id(*subject), "numbers": differences})
        shown, right = differences.get("requests", [0, 0])
        twice += max(0, shown - right)
        missing += max(0, right - shown)

    async for figure in repository.every_figure():
        subject = (figure["month"], SubjectKind(figure["kind"]).value, figure["subject_id"])
        unseen.discard(subject)
        compare(subject, figure)
    for subject in sorted(unseen):
        compare(subject, None)
    return RecountOut(
        figures=compared,
        differing=differing,
        differing_total=total,
        cases=counted.cases,
        unaccepted=counted.unaccepted,
        unmeasured=await repository.count_dirty(),
        counted_twice=twice,
        missing=missing,
    )
