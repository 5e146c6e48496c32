"""Decisions on marks for care and their visits; pure (policy, art. 3).

A document is one round of a mark, from one visit to the next: `{mark}-{round}`. When its visit is
recorded it is done, and the next round follows (`successor`). So a round's facts are numbered
from 1, and another service can follow one round without the ones before it.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from services.registry.care.table import CareKind
from services.registry.records.decisions import RecordState
from shared.contracts.care import CareDone, CareDue, CareEnded, CareOverdue
from shared.contracts.tasks import Assignee
from shared.contracts.words import AssigneeKind
from shared.contracts.work import About
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

Stage = Literal["upcoming", "due", "overdue", "done", "ended"]
OPEN: tuple[Stage, ...] = ("upcoming", "due", "overdue")
WORK = "care_visit"
BY = "service:volunteer-dispatch"


class Care(State):
    """A round of a mark. `note` is sealed; `open_as` (person and kind) while it is the running one.

    `following` is since when the next round is to be made; `retired` once it is over, so that no
    new record refers to it. `visited_by` had the task of the visit in dispatch and completed it:
    the record of the visit is made from it.
    """

    mark: str
    round: int
    person_id: str
    kind: str
    grid_id: str
    area_path: tuple[str, ...]
    due_at: datetime
    overdue_at: datetime
    note: str | None = None
    stage: Stage = "upcoming"
    open_as: str | None = None
    done_at: datetime | None = None
    following: datetime | None = None
    retired: bool = False
    visited_by: Assignee | None = None

    def next_due(self) -> datetime | None:
        """When it is due, then when it is overdue."""
        return {"upcoming": self.due_at, "due": self.overdue_at}.get(self.stage)


class Where(NamedTuple):
    """Where the person belongs now."""

    grid_id: str
    area_path: tuple[str, ...]
    retired: bool = False


def round_id(mark: str, round: int) -> str:
    """The id of a round's document."""
    return f"{mark}-{round}"


def open_as(person_id: str, kind: str) -> str:
    """What a running round is known by: there is one for each person and kind of care."""
    return f"{person_id}/{kind}"


def mark_for_care(
    mark: str, person_id: str, where: Where, kind: CareKind, note: str | None, now: datetime
) -> Decision[Care]:
    """Mark a person for care; the first visit is due now."""
    state = Care(
        mark=mark,
        round=1,
        person_id=person_id,
        kind=kind.code,
        grid_id=where.grid_id,
        area_path=where.area_path,
        note=note,
        open_as=open_as(person_id, kind.code),
        **_due(now, kind),
    )
    return Decision(state, why="marked for care")


def _due(at: datetime, kind: CareKind) -> dict[str, Any]:
    return {"due_at": at, "overdue_at": at + timedelta(days=kind.overdue_after_days)}


def next_at(at: datetime, kind: CareKind | None) -> datetime:
    """When a visit is due after one at `at`; a kind that the table has no more stays monthly."""
    return at + timedelta(days=30 if kind is None else kind.every_days)


def visited(
    state: Care,
    at: datetime,
    kind: CareKind | None,
    now: datetime,
    by: Assignee | None = None,
) -> Decision[Care] | None:
    """A visit was recorded; None where this round is over. Raises `Problem` 409 for ended care.

    Args:
        by: who completed its task in dispatch; None: the record is there.
    """
    if state.stage == "ended":
        raise Problem(409, "care-ended", where="/v1/care")
    if state.stage == "done":
        return None
    done = state.model_copy(
        update={
            "stage": "done",
            "done_at": at,
            "open_as": None,
            "following": now,
            "retired": True,
            "visited_by": by,
        }
    )
    told = CareDone(at=at, next_due_at=next_at(at, kind), **_of(state))
    return Decision(done, [told], "a visit was recorded", at)


def successor(state: Care, where: Where | None, kind: CareKind | None) -> Decision[Care] | None:
    """The round after a done one; None where the person or the kind of care is no more."""
    if where is None or where.retired or kind is None or state.done_at is None:
        return None
    return Decision(
        state.model_copy(
            update={
                "round": state.round + 1,
                "stage": "upcoming",
                "grid_id": where.grid_id,
                "area_path": where.area_path,
                "open_as": open_as(state.person_id, state.kind),
                "done_at": None,
                "following": None,
                "retired": False,
                "visited_by": None,
            }
            | _due(next_at(state.done_at, kind), kind)
        ),
        why="the visit before was made",
    )


def record_of(id: str, state: Care, by: Assignee) -> RecordState:
    """The record of the visit in round `id` that was told by dispatch."""
    assert state.done_at is not None
    return RecordState(
        work=WORK,
        at=state.done_at,
        organization_id=by.organization_id,
        person_id=by.id if by.kind is AssigneeKind.VOLUNTEER else None,
        about=About(kind="care", id=id),
        quantity=1,
        words=None,
        area_path=state.area_path,
        unit_id=by.unit_id,
        recorded_by=BY,
    )


def followed(state: Care | None) -> Decision[Care] | None:
    """Note that the next round is there, or is not to be."""
    if state is None or state.following is None:
        return None
    return Decision(state.model_copy(update={"following": None}), why="the next round is there")


def end(state: Care, reason: str) -> Decision[Care] | None:
    """Take the mark away; None where it was."""
    if state.stage in ("done", "ended"):
        return None
    update = {"stage": "ended", "open_as": None, "retired": True}
    return Decision(state.model_copy(update=update), [CareEnded(**_of(state))], reason)


def on_due(
    state: Care,
    now: datetime,
    where: Where | None,
    visit: datetime | None = None,
    kind: CareKind | None = None,
) -> Decision[Care] | None:
    """Tell that the visit is due, then that it is overdue, in the grid that the person is of now.

    Args:
        where: None, or retired: the mark goes with the person.
        visit: when a visit for this round was recorded, though the round does not know it.
    """
    if where is None or where.retired:
        return end(state, "the person is not registered any more")
    if visit is not None:
        return visited(state, visit, kind, now)
    if state.stage == "upcoming" and state.due_at <= now:
        moved = _moved(state, where, "due")
        told = CareDue(due_at=state.due_at, overdue_at=state.overdue_at, **_of(moved))
        return Decision(moved, [told], "a visit is due")
    if state.stage == "due" and state.overdue_at <= now:
        moved = _moved(state, where, "overdue")
        return Decision(
            moved, [CareOverdue(due_at=state.due_at, **_of(moved))], "no visit was recorded"
        )
    return None


def moved(state: Care | None, where: Where) -> Decision[Care] | None:
    """A running round goes along with its person, so that those see it who answer there now."""
    if state is None or state.stage not in OPEN:
        return None
    new = _moved(state, where, state.stage)
    return None if new == state else Decision(new, why="the person belongs elsewhere now")


def _moved(state: Care, where: Where, stage: Stage) -> Care:
    return state.model_copy(
        update={"grid_id": where.grid_id, "area_path": where.area_path, "stage": stage}
    )


def _of(state: Care) -> dict[str, Any]:
    """What every fact carries: neither who is marked nor why."""
    return {
        "care_id": state.mark,
        "round": state.round,
        "grid_id": state.grid_id,
        "area_path": state.area_path,
    }
