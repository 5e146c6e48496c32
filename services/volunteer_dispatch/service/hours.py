"""Service hours: one document for each service of a person, confirmed by who received it. Pure.

A service is one task in one round, or one activity: its id follows from that, so that it is counted
once however often it is told.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.volunteer_dispatch.service.activity_state import ActivityState, Served
from services.volunteer_dispatch.service.activity_tables import HoursTable
from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.returns import Ruled
from shared.contracts import volunteering
from shared.contracts.ids import derived_id
from shared.contracts.payload import Moment, Payload
from shared.storage.aggregates import At, Decision, State


class HoursStatus(StrEnum):
    """How hours stand; only confirmed ones count."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    VOID = "void"


class Revision(BaseModel):
    """Hours that were put right."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Moment
    by: str
    before: float
    hours: float
    reason: str


class HoursState(State):
    """Hours of one service."""

    hours_id: str
    volunteer_id: str
    source: Literal["task", "activity"]
    source_id: str
    round: int = 1
    kind: str
    """The task's category, or the kind of activity."""
    began_at: Moment
    ended_at: Moment
    checked_out: bool = True
    """False: nobody checked out, the planned end counts."""
    hours: float
    counted: float
    """As the table counted them, before anybody put them right."""
    capped: bool = False
    area_path: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    """Areas whose managers may confirm."""
    grid_id: str | None = None
    receiver_unit_id: str | None = None
    """The unit that received the service."""
    leader_id: str | None = None
    """The volunteer who led on site."""
    unit_id: str | None = None
    """The volunteer's unit."""
    status: HoursStatus = HoursStatus.PROPOSED
    confirmed_at: Moment | None = None
    confirmed_by: str | None = None
    revisions: tuple[Revision, ...] = ()
    void_reason: str | None = None

    def having(self, **changes: Any) -> "HoursState":
        """This state with changes."""
        return self.model_copy(update=changes)


def hours_id(source: str, source_id: str, round: int, volunteer_id: str) -> str:
    """The id of a service."""
    return derived_id("hours", source, source_id, str(round), volunteer_id)


def of_activity(
    state: ActivityState, served: Served, unit_id: str | None, table: HoursTable
) -> HoursState:
    """Hours of an attendance, from check-in to check-out."""
    seconds = (served.ended_at - served.began_at).total_seconds()
    hours, capped = table.counted(seconds, table.activity_at_most)
    return HoursState(
        hours_id=hours_id("activity", state.activity_id, 1, served.volunteer_id),
        volunteer_id=served.volunteer_id,
        source="activity",
        source_id=state.activity_id,
        kind=state.kind,
        began_at=served.began_at,
        ended_at=served.ended_at,
        checked_out=served.checked_out,
        hours=hours,
        counted=hours,
        capped=capped,
        area_path=state.area_path,
        areas=state.area_path,
        grid_id=state.grid_id,
        receiver_unit_id=state.organizer.unit_id,
        leader_id=state.leader_id,
        unit_id=unit_id,
    )


def of_task(
    *,
    task_id: str,
    round: int,
    volunteer_id: str,
    unit_id: str | None,
    category: str,
    area_path: tuple[str, ...],
    areas: tuple[str, ...],
    grid_id: str | None,
    accepted_at: datetime,
    completed_at: datetime,
    table: HoursTable,
) -> HoursState:
    """Hours of a task in one round, from its acceptance to its completion."""
    seconds = (completed_at - accepted_at).total_seconds()
    hours, capped = table.counted(seconds, table.task_cap(category))
    return HoursState(
        hours_id=hours_id("task", task_id, round, volunteer_id),
        volunteer_id=volunteer_id,
        source="task",
        source_id=task_id,
        round=round,
        kind=category,
        began_at=min(accepted_at, completed_at),
        ended_at=completed_at,
        hours=hours,
        counted=hours,
        capped=capped,
        area_path=area_path,
        areas=areas,
        grid_id=grid_id,
        unit_id=unit_id,
    )


def confirm(
    state: HoursState, by: str, now: datetime, hours: float | None = None, reason: str = ""
) -> Decision[HoursState] | None:
    """Who received the service says that it was so, or with other `hours`; again changes nothing.
    Raises `Ruled`."""
    match state.status:
        case HoursStatus.VOID:
            raise Ruled("hours-void")
        case HoursStatus.CONFIRMED:
            return None if hours is None else correct(state, hours, reason, by, now)
    if hours is not None and (corrected := correct(state, hours, reason, by, now)):
        state = corrected.state
    told = volunteering.HoursConfirmed(
        **state.model_dump(include=set(volunteering.HoursConfirmed.model_fields))
    )
    confirmed = state.having(status=HoursStatus.CONFIRMED, confirmed_at=whole(now), confirmed_by=by)
    return Decision(confirmed, (At(state.ended_at, told),), reason or "confirmed")


def correct(
    state: HoursState, hours: float, reason: str, by: str, now: datetime
) -> Decision[HoursState] | None:
    """Put the hours right, before or after they were confirmed. Raises `Ruled`."""
    if state.status is HoursStatus.VOID:
        raise Ruled("hours-void")
    if hours == state.hours:
        return None
    revision = Revision(at=whole(now), by=by, before=state.hours, hours=hours, reason=reason)
    events: tuple[Payload, ...] = ()
    if state.status is HoursStatus.CONFIRMED:
        events = (
            volunteering.HoursCorrected(
                hours_id=state.hours_id,
                volunteer_id=state.volunteer_id,
                hours=hours,
                before=state.hours,
            ),
        )
    corrected = state.having(hours=hours, revisions=(*state.revisions, revision))
    return Decision(corrected, events, reason)


def void(state: HoursState, reason: str) -> Decision[HoursState] | None:
    """The service was not so: it counts no more; it stays readable."""
    if state.status is HoursStatus.VOID:
        return None
    events: tuple[Payload, ...] = ()
    if state.status is HoursStatus.CONFIRMED:
        events = (
            volunteering.HoursVoided(hours_id=state.hours_id, volunteer_id=state.volunteer_id),
        )
    return Decision(state.having(status=HoursStatus.VOID, void_reason=reason), events, reason)
