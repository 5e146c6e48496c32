"""HTTP: a case with its events and judgements; corrections and their taking back."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Request

from services.assessment.corrections import decisions
from services.assessment.corrections.schemas import (
    CaseDetailOut,
    ChangeOut,
    CorrectionBody,
    HeardOf,
    VoidBody,
)
from services.assessment.parts import Parts, parts_in
from services.assessment.routes import Administrator, Reader, case_out
from services.assessment.service.cases import to_millis
from shared.storage.client import Document
from shared.web.auth import Principal, Role
from shared.web.pages import author
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1/cases", tags=["corrections"])

RequestId = Annotated[str, Path(min_length=1, max_length=200)]


@router.get("/{request_id}")
async def read_case(request: Request, request_id: RequestId, principal: Reader) -> CaseDetailOut:
    """One case: what counts of it and where, the events behind it, every judgement on it."""
    document = await parts_in(request).repository.cases.collection.find_one({"_id": request_id})
    if document is None or (document["state"] or {}).get("accepted_at") is None:
        raise Problem(404, "case-not-found")
    if not _may_see(principal, document["state"]):
        raise Problem(403, "figures-not-yours")
    return _detail(document)


@router.post("/{request_id}/corrections", status_code=201)
async def correct_case(
    request: Request, request_id: RequestId, body: CorrectionBody, principal: Administrator
) -> CaseDetailOut:
    """Judge a case otherwise than its facts say; every figure that it touches follows.

    Sending the same once more changes nothing.
    """
    parts = parts_in(request)
    await _ensure_registered(parts, body)
    now, by = to_millis(datetime.now(UTC)), author(principal)
    await parts.repository.cases.execute(
        request_id,
        lambda case: decisions.correct(request_id, case, body, now, by, parts.zone),
        by=by,
    )
    return await read_case(request, request_id, principal)


@router.post("/{request_id}/corrections/{number}/void")
async def void_correction(
    request: Request,
    request_id: RequestId,
    number: Annotated[int, Path(ge=1, le=1000)],
    body: VoidBody,
    principal: Administrator,
) -> CaseDetailOut:
    """Take a correction back; it stays on record."""
    parts = parts_in(request)
    now, by = to_millis(datetime.now(UTC)), author(principal)
    await parts.repository.cases.execute(
        request_id,
        lambda case: decisions.void(request_id, case, number, body.reason, now, by, parts.zone),
        by=by,
    )
    return await read_case(request, request_id, principal)


async def _ensure_registered(parts: Parts, body: CorrectionBody) -> None:
    if body.responsible is None:
        return
    for kind in ("unit", "organization"):
        id = getattr(body.responsible, f"{kind}_id")
        if id is not None and not await parts.repository.subjects(kind, [id]):
            raise Problem(422, "responsible-unknown", field=f"responsible.{kind}_id", id=id)


def _may_see(principal: Principal, state: Document) -> bool:
    if principal.role is Role.ADMINISTRATOR:
        return True
    if principal.role is Role.AREA_MANAGER:
        return bool(principal.areas.intersection(state["area_path"]))
    units = {state["unit_id"], state["shared_unit_id"]} - {None}
    return principal.unit_id in units


def _detail(document: Document) -> CaseDetailOut:
    state = document["state"]
    shown = case_out(document["_id"], state).model_dump()
    return CaseDetailOut(
        **shown,
        month=state["month"],
        counts_in=state["keys"],
        counted_once_in=state["past_keys"],
        measure=state["measure"],
        corrections=state.get("corrections", []),
        heard_of=[
            HeardOf(source=source, subject=subject, sequence=seen[0], event_id=seen[1])
            for key, seen in sorted(document["inbox"].items())
            for source, _, subject in [key.replace("%2E", ".").partition("|")]
        ],
        changes=[
            ChangeOut(at=line["at"], by=line["by"], why=line["why"]) for line in document["history"]
        ],
    )
