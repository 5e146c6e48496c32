"""`/v1/weak`: the list of weak organizations, and what is done with each."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.assessment.lists import messages  # noqa: F401  (registers the sentences)
from services.assessment.lists import weak as decisions
from services.assessment.lists.repository import WEAK
from services.assessment.lists.schemas import (
    CheckBody,
    CriteriaView,
    DecisionBody,
    LeaveBody,
    ListedView,
    PlanBody,
    PlanView,
    StayView,
    WeakView,
)
from services.assessment.lists.table import ListRules
from services.assessment.lists.weak import OPEN, STAGES, Check, Measure, Plan, Stage, Weak, weak_id
from services.assessment.parts import parts_in
from services.assessment.reviews import act, read_one
from services.assessment.routes import Administrator, Pages, Reader
from services.assessment.schemas import Language
from services.assessment.service.figures import SubjectKind
from services.assessment.subjects import Named, ensure_above, ensure_answers, own_of
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.storage.encryption import Seal
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Change, Json

router = Router(prefix="/v1/weak", tags=["lists"])

SubjectIn = Annotated[str, Path(min_length=1, max_length=120, description="Area code or id")]
_NOT_LISTED = "weak-not-listed"


async def _id_of(kind: SubjectKind, id: SubjectIn) -> str:
    return weak_id(kind, id)


WeakId = Annotated[str, Depends(_id_of)]
"""Id of a listed one's document, and of an exemplar's."""


@router.get("", response_model=Page[ListedView])
async def list_weak(
    request: Request,
    principal: Reader,
    pages: Pages,
    kind: SubjectKind | None = None,
    stage: Annotated[Stage | None, Query(description="All on the list without it")] = None,
    area: Annotated[AreaCode | None, Query(description="In this area or one inside it")] = None,
    language: Language = "zh",
) -> Response:
    """Those on the list that the caller may see, by kind and id."""
    parts = parts_in(request)
    stages = sorted(OPEN) if stage is None else [stage]
    asked: list[Document] = [own_of(principal), {"state.stage": {"$in": stages}}]
    if kind is not None:
        asked.append({"state.kind": kind})
    if area is not None:
        asked.append({"state.area_path": area})
    found, following = await page_of(parts.lists.weak, asked, pages)
    states = [one.state for one in found if one.state is not None]
    names = await parts.subjects.names((state.kind, state.subject_id) for state in states)
    items = [_line(state, names, language).model_dump(mode="json") for state in states]
    return Json({"items": items, "next": following})


@router.post("/find", status_code=202)
async def find_now(request: Request, _principal: Administrator) -> Response:
    """Have all criteria looked at now, in the background; else the table says how often."""
    await parts_in(request).lists.ask_to_look()
    return Response(status_code=202)


@router.get("/{kind}/{id}", response_model=WeakView)
async def read_weak(
    request: Request, id: WeakId, principal: Reader, language: Language = "zh"
) -> Response:
    """One that is or was listed: every stay, with numbers, plan, checks and history."""
    found, state = await read_one(parts_in(request).lists.weak, id, _NOT_LISTED)
    ensure_answers(principal, state.area_path, state.unit_id)
    return await _shown(request, found, state, language)


@router.get("/{kind}/{id}/criteria")
async def read_criteria(
    request: Request, kind: SubjectKind, id: SubjectIn, principal: Reader
) -> CriteriaView:
    """How the criteria of the scheme in force stand for any subject now, with their numbers."""
    parts = parts_in(request)
    subject = await parts.subjects.find(kind, id)
    ensure_answers(principal, subject.path, subject.unit_id)
    judged = await parts.finding.judged(subject, moment())
    return CriteriaView(kind=kind, subject_id=id, judged=judged)


@router.post("/{kind}/{id}/decision", response_model=WeakView)
async def decide_weak(
    request: Request, id: WeakId, body: DecisionBody, principal: Reader
) -> Response:
    """Confirm what the criteria found, or refuse it with the reason; the superior does."""
    rules = parts_in(request).lists.tables.get(ListRules)
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.decide(
            state, body.confirmed, body.reason, author(principal), moment(), rules
        ),
    )


@router.put("/{kind}/{id}/plan", response_model=WeakView)
async def plan_help(request: Request, id: WeakId, body: PlanBody, principal: Reader) -> Response:
    """Make the help plan, or another one: the time and the check of it begin anew."""
    seal = parts_in(request).lists.seal(WEAK, id)
    made = Plan(
        revision=1,
        at=moment(),
        by=author(principal),
        leader=body.leader,
        goals=tuple(seal("goals", words) for words in body.goals),
        measures=tuple(Measure(words=seal("measures", m.words), by=m.by) for m in body.measures),
        until=body.until,
    )
    return await _act(
        request, id, principal, lambda state: decisions.plan(state, made, body.reason, moment())
    )


@router.post("/{kind}/{id}/checks", response_model=WeakView)
async def check_help(request: Request, id: WeakId, body: CheckBody, principal: Reader) -> Response:
    """Record what somebody found who went and looked; not the leader responsible."""
    seal = parts_in(request).lists.seal(WEAK, id)
    made = Check(
        by=author(principal),
        revision=1,
        findings=seal("findings", body.findings),
        **body.model_dump(exclude={"findings"}),
    )
    return await _act(request, id, principal, lambda state: decisions.check(state, made))


@router.post("/{kind}/{id}/leave", response_model=WeakView)
async def leave_list(request: Request, id: WeakId, body: LeaveBody, principal: Reader) -> Response:
    """Take it off the list after a check that was passed; refused while criteria hold, unless
    `although` says why it leaves all the same."""
    parts = parts_in(request)
    _, state = await read_one(parts.lists.weak, id, _NOT_LISTED)
    ensure_above(principal, state.area_path)
    subject = await parts.subjects.find(state.kind, state.subject_id)
    judged = await parts.finding.judged(subject, moment())
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.leave(state, judged, body.reason, body.although, moment()),
    )


async def _act(
    request: Request, id: str, principal: Principal, decide: decisions.Decide
) -> Response:
    """What only the superior does."""

    def may(state: Weak) -> Decision[Weak]:
        ensure_above(principal, state.area_path)
        return decide(state)

    store = parts_in(request).lists.weak
    changed, state = await act(store, id, _NOT_LISTED, may, principal, if_match(request))
    return await _shown(request, changed, state, "zh")


def _line(state: Weak, names: Mapping[Named, str], language: Language) -> ListedView:
    stay = state.stay
    zh, en = STAGES[stay.stage]
    return ListedView(
        kind=state.kind,
        subject_id=state.subject_id,
        name=names[state.kind, state.subject_id],
        area_path=list(state.area_path),
        stage=stay.stage,
        stage_label=en if language == "en" else zh,
        stay=stay.number,
        relapse=stay.relapse,
        found_at=stay.found_at,
        criteria=[getattr(each, language) for each in stay.judged.criteria if each.holds],
        leader=stay.plan and stay.plan.leader,
        until=stay.plan and stay.plan.until,
    )


def _stay(stay: decisions.Stay, opened: Seal) -> StayView:
    shown = stay.model_dump(exclude={"plan", "checks"})
    plan = None
    if stay.plan is not None:
        measures = [
            {"words": opened("measures", each.words), "by": each.by} for each in stay.plan.measures
        ]
        goals = [opened("goals", words) for words in stay.plan.goals]
        plan = PlanView.model_validate(
            stay.plan.model_dump() | {"goals": goals, "measures": measures}
        )
    checks = [
        each.model_dump() | {"findings": opened("findings", each.findings)} for each in stay.checks
    ]
    return StayView.model_validate(shown | {"plan": plan, "checks": checks})


async def _shown(
    request: Request, found: Aggregate[Weak], state: Weak, language: Language
) -> Response:
    parts = parts_in(request)
    names = await parts.subjects.names([(state.kind, state.subject_id)])
    line = _line(state, names, language)
    opened = parts.lists.open(WEAK, found.id)
    view = WeakView(
        **line.model_dump(),
        version=found.version,
        stays=[_stay(stay, opened) for stay in state.stays],
        history=[Change.model_validate(each) for each in await parts.lists.weak.history(found.id)],
    )
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})
