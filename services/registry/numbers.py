"""Numbers of people: made by the registry, or the city's own; never an identity-card number.

MZ/T 061-2015 (DOMAIN.md): the volunteer's number is not the identity-card number. Pure.
"""

import re
from datetime import date

FIRST = 1_000_000
"""Serial of the first number made: seven digits, with the check digit eight, as `1000 0004`."""

_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
"""Damm's quasigroup (2004): a wrong digit and two neighbours changed over are always noticed."""
_SHORTEST_SERIAL = 7
_BETWEEN = re.compile(r"[\s-]")
_NEW_CARD = re.compile(r"\d{17}[\dX]")
_OLD_CARD = re.compile(r"\d{15}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_digit(digits: str) -> str:
    """The digit that follows `digits`."""
    row = 0
    for digit in digits:
        row = int(_DAMM[row][int(digit)])
    return str(row)


def made_number(serial: int) -> str:
    """The number that the registry makes for a serial."""
    digits = str(serial)
    return digits + check_digit(digits)


def mistyped(number: str) -> bool:
    """Whether `number` looks like one that the registry made and its check digit is wrong."""
    made = number.isdecimal() and len(number) == _SHORTEST_SERIAL + 1
    return made and check_digit(number) != "0"


def plain(number: str) -> str:
    """A number without spaces and hyphens, letters large, so that equal ones are equal."""
    return _BETWEEN.sub("", number).upper()


def is_identity_card(text: str) -> bool:
    """Whether a text reads as the number of an identity card (GB 11643-1999, and its old form).

    18 characters: 17 digits and a check character that is right, or a region and a birthday that
    can be, as of a card's number mistyped. 15 digits: a region and a birthday that can be.
    """
    number = plain(text)
    if _NEW_CARD.fullmatch(number):
        total = sum(int(d) * w for d, w in zip(number, _WEIGHTS, strict=False))
        return _CHECKS[total % 11] == number[17] or _place_and_birthday(number[:14])
    return bool(_OLD_CARD.fullmatch(number)) and _place_and_birthday(
        f"{number[:6]}19{number[6:12]}"
    )


def _place_and_birthday(digits: str) -> bool:
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    # Codes of provinces begin at 11 (Beijing) and end at 82 (Macao); 91 was once for abroad.
    return 11 <= int(digits[:2]) <= 91 and date(1880, 1, 1) <= born <= date.today()
