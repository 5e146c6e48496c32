"""`/v1/joints/{id}/needs`, `resources`, `projects`: what is needed, offered, done together."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response

from services.registry.commands import Registry
from services.registry.joint.decisions import add, claim, end_project, withdraw
from services.registry.joint.routes import joint, shown
from services.registry.joint.schemas import (
    ClaimBody,
    EndBody,
    EndedView,
    JointView,
    NeedBody,
    ResourceBody,
    WithdrawBody,
)
from services.registry.joint.states import JointState, Need, Resource
from services.registry.joint.views import context, views
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, Reader, registry_of
from services.registry.routes_lists import Paged
from services.registry.schemas import CreatedView
from services.registry.stores import act
from shared.contracts.ids import derived_id, uuid7
from shared.spans import moment
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role, require
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/joints/{id}", tags=["joints"])

Actor = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]
Make = Callable[[JointState, str, str | None], Decision[JointState] | None]


async def _made(request: Request, id: str, name: str, principal: Principal, make: Make) -> Response:
    """Make an entry of a list, once for one idempotency key: its id follows from the key."""
    registry = registry_of(request)
    attempt = await idempotency_of(request)
    made = uuid7() if attempt is None else derived_id("joint entry", attempt.key)
    if attempt is not None:
        ended = await registry.joints.ended(made)
        if ended is not None:
            attempt.check(ended.entry.fingerprint or "")
            return _created(id, name, made)

    def decide(state: JointState) -> Decision[JointState] | None:
        lists = (state.open, state.closed, *(parcel.lists for parcel in state.parcels))
        for entry in (each for each_list in lists for each in each_list.every()):
            if entry.id == made:
                assert attempt is not None
                attempt.check(entry.fingerprint or "")
                return None
        return make(state, made, None if attempt is None else attempt.fingerprint)

    await act(registry.joints.store, id, decide, principal)
    return _created(id, name, made)


def _created(id: str, name: str, made: str) -> Response:
    return Json({"id": made}, 201, headers={"Location": f"/v1/joints/{id}/{name}/{made}"})


@router.post("/needs", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def state_need(request: Request, id: EntryId, body: NeedBody, principal: Actor) -> Response:
    """State what a member needs."""
    now = moment()
    cipher = registry_of(request).cipher

    def make(state: JointState, made: str, fingerprint: str | None) -> Decision[JointState]:
        need = Need(
            id=made,
            organization_id=body.organization_id,
            kind=body.kind,
            words=cipher.encrypt(body.words, context(made)),
            at=now,
            fingerprint=fingerprint,
        )
        return add(id, state, need, principal)

    return await _made(request, id, "needs", principal, make)


@router.post("/resources", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def offer_resource(
    request: Request, id: EntryId, body: ResourceBody, principal: Actor
) -> Response:
    """Offer what a member's unit has: a venue, parking, a skill, money, hours."""
    now = moment()
    cipher = registry_of(request).cipher

    def make(state: JointState, made: str, fingerprint: str | None) -> Decision[JointState]:
        resource = Resource(
            id=made,
            organization_id=body.organization_id,
            kind=body.kind,
            words=cipher.encrypt(body.words, context(made)),
            quantity=body.quantity,
            left=body.quantity,
            at=now,
            fingerprint=fingerprint,
        )
        return add(id, state, resource, principal)

    return await _made(request, id, "resources", principal, make)


@router.post("/projects", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def claim_resource(
    request: Request, id: EntryId, body: ClaimBody, principal: Actor
) -> Response:
    """Claim a resource, or a part of it, for a need: a project. Never more than is left."""
    now = moment()

    def make(state: JointState, made: str, fingerprint: str | None) -> Decision[JointState]:
        return claim(
            id,
            state,
            made,
            body.need_id,
            body.resource_id,
            body.quantity,
            now,
            fingerprint,
            principal,
        )

    return await _made(request, id, "projects", principal, make)


@router.post("/projects/{project_id}/end", response_model=JointView)
async def finish_project(
    request: Request, id: EntryId, project_id: EntryId, body: EndBody, principal: Actor
) -> Response:
    """End a project, done or given up, in words; given up, what was claimed is there again."""
    registry = registry_of(request)
    if body.work is not None:
        work = registry.tables.get(WorkTable).by_code.get(body.work)
        if body.outcome != "done" or work is None or "organization" not in work.doers:
            raise Problem(422, "unknown-work", field="work", where="/v1/works", id=body.work)
    result = {
        "outcome": body.outcome,
        "words": registry.cipher.encrypt(body.words, context(project_id)),
        "ended": body.at or moment(),
        "ended_by": author(principal),
        "work": body.work,
        "work_quantity": body.work_quantity,
    }
    return await _acted(
        registry,
        id,
        lambda state: end_project(id, state, project_id, result, body.need_met, principal),
        principal,
    )


@router.post("/needs/{entry_id}/withdraw", response_model=JointView, name="withdraw_need")
@router.post("/resources/{entry_id}/withdraw", response_model=JointView, name="withdraw_resource")
async def withdraw_entry(
    request: Request, id: EntryId, entry_id: EntryId, body: WithdrawBody, principal: Actor
) -> Response:
    """Take back a need or resource; projects that have claimed it go on."""
    now = moment()
    return await _acted(
        registry_of(request),
        id,
        lambda state: withdraw(id, state, entry_id, now, body.reason, principal),
        principal,
    )


async def _acted(
    registry: Registry,
    id: str,
    decide: Callable[[JointState], Decision[JointState] | None],
    principal: Principal,
) -> Response:
    changed = await act(registry.joints.store, id, decide, principal)
    await registry.follow.follow(id)
    return shown(registry, changed, principal)


@router.get("/ended", response_model=Page[EndedView])
async def list_ended(
    request: Request,
    id: EntryId,
    principal: Reader,
    page: Paged,
    name: Annotated[
        Literal["needs", "resources", "projects"] | None, Query(description="Of this list")
    ] = None,
) -> Response:
    """What has ended of the three lists: results, and what was withdrawn or used up."""
    registry = registry_of(request)
    seen = views(await joint(registry, id), principal, registry.cipher)
    found, following = await registry.joints.list_ended(id, name, page)
    items = [seen.ended(each).model_dump(mode="json") for each in found]
    return Json({"items": items, "next": following})
