"""`/v1/organizations/{id}/duties` and `/v1/duties/behind` (policy, art. 5)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Query, Request
from pydantic import AwareDatetime, BaseModel

from services.registry import commands
from services.registry.commands import Registry
from services.registry.duties.decisions import (
    Span,
    Standing,
    last_begun,
    span_of,
    standings,
)
from services.registry.duties.state import Owed
from services.registry.duties.table import Duty, DutyTable
from services.registry.records.decisions import may_record
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, registry_of
from services.registry.routes_lists import Paged
from services.registry.schemas import Words
from services.registry.states import OrganizationState
from shared.contracts.words import LABELS, Domain
from shared.storage.client import Document
from shared.web.auth import Principal, Role, ensure_area, require
from shared.web.paging import Cursor, Paging, encode_cursor
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Slug

router = Router(prefix="/v1", tags=["duties"])

_LOOKED_AT, _A_TIME = 2000, 500

Asker = Annotated[
    Principal,
    Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER, Role.GRID_LEADER, Role.UNIT_OPERATOR)),
]
Watcher = Annotated[Principal, Depends(require(Role.ADMINISTRATOR, Role.AREA_MANAGER))]
Year = Annotated[
    int | None, Query(ge=2000, le=2999, description="In the city's time; absent: this year")
]


class DutyView(BaseModel):
    """A duty: `times` a year, of which `due` by now, `done` as recorded, `missing` of what is due.

    Quantities are in the work's `unit`; `due_quantity` is null where only the times count.
    """

    work: str
    label: Words
    unit: str | None
    article: int | None
    times: int
    due: int
    done: int
    missing: int
    quantity: float
    due_quantity: float | None
    missing_quantity: float
    what_is_missing: Words | None
    """Null where nothing is."""


class DutiesView(BaseModel):
    """The duties of one organization in a year."""

    organization_id: str
    name: str
    domain: Domain
    domain_label: Words
    area_path: list[str]
    year: int
    founded: str | None = None
    begun: AwareDatetime
    """From when on it owes: founded then, or else registered; of that year only what is left."""
    duties: list[DutyView]


class BehindView(BaseModel):
    """Organizations behind, each with the duties that it is behind with.

    A page may be short, even empty, and yet have a `next`, where many are all but behind.
    """

    items: list[DutiesView]
    next: str | None = None


@router.get("/organizations/{id}/duties")
async def read_duties(
    request: Request, id: EntryId, principal: Asker, year: Year = None
) -> DutiesView:
    """What an organization owes in a year, what is recorded, and what is missing by now."""
    registry = registry_of(request)
    found = await commands.read(registry, "organizations", id)
    state = found.state
    assert state is not None  # no entry of the registry is without
    if not may_record(principal, state.area_path, state.unit_id):
        raise Problem(403, "wrong-area")
    year, span, now = _asked(registry, year)
    duties = registry.tables.get(DutyTable).by_domain.get(state.domain, ())
    done = await registry.duties.done(id, {duty.work for duty in duties}, span)
    begun = await registry.duties.begun(id)
    return _view(registry, id, state, begun, year, standings(duties, done, span, now, begun))


@router.get("/duties/behind")
async def list_behind(
    request: Request,
    principal: Watcher,
    page: Paged,
    year: Year = None,
    area: Annotated[
        AreaCode | None, Query(description="In this area or one inside it; one of your own")
    ] = None,
    domain: Domain | None = None,
    work: Slug | None = None,
) -> BehindView:
    """Organizations in service with a duty of which less is recorded than is due by now."""
    registry = registry_of(request)
    table = registry.tables.get(DutyTable)
    chosen = {
        each: tuple(duty for duty in duties if work in (None, duty.work))
        for each, duties in table.by_domain.items()
        if domain in (None, each)
    }
    conditions: list[Document] = [{"state.domain": {"$in": [each.value for each in chosen]}}]
    conditions += await _area(registry, principal, area)
    return await behind(registry, chosen, work, conditions, _asked(registry, year), page)


async def behind(
    registry: Registry,
    chosen: Mapping[Domain, tuple[Duty, ...]],
    work: str | None,
    conditions: Sequence[Document],
    asked: "Asked",
    page: Paging,
) -> BehindView:
    """A page of those of `conditions` that are behind with duties of `chosen`."""
    year, span, now = asked
    due = {
        domain: latest
        for domain, duties in chosen.items()
        if (latest := last_begun(duties, span, now)) is not None
    }
    items: list[DutiesView] = []
    place, looked_at, size = page.after, 0, page.limit + 1
    while looked_at < _LOOKED_AT:
        found = await registry.duties.late(year, work, now, due, conditions, place, size)
        for one in found:
            owed = one.state
            assert owed is not None  # none is without
            begun = owed.begun or span.since  # until it is summed up anew
            stand = standings(chosen[owed.domain], owed.done_in(year), span, now, begun)
            missing = [each for each in stand if each.behind]
            if missing and len(items) == page.limit:
                assert place is not None  # of the last one looked at
                return BehindView(items=items, next=encode_cursor(*place))
            if missing:
                items.append(_view(registry, one.id, owed, begun, year, missing))
            place = Cursor(owed.sort_key, one.id)
        if len(found) < size:
            return BehindView(items=items)
        looked_at, size = looked_at + len(found), _A_TIME
    return BehindView(items=items, next=place and encode_cursor(*place))


class Asked(NamedTuple):
    """A year, its span, and by when."""

    year: int
    span: Span
    now: datetime


def _asked(registry: Registry, year: int | None) -> Asked:
    now = datetime.now(UTC)
    year = year or now.astimezone(registry.duties.zone).year
    return Asked(year, span_of(year, registry.duties.zone), now)


async def _area(registry: Registry, principal: Principal, area: str | None) -> list[Document]:
    """Conditions on where; an area of others must not look as if nobody was behind."""
    if area is not None:
        found = await commands.read(registry, "areas", area)
        assert found.state is not None
        ensure_area(principal, found.state.area_path)
        return [{"state.area_path": area}]
    if principal.role is Role.ADMINISTRATOR:
        return []
    return [{"state.area_path": {"$in": sorted(principal.areas)}}]


def _view(
    registry: Registry,
    id: str,
    state: OrganizationState | Owed,
    begun: datetime,
    year: int,
    stand: Iterable[Standing],
) -> DutiesView:
    works = registry.tables.get(WorkTable).by_code
    duties = []
    for each in stand:
        work = works.get(each.duty.work)
        label = (
            Words(zh=work.zh, en=work.en) if work else Words(zh=each.duty.work, en=each.duty.work)
        )
        duties.append(
            DutyView(
                work=each.duty.work,
                label=label,
                unit=work and work.unit,
                article=each.duty.article,
                times=each.duty.times,
                due=each.due,
                done=each.done,
                missing=each.missing,
                quantity=each.quantity,
                due_quantity=each.due_quantity,
                missing_quantity=each.missing_quantity,
                what_is_missing=_missing(each, label, work.unit if work else ""),
            )
        )
    zh, en = LABELS[f"domain.{state.domain.value}"]
    return DutiesView(
        organization_id=id,
        name=state.name,
        domain=state.domain,
        domain_label=Words(zh=zh, en=en),
        area_path=list(state.area_path),
        year=year,
        founded=state.founded,
        begun=begun,
        duties=duties,
    )


def _missing(each: Standing, label: Words, unit: str) -> Words | None:
    """What is missing, in words."""
    if not each.behind:
        return None
    zh, en = (
        f"“{label.zh}”到目前应有 {each.due} 次，已记录 {each.done} 次",
        (f"{label.en}: {each.due} due by now, {each.done} recorded"),
    )
    if each.missing_quantity:
        zh += f"，数量还差 {each.missing_quantity:g}（{unit}）"
        en += f", {each.missing_quantity:g} {unit} missing"
    return Words(
        zh=f"{zh}。请完成后到 /v1/records 记录。", en=f"{en}. Record it at /v1/records once done."
    )
