"""Metric math: arithmetic, comparisons, IF, FILL and the usual aggregates over series; anything else is refused."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

Values = dict[int, float]
"""Value by the start of its period."""
Result = Values | float | list[Values]


class Unsupported(Exception):
    """The expression is wrong, or more than the sandbox knows."""


_BINARY: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type, Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OVER: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": lambda v: sum(v) / len(v),
    "MIN": min,
    "MAX": max,
}
_EACH: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda v: float(math.ceil(v)),
    "FLOOR": lambda v: float(math.floor(v)),
}
LONGEST = 2048


def evaluate(expression: str, known: Mapping[str, Values]) -> Values:
    """The series an expression stands for. Raises Unsupported if it yields none."""
    if len(expression) > LONGEST:
        raise Unsupported("the expression is too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unsupported("syntax error") from None
    found = _value(tree, known)
    if isinstance(found, dict):
        return found
    raise Unsupported("the expression must return a single time series")


def _value(node: ast.expr, known: Mapping[str, Values]) -> Result:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id not in known:
            raise Unsupported(f"unknown metric {node.id}")
        return known[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _combine(lambda a, b: a - b, 0.0, _value(node.operand, known))
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _combine(_BINARY[type(node.op)], _value(node.left, known), _value(node.right, known))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        compare = _COMPARE[type(node.ops[0])]
        return _combine(lambda a, b: float(compare(a, b)), _value(node.left, known), _value(node.comparators[0], known))
    if isinstance(node, ast.List):
        return [_series(_value(item, known)) for item in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node.func.id.upper(), node.args, known)
    raise Unsupported("this sandbox does not know such an expression")


def _call(name: str, given: list[ast.expr], known: Mapping[str, Values]) -> Result:
    if name == "METRICS" and not given:
        return list(known.values())
    if name in _OVER and len(given) == 1:
        return _aggregate(_OVER[name], _value(given[0], known))
    if name in _EACH and len(given) == 1:
        return {at: _EACH[name](value) for at, value in _series(_value(given[0], known)).items()}
    if name == "IF" and len(given) == 3:
        return _if(*(_value(g, known) for g in given))
    if name == "FILL" and len(given) == 2:
        return _fill(_series(_value(given[0], known)), given[1], known)
    raise Unsupported(f"this sandbox does not know the function {name} with {len(given)} arguments")


def _series(found: Result) -> Values:
    if not isinstance(found, dict):
        raise Unsupported("a time series is needed here")
    return found


def _combine(how: Callable[[float, float], float], left: Result, right: Result) -> Result:
    if isinstance(left, list) or isinstance(right, list):
        raise Unsupported("a time series is needed here, not a list of them")
    if isinstance(left, float) and isinstance(right, float):
        return how(left, right)
    times = sorted(
        set(left) & set(right) if isinstance(left, dict) and isinstance(right, dict) else set(_one_of(left, right))
    )
    made: Values = {}
    for at in times:
        try:
            made[at] = how(_at(left, at), _at(right, at))
        except (ZeroDivisionError, OverflowError):  # CloudWatch leaves such points out
            continue
    return made


def _one_of(left: Values | float, right: Values | float) -> Values:
    return left if isinstance(left, dict) else _series(right)


def _at(found: Values | float, at: int) -> float:
    return found[at] if isinstance(found, dict) else found


def _aggregate(how: Callable[[list[float]], float], found: Result) -> Result:
    """Over a list of series point by point; over one series to a single number."""
    if isinstance(found, list):
        return {at: how([s[at] for s in found if at in s]) for at in sorted({at for s in found for at in s})}
    values = list(_series(found).values())
    return how(values) if values else 0.0


def _if(condition: Result, then: Result, otherwise: Result) -> Result:
    chosen: Values = {}
    for at, truth in _series(condition).items():
        side: Any = then if truth else otherwise
        if isinstance(side, dict) and at not in side:
            continue
        chosen[at] = _at(side, at)
    return chosen


def _fill(found: Values, with_what: ast.expr, known: Mapping[str, Values]) -> Values:
    times = sorted({at for s in known.values() for at in s})
    repeat = isinstance(with_what, ast.Name) and with_what.id == "REPEAT"
    filler = None if repeat else _value(with_what, known)
    made: Values = {}
    last: float | None = None
    for at in times:
        last = found.get(at, last)
        value = last if repeat else found.get(at, filler if isinstance(filler, float) else None)
        if value is not None:
            made[at] = value
    return made
