"""`GET /v1/people/{id}/record`: what a person has done, from records, and what certifies it."""

from collections.abc import Mapping

from fastapi import Request

from services.registry import commands
from services.registry.record_sheet.schemas import (
    SheetCertificate,
    SheetEntry,
    SheetItemView,
    SheetTotal,
    SheetView,
)
from services.registry.record_sheet.table import RecordSheet, SheetItem
from services.registry.records.decisions import RecordState
from services.registry.records.repository import Total, chosen
from services.registry.records.routes import words_of
from services.registry.records.table import WorkTable
from services.registry.routes import EntryId, Reader, registry_of
from services.registry.schemas import Words
from services.registry.service import People
from services.registry.states import PersonState
from shared.storage.aggregates import Aggregate
from shared.web.auth import Principal, Role, sees_unit
from shared.web.problems import Problem
from shared.web.routing import Router

router = Router(prefix="/v1/people", tags=["people"])


def is_own(principal: Principal, person_id: str) -> bool:
    """Whether the caller is this person."""
    return principal.role is Role.VOLUNTEER and principal.volunteer_id == person_id


@router.get("/{id}/record")
async def read_record_sheet(request: Request, id: EntryId, principal: Reader) -> SheetView:
    """Training, service hours, awards, ratings and certificates of a person, with totals; and the
    certificates of service hours that were issued and hold.

    For those who answer for the person's area or unit, and the person. Name and telephone only
    for those who may see them.
    """
    registry = registry_of(request)
    kind = registry.kinds["people"]
    assert isinstance(kind, People)
    found = await commands.read(registry, kind.name, id)
    state = found.state
    assert isinstance(state, PersonState)  # no entry is without
    own = is_own(principal, id)
    may_see = own or kind.may_see_person(principal, state)
    operator = principal.role is Role.UNIT_OPERATOR and sees_unit(principal, state.unit_id)
    if not may_see and not operator:
        raise Problem(403, "wrong-area")
    person = kind.view(id, found.version, state, principal)
    if own:
        person = person.model_copy(update=kind.unlocked(id, state))
    table, works = registry.tables.get(RecordSheet), registry.tables.get(WorkTable)
    wanted = [work for item in table.items for work in item.works]
    totals = await registry.records.totals(chosen(person_id=id, work=wanted))
    items = []
    for item in table.items:
        latest = await registry.records.latest(chosen(person_id=id, work=item.works), table.latest)
        entries = [_entry(one, words_of(one, registry.cipher)) for one in latest]
        items.append(
            SheetItemView(
                item=item.code,
                label=Words(zh=item.zh, en=item.en),
                totals=_totals(item, works, totals),
                latest=entries,
            )
        )
    issued = [
        SheetCertificate(number=one.id, **one.state.model_dump())
        for one in await registry.certificates.of(id)
        if one.state is not None and one.state.revoked is None
    ]
    return SheetView(person=person, items=items, issued=issued)


def _totals(item: SheetItem, works: WorkTable, totals: Mapping[str, Total]) -> list[SheetTotal]:
    """Totals of the works of an item; zero where there are no records."""
    found = []
    for code in item.works:
        work = works.by_code.get(code)
        if work is not None:
            total = totals.get(code, Total(0, 0.0))
            label = Words(zh=work.zh, en=work.en)
            found.append(SheetTotal(work=code, label=label, unit=work.unit, **total._asdict()))
    return found


def _entry(found: Aggregate[RecordState], words: str | None) -> SheetEntry:
    assert found.state is not None  # no record is without
    return SheetEntry(id=found.id, **(found.state.model_dump() | {"words": words}))
