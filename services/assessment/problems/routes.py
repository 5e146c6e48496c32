"""`/v1/problems`: recurring problems, the cases behind them, and what is decided on each."""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.assessment.parts import parts_in
from services.assessment.problems import decisions, messages
from services.assessment.problems.schemas import (
    AcceptBody,
    AskedMonth,
    FoundView,
    MeasureBody,
    ProblemView,
    ReasonBody,
    RoundBody,
    RoundsView,
    RoundView,
    StatisticView,
)
from services.assessment.problems.state import Measure, ProblemState, Statistic, Status
from services.assessment.problems.table import ProblemRules
from services.assessment.routes import Administrator, Pages, case_out
from services.assessment.schemas import CaseOut, Language
from services.assessment.schemes.scheme import MONTH
from services.assessment.service.cases import month_of
from shared.contracts.ids import uuid7
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.pages import author, page_along
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["problems"])

Manager = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]
Id = Annotated[str, Path(min_length=1, max_length=64)]
IF_MATCH = {
    "parameters": [
        {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag of what you read; without it, any version.",
            "schema": {"type": "string"},
        }
    ]
}


async def ensure_organization(request: Request, id: str | None, field: str) -> None:
    """Raise `Problem` 422 unless the registry has told of the organization."""
    if id is None:
        return
    if not await parts_in(request).repository.subjects("organization", [id]):
        raise Problem(422, "organization-not-known", field=field, id=id)


@router.get("/problems")
async def list_problems(
    request: Request,
    principal: Manager,
    pages: Pages,
    status: Status | None = None,
    category: Annotated[str | None, Query(max_length=60)] = None,
    area: Annotated[str | None, Query(max_length=64, description="Concerns this area")] = None,
    owner: Annotated[str | None, Query(max_length=64, description="Is with this area")] = None,
    language: Language = "zh",
) -> Page[ProblemView]:
    """Problems, found last first: of area managers those that concern their areas."""
    wanted = {
        "state.status": status,
        "state.category": category,
        "state.owner": owner,
        "state.seen_by": area,
    }
    chosen: list[Document] = [{field: one} for field, one in wanted.items() if one is not None]
    if principal.role is not Role.ADMINISTRATOR:
        chosen.append({"state.seen_by": {"$in": sorted(principal.areas)}})
    store = parts_in(request).problems.store
    found, following = await page_along(store, "month", chosen, pages, newest=True)
    names = await _names(request, found)
    labels = _labels(language)
    return Page(items=[ProblemView.of(one, names, labels) for one in found], next=following)


@router.get("/problems/{id}")
async def read_problem(
    request: Request, id: Id, principal: Manager, language: Language = "zh"
) -> ProblemView:
    """A problem with its statistics, month by month, and everything decided on it."""
    found = await _read(request, id, principal)
    return await _view(request, found, language)


@router.get("/problems/{id}/cases")
async def list_cases_behind(
    request: Request,
    id: Id,
    principal: Manager,
    pages: Pages,
    month: AskedMonth = None,
) -> Page[CaseOut]:
    """The cases that its count of a month is made of, by request id; of the last month without
    one."""
    state = (await _read(request, id, principal)).state
    assert state is not None  # no problem is without
    problems, rules = parts_in(request).problems, parts_in(request).tables.get(ProblemRules)
    month = month or state.latest()
    categories = await problems.categories_of(state.category, [month], rules)
    after = None if pages.after is None else pages.after.id
    found = await problems.cases_of(categories, state.place, month, rules, after, pages.limit + 1)
    items, following = pages.cut(found, lambda case: (None, case["_id"]))
    return Page(items=[case_out(case["_id"], case["state"]) for case in items], next=following)


# Decisions


@router.post("/problems/{id}/accept", response_model=ProblemView, openapi_extra=IF_MATCH)
async def accept_problem(
    request: Request, id: Id, body: AcceptBody, principal: Manager
) -> Response:
    """Take it: what is the cause, and which organization leads the work."""
    await ensure_organization(request, body.organization_id, "organization_id")
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.accept(state, body.cause, body.organization_id, principal),
    )


@router.post("/problems/{id}/dismiss", response_model=ProblemView, openapi_extra=IF_MATCH)
async def dismiss_problem(
    request: Request, id: Id, body: ReasonBody, principal: Manager
) -> Response:
    """Say why it is no problem, before anybody accepts it. For some months it is not opened
    again."""
    return await _act(
        request, id, principal, lambda state: decisions.dismiss(state, body.reason, principal)
    )


@router.post("/problems/{id}/measures", response_model=ProblemView, openapi_extra=IF_MATCH)
async def set_measure(request: Request, id: Id, body: MeasureBody, principal: Manager) -> Response:
    """Add what is to be done about the cause."""
    await ensure_organization(request, body.organization_id, "organization_id")
    measure = Measure(
        id=uuid7(),
        what=body.what,
        organization_id=body.organization_id,
        until=body.until,
        at=moment(),
        by=author(principal),
    )
    return await _act(
        request, id, principal, lambda state: decisions.set_measure(state, measure, principal)
    )


@router.post(
    "/problems/{id}/measures/{measure}/done", response_model=ProblemView, openapi_extra=IF_MATCH
)
async def finish_measure(
    request: Request, id: Id, measure: Id, body: ReasonBody, principal: Manager
) -> Response:
    """Say what came of a measure."""
    by, at = author(principal), moment()
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.finish_measure(state, measure, body.reason, principal, by, at),
    )


@router.post("/problems/{id}/raise", response_model=ProblemView, openapi_extra=IF_MATCH)
async def raise_problem(request: Request, id: Id, body: ReasonBody, principal: Manager) -> Response:
    """Hand it one level up, with the reason why it cannot be changed here."""
    rules, now = parts_in(request).tables.get(ProblemRules), moment()
    return await _act(
        request,
        id,
        principal,
        lambda state: decisions.raise_up(state, body.reason, principal, rules, now),
    )


@router.post("/problems/{id}/close", response_model=ProblemView, openapi_extra=IF_MATCH)
async def close_problem(request: Request, id: Id, body: ReasonBody, principal: Manager) -> Response:
    """Close it with the result: only once its rate has fallen for long enough."""
    rules = parts_in(request).tables.get(ProblemRules)
    return await _act(
        request, id, principal, lambda state: decisions.close(state, body.reason, principal, rules)
    )


# Months


@router.get("/problem-rounds")
async def list_problem_rounds(request: Request, _principal: Manager) -> RoundsView:
    """Months that were looked at, the earliest first."""
    return RoundsView(items=list(await parts_in(request).problems.rounds()))


@router.get("/problem-rounds/{month}")
async def read_problem_round(
    request: Request,
    month: Annotated[str, Path(pattern=MONTH)],
    _principal: Administrator,
    language: Language = "zh",
) -> RoundView:
    """Everything that a month has found, with its statistics."""
    found = await parts_in(request).problems.round(month)
    if found is None:
        raise Problem(404, "problem-round-not-found", month=month)
    labels = _labels(language)
    findings = [
        FoundView(
            **StatisticView.of_statistic(
                Statistic.model_validate(one), labels[one["basis"]]
            ).model_dump(),
            category=one["category"],
            problem_id=one["problem_id"],
        )
        for one in found["findings"]
    ]
    names = ("at", "rules_version", "window", "before", "requests", "tests")
    return RoundView(month=month, findings=findings, **{name: found[name] for name in names})


@router.post("/problem-rounds", status_code=202)
async def ask_for_round(request: Request, body: RoundBody, _principal: Administrator) -> Response:
    """Have a month that is over looked at (again), in the background; safe at any time."""
    parts = parts_in(request)
    if body.month >= month_of(moment(), parts.zone):
        raise Problem(422, "month-not-over", field="month", month=body.month)
    await parts.problems.want(body.month, moment())
    where = f"/v1/problem-rounds/{body.month}"
    return Json({"month": body.month}, 202, headers={"Location": where})


# Parts


async def _read(request: Request, id: str, principal: Principal) -> Aggregate[ProblemState]:
    found = await parts_in(request).problems.store.get(id)
    if found is None or found.state is None:
        raise Problem(404, "problem-not-found", where="/v1/problems", id=id)
    administrator = principal.role is Role.ADMINISTRATOR
    if not administrator and principal.areas.isdisjoint(found.state.seen_by):
        raise Problem(403, "problem-not-seen")
    return found


async def _act(
    request: Request,
    id: str,
    principal: Principal,
    decide: Callable[[ProblemState], Decision[ProblemState] | None],
) -> Response:
    await _read(request, id, principal)

    def there(state: ProblemState | None) -> Decision[ProblemState] | None:
        assert state is not None  # it was there, and none is ever taken away
        return decide(state)

    changed = await parts_in(request).problems.store.execute(
        id, there, by=author(principal), version=if_match(request)
    )
    view = await _view(request, changed, "zh")
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(changed.version)})


async def _view(
    request: Request, found: Aggregate[ProblemState], language: Language
) -> ProblemView:
    names = await _names(request, [found])
    history = await parts_in(request).problems.store.history(found.id)
    return ProblemView.of(found, names, _labels(language), history)


async def _names(request: Request, found: Iterable[Aggregate[ProblemState]]) -> dict[str, str]:
    codes = {code for one in found if one.state for code in (one.state.place, one.state.owner)}
    areas = await parts_in(request).repository.subjects("street", sorted(codes))
    return {code: area["name"] for code, area in areas.items()}


def _labels(language: Language) -> dict[str, str]:
    which = 1 if language == "en" else 0
    return {key: words[which] for key, words in (messages.BASES | messages.STATUSES).items()}
