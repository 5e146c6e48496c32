"""`/v1/organizations/{id}/terms`: who holds the posts of an organization."""

from collections.abc import Callable
from datetime import datetime

from fastapi import Request, Response

from services.registry.backbone import messages  # noqa: F401  (registers the sentences)
from services.registry.backbone.decisions import appoint, end, void
from services.registry.backbone.schemas import (
    BackboneView,
    EndBody,
    TermBody,
    TermView,
    TrainingView,
    VacancyView,
    VoidTermBody,
)
from services.registry.backbone.state import Backbone, Rules, Tenure, must_be_trained, vacancies
from services.registry.commands import Registry
from services.registry.messages import not_registered
from services.registry.routes import EntryId, registry_of
from services.registry.schemas import CreatedView
from services.registry.scopes import Official, ensure_answers
from services.registry.service.base import Known, Reference, named
from shared.contracts.ids import derived_id, uuid7
from shared.spans import moment
from shared.storage.aggregates import Aggregate, Decision
from shared.web.auth import Principal
from shared.web.etag import etag, if_match
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.pages import author
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1/organizations", tags=["backbone"])

Decide = Callable[[Backbone, datetime, Rules], Decision[Backbone] | None]


async def _own(registry: Registry, id: str, principal: Principal) -> Backbone:
    """What an organization without a document has. Raises `Problem` 403, 404."""
    known = Known(await registry.repository.look_up([Reference("organizations", id)]))
    found = known.entries.get(Reference("organizations", id))
    if found is None:
        raise not_registered("organizations", id)
    ensure_answers(principal, found.path, found.unit_id)
    return Backbone(
        organization_id=id,
        area_path=found.path,
        unit_id=found.unit_id,
        in_service=not found.retired,
        counted_from=moment(),  # the follow-up on the organization says it exactly
    )


async def _act(
    registry: Registry, id: str, principal: Principal, decide: Decide, version: int | None = None
) -> Aggregate[Backbone]:
    blank = await _own(registry, id, principal)
    rules = registry.backbones.rules
    return await registry.backbones.store.execute(
        id,
        lambda state: decide(state or blank, moment(), rules),
        by=author(principal),
        version=version,
    )


@router.post("/{id}/terms", status_code=201, response_model=CreatedView, openapi_extra=IDEMPOTENT)
async def appoint_somebody(
    request: Request, id: EntryId, body: TermBody, principal: Official
) -> Response:
    """Enter a term of a post; it may begin later, or be over. Terms of a post do not overlap."""
    registry = registry_of(request)
    attempt = await idempotency_of(request)
    term = derived_id("term", id, attempt.key) if attempt else uuid7()
    tenure = Tenure(id=term, attempt=attempt and attempt.fingerprint, **body.model_dump())
    wanted = named(people=body.person_id, units=body.from_unit, organizations=id)
    known = Known(await registry.repository.look_up(wanted))

    def decide(state: Backbone, now: datetime, rules: Rules) -> Decision[Backbone] | None:
        if all(each.id != term for each in state.tenures):  # else it was answered already
            for kind, asked, field in (
                ("organizations", id, "id"),
                ("people", body.person_id, "person_id"),
                ("units", body.from_unit, "from_unit"),
            ):
                if asked is not None:
                    known.find(kind, asked, field)
        return appoint(state, tenure, now, rules)

    await _act(registry, id, principal, decide)
    headers = {"Location": f"/v1/organizations/{id}/terms"}
    return Json({"id": term}, 201, headers=headers)


@router.post("/{id}/terms/{term}/end", response_model=BackboneView)
async def end_term(
    request: Request, id: EntryId, term: EntryId, body: EndBody, principal: Official
) -> Response:
    """End a term before its planned end, from a moment on that may still come."""
    registry = registry_of(request)

    def decide(state: Backbone, now: datetime, rules: Rules) -> Decision[Backbone] | None:
        return end(state, term, body.at, body.reason, now, rules)

    ended = await _act(registry, id, principal, decide, if_match(request))
    return _shown(registry, ended)


@router.post("/{id}/terms/{term}/void", response_model=BackboneView)
async def void_term(
    request: Request, id: EntryId, term: EntryId, body: VoidTermBody, principal: Official
) -> Response:
    """Take back a term that was entered by mistake; it stays readable and counts for nothing."""
    registry = registry_of(request)

    def decide(state: Backbone, now: datetime, rules: Rules) -> Decision[Backbone] | None:
        return void(state, term, body.why, now, rules)

    voided = await _act(registry, id, principal, decide, if_match(request))
    return _shown(registry, voided)


@router.get("/{id}/terms", response_model=BackboneView)
async def read_terms(request: Request, id: EntryId, principal: Official) -> Response:
    """Terms of the posts of an organization, its vacancies, training of those in office."""
    registry = registry_of(request)
    blank = await _own(registry, id, principal)
    found = await registry.backbones.store.get(id)
    return _shown(registry, found or Aggregate(id, state=blank))


def term_view(tenure: Tenure) -> TermView:
    """A term as it is answered."""
    return TermView.model_validate(tenure.model_dump() | {"until": tenure.span.until})


def training_views(state: Backbone, at: datetime, rules: Rules) -> list[TrainingView]:
    """Training of those in office at a moment."""
    last = {each.person_id: each.last for each in state.trainings}
    return [
        TrainingView(
            person_id=tenure.person_id,
            post=tenure.post,
            last=last.get(tenure.person_id),
            due=due,
            overdue=due <= at,
        )
        for tenure, due in must_be_trained(state, at, rules)
    ]


def _shown(registry: Registry, found: Aggregate[Backbone]) -> Response:
    state, at = found.state, moment()
    assert state is not None
    free = vacancies(state, at)
    view = BackboneView(
        organization_id=found.id,
        version=found.version,
        in_service=state.in_service,
        terms=[term_view(each) for each in state.tenures],
        vacancies=[
            VacancyView(since=since, until=None if until >= at else until) for since, until in free
        ],
        vacancy_overdue_at=state.vacancy_overdue_at,
        trainings=training_views(state, at, registry.backbones.rules),
    )
    return Json(view.model_dump(mode="json"), headers={"ETag": etag(found.version)})
