"""`/v1/pairings`: who helps whom, with which goals and money, and what came of it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.registry.handover import views_of
from services.registry.money import PaymentBody, SourceTable, attempt_id, line_views, payment_views
from services.registry.pairings import decisions, messages  # noqa: F401  (registers the sentences)
from services.registry.pairings.repository import NAME
from services.registry.pairings.schemas import (
    BudgetBody,
    PairingBody,
    PairingView,
    RenewBody,
    ResultsView,
    SummaryBody,
    SummaryView,
    TermView,
)
from services.registry.pairings.state import PairingState, Summary, status_at
from services.registry.pairings.table import PairingTable
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, Official, created, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView, ReasonBody
from services.registry.service.base import Known, named
from services.registry.standing import ensure_acts_for, own_of, standings
from services.registry.stores import act, read_one
from shared.contracts.ids import uuid7
from shared.contracts.words import PairingKind
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

router = Router(prefix="/v1/pairings", tags=["pairings"])

PaymentId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def create_pairing(request: Request, body: PairingBody, principal: Official) -> Response:
    """Pair two organizations, or send a person from one to the other (art. 12)."""
    registry = registry_of(request)
    tables = registry.tables
    id = uuid7()
    table = tables.get(PairingTable)
    rule = table.by_kind.get(body.kind)
    sides = [body.giver, body.taker] if rule is not None and rule.stronger else []
    decision = decisions.pair(
        id,
        body,
        principal,
        table=table,
        works=tables.get(WorkTable),
        sources=tables.get(SourceTable),
        parties=await standings(registry.repository, [body.giver, body.taker]),
        people=Known(await registry.repository.look_up(named(people=body.person_id))),
        held=await registry.scorecards.held(sides),
        seal=sealing(registry.cipher, NAME, id),
    )
    return await created(request, registry.pairings.store, id, decision, principal)


@router.get("", response_model=Page[PairingView])
async def list_pairings(
    request: Request,
    principal: Official,
    page: Paged,
    area: Inside = None,
    kind: PairingKind | None = None,
    organization_id: Annotated[Slug | None, Query(description="On either side")] = None,
) -> Response:
    """Pairings of the caller's organizations, the newest first."""
    registry = registry_of(request)
    asked: list[Document] = [own_of(principal)]
    if area is not None:
        asked.append({"state.area_path": area})
    if kind is not None:
        asked.append({"state.kind": kind})
    if organization_id is not None:
        sides = ("giver", "taker")
        asked.append({"$or": [{f"state.{s}.organization_id": organization_id} for s in sides]})
    found, following = await page_of(registry.pairings.store, asked, page, newest=True)
    items = [_view(one, registry.cipher).model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})


@router.get("/{id}", response_model=PairingView)
async def read_pairing(request: Request, id: EntryId, principal: Official) -> Response:
    """One pairing, for those who answer for one of its sides."""
    return _shown(await _read(request, id, principal), request)


@router.get("/{id}/results")
async def read_results(
    request: Request,
    id: EntryId,
    principal: Official,
    term: Annotated[
        int | None, Query(ge=1, le=1000, description="Counts from 1; absent: the last")
    ] = None,
) -> ResultsView:
    """What came of a term's goals: counted from the records that are about the pairing."""
    state = (await _read(request, id, principal)).state
    assert state is not None  # no pairing is without
    number = min(term or len(state.terms), len(state.terms))
    return await registry_of(request).pairings.results(id, state.terms[number - 1])


@router.post("/{id}/summaries", response_model=PairingView)
async def sum_up(request: Request, id: EntryId, body: SummaryBody, principal: Official) -> Response:
    """Sum up the term for one's own side; both do before it is renewed or ended."""
    seal = sealing(registry_of(request).cipher, NAME, id)
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.sum_up(state, body, principal, moment(), seal, author(principal)),
    )


@router.post("/{id}/renew", response_model=PairingView)
async def renew_pairing(
    request: Request, id: EntryId, body: RenewBody, principal: Official
) -> Response:
    """Begin a further term where the last one ends, with goals of its own."""
    registry = registry_of(request)
    table, works = registry.tables.get(PairingTable), registry.tables.get(WorkTable)
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.renew(state, id, body, principal, table, works),
    )


@router.post("/{id}/end", response_model=PairingView)
async def end_pairing(
    request: Request, id: EntryId, body: ReasonBody, principal: Official
) -> Response:
    """End it for good, with the reason."""
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.end(state, id, body, principal, moment()),
    )


@router.post("/{id}/budget", response_model=PairingView, openapi_extra=IDEMPOTENT)
async def add_money(
    request: Request, id: EntryId, body: BudgetBody, principal: Official
) -> Response:
    """Add a line of money."""
    registry = registry_of(request)
    sources, seal = registry.tables.get(SourceTable), sealing(registry.cipher, NAME, id)
    attempt = attempt_id("line", await idempotency_of(request))
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.add_money(state, id, attempt, body, principal, sources, seal),
    )


@router.post("/{id}/payments", response_model=PairingView, openapi_extra=IDEMPOTENT)
async def pay(request: Request, id: EntryId, body: PaymentBody, principal: Official) -> Response:
    """Record a payment from a line of money; never more than there is left of it."""
    payment_id = attempt_id("payment", await idempotency_of(request))
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.pay(state, id, payment_id, body, principal, author(principal)),
    )


@router.post("/{id}/payments/{payment_id}/void", response_model=PairingView)
async def void_payment(
    request: Request, id: EntryId, payment_id: PaymentId, body: ReasonBody, principal: Official
) -> Response:
    """Take a payment that was wrong out of the count, with the reason; it stays readable."""
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.void_payment(state, id, payment_id, body, principal),
    )


async def _act(
    request: Request,
    id: str,
    principal: Principal,
    decide: Callable[[PairingState], Decision[PairingState] | None],
) -> Response:
    return _shown(await act(registry_of(request).pairings.store, id, decide, principal), request)


async def _read(request: Request, id: str, principal: Principal) -> Aggregate[PairingState]:
    found = await read_one(registry_of(request).pairings.store, id)
    assert found.state is not None  # no pairing is without
    ensure_acts_for(principal, found.state.giver, found.state.taker)
    return found


def _shown(found: Aggregate[PairingState], request: Request) -> Response:
    view = _view(found, registry_of(request).cipher)
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})


def _view(found: Aggregate[PairingState], cipher: FieldCipher) -> PairingView:
    state = found.state
    assert state is not None  # no pairing is without
    opened = opening(cipher, NAME, found.id)

    def summary(said: Summary | None) -> SummaryView | None:
        if said is None:
            return None
        return SummaryView(at=said.at, by=said.by, words=opened("summary", said.words))

    terms = [
        TermView(
            **term.model_dump(exclude={"giver_summary", "taker_summary"}),
            giver_summary=summary(term.giver_summary),
            taker_summary=summary(term.taker_summary),
        )
        for term in state.terms
    ]
    purposes = [line.purpose and opened("purpose", line.purpose) for line in state.lines]
    return PairingView(
        id=found.id,
        version=found.version,
        kind=state.kind,
        giver=state.giver.organization_id,
        taker=state.taker.organization_id,
        person_id=state.person_id,
        status=status_at(state, moment()),
        terms=terms,
        budget=line_views(state.lines, state.payments, purposes),
        payments=payment_views(state.payments),
        area_path=list(state.area_path),
        reason=state.reason,
        handovers=views_of(state.handovers),
    )
