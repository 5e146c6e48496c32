"""Formulas and conditions that a city writes: parsed once, evaluated over named numbers.

Allowed: numbers, names, `+ - * /`, comparisons (also chained), `and or not`, `min` and `max`.
A name without a number, a division by 0 or a result that is no finite number gives None: no
sample. Logic with None is three-valued: `False and None` is False, `True or None` is True. A
condition that holds is 1.0, one that does not 0.0. Nothing here raises once a text is parsed.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

LONGEST = 300
"""Characters of an expression."""

Number = float | None
Compiled = Callable[[Mapping[str, Number]], Number]

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS: dict[str, Callable[[list[float]], float]] = {"min": min, "max": max}


class ExpressionError(ValueError):
    """A text that is no expression. `kind`: `expression_syntax`, `expression_part` (`part` is not
    allowed) or `expression_long`; `column` counts from 1."""

    def __init__(self, kind: str, column: int, part: str = "") -> None:
        super().__init__(f"{kind} at {column}: {part}")
        self.kind, self.column, self.part = kind, column, part


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    names: frozenset[str]
    """The names that it asks for."""
    condition: bool
    """Whether it is a comparison, or made of such: it holds or not."""
    ratio: tuple[str, str] | None
    """Numerator and denominator in one spelling, where it is one division."""
    _compiled: Compiled = field(repr=False, compare=False)

    def value(self, numbers: Mapping[str, Number]) -> Number:
        """The value over `numbers`; None where one that counts is missing."""
        return self._compiled(numbers)

    def holds(self, numbers: Mapping[str, Number]) -> bool:
        """Whether the condition is known to hold."""
        return bool(self._compiled(numbers))


@lru_cache(maxsize=1000)
def parse(text: str) -> Expression:
    """The expression that `text` says.

    Raises:
        ExpressionError: it is none.
    """
    if len(text) > LONGEST:
        raise ExpressionError("expression_long", LONGEST)
    indent = len(text) - len(text.lstrip())
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError("expression_syntax", indent + (error.offset or 1)) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("expression_syntax", 1) from None
    names: set[str] = set()
    compiled = _compile(tree, names, indent)
    divides = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div)
    return Expression(
        text=text.strip(),
        names=frozenset(names),
        condition=_is_condition(tree),
        ratio=(ast.unparse(tree.left), ast.unparse(tree.right)) if divides else None,  # type: ignore[attr-defined]
        _compiled=compiled,
    )


def spelling(text: str) -> str:
    """`text` in the one spelling that `Expression.ratio` uses."""
    return ast.unparse(ast.parse(text.strip(), mode="eval").body)


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, ast.Compare | ast.BoolOp)


def _compile(node: ast.expr, names: set[str], indent: int) -> Compiled:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _constant(number, node, indent)
        case ast.Name(id=name):
            names.add(name)
            return lambda numbers: numbers.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _compile(operand, names, indent)
            return lambda numbers: None if (v := inner(numbers)) is None else -v
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _compile(operand, names, indent)
            return lambda numbers: None if (v := inner(numbers)) is None else float(not v)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in _ARITHMETIC:
            return _arithmetic(
                _ARITHMETIC[type(op)],
                _compile(left, names, indent),
                _compile(right, names, indent),
            )
        case ast.BoolOp(op=op, values=values):
            return _logic(isinstance(op, ast.And), [_compile(v, names, indent) for v in values])
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARISONS for op in ops
        ):
            sides = [_compile(side, names, indent) for side in (left, *others)]
            return _comparison([_COMPARISONS[type(op)] for op in ops], sides)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS and args:
            return _call(_CALLS[name], [_compile(arg, names, indent) for arg in args])
    raise ExpressionError("expression_part", indent + node.col_offset + 1, ast.unparse(node)[:60])


def _constant(number: float, node: ast.expr, indent: int) -> Compiled:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ExpressionError("expression_part", indent + node.col_offset + 1, "inf")
    return lambda _numbers: value


def _arithmetic(
    apply: Callable[[float, float], float], left: Compiled, right: Compiled
) -> Compiled:
    def value(numbers: Mapping[str, Number]) -> Number:
        one, other = left(numbers), right(numbers)
        if one is None or other is None:
            return None
        try:
            result = apply(one, other)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if math.isfinite(result) else None

    return value


def _comparison(compare: list[Callable[[float, float], bool]], sides: list[Compiled]) -> Compiled:
    if len(compare) == 1:
        apply, (left, right) = compare[0], sides

        def holds(numbers: Mapping[str, Number]) -> Number:
            one, other = left(numbers), right(numbers)
            if one is None or other is None:
                return None
            return 1.0 if apply(one, other) else 0.0

        return holds
    return _logic(True, [_comparison([apply], sides[n : n + 2]) for n, apply in enumerate(compare)])


def _logic(conjunction: bool, parts: list[Compiled]) -> Compiled:
    decisive = 0.0 if conjunction else 1.0

    def value(numbers: Mapping[str, Number]) -> Number:
        found: Number = 1.0 - decisive
        for part in parts:
            one = part(numbers)
            if one is None:
                found = None
            elif bool(one) == bool(decisive):
                return decisive
        return found

    return value


def _call(apply: Callable[[list[float]], float], arguments: list[Compiled]) -> Compiled:
    def value(numbers: Mapping[str, Number]) -> Number:
        values: list[Any] = [argument(numbers) for argument in arguments]
        return None if None in values else apply(values)

    return value
