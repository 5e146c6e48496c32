"""Decisions on recorded work; pure.

Ours: the policy asks for deeds (art. 4, 5), not how they are written down. So one record is one
deed, written once, and only voided.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from services.registry.records.schemas import RecordBody
from services.registry.records.table import Work, WorkTable
from services.registry.schemas import ReasonBody
from services.registry.service.base import Known, Reference, named
from shared.contracts.work import About, WorkRecorded, WorkVoided
from shared.storage.aggregates import Decision, State
from shared.web.auth import Principal, Role, sees_area, sees_unit
from shared.web.problems import Problem

Seal = Callable[[str], str]


class RecordState(State):
    """A record; `words` are encrypted, `unit_id` is the organization's or the person's."""

    work: str
    at: datetime
    organization_id: str | None
    person_id: str | None
    about: About | None
    quantity: float
    words: str | None
    area_path: tuple[str, ...]
    unit_id: str | None
    recorded_by: str
    voided: str | None = None


def references(body: RecordBody) -> Iterable[Reference]:
    """What must be fetched to decide on `body`."""
    found = named(organizations=body.organization_id, people=body.person_id)
    # A record is no entry that work can be done for: it is not looked up, and so not found.
    if body.about is None or body.about.kind == "records":
        return found
    return [*found, Reference(body.about.kind, body.about.id)]


def may_record(principal: Principal, area_path: tuple[str, ...], unit_id: str | None) -> bool:
    """Whether the caller answers for work in that area or of that unit."""
    if principal.role is Role.UNIT_OPERATOR:
        return sees_unit(principal, unit_id)
    return sees_area(principal, area_path)


def place_of(
    known: Known, organization_id: str | None, person_id: str | None
) -> tuple[tuple[str, ...], str | None]:
    """Area path and unit of an organization, or else of a person. Raises `Problem` 422."""
    path: tuple[str, ...] = ()
    unit_id: str | None = None
    for kind, who, field in (
        ("organizations", organization_id, "organization_id"),
        ("people", person_id, "person_id"),
    ):
        if who is not None:
            found = known.find(kind, who, field)
            path = path or found.path
            unit_id = unit_id or found.unit_id
    return path, unit_id


def record(
    id: str,
    body: RecordBody,
    table: WorkTable,
    known: Known,
    principal: Principal,
    seal: Seal,
    may: Callable[[Principal, tuple[str, ...], str | None], bool] = may_record,
) -> Decision[RecordState]:
    """Record work. Raises `Problem` 403, 422."""
    _check_doer(table.find(body.work, "work"), body)
    path, unit_id = place_of(known, body.organization_id, body.person_id)
    if body.about is not None:
        known.find(body.about.kind, body.about.id, "about")
    if not may(principal, path, unit_id):
        raise Problem(403, "wrong-area")
    state = RecordState(
        work=body.work,
        at=body.at,
        organization_id=body.organization_id,
        person_id=body.person_id,
        about=body.about and About(kind=body.about.kind, id=body.about.id),
        quantity=body.quantity,
        words=body.words and seal(body.words),
        area_path=path,
        unit_id=unit_id,
        recorded_by=f"{principal.role}:{principal.subject}",
    )
    return recorded(id, state)


def recorded(id: str, state: RecordState) -> Decision[RecordState]:
    """The decision that begins a record, with the fact that tells of it."""
    told = WorkRecorded(
        record_id=id,
        work=state.work,
        at=state.at,
        organization_id=state.organization_id,
        person_id=state.person_id,
        about=state.about,
        quantity=state.quantity,
        area_path=state.area_path,
    )
    return Decision(state, [told], "recorded", state.at)


def _check_doer(work: Work, body: RecordBody) -> None:
    given = {"organization": body.organization_id, "person": body.person_id}
    if not any(given[doer] for doer in work.doers):
        fields = [f"{doer}_id" for doer in work.doers]
        raise Problem(422, "doer-needed", field=fields[0], fields=" / ".join(fields), zh=work.zh)


def void(
    state: RecordState, id: str, body: ReasonBody, principal: Principal
) -> Decision[RecordState] | None:
    """Take a record out of every count; it stays readable. Raises `Problem` 403."""
    if not may_record(principal, state.area_path, state.unit_id):
        raise Problem(403, "wrong-area")
    if state.voided is not None:
        return None
    new = state.model_copy(update={"voided": body.reason})
    return Decision(new, [WorkVoided(record_id=id, work=state.work)], body.reason)
