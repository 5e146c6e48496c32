"""The gate: whatever the order, the duplicates and the gaps, applied is 1, 2, 3, ... once each."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.envelope import Event
from shared.messaging.gate import Admission, admit, inbox_key
from shared.storage.aggregates import Seen

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def fact(sequence: int, id: str = "") -> Event:
    name = id or f"id{sequence}"
    return Event(name, "/s", "lianxin.request.closed.v1", "r", sequence, NOW, "r", None, None)


def test_the_first_fact_has_sequence_one() -> None:
    assert admit(None, fact(1)) is Admission.APPLY
    assert admit(None, fact(2)) is Admission.GAP


def test_what_was_applied_is_passed_over_and_a_second_use_is_told() -> None:
    seen = Seen(5, "id5")
    assert admit(seen, fact(5)) is Admission.DUPLICATE
    assert admit(seen, fact(4)) is Admission.DUPLICATE
    assert admit(seen, fact(5, "another")) is Admission.REUSED
    assert admit(seen, fact(6)) is Admission.APPLY
    assert admit(seen, fact(7)) is Admission.GAP


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(1, n), max_size=60))
    )
)
def test_any_delivery_followed_by_a_replay_applies_each_once_in_order(
    delivery: tuple[int, list[int]],
) -> None:
    last, order = delivery
    seen: Seen | None = None
    applied = []
    for sequence in [*order, *range(1, last + 1)]:
        event = fact(sequence)
        admission = admit(seen, event)
        assert admission is not Admission.REUSED
        if admission is Admission.APPLY:
            applied.append(sequence)
            seen = Seen(sequence, event.id)
    assert applied == list(range(1, last + 1))


def test_inbox_keys_keep_sources_apart() -> None:
    assert inbox_key("/units/a", "case/1") != inbox_key("/units/b", "case/1")
