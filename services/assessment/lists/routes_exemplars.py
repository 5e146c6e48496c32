"""`/v1/exemplars` and `/v1/practices`: good examples, written up, adopted, reported on."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Query, Request, Response

from services.assessment.lists import exemplars as decisions
from services.assessment.lists import messages  # noqa: F401  (registers the sentences)
from services.assessment.lists.exemplars import Edition, Exemplar, ExemplarStage, Practice
from services.assessment.lists.messages import STAGE_LABELS
from services.assessment.lists.repository import EXEMPLARS, PRACTICES
from services.assessment.lists.routes_weak import SubjectIn, WeakId
from services.assessment.lists.schemas import (
    AdoptionBody,
    AdoptionReportBody,
    AdoptionView,
    ExemplarDecisionBody,
    ExemplarView,
    NewEditionBody,
    PracticeBody,
    PracticeCreated,
    PracticeLine,
    PracticeView,
    RevocationBody,
    WithdrawBody,
)
from services.assessment.lists.weak import weak_id
from services.assessment.parts import Parts, parts_in
from services.assessment.reviews import act, read_one
from services.assessment.routes import Anyone, Pages, Reader
from services.assessment.schemas import Language
from services.assessment.schemes.periods import months_of
from services.assessment.service.figures import SubjectKind
from services.assessment.subjects import Named, ensure_above, ensure_answers, own_of
from shared.contracts.ids import uuid7
from shared.contracts.words import label
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["lists"])

_NO_EXEMPLAR, _NO_PRACTICE = "exemplar-not-found", "practice-not-found"


@router.get("/exemplars", response_model=Page[ExemplarView])
async def list_exemplars(
    request: Request,
    principal: Reader,
    pages: Pages,
    stage: Annotated[ExemplarStage | None, Query(description="All without it")] = None,
    language: Language = "zh",
) -> Response:
    """Candidates and exemplars that the caller may see, by kind and id."""
    parts = parts_in(request)
    asked: list[Document] = [own_of(principal)]
    if stage is not None:
        asked.append({"state.stage": stage})
    found, following = await page_of(parts.lists.exemplars, asked, pages)
    states = [(one, one.state) for one in found if one.state is not None]
    names = await parts.subjects.names((state.kind, state.subject_id) for _, state in states)
    items = [
        (await _exemplar(parts, one, state, names, language)).model_dump(mode="json")
        for one, state in states
    ]
    return Json({"items": items, "next": following})


@router.post("/exemplars/{kind}/{id}/decision", response_model=ExemplarView)
async def decide_exemplar(
    request: Request, id: WeakId, body: ExemplarDecisionBody, principal: Reader
) -> Response:
    """Accept or refuse a candidate, with what a person found who checked; the superior does."""
    findings = parts_in(request).lists.seal(EXEMPLARS, id)("findings", body.findings)
    return await _decided(
        request,
        id,
        principal,
        lambda state: decisions.decide(
            state,
            body.accepted,
            body.checker,
            findings,
            body.reason,
            author(principal),
            moment(),
        ),
    )


@router.post("/exemplars/{kind}/{id}/revocation", response_model=ExemplarView)
async def revoke_exemplar(
    request: Request, id: WeakId, body: RevocationBody, principal: Reader
) -> Response:
    """An accepted one is an exemplar no more, for a reason; the superior does."""
    return await _decided(
        request,
        id,
        principal,
        lambda state: decisions.revoke(state, body.reason, author(principal), moment()),
    )


async def _decided(
    request: Request,
    id: str,
    principal: Principal,
    decide: Callable[[Exemplar], Decision[Exemplar] | None],
) -> Response:
    def may(state: Exemplar) -> Decision[Exemplar] | None:
        ensure_above(principal, state.area_path)
        return decide(state)

    parts = parts_in(request)
    store, version = parts.lists.exemplars, if_match(request)
    changed, state = await act(store, id, _NO_EXEMPLAR, may, principal, version)
    names = await parts.subjects.names([(state.kind, state.subject_id)])
    return _tagged(await _exemplar(parts, changed, state, names, "zh"), changed.version)


async def _exemplar(
    parts: Parts,
    found: Aggregate[Exemplar],
    state: Exemplar,
    names: Mapping[Named, str],
    language: Language,
) -> ExemplarView:
    opened = parts.lists.open(EXEMPLARS, found.id)
    shown = state.model_dump(exclude={"candidacy", "findings", "unit_id"})
    months = [m for each in state.candidacy.periods for m in months_of(each.period)]
    subject = (state.kind, state.subject_id)
    return ExemplarView(
        **shown,
        name=names[state.kind, state.subject_id],
        version=found.version,
        stage_label=STAGE_LABELS[state.stage][1 if language == "en" else 0],
        scheme=state.candidacy.scheme,
        periods=list(state.candidacy.periods),
        findings=state.findings and opened("findings", state.findings),
        corrected_since=await parts.repository.touched.since(state.found_at, months, [subject]),
    )


# Practices


@router.post(
    "/practices", status_code=201, response_model=PracticeCreated, openapi_extra=IDEMPOTENT
)
async def publish_practice(request: Request, body: PracticeBody, principal: Reader) -> Response:
    """Write up what an accepted exemplar does, in steps; it or its superior does."""
    lists = parts_in(request).lists
    exemplar = await lists.exemplars.get(weak_id(body.kind, body.subject_id))
    state = None if exemplar is None else exemplar.state
    if state is not None:
        ensure_answers(principal, state.area_path, state.unit_id)
    id = uuid7()
    decision = decisions.publish(id, state, _edition(body, principal))
    made = await lists.practices.create(
        id,
        decision,
        by=author(principal),
        answer={"id": id},
        idempotency=await idempotency_of(request),
    )
    return Json(made.answer, 201, headers={"Location": f"/v1/practices/{made.id}"})


def _edition(body: PracticeBody | NewEditionBody, principal: Principal) -> Edition:
    return Edition(
        number=1,
        at=moment(),
        by=author(principal),
        title=body.title,
        summary=body.summary,
        steps=tuple(body.steps),
    )


@router.get("/practices")
async def list_practices(
    request: Request,
    _principal: Anyone,
    pages: Pages,
    withdrawn: Annotated[bool, Query(description="Also those not recommended any more")] = False,
) -> Page[PracticeLine]:
    """Practices for everybody to follow, the newest first."""
    parts = parts_in(request)
    asked: list[Document] = [] if withdrawn else [{"state.withdrawn": None}]
    found, following = await page_of(parts.lists.practices, asked, pages, newest=True)
    states = [one.state for one in found if one.state is not None]
    names = await parts.subjects.names((state.kind, state.subject_id) for state in states)
    items = [_line(state, names) for state in states]
    return Page(items=items, next=following)


@router.get("/practices/{id}", response_model=PracticeView)
async def read_practice(
    request: Request, id: SubjectIn, _principal: Reader, language: Language = "zh"
) -> Response:
    """A practice, and who adopted it with what result."""
    found, state = await read_one(parts_in(request).lists.practices, id, _NO_PRACTICE)
    return await _practice(request, found, state, language)


@router.post("/practices/{id}/editions", response_model=PracticeView)
async def publish_edition(
    request: Request, id: SubjectIn, body: NewEditionBody, principal: Reader
) -> Response:
    """Publish another edition."""
    edition = _edition(body, principal)
    return await _act(
        request, id, principal, lambda state: decisions.republish(state, edition, body.reason)
    )


@router.post("/practices/{id}/withdraw", response_model=PracticeView)
async def withdraw_practice(
    request: Request, id: SubjectIn, body: WithdrawBody, principal: Reader
) -> Response:
    """Recommend it no more, with the reason."""
    return await _act(request, id, principal, lambda state: decisions.withdraw(state, body.reason))


@router.post("/practices/{id}/adoptions", response_model=PracticeView)
async def adopt_practice(
    request: Request, id: SubjectIn, body: AdoptionBody, principal: Reader
) -> Response:
    """Try the practice in one's own organization."""
    parts = parts_in(request)
    adopter = await parts.subjects.find(
        SubjectKind.ORGANIZATION, body.organization_id, "organization_id"
    )
    ensure_answers(principal, adopter.path, adopter.unit_id)
    changed, state = await act(
        parts.lists.practices,
        id,
        _NO_PRACTICE,
        lambda state: decisions.adopt(state, adopter, author(principal), moment()),
        principal,
    )
    return await _practice(request, changed, state, "zh")


@router.put("/practices/{id}/adoptions/{organization_id}/report", response_model=PracticeView)
async def report_adoption(
    request: Request,
    id: SubjectIn,
    organization_id: SubjectIn,
    body: AdoptionReportBody,
    principal: Reader,
) -> Response:
    """Say how it went with an adopted practice."""
    parts = parts_in(request)
    adopter = await parts.subjects.find(SubjectKind.ORGANIZATION, organization_id)
    ensure_answers(principal, adopter.path, adopter.unit_id)
    result = parts.lists.seal(PRACTICES, id)("result", body.result)
    changed, state = await act(
        parts.lists.practices,
        id,
        _NO_PRACTICE,
        lambda state: decisions.report(
            state, organization_id, body.outcome, result, author(principal), moment()
        ),
        principal,
    )
    return await _practice(request, changed, state, "zh")


async def _act(
    request: Request, id: str, principal: Principal, decide: decisions.Decide
) -> Response:
    lists = parts_in(request).lists

    def may(state: Practice) -> Decision[Practice] | None:
        ensure_answers(principal, state.area_path, state.unit_id)
        return decide(state)

    changed, state = await act(lists.practices, id, _NO_PRACTICE, may, principal, if_match(request))
    return await _practice(request, changed, state, "zh")


def _line(state: Practice, names: Mapping[Named, str]) -> PracticeLine:
    outcomes = Counter(each.outcome for each in state.adoptions if each.outcome is not None)
    edition = state.edition
    return PracticeLine(
        id=state.practice_id,
        kind=state.kind,
        subject_id=state.subject_id,
        name=names[state.kind, state.subject_id],
        title=edition.title,
        summary=edition.summary,
        steps=list(edition.steps),
        edition=edition.number,
        published_at=edition.at,
        withdrawn=state.withdrawn is not None,
        adopters=len({each.organization_id for each in state.adoptions}),
        outcomes=dict(outcomes),
    )


async def _practice(
    request: Request, found: Aggregate[Practice], state: Practice, language: Language
) -> Response:
    parts = parts_in(request)
    line = _line(state, await parts.subjects.names([(state.kind, state.subject_id)]))
    ids = {each.organization_id for each in state.adoptions}
    known = await parts.subjects.get_many(SubjectKind.ORGANIZATION, ids)
    opened = parts.lists.open(PRACTICES, found.id)
    adoptions = [
        AdoptionView(
            organization_id=each.organization_id,
            name=known[each.organization_id].name if each.organization_id in known else "",
            at=each.at,
            edition=each.edition,
            outcome=each.outcome,
            outcome_label=each.outcome and label(f"adoption.{each.outcome}", language),
            result=each.result and opened("result", each.result),
            reported_at=each.reported_at,
        )
        for each in reversed(state.adoptions)
    ]
    view = PracticeView(**line.model_dump(), version=found.version, adoptions=adoptions)
    return _tagged(view, found.version)


def _tagged(view: ExemplarView | PracticeView, version: int) -> Response:
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(version)})
