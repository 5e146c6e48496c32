"""`/v1/open-work` and `/v1/organizations/{id}/open-work`: what is left, and who gets what."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request

from services.registry import commands
from services.registry.commands import Registry
from services.registry.handover import Passing
from services.registry.routes import EntryId, registry_of
from services.registry.routes_lists import Inside, Paged
from services.registry.scopes import Official, ensure_answers, scope
from services.registry.standing import standings
from services.registry.states import OrganizationState
from services.registry.succession import messages  # noqa: F401  (registers the sentences)
from services.registry.succession.schemas import (
    HandedOverView,
    HandOverBody,
    LeftsView,
    LeftView,
    OpenWorkView,
    ResultView,
    WorkKind,
    WorkView,
)
from shared.spans import moment
from shared.storage.aggregates import Aggregate
from shared.web.auth import Principal
from shared.web.pages import author, page_of
from shared.web.paging import Cursor, Paging, encode_cursor
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1", tags=["organizations"])

_LOOKED_AT, _A_TIME = 2_000, 200


@router.get("/open-work")
async def list_left(
    request: Request, principal: Official, page: Paged, area: Inside = None
) -> LeftsView:
    """Retired organizations that have something open: it waits for a person to say who gets it."""
    registry = registry_of(request)
    store = registry.repository.stores["organizations"]
    conditions = [{"state.retired": True}, *await scope(registry, principal, area)]
    items: list[LeftView] = []
    place = page.after
    for _ in range(0, _LOOKED_AT, _A_TIME):
        found, following = await page_of(store, conditions, Paging(_A_TIME, place))
        open_at = await registry.succession.among([one.id for one in found])
        for one in found:
            if one.id in open_at:
                if len(items) == page.limit:
                    assert place is not None  # of the last item
                    return LeftsView(items=items, next=encode_cursor(*place))
                counts = await registry.succession.counts(one.id)
                items.append(LeftView(**_left(one, counts)))
            place = Cursor("", one.id)
        if following is None:
            return LeftsView(items=items)
    return LeftsView(items=items, next=place and encode_cursor(*place))


@router.get("/organizations/{id}/open-work")
async def read_open_work(
    request: Request,
    id: EntryId,
    principal: Official,
    page: Paged,
    kind: Annotated[WorkKind | None, Query(description="Only of this kind")] = None,
) -> OpenWorkView:
    """What an organization has open, by kind; also of one in service, before it is retired."""
    registry = registry_of(request)
    organization = await _own(registry, id, principal)
    items: list[WorkView] = []
    begin, after = ("", "") if page.after is None else (str(page.after.value), page.after.id)
    for work in registry.succession.works:
        if work.kind >= begin and kind in (None, work.kind) and len(items) <= page.limit:
            wanted = page.limit + 1 - len(items)
            items += await work.page(id, after if work.kind == begin else "", wanted)
    shown, following = page.cut(items, lambda item: (item.kind, item.id))
    counts = await registry.succession.counts(id)
    return OpenWorkView(**_left(organization, counts), items=list(shown), next=following)


@router.post("/organizations/{id}/open-work/hand-over")
async def hand_over(
    request: Request, id: EntryId, body: HandOverBody, principal: Official
) -> HandedOverView:
    """Give items to one of the successors; given again, an item stays where it went."""
    registry = registry_of(request)
    state = (await _own(registry, id, principal)).state
    assert state is not None  # no entry of the registry is without
    where = f"/v1/organizations/{id}"
    if not state.retired:
        raise Problem(409, "not-retired", where=where, id=id)
    if body.to not in state.successors:
        successors = ", ".join(state.successors) or "—"
        raise Problem(
            422, "not-a-successor", field="to", where=where, id=id, to=body.to,
            successors=successors,
        )  # fmt: skip
    new = (await standings(registry.repository, [body.to])).find(body.to, "to")
    works = {work.kind: work for work in registry.succession.works}
    results = []
    for item in body.items:
        passing = Passing(id, new, moment(), author(principal), body.reason, state.unit_id)
        outcome = await works[item.kind].hand_over(item.id, passing)
        results.append(ResultView(kind=item.kind, id=item.id, outcome=outcome))
    counts = await registry.succession.counts(id)
    return HandedOverView(results=results, counts=counts, left=sum(counts.values()))


async def _own(registry: Registry, id: str, principal: Principal) -> Aggregate[OrganizationState]:
    """The organization, which the caller answers for. Raises `Problem` 403, 404."""
    found: Aggregate[OrganizationState] = await commands.read(registry, "organizations", id)
    assert found.state is not None  # no entry of the registry is without
    ensure_answers(principal, found.state.area_path, found.state.unit_id)
    return found


def _left(
    organization: Aggregate[OrganizationState], counts: Mapping[WorkKind, int]
) -> dict[str, Any]:
    state = organization.state
    assert state is not None  # no entry of the registry is without
    return {
        "organization_id": organization.id,
        "name": state.name,
        "area_path": list(state.area_path),
        "retired": state.retired,
        "successors": list(state.successors),
        "counts": dict(counts),
        "left": sum(counts.values()),
    }
