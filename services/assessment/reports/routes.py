"""HTTP: reports of a month or year, and a street's bulletin, as JSON, XLSX or PDF."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from fastapi import Path, Query, Request, Response

from services.assessment.parts import Parts, parts_in
from services.assessment.reports import messages  # noqa: F401  (registers the sentences)
from services.assessment.reports.bulletin import bulletin_of
from services.assessment.reports.facts import Facts
from services.assessment.reports.making import SUMMED_KINDS, report_of
from services.assessment.reports.periods import PERIOD
from services.assessment.reports.report import Bulletin, Report
from services.assessment.routes import Reader
from services.assessment.schemas import Language, Month
from services.assessment.service.figures import SubjectKind
from services.assessment.visibility import ensure_visible
from shared.web.auth import Principal, sees_area
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["reports"])

T = TypeVar("T", Report, Bulletin)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"


class ReportKind(StrEnum):
    """Whose report: those that have figures, and the areas above them."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    UNIT = "unit"
    ORGANIZATION = "organization"


SubjectId = Annotated[str, Path(min_length=1, max_length=120, description="Area code or id")]
Period = Annotated[
    str,
    Query(pattern=PERIOD, description="A month, as 2026-05, or a year, as 2026"),
]


def _binary(*types: str) -> dict[int | str, dict[str, Any]]:
    shown = {type: {"schema": {"type": "string", "format": "binary"}} for type in types}
    return {200: {"content": shown}}


@router.get("/reports/{kind}/{id}", response_model=Report, responses=_binary(XLSX, PDF))
async def show_report(
    request: Request,
    principal: Reader,
    kind: ReportKind,
    id: SubjectId,
    period: Period,
    format: Annotated[Literal["json", "xlsx", "pdf"], Query()] = "json",
    language: Language = "zh",
) -> Response:
    """The report of an area, unit or organization for a month or year."""
    parts = parts_in(request)
    await _ensure_visible(parts, principal, kind, id)
    now = _now(parts)

    def make(facts: Facts) -> Report:
        names = parts.reports.categories.names(language)
        return report_of(facts, parts.reports.rules, names, language, now)

    def write(report: Report) -> bytes:
        # XLSX and PDF need libraries that idle replicas do without.
        if format == "xlsx":
            from services.assessment.reports.xlsx import xlsx_of  # noqa: PLC0415

            return xlsx_of(report)
        from services.assessment.reports.pdf import pdf_of  # noqa: PLC0415

        return pdf_of(report)

    return await _answer(parts, (kind.value, id, period), make, write, format)


@router.get("/bulletins/{street}", response_model=Bulletin, responses=_binary(PDF))
async def show_bulletin(
    request: Request,
    principal: Reader,
    street: SubjectId,
    month: Month,
    format: Annotated[Literal["json", "pdf"], Query()] = "json",
    language: Language = "zh",
) -> Response:
    """A street's bulletin (通报) of a month, to be printed on one or two pages."""
    parts = parts_in(request)
    await _ensure_visible(parts, principal, ReportKind.STREET, street)
    now = _now(parts)

    def make(facts: Facts) -> Bulletin:
        names = parts.reports.categories.names(language)
        return bulletin_of(facts, parts.reports.rules, names, language, now)

    def write(bulletin: Bulletin) -> bytes:
        from services.assessment.reports.pdf_bulletin import bulletin_pdf_of  # noqa: PLC0415

        return bulletin_pdf_of(bulletin)

    return await _answer(parts, ("street", street, month), make, write, format)


def _now(parts: Parts) -> str:
    return datetime.now(UTC).astimezone(parts.zone).isoformat(timespec="seconds")


async def _ensure_visible(parts: Parts, principal: Principal, kind: ReportKind, id: str) -> None:
    """Raise `Problem` 403 unless the caller may see the figures that the report is made of."""
    if kind.value not in SUMMED_KINDS:
        await ensure_visible(parts.repository, principal, SubjectKind(kind.value), id)
        return
    area = await parts.reports.repository.area(id)
    if not sees_area(principal, area["path"] if area else ()):
        raise Problem(403, "figures-not-yours")


async def _answer(
    parts: Parts,
    of: tuple[str, str, str],
    make: Callable[[Facts], T],
    write: Callable[[T], bytes],
    format: str,
) -> Response:
    async with parts.reports.building.turn():
        facts = await parts.reports.gather().facts(*of)
        made = await asyncio.to_thread(make, facts)
        if format == "json":
            body = await asyncio.to_thread(made.model_dump_json, by_alias=True)
            return Response(body, media_type="application/json")
        content = await asyncio.to_thread(write, made)
    return Response(
        content,
        media_type=XLSX if format == "xlsx" else PDF,
        headers={"Content-Disposition": _disposition(of, made.title, format)},
    )


def _disposition(of: tuple[str, str, str], title: str, format: str) -> str:
    """A file name for people, and a plain one for clients that know no other (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-._") else "_" for c in "-".join(of))
    named = quote(f"{title}.{format}", safe="")
    return f"attachment; filename=\"{plain}.{format}\"; filename*=UTF-8''{named}"
