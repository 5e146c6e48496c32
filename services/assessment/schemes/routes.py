"""HTTP: schemes listed, shown, checked, put in force."""

import asyncio
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from services.assessment.parts import parts_in
from services.assessment.routes import Administrator, Anyone
from services.assessment.schemes.periods import PATTERN
from services.assessment.schemes.reading import SchemeInvalid, read_scheme
from services.assessment.schemes.schemas import (
    CheckOut,
    FaultOut,
    InputsOut,
    SchemeOut,
    VersionOut,
    VersionsOut,
)
from services.assessment.schemes.scheme import Scheme
from services.assessment.scores.inputs import INPUTS, OUTCOMES
from shared.web.messages import choose_language
from shared.web.pages import author
from shared.web.problems import Problem
from shared.web.reasons import Reason
from shared.web.routing import Router

router = Router(prefix="/v1/schemes", tags=["schemes"])

_YAML: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The scheme in YAML or JSON; docs/assessment/schemes.md has every key",
        "content": {"application/yaml": {"schema": {"type": "string"}}},
    }
}


@router.get("")
async def list_schemes(
    request: Request,
    _: Anyone,
    period: Annotated[
        str | None, Query(pattern=PATTERN, description="Only the one in force for a period")
    ] = None,
) -> VersionsOut:
    """Every version by number, or the one that a period is assessed by."""
    schemes = parts_in(request).schemes
    if period is None:
        return VersionsOut(items=[VersionOut.of(one) for one in schemes.versions])
    found = schemes.find(period)
    return VersionsOut(items=[VersionOut.of(found)] if found else [])


@router.get("/inputs")
async def list_inputs(_: Anyone) -> InputsOut:
    """The names that formulas may ask for, with their meaning."""
    return InputsOut(inputs=dict(INPUTS), outcomes=dict(OUTCOMES))


@router.get("/{version}")
async def read_version(
    request: Request, _: Anyone, version: Annotated[int, Path(ge=1, le=1_000_000)]
) -> SchemeOut:
    """One version, whole."""
    schemes = parts_in(request).schemes
    found = schemes.get(version)
    if found is None:
        newest = len(schemes.versions)
        raise Problem(404, "table-version-not-found", version=version, newest=newest)
    return SchemeOut.of(found)


@router.post("/check", openapi_extra=_YAML)
async def check_scheme(request: Request, _: Administrator) -> CheckOut:
    """Check a scheme without putting it in force: every fault with its line."""
    try:
        await _read(request)
    except SchemeInvalid as invalid:
        return CheckOut(valid=False, faults=_faults(request, invalid))
    return CheckOut(valid=True, faults=[])


@router.post("", status_code=201, openapi_extra=_YAML)
async def put_in_force(
    request: Request,
    response: Response,
    principal: Administrator,
    reason: Annotated[Reason, Query(description="Why, for the record")],
) -> VersionOut:
    """Put a scheme in force from its `valid_from` on, as a version that is never edited.

    One that is there already is answered with 200.
    """
    try:
        scheme = await _read(request)
    except SchemeInvalid as invalid:
        faults = [fault.model_dump() for fault in _faults(request, invalid)]
        raise Problem(
            422,
            "scheme-invalid",
            count=len(faults),
            line=faults[0]["line"],
            reason=faults[0]["detail"],
            extra={"faults": faults},
        ) from None
    schemes = parts_in(request).schemes
    version, new = await schemes.put(scheme, by=author(principal), why=reason)
    if not new:
        response.status_code = 200
    return VersionOut.of(version)


async def _read(request: Request) -> Scheme:
    text = (await request.body()).decode("utf-8", errors="replace")
    # A second for the longest text: not in the event loop.
    return await asyncio.to_thread(read_scheme, text)


def _faults(request: Request, invalid: SchemeInvalid) -> list[FaultOut]:
    language = choose_language(request.headers.get("accept-language"))
    return [
        FaultOut(line=fault.line, field=fault.field, detail=fault.sentence(language))
        for fault in invalid.faults
    ]
