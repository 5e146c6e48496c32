"""`/v1/contact-points`: leaders' contact points, visits, and what came of what was promised."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Query, Request, Response

from services.assessment.parts import Parts, parts_in
from services.assessment.reviews import act, read_one
from services.assessment.routes import Pages, Reader
from services.assessment.schemas import Language
from services.assessment.statements import messages, points
from services.assessment.statements.points import ContactPoint, Promised, Visit
from services.assessment.statements.repository import POINTS
from services.assessment.statements.routes import OrganizationId
from services.assessment.statements.schemas import (
    CloseBody,
    Made,
    PointBody,
    PointView,
    PromisedView,
    SettleBody,
    SilentPage,
    VisitBody,
    VisitView,
)
from services.assessment.subjects import ensure_answers, own_of
from shared.contracts.ids import derived_id, uuid7
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_along, page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/contact-points", tags=["statements"])

Decide = Callable[[ContactPoint], Decision[ContactPoint] | None]
_NOT_FOUND = "contact-point-not-found"


@router.post("", status_code=201, response_model=Made, openapi_extra=IDEMPOTENT)
async def open_contact_point(request: Request, body: PointBody, principal: Reader) -> Response:
    """A leader keeps contact with an organization, a unit or a community from now on."""
    parts = parts_in(request)
    place = await parts.subjects.find(body.kind, body.place_id, "place_id")
    ensure_answers(principal, place.path, place.unit_id)
    id = uuid7()
    new = ContactPoint(
        point_id=id,
        leader=body.leader,
        kind=body.kind,
        place_id=body.place_id,
        area_path=place.path,
        unit_id=place.unit_id,
        opened_at=moment(),
    )
    made = await parts.statements.points.create(
        id,
        points.open_point(new, parts.statements.rules),
        by=author(principal),
        answer={"id": id},
        idempotency=await idempotency_of(request),
    )
    return Json(made.answer, 201, headers={"Location": f"/v1/contact-points/{made.id}"})


@router.get("", response_model=Page[PointView])
async def list_contact_points(
    request: Request,
    principal: Reader,
    pages: Pages,
    leader: Annotated[Slug | None, Query(description="Registry id")] = None,
    open_items: Annotated[
        bool, Query(description="Only where something promised is still open")
    ] = False,
) -> Response:
    """Contact points that the caller may see, the newest first."""
    parts = parts_in(request)
    asked: list[Document] = [own_of(principal)]
    asked += [{"state.leader": leader}] if leader is not None else []
    asked += [{"state.open_items": {"$gt": 0}}] if open_items else []
    found, following = await page_of(parts.statements.points, asked, pages, newest=True)
    items = [view.model_dump(mode="json") for view in await _views(parts, found)]
    return Json({"items": items, "next": following})


@router.get("/silent", response_model=SilentPage)
async def list_silent_points(
    request: Request, principal: Reader, pages: Pages, language: Language = "zh"
) -> Response:
    """Contact points without a visit for longer than the table allows, the longest first."""
    parts = parts_in(request)
    asked: list[Document] = [own_of(principal), {"state.silent_at": {"$lte": moment()}}]
    found, following = await page_along(parts.statements.points, "silent_at", asked, pages)
    what = messages.OVERDUE_VISITS[1 if language == "en" else 0]
    page = SilentPage(
        what_to_do=what.format(days=parts.statements.rules.visit_days),
        items=await _views(parts, found),
        next=following,
    )
    return Json(page.model_dump(mode="json"))


@router.get("/{id}", response_model=PointView)
async def read_contact_point(request: Request, id: OrganizationId, principal: Reader) -> Response:
    """One contact point with its visits and what came of them."""
    parts = parts_in(request)
    found, state = await read_one(parts.statements.points, id, _NOT_FOUND)
    ensure_answers(principal, state.area_path, state.unit_id)
    return await _shown(parts, found)


@router.post("/{id}/visits", response_model=PointView, openapi_extra=IDEMPOTENT)
async def record_visit(
    request: Request, id: OrganizationId, body: VisitBody, principal: Reader
) -> Response:
    """Record a visit: what was found, what was promised."""
    statements = parts_in(request).statements
    seal = statements.seal(POINTS, id)
    attempt = await idempotency_of(request)
    visit_id = derived_id("visit", id, attempt.key) if attempt else uuid7()
    made = Visit(
        id=visit_id,
        at=body.at,
        by=author(principal),
        found=seal("found", body.found),
        promised=tuple(
            Promised(
                id=derived_id("promised", visit_id, str(number)),
                words=seal("promised", item.words),
                by=item.by,
            )
            for number, item in enumerate(body.promised)
        ),
    )
    return await _act(
        request, id, principal, lambda state: points.visit(state, made, statements.rules)
    )


@router.put("/{id}/promised/{item}", response_model=PointView)
async def settle_promised(
    request: Request, id: OrganizationId, item: OrganizationId, body: SettleBody, principal: Reader
) -> Response:
    """Say what came of something promised: kept, or why not."""
    statements = parts_in(request).statements
    result = statements.seal(POINTS, id)("result", body.result)
    return await _act(
        request,
        id,
        principal,
        lambda state: points.settle_item(
            state, item, body.kept, result, author(principal), moment(), statements.rules
        ),
    )


@router.post("/{id}/close", response_model=PointView)
async def close_contact_point(
    request: Request, id: OrganizationId, body: CloseBody, principal: Reader
) -> Response:
    """The leader keeps it no more, with the reason."""
    rules = parts_in(request).statements.rules
    return await _act(request, id, principal, lambda state: points.close(state, body.reason, rules))


async def _act(request: Request, id: str, principal: Principal, decide: Decide) -> Response:
    def may(state: ContactPoint) -> Decision[ContactPoint] | None:
        ensure_answers(principal, state.area_path, state.unit_id)
        return decide(state)

    parts = parts_in(request)
    store = parts.statements.points
    changed, _ = await act(store, id, _NOT_FOUND, may, principal, if_match(request))
    return await _shown(parts, changed)


async def _shown(parts: Parts, found: Aggregate[ContactPoint]) -> Response:
    [view] = await _views(parts, [found])
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})


async def _views(parts: Parts, found: Sequence[Aggregate[ContactPoint]]) -> list[PointView]:
    states = [(one, one.state) for one in found if one.state is not None]
    names = await parts.subjects.names((state.kind, state.place_id) for _, state in states)
    return [
        PointView(
            id=one.id,
            version=one.version,
            leader=state.leader,
            kind=state.kind,
            place_id=state.place_id,
            name=names[state.kind, state.place_id],
            area_path=list(state.area_path),
            opened_at=state.opened_at,
            last_visit=state.visits[-1].at if state.visits else None,
            silent_at=state.silent_at,
            open_items=state.open_items,
            closed=state.closed,
            visits=[_visit(parts, one.id, visit) for visit in state.visits],
        )
        for one, state in states
    ]


def _visit(parts: Parts, id: str, visit: Visit) -> VisitView:
    opened = parts.statements.open(POINTS, id)
    promised = [
        PromisedView.model_validate(
            item.model_dump()
            | {
                "words": opened("promised", item.words),
                "result": item.result and opened("result", item.result),
            }
        )
        for item in visit.promised
    ]
    return VisitView(
        id=visit.id,
        at=visit.at,
        by=visit.by,
        found=opened("found", visit.found),
        promised=promised,
    )
