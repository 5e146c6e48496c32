"""Leaders' contact points (联系点): visits, what was promised there, and what came of it; pure.

Policy, art. 15: leaders go down often and look for themselves. What a leader promised stays open
until it is kept, or it is said why not.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.assessment.service.figures import SubjectKind
from services.assessment.service.pieces import Piece
from services.assessment.statements.table import StatementRules
from shared.contracts.payload import Payload
from shared.contracts.statements import (
    ContactPointClosed,
    ContactPointOpened,
    ContactPointSilent,
    ContactPointVisited,
    PromisedDone,
)
from shared.storage.aggregates import Decision, State
from shared.web.problems import Problem

VISITS_LIMIT = 500


class Promised(Piece):
    """Something promised at a visit; texts are sealed."""

    id: str
    words: str
    by: datetime
    kept: bool | None = None
    """None: open."""
    result: str | None = None
    done_at: datetime | None = None
    done_by: str | None = None


class Visit(Piece):
    """A visit; `found` is sealed."""

    id: str
    at: datetime
    by: str
    found: str
    promised: tuple[Promised, ...] = ()


class ContactPoint(State):
    """A place that a leader keeps contact with."""

    point_id: str
    leader: str
    kind: SubjectKind
    place_id: str
    area_path: tuple[str, ...] = ()
    unit_id: str | None = None
    opened_at: datetime
    visits: tuple[Visit, ...] = ()
    closed: str | None = None
    open_items: int = 0
    silent_at: datetime | None = None
    """When there will have been no visit for too long; None once it is closed."""
    told_silent: bool = False

    @property
    def last(self) -> datetime:
        """The last visit, or when it was opened."""
        return max([self.opened_at, *(visit.at for visit in self.visits)])

    def next_due(self) -> datetime | None:
        """See `State.next_due`."""
        return None if self.told_silent else self.silent_at


def _settled(
    state: ContactPoint,
    rules: StatementRules,
    why: str,
    events: Sequence[Payload],
    **changes: Any,
) -> Decision[ContactPoint]:
    new = state.model_copy(update=changes)
    silent_at = None if new.closed is not None else new.last + timedelta(days=rules.visit_days)
    items = [item for visit in new.visits for item in visit.promised]
    new = new.model_copy(
        update={
            "silent_at": silent_at,
            "told_silent": new.told_silent and silent_at == state.silent_at,
            "open_items": sum(item.kept is None for item in items),
        }
    )
    return Decision(new, events, why)


def open_point(new: ContactPoint, rules: StatementRules) -> Decision[ContactPoint]:
    """A leader keeps contact with a place from now on."""
    told = ContactPointOpened(
        point_id=new.point_id,
        leader=new.leader,
        place_kind=new.kind.value,
        place_id=new.place_id,
        area_path=new.area_path,
    )
    return _settled(new, rules, "opened", [told])


def _ensure_open(state: ContactPoint) -> None:
    if state.closed is not None:
        raise Problem(409, "contact-point-closed")


def visit(state: ContactPoint, made: Visit, rules: StatementRules) -> Decision[ContactPoint] | None:
    """Record a visit, once for its id. Raises `Problem` 409, 422."""
    if any(each.id == made.id for each in state.visits):
        return None
    _ensure_open(state)
    if len(state.visits) >= VISITS_LIMIT:
        raise Problem(409, "too-many-visits", limit=VISITS_LIMIT)
    for number, item in enumerate(made.promised):
        if item.by < made.at:
            raise Problem(422, "promised-before-visit", field=f"promised.{number}.by")
    told = ContactPointVisited(
        point_id=state.point_id, leader=state.leader, at=made.at, promised=len(made.promised)
    )
    visits = tuple(sorted([*state.visits, made], key=lambda each: each.at))
    return _settled(state, rules, "visited", [told], visits=visits)


def settle_item(
    state: ContactPoint,
    id: str,
    kept: bool,
    result: str,
    by: str,
    now: datetime,
    rules: StatementRules,
) -> Decision[ContactPoint]:
    """Say what came of something promised; also after the point was closed. Raises `Problem`."""
    item = next((i for v in state.visits for i in v.promised if i.id == id), None)
    if item is None:
        raise Problem(404, "promised-not-found", id=id)
    if item.kept is not None:
        raise Problem(409, "promised-settled", id=id)
    done = item.model_copy(update={"kept": kept, "result": result, "done_at": now, "done_by": by})
    visits = tuple(
        v.model_copy(update={"promised": tuple(done if i is item else i for i in v.promised)})
        for v in state.visits
    )
    told = PromisedDone(point_id=state.point_id, leader=state.leader, item=id, kept=kept)
    return _settled(state, rules, "kept" if kept else "not kept", [told], visits=visits)


def close(state: ContactPoint, reason: str, rules: StatementRules) -> Decision[ContactPoint] | None:
    """The leader keeps it no more; what is open of it stays open. None where that was done."""
    if state.closed is not None:
        return None
    told = ContactPointClosed(point_id=state.point_id, leader=state.leader)
    return _settled(state, rules, reason, [told], closed=reason)


def on_due(
    state: ContactPoint, now: datetime, rules: StatementRules
) -> Decision[ContactPoint] | None:
    """Tell once that there was no visit for too long.

    Where the table has changed meanwhile, its time counts from the last visit.
    """
    if state.next_due() is None:
        return None
    settled = _settled(state, rules, "another table", [])
    silent_at = settled.state.silent_at
    if silent_at is None or now < silent_at:
        return settled if silent_at != state.silent_at else None
    told = ContactPointSilent(point_id=state.point_id, leader=state.leader, since=state.last)
    new = settled.state.model_copy(update={"told_silent": True})
    return Decision(new, [told], "no visit for too long")
