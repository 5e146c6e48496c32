"""Service hours over HTTP."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch.activity_desk import (
    ensure_may_confirm,
    hours_scope,
    may_confirm,
    moment,
    ruled,
)
from services.volunteer_dispatch.desk import Worker, by_of, parts_of
from services.volunteer_dispatch.schemas_activities import (
    Confirmation,
    Confirmed,
    Correction,
    EntryId,
    HoursView,
    Voiding,
    VolunteerHours,
    shown_hours,
)
from services.volunteer_dispatch.service import hours
from services.volunteer_dispatch.service.hours import HoursState, HoursStatus
from services.volunteer_dispatch.service.returns import Ruled
from shared.storage.aggregates import Decision
from shared.web.auth import Principal, Role
from shared.web.etag import etag, if_match
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import Change, Time

router = Router(prefix="/v1", tags=["hours"])


@router.get("/hours")
async def list_hours(
    request: Request,
    principal: Worker,
    page: Annotated[Paging, Depends(paging)],
    status: HoursStatus | None = None,
    volunteer_id: EntryId | None = None,
    source_id: Annotated[str | None, Query(max_length=120, description="Task or activity")] = None,
) -> Page[HoursView]:
    """Hours that the caller sees, the latest service first; `status=proposed` wait for a word."""
    found = await parts_of(request).hours.find(
        hours_scope(principal),
        page,
        status=None if status is None else status.value,
        volunteer_id=volunteer_id,
        source_id=source_id,
    )
    items, next = page.cut(found, lambda row: (row["state"]["ended_at"], row["_id"]))
    views = [shown_hours(HoursState.model_validate(row["state"])) for row in items]
    return Page(items=views, next=next)


@router.get("/hours/{id}")
async def show_hours(
    request: Request, response: Response, id: EntryId, principal: Worker
) -> HoursView:
    """Hours of one service, with their `ETag`."""
    version, state = await _load(request, id)
    _ensure_sees(principal, state)
    response.headers["ETag"] = etag(version)
    return shown_hours(state)


@router.get("/hours/{id}/history")
async def show_hours_history(request: Request, id: EntryId, principal: Worker) -> list[Change]:
    """Who did what, when and why; oldest first."""
    _, state = await _load(request, id)
    _ensure_sees(principal, state)
    return [Change.model_validate(one) for one in await parts_of(request).hours.store.history(id)]


@router.get("/volunteers/{id}/hours")
async def total_hours(
    request: Request,
    id: EntryId,
    principal: Worker,
    since: Annotated[Time | None, Query(description="Ended at or after")] = None,
    until: Annotated[Time | None, Query(description="Ended before")] = None,
) -> VolunteerHours:
    """Somebody's hours: sums and the latest services; the volunteer's own, or for those in charge
    of his or her grid or area."""
    parts = parts_of(request)
    if principal.volunteer_id != id:
        person = await parts.volunteers.find(id) or {}
        by_area = not principal.areas.isdisjoint(person.get("area_path", ()))
        by_grid = person.get("grid_id") in principal.grids
        if principal.role is not Role.ADMINISTRATOR and not (by_area or by_grid):
            raise Problem(403, "wrong-area")
    sums, latest = await parts.hours.of_volunteer(id, since, until)
    return VolunteerHours(
        volunteer_id=id,
        **sums,
        no_shows=await parts.activities.no_shows(id),
        items=[shown_hours(one) for one in latest],
    )


@router.post("/hours/{id}/confirm")
async def confirm_hours(
    request: Request, response: Response, id: EntryId, body: Confirmation, principal: Worker
) -> HoursView:
    """Who received the service says that it was so; with other hours than counted, why."""
    if body.hours is not None and body.reason is None:
        raise Problem(422, "invalid-content", message="field.missing", field="reason", count=1)
    by, now = by_of(principal), moment()
    return await _act(
        request, response, id, principal,
        lambda state: hours.confirm(state, by, now, body.hours, body.reason or ""),
    )  # fmt: skip


@router.post("/hours/{id}/correct")
async def correct_hours(
    request: Request, response: Response, id: EntryId, body: Correction, principal: Worker
) -> HoursView:
    """Put hours right, before or after they were confirmed."""
    by, now = by_of(principal), moment()
    return await _act(
        request, response, id, principal,
        lambda state: hours.correct(state, body.hours, body.reason, by, now),
    )  # fmt: skip


@router.post("/hours/{id}/void")
async def void_hours(
    request: Request, response: Response, id: EntryId, body: Voiding, principal: Worker
) -> HoursView:
    """The service was not so: its hours count no more."""
    return await _act(
        request, response, id, principal, lambda state: hours.void(state, body.reason)
    )


@router.post("/activities/{id}/confirm-hours")
async def confirm_all(
    request: Request, response: Response, id: EntryId, principal: Worker
) -> Confirmed:
    """Confirm all hours of an activity that are still to be confirmed and are not the caller's."""
    parts = parts_of(request)
    number, by, now = 0, by_of(principal), moment()
    for one in await parts.hours.ids_of(id):
        _, state = await _load(request, one)
        if principal.volunteer_id == state.volunteer_id:
            continue
        await _act(request, response, one, principal, lambda state: hours.confirm(state, by, now))
        number += 1
    return Confirmed(confirmed=number)


async def _load(request: Request, id: str) -> tuple[int, HoursState]:
    found = await parts_of(request).hours.store.get(id)
    if found is None or found.state is None:
        raise Problem(404, "hours-not-found", id=id)
    return found.version, found.state


def _ensure_sees(principal: Principal, state: HoursState) -> None:
    own = principal.volunteer_id is not None and principal.volunteer_id == state.volunteer_id
    if not own and not may_confirm(principal, state):
        raise Problem(403, "hours-not-yours")


async def _act(
    request: Request,
    response: Response,
    id: str,
    principal: Principal,
    decide: Callable[[HoursState], Decision[HoursState] | None],
) -> HoursView:
    """Check who, decide, write."""
    await _load(request, id)

    def checked(state: HoursState | None) -> Decision[HoursState] | None:
        assert state is not None
        ensure_may_confirm(principal, state)
        try:
            return decide(state)
        except Ruled as rule:
            raise ruled(rule) from None

    done = await parts_of(request).hours.store.execute(
        id, checked, by=by_of(principal), version=if_match(request)
    )
    assert done.state is not None
    response.headers["ETag"] = etag(done.version)
    return shown_hours(done.state)
