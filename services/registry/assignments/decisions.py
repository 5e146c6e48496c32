"""Decisions on assigned tasks; pure."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.registry import money
from services.registry.assignments.schemas import AssignmentBody, ReturnBody, Status, WordsBody
from services.registry.assignments.table import AssignmentTable, TaskKind
from services.registry.money import Line, Payment, PaymentBody, SourceTable
from services.registry.pairings.schemas import ReasonBody
from services.registry.service.base import Known
from services.registry.standing import (
    RANK,
    Party,
    Standing,
    Standings,
    both_paths,
    both_units,
    ensure_acts_for,
    line_between,
)
from services.registry.standing import Line as LineOfCommand
from services.registry.stores import Seal
from services.registry.watch import Watched, telling
from shared.contracts.plans import AssignmentChanged, AssignmentFundsOverdue, AssignmentOverdue
from shared.contracts.words import ResourceKind
from shared.storage.aggregates import Decision
from shared.web.auth import Principal
from shared.web.problems import Problem

NOTES_LIMIT = 200
STATUS_ZH: dict[Status, str] = {
    "assigned": "待接收",
    "accepted": "办理中",
    "returned": "已退回",
    "done": "已办结",
    "cancelled": "已撤回",
}
_OPEN: tuple[Status, ...] = ("assigned", "accepted")


class Resource(BaseModel):
    """What comes with a task beside money; `what` is encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ResourceKind
    quantity: float
    what: str | None


class Note(BaseModel):
    """How a task goes; `words` are encrypted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    at: datetime
    by: str
    words: str


class AssignmentState(Watched):
    """An assigned task; all words are encrypted, `lines` are its funds."""

    kind: str
    assigner: Party
    receiver: Party
    units: tuple[str, ...]
    line: LineOfCommand
    words: str
    residents_of: str | None
    until: datetime
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...] = ()
    resources: tuple[Resource, ...]
    no_cost_reason: str | None
    status: Status = "assigned"
    progress: tuple[Note, ...] = ()
    result: str | None = None
    return_reason: str | None = None
    return_words: str | None = None
    overdue: bool = False
    unpaid_by: datetime | None = None
    """The earliest date of money owed and not paid in full; follows from the rest (`settled`)."""
    told_unpaid: tuple[str, ...] = ()
    """Lines whose delay was told."""

    def owed(self) -> tuple[Line, ...]:
        """Lines not yet paid in full; a task that was given back or withdrawn is owed nothing."""
        if self.status in ("returned", "cancelled"):
            return ()
        return tuple(x for x in self.lines if money.paid(self.payments, x.id) < x.fen)

    def due(self) -> datetime | None:
        """The next of: its date while it is open, the dates of money owed; those not yet told."""
        dates = [x.by for x in self.owed() if x.by and x.id not in self.told_unpaid]
        if self.status in _OPEN and not self.overdue:
            dates.append(self.until)
        return min(dates, default=None)


def settled(state: AssignmentState) -> AssignmentState:
    """`state` with `unpaid_by` as the rest of it says."""
    dates = [line.by for line in state.owed() if line.by is not None]
    return state.model_copy(update={"unpaid_by": min(dates, default=None)})


def snapshot(id: str, state: AssignmentState) -> AssignmentChanged:
    """What others get to know of it."""
    return AssignmentChanged(
        assignment_id=id,
        kind=state.kind,
        assigner=state.assigner.organization_id,
        receiver=state.receiver.organization_id,
        residents_of=state.residents_of,
        until=state.until,
        status=state.status,
        return_reason=state.return_reason,
        promised_yuan=money.promised(state.lines) / 100,
        paid_yuan=money.paid(state.payments) / 100,
    )


def _changed(id: str, state: AssignmentState, why: str) -> Decision[AssignmentState]:
    new = settled(state)
    return Decision(new, [snapshot(id, new)], why)


def assign(
    id: str,
    body: AssignmentBody,
    principal: Principal,
    now: datetime,
    *,
    table: AssignmentTable,
    sources: SourceTable,
    parties: Standings,
    areas: Known,
    seal: Seal,
) -> Decision[AssignmentState]:
    """Assign a task. Raises `Problem` 403, 422."""
    assigner = parties.find(body.assigner, "assigner")
    receiver = parties.find(body.receiver, "receiver")
    ensure_acts_for(principal, assigner.party())
    line = check_line(assigner, receiver)
    kind = table.kind(body.kind)
    check_money(body, kind, receiver, table)
    check_channel(body, kind, receiver, table, areas)
    _ensure_later(body.until, now, "until")
    for number, fund in enumerate(body.funds):
        _ensure_later(fund.by, now, f"funds.{number}.by")
        sources.check(fund.source, f"funds.{number}.source")
    sides = (assigner.party(), receiver.party())
    state = AssignmentState(
        kind=body.kind,
        assigner=sides[0],
        receiver=sides[1],
        area_path=both_paths(*sides),
        units=both_units(*sides),
        line=line,
        words=seal("words", body.words),
        residents_of=body.residents_of,
        until=body.until,
        lines=tuple(
            Line(
                id=str(number),
                source=fund.source,
                fen=money.fen(fund.yuan),
                by=fund.by,
                purpose=fund.purpose and seal("purpose", fund.purpose),
            )
            for number, fund in enumerate(body.funds, 1)
        ),
        resources=tuple(
            Resource(kind=r.kind, quantity=r.quantity, what=r.what and seal("what", r.what))
            for r in body.resources
        ),
        no_cost_reason=body.no_cost_reason and seal("no_cost", body.no_cost_reason),
    )
    return _changed(id, state, "assigned")


def _ensure_later(date: datetime, now: datetime, field: str) -> None:
    if date <= now:
        raise Problem(422, "date-past", field=field)


def check_line(assigner: Standing, receiver: Standing) -> LineOfCommand:
    """The line along which a task may go (art. 12, 14). Raises `Problem` 422.

    A department may assign to organizations that are not of its own tree, in the area that it
    answers for.
    """
    names: dict[str, Any] = {
        "assigner": assigner.organization_id,
        "receiver": receiver.organization_id,
    }
    if RANK[assigner.level] >= RANK[receiver.level]:
        raise Problem(422, "not-a-lower-level", field="receiver", **names)
    line = line_between(assigner, receiver)
    if line is None:
        raise Problem(422, "no-line", field="receiver", **names)
    return line


def check_money(
    body: AssignmentBody, kind: TaskKind, receiver: Standing, table: AssignmentTable
) -> None:
    """Money follows the task (art. 12). Raises `Problem` 422."""
    if body.no_cost_reason is not None and not kind.without_cost:
        raise Problem(422, "cost-free-kind-only", field="no_cost_reason", zh=kind.zh)
    given = body.funds or body.resources or body.no_cost_reason
    if not given and receiver.level in table.grassroots_levels:
        message = "funds-or-reason-needed" if kind.without_cost else "funds-needed"
        raise Problem(422, "funds-needed", message=message, field="funds")


def check_channel(
    body: AssignmentBody,
    kind: TaskKind,
    receiver: Standing,
    table: AssignmentTable,
    areas: Known,
) -> None:
    """A task for residents goes through their own organization (art. 12). Raises `Problem` 422.

    At the grassroots that is a village, community or street organization that answers for the
    area: the residents' own, or one over it that passes the task on; not another unit's branch in
    the same place. A higher receiver is on the way down, and only has to answer for the area.
    """
    area = body.residents_of
    if area is None:
        if kind.for_residents:
            raise Problem(422, "area-of-residents-needed", field="residents_of", zh=kind.zh)
        return
    path = areas.find("areas", area, "residents_of").path
    channel = receiver.level not in table.grassroots_levels or (
        receiver.domain in table.channel_domains
    )
    if not channel or not receiver.serves(path):
        where = f"/v1/organizations?area={area}"
        raise Problem(422, "around-the-organization", field="receiver", where=where, area=area)


# The receiver


def _of_receiver(state: AssignmentState, principal: Principal, *status: Status) -> None:
    ensure_acts_for(principal, state.receiver)
    _ensure(state, *status)


def _ensure(state: AssignmentState, *status: Status) -> None:
    if state.status not in status:
        zh = STATUS_ZH[state.status]
        raise Problem(409, "wrong-status", state=state.status, zh=zh)


def accept(
    state: AssignmentState, id: str, principal: Principal
) -> Decision[AssignmentState] | None:
    """Take it on. Raises `Problem` 403, 409."""
    _of_receiver(state, principal, *_OPEN)
    if state.status == "accepted":
        return None
    return _changed(id, state.model_copy(update={"status": "accepted"}), "accepted")


def give_back(
    state: AssignmentState,
    id: str,
    body: ReturnBody,
    principal: Principal,
    table: AssignmentTable,
    seal: Seal,
) -> Decision[AssignmentState]:
    """Return it, with a reason of the list; also after it was accepted, where money never came.

    Raises `Problem` 403, 409, 422.
    """
    _of_receiver(state, principal, *_OPEN)
    table.check_reason(body.reason)
    returned: dict[str, object] = {
        "status": "returned",
        "return_reason": body.reason,
        "return_words": body.words and seal("return", body.words),
    }
    return _changed(id, state.model_copy(update=returned), body.reason)


def progress(
    state: AssignmentState,
    note_id: str,
    body: WordsBody,
    principal: Principal,
    now: datetime,
    seal: Seal,
    by: str,
) -> Decision[AssignmentState] | None:
    """Say how it goes, once for one `note_id`. Raises `Problem` 403, 409."""
    _of_receiver(state, principal, "accepted")
    if any(note.id == note_id for note in state.progress):
        return None
    if len(state.progress) >= NOTES_LIMIT:
        raise Problem(409, "too-many-notes", limit=NOTES_LIMIT)
    note = Note(id=note_id, at=now, by=by, words=seal("note", body.words))
    new = state.model_copy(update={"progress": (*state.progress, note)})
    return Decision(new, [], "progress")


def finish(
    state: AssignmentState, id: str, body: WordsBody, principal: Principal, seal: Seal
) -> Decision[AssignmentState]:
    """It is done, with its result; money promised stays owed. Raises `Problem` 403, 409."""
    _of_receiver(state, principal, "accepted")
    done = {"status": "done", "result": seal("result", body.words)}
    return _changed(id, state.model_copy(update=done), "done")


# The assigner


def cancel(
    state: AssignmentState, id: str, body: ReasonBody, principal: Principal
) -> Decision[AssignmentState]:
    """Withdraw it, with the reason. Raises `Problem` 403, 409."""
    ensure_acts_for(principal, state.assigner)
    _ensure(state, *_OPEN)
    return _changed(id, state.model_copy(update={"status": "cancelled"}), body.reason)


def pay(
    state: AssignmentState,
    id: str,
    payment_id: str,
    body: PaymentBody,
    principal: Principal,
    by: str,
) -> Decision[AssignmentState] | None:
    """Record that promised money was paid. Raises `Problem` 403, 409, 422."""
    ensure_acts_for(principal, state.assigner)
    payments = money.pay(state.lines, state.payments, payment_id, body, by)
    if payments is None:
        return None
    return _changed(id, state.model_copy(update={"payments": payments}), "paid")


def void_payment(
    state: AssignmentState, id: str, payment_id: str, body: ReasonBody, principal: Principal
) -> Decision[AssignmentState] | None:
    """Take a payment out of the count; the receiver may too: it knows what came.

    Raises `Problem` 403, 404.
    """
    ensure_acts_for(principal, state.assigner, state.receiver)
    payments = money.void(state.payments, payment_id, body.reason)
    if payments is None:
        return None
    return _changed(id, state.model_copy(update={"payments": payments}), body.reason)


def on_due(id: str, state: AssignmentState, now: datetime) -> Decision[AssignmentState] | None:
    """Tell that it is overdue, and which money was not paid by its date; each once."""
    told: list[AssignmentOverdue | AssignmentFundsOverdue] = []
    names = {
        "assignment_id": id,
        "assigner": state.assigner.organization_id,
        "receiver": state.receiver.organization_id,
    }
    overdue = state.overdue
    if state.status in _OPEN and not overdue and state.until <= now:
        overdue = True
        told.append(AssignmentOverdue(**names, until=state.until))
    late = [
        line
        for line in state.owed()
        if line.by is not None and line.by <= now and line.id not in state.told_unpaid
    ]
    for line in late:
        assert line.by is not None
        missing = line.fen - money.paid(state.payments, line.id)
        told.append(
            AssignmentFundsOverdue(
                **names,
                line=line.id,
                promised_yuan=line.fen / 100,
                missing_yuan=missing / 100,
                by=line.by,
            )
        )
    if not told:
        return None
    lines = (*state.told_unpaid, *(line.id for line in late))
    new = state.model_copy(update={"overdue": overdue, "told_unpaid": lines})
    return Decision(telling(new, now, *told), [], "overdue")
