"""`/v1/statements`: secretaries' yearly statements, from opening to the last grade."""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.assessment.parts import Parts, parts_in
from services.assessment.reviews import act, decide_all, read_one
from services.assessment.routes import Pages, Reader
from services.assessment.schemas import Language
from services.assessment.schemes.periods import months_of
from services.assessment.scores.inputs import INPUTS, OUTCOMES
from services.assessment.service.figures import SubjectKind
from services.assessment.statements import statement as decisions
from services.assessment.statements.messages import LABELS
from services.assessment.statements.repository import STATEMENTS
from services.assessment.statements.schemas import (
    AttendanceBody,
    FigureLine,
    OpenBody,
    OpenedView,
    QuestionView,
    StatementLine,
    StatementView,
    SubmitBody,
    VerdictBody,
    VotesBody,
    WordsBody,
)
from services.assessment.statements.statement import (
    STAGES,
    Attendance,
    Filled,
    Line,
    Question,
    Stage,
    Statement,
    Verdict,
    Votes,
    missing,
    statement_id,
)
from services.assessment.subjects import (
    Named,
    Subject,
    above,
    ensure_above,
    ensure_answers,
    ensure_own,
    own_of,
)
from shared.contracts.ids import derived_id, uuid7
from shared.contracts.words import label
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.web.auth import Principal, ensure_area
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Change, Json

router = Router(prefix="/v1/statements", tags=["statements"])

OrganizationId = Annotated[str, Path(min_length=1, max_length=120)]
Decide = Callable[[Statement], Decision[Statement] | None]
_NOT_FOUND = "statement-not-found"
_YEARS_BACK = 5


async def _id_of(
    organization_id: OrganizationId, year: Annotated[int, Path(ge=2000, le=2999)]
) -> str:
    return statement_id(organization_id, year)


StatementId = Annotated[str, Depends(_id_of)]


@router.post("")
async def open_statements(request: Request, body: OpenBody, principal: Reader) -> OpenedView:
    """Open the year's statements of the organizations below the caller in an area, by a date.

    Safe to send again: what is there stays, a date that is another moves those not handed in.
    """
    parts = parts_in(request)
    now = moment()
    this_year = now.astimezone(parts.zone).year
    if not this_year - _YEARS_BACK <= body.year <= this_year:
        first, last = this_year - _YEARS_BACK, this_year
        raise Problem(422, "statement-year", field="year", first=first, last=last)
    ensure_area(principal, await parts.subjects.path_of(body.area, "area"))
    organizations: dict[str, Subject] = {}

    def decide(id: str, state: Statement | None) -> Decision[Statement] | None:
        return decisions.open_one(state, organizations[id], body.year, body.due, now)

    opened = 0
    async for batch in parts.subjects.every(SubjectKind.ORGANIZATION, body.area):
        mine = {
            statement_id(each.id, body.year): each
            for each in batch
            if (not body.domains or each.domain in body.domains)
            and (not body.levels or each.level in body.levels)
            and above(principal, each.path)
        }
        organizations.update(mine)
        store = parts.statements.statements
        opened += await decide_all(store, mine, decide, by=author(principal))
    if not organizations:
        raise Problem(422, "nobody-to-state", field="area", area=body.area)
    return OpenedView(opened=opened, statements=len(organizations))


@router.get("", response_model=Page[StatementLine])
async def list_statements(
    request: Request,
    principal: Reader,
    pages: Pages,
    year: Annotated[int | None, Query(ge=2000, le=2999)] = None,
    stage: Stage | None = None,
    area: Annotated[AreaCode | None, Query(description="In this area or one inside it")] = None,
    language: Language = "zh",
) -> Response:
    """Statements that the caller may see, by organization and year."""
    parts = parts_in(request)
    asked: list[Document] = [own_of(principal)]
    asked += [{"state.year": year}] if year is not None else []
    asked += [{"state.stage": stage}] if stage is not None else []
    asked += [{"state.area_path": area}] if area is not None else []
    found, following = await page_of(parts.statements.statements, asked, pages)
    states = [one.state for one in found if one.state is not None]
    names = await parts.subjects.names(_of(state) for state in states)
    items = [_line(state, names, language).model_dump(mode="json") for state in states]
    return Json({"items": items, "next": following})


@router.get("/{organization_id}/{year}", response_model=StatementView)
async def read_statement(
    request: Request,
    id: StatementId,
    principal: Reader,
    language: Language = "zh",
) -> Response:
    """One statement with the year's figures."""
    found, state = await read_one(parts_in(request).statements.statements, id, _NOT_FOUND)
    ensure_answers(principal, state.area_path, state.unit_id)
    return await _shown(request, found, state, language)


@router.post("/{organization_id}/{year}/submit", response_model=StatementView)
async def submit_statement(
    request: Request, id: StatementId, body: SubmitBody, principal: Reader
) -> Response:
    """Hand the statement in; its figures stand from now on. The organization's own side does."""
    parts = parts_in(request)
    _, state = await read_one(parts.statements.statements, id, _NOT_FOUND)
    ensure_own(principal, state.area_path, state.unit_id)
    words = parts.statements.seal(STATEMENTS, id)("words", body.words)
    filled = await _fill(parts, state)
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.submit(state, words, filled, author(principal), moment()),
    )


@router.post(
    "/{organization_id}/{year}/questions",
    response_model=StatementView,
    openapi_extra=IDEMPOTENT,
)
async def ask_question(
    request: Request, id: StatementId, body: WordsBody, principal: Reader
) -> Response:
    """Ask a question about it; the superior does, for members and representatives, too."""
    parts = parts_in(request)
    attempt = await idempotency_of(request)
    question = Question(
        id=derived_id("question", id, attempt.key) if attempt else uuid7(),
        at=moment(),
        by=author(principal),
        words=parts.statements.seal(STATEMENTS, id)("question", body.words),
    )
    return await _of_superior(request, id, principal, lambda state: decisions.ask(state, question))


@router.put("/{organization_id}/{year}/questions/{question}/answer", response_model=StatementView)
async def answer_question(
    request: Request,
    id: StatementId,
    question: OrganizationId,
    body: WordsBody,
    principal: Reader,
) -> Response:
    """Answer a question; the organization's own side does."""
    parts = parts_in(request)
    words = parts.statements.seal(STATEMENTS, id)("answer", body.words)

    def decide(state: Statement) -> Decision[Statement]:
        ensure_own(principal, state.area_path, state.unit_id)
        return decisions.answer(state, question, words, author(principal), moment())

    return await _act(request, id, principal, decide)


@router.post("/{organization_id}/{year}/attendances", response_model=StatementView)
async def record_attendance(
    request: Request, id: StatementId, body: AttendanceBody, principal: Reader
) -> Response:
    """Record who attended for the superior (art. 15)."""
    made = Attendance(person_id=body.person_id, at=body.at, by=author(principal))
    return await _of_superior(request, id, principal, lambda state: decisions.attend(state, made))


@router.put("/{organization_id}/{year}/grade", response_model=StatementView)
async def grade_statement(
    request: Request, id: StatementId, body: VerdictBody, principal: Reader
) -> Response:
    """The superior's grade, with the reason."""
    made = Verdict(grade=body.grade, reason=body.reason, at=moment(), by=author(principal))
    return await _of_superior(request, id, principal, lambda state: decisions.evaluate(state, made))


@router.put("/{organization_id}/{year}/votes", response_model=StatementView)
async def count_votes(
    request: Request, id: StatementId, body: VotesBody, principal: Reader
) -> Response:
    """How many members and representatives gave each grade; counts only, never who."""
    made = Votes(at=moment(), by=author(principal), **body.model_dump())
    return await _of_superior(
        request, id, principal, lambda state: decisions.count_votes(state, made)
    )


@router.post("/{organization_id}/{year}/conclude", response_model=StatementView)
async def conclude_statement(request: Request, id: StatementId, principal: Reader) -> Response:
    """Close it for good; refused without the superior's attendance, a grade, votes, answers."""
    return await _of_superior(
        request, id, principal, lambda state: decisions.conclude(state, moment())
    )


async def _of_superior(request: Request, id: str, principal: Principal, decide: Decide) -> Response:
    def may(state: Statement) -> Decision[Statement] | None:
        ensure_above(principal, state.area_path)
        return decide(state)

    return await _act(request, id, principal, may)


async def _act(request: Request, id: str, principal: Principal, decide: Decide) -> Response:
    store = parts_in(request).statements.statements
    changed, state = await act(store, id, _NOT_FOUND, decide, principal, if_match(request))
    return await _shown(request, changed, state, "zh")


async def _fill(parts: Parts, state: Statement) -> Filled:
    organization = await parts.subjects.find(SubjectKind.ORGANIZATION, state.organization_id)
    return await parts.filling.fill(organization, state.year)


def _of(state: Statement) -> Named:
    return SubjectKind.ORGANIZATION, state.organization_id


def _line(state: Statement, names: Mapping[Named, str], language: Language) -> StatementLine:
    grade = state.verdict and state.verdict.grade
    zh, en = STAGES[state.stage]
    return StatementLine(
        organization_id=state.organization_id,
        name=names[_of(state)],
        year=state.year,
        area_path=list(state.area_path),
        stage=state.stage,
        stage_label=en if language == "en" else zh,
        due=state.due,
        overdue=state.stage is Stage.OPENED and state.due <= moment(),
        grade=grade,
        grade_label=grade and label(f"review.{grade}", language),
    )


def _figure(line: Line, language: Language) -> FigureLine:
    known = INPUTS.get(line.code) or OUTCOMES.get(line.code)
    pair = LABELS.get(line.code) or ((known.zh, known.en) if known else (line.code, line.code))
    return FigureLine(**line.model_dump(), label=pair[1 if language == "en" else 0])


async def _corrected_since(parts: Parts, state: Statement) -> int:
    if state.filled is None:
        return 0
    subjects = {_of(state)}
    # The area whose own the organization is, where its figures stand there, too.
    own = {each.of for each in state.filled.lines} - {SubjectKind.ORGANIZATION.value}
    subjects |= {(SubjectKind(of), state.area_path[-1]) for of in own}
    months = months_of(str(state.year))
    return await parts.repository.touched.since(state.filled.at, months, subjects)


async def _shown(
    request: Request, found: Aggregate[Statement], state: Statement, language: Language
) -> Response:
    parts = parts_in(request)
    opened = parts.statements.open(STATEMENTS, found.id)
    filled = state.filled or await _fill(parts, state)
    questions = [
        QuestionView.model_validate(
            each.model_dump()
            | {
                "words": opened("question", each.words),
                "answer": each.answer and opened("answer", each.answer),
            }
        )
        for each in state.questions
    ]
    line = _line(state, await parts.subjects.names([_of(state)]), language)
    view = StatementView(
        **line.model_dump(),
        version=found.version,
        opened_at=state.opened_at,
        words=state.words and opened("words", state.words),
        submitted_at=state.submitted_at,
        submitted_by=state.submitted_by,
        figures_at=filled.at,
        figures=[_figure(each, language) for each in filled.lines],
        corrected_since=await _corrected_since(parts, state),
        questions=questions,
        attendances=list(state.attendances),
        verdict=state.verdict,
        votes=state.votes,
        missing=list(missing(state)),
        concluded_at=state.concluded_at,
        history=[
            Change.model_validate(each)
            for each in await parts.statements.statements.history(found.id)
        ],
    )
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})
