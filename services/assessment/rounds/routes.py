"""`/v1/rounds`: rounds in three steps, for those who open them and those who rate (art. 14)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.assessment.parts import Parts, parts_in
from services.assessment.ratings.table import RatingRules
from services.assessment.reviews import act
from services.assessment.rounds import (
    decisions,
    messages,  # noqa: F401  (registers the sentences)
)
from services.assessment.rounds.access import ensure_line, ensure_reads, ensure_self
from services.assessment.rounds.part import RoundsPart, found_round, found_subject, rounds_in
from services.assessment.rounds.schemas import (
    LineBody,
    RatedRow,
    RatedView,
    RoundBody,
    RoundView,
    SelfRatingBody,
    Stage,
    SubjectId,
    UnlockBody,
)
from services.assessment.rounds.state import (
    Deadlines,
    Item,
    ItemRating,
    Rated,
    Round,
    Subject,
    Terms,
)
from services.assessment.rounds.table import RoundRules
from services.assessment.rounds.views import name_of, rated_row, rated_view, round_view
from services.assessment.routes import Administrator, Pages, Reader
from services.assessment.schemes.scheme import Scheme
from services.assessment.service.figures import SubjectKind
from services.assessment.visibility import visible_ids
from shared.contracts.ids import uuid7
from shared.contracts.rounds import RatingLine
from shared.spans import moment
from shared.storage.aggregates import Decision
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author
from shared.web.paging import Page
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/rounds", tags=["rounds"])

RoundId = Annotated[str, Path(min_length=1, max_length=64)]
OfSubject = Annotated[SubjectId, Path()]
_NAMED = 10
Decide = Callable[[Rated, str, datetime], Decision[Rated]]


@router.post("", status_code=201, response_model=RoundView, openapi_extra=IDEMPOTENT)
async def open_round(request: Request, body: RoundBody, principal: Administrator) -> Response:
    """Open a round under the scheme in force; whoever is registered now is rated in it."""
    part, parts = rounds_in(request), parts_in(request)
    version = parts.schemes.find(body.period)
    if version is None:
        kinds = sorted(parts.schemes.kinds())
        raise Problem(
            422, "no-scheme-for-period", field="period", allowed=kinds, period=body.period
        )
    scheme = version.scheme
    classes = [one.id for one in scheme.classes if one.kind is body.kind]
    for n, one in enumerate(body.classes):
        if one not in classes:
            raise Problem(422, "unknown-class", field=f"classes.{n}", allowed=classes, name=one)
    waiting = await part.rounds.candidates(body.kind, scheme, body.classes, body.area)
    await _ensure_placed(parts, body.kind, waiting)
    round = Round(
        period=body.period,
        kind=body.kind,
        area=body.area,
        class_ids=tuple(body.classes),
        deadlines=Deadlines(**body.until.model_dump()),
        terms=_terms(version.id, scheme, {one.class_id for one in waiting},
                     parts.tables.get(RoundRules), parts.tables.get(RatingRules)),
        opened_at=moment(),
        opened_by=author(principal),
        subjects=len(waiting),
        waiting=tuple(waiting),
    )  # fmt: skip
    id = uuid7()
    created = await part.rounds.rounds.create(
        id,
        decisions.opened(id, round),
        by=round.opened_by,
        answer=round_view(id, round, {}).model_dump(mode="json"),
        idempotency=await idempotency_of(request),
    )
    return Json(created.answer, 201, headers={"Location": f"/v1/rounds/{created.id}"})


async def _ensure_placed(parts: Parts, kind: SubjectKind, waiting: Sequence[Subject]) -> None:
    """Raise `Problem` 422 where nobody could rate for a subject: it has neither unit nor area."""
    lost = [one.id for one in waiting if one.unit_id is None and not one.area_path]
    if lost:
        known = await parts.repository.subjects(kind, lost[:_NAMED])
        names = "、".join(name_of(id, known) for id in lost[:_NAMED])
        raise Problem(422, "round-unplaced", field="kind", names=names, count=len(lost))


def _terms(
    version: str, scheme: Scheme, classes: set[str], rules: RoundRules, ratings: RatingRules
) -> Terms:
    return Terms(
        scheme_version=version,
        steps=scheme.steps,
        grades=scheme.grades,
        items={
            id: tuple(
                Item(id=one.id, label=one.label, weight=one.weight)
                for one in scheme.indicators_of(id)
                if not one.stand_in
            )
            for id in sorted(classes)
        },
        shrinkage=scheme.shrinkage,
        lines=rules.lines,
        recheck_minutes=rules.recheck_minutes,
        remind_hours=rules.remind_hours,
        ratings=ratings,
    )


@router.get("")
async def list_rounds(request: Request, _principal: Reader, pages: Pages) -> Page[RoundView]:
    """Rounds, the latest first."""
    part = rounds_in(request)
    before = None if pages.after is None else pages.after.id
    found = await part.rounds.page_of_rounds(before, pages.limit + 1)
    items, next = pages.cut(found, lambda one: (None, one["_id"]))
    shown = [round_view(one["_id"], Round.model_validate(one["state"]), {}) for one in items]
    return Page(items=shown, next=next)


@router.get("/{id}")
async def read_round(request: Request, id: RoundId, _principal: Reader) -> RoundView:
    """A round, with how many subjects stand at which stage."""
    part = rounds_in(request)
    return round_view(id, await found_round(part, id), await part.rounds.stages(id))


@router.get("/{id}/subjects")
async def list_subjects(
    request: Request,
    id: RoundId,
    principal: Reader,
    pages: Pages,
    stage: Annotated[Stage | None, Query(description="Only those that stand there")] = None,
) -> Page[RatedRow]:
    """Subjects of a round that the caller may see, by id."""
    part, repository = rounds_in(request), parts_in(request).repository
    round = await found_round(part, id)
    ids = await visible_ids(repository, principal, round.kind)
    after = None if pages.after is None else pages.after.id
    found = await part.rounds.page_of_subjects(id, stage, ids, after, pages.limit + 1)
    items, next = pages.cut(found, lambda one: (None, one.subject.id))
    known = await repository.subjects(round.kind, [one.subject.id for one in items])
    return Page(items=[rated_row(one, known) for one in items], next=next)


@router.get("/{id}/subjects/{subject}", response_model=RatedView)
async def read_subject(
    request: Request, id: RoundId, subject: OfSubject, principal: Reader
) -> Response:
    """A subject in a round: its three ratings, who is missing, and the result."""
    part = rounds_in(request)
    found, state = await found_subject(part, id, subject)
    ensure_reads(principal, state.subject)
    return await _shown(request, part, found.version, state)


@router.put("/{id}/subjects/{subject}/self-rating", response_model=RatedView)
async def rate_itself(
    request: Request, id: RoundId, subject: OfSubject, body: SelfRatingBody, principal: Reader
) -> Response:
    """The subject rates itself on every indicator of its class, with evidence; until its
    deadline it may do so again."""
    part = rounds_in(request)
    round = await found_round(part, id)
    ratings = [ItemRating.model_validate(one.model_dump()) for one in body.items]

    def decide(state: Rated, by: str, now: datetime) -> Decision[Rated]:
        ensure_self(principal, state.subject)
        items = round.terms.items[state.subject.class_id]
        return decisions.self_rated(state, items, ratings, by, now)

    return await _act(request, id, subject, principal, decide)


@router.put("/{id}/subjects/{subject}/lines/{line}", response_model=RatedView)
async def rate_as_line(
    request: Request,
    id: RoundId,
    subject: OfSubject,
    line: RatingLine,
    body: LineBody,
    principal: Reader,
) -> Response:
    """Rate for a line in the organizational rating: `local` (a manager of an area above) or
    `system` (the superior unit). A missing line may still come after the deadline."""

    def decide(state: Rated, by: str, now: datetime) -> Decision[Rated]:
        ensure_line(principal, state.kind, state.subject, line)
        return decisions.line_rated(state, line, body.points, body.reason, by, now)

    return await _act(request, id, subject, principal, decide)


@router.post("/{id}/subjects/{subject}/unlock", response_model=RatedView)
async def unlock_step(
    request: Request, id: RoundId, subject: OfSubject, body: UnlockBody, principal: Administrator
) -> Response:
    """Open a locked step again until a moment, with a reason; the steps after it follow anew."""

    def decide(state: Rated, by: str, now: datetime) -> Decision[Rated]:
        return decisions.unlocked(state, body.step, body.until, body.reason, by, now)

    return await _act(request, id, subject, principal, decide)


async def _act(
    request: Request, id: str, subject: str, principal: Principal, decide: Decide
) -> Response:
    part = rounds_in(request)
    found, _ = await found_subject(part, id, subject)
    by = author(principal)
    changed, state = await act(
        part.rounds.rated,
        found.id,
        "not-in-round",
        lambda state: decide(state, by, moment()),
        principal,
        if_match(request),
    )
    return await _shown(request, part, changed.version, state)


async def _shown(request: Request, part: RoundsPart, version: int, state: Rated) -> Response:
    parts = parts_in(request)
    round = await found_round(part, state.round_id)
    known = await parts.repository.subjects(state.kind, [state.subject.id])
    view = rated_view(version, state, round, known, part.settling.rules_of(round))
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(version)})
