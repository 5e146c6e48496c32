"""Money: never more paid than there is, whatever is paid and taken back in whatever order."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry import money
from services.registry.money import Line, Payment, PaymentBody
from shared.storage.aggregates import IdempotencyConflict
from shared.web.money import fen as to_fen
from shared.web.problems import Problem

AT = datetime(2026, 7, 1, tzinfo=UTC)
LINES = (Line(id="1", source="fiscal", fen=10_000), Line(id="2", source="own_funds", fen=30))


def body(line: str, yuan: float) -> PaymentBody:
    return PaymentBody(line=line, yuan=yuan, at=AT)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.sampled_from(["1", "2"]), st.integers(1, 9_000)),
        st.tuples(st.just("void"), st.integers(0, 20), st.just(0)),
    ),
    max_size=40,
)


@given(steps)
def test_no_sequence_of_payments_overspends_a_line(done: list[tuple[str, str | int, int]]) -> None:
    payments: tuple[Payment, ...] = ()
    refused: list[str] = []
    for number, (step, what, fen) in enumerate(done):
        before = payments
        try:
            if step == "pay":
                paying = body(str(what), fen / 100)
                payments = money.pay(LINES, payments, str(number), paying, "me") or payments
            else:
                payments = money.void(payments, str(what), "wrong") or payments
        except Problem as problem:
            refused.append(problem.code)
            assert payments is before
        for line in LINES:
            assert 0 <= money.paid(payments, line.id) <= line.fen
    assert set(refused) <= {"overspent", "unknown-payment"}
    sums = [view.paid + view.left for view in money.line_views(LINES, payments, [None, None])]
    assert sums == pytest.approx([100, 0.3])


def test_one_attempt_is_one_payment() -> None:
    first = money.pay(LINES, (), "a", body("1", 0.1), "me")
    assert first is not None
    assert money.paid(first) == 10
    assert money.pay(LINES, first, "a", body("1", 0.1), "me") is None
    with pytest.raises(IdempotencyConflict):
        money.pay(LINES, first, "a", body("1", 0.2), "me")


def test_what_was_taken_back_can_be_paid_again() -> None:
    full = money.pay(LINES, (), "a", body("2", 0.3), "me")
    assert full is not None
    with pytest.raises(Problem, match="overspent"):
        money.pay(LINES, full, "b", body("2", 0.01), "me")
    back = money.void(full, "a", "wrong")
    assert back is not None
    assert money.void(back, "a", "again") is None
    assert money.pay(LINES, back, "b", body("2", 0.3), "me") is not None


@pytest.mark.parametrize("yuan", [0, -1, 0.001, 12.345, float("nan"), 1e11])
def test_amounts_are_in_yuan_and_fen(yuan: float) -> None:
    with pytest.raises(ValueError, match="yuan"):
        body("1", yuan)


@pytest.mark.parametrize("yuan", [0.01, 0.07, 1.1, 1234567.89, 9999999999.99])
def test_amounts_are_kept_to_the_fen(yuan: float) -> None:
    assert to_fen(body("1", yuan).yuan) / 100 == yuan
