"""Numbers of people: check digits, and what reads as an identity card."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.numbers import (
    FIRST,
    check_digit,
    is_identity_card,
    made_number,
    mistyped,
    plain,
)

SERIALS = st.integers(FIRST, FIRST + 8_000_000)


@given(SERIALS, st.integers(0, 7), st.integers(1, 9))
def test_a_wrong_digit_is_noticed(serial: int, at: int, shift: int) -> None:
    number = made_number(serial)
    wrong = str((int(number[at]) + shift) % 10)
    assert not mistyped(number)
    assert mistyped(number[:at] + wrong + number[at + 1 :])


@given(SERIALS, st.integers(0, 6))
def test_two_neighbours_changed_over_are_noticed(serial: int, at: int) -> None:
    number = made_number(serial)
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert mistyped(swapped) == (number[at] != number[at + 1])


@given(st.lists(SERIALS, unique=True))
def test_numbers_differ(serials: list[int]) -> None:
    assert len({made_number(serial) for serial in serials}) == len(serials)


def test_what_a_made_number_looks_like() -> None:
    assert made_number(FIRST) == "10000004"
    assert check_digit("572") == "4"  # the example of Damm's paper
    assert plain(" 1000-0004 ") == "10000004"
    assert not mistyped("V-12")


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002X",  # the example of GB 11643-1999
        "11010519491231002x",
        "440524188001010014",
        "110105 19491231 0021",  # mistyped: the check character is wrong
        "123456789012345677",  # no place and day, yet the check digit is right
        "110105491231002",
    ],
)
def test_an_identity_card_is_recognized(text: str) -> None:
    assert is_identity_card(text)


@pytest.mark.parametrize(
    "text",
    ["10000004", "123456789012345678", "990105491231002", "110105491331002", "AB1234567890123456",
     "4403000000012345678"],
)  # fmt: skip
def test_other_numbers_are_not(text: str) -> None:
    assert not is_identity_card(text)
