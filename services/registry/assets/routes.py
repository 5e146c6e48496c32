"""`/v1/organizations/{id}/assets`, `/v1/assets`: the six assets of one, and a list of all."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.registry.assets.decisions import (
    Found,
    Rules,
    Scorecard,
    missing,
    period,
    set_target,
)
from services.registry.assets.messages import SOURCES
from services.registry.assets.schemas import (
    AssetTotalsView,
    AssetView,
    CriterionView,
    ListedScorecard,
    ScorecardView,
    TargetBody,
    TotalView,
)
from services.registry.assets.table import Criterion
from services.registry.commands import Registry
from services.registry.messages import not_registered
from services.registry.registered import Registered
from services.registry.routes import EntryId, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.schemas import Words
from services.registry.scopes import Official, ensure_answers, names_of, scope
from shared.contracts.words import LABELS, Asset
from shared.spans import moment
from shared.storage.aggregates import Decision
from shared.storage.client import Document
from shared.web.auth import Principal, Role, require
from shared.web.pages import author, page_along
from shared.web.paging import Page
from shared.web.routing import Router
from shared.web.schemas import Json

router = Router(prefix="/v1", tags=["assets"])

Setter = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]
Looked = tuple[Registered, Mapping[str, Found], Scorecard]


async def _look(registry: Registry, id: str, principal: Principal, at: datetime) -> Looked:
    found = await registry.scorecards.look(id, at)
    if found is None:
        raise not_registered("organizations", id)
    ensure_answers(principal, found[0].area_path, found[0].unit_id)
    return found


@router.get("/organizations/{id}/assets")
async def read_assets(request: Request, id: EntryId, principal: Official) -> ScorecardView:
    """Which of the six an organization has, counted now; what is missing and what to do."""
    registry = registry_of(request)
    at = moment()
    looked = await _look(registry, id, principal, at)
    names = await names_of(registry, "organizations", [id])
    return _view(looked, names.get(id), registry.scorecards.rules, at)


@router.put("/organizations/{id}/assets/target")
async def set_target_date(
    request: Request, id: EntryId, body: TargetBody, principal: Setter
) -> ScorecardView:
    """Set by when an organization is to have all six (art. 4: 3 to 5 years), and why."""
    registry = registry_of(request)
    at = moment()
    organization, found, blank = await _look(registry, id, principal, at)
    rules = registry.scorecards.rules

    def decide(state: Scorecard | None) -> Decision[Scorecard] | None:
        return set_target(state or blank, body.at, body.why, rules)

    changed = (await registry.scorecards.store.execute(id, decide, by=author(principal))).state
    assert changed is not None  # that is what `decide` gives
    dates = {"target": changed.target, "target_at": changed.target_at}
    looked = (organization, found, blank.model_copy(update=dates))
    names = await names_of(registry, "organizations", [id])
    return _view(looked, names.get(id), rules, at)


@router.get("/assets", response_model=Page[ListedScorecard])
async def list_assets(
    request: Request,
    principal: Official,
    page: Paged,
    area: Inside = None,
    held: Annotated[int | None, Query(ge=0, le=6, description="Only with so many")] = None,
    lacking: Annotated[Asset | None, Query(description="Only without this one")] = None,
) -> Response:
    """Organizations in service by how many of the six they have, the fewest first."""
    registry = registry_of(request)
    conditions: list[Document] = await scope(registry, principal, area)
    conditions.append({"state.held": {"$gte": 0} if held is None else held})
    if lacking is not None:
        conditions.append({"state.lacking": lacking})
    found, following = await page_along(registry.scorecards.store, "held", conditions, page)
    names = await names_of(registry, "organizations", [one.id for one in found])
    at = moment()
    items = [
        ListedScorecard(
            organization_id=one.id,
            organization=names.get(one.id),
            area_path=list(one.state.area_path),
            held=one.state.held or 0,
            lacking=list(one.state.lacking),
            target_at=one.state.target_at,
            overdue=_overdue(one.state, at),
        ).model_dump(mode="json")
        for one in found
        if one.state is not None
    ]
    return Json({"items": items, "next": following})


@router.get("/assets/totals")
async def total_assets(
    request: Request, principal: Official, area: Inside = None
) -> AssetTotalsView:
    """How many organizations in service have how many of the six."""
    registry = registry_of(request)
    totals = await registry.scorecards.totals(await scope(registry, principal, area))
    return AssetTotalsView(
        items=[
            TotalView(held=held, organizations=totals.get(held, 0))
            for held in range(len(Asset) + 1)
        ]
    )


def _overdue(state: Scorecard, now: datetime) -> bool:
    return bool(state.lacking) and state.target_at <= now


def _view(looked: Looked, name: str | None, rules: Rules, now: datetime) -> ScorecardView:
    organization, found, state = looked
    criteria = rules.table.of(organization.domain)
    return ScorecardView(
        organization_id=organization.id,
        organization=name,
        area_path=list(organization.area_path),
        held=state.held or 0,
        assets=[
            AssetView(
                asset=asset,
                label=_words(LABELS[f"asset.{asset.value}"]),
                met=asset in state.met,
                criteria=[
                    _criterion(each, found.get(each.code, Found()).number, organization.id, rules,
                               now)
                    for each in criteria
                    if each.asset is asset
                ],
            )
            for asset in Asset
        ],
        target_at=state.target_at,
        target_set=state.target is not None,
        overdue=_overdue(state, now),
    )  # fmt: skip


def _criterion(
    criterion: Criterion, number: float, id: str, rules: Rules, now: datetime
) -> CriterionView:
    zh, en, where = SOURCES[criterion.count]
    lack = missing(criterion, number)
    return CriterionView(
        code=criterion.code,
        label=Words(zh=criterion.zh, en=criterion.en),
        found=number,
        at_least=criterion.at_least,
        since=period(criterion, now, rules.zone),
        source=Words(zh=zh, en=en),
        where=where.format(id=id),
        met=lack is None,
        missing=lack and _words(lack),
    )


def _words(pair: tuple[str, str]) -> Words:
    return Words(zh=pair[0], en=pair[1])
