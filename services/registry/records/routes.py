"""`/v1/records`: work that was done."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.registry.records import messages  # noqa: F401  (registers the sentences)
from services.registry.records.decisions import RecordState, may_record, record, references, void
from services.registry.records.repository import NAME, chosen
from services.registry.records.schemas import (
    RecordBody,
    RecordView,
    TotalsView,
    TotalView,
)
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, created, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import CreatedView, ReasonBody
from services.registry.service.base import Known
from services.registry.stores import act
from shared.contracts.ids import uuid7
from shared.storage.aggregates import Aggregate
from shared.storage.client import Document
from shared.storage.encryption import FieldCipher, context_of
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT
from shared.web.pages import page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json, Slug, Time

router = Router(prefix="/v1/records", tags=["records"])

Recorder = Annotated[
    Principal,
    Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER, Role.UNIT_OPERATOR)),
]
Since = Annotated[Time | None, Query(description="Done at or after")]
Until = Annotated[Time | None, Query(description="Done before")]


def _context(id: str) -> str:
    return context_of(NAME, "words", id)


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def record_work(request: Request, body: RecordBody, principal: Recorder) -> Response:
    """Record work that was done; whatever is counted of an organization or person comes from it."""
    registry = registry_of(request)
    id = uuid7()
    known = Known(await registry.repository.look_up(references(body)))
    decision = record(
        id,
        body,
        registry.tables.get(WorkTable),
        known,
        principal,
        lambda words: registry.cipher.encrypt(words, _context(id)),
    )
    return await created(request, registry.records.store, id, decision, principal)


@router.post("/{id}/void", response_model=RecordView)
async def void_record(
    request: Request, id: EntryId, body: ReasonBody, principal: Recorder
) -> Response:
    """Take a record out of every count, with the reason; it stays readable."""
    registry = registry_of(request)
    voided = await act(
        registry.records.store, id, lambda state: void(state, id, body, principal), principal
    )
    return Json(
        _view(voided, principal, registry.cipher).model_dump(mode="json"),
        headers={"ETag": etag(voided.version)},
    )


def _asked(
    principal: Recorder,
    area: Inside = None,
    organization_id: Slug | None = None,
    person_id: Slug | None = None,
    about: Annotated[Slug | None, Query(description="Id of what it was done for")] = None,
    work: Slug | None = None,
    since: Since = None,
    until: Until = None,
) -> Document:
    """What the caller asks for, within what is theirs to see."""
    asked = chosen(
        area_path=area,
        organization_id=organization_id,
        person_id=person_id,
        about_id=about,
        work=work,
        since=since,
        until=until,
    )
    if principal.role is Role.ADMINISTRATOR:
        return asked
    if principal.role is Role.UNIT_OPERATOR:
        return {"$and": [asked, {"state.unit_id": principal.unit_id or ""}]}
    return {"$and": [asked, {"state.area_path": {"$in": sorted(principal.areas)}}]}


Asked = Annotated[Document, Depends(_asked)]


@router.get("", response_model=Page[RecordView])
async def list_records(
    request: Request, principal: Recorder, asked: Asked, page: Paged
) -> Response:
    """Records, the newest first, voided ones too."""
    registry = registry_of(request)
    found, following = await page_of(registry.records.store, [asked], page, newest=True)
    items = [_view(one, principal, registry.cipher).model_dump(mode="json") for one in found]
    return Json({"items": items, "next": following})


@router.get("/totals")
async def total_records(request: Request, asked: Asked) -> TotalsView:
    """How often and how much of each work, of records that count."""
    totals = await registry_of(request).records.totals(asked)
    items = [TotalView(work=work, **total._asdict()) for work, total in sorted(totals.items())]
    return TotalsView(items=items)


def words_of(found: Aggregate[RecordState], cipher: FieldCipher) -> str | None:
    """The words of a record, readable; for those who may read them."""
    words = None if found.state is None else found.state.words
    return words and cipher.decrypt(words, _context(found.id))


def _view(found: Aggregate[RecordState], principal: Principal, cipher: FieldCipher) -> RecordView:
    state = found.state
    assert state is not None  # no record is without
    may = may_record(principal, state.area_path, state.unit_id)
    words = words_of(found, cipher) if may else None
    shown = state.model_dump() | {"words": words}
    return RecordView(id=found.id, version=found.version, **shown)
