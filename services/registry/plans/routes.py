"""`/v1/plans`: targets broken down from level to level, progress counted from recorded facts."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.registry.commands import Registry
from services.registry.handover import views_of
from services.registry.plans import breakdown, decisions, messages  # noqa: F401  (registers)
from services.registry.plans.decisions import Around, places_in
from services.registry.plans.progress import progress_of
from services.registry.plans.schemas import (
    BehindView,
    PartView,
    PlanBody,
    PlanView,
    ProgressView,
    RevisionView,
    Status,
    TargetView,
)
from services.registry.plans.state import PlanState, Target
from services.registry.plans.table import PlanTable
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, Official, created, if_match_header, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView, ReasonBody, Words
from services.registry.stores import act, read_one
from shared.contracts.ids import uuid7
from shared.contracts.words import LABELS, OrganizationLevel
from shared.spans import moment
from shared.storage.aggregates import Aggregate
from shared.storage.client import Document, DuplicateKeyError
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/plans", tags=["plans"])

Reader = Annotated[
    Principal,
    Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR, Role.GRID_LEADER)),
]


async def _around(registry: Registry, body: PlanBody, id: str | None = None) -> Around:
    return await registry.plans.around(*places_in(body), body.parent, id)


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def create_plan(request: Request, body: PlanBody, principal: Official) -> Response:
    """Make the draft of a plan; with `parent`, of one part of the plan above."""
    registry = registry_of(request)
    id = uuid7()
    around = await _around(registry, body)
    works = registry.tables.get(WorkTable)
    decision = decisions.draft(id, body, principal, around, works)
    try:
        return await created(request, registry.plans.store, id, decision, principal)
    except DuplicateKeyError:
        where = f"/v1/plans?parent={body.parent}"
        raise Problem(409, "broken-down-already", field="parent", where=where) from None


@router.get("", response_model=Page[PlanView])
async def list_plans(
    request: Request,
    _: Reader,
    page: Paged,
    area: Inside = None,
    place: Annotated[
        str | None, Query(max_length=64, description="Of this area or organization itself")
    ] = None,
    part: Annotated[
        str | None, Query(max_length=64, description="With a share for this area or organization")
    ] = None,
    parent: Slug | None = None,
    status: Status | None = None,
    behind: Annotated[bool | None, Query(description="true: something of it is behind")] = None,
) -> Response:
    """Plans, the newest first."""
    wanted = {
        "state.area_path": area,
        "state.place.id": place,
        "state.parent": parent,
        "state.status": status,
        "state.is_behind": behind,
    }
    asked: list[Document] = [{field: one} for field, one in wanted.items() if one is not None]
    if part is not None:
        asked.append({"state.places": {"$in": [f"areas/{part}", f"organizations/{part}"]}})
    registry = registry_of(request)
    found, following = await page_of(registry.plans.store, asked, page, newest=True)
    items = [_view(one, registry).model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})


@router.get("/{id}", response_model=PlanView)
async def read_plan(request: Request, id: EntryId, _: Reader) -> Response:
    """One plan with every change of it while in force."""
    return _shown(await read_one(registry_of(request).plans.store, id), registry_of(request))


@router.put("/{id}", response_model=PlanView, openapi_extra=if_match_header(required=True))
async def change_plan(
    request: Request, id: EntryId, body: PlanBody, principal: Official
) -> Response:
    """Replace what it says; while in force with the reason, and what it said is kept."""
    registry = registry_of(request)
    version = if_match(request, required=True)
    await read_one(registry.plans.store, id)
    around = await _around(registry, body, id)
    works, by = registry.tables.get(WorkTable), author(principal)
    changed = await act(
        registry.plans.store,
        id,
        lambda state: decisions.change(state, id, body, principal, around, works, moment(), by),
        principal,
        version,
    )
    return _shown(changed, registry)


@router.post("/{id}/start", response_model=PlanView)
async def start_plan(request: Request, id: EntryId, principal: Official) -> Response:
    """Put it in force: each target was surveyed first, and its parts make up for all of it."""
    registry = registry_of(request)
    state = (await read_one(registry.plans.store, id)).state
    above = None
    if state is not None and state.parent is not None:
        above = (await read_one(registry.plans.store, state.parent)).state
    started = await act(
        registry.plans.store,
        id,
        lambda state: decisions.start(state, id, principal, above, moment()),
        principal,
    )
    return _shown(started, registry)


@router.post("/{id}/close", response_model=PlanView)
async def close_plan(
    request: Request, id: EntryId, body: ReasonBody, principal: Official
) -> Response:
    """End it, with the outcome or the reason."""
    registry = registry_of(request)
    closed = await act(
        registry.plans.store,
        id,
        lambda state: decisions.close(state, id, body, principal, moment()),
        principal,
    )
    return _shown(closed, registry)


@router.get("/{id}/progress")
async def read_progress(request: Request, id: EntryId, _: Reader) -> ProgressView:
    """How far it is, counted now: records by target and part, through all plans below."""
    registry = registry_of(request)
    state = (await read_one(registry.plans.store, id)).state
    assert state is not None  # no plan is without
    now = moment()
    counted = await registry.plans.counted(id, state)
    targets = progress_of(state, counted, now, registry.tables.get(PlanTable))
    return ProgressView(plan_id=id, at=now, targets=targets)


def _shown(found: Aggregate[PlanState], registry: Registry) -> Response:
    view = _view(found, registry)
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})


def _view(found: Aggregate[PlanState], registry: Registry) -> PlanView:
    state = found.state
    assert state is not None  # no plan is without
    works = registry.tables.get(WorkTable)
    return PlanView(
        id=found.id,
        version=found.version,
        name=state.name,
        level=state.level,
        level_label=_level(state.level),
        **state.place.fields,
        parent=state.parent,
        status=state.status,
        since=state.since,
        targets=[_target(target, works) for target in state.targets],
        revision=state.revision,
        revisions=[
            RevisionView(
                **revision.model_dump(exclude={"was"}),
                was=[_target(target, works) for target in revision.was],
            )
            for revision in state.revisions
        ],
        behind=[
            BehindView(
                target=behind.target,
                since=behind.since,
                **(behind.place.fields if behind.place else _WHOLE),
            )
            for behind in state.behind
        ],
        outcome=state.outcome,
        area_path=list(state.area_path),
        handovers=views_of(state.handovers),
    )


_WHOLE: dict[str, str | None] = {"area": None, "organization_id": None}


def _level(level: OrganizationLevel) -> Words:
    zh, en = LABELS[f"level.{level}"]
    return Words(zh=zh, en=en)


def _target(target: Target, works: WorkTable) -> TargetView:
    work = None if target.work is None else works.by_code.get(target.work)
    return TargetView(
        **target.model_dump(exclude={"parts"}),
        unit=work.unit if work else None,
        parts=[
            PartView(**part.place.fields, share=part.share, by=part.by) for part in target.parts
        ],
        warnings=breakdown.warnings(target),
    )
