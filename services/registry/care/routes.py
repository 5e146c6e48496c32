"""`/v1/care`: marks for care, the visits that are due, visits made."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.registry.care import decisions
from services.registry.care.decisions import WORK, Care, round_id
from services.registry.care.messages import WHAT_TO_DO
from services.registry.care.repository import NAME, in_stage
from services.registry.care.schemas import CareBody, CareView, Running, VisitBody
from services.registry.care.table import CareKind, CareRules
from services.registry.commands import Registry
from services.registry.messages import not_registered
from services.registry.records.decisions import record, references
from services.registry.records.repository import NAME as RECORDS
from services.registry.records.schemas import AboutBody, RecordBody
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView, ReasonBody, Words
from services.registry.service import People
from services.registry.service.base import Known, Reference
from services.registry.states import PersonState
from services.registry.stores import act
from shared.contracts.ids import uuid7
from shared.spans import moment
from shared.storage.aggregates import Aggregate
from shared.storage.client import Document, DuplicateKeyError
from shared.storage.encryption import context_of
from shared.web.auth import Principal, Role, require
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/care", tags=["care"])

_TRIES = 8

Carer = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER))
]


def _people(registry: Registry) -> People:
    kind = registry.kinds["people"]
    assert isinstance(kind, People)
    return kind


def _ensure(principal: Principal, grid_id: str, area_path: Sequence[str]) -> None:
    if not People.may_see(principal, area_path, grid_id):
        raise Problem(403, "wrong-area")


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def mark_for_care(request: Request, body: CareBody, principal: Carer) -> Response:
    """Mark a person for care: the first visit is due at once, the next one a rhythm after it."""
    registry = registry_of(request)
    where = (await registry.care.where([body.person_id])).get(body.person_id)
    if where is None or where.retired:
        Known().find("people", body.person_id, "person_id")  # says that it is not there
        raise AssertionError
    _ensure(principal, where.grid_id, where.area_path)
    kinds = registry.tables.get(CareRules).by_code
    if body.kind not in kinds:
        raise Problem(422, "unknown-care", field="kind", allowed=sorted(kinds), id=body.kind)
    mark = uuid7()
    note = body.note and registry.cipher.encrypt(body.note, context_of(NAME, "note", mark))
    decision = decisions.mark_for_care(
        mark, body.person_id, where, kinds[body.kind], note, moment()
    )
    try:
        made = await registry.care.store.create(
            round_id(mark, 1),
            decision,
            by=author(principal),
            answer={"id": mark},
            idempotency=await idempotency_of(request),
        )
    except DuplicateKeyError:
        there = await registry.care.open(body.person_id, body.kind)
        where_at = f"/v1/care/{there}" if there else "/v1/care"
        raise Problem(409, "cared-for", field="kind", where=where_at) from None
    return Json(made.answer, 201, headers={"Location": f"/v1/care/{made.answer['id']}"})


async def _newest(registry: Registry, mark: str, principal: Principal) -> tuple[str, Care]:
    """The newest round of a mark, and its document's id. Raises `Problem` 403, 404."""
    found = await registry.care.newest(mark)
    if found is None or found.state is None:
        raise not_registered(NAME, mark)
    _ensure(principal, found.state.grid_id, found.state.area_path)
    return found.id, found.state


async def _visit(
    registry: Registry, mark: str, body: VisitBody, principal: Principal
) -> tuple[str, Care, RecordBody, Known]:
    """The running round of a mark, and the record of a visit in it with what that refers to.

    Somebody else may record a visit at the same time: then it is one in the next round. Raises
    `Problem` 403, 404, and 409 where no round runs.
    """
    for _ in range(_TRIES):
        round_, state = await _newest(registry, mark, principal)
        if state.stage == "done":
            await registry.care.continue_(round_)
            round_, state = await _newest(registry, mark, principal)
        if state.open_as is None:
            break
        about = AboutBody(kind=NAME, id=round_)
        visit = RecordBody(work=WORK, about=about, **body.model_dump())
        known = Known(await registry.repository.look_up(references(visit)))
        if not known.entries[Reference(NAME, round_)].retired:
            return round_, state, visit, known
    raise Problem(409, "care-ended", where="/v1/care")


@router.get("")
async def list_care(
    request: Request,
    principal: Carer,
    page: Paged,
    area: Inside = None,
    grid: Slug | None = None,
    kind: Slug | None = None,
    stage: Annotated[Running | None, Query(description="due, overdue; absent: all")] = None,
) -> Page[CareView]:
    """Who is to be visited, the earliest date first, with what to do; of one's own areas, grids."""
    registry = registry_of(request)
    asked: list[Document] = [in_stage(stage), _own(principal)]
    for field, value in (("area_path", area), ("grid_id", grid), ("kind", kind)):
        asked.append({} if value is None else {f"state.{field}": value})
    found, following = await registry.care.running(asked, page)
    return Page(items=await _views(registry, found), next=following)


def _own(principal: Principal) -> Document:
    if principal.role is Role.ADMINISTRATOR:
        return {}
    own: Document = {"state.area_path": {"$in": sorted(principal.areas)}}
    if principal.role is Role.GRID_LEADER:
        return {"$or": [own, {"state.grid_id": {"$in": sorted(principal.grids)}}]}
    return own


@router.get("/{id}")
async def read_care(request: Request, id: EntryId, principal: Carer) -> CareView:
    """A mark with its newest round."""
    registry = registry_of(request)
    await _newest(registry, id, principal)
    return await _shown(registry, id)


@router.post("/{id}/visits", status_code=201, openapi_extra=IDEMPOTENT)
async def record_visit(
    request: Request, id: EntryId, body: VisitBody, principal: Carer
) -> CareView:
    """Record a visit: the care task is done, and the next one is due after it.

    The record is made first. Where this call breaks off after it, the same call again (the same
    Idempotency-Key), or else the round's timer, finds the record and goes on.
    """
    registry = registry_of(request)
    attempt = await idempotency_of(request)
    earlier = None
    if attempt is not None:
        earlier = await registry.records.store.collection.find_one(
            {"idempotency.key": attempt.key}, {"state.about": 1, "idempotency": 1}
        )
    if attempt is not None and earlier is not None:
        _, state = await _newest(registry, id, principal)
        attempt.check(earlier["idempotency"]["fingerprint"])
        round_ = earlier["state"]["about"]["id"]
    else:
        round_, state, visit, known = await _visit(registry, id, body, principal)
        record_id = uuid7()
        decision = record(
            record_id,
            visit,
            registry.tables.get(WorkTable),
            known,
            principal,
            lambda words: registry.cipher.encrypt(words, context_of(RECORDS, "words", record_id)),
            may=lambda *_: True,  # who answers for the person may record, whoever went there
        )
        await registry.records.store.create(
            record_id,
            decision,
            by=author(principal),
            answer={"id": record_id},
            idempotency=attempt,
        )
    kind = registry.tables.get(CareRules).by_code.get(state.kind)
    await act(
        registry.care.store,
        round_,
        lambda found: decisions.visited(found, body.at, kind, moment()),
        principal,
    )
    await registry.care.continue_(round_)
    return await _shown(registry, id)


@router.post("/{id}/end")
async def end_care(request: Request, id: EntryId, body: ReasonBody, principal: Carer) -> CareView:
    """Take the mark away: no more visits are due."""
    registry = registry_of(request)
    round_, _ = await _newest(registry, id, principal)
    await registry.care.continue_(round_)
    round_, _ = await _newest(registry, id, principal)
    await act(
        registry.care.store, round_, lambda found: decisions.end(found, body.reason), principal
    )
    return await _shown(registry, id)


async def _shown(registry: Registry, mark: str) -> CareView:
    found = await registry.care.newest(mark)
    assert found is not None  # it was found before, and none is deleted
    [view] = await _views(registry, [found])
    return view


async def _views(registry: Registry, found: Sequence[Aggregate[Care]]) -> list[CareView]:
    """With names and telephones: the caller answers for these people."""
    states = [one.state for one in found if one.state is not None]
    store = registry.repository.stores["people"]
    people = await store.get_many({state.person_id for state in states})
    kinds, kind = registry.tables.get(CareRules).by_code, _people(registry)
    views = []
    for state in states:
        person = people[state.person_id].state
        assert isinstance(person, PersonState)  # no entry is deleted
        views.append(_view(registry, state, kind.unlocked(state.person_id, person), kinds))
    return views


def _view(
    registry: Registry, state: Care, who: dict[str, str | None], kinds: dict[str, CareKind]
) -> CareView:
    kind = kinds.get(state.kind)
    what = WHAT_TO_DO.get(state.stage)
    note = state.note and registry.cipher.decrypt(state.note, context_of(NAME, "note", state.mark))
    return CareView(
        id=state.mark,
        label=Words(zh=kind.zh if kind else state.kind, en=kind.en if kind else state.kind),
        what_to_do=what and Words(zh=what[0], en=what[1]),
        **(state.model_dump() | who | {"note": note}),
    )
