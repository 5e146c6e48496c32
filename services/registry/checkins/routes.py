"""`/v1/checkins`: reporting to a community, posts, reports, the community's word, the end."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Response

from services.registry.checkins import decisions, messages, posts  # noqa: F401  (and sentences)
from services.registry.checkins.feedback import period_of
from services.registry.checkins.repository import NAME
from services.registry.checkins.schemas import (
    CheckinBody,
    CheckinView,
    FeedbackBody,
    PostBody,
    ReportBody,
)
from services.registry.checkins.states import Book, Checkin, Feedback, Reporter, book_id
from services.registry.checkins.table import CheckinRules
from services.registry.checkins.views import view
from services.registry.commands import Registry
from services.registry.messages import not_registered
from services.registry.routes import EntryId, registry_of
from services.registry.schemas import CreatedView, ReasonBody
from services.registry.service.base import Known, Reference
from shared.contracts.ids import derived_id, uuid7
from shared.contracts.words import AreaLevel
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.storage.encryption import context_of
from shared.web.auth import Principal, Role, require
from shared.web.idempotency import IDEMPOTENT, Idempotency, idempotency_of
from shared.web.pages import author
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json, Slug

router = Router(prefix="/v1/checkins", tags=["checkins"])

Actor = Annotated[
    Principal,
    Depends(
        require(
            Role.ADMINISTRATOR,
            Role.AREA_MANAGER,
            Role.GRID_LEADER,
            Role.UNIT_OPERATOR,
            Role.VOLUNTEER,
        )
    ),
]
Community = Annotated[
    Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER))
]
Change = Callable[[Book, Checkin], Decision[Book] | None]


def _made(attempt: Idempotency | None) -> str:
    """An id: the same for the same `Idempotency-Key`."""
    return uuid7() if attempt is None else derived_id("checkin", attempt.key)


def sealed_in(id: str) -> str:
    """The context of the words of a report or of feedback."""
    return context_of(NAME, "words", id)


async def _reporter(registry: Registry, body: CheckinBody) -> tuple[Book, Known]:
    """The empty book of the one who reports, and what was looked up."""
    if (body.person_id is None) == (body.organization_id is None):
        raise Problem(422, "reporter-needed", field="person_id")
    kind: Reporter = "people" if body.person_id is not None else "organizations"
    id = body.person_id or body.organization_id or ""
    field = "person_id" if kind == "people" else "organization_id"
    wanted = [Reference("areas", body.community), Reference(kind, id)]
    employer = None
    if kind == "people":
        person = await registry.repository.stores[kind].get(id)
        employer = person and person.state and person.state.organization_id
        if person is not None and employer is None:
            raise Problem(422, "not-a-member", field=field, where=f"/v1/people/{id}", id=id)
        wanted += [Reference("organizations", employer)] if employer else []
    known = Known(await registry.repository.look_up(wanted))
    unit_id = known.find(kind, id, field).unit_id
    of = known.entries.get(Reference("organizations", employer or ""))
    if unit_id is None and of is not None:
        unit_id = of.unit_id
    return Book(kind=kind, reporter=id, unit_id=unit_id), known


@router.post("", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def check_in(request: Request, body: CheckinBody, principal: Actor) -> Response:
    """Report to a community: a member to where he or she lives, an organization to one it serves.

    By the member, the unit's operator, or those who answer for the community.
    """
    registry = registry_of(request)
    book, known = await _reporter(registry, body)
    area = known.find("areas", body.community, "community")
    if area.level != AreaLevel.COMMUNITY:
        raise Problem(
            422, "community-needed", field="community", where="/v1/areas", id=body.community
        )
    attempt = await idempotency_of(request)
    id, now = _made(attempt), moment()
    rules = registry.tables.get(CheckinRules)

    def decide(found: Book | None) -> Decision[Book] | None:
        current = book if found is None else found.model_copy(update={"unit_id": book.unit_id})
        fingerprint = None if attempt is None else attempt.fingerprint
        decision = decisions.check_in(
            current, id, body.community, area.path, body.services, rules, now, fingerprint
        )
        made = None if decision is None else decision.state.find(id)
        if decision is not None and made is not None:
            _ensure(principal, decision.state, made)
        return decision

    key = book_id(book.kind, book.reporter)
    await registry.checkins.store.execute(key, decide, by=author(principal))
    return Json({"id": id}, 201, headers={"Location": f"/v1/checkins/{id}"})


def _ensure(principal: Principal, book: Book, checkin: Checkin) -> None:
    if not decisions.may_act(principal, book, checkin):
        raise Problem(403, "wrong-area")


async def find(registry: Registry, id: str, principal: Principal) -> Aggregate[Book]:
    """The book of a check-in that the caller may act on. Raises `Problem` 403, 404."""
    found = await registry.checkins.of_checkin(id)
    checkin = None if found is None or found.state is None else found.state.find(id)
    if found is None or found.state is None or checkin is None:
        raise not_registered(NAME, id)
    _ensure(principal, found.state, checkin)
    return found


async def _change(
    request: Request, id: str, principal: Principal, decide: Change, *, settle: bool = False
) -> Book:
    """Change a check-in's book; `settle`: then finish what was asked for or left."""
    checkins = registry_of(request).checkins
    found = await find(registry_of(request), id, principal)

    def there(book: Book | None) -> Decision[Book] | None:
        checkin = None if book is None else book.find(id)
        if book is None or checkin is None:
            raise not_registered(NAME, id)
        return decide(book, checkin)

    changed = await checkins.store.execute(found.id, there, by=author(principal))
    if settle:
        await checkins.settle(found.id)
        changed = await checkins.store.get(found.id) or changed
    assert changed.state is not None  # no book is without
    return changed.state


def _shown(book: Book, id: str, status: int = 200) -> Response:
    checkin = book.find(id)
    assert checkin is not None  # it was found before, and none is dropped meanwhile
    return Json(view(book, checkin).model_dump(mode="json"), status)


@router.get("/{id}", response_model=CheckinView)
async def read_checkin(request: Request, id: EntryId, principal: Actor) -> Response:
    """A check-in, also one that has ended."""
    found = await find(registry_of(request), id, principal)
    assert found.state is not None  # no book is without
    return _shown(found.state, id)


@router.post("/{id}/posts", status_code=201, response_model=CheckinView)
async def take_post(request: Request, id: EntryId, body: PostBody, principal: Actor) -> Response:
    """Hold a post; 409 where the person or the post is at its limit. Twice is as once."""
    rules = registry_of(request).tables.get(CheckinRules)
    post_id, now = uuid7(), moment()

    def ask(book: Book, checkin: Checkin) -> Decision[Book] | None:
        decisions.ensure_active(checkin)
        return posts.ask(book, checkin, post_id, body.post, rules, now)

    book = await _change(request, id, principal, ask, settle=True)
    checkin = book.find(id)
    if checkin is None or not any(post.post == body.post for post in checkin.posts):
        kind = rules.by_code[body.post]
        where = f"/v1/checkin-posts/{checkin.community}" if checkin else "/v1/checkins"
        raise Problem(
            409, "post-full", field="post", where=where, limit=kind.holders, zh=kind.zh, en=kind.en
        )
    return _shown(book, id, 201)


@router.delete("/{id}/posts/{post}", response_model=CheckinView)
async def leave_post(request: Request, id: EntryId, post: Slug, principal: Actor) -> Response:
    """Leave a post; one that is not held is left already."""

    def leave(book: Book, checkin: Checkin) -> Decision[Book] | None:
        held = [one.id for one in checkin.posts if one.post == post and one.status != "leaving"]
        return posts.leave(book, held[0], moment()) if held else None

    return _shown(await _change(request, id, principal, leave, settle=True), id)


@router.post("/{id}/reports", response_model=CheckinView, openapi_extra=IDEMPOTENT)
async def make_report(
    request: Request, id: EntryId, body: ReportBody, principal: Actor
) -> Response:
    """Make the half-yearly report; further ones within a period move no date."""
    registry = registry_of(request)
    report_id, now = _made(await idempotency_of(request)), moment()
    words = body.words and registry.cipher.encrypt(body.words, sealed_in(report_id))
    rules = registry.tables.get(CheckinRules)
    book = await _change(
        request,
        id,
        principal,
        lambda book, checkin: decisions.report(book, checkin, report_id, words, rules, now),
    )
    return _shown(book, id)


@router.post("/{id}/feedback", response_model=CheckinView, openapi_extra=IDEMPOTENT)
async def give_feedback(
    request: Request, id: EntryId, body: FeedbackBody, principal: Community
) -> Response:
    """The community's word on a period; a later one takes the place of an earlier one."""
    registry = registry_of(request)
    period = period_of(body.period, registry.zone)
    feedback_id, now = _made(await idempotency_of(request)), moment()
    words = registry.cipher.encrypt(body.words, sealed_in(feedback_id))
    given = Feedback(id=feedback_id, period=period.code, at=now, words=words)
    book = await _change(
        request,
        id,
        principal,
        lambda book, checkin: decisions.give_feedback(book, checkin, given, now),
    )
    return _shown(book, id)


@router.post("/{id}/end", response_model=CheckinView)
async def end_checkin(
    request: Request, id: EntryId, body: ReasonBody, principal: Actor
) -> Response:
    """End a check-in: its posts are free for others."""
    book = await _change(
        request,
        id,
        principal,
        lambda book, checkin: decisions.end(book, checkin, body.reason, moment()),
        settle=True,
    )
    return _shown(book, id)
