"""`/v1/programmes`: a year's "one problem a month" of an area, with figures beside it."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.assessment.parts import parts_in
from services.assessment.problems import programme
from services.assessment.problems.counts import rolled_up
from services.assessment.problems.programme import Item, ProgrammeState, Result
from services.assessment.problems.routes import (
    IF_MATCH,
    Id,
    Manager,
    ensure_organization,
)
from services.assessment.problems.schemas import (
    CourseView,
    ItemBody,
    ProgrammeBody,
    ProgrammeView,
    ResultBody,
)
from services.assessment.problems.table import ProblemRules
from services.assessment.routes import Pages
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import DuplicateKeyError
from shared.web.auth import ensure_area
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/programmes", tags=["programmes"])

ItemId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


@router.post("", status_code=201, openapi_extra=IDEMPOTENT)
async def create_programme(request: Request, body: ProgrammeBody, principal: Manager) -> Response:
    """Begin a year of an area; one an area and year."""
    parts = parts_in(request)
    known = await parts.repository.subjects("street", [body.area])
    if body.area not in known:
        raise Problem(422, "area-not-known", field="area", id=body.area)
    path = tuple(known[body.area]["path"])
    ensure_area(principal, path)
    id = programme.programme_id(body.area, body.year)
    where = f"/v1/programmes/{id}"
    state = ProgrammeState(area=body.area, area_path=path, year=body.year, name=body.name)
    try:
        made = await parts.problems.programmes.create(
            id,
            Decision(state),
            by=author(principal),
            answer={"id": id},
            idempotency=await idempotency_of(request),
        )
    except DuplicateKeyError:
        raise Problem(409, "programme-taken", where=where) from None
    return Json(made.answer, 201, headers={"Location": where})


@router.get("")
async def list_programmes(
    request: Request,
    principal: Manager,
    pages: Pages,
    area: Annotated[str | None, Query(max_length=64, description="At or below this area")] = None,
    year: Annotated[int | None, Query(ge=2000, le=2200)] = None,
) -> Page[ProgrammeView]:
    """Programmes by area and year. Everybody who manages an area may read all of them."""
    wanted = {"state.area_path": area, "state.year": year}
    chosen = {field: value for field, value in wanted.items() if value is not None}
    found, following = await page_of(parts_in(request).problems.programmes, [chosen], pages)
    return Page(items=[ProgrammeView.of(one) for one in found], next=following)


@router.get("/{id}", response_model=ProgrammeView)
async def read_programme(request: Request, id: Id, _principal: Manager) -> Response:
    """A programme with its problems, goals and results."""
    return _shown(await _read(request, id))


@router.put("/{id}/problems/{item}", response_model=ProgrammeView, openapi_extra=IF_MATCH)
async def put_item(
    request: Request, id: Id, item: ItemId, body: ItemBody, principal: Manager
) -> Response:
    """Choose a problem for a month, or change what was chosen; results stay."""
    parts = parts_in(request)
    await _read(request, id)
    await ensure_organization(request, body.lead, "lead")
    known = await parts.problems.store.get_many(body.problem_ids)
    for problem in body.problem_ids:
        if problem not in known:
            raise Problem(
                422, "problem-not-found", field="problem_ids", where="/v1/problems", id=problem
            )
    chosen = Item(id=item, **body.model_dump(exclude={"reason"}))

    def decide(state: ProgrammeState | None) -> Decision[ProgrammeState] | None:
        assert state is not None  # it was there, and none is ever taken away
        return programme.put_item(state, chosen, body.reason, principal)

    return _shown(
        await parts.problems.programmes.execute(
            id, decide, by=author(principal), version=if_match(request)
        )
    )


@router.post("/{id}/problems/{item}/results", response_model=ProgrammeView)
async def report_result(
    request: Request, id: Id, item: ItemId, body: ResultBody, principal: Manager
) -> Response:
    """Say what came of a problem so far."""
    await _read(request, id)
    result = Result(at=moment(), by=author(principal), **body.model_dump())

    def decide(state: ProgrammeState | None) -> Decision[ProgrammeState] | None:
        assert state is not None  # it was there, and none is ever taken away
        return programme.report(state, item, result, principal)

    programmes = parts_in(request).problems.programmes
    return _shown(await programmes.execute(id, decide, by=author(principal)))


@router.get("/{id}/problems/{item}/figures")
async def read_figures(request: Request, id: Id, item: ItemId, _principal: Manager) -> CourseView:
    """A problem in figures, counted now: a year before its month, and every month since."""
    parts = parts_in(request)
    state = (await _read(request, id)).state
    assert state is not None  # no programme is without
    chosen = state.item(item)
    rules = parts.tables.get(ProblemRules)
    known = await parts.repository.months_of_cases()
    before = [month for month in known if month < chosen.month][-12:]
    months = before + [month for month in known if month >= chosen.month]
    categories = await parts.problems.categories_of(chosen.category, months, rules)
    rows = await parts.problems.rows(months, rules, categories)
    counts = rolled_up(rows).get(state.area, {})
    return CourseView.of(chosen, programme.course(counts, chosen.month, months))


async def _read(request: Request, id: str) -> Aggregate[ProgrammeState]:
    found = await parts_in(request).problems.programmes.get(id)
    if found is None:
        raise Problem(404, "programme-not-found", where="/v1/programmes", id=id)
    return found


def _shown(found: Aggregate[ProgrammeState]) -> Response:
    view = ProgrammeView.of(found)
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})
