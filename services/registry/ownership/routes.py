"""`/v1/{kind}/{id}/owner`: who owns an entry; `/v1/returned-changes`: what came back."""

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, Response

from services.registry.ownership import repository as queries
from services.registry.ownership.decisions import give
from services.registry.ownership.schemas import OwnerBody, OwnerView, ReturnedView
from services.registry.routes import EntryId, registry_of
from services.registry.routes_lists import Paged
from services.registry.schemas import Reason
from services.registry.service.base import Known, Reference
from services.registry.states import Returned
from services.registry.stores import act
from shared.storage.client import Document
from shared.web.auth import Principal, Role, current_principal, require
from shared.web.etag import etag, if_match
from shared.web.messages import Language, say
from shared.web.pages import author
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["ownership"])

Administrator = Annotated[Principal, Depends(require(Role.ADMINISTRATOR))]
Reader = Annotated[Principal, Depends(current_principal)]


class Owned(StrEnum):
    """What a unit's own system can be the source of."""

    ORGANIZATIONS = "organizations"
    PEOPLE = "people"


@router.put("/{kind}/{id}/owner", response_model=OwnerView)
async def set_owner(
    request: Request, kind: Owned, id: EntryId, body: OwnerBody, principal: Administrator
) -> Response:
    """Give an entry to a unit, whose system then reports it, or take it away (null).

    The reason stands in the history. A unit that it was taken from cannot report it any more,
    until it is given back.
    """
    registry = registry_of(request)
    wanted = [] if body.unit_id is None else [Reference("units", body.unit_id)]
    known = Known(await registry.repository.look_up(wanted))
    store = registry.repository.stores[kind]
    version = if_match(request)
    of = registry.kinds[kind]
    after = await act(store, id, lambda state: give(of, id, state, body, known), principal, version)
    state = after.state
    assert state is not None
    view = OwnerView(id=id, version=after.version, owner=state.owner, barred=list(state.barred))
    return Json(view.model_dump(), headers={"ETag": etag(after.version)})


@router.get("/returned-changes")
async def list_returned(request: Request, principal: Reader, page: Paged) -> Page[ReturnedView]:
    """The caller's changes that the first report of a unit's system has replaced."""
    registry = registry_of(request)
    by = author(principal)
    found = await queries.returned(registry.repository.stores, by, page)
    documents, following = page.cut(found, lambda one: (one[0], one[1]["_id"]))
    items = [view for kind, document in documents for view in _views(kind, document, by)]
    return Page(items=items, next=following)


def _views(kind: str, document: Document, by: str) -> list[ReturnedView]:
    found = [Returned.model_validate(one) for one in document["state"]["returned"]]
    return [
        ReturnedView(
            kind=kind,
            id=document["_id"],
            at=one.at,
            unit_id=one.unit_id,
            fields=list(one.fields),
            reason=Reason(zh=_why(one, "zh"), en=_why(one, "en")),
        )
        for one in found
        if one.by == by
    ]


def _why(one: Returned, language: Language) -> str:
    return say("change-returned", language, {"unit": one.unit_id, "fields": ", ".join(one.fields)})
