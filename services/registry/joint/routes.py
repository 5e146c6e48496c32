"""`/v1/joints`: who belongs to a joint organization, its council, and its end."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from services.registry.commands import Registry
from services.registry.joint import messages  # noqa: F401  (registers the sentences)
from services.registry.joint.decisions import (
    FORMS,
    Organizations,
    check_lead,
    decided,
    ensure_manager,
    ensure_open,
    ensure_takes,
    join,
    leave,
    set_council,
    with_member,
)
from services.registry.joint.repository import NAME
from services.registry.joint.schemas import (
    CouncilBody,
    DissolveBody,
    DutyHolderView,
    JoinBody,
    JointBody,
    JointChange,
    JointRow,
    JointView,
    LeaveBody,
    MergeBody,
)
from services.registry.joint.states import Council, Heir, JointState, on_duty
from services.registry.joint.succession import absorb, dissolve
from services.registry.joint.views import views
from services.registry.messages import not_registered
from services.registry.routes import EntryId, Reader, registry_of
from services.registry.routes_lists import Inside, Paged, Retired
from services.registry.schemas import CreatedView, Day
from services.registry.service.base import Reference
from services.registry.states import naming
from services.registry.stores import act
from shared.contracts.ids import uuid7
from shared.contracts.words import Founding
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.client import Document, DuplicateKeyError
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author, page_of
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/joints", tags=["joints"])

Manager = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]


def shown(registry: Registry, found: Aggregate[JointState], principal: Principal) -> Response:
    """A joint organization as the caller sees it, with its ETag."""
    view = views(found, principal, registry.cipher).whole()
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})


async def joint(registry: Registry, id: str) -> Aggregate[JointState]:
    """The joint organization. Raises `Problem` 404."""
    found = await registry.joints.store.get(id)
    if found is None:
        raise not_registered(NAME, id)
    return found


async def organizations(registry: Registry, ids: Iterable[str]) -> Organizations:
    """Those of `ids` that are there."""
    found = await registry.repository.stores["organizations"].get_many(set(ids))
    return {id: each.state for id, each in found.items() if each.state is not None}


def _check_form(form: Founding) -> None:
    if form not in FORMS:
        raise Problem(422, "form-of-several", field="form", allowed=list(FORMS), form=form)


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def create_joint(request: Request, body: JointBody, principal: Manager) -> Response:
    """Found a joint organization, led by a street or community organization."""
    registry = registry_of(request)
    id = body.id or uuid7()
    _check_form(body.form)
    known = await organizations(
        registry, [body.lead, *(member.organization_id for member in body.members)]
    )
    lead = check_lead(body.lead, known)
    area, path = lead.area, lead.area_path
    if body.area is not None:
        found = await registry.repository.look_up([Reference("areas", body.area)])
        place = found.get(Reference("areas", body.area))
        if place is None or place.retired:
            raise not_registered("areas", body.area)
        area, path = body.area, place.path
    state = JointState(
        **naming(body.name),
        form=body.form,
        area=area,
        area_path=path,
        lead=body.lead,
        lead_unit_id=lead.unit_id,
    )
    ensure_manager(principal, state)
    for member in body.members:
        if member.organization_id not in state.current():
            state = with_member(state, member.organization_id, member.joined, known)
    attempt = await idempotency_of(request)
    try:
        made = await registry.joints.store.create(
            id,
            decided(id, state, "founded"),
            by=author(principal),
            answer={"id": id},
            idempotency=attempt,
        )
    except DuplicateKeyError:
        raise Problem(409, "id-taken", field="id", where="/v1/joints", id=id) from None
    return Json(made.answer, 201, headers={"Location": f"/v1/joints/{made.id}"})


@router.get("", response_model=Page[JointRow])
async def list_joints(
    request: Request,
    principal: Reader,
    page: Paged,
    area: Inside = None,
    lead: Slug | None = None,
    member: Annotated[Slug | None, Query(description="Now or formerly a member")] = None,
    retired: Retired = None,
) -> Response:
    """Joint organizations, by id."""
    registry = registry_of(request)
    asked: dict[str, Any] = {
        "state.area_path": area,
        "state.lead": lead,
        "state.members.organization_id": member,
        "state.retired": retired,
    }
    conditions: Document = {name: value for name, value in asked.items() if value is not None}
    found, following = await page_of(registry.joints.store, [conditions], page)
    items = [views(one, principal, registry.cipher).row().model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})


@router.get("/{id}", response_model=JointView)
async def read_joint(request: Request, id: EntryId, principal: Reader) -> Response:
    """A joint organization with what is open of its needs, resources and projects."""
    registry = registry_of(request)
    return shown(registry, await joint(registry, id), principal)


@router.put("/{id}", response_model=JointView)
async def change_joint(
    request: Request, id: EntryId, body: JointChange, principal: Manager
) -> Response:
    """Give it another name, form or lead (`If-Match`)."""
    registry = registry_of(request)
    version = if_match(request, required=True)
    _check_form(body.form)
    lead = check_lead(body.lead, await organizations(registry, [body.lead]))

    def decide(state: JointState) -> Decision[JointState] | None:
        ensure_manager(principal, state)
        ensure_open(state)
        new = state.model_copy(
            update=naming(body.name)
            | {"form": body.form, "lead": body.lead, "lead_unit_id": lead.unit_id}
        )
        return None if new == state else decided(id, new, "changed")

    changed = await act(registry.joints.store, id, decide, principal, version)
    return shown(registry, changed, principal)


@router.post("/{id}/members", response_model=JointView)
async def join_joint(request: Request, id: EntryId, body: JoinBody, principal: Manager) -> Response:
    """Take in a member organization; nothing changes where it is one."""
    registry = registry_of(request)
    known = await organizations(registry, [body.organization_id])
    changed = await act(
        registry.joints.store,
        id,
        lambda state: join(id, state, body.organization_id, body.joined, known, principal),
        principal,
    )
    return shown(registry, changed, principal)


@router.post("/{id}/members/{organization_id}/leave", response_model=JointView)
async def leave_joint(
    request: Request, id: EntryId, organization_id: EntryId, body: LeaveBody, principal: Manager
) -> Response:
    """Let a member go; its open needs and resources are withdrawn, its projects go on."""
    registry = registry_of(request)
    now = datetime.now(UTC)
    changed = await act(
        registry.joints.store,
        id,
        lambda state: leave(id, state, organization_id, body.left, now, body.reason, principal),
        principal,
    )
    await registry.follow.follow(id)
    return shown(registry, changed, principal)


@router.put("/{id}/council", response_model=JointView)
async def name_council(
    request: Request, id: EntryId, body: CouncilBody, principal: Manager
) -> Response:
    """Name the council and the order of its turns from a day on (`If-Match`)."""
    registry = registry_of(request)
    version = if_match(request, required=True)
    council = Council(order=tuple(body.order), start=body.start, days=body.days)
    changed = await act(
        registry.joints.store,
        id,
        lambda state: set_council(id, state, council, principal),
        principal,
        version,
    )
    return shown(registry, changed, principal)


@router.get("/{id}/duty")
async def read_duty(
    request: Request,
    id: EntryId,
    _principal: Reader,
    day: Annotated[Day | None, Query(description="Today unless given")] = None,
) -> DutyHolderView:
    """Who of the council has duty on a day."""
    registry = registry_of(request)
    found = await joint(registry, id)
    assert found.state is not None
    asked = day or registry.follow.today()
    holder = on_duty(found.state.councils, date.fromisoformat(asked))
    return DutyHolderView(day=asked, organization_id=holder)


async def _in_service(
    registry: Registry, ids: Iterable[str], principal: Principal, field: str
) -> list[JointState]:
    """The joint organizations, each in service and the caller's. Raises `Problem` 403, 422."""
    wanted = list(ids)
    found = await registry.joints.store.get_many(wanted)
    states = []
    for id in wanted:
        state = found[id].state if id in found else None
        if state is None or state.retired:
            raise Problem(
                422, "unknown-reference", field=field, where="/v1/joints",
                kind_zh="区域性党组织", kind_en="joint organization", id=id,
            )  # fmt: skip
        ensure_manager(principal, state)
        states.append(state)
    return states


@router.post("/{id}/dissolve", response_model=JointView)
async def dissolve_joint(
    request: Request, id: EntryId, body: DissolveBody, principal: Manager
) -> Response:
    """End it. What is open goes to one successor, or, in a split, with its members to several."""
    registry = registry_of(request)
    found = await joint(registry, id)
    heirs = [
        Heir(joint_id=heir.joint_id, members=None if heir.members is None else tuple(heir.members))
        for heir in body.into
    ]
    if found.state is not None and found.state.heirs != tuple(heirs):  # else: sent again
        for state in await _in_service(
            registry, (heir.joint_id for heir in heirs), principal, "into"
        ):
            ensure_takes(state, found.state)
    day = registry.follow.today()
    changed = await act(
        registry.joints.store,
        id,
        lambda state: dissolve(id, state, heirs, day, body.reason, principal),
        principal,
    )
    await registry.follow.follow(id)
    return shown(registry, await joint(registry, changed.id), principal)


@router.post("/{id}/merge", response_model=JointView)
async def merge_joints(
    request: Request, id: EntryId, body: MergeBody, principal: Manager
) -> Response:
    """Dissolve others into this one; begun once, it is ended whatever happens in between."""
    registry = registry_of(request)
    found = await joint(registry, id)
    others = [each for each in body.predecessors if found.state is None
              or each not in found.state.predecessors]  # fmt: skip
    states = await _in_service(registry, others, principal, "predecessors")
    if found.state is not None:
        ensure_takes(found.state, *states)
    await act(
        registry.joints.store,
        id,
        lambda state: absorb(id, state, others, body.reason, principal),
        principal,
    )
    await registry.follow.follow(id)
    return shown(registry, await joint(registry, id), principal)
