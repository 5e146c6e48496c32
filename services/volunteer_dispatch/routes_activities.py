"""Activities with many places over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import Depends, Query, Request, Response

from services.volunteer_dispatch.activity_desk import (
    act,
    code_of,
    ensure_code,
    in_charge,
    load_activity,
    manages,
    moment,
    ruled,
    shown,
)
from services.volunteer_dispatch.desk import Worker, by_of, known_assignee, parts_of
from services.volunteer_dispatch.parts import Parts
from services.volunteer_dispatch.schemas import Refusal
from services.volunteer_dispatch.schemas_activities import (
    ActivityBody,
    ActivityDetail,
    ActivityView,
    CodeView,
    OnSite,
    shown_activity,
)
from services.volunteer_dispatch.service import activities
from services.volunteer_dispatch.service.activity_state import (
    LIVE,
    ActivityState,
    ActivityStatus,
    Booking,
)
from services.volunteer_dispatch.service.activity_tables import ActivityTable
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.volunteers import Span
from shared.contracts.ids import uuid7
from shared.contracts.payload import Point
from shared.contracts.volunteering import Places
from shared.contracts.words import AssigneeKind
from shared.storage.aggregates import Contended, Decision
from shared.web.auth import Principal, Role, require
from shared.web.etag import etag
from shared.web.idempotency import IDEMPOTENT, idempotency_of
from shared.web.paging import Page, Paging, paging
from shared.web.problems import Problem
from shared.web.routing import Router
from shared.web.schemas import AreaCode, Json, Slug, Time

router = Router(prefix="/v1", tags=["activities"])

Organizer = Annotated[
    Principal,
    Depends(require(Role.UNIT_OPERATOR, Role.GRID_LEADER, Role.AREA_MANAGER, Role.ADMINISTRATOR)),
]
Volunteer = Annotated[Principal, Depends(require(Role.VOLUNTEER))]
_LONGEST = timedelta(hours=24)
_TRIES = 30


@router.post(
    "/activities", status_code=201, response_model=ActivityDetail, openapi_extra=IDEMPOTENT
)
async def publish_activity(request: Request, body: ActivityBody, principal: Organizer) -> Response:
    """Publish an activity; volunteers who fit are asked in waves, and everybody can sign up."""
    parts = parts_of(request)
    id = uuid7()
    state = _state(parts, id, body)
    organizer = body.organizer
    foreign = organizer.kind is not AssigneeKind.GRID_TEAM or organizer.id not in principal.grids
    if not manages(principal, state) or (principal.role is Role.GRID_LEADER and foreign):
        raise Problem(403, "activity-not-yours")
    if body.leader_id is not None and await parts.volunteers.find(body.leader_id) is None:
        raise Problem(422, "volunteer-unknown", field="leader_id", id=body.leader_id)
    answer = shown(state, principal).model_dump(mode="json")
    made = await parts.activities.store.create(
        id,
        activities.publish(state),
        by=by_of(principal),
        answer=answer,
        idempotency=await idempotency_of(request),
    )
    return Json(made.answer, 201, headers={"Location": f"/v1/activities/{made.id}"})


def _state(parts: Parts, id: str, body: ActivityBody) -> ActivityState:
    """The activity of a body. Raises `Problem` 422."""
    table = parts.tables.get(ActivityTable)
    kinds = [kind.code for kind in table.kinds]
    if body.kind not in kinds:
        raise Problem(422, "activity-kind-unknown", field="kind", allowed=kinds, kind=body.kind)
    total = sum(place.number for place in body.places)
    once = len({place.skill for place in body.places}) == len(body.places)
    if not once or total > table.places_at_most or body.minimum > total:
        raise Problem(422, "activity-places", field="places", most=table.places_at_most)
    times = (datetime.now(UTC), body.sign_up_until, body.starts_at, body.ends_at)
    if not (times[0] < times[1] <= times[2] < times[3] <= times[2] + _LONGEST):
        raise Problem(422, "activity-times", field="starts_at")
    if body.organizer.kind is AssigneeKind.VOLUNTEER:
        raise Problem(422, "decided-for-volunteer", field="organizer.kind")
    area = _area(parts, body)
    return ActivityState(
        activity_id=id,
        title=body.title,
        kind=body.kind,
        words=body.words,
        meeting_place=body.meeting_place,
        area_path=parts.directory.path_of(area),
        grid_id=body.grid_id,
        point=body.point and Point(**body.point.model_dump()),
        organizer=known_assignee(parts, body.organizer, "organizer.id"),
        leader_id=body.leader_id,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        sign_up_until=body.sign_up_until,
        settles_at=body.ends_at + timedelta(minutes=table.check_out_minutes_after),
        places=tuple(Places(**place.model_dump()) for place in body.places),
        minimum=body.minimum,
    )


def _area(parts: Parts, body: ActivityBody) -> str:
    """The area of the activity's place. Raises `Problem` 422."""
    directory, area = parts.directory, body.area
    field, kind, id = "area", AssigneeKind.AREA_DUTY, body.area
    if body.grid_id is not None:
        field, kind, id = "grid_id", AssigneeKind.GRID_TEAM, body.grid_id
        area = directory.grids[id].area if directory.knows(kind, id) else None
    elif body.point is None:
        id = None
    if id is None:
        raise Problem(422, "activity-place-needed", field="grid_id")
    if area is None or not directory.knows(kind, id):
        raise Problem(422, "assignee-unknown", field=field, kind=kind.value, id=id)
    return area


@router.get("/activities")
async def list_activities(
    request: Request,
    principal: Worker,
    page: Annotated[Paging, Depends(paging)],
    status: Annotated[
        list[ActivityStatus] | None, Query(description="Live ones unless given")
    ] = None,
    area: AreaCode | None = None,
    kind: Slug | None = None,
    mine: Annotated[bool, Query(description="Only those that the caller is in")] = False,
    fits: Annotated[bool, Query(description="Only with free places that the caller fits")] = False,
    until: Annotated[Time | None, Query(description="Beginning before")] = None,
) -> Page[ActivityView]:
    """Activities by their start."""
    parts = parts_of(request)
    person = await parts.volunteers.find(principal.volunteer_id or "") if fits else None
    found = await parts.activities.find(
        page,
        statuses=tuple(status or LIVE),
        area=area,
        kind=kind,
        volunteer_id=(principal.volunteer_id or "") if mine else None,
        until=until,
        skills=tuple((person or {}).get("skills") or ()) if fits else None,
    )
    items, next = page.cut(found, lambda row: (row["state"]["starts_at"], row["_id"]))
    views = [
        ActivityView.model_validate(
            shown_activity(ActivityState.model_validate(row["state"]), principal.volunteer_id)
        )
        for row in items
    ]
    return Page(items=views, next=next)


@router.get("/activities/{id}")
async def show_activity(
    request: Request, response: Response, id: str, principal: Worker
) -> ActivityDetail:
    """One activity, with its `ETag`."""
    found, state = await load_activity(parts_of(request), id)
    response.headers["ETag"] = etag(found.version)
    return shown(state, principal)


@router.post("/activities/{id}/sign-up")
async def sign_up(
    request: Request, response: Response, id: str, principal: Volunteer
) -> ActivityDetail:
    """Take a place, or one on the waiting list; asked or not.

    The time is booked with the volunteer first, then the place is written on the version read.
    """
    parts, volunteer_id = parts_of(request), principal.volunteer_id or ""
    for attempt in range(_TRIES):
        found, state = await load_activity(parts, id)
        now = moment()
        try:
            activities.ensure_may_sign_up(state, volunteer_id, now)
        except Ruled as rule:
            raise ruled(rule) from None
        volunteer = await parts.volunteers.find(volunteer_id)
        if volunteer is None:
            raise Problem(404, "volunteer-unknown", id=volunteer_id)
        booking = Booking(volunteer_id=volunteer_id, token=uuid4().hex)
        span = Span(state.starts_at, state.ends_at)
        if not await parts.bookings.book(booking, id, span, now):
            raise Problem(409, "time-taken")
        try:
            step = activities.sign_up(
                state,
                volunteer_id,
                volunteer.get("skills", ()),
                booking.token,
                now,
                parts.tables.get(ActivityTable),
            )
        except Ruled as rule:
            await parts.bookings.release(booking, now)
            raise ruled(rule) from None
        parts.activities.store.record(found, Decision(*step, "signed up"), by=by_of(principal))
        if await parts.activities.store.write([found]):
            response.headers["ETag"] = etag(found.version + 1)
            return shown(step[0], principal)
        await parts.bookings.release(booking, now)
        await asyncio.sleep(0.002 * attempt)
    raise Contended(id)


@router.post("/activities/{id}/leave")
async def leave(
    request: Request, response: Response, id: str, principal: Volunteer
) -> ActivityDetail:
    """Give the place back before the start; the first who waits and fits moves up."""
    parts, me, now = parts_of(request), principal.volunteer_id or "", moment()
    _, before = await load_activity(parts, id)
    answer = await act(
        request, response, id, principal,
        lambda state: activities.leave(state, me, now), "left", me,
    )  # fmt: skip
    own = before.of(me)
    if own is not None:
        await parts.bookings.release(own.booking, now)  # or by the loop, should this not come to it
    return answer


@router.post("/activities/{id}/decline")
async def decline(
    request: Request, response: Response, id: str, principal: Volunteer
) -> ActivityDetail:
    """Say no to an invitation; others are asked."""
    me = principal.volunteer_id or ""
    return await act(
        request, response, id, principal, lambda state: activities.decline(state, me), "declined"
    )


@router.post("/activities/{id}/cancel")
async def cancel(
    request: Request, response: Response, id: str, body: Refusal, principal: Organizer
) -> ActivityDetail:
    """Call the activity off, before it begins."""
    _, found = await load_activity(parts_of(request), id)
    if not manages(principal, found):
        raise Problem(403, "activity-not-yours")
    now = moment()
    return await act(
        request, response, id, principal,
        lambda state: activities.cancel(state, now), body.reason,
    )  # fmt: skip


@router.get("/activities/{id}/code")
async def show_code(request: Request, id: str, principal: Worker) -> CodeView:
    """The code to be shown on site; for those in charge."""
    parts = parts_of(request)
    _, state = await load_activity(parts, id)
    if not in_charge(principal, state):
        raise Problem(403, "activity-not-yours")
    return CodeView(code=code_of(parts, id))


@router.post("/activities/{id}/check-in")
async def check_in(
    request: Request, response: Response, id: str, body: OnSite, principal: Worker
) -> ActivityDetail:
    """Somebody is there: oneself with the code, or whom the one in charge names."""
    who, now = await _who(request, id, body, principal), moment()
    table = parts_of(request).tables.get(ActivityTable)
    return await act(
        request, response, id, principal,
        lambda state: activities.check_in(state, who, now, table), "on site", who,
    )  # fmt: skip


@router.post("/activities/{id}/check-out")
async def check_out(
    request: Request, response: Response, id: str, body: OnSite, principal: Worker
) -> ActivityDetail:
    """Somebody goes: oneself with the code, or whom the one in charge names."""
    who, now = await _who(request, id, body, principal), moment()
    return await act(
        request, response, id, principal,
        lambda state: activities.check_out(state, who, now), "goes", who,
    )  # fmt: skip


async def _who(request: Request, id: str, body: OnSite, principal: Principal) -> str:
    """Whose attendance it is. Raises `Problem` 403."""
    parts = parts_of(request)
    _, state = await load_activity(parts, id)
    if body.volunteer_id is not None and body.volunteer_id != principal.volunteer_id:
        if not in_charge(principal, state):
            raise Problem(403, "activity-not-yours")
        return body.volunteer_id
    ensure_code(parts, id, body.code)
    return principal.volunteer_id or ""
