"""`/v1/assignments`: tasks for lower organizations, and the money that follows them (art. 12)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.registry.assignments import decisions, messages  # noqa: F401  (registers sentences)
from services.registry.assignments.repository import NAME
from services.registry.assignments.schemas import (
    AssignmentBody,
    AssignmentView,
    NoteView,
    ResourceView,
    ReturnBody,
    Status,
    WordsBody,
)
from services.registry.assignments.state import AssignmentState
from services.registry.assignments.table import AssignmentTable
from services.registry.handover import views_of
from services.registry.money import PaymentBody, SourceTable, attempt_id, line_views, payment_views
from services.registry.routes import EntryId, Official, created, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView, ReasonBody
from services.registry.service.base import Known, named
from services.registry.standing import ensure_acts_for, own_of, standings
from services.registry.stores import act, read_one
from shared.contracts.ids import uuid7
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.storage.encryption import FieldCipher, opening, sealing
from shared.web.auth import Principal
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/assignments", tags=["assignments"])

PaymentId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def assign_task(request: Request, body: AssignmentBody, principal: Official) -> Response:
    """Assign a task to a lower organization; with funds or resources, else it is refused."""
    registry = registry_of(request)
    id = uuid7()
    decision = decisions.assign(
        id,
        body,
        principal,
        moment(),
        table=registry.tables.get(AssignmentTable),
        sources=registry.tables.get(SourceTable),
        parties=await standings(registry.repository, [body.assigner, body.receiver]),
        areas=Known(await registry.repository.look_up(named(areas=body.residents_of))),
        seal=sealing(registry.cipher, NAME, id),
    )
    return await created(request, registry.assignments.store, id, decision, principal)


@router.get("", response_model=Page[AssignmentView])
async def list_assignments(
    request: Request,
    principal: Official,
    page: Paged,
    area: Inside = None,
    assigner: Slug | None = None,
    receiver: Slug | None = None,
    status: Status | None = None,
    overdue: Annotated[bool | None, Query(description="true: open and past its date")] = None,
    unpaid: Annotated[
        bool | None, Query(description="true: money was promised and not paid by its date")
    ] = None,
) -> Response:
    """Assigned tasks of the caller's organizations, the newest first."""
    registry = registry_of(request)
    wanted = {
        "state.area_path": area,
        "state.assigner.organization_id": assigner,
        "state.receiver.organization_id": receiver,
        "state.status": status,
    }
    asked: list[Document] = [own_of(principal)]
    asked += [{field: value} for field, value in wanted.items() if value is not None]
    now = moment()
    for chosen, late in (
        (
            overdue,
            {"state.status": {"$in": ["assigned", "accepted"]}, "state.until": {"$lte": now}},
        ),
        (unpaid, {"state.unpaid_by": {"$lte": now}}),
    ):
        if chosen is not None:
            asked.append(late if chosen else {"$nor": [late]})
    found, following = await page_of(registry.assignments.store, asked, page, newest=True)
    items = [_view(one, registry.cipher).model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})


@router.get("/{id}", response_model=AssignmentView)
async def read_assignment(request: Request, id: EntryId, principal: Official) -> Response:
    """One task, for those who answer for one of its sides."""
    found = await read_one(registry_of(request).assignments.store, id)
    assert found.state is not None  # no task is without
    ensure_acts_for(principal, found.state.assigner, found.state.receiver)
    return _shown(found, request)


@router.post("/{id}/accept", response_model=AssignmentView)
async def accept_task(request: Request, id: EntryId, principal: Official) -> Response:
    """The receiver takes it on."""
    return await _act(request, id, principal, lambda s: decisions.accept(s, id, principal))


@router.post("/{id}/return", response_model=AssignmentView)
async def return_task(
    request: Request, id: EntryId, body: ReturnBody, principal: Official
) -> Response:
    """The receiver gives it back, with a reason from the list."""
    registry = registry_of(request)
    table, seal = registry.tables.get(AssignmentTable), sealing(registry.cipher, NAME, id)
    return await _act(
        request, id, principal, lambda s: decisions.give_back(s, id, body, principal, table, seal)
    )


@router.post("/{id}/progress", response_model=AssignmentView, openapi_extra=IDEMPOTENT)
async def tell_progress(
    request: Request, id: EntryId, body: WordsBody, principal: Official
) -> Response:
    """The receiver says how it goes."""
    note = attempt_id("note", await idempotency_of(request))
    seal, by = sealing(registry_of(request).cipher, NAME, id), author(principal)
    return await _act(
        request,
        id,
        principal,
        lambda s: decisions.progress(s, note, body, principal, moment(), seal, by),
    )


@router.post("/{id}/done", response_model=AssignmentView)
async def finish_task(
    request: Request, id: EntryId, body: WordsBody, principal: Official
) -> Response:
    """The receiver has done it, with this result."""
    seal = sealing(registry_of(request).cipher, NAME, id)
    return await _act(
        request, id, principal, lambda s: decisions.finish(s, id, body, principal, seal)
    )


@router.post("/{id}/cancel", response_model=AssignmentView)
async def cancel_task(
    request: Request, id: EntryId, body: ReasonBody, principal: Official
) -> Response:
    """The assigner withdraws it, with the reason."""
    return await _act(request, id, principal, lambda s: decisions.cancel(s, id, body, principal))


@router.post("/{id}/payments", response_model=AssignmentView, openapi_extra=IDEMPOTENT)
async def pay_funds(
    request: Request, id: EntryId, body: PaymentBody, principal: Official
) -> Response:
    """The assigner records that promised money was paid; never more than was promised."""
    payment = attempt_id("payment", await idempotency_of(request))
    by = author(principal)
    return await _act(
        request, id, principal, lambda s: decisions.pay(s, id, payment, body, principal, by)
    )


@router.post("/{id}/payments/{payment_id}/void", response_model=AssignmentView)
async def void_funds(
    request: Request, id: EntryId, payment_id: PaymentId, body: ReasonBody, principal: Official
) -> Response:
    """Take a payment out of the count, as money that never came; the receiver may say so too."""
    return await _act(
        request,
        id,
        principal,
        lambda s: decisions.void_payment(s, id, payment_id, body, principal),
    )


async def _act(
    request: Request,
    id: str,
    principal: Principal,
    decide: Callable[[AssignmentState], Decision[AssignmentState] | None],
) -> Response:
    return _shown(await act(registry_of(request).assignments.store, id, decide, principal), request)


def _shown(found: Aggregate[AssignmentState], request: Request) -> Response:
    view = _view(found, registry_of(request).cipher)
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})


def _view(found: Aggregate[AssignmentState], cipher: FieldCipher) -> AssignmentView:
    state = found.state
    assert state is not None  # no task is without
    opened = opening(cipher, NAME, found.id)

    def clear(field: str, sealed: str | None) -> str | None:
        return None if sealed is None else opened(field, sealed)

    return AssignmentView(
        id=found.id,
        version=found.version,
        kind=state.kind,
        assigner=state.assigner.organization_id,
        receiver=state.receiver.organization_id,
        line=state.line,
        words=opened("words", state.words),
        residents_of=state.residents_of,
        until=state.until,
        status=state.status,
        overdue=state.overdue,
        funds=line_views(
            state.lines, state.payments, [clear("purpose", line.purpose) for line in state.lines]
        ),
        payments=payment_views(state.payments),
        unpaid_by=state.unpaid_by,
        resources=[
            ResourceView(kind=r.kind, quantity=r.quantity, what=clear("what", r.what))
            for r in state.resources
        ],
        no_cost_reason=clear("no_cost", state.no_cost_reason),
        progress=[
            NoteView(id=note.id, at=note.at, by=note.by, words=opened("note", note.words))
            for note in state.progress
        ],
        result=clear("result", state.result),
        return_reason=state.return_reason,
        return_words=clear("return", state.return_words),
        area_path=list(state.area_path),
        handovers=views_of(state.handovers),
    )
