"""`/v1/whistles`: a street or community summons units (吹哨报到)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response

from services.volunteer_dispatch import messages_whistles as _messages  # noqa: F401 (registers)
from services.volunteer_dispatch.access import ensure_sees
from services.volunteer_dispatch.desk import Manager, by_of, load, parts_of
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas_whistles import (
    RatingBody,
    ReportIn,
    Said,
    SummonsBody,
    WhistleBody,
    WhistleView,
    whistle_view,
)
from services.volunteer_dispatch.service import whistling
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.whistle_table import WhistleTable
from services.volunteer_dispatch.service.whistling import Status, Summoned, WhistleState
from services.volunteer_dispatch.whistle_repository import (
    WhistlesWanted,
    is_summoned,
    is_whistler,
    sees_whistle,
    whistle_scope,
)
from shared.contracts.ids import uuid7
from shared.contracts.whistles import WhistleCase
from shared.contracts.words import AreaLevel, AssigneeKind
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Change, Json

router = Router(prefix="/v1/whistles", tags=["whistles"])

_SEERS = (Role.UNIT_OPERATOR, Role.AREA_MANAGER, Role.ADMINISTRATOR)
Concerned = Annotated[Principal, Depends(require(*_SEERS))]
Reporter = Annotated[Principal, Depends(require(Role.UNIT_OPERATOR, Role.ADMINISTRATOR))]
UnitId = Annotated[str, Path(min_length=1, max_length=120)]
_WHISTLING = (AreaLevel.STREET.value, AreaLevel.COMMUNITY.value)


@router.post("", status_code=201, response_model=WhistleView, openapi_extra=IDEMPOTENT)
async def whistle(request: Request, body: WhistleBody, principal: Manager) -> Response:
    """Summon units, in one of the three lawful cases; for a task, or by itself."""
    parts, id = parts_of(request), uuid7()
    context = parts.context()
    path = _path(body.area, context)
    ensure_area(principal, path)
    request_id = None
    if body.task_id is not None:
        _, task = await load(parts, body.task_id)
        ensure_sees(principal, task)
        request_id = task.request_id
    state = WhistleState(
        whistle_id=id,
        case=body.case,
        area=body.area,
        area_path=path,
        text=parts.whistles.seal(id, body.text),
        blown_at=whole(context.now),
        blown_by=by_of(principal),
        supervisor=whistling.supervisor_of(path, context),
        task_id=body.task_id,
        request_id=request_id,
        summoned=_summoned(body.units, body.case, parts, context),
    )
    made = await parts.whistles.store.create(
        id,
        whistling.blow(state),
        by=by_of(principal),
        answer={"id": id},
        idempotency=await idempotency_of(request),
    )
    found = await parts.whistles.store.get(made.id)
    assert found is not None
    assert found.state is not None
    shown = _view(parts, found.version, found.state, principal)
    headers = {"Location": f"/v1/whistles/{made.id}", "ETag": etag(found.version)}
    return Json(shown.model_dump(), 201, headers=headers)


def _path(area: str, context: Context) -> tuple[str, ...]:
    known = context.directory.areas.get(area)
    if known is None or known.retired:
        raise Problem(422, "whistle-area-unknown", field="area", area=area)
    if known.level is not None and known.level not in _WHISTLING:
        raise Problem(422, "whistle-level", field="area", allowed=_WHISTLING, area=area)
    return context.directory.path_of(area)


def _summoned(
    bodies: list[SummonsBody], case: WhistleCase, parts: Parts, context: Context
) -> tuple[Summoned, ...]:
    table = parts.tables.get(WhistleTable)
    if len(bodies) > table.units_at_most:
        raise Problem(422, "whistle-too-many", field="units", most=table.units_at_most)
    usual = table.of(case).after(context.now, context.calendar)
    found: dict[str, Summoned] = {}
    for n, one in enumerate(bodies):
        if not context.directory.knows(AssigneeKind.UNIT, one.unit_id):
            where = f"units.{n}.unit_id"
            raise Problem(422, "whistle-unit-unknown", field=where, unit=one.unit_id)
        if one.unit_id in found:
            raise Problem(422, "whistle-unit-twice", field=f"units.{n}", unit=one.unit_id)
        if one.report_by is not None and one.report_by <= context.now:
            raise Problem(422, "whistle-report-by", field=f"units.{n}.report_by")
        found[one.unit_id] = Summoned(
            unit=context.directory.unit(one.unit_id),
            asks=one.asks,
            report_by=one.report_by or usual,
        )
    return tuple(found.values())


@router.get("")
async def list_whistles(
    request: Request,
    principal: Concerned,
    page: Annotated[Paging, Depends(paging)],
    status: Annotated[list[Status] | None, Query(description="Open ones unless given")] = None,
    area: Annotated[str | None, Query(max_length=60, description="And all areas in it")] = None,
    unit: Annotated[str | None, Query(max_length=120)] = None,
    case: WhistleCase | None = None,
    late: Annotated[
        bool | None, Query(description="A unit has not reported in by its time")
    ] = None,
    task_id: Annotated[str | None, Query(max_length=120)] = None,
) -> Page[WhistleView]:
    """Whistles of the caller's areas, or that summon the caller's unit, the youngest first."""
    parts = parts_of(request)
    statuses = set(status or (Status.OPEN,))
    wanted = WhistlesWanted(
        scope=whistle_scope(principal),
        status=statuses.pop() if len(statuses) == 1 else None,
        area=area,
        unit=unit,
        case=case,
        late=late,
        task_id=task_id,
    )
    found = await parts.whistles.find(wanted, page)
    rows, next = page.cut(found, lambda row: (row["state"]["blown_at"], row["_id"]))
    items = [
        _view(parts, row["version"], WhistleState.model_validate(row["state"]), principal)
        for row in rows
    ]
    return Page(items=items, next=next)


@router.get("/{id}")
async def show_whistle(
    request: Request, response: Response, id: str, principal: Concerned
) -> WhistleView:
    """One whistle, with its `ETag`."""
    parts = parts_of(request)
    version, state = await _found(parts, id, principal)
    response.headers["ETag"] = etag(version)
    return _view(parts, version, state, principal)


@router.get("/{id}/history")
async def show_whistle_history(request: Request, id: str, principal: Concerned) -> list[Change]:
    """Who did what and when; oldest first, the last 100."""
    parts = parts_of(request)
    await _found(parts, id, principal)
    return [Change.model_validate(one) for one in await parts.whistles.store.history(id)]


@router.post("/{id}/units/{unit_id}/report-in")
async def report_in(
    request: Request,
    response: Response,
    id: str,
    unit_id: UnitId,
    body: ReportIn,
    principal: Reporter,
) -> WhistleView:
    """The unit reports in, in time or late; it may say at once what it will do."""
    parts = parts_of(request)
    sealed = None if body.plan is None else parts.whistles.seal(id, body.plan)

    def decide(state: WhistleState, context: Context) -> Decision[WhistleState] | None:
        one = state.of(unit_id)
        if one is not None and one.reported_at is not None:  # said again: it is so
            return None if sealed is None else whistling.plan(state, unit_id, sealed, context)
        first = whistling.report_in(state, unit_id, context)
        if sealed is None:
            return first
        then = whistling.plan(first.state, unit_id, sealed, context)
        return Decision(then.state, (*first.events, *then.events))

    return await _as_unit(request, response, id, unit_id, principal, decide)


@router.post("/{id}/units/{unit_id}/plan")
async def say_plan(
    request: Request, response: Response, id: str, unit_id: UnitId, body: Said, principal: Reporter
) -> WhistleView:
    """The unit says what it will do; said again it replaces what was said."""
    sealed = parts_of(request).whistles.seal(id, body.words)
    return await _as_unit(
        request, response, id, unit_id, principal,
        lambda state, context: whistling.plan(state, unit_id, sealed, context),
    )  # fmt: skip


@router.post("/{id}/units/{unit_id}/done")
async def say_done(
    request: Request, response: Response, id: str, unit_id: UnitId, body: Said, principal: Reporter
) -> WhistleView:
    """The unit did its work."""
    sealed = parts_of(request).whistles.seal(id, body.words)
    return await _as_unit(
        request, response, id, unit_id, principal,
        lambda state, context: whistling.done(state, unit_id, sealed, context),
    )  # fmt: skip


@router.post("/{id}/units/{unit_id}/rate")
async def rate_unit(
    request: Request,
    response: Response,
    id: str,
    unit_id: UnitId,
    body: RatingBody,
    principal: Manager,
) -> WhistleView:
    """The whistler rates a unit, once: after it is done, or after the end."""
    parts = parts_of(request)
    sealed = None if body.words is None else parts.whistles.seal(id, body.words)

    def decide(state: WhistleState, context: Context) -> Decision[WhistleState] | None:
        one = state.of(unit_id)
        if one is not None and one.rating is not None and one.rating.rating == body.rating:
            return None  # said again
        return whistling.rate(state, unit_id, body.rating, sealed, by_of(principal), context)

    return await _as_whistler(request, response, id, principal, decide)


@router.post("/{id}/end")
async def end_whistle(
    request: Request, response: Response, id: str, body: Said, principal: Manager
) -> WhistleView:
    """End it, saying how: nobody has to report in any more, ratings can be given still."""
    sealed = parts_of(request).whistles.seal(id, body.words)
    return await _as_whistler(
        request, response, id, principal,
        lambda state, context: whistling.end(state, sealed, by_of(principal), context),
    )  # fmt: skip


Decide = Callable[[WhistleState, Context], Decision[WhistleState] | None]


async def _as_unit(
    request: Request,
    response: Response,
    id: str,
    unit_id: str,
    principal: Principal,
    decide: Decide,
) -> WhistleView:
    def ensure(state: WhistleState) -> None:
        if not is_summoned(principal, state, unit_id):
            raise Problem(403, "wrong-unit")

    return await _command(request, response, id, principal, ensure, decide)


async def _as_whistler(
    request: Request, response: Response, id: str, principal: Principal, decide: Decide
) -> WhistleView:
    def ensure(state: WhistleState) -> None:
        if not is_whistler(principal, state):
            raise Problem(403, "whistle-not-whistler")

    return await _command(request, response, id, principal, ensure, decide)


async def _command(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    ensure: Callable[[WhistleState], None],
    decide: Decide,
) -> WhistleView:
    parts = parts_of(request)
    await _found(parts, id, principal)

    def checked(state: WhistleState | None) -> Decision[WhistleState] | None:
        assert state is not None
        ensure(state)
        try:
            return decide(state, parts.context(datetime.now(UTC)))
        except Ruled as rule:
            raise Problem(409, rule.code, **rule.parameters) from None

    store = parts.whistles.store
    done = await store.execute(id, checked, by=by_of(principal), version=if_match(request))
    assert done.state is not None
    response.headers["ETag"] = etag(done.version)
    return _view(parts, done.version, done.state, principal)


async def _found(parts: Parts, id: str, principal: Principal) -> tuple[int, WhistleState]:
    found = await parts.whistles.store.get(id)
    if found is None or found.state is None:
        raise Problem(404, "whistle-not-found", id=id[:120])
    if not sees_whistle(principal, found.state):
        raise Problem(403, "whistle-not-yours")
    return found.version, found.state


def _view(parts: Parts, version: int, state: WhistleState, principal: Principal) -> WhistleView:
    return whistle_view(
        state,
        version,
        lambda sealed: parts.whistles.unseal(state.whistle_id, sealed),
        None if is_whistler(principal, state) else principal.unit_id or "",
    )
