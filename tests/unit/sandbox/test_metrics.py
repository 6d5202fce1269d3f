"""Metric math: what is computed and what is refused."""

import pytest

from sandbox.gaps.cloudwatch.mathematics import Unsupported, Values, evaluate

A: Values = {0: 1.0, 60: 2.0, 120: 3.0}
B: Values = {0: 10.0, 120: 0.0}


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("a*2", {0: 2, 60: 4, 120: 6}),
        ("b/a", {0: 10, 120: 0}),
        ("a/b", {0: 0.1}),
        ("-a + 1", {0: 0, 60: -1, 120: -2}),
        ("100 * (a - 1) / a", {0: 0, 60: 50, 120: pytest.approx(66.67, abs=0.01)}),
        ("SUM([a, b])", {0: 11, 60: 2, 120: 3}),
        ("SUM(METRICS())", {0: 11, 60: 2, 120: 3}),
        ("MAX([a, b])", {0: 10, 60: 2, 120: 3}),
        ("AVG(a) + 0*a", {0: 2, 60: 2, 120: 2}),
        ("FILL(b, 0)", {0: 10, 60: 0, 120: 0}),
        ("FILL(b, REPEAT)", {0: 10, 60: 10, 120: 0}),
        ("IF(a > 1, a, 0)", {0: 0, 60: 2, 120: 3}),
        ("a >= 2", {0: 0, 60: 1, 120: 1}),
        ("CEIL(a/2)", {0: 1, 60: 1, 120: 2}),
    ],
)
def test_arithmetic(expression: str, values: Values) -> None:
    assert evaluate(expression, {"a": A, "b": B}) == values


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("a +", "syntax error"),
        ("c + 1", "unknown metric c"),
        ("1 + 1", "single time series"),
        ("[a, b]", "single time series"),
        ("SEARCH('x', 'Sum', 60)", "does not know"),
        ("SELECT AVG(x) FROM y", "syntax error"),
        ("__import__('os').system('true')", "does not know"),
        ("a.real", "does not know"),
        ("(lambda: a)()", "does not know"),
        ("a" * 3000, "too long"),
    ],
)
def test_refuses_the_rest(expression: str, says: str) -> None:
    with pytest.raises(Unsupported, match=says.replace("(", r"\(")):
        evaluate(expression, {"a": A, "b": B})
