"""Lists of the backbone: long vacancies, terms that end soon, overdue training; by area."""

from typing import Any

from fastapi import Request

from services.registry.backbone.messages import ENDING, UNTRAINED, VACANT
from services.registry.backbone.routes import term_view, training_views
from services.registry.backbone.schemas import (
    EndingPage,
    ListedTerms,
    ListedTrainings,
    ListedVacancy,
    TrainingsPage,
    VacanciesPage,
)
from services.registry.backbone.state import Backbone, ending
from services.registry.routes import registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import Words
from services.registry.scopes import Official, names_of, scope
from shared.spans import add_months, moment
from shared.web.auth import Principal
from shared.web.pages import page_along
from shared.web.paging import Paging
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["backbone"])


async def _page(
    request: Request, principal: Principal, area: str | None, field: str, until: Any, page: Paging
) -> tuple[list[tuple[Backbone, dict[str, Any]]], str | None]:
    """A page of backbones with `field` up to `until`, each with what all lists say of it."""
    registry = registry_of(request)
    conditions = [*await scope(registry, principal, area), {f"state.{field}": {"$lte": until}}]
    found, following = await page_along(registry.backbones.store, field, conditions, page)
    names = await names_of(registry, "organizations", [one.id for one in found])
    return [
        (
            one.state,
            {
                "organization_id": one.id,
                "organization": names.get(one.id),
                "area_path": list(one.state.area_path),
            },
        )
        for one in found
        if one.state is not None
    ], following


@router.get("/vacancies")
async def list_vacancies(
    request: Request, principal: Official, page: Paged, area: Inside = None
) -> VacanciesPage:
    """Organizations that have had no secretary for longer than the city allows (art. 7)."""
    found, following = await _page(request, principal, area, "vacancy_overdue_at", moment(), page)
    items = [
        ListedVacancy(**said, since=state.vacancy.since, overdue_at=state.vacancy.overdue_at)
        for state, said in found
        if state.vacancy is not None
    ]
    return VacanciesPage(what_to_do=Words(zh=VACANT[0], en=VACANT[1]), items=items, next=following)


@router.get("/terms/ending")
async def list_ending_terms(
    request: Request, principal: Official, page: Paged, area: Inside = None
) -> EndingPage:
    """Organizations with a term that ends within the table's time and that nobody's follows."""
    rules = registry_of(request).backbones.rules
    at = moment()
    until = add_months(at, rules.table.ending_months, rules.zone)
    found, following = await _page(request, principal, area, "ends_at", until, page)
    items = [
        ListedTerms(
            **said,
            terms=[term_view(each) for each in ending(state, at) if each.span.until <= until],
        )
        for state, said in found
    ]
    return EndingPage(what_to_do=Words(zh=ENDING[0], en=ENDING[1]), items=items, next=following)


@router.get("/trainings/overdue")
async def list_overdue_trainings(
    request: Request, principal: Official, page: Paged, area: Inside = None
) -> TrainingsPage:
    """Organizations whose secretary was not trained within the set period (art. 7)."""
    rules = registry_of(request).backbones.rules
    at = moment()
    found, following = await _page(request, principal, area, "training_due", at, page)
    items = [
        ListedTrainings(
            **said,
            trainings=[each for each in training_views(state, at, rules) if each.overdue],
        )
        for state, said in found
    ]
    table = rules.table
    zh, en = (
        text.format(
            years=table.training_years, hours=f"{table.training_hours:g}", work=table.training_work
        )
        for text in UNTRAINED
    )
    return TrainingsPage(what_to_do=Words(zh=zh, en=en), items=items, next=following)
