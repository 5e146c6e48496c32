"""Whistles (吹哨报到): a street or community summons units for what is beyond it. Pure.

Each summoned unit has its own way: summoned → reported in → (said what it will do) → done; its
rating comes after that, or after the end. Whoever has not reported in by its time is told of once,
to the duty officer above the whistling area. See docs/dispatch/joint.md.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field

from services.volunteer_dispatch.service.calendar import whole
from services.volunteer_dispatch.service.context import Context
from services.volunteer_dispatch.service.returns import Ruled
from shared.contracts import whistles
from shared.contracts.payload import Moment, Payload
from shared.contracts.tasks import Assignee
from shared.contracts.whistles import WhistleCase
from shared.storage.aggregates import At, Decision, State


class Status(StrEnum):
    """How a whistle stands."""

    OPEN = "open"
    ENDED = "ended"


class Rating(BaseModel):
    """What the whistler thinks of a unit's work; `words` are encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rating: int
    at: Moment
    by: str
    words: str | None = None


class Summoned(BaseModel):
    """One summoned unit. `plan` and `result` are encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    unit: Assignee
    asks: str
    report_by: Moment
    reported_at: Moment | None = None
    absent: bool = False
    """Whether it was told that it has not reported in."""
    plan: str | None = None
    planned_at: Moment | None = None
    result: str | None = None
    done_at: Moment | None = None
    rating: Rating | None = None

    @property
    def in_time(self) -> bool:
        """Whether it reported in by its time."""
        return self.reported_at is not None and self.reported_at <= self.report_by

    def absent_at(self) -> datetime | None:
        """When it is told that it has not reported in."""
        return None if self.absent or self.reported_at is not None else self.report_by

    def having(self, **changes: Any) -> "Summoned":
        """This one with changes."""
        return self.model_copy(update=changes)


class WhistleState(State):
    """A whistle; `text` is encrypted."""

    whistle_id: str
    case: WhistleCase
    area: str
    area_path: tuple[str, ...]
    text: str
    blown_at: Moment
    blown_by: str
    supervisor: Assignee
    """The duty officer above the whistling area, who hears of absent units."""
    task_id: str | None = None
    request_id: str | None = None
    summoned: tuple[Summoned, ...]
    status: Status = Status.OPEN
    ended_at: Moment | None = None
    ended_by: str | None = None
    outcome: str | None = None
    """How it ended; encrypted."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def units(self) -> tuple[str, ...]:
        """Ids of the summoned units."""
        return tuple(one.unit.id for one in self.summoned)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def late(self) -> bool:
        """Whether a unit was told absent and still has not reported in."""
        is_open = self.status is Status.OPEN
        return is_open and any(one.absent and one.reported_at is None for one in self.summoned)

    def next_due(self) -> datetime | None:
        """See `State`."""
        if self.status is Status.ENDED:
            return None
        return min((at for one in self.summoned if (at := one.absent_at())), default=None)

    def of(self, unit_id: str) -> Summoned | None:
        """The summoned unit."""
        return next((one for one in self.summoned if one.unit.id == unit_id), None)

    def having(self, **changes: Any) -> "WhistleState":
        """This state with changes."""
        return self.model_copy(update=changes)


Step = Decision[WhistleState]


def blow(state: WhistleState) -> Step:
    """Summon the units of a new whistle."""
    event = whistles.WhistleBlown(
        **_about(state),
        area_path=state.area_path,
        summoned=tuple(
            whistles.Summons(unit=one.unit, report_by=one.report_by) for one in state.summoned
        ),
        task_id=state.task_id,
        request_id=state.request_id,
    )
    return Decision(state, (event,), state.case.value)


def report_in(state: WhistleState, unit_id: str, context: Context) -> Step:
    """The unit reports in, also one that is late. Raises `Ruled`."""
    one = _open(state, unit_id)
    if one.reported_at is not None:
        raise Ruled("whistle-reported-already", unit=unit_id)
    when = whole(context.now)
    one = one.having(reported_at=when)
    event = whistles.WhistleReportedIn(
        **_summons(state, one), reported_at=when, in_time=one.in_time
    )
    return Decision(_with(state, one), (At(when, event),))


def plan(state: WhistleState, unit_id: str, sealed: str, context: Context) -> Step:
    """The unit says what it will do; said again it replaces what was said. Raises `Ruled`."""
    one = _there(state, unit_id)
    first = one.plan is None
    one = one.having(plan=sealed, planned_at=whole(context.now))
    event = whistles.WhistlePlanned(**_summons(state, one))
    return Decision(_with(state, one), (event,) if first else (), "" if first else "said anew")


def done(state: WhistleState, unit_id: str, sealed: str, context: Context) -> Step:
    """The unit did its work. Raises `Ruled`."""
    one = _there(state, unit_id)
    one = one.having(result=sealed, done_at=whole(context.now))
    return Decision(_with(state, one), (whistles.WhistleUnitDone(**_summons(state, one)),))


def rate(
    state: WhistleState, unit_id: str, rating: int, sealed: str | None, by: str, context: Context
) -> Step:
    """The whistler rates a unit that is done, or any once the whistle has ended. Raises `Ruled`."""
    one = _known(state, unit_id)
    if one.rating is not None:
        raise Ruled("whistle-rated", unit=unit_id, rating=one.rating.rating)
    if one.done_at is None and state.status is Status.OPEN:
        raise Ruled("whistle-not-done", unit=unit_id)
    given = Rating(rating=rating, at=whole(context.now), by=by, words=sealed)
    one = one.having(rating=given)
    event = whistles.WhistleRated(
        **_summons(state, one),
        rating=rating,
        reported_at=one.reported_at,
        in_time=one.in_time,
        done=one.done_at is not None,
    )
    return Decision(_with(state, one), (event,))


def end(state: WhistleState, sealed: str, by: str, context: Context) -> Step:
    """The whistler ends it. Raises `Ruled`."""
    if state.status is Status.ENDED:
        raise Ruled("whistle-ended")
    absent = tuple(one.unit.id for one in state.summoned if one.reported_at is None)
    ended = state.having(
        status=Status.ENDED, ended_at=whole(context.now), ended_by=by, outcome=sealed
    )
    return Decision(ended, (whistles.WhistleEnded(**_about(state), absent=absent),))


def on_due(state: WhistleState, now: datetime) -> Step | None:
    """Tell of every unit that has not reported in by its time."""
    events: list[Payload] = []
    if state.status is Status.OPEN:
        for one in state.summoned:
            at = one.absent_at()
            if at is not None and at <= now:
                state = _with(state, one.having(absent=True))
                events.append(
                    whistles.WhistleAbsent(**_summons(state, one), supervisor=state.supervisor)
                )
    return Decision(state, events, "not reported in") if events else None


def supervisor_of(path: tuple[str, ...], context: Context) -> Assignee:
    """The duty officer one level above the last area of `path`; of the top, its own."""
    return context.directory.area_duty(path[-2] if len(path) > 1 else path[-1])


def _known(state: WhistleState, unit_id: str) -> Summoned:
    one = state.of(unit_id)
    if one is None:
        raise Ruled("whistle-not-summoned", unit=unit_id)
    return one


def _open(state: WhistleState, unit_id: str) -> Summoned:
    one = _known(state, unit_id)
    if state.status is Status.ENDED:
        raise Ruled("whistle-ended")
    return one


def _there(state: WhistleState, unit_id: str) -> Summoned:
    """A unit that has reported in and is not done."""
    one = _open(state, unit_id)
    if one.reported_at is None:
        raise Ruled("whistle-not-there", unit=unit_id)
    if one.done_at is not None:
        raise Ruled("whistle-done-already", unit=unit_id)
    return one


def _with(state: WhistleState, changed: Summoned) -> WhistleState:
    same = changed.unit.id
    return state.having(
        summoned=tuple(changed if one.unit.id == same else one for one in state.summoned)
    )


def _about(state: WhistleState) -> dict[str, Any]:
    return {"whistle_id": state.whistle_id, "case": state.case, "area": state.area}


def _summons(state: WhistleState, one: Summoned) -> Mapping[str, Any]:
    return {**_about(state), "unit": one.unit, "report_by": one.report_by}
