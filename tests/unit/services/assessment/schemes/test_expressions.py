"""Expressions: what they give, what they refuse, and that nothing raises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.schemes.expressions import ExpressionError, parse, spelling

NUMBERS = {"solved": 6.0, "contacted": 8.0, "none": 0.0, "hours": 30.5}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("solved / contacted", 0.75),
        (" 100 * (solved + 2) / contacted - 1", 99.0),
        ("-solved", -6.0),
        ("min(solved, contacted, 3)", 3.0),
        ("max(solved, hours)", 30.5),
        ("solved / none", None),
        ("solved / absent", None),
        ("min(solved, absent)", None),
        ("1e308 * 1e308", None),
        ("solved < contacted", 1.0),
        ("5 < solved <= 6", 1.0),
        ("7 < solved < absent", 0.0),
        ("5 < solved < absent", None),
        ("solved == 6 and not contacted != 8", 1.0),
        ("absent > 1 and solved > 9", 0.0),
        ("absent > 1 and solved > 5", None),
        ("absent > 1 or solved > 5", 1.0),
        ("absent > 1 or solved > 9", None),
        ("not absent > 1", None),
    ],
)
def test_values(text: str, value: float | None) -> None:
    assert parse(text).value(NUMBERS) == value


@pytest.mark.parametrize(
    ("text", "kind", "column"),
    [
        ("solved / / 2", "expression_syntax", 10),
        ("solved / (contacted", "expression_syntax", 10),
        ("", "expression_syntax", 1),
        ("solved ** 2", "expression_part", 1),
        ("1 + __import__('os')", "expression_part", 5),
        ("solved.real", "expression_part", 1),
        ("  abs(solved)", "expression_part", 3),
        ("min()", "expression_part", 1),
        ("min(*solved)", "expression_part", 5),
        ("'text'", "expression_part", 1),
        ("True", "expression_part", 1),
        ("1e999", "expression_part", 1),
        ("solved is 6", "expression_part", 1),
        ("(lambda: 1)()", "expression_part", 1),
        ("x" * 301, "expression_long", 300),
    ],
)
def test_refused_with_its_place(text: str, kind: str, column: int) -> None:
    with pytest.raises(ExpressionError) as raised:
        parse(text)
    assert (raised.value.kind, raised.value.column) == (kind, column)


def test_what_it_is() -> None:
    assert parse("solved / contacted").ratio == ("solved", "contacted")
    assert parse("a / (b+c)").ratio == ("a", spelling("(b + c)"))
    assert parse("100 * a / b").ratio == ("100 * a", "b")
    assert parse("a + b").ratio is None
    assert parse("a < 1 or not b > 2").condition
    assert not parse("a + b").condition
    assert parse("a + min(b, a)").names == {"a", "b"}


@given(
    st.text(alphabet="ab12.()+-*/<>=! andortmix,", max_size=40),
    st.dictionaries(st.sampled_from("ab"), st.floats(allow_nan=False, allow_infinity=False)),
)
def test_nothing_raises_once_parsed(text: str, numbers: dict[str, float]) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    value = expression.value(numbers)
    assert value is None or math.isfinite(value)
