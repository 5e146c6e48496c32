"""The columns of a board. Pure; what a task's own state says of its column is kept with it."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts.task_life import PauseKind


class Column(StrEnum):
    """Where a task stands by its state alone; kept in the document and indexed."""

    NONE = "none"
    """On no board: not known yet, or ended without work."""
    ASKING = "asking"
    TO_ACCEPT = "to_accept"
    IN_HAND = "in_hand"
    WAITING = "waiting_for_resident"
    SET_ASIDE = "set_aside"
    DECIDING = "awaiting_decision"
    DONE = "done"


class Shown(StrEnum):
    """A column as it is shown: each open task stands in exactly one at every moment."""

    DECIDING = "awaiting_decision"
    """Somebody above has to decide something."""
    OVERDUE = "overdue"
    """Past its deadline while it is asked about, to be accepted, or in hand."""
    DUE_SOON = "due_soon"
    """In hand, and due within the hours of the table."""
    TO_ACCEPT = "to_accept"
    ASKING = "asking"
    """Volunteers are asked."""
    IN_HAND = "in_hand"
    WAITING = "waiting_for_resident"
    SET_ASIDE = "set_aside"
    """Deferred on record (挂账)."""
    DONE_LATELY = "done_lately"
    """Completed or finally answered within the days of the table."""


RUNNING = (Column.ASKING, Column.TO_ACCEPT, Column.IN_HAND)
"""Columns whose clock runs."""
KEPT_AS: dict[Shown, tuple[Column, ...]] = {
    Shown.DECIDING: (Column.DECIDING,),
    Shown.OVERDUE: RUNNING,
    Shown.DUE_SOON: (Column.IN_HAND,),
    Shown.TO_ACCEPT: (Column.TO_ACCEPT,),
    Shown.ASKING: (Column.ASKING,),
    Shown.IN_HAND: (Column.IN_HAND,),
    Shown.WAITING: (Column.WAITING,),
    Shown.SET_ASIDE: (Column.SET_ASIDE,),
    Shown.DONE_LATELY: (Column.DONE,),
}
"""What is kept of the tasks that a shown column may hold."""


def kept(
    *,
    is_open: bool,
    done: bool,
    status_column: Column,
    paused: PauseKind | None,
    decides: bool,
) -> Column:
    """The column of a state; `status_column` is that of an open task without more to say."""
    if done:
        return Column.DONE
    if not is_open:
        return Column.NONE
    if decides:
        return Column.DECIDING
    if paused is not None:
        return Column.WAITING if paused is PauseKind.RESIDENT else Column.SET_ASIDE
    return status_column


def between(
    shown: Shown, now: datetime, soon: timedelta, lately: timedelta
) -> tuple[datetime | None, datetime | None]:
    """From (inclusive) and until (exclusive) when the deadline, or the end, of its tasks lies."""
    match shown:
        case Shown.OVERDUE:
            return None, now
        case Shown.DUE_SOON:
            return now, now + soon
        case Shown.IN_HAND:
            return now + soon, None
        case Shown.TO_ACCEPT | Shown.ASKING:
            return now, None
        case Shown.DONE_LATELY:
            return now - lately, None
        case _:
            return None, None


def shown(column: Column, at: datetime, now: datetime, soon: timedelta) -> Shown | None:
    """Where a task is shown now; None: on no board. `at`: its deadline, or when it was done."""
    if column in RUNNING and at < now:
        return Shown.OVERDUE
    if column is Column.IN_HAND and at < now + soon:
        return Shown.DUE_SOON
    same = {Column.NONE: None, Column.DONE: Shown.DONE_LATELY}
    return same[column] if column in same else Shown(column.value)
