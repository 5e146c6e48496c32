"""Decisions on assigned tasks; pure (policy, art. 12: money and resources go with the task)."""

from datetime import datetime

from services.registry import money
from services.registry.assignments.rules import check_channel, check_line, check_money
from services.registry.assignments.schemas import AssignmentBody, ReturnBody, Status, WordsBody
from services.registry.assignments.state import (
    OPEN,
    AssignmentState,
    Note,
    Resource,
    settled,
    snapshot,
)
from services.registry.assignments.table import AssignmentTable
from services.registry.money import Line, PaymentBody, SourceTable
from services.registry.schemas import ReasonBody
from services.registry.service.base import Known
from services.registry.standing import (
    Standings,
    both_paths,
    both_units,
    ensure_acts_for,
)
from services.registry.watch import telling
from shared.contracts.plans import AssignmentFundsOverdue, AssignmentOverdue
from shared.storage.aggregates import Decision
from shared.storage.encryption import Seal
from shared.web.auth import Principal
from shared.web.money import fen
from shared.web.problems import Problem

NOTES_LIMIT = 200
STATUS_ZH: dict[Status, str] = {
    "assigned": "待接收",
    "accepted": "办理中",
    "returned": "已退回",
    "done": "已办结",
    "cancelled": "已撤回",
}


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
                fen=fen(fund.yuan),
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
    _of_receiver(state, principal, *OPEN)
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
    _of_receiver(state, principal, *OPEN)
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
    _ensure(state, *OPEN)
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
    if state.status in OPEN and not overdue and state.until <= now:
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
