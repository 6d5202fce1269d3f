"""When an alarm changes its state: CloudWatch's rules for thresholds and missing data, as pure functions."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

EXTRA = 2
"""CloudWatch looks back a little further than the evaluation periods, so that a late point does not matter."""

OPERATORS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanThreshold": (operator.gt, "greater than the threshold"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to the threshold"),
    "LessThanThreshold": (operator.lt, "less than the threshold"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to the threshold"),
}


@dataclass(frozen=True)
class Rule:
    """An alarm's settings: `needed` of the last `periods` points must breach."""

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: str


@dataclass(frozen=True)
class Verdict:
    """The state an alarm should have, and the points that it was judged by."""

    rule: Rule
    state: str
    points: tuple[tuple[int, float], ...]
    breaching: tuple[tuple[int, float], ...]

    @property
    def reason(self) -> str:
        """AWS's words for why. They are asked for only when the state changes, which it seldom does."""
        return _reason(self.rule, self.state, self.points, self.breaching)


def judge(rule: Rule, window: Sequence[tuple[int, float | None]], current: str) -> Verdict:
    """Judge the last `periods + EXTRA` periods, oldest first, each with its start and its value or None."""
    breaches = OPERATORS[rule.comparison][0]
    known = [(at, value) for at, value in window if value is not None]
    recent = tuple(known[-rule.periods :])
    breaching = tuple(p for p in recent if breaches(p[1], rule.threshold))
    if len(recent) >= rule.periods:
        state = "ALARM" if len(breaching) >= rule.needed else "OK"
    else:
        state = _incomplete(rule, window, recent, breaching, current)
    return Verdict(rule, state, recent, breaching)


def _incomplete(
    rule: Rule,
    window: Sequence[tuple[int, float | None]],
    recent: tuple[tuple[int, float], ...],
    breaching: tuple[tuple[int, float], ...],
    current: str,
) -> str:
    lacking = rule.periods - len(recent)
    if rule.missing == "breaching":
        return "ALARM" if len(breaching) + lacking >= rule.needed else "OK"
    if len(breaching) >= rule.needed:
        return "ALARM"
    if rule.missing == "notBreaching":
        return "OK"
    if len(recent) > len(breaching):
        return (
            "OK" if rule.missing == "missing" or len(recent) - len(breaching) > rule.periods - rule.needed else current
        )
    if rule.missing == "ignore":
        return current
    if not recent:
        return "INSUFFICIENT_DATA"
    # Only breaching points: alarm once the oldest is old enough that the rest would have been asked for too.
    age = next(len(window) - place for place, (at, _) in enumerate(window) if at == recent[0][0])
    return "ALARM" if age >= rule.needed else current


def _reason(
    rule: Rule, state: str, recent: tuple[tuple[int, float], ...], breaching: tuple[tuple[int, float], ...]
) -> str:
    if not recent:
        if state == "INSUFFICIENT_DATA":
            return f"Insufficient Data: {_of(rule.periods, 'datapoint was', 'datapoints were')} unknown."
        kind = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: no datapoints were received for {_of(rule.periods, 'period', 'periods')} and "
            f"{_of(rule.periods, 'missing datapoint was', 'missing datapoints were')} treated as [{kind}]."
        )
    words = OPERATORS[rule.comparison][1]
    alarm = state == "ALARM"
    shown = (breaching or recent) if alarm else (tuple(p for p in recent if p not in breaching) or recent)
    needed = rule.needed if alarm else rule.periods - rule.needed + 1
    move = "OK -> ALARM" if alarm else "ALARM -> OK"
    one = len(shown) == 1
    listed = ", ".join(f"{v} ({datetime.fromtimestamp(t, UTC):%d/%m/%y %H:%M:%S})" for t, v in reversed(shown))
    verb = ("was" if one else "were") + ("" if alarm else " not")
    return (
        f"Threshold Crossed: {len(shown)} out of the last {_of(rule.periods, 'datapoint', 'datapoints')} [{listed}] "
        f"{verb} {words} ({float(rule.threshold)}) (minimum {_of(needed, 'datapoint', 'datapoints')} for {move} "
        "transition)."
    )


def _of(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
