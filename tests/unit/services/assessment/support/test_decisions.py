"""Guarantees: promised, given, taken back, overdue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.assessment.support import decisions
from services.assessment.support.schemas import GiftBody, GuaranteeBody
from services.assessment.support.state import Guarantee
from shared.contracts.support import GuaranteeChanged, GuaranteeOverdue
from shared.storage.aggregates import IdempotencyConflict
from shared.web.auth import Principal, Role
from tests.unit.services.assessment.decided import done, refused

MANAGER = Principal("m", Role.AREA_MANAGER, frozenset({"s1"}))
OTHER = Principal("x", Role.AREA_MANAGER, frozenset({"s2"}))
UNIT = Principal("u", Role.UNIT_OPERATOR, unit_id="u1")
BY = datetime(2026, 3, 31, tzinfo=UTC)
BODY = GuaranteeBody(
    kind="budget",
    organization_id="o1",
    giver="o0",
    year=2026,
    yuan=1000.5,
    by=BY,
    reason="街道预算",
)


def gift(yuan: float, at: datetime = BY - timedelta(days=9)) -> GiftBody:
    return GiftBody(yuan=yuan, at=at, reason="凭证")


def promised(**changes: Any) -> Guarantee:
    state = decisions.promise("g1", BODY, ["bj", "s1"], "u1", MANAGER).state
    return state.model_copy(update=changes)


def given(state: Guarantee, id: str, body: GiftBody) -> Guarantee:
    return done(decisions.give(state, id, body, MANAGER, "area_manager:m"))


def test_a_promise_tells_what_until_when_and_why() -> None:
    decision = decisions.promise("g1", BODY, ["bj", "s1"], "u1", MANAGER)
    assert decision.why == "街道预算"
    (told,) = decision.events
    assert isinstance(told, GuaranteeChanged)
    assert (told.promised_yuan, told.given_yuan, told.by) == (1000.5, 0.0, BY)


def test_nobody_guarantees_something_to_itself_or_in_anothers_area() -> None:
    own = BODY.model_copy(update={"giver": "o1"})
    with refused("guarantee-to-itself", 422):
        decisions.promise("g", own, ["s1"], None, MANAGER)
    with refused("wrong-area", 403):
        decisions.promise("g", BODY, ["s1"], "u1", OTHER)
    with refused("wrong-area", 403):
        decisions.promise("g", BODY, ["s1"], "u1", UNIT)


def test_never_more_is_given_than_promised_to_the_fen() -> None:
    state = given(promised(), "1", gift(1000.49))
    with refused("guarantee-overspent", 409):
        decisions.give(state, "2", gift(0.02), MANAGER, "m")
    assert given(state, "2", gift(0.01)).given == state.fen


def test_the_same_attempt_counts_once_and_another_under_its_key_is_refused() -> None:
    state = given(promised(), "1", gift(10))
    assert decisions.give(state, "1", gift(10), MANAGER, "m") is None
    with pytest.raises(IdempotencyConflict):
        decisions.give(state, "1", gift(11), MANAGER, "m")


def test_the_receiver_may_say_that_it_never_came() -> None:
    state = given(promised(), "1", gift(10))
    decision = decisions.void(state, "1", "没有收到", UNIT)
    assert decision is not None
    assert decision.state.given == 0
    assert decisions.void(decision.state, "1", "again", UNIT) is None
    stranger = replace(UNIT, unit_id="u2")
    with refused("wrong-area", 403):
        decisions.void(state, "1", "x", stranger)
    with refused("guarantee-gift-not-found", 404):
        decisions.void(state, "9", "x", UNIT)


def test_what_is_missing_after_its_date_is_told_once_and_again_after_a_gift_was_voided() -> None:
    state = given(promised(), "1", gift(1000.5))
    assert state.next_due() is None
    assert decisions.overdue(state, BY) is None
    voided = decisions.void(state, "1", "退回", MANAGER)
    assert voided is not None
    assert decisions.overdue(voided.state, BY - timedelta(seconds=1)) is None
    told = decisions.overdue(voided.state, BY)
    assert told is not None
    (fact,) = told.events
    assert isinstance(fact, GuaranteeOverdue)
    assert fact.missing_yuan == 1000.5
    assert decisions.overdue(told.state, BY + timedelta(days=9)) is None


def test_a_withdrawn_guarantee_is_owed_and_given_no_more() -> None:
    decision = decisions.withdraw(promised(), "撤销", MANAGER)
    assert decision is not None
    assert decision.state.next_due() is None
    assert decisions.withdraw(decision.state, "again", MANAGER) is None
    with refused("guarantee-withdrawn", 409):
        decisions.give(decision.state, "1", gift(1), MANAGER, "m")
