"""Lists of check-ins: by community and report, places at posts, feedback to the employer."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Query, Request

from services.registry import commands
from services.registry.checkins import decisions
from services.registry.checkins.feedback import (
    Period,
    current_code,
    falls_in,
    period_of,
    reported_in,
)
from services.registry.checkins.repository import in_areas
from services.registry.checkins.routes import Actor, sealed_in
from services.registry.checkins.schemas import (
    BookView,
    FeedbackView,
    PlacesView,
    PostPlaces,
    ServedBy,
    ServedView,
)
from services.registry.checkins.states import Book, Checkin, Stage, book_id
from services.registry.checkins.table import CheckinRules
from services.registry.checkins.views import reporter_ids, view
from services.registry.records.repository import Total, chosen
from services.registry.routes import EntryId, Reader, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import Words
from shared.spans import moment
from shared.storage.client import Document
from shared.storage.encryption import FieldCipher
from shared.web.auth import Principal, Role, ensure_area, ensure_unit, require
from shared.web.pages import page_of
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Slug

router = Router(prefix="/v1", tags=["checkins"])

Employer = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.UNIT_OPERATOR))
]


@router.get("/checkins")
async def list_checkins(
    request: Request,
    principal: Actor,
    page: Paged,
    area: Inside = None,
    stage: Annotated[Stage | None, Query(description="Of the half-yearly report")] = None,
    person_id: Slug | None = None,
    organization_id: Slug | None = None,
    ended: Annotated[bool, Query(description="true: those that have ended too")] = False,
) -> Page[BookView]:
    """Who has checked in, each with the check-ins asked for, of those that are the caller's."""

    def wanted(book: Book, checkin: Checkin) -> bool:
        return (
            decisions.may_act(principal, book, checkin)
            and (area is None or area in checkin.area_path)
            and (stage is None or stage == checkin.stage)
            and (ended or checkin.ended_at is None)
        )

    kinds = {"people": person_id, "organizations": organization_id}
    asked: list[Document] = [{"_id": book_id(kind, id)} for kind, id in kinds.items() if id]
    asked.append(in_areas(None if area is None else [area], stage=stage))
    if not ended:
        asked.append({"state.checkins": {"$elemMatch": {"ended_at": None}}})
    store = registry_of(request).checkins.store
    found, following = await page_of(store, [*asked, _own(principal)], page)
    books = [one.state for one in found if one.state is not None]
    items = []
    for book in books:
        shown = [view(book, one) for one in book.checkins if wanted(book, one)]
        if shown:
            items.append(BookView(**reporter_ids(book), checkins=shown))
    return Page(items=items, next=following)


def _own(principal: Principal) -> Document:
    """Books that are the caller's to see."""
    match principal.role:
        case Role.ADMINISTRATOR:
            return {}
        case Role.UNIT_OPERATOR:
            return {"state.unit_id": principal.unit_id or ""}
        case Role.VOLUNTEER:
            return {"_id": book_id("people", principal.volunteer_id or "")}
        case _:
            return in_areas(sorted(principal.areas))


@router.get("/checkin-posts/{community}")
async def list_places(request: Request, community: AreaCode, _: Reader) -> PlacesView:
    """The posts of a community: how many hold each, and how many can."""
    registry = registry_of(request)
    await commands.read(registry, "areas", community)
    found = await registry.checkins.places.get(community)
    state = None if found is None else found.state
    return PlacesView(
        community=community,
        items=[
            PostPlaces(
                post=kind.code,
                label=Words(zh=kind.zh, en=kind.en),
                holders=0 if state is None else state.taken(kind.code),
                limit=kind.holders,
            )
            for kind in registry.tables.get(CheckinRules).posts
        ],
    )


@router.get("/checkin-feedback/{organization_id}")
async def list_feedback(
    request: Request,
    organization_id: EntryId,
    principal: Employer,
    page: Paged,
    period: Annotated[
        str | None, Query(max_length=20, description="2026-Q1 or 2026-H1; absent: the current one")
    ] = None,
) -> FeedbackView:
    """For the employing unit's organization: who checked in, reported, served how much, and the
    community's word.

    For the unit's operator, and for area managers of the organization's area. Members are told by
    number: their unit knows them.
    """
    registry = registry_of(request)
    organization = await commands.read(registry, "organizations", organization_id)
    assert organization.state is not None  # no entry is without
    if principal.role is Role.UNIT_OPERATOR:
        ensure_unit(principal, organization.state.unit_id)
    else:
        ensure_area(principal, organization.state.area_path)
    every = registry.tables.get(CheckinRules).feedback_every_months
    code = period or current_code(moment(), every, registry.zone)
    asked = period_of(code, registry.zone)
    members, following = await page_of(
        registry.repository.stores["people"],
        [{"state.organization_id": organization_id}, {"state.retired": False}],
        page,
    )
    ids = [one.id for one in members]
    keys = {id: book_id("people", id) for id in ids}
    own = book_id("organizations", organization_id)
    books = await registry.checkins.store.get_many([*keys.values(), own])
    span = chosen(person_id=ids, since=asked.since, until=asked.until)
    counted = await registry.records.totals(span, by="person_id")
    hours = await registry.records.totals(span | {"state.work": "service_hours"}, by="person_id")
    nothing = Total(0, 0.0)

    def served(key: str) -> list[ServedView]:
        book = books[key].state if key in books else None
        return [] if book is None else list(_served(book, asked, registry.cipher))

    return FeedbackView(
        organization_id=organization_id,
        period=asked.code,
        since=asked.since,
        until=asked.until,
        own=served(own),
        items=[
            ServedBy(
                person_id=one.id,
                number=one.state and one.state.number,
                checkins=served(keys[one.id]),
                records=counted.get(one.id, nothing).records,
                hours=hours.get(one.id, nothing).quantity,
            )
            for one in members
        ],
        next=following,
    )


def _served(book: Book, period: Period, cipher: FieldCipher) -> Iterable[ServedView]:
    """The check-ins of a book that were on in a period."""
    for checkin in book.checkins:
        if falls_in(checkin, period):
            word = next((one for one in checkin.feedback if one.period == period.code), None)
            yield ServedView(
                checkin=view(book, checkin),
                reported=reported_in(checkin, period),
                word=word and cipher.decrypt(word.words, sealed_in(word.id)),
                word_at=word and word.at,
            )
