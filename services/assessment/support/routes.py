"""HTTP: guarantees (art. 17), and what a subject was given beside what it had to do."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.assessment.parts import parts_in
from services.assessment.routes import Pages, Reader
from services.assessment.schemas import Kind, Language, SubjectId
from services.assessment.schemes.periods import PATTERN
from services.assessment.subjects import own_of
from services.assessment.support import decisions, messages
from services.assessment.support.decisions import may_read
from services.assessment.support.gather import Support
from services.assessment.support.groups import lacks, support_group
from services.assessment.support.parts import SupportParts
from services.assessment.support.progress import missed
from services.assessment.support.schemas import (
    CreatedOut,
    DueOut,
    GiftBody,
    GiftOut,
    GuaranteeBody,
    GuaranteeOut,
    SupportOut,
    WhyBody,
)
from services.assessment.support.state import Guarantee
from services.assessment.visibility import ensure_visible
from shared.contracts.ids import derived_id, uuid7
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.web.auth import Principal
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page, Paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Change, Json, Slug

router = Router(prefix="/v1", tags=["support"])

Id = Annotated[str, Path(min_length=1, max_length=64)]
Period = Annotated[str, Query(pattern=PATTERN, description="A month, quarter or year")]


def _support(request: Request) -> SupportParts:
    return parts_in(request).support


@router.post("/guarantees", status_code=201, response_model=CreatedOut, openapi_extra=IDEMPOTENT)
async def promise_guarantee(request: Request, body: GuaranteeBody, principal: Reader) -> Response:
    """Record what was promised to an organization: budget, pay, insurance, venue."""
    repository = _support(request).repository
    known = {id: await repository.organization(id) for id in (body.organization_id, body.giver)}
    for field in ("organization_id", "giver"):
        id = getattr(body, field)
        if known[id] is None:
            raise Problem(422, "guarantee-organization-unknown", field=field, id=id)
    unit_id, path = known[body.organization_id] or (None, [])
    id = uuid7()
    created = await repository.guarantees.create(
        id,
        decisions.promise(id, body, path, unit_id, principal),
        by=author(principal),
        answer={"id": id},
        idempotency=await idempotency_of(request),
    )
    return Json(created.answer, 201, headers={"Location": f"/v1/guarantees/{created.id}"})


@router.get("/guarantees")
async def list_guarantees(
    request: Request,
    principal: Reader,
    pages: Pages,
    organization_id: Slug | None = None,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    overdue: Annotated[
        bool | None, Query(description="true: its date has passed and something is missing")
    ] = None,
    language: Language = "zh",
) -> Page[GuaranteeOut]:
    """Guarantees that the caller may see, the newest first."""
    now = datetime.now(UTC)
    conditions: list[Document] = [own_of(principal)]
    if organization_id is not None:
        conditions.append({"state.organization_id": organization_id})
    if year is not None:
        conditions.append({"state.year": year})
    if overdue is not None:
        # `short` is not kept: a sum over some gifts, and few guarantees are past their date.
        given = {"$sum": {"$map": {"input": _COUNTING, "in": "$$this.fen"}}}
        late: Document = {
            "state.by": {"$lte": now},
            "state.withdrawn": None,
            "$expr": {"$lt": [given, "$state.fen"]},
        }
        conditions.append(late if overdue else {"$nor": [late]})
    store = _support(request).repository.guarantees
    found, following = await page_of(store, conditions, pages, newest=True)
    return Page(items=[_shown(one, now, language) for one in found], next=following)


_COUNTING = {"$filter": {"input": "$state.gifts", "cond": {"$eq": ["$$this.voided", None]}}}


@router.get("/guarantees/{id}")
async def show_guarantee(
    request: Request, response: Response, id: Id, principal: Reader, language: Language = "zh"
) -> GuaranteeOut:
    """A guarantee with its history: who, when, why."""
    store = _support(request).repository.guarantees
    found = await store.get(id)
    if found is None or found.state is None or not may_read(principal, found.state):
        raise Problem(404, "guarantee-not-found", id=id)
    response.headers["ETag"] = etag(found.version)
    shown = _shown(found, datetime.now(UTC), language)
    history = [Change.model_validate(line) for line in await store.history(id)]
    return shown.model_copy(update={"history": history})


@router.post(
    "/guarantees/{id}/payments",
    status_code=201,
    response_model=CreatedOut,
    openapi_extra=IDEMPOTENT,
)
async def give(request: Request, id: Id, body: GiftBody, principal: Reader) -> Response:
    """Record a part that was given."""
    attempt = await idempotency_of(request)
    gift_id = uuid7() if attempt is None else derived_id("gift", attempt.key)
    by = author(principal)
    await _act(
        request, id, principal, lambda state: decisions.give(state, gift_id, body, principal, by)
    )
    return Json({"id": gift_id}, 201)


@router.post("/guarantees/{id}/payments/{payment}/void")
async def void_payment(
    request: Request, id: Id, payment: Id, body: WhyBody, principal: Reader
) -> GuaranteeOut:
    """Take a part that was recorded by mistake out of the count; the receiver's unit may too."""
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.void(state, payment, body.reason, principal),
    )


@router.post("/guarantees/{id}/withdraw")
async def withdraw_guarantee(
    request: Request, id: Id, body: WhyBody, principal: Reader
) -> GuaranteeOut:
    """It is no longer promised, and counts for nothing from now on."""
    return await _act(
        request, id, principal, lambda state: decisions.withdraw(state, body.reason, principal)
    )


async def _act(
    request: Request,
    id: str,
    principal: Principal,
    decide: Callable[[Guarantee], Decision[Guarantee] | None],
) -> GuaranteeOut:
    def there(state: Guarantee | None) -> Decision[Guarantee] | None:
        if state is None or not may_read(principal, state):
            raise Problem(404, "guarantee-not-found", id=id)
        return decide(state)

    store = _support(request).repository.guarantees
    changed = await store.execute(id, there, by=author(principal))
    return _shown(changed, datetime.now(UTC), "zh")


@router.get("/support")
async def show_support(
    request: Request,
    principal: Reader,
    kind: Kind,
    id: SubjectId,
    period: Period,
    language: Language = "zh",
) -> SupportOut:
    """Targets with what was done, money promised and given, the venue, and the group that a
    subject is compared in."""
    await ensure_visible(parts_in(request).repository, principal, kind, id)
    parts = _support(request)
    known = await parts_in(request).repository.subjects(kind, [id])
    if id not in known:
        raise Problem(404, "support-subject-not-found", id=id)
    found = (await parts.inputs.of(period, kind, [id])).get(id, Support())
    now = datetime.now(UTC)
    bounds = parts.bounds
    group = support_group(found.inputs, bounds)
    own, _ = await page_of(
        parts.repository.guarantees,
        [{"state.organization_id": {"$in": found.organizations}}, own_of(principal)],
        Paging(200, None),
        newest=True,
    )
    return SupportOut(
        kind=kind.value,
        id=id,
        name=known[id]["name"],
        period=period,
        organizations=found.organizations,
        funds_promised=found.funds_promised,
        funds_given=found.funds_given,
        has_venue=found.has_venue,
        plans_due=len(found.dues),
        plans_overdue=found.overdue,
        group=group,
        group_label=messages.said(group.value, language),
        lacks=list(lacks(found.inputs, bounds)),
        inputs=found.inputs,
        plans=_dues(found, now),
        guarantees=[_shown(one, now, language) for one in own],
    )


def _dues(support: Support, now: datetime) -> list[DueOut]:
    return [
        DueOut(
            plan_id=due.plan_id,
            target=due.target,
            work=due.work,
            share=due.share,
            by=due.by,
            done=done,
            missing=None if done is None else max(0.0, due.share - done),
            overdue=missed(due, done, now),
        )
        for due, done in support.dues
    ]


def _shown(found: Aggregate[Guarantee], now: datetime, language: Language) -> GuaranteeOut:
    state = found.state
    assert state is not None
    missing = 0 if state.withdrawn is not None else state.fen - state.given
    return GuaranteeOut(
        id=found.id,
        version=found.version,
        kind=state.kind,
        kind_label=messages.said(state.kind.value, language),
        organization_id=state.organization_id,
        giver=state.giver,
        year=state.year,
        by=state.by,
        promised_yuan=state.fen / 100,
        given_yuan=state.given / 100,
        missing_yuan=missing / 100,
        overdue=missing > 0 and state.by <= now,
        withdrawn=state.withdrawn,
        gifts=_gifts(state),
    )


def _gifts(state: Guarantee) -> Sequence[GiftOut]:
    return [GiftOut(yuan=g.fen / 100, **g.model_dump(exclude={"fen"})) for g in state.gifts]
