"""What happens to an activity: sign-ups, places, waves of alerts, attendance. Pure.

A step is the new state with the facts that tell of it. What the rules forbid raises `Ruled`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.volunteer_dispatch.service.activity_state import (
    LIVE,
    ActivityState,
    ActivityStatus,
    Invite,
    Served,
    SignUp,
)
from services.volunteer_dispatch.service.activity_tables import ActivityTable
from services.volunteer_dispatch.service.alerting import (
    ACCEPTED,
    DECLINED,
    SILENT,
    WITHDRAWN,
    Answer,
)
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.explain import Explained
from services.volunteer_dispatch.service.returns import Ruled
from services.volunteer_dispatch.service.seats import joined, moved_up
from shared.contracts import volunteering
from shared.contracts.payload import Payload
from shared.contracts.volunteering import PlaceChange
from shared.storage.aggregates import Decision

Step = tuple[ActivityState, tuple[Payload, ...]]
_WAVES = 5
"""Explanations kept."""


def publish(state: ActivityState) -> Decision[ActivityState]:
    """It asks for volunteers from now on."""
    told = volunteering.ActivityPublished(
        **state.model_dump(include=set(volunteering.ActivityPublished.model_fields) - {"point"}),
        point=state.point and state.point.rounded(),
    )
    return Decision(state, (told,), "published")


def fits(state: ActivityState, skills: Sequence[str]) -> tuple[int, ...]:
    """The kinds of places that somebody with these skills fits."""
    return tuple(
        n for n, place in enumerate(state.places) if place.skill is None or place.skill in skills
    )


def sign_up(
    state: ActivityState,
    volunteer_id: str,
    skills: Sequence[str],
    token: str,
    now: datetime,
    table: ActivityTable,
) -> Step:
    """A place, or one on the waiting list. Raises `Ruled`."""
    _ensure_open(state, now)
    if state.of(volunteer_id) is not None:
        raise Ruled("signed-up-already")
    kinds = fits(state, skills)
    if not kinds:
        raise Ruled("no-place-fits")
    newcomer = SignUp(volunteer_id=volunteer_id, token=token, at=now, fits=kinds)
    seated = joined(state, newcomer)
    if seated is None:
        if len(state.waiting) >= table.waiting_at_most:
            raise Ruled("waiting-list-full")
        seated = state.having(sign_ups=(*state.sign_ups, newcomer))
    change: PlaceChange = "waiting" if _one(seated, volunteer_id).seat is None else "signed_up"
    invites = seated.invites
    if invites.of(volunteer_id) is not None:
        seated = seated.having(invites=invites.ended({volunteer_id: ACCEPTED}))
    return _when_full(seated), (_told(state, volunteer_id, change),)


def ensure_may_sign_up(state: ActivityState, volunteer_id: str, now: datetime) -> None:
    """What is known before time is booked. Raises `Ruled`."""
    _ensure_open(state, now)
    if state.of(volunteer_id) is not None:
        raise Ruled("signed-up-already")


def leave(state: ActivityState, volunteer_id: str, now: datetime) -> Step:
    """Give the place back before it starts; the first who waits and fits gets it. `Ruled`."""
    one = _one(state, volunteer_id)
    if state.status not in LIVE or now >= state.starts_at:
        raise Ruled("activity-began")
    others = tuple(other for other in state.sign_ups if other is not one)
    left = state.having(sign_ups=others, releases=(*state.releases, one.booking))
    left, lucky = moved_up(left)
    left = left.having(invites=left.invites.having(full=False, wake=None))
    events = [_told(state, volunteer_id, "left")]
    events += [_told(state, id, "moved_up") for id in lucky]
    return _when_full(left), tuple(events)


def decline(state: ActivityState, volunteer_id: str) -> Step:
    """One who was asked says no: others are asked."""
    if state.invites.of(volunteer_id) is None:
        raise Ruled("not-asked")
    invites = state.invites.ended({volunteer_id: DECLINED}).having(full=False, wake=None)
    return state.having(invites=invites), ()


def cancel(state: ActivityState, now: datetime) -> Step:
    """It does not take place: everybody's time is free again. Raises `Ruled`."""
    if state.status not in LIVE or now >= state.starts_at:
        raise Ruled("activity-began")
    return _called_off(state, "organizer")


def _called_off(state: ActivityState, reason: str) -> Step:
    bookings = tuple(one.booking for one in state.sign_ups)
    ended = _withdrawn(state).having(
        status=ActivityStatus.CANCELLED,
        cancelled=reason,
        releases=(*state.releases, *bookings),
    )
    told = volunteering.ActivityCancelled(activity_id=state.activity_id, reason=reason)
    return ended, (told,)


# Asking


def rest(state: ActivityState, until: datetime | None) -> ActivityState:
    """Ask nobody until then; None: until something changes."""
    wake = None if until is None else whole(until)
    return state.having(invites=state.invites.having(full=True, wake=wake))


def asked(
    state: ActivityState,
    invites: Sequence[Invite],
    explained: Explained,
    again: datetime | None,
) -> Step:
    """These were asked; where they are not enough, the loop looks `again` later."""
    after = state.invites.having(
        open=(*state.invites.open, *invites),
        asked=(*state.invites.asked, *(one.volunteer_id for one in invites)),
        full=True,
        wake=None if again is None else whole(again),
    )
    state = state.having(invites=after, explained=(*state.explained, explained)[-_WAVES:])
    if not invites:
        return state, ()
    told = volunteering.ActivityAlerted(
        activity_id=state.activity_id,
        volunteer_ids=tuple(one.volunteer_id for one in invites),
        answer_by=invites[0].until,
    )
    return state, (told,)


def _withdrawn(state: ActivityState) -> ActivityState:
    ids = [one.volunteer_id for one in state.invites.open]
    invites = state.invites.ended(dict.fromkeys(ids, WITHDRAWN)) if ids else state.invites
    return state.having(invites=invites.having(wake=None))


def _when_full(state: ActivityState) -> ActivityState:
    """Once it is full, who was asked need not answer."""
    return state if any(state.free) else _withdrawn(state)


# Attendance


def check_in(state: ActivityState, volunteer_id: str, now: datetime, table: ActivityTable) -> Step:
    """Somebody is there; again changes nothing. Raises `Ruled`."""
    one = _one(state, volunteer_id)
    opens = state.starts_at - timedelta(minutes=table.check_in_minutes_before)
    if state.status not in LIVE or not opens <= now < state.settles_at:
        raise Ruled("check-in-closed", since=f"{opens:%Y-%m-%d %H:%M}Z")
    if one.seat is None:
        raise Ruled("no-place-yet")
    if one.checked_in is not None:
        return state, ()
    changed = _changed(state, one.model_copy(update={"checked_in": now}))
    return changed, (_told(state, volunteer_id, "checked_in"),)


def check_out(state: ActivityState, volunteer_id: str, now: datetime) -> Step:
    """Somebody goes; the first time counts. Raises `Ruled`."""
    one = _one(state, volunteer_id)
    if state.status not in LIVE or one.checked_in is None:
        raise Ruled("not-checked-in")
    if one.checked_out is not None:
        return state, ()
    changed = _changed(state, one.model_copy(update={"checked_out": now}))
    return changed, (_told(state, volunteer_id, "checked_out"),)


def _settle(state: ActivityState) -> Step:
    """Who did not come is a no-show; who came has served, until the planned end at the latest
    where nobody checked out."""
    there = [one for one in state.going if one.checked_in is not None]
    missing = [one for one in state.going if one.checked_in is None]
    served = tuple(
        Served(
            volunteer_id=one.volunteer_id,
            began_at=one.checked_in,
            ended_at=max(one.checked_out or state.ends_at, one.checked_in),
            checked_out=one.checked_out is not None,
        )
        for one in there
        if one.checked_in is not None
    )
    absent = {one.volunteer_id for one in missing}
    sign_ups = tuple(
        one.model_copy(update={"no_show": True}) if one.volunteer_id in absent else one
        for one in state.sign_ups
    )
    ended = state.having(
        status=ActivityStatus.ENDED,
        sign_ups=sign_ups,
        served=served,
        releases=(*state.releases, *(one.booking for one in state.sign_ups)),
    )
    no_shows = tuple(one.volunteer_id for one in missing)
    told = [_told(state, id, "no_show") for id in no_shows]
    over = volunteering.ActivityEnded(
        activity_id=state.activity_id,
        attended=tuple(one.volunteer_id for one in there),
        no_shows=no_shows,
    )
    return ended, (*told, over)


# Time


def on_due(state: ActivityState, now: datetime) -> Decision[ActivityState] | None:
    """Somebody's time to answer has passed, sign-up is over, or the activity is."""
    match state.status:
        case ActivityStatus.OPEN if state.sign_up_until <= now:
            if len(state.going) < state.minimum:
                return Decision(*_called_off(state, "below_minimum"), "below the minimum")
            closed = _withdrawn(state).having(status=ActivityStatus.CLOSED)
            return Decision(closed, (), "sign-up is over")
        case ActivityStatus.OPEN:
            return _silence(state, now)
        case ActivityStatus.CLOSED if state.settles_at <= now:
            return Decision(*_settle(state), "over")
        case _:
            return None


def _silence(state: ActivityState, now: datetime) -> Decision[ActivityState] | None:
    invites = state.invites
    late = [one for one in invites.open if not one.silent and one.until <= now]
    awake = invites.wake is not None and invites.wake <= now
    if not late and not awake:
        return None
    still = tuple(
        one.model_copy(update={"silent": True}) if one in late else one for one in invites.open
    )
    silent = (Answer(volunteer_id=one.volunteer_id, token=one.token, said=SILENT) for one in late)
    after = invites.having(open=still, answers=(*invites.answers, *silent), full=False, wake=None)
    return Decision(state.having(invites=after), (), "not answered, or time to look again")


def _ensure_open(state: ActivityState, now: datetime) -> None:
    if state.status is not ActivityStatus.OPEN or now >= state.sign_up_until:
        raise Ruled("sign-up-over")


def _one(state: ActivityState, volunteer_id: str) -> SignUp:
    one = state.of(volunteer_id)
    if one is None:
        raise Ruled("not-signed-up")
    return one


def _changed(state: ActivityState, changed: SignUp) -> ActivityState:
    return state.having(
        sign_ups=tuple(
            changed if one.volunteer_id == changed.volunteer_id else one for one in state.sign_ups
        )
    )


def _told(
    state: ActivityState, volunteer_id: str, change: PlaceChange
) -> volunteering.ActivityPlaceChanged:
    return volunteering.ActivityPlaceChanged(
        activity_id=state.activity_id, volunteer_id=volunteer_id, change=change
    )
