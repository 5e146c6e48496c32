"""Decisions on pairings; pure (policy, art. 12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.registry import money
from services.registry.money import Line, PaymentBody, SourceTable
from services.registry.pairings.schemas import (
    BudgetBody,
    GoalBody,
    PairingBody,
    RenewBody,
    SideName,
    SummaryBody,
)
from services.registry.pairings.state import Goal, PairingState, Summary, Term, snapshot
from services.registry.pairings.table import PairingRule, PairingTable
from services.registry.records.table import WorkTable
from services.registry.schemas import ReasonBody
from services.registry.service.base import Known, Referred
from services.registry.standing import (
    Standing,
    Standings,
    acts_for,
    both_paths,
    both_units,
    ensure_acts_for,
)
from services.registry.watch import telling
from shared.contracts.plans import PairingEnded, PairingEnding
from shared.contracts.words import label
from shared.storage.aggregates import Decision, IdempotencyConflict
from shared.storage.encryption import Seal
from shared.web.auth import Principal
from shared.web.money import fen
from shared.web.problems import Problem

LINES_LIMIT = 40
SIDES: dict[SideName, tuple[str, str]] = {
    "giver": ("帮扶方", "giver"),
    "taker": ("受助方", "taker"),
}


def pair(
    id: str,
    body: PairingBody,
    principal: Principal,
    *,
    table: PairingTable,
    works: WorkTable,
    sources: SourceTable,
    parties: Standings,
    people: Known,
    held: Mapping[str, int],
    seal: Seal,
) -> Decision[PairingState]:
    """Make a pairing. Raises `Problem` 403, 422.

    Args:
        held: how many of the six assets each side has, where the kind asks for it.
    """
    giver, taker = parties.find(body.giver, "giver"), parties.find(body.taker, "taker")
    ensure_acts_for(principal, giver.party(), taker.party())
    check_fit(table.by_kind.get(body.kind), body, giver, taker, held)
    if body.person_id is not None:
        check_sent(people.find("people", body.person_id, "person_id"), giver)
    for number, line in enumerate(body.budget):
        sources.check(line.source, f"budget.{number}.source")
    state = PairingState(
        kind=body.kind,
        giver=giver.party(),
        taker=taker.party(),
        person_id=body.person_id,
        area_path=both_paths(giver.party(), taker.party()),
        units=both_units(giver.party(), taker.party()),
        terms=(term_of(body.since, body.until, body.goals, table, works),),
        lines=_lines(body.budget, 0, seal),
        reason=body.reason,
    )
    return Decision(state, [snapshot(id, state)], "paired")


def check_fit(
    rule: PairingRule | None,
    body: PairingBody,
    giver: Standing,
    taker: Standing,
    held: Mapping[str, int],
) -> None:
    """Raise `Problem` 422 where the two do not fit the kind (art. 12, by the table).

    The strong help the weak: which of two is stronger is counted, by the six assets that each has
    (art. 4). Where that does not tell, a person says why these two.
    """
    zh = label(f"pairing.{body.kind}")
    if giver.organization_id == taker.organization_id:
        raise Problem(422, "same-organization", field="taker")
    for field, who in (("giver", giver), ("taker", taker)):
        if rule is None or not getattr(rule, field).fits(who):
            where = "/v1/pairing-kinds"
            raise Problem(422, "pairing-does-not-fit", field=field, where=where, zh=zh)
    assert rule is not None
    alike = giver.domain is taker.domain
    if rule.domains != "any" and alike is not (rule.domains == "same"):
        raise Problem(422, f"pairing-domains-{rule.domains}", field="taker", zh=zh)
    if rule.other_area and giver.scope == taker.scope:
        raise Problem(422, "pairing-same-area", field="taker", zh=zh)
    if rule.person and body.person_id is None:
        raise Problem(422, "person-needed", field="person_id", zh=zh)
    if not rule.person and body.person_id is not None:
        raise Problem(422, "person-not-wanted", field="person_id", zh=zh)
    own, other = held.get(giver.organization_id, 0), held.get(taker.organization_id, 0)
    if rule.stronger and own <= other and body.reason is None:
        raise Problem(422, "not-stronger", field="giver", zh=zh, giver=own, taker=other)


def check_sent(person: Referred, giver: Standing) -> None:
    """Raise `Problem` 422 where the person sent is not the giver's: its member, or of its unit."""
    member = person.organization_id == giver.organization_id
    if not member and (giver.unit_id is None or person.unit_id != giver.unit_id):
        raise Problem(422, "person-not-of-giver", field="person_id")


def term_of(
    since: datetime,
    until: datetime,
    goals: Sequence[GoalBody],
    table: PairingTable,
    works: WorkTable,
) -> Term:
    """A term. Raises `Problem` 422."""
    if until <= since:
        raise Problem(422, "until-before-since", field="until")
    for number, goal in enumerate(goals):
        works.find(goal.work, f"goals.{number}.work")
        if not since < goal.by <= until:
            raise Problem(422, "goal-outside-term", field=f"goals.{number}.by")
    return Term(
        since=since,
        until=until,
        warn_at=max(since, until - timedelta(days=table.warn_days)),
        goals=tuple(Goal(**goal.model_dump()) for goal in goals),
    )


def _lines(
    budget: Sequence[BudgetBody], before: int, seal: Seal, attempt: str | None = None
) -> tuple[Line, ...]:
    return tuple(
        Line(
            id=str(number),
            source=line.source,
            fen=fen(line.yuan),
            purpose=seal("purpose", line.purpose),
            attempt=attempt,
        )
        for number, line in enumerate(budget, before + 1)
    )


def _open(state: PairingState, principal: Principal) -> None:
    ensure_acts_for(principal, state.giver, state.taker)
    if state.ended:
        raise Problem(409, "pairing-is-ended")


def _changed(id: str, state: PairingState, why: str) -> Decision[PairingState]:
    return Decision(state, [snapshot(id, state)], why)


def _last(state: PairingState, **changes: object) -> tuple[Term, ...]:
    return (*state.terms[:-1], state.term.model_copy(update=changes))


def sum_up(
    state: PairingState, body: SummaryBody, principal: Principal, now: datetime, seal: Seal, by: str
) -> Decision[PairingState]:
    """Keep a side's summary of the term, instead of its earlier one. Raises `Problem` 403, 409."""
    _open(state, principal)
    if not acts_for(principal, getattr(state, body.side)):
        zh, en = SIDES[body.side]
        raise Problem(403, "not-this-side", side_zh=zh, side_en=en)
    said = Summary(at=now, by=by, words=seal("summary", body.words))
    terms = _last(state, **{f"{body.side}_summary": said})
    return Decision(state.model_copy(update={"terms": terms}), [], f"summary of the {body.side}")


def _ensure_summed_up(id: str, term: Term) -> None:
    missing = [words for side, words in SIDES.items() if getattr(term, f"{side}_summary") is None]
    if missing:
        raise Problem(
            409,
            "summary-needed",
            id=id,
            missing_zh="、".join(zh for zh, _ in missing),
            missing_en=", ".join(en for _, en in missing),
        )


def renew(
    state: PairingState,
    id: str,
    body: RenewBody,
    principal: Principal,
    table: PairingTable,
    works: WorkTable,
) -> Decision[PairingState]:
    """Begin a further term. Raises `Problem` 403, 409, 422."""
    _open(state, principal)
    _ensure_summed_up(id, state.term)
    new = term_of(state.term.until, body.until, body.goals, table, works)
    terms = (*_last(state, outcome="renewed", reason=body.reason), new)
    return _changed(id, state.model_copy(update={"terms": terms}), body.reason)


def end(
    state: PairingState, id: str, body: ReasonBody, principal: Principal, now: datetime
) -> Decision[PairingState]:
    """End it, before or after its term is over. Raises `Problem` 403, 409."""
    _open(state, principal)
    _ensure_summed_up(id, state.term)
    return closed(id, state, body.reason, now)


def closed(id: str, state: PairingState, reason: str, now: datetime) -> Decision[PairingState]:
    """End it, whoever asks; its end is told unless that of its term was."""
    told = state.term.over
    terms = _last(state, outcome="ended", reason=reason, over=True)
    new = state.model_copy(update={"terms": terms})
    if not told:
        new = telling(new, now, _ended(id, new, early=now < state.term.until))
    return _changed(id, new, reason)


def _ended(id: str, state: PairingState, *, early: bool) -> PairingEnded:
    return PairingEnded(
        pairing_id=id,
        kind=state.kind,
        giver=state.giver.organization_id,
        taker=state.taker.organization_id,
        until=state.term.until,
        early=early,
    )


def on_due(id: str, state: PairingState, now: datetime) -> Decision[PairingState] | None:
    """Tell that the term ends soon, or that it is over; once each, the second without the first."""
    due = state.due()
    if due is None or due > now:
        return None
    term = state.term
    if term.until <= now:
        over = state.model_copy(update={"terms": _last(state, warned=True, over=True)})
        return Decision(telling(over, now, _ended(id, state, early=False)), [], "term over")
    warned = state.model_copy(update={"terms": _last(state, warned=True)})
    fact = PairingEnding(
        pairing_id=id,
        kind=state.kind,
        giver=state.giver.organization_id,
        taker=state.taker.organization_id,
        until=term.until,
    )
    return Decision(telling(warned, now, fact), [], "term ends soon")


def add_money(
    state: PairingState,
    id: str,
    attempt: str,
    body: BudgetBody,
    principal: Principal,
    sources: SourceTable,
    seal: Seal,
) -> Decision[PairingState] | None:
    """Add a line of money, once for one `attempt`.

    Raises:
        Problem: 403, 409, 422.
        IdempotencyConflict: the attempt was another line.
    """
    _open(state, principal)
    sources.check(body.source, "source")
    for line in state.lines:
        if line.attempt == attempt:
            if (line.source, line.fen) != (body.source, fen(body.yuan)):
                raise IdempotencyConflict
            return None
    if len(state.lines) >= LINES_LIMIT:
        raise Problem(409, "too-many-lines", limit=LINES_LIMIT)
    lines = (*state.lines, *_lines([body], len(state.lines), seal, attempt))
    return _changed(id, state.model_copy(update={"lines": lines}), "money added")


def pay(
    state: PairingState, id: str, payment_id: str, body: PaymentBody, principal: Principal, by: str
) -> Decision[PairingState] | None:
    """Record a payment; also after the end, for what is still owed. Raises `Problem` 403, 409."""
    ensure_acts_for(principal, state.giver, state.taker)
    payments = money.pay(state.lines, state.payments, payment_id, body, by)
    if payments is None:
        return None
    return _changed(id, state.model_copy(update={"payments": payments}), "paid")


def void_payment(
    state: PairingState, id: str, payment_id: str, body: ReasonBody, principal: Principal
) -> Decision[PairingState] | None:
    """Take a payment out of the count. Raises `Problem` 403, 404."""
    ensure_acts_for(principal, state.giver, state.taker)
    payments = money.void(state.payments, payment_id, body.reason)
    if payments is None:
        return None
    return _changed(id, state.model_copy(update={"payments": payments}), body.reason)
