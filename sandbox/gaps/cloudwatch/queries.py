"""GetMetricData: many queries at once, some of them expressions over others."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError

from sandbox.gaps.cloudwatch import mathematics
from sandbox.gaps.cloudwatch.series import Series, named
from sandbox.weather.point import share_of

QUERIES, DATAPOINTS, TOKENS = 500, 100_800, 50
PLAIN = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
_IDENTITY = re.compile(r"[a-z][a-zA-Z0-9_]*\Z")
_waiting: OrderedDict[str, list[dict[str, Any]]] = OrderedDict()


def check_statistic(name: str) -> None:
    """Refuse what is no statistic."""
    if name not in PLAIN:
        try:
            share_of(name)
        except ValueError:
            raise ValidationError(f"The value {name} for parameter Stat is not supported.") from None


def check_period(period: Any) -> int:
    """A period in seconds: 1, 5, 10, 30 or a multiple of 60."""
    seconds = int(period or 0)
    if seconds not in (1, 5, 10, 30) and (seconds < 60 or seconds % 60):
        raise ValidationError(f"The parameter Period {period} must be 1, 5, 10, 30 or a multiple of 60.")
    return seconds


def check(queries: Sequence[dict[str, Any]], start: float, end: float) -> None:
    """Refuse what AWS refuses."""
    if len(queries) > QUERIES:
        raise ValidationError("The collection MetricDataQueries must not have a size greater than 500.")
    if start >= end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    names = [q.get("Id", "") for q in queries]
    if len(set(names)) != len(names):
        raise ValidationError("The values for parameter id in MetricDataQueries are not unique.")
    for number, query in enumerate(queries, 1):
        if not _IDENTITY.match(query.get("Id", "")):
            raise ValidationError(
                f"The value {query.get('Id')} for parameter MetricDataQueries.member.{number}.Id is invalid"
            )
        if ("MetricStat" in query) == ("Expression" in query):
            raise ValidationError(
                f"Either the parameter MetricDataQueries.member.{number}.MetricStat or "
                f"MetricDataQueries.member.{number}.Expression is required, not both.\n"
            )
    if queries and not any(q.get("ReturnData", True) for q in queries):
        raise ValidationError("At least one query must return data.")


def run(backend: Any, queries: Sequence[dict[str, Any]], start: float, end: float) -> dict[str, mathematics.Values]:
    """The series of every query by its id, ascending; expressions may use one another in any order.

    Raises moto's ValidationError for a bad statistic, period or expression.
    """
    found: dict[str, mathematics.Values] = {}
    for query in queries:
        if "MetricStat" not in query:
            continue
        stat = query["MetricStat"]
        check_statistic(stat["Stat"])
        metric = stat["Metric"]
        name = named(metric.get("Namespace", ""), metric.get("MetricName", ""), metric.get("Dimensions") or ())
        series = Series(backend, name, stat.get("Unit"))
        found[query["Id"]] = dict(series.statistics(start, end, check_period(stat["Period"]), stat["Stat"]))
    metrics = dict(found)
    waiting = [q for q in queries if "Expression" in q]
    while waiting:
        open_ids = {q["Id"] for q in waiting}
        now = [q for q in waiting if not open_ids & set(re.findall(r"[a-z]\w*", q["Expression"]))]
        if not now:
            raise ValidationError(f"Error in expression '{waiting[0]['Id']}': it refers to itself")
        for query in now:
            # METRICS() means the metrics only, a name may be another expression
            usable = metrics if "METRICS()" in query["Expression"].upper() else found
            try:
                found[query["Id"]] = mathematics.evaluate(query["Expression"], usable)
            except mathematics.Unsupported as problem:
                raise ValidationError(f"Error in expression '{query['Id']}': {problem}") from None
        waiting = [q for q in waiting if q not in now]
    return found


def result(query: dict[str, Any], values: mathematics.Values, *, newest_first: bool) -> dict[str, Any]:
    """One MetricDataResult."""
    plain = query.get("MetricStat", {}).get("Metric", {}).get("MetricName")
    times = sorted(values, reverse=newest_first)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or plain or query["Id"],
        "Timestamps": times,
        "Values": [values[at] for at in times],
        "StatusCode": "Complete",
    }


def page(results: list[dict[str, Any]], most: int) -> tuple[list[dict[str, Any]], str | None]:
    """The first results with at most so many datapoints, and a token for the rest if there is one."""
    shown: list[dict[str, Any]] = []
    for place, one in enumerate(results):
        if len(one["Values"]) <= most:
            shown.append(one)
            most -= len(one["Values"])
            continue
        cut = {
            **one,
            "Timestamps": one["Timestamps"][:most],
            "Values": one["Values"][:most],
            "StatusCode": "PartialData",
        }
        rest = {**one, "Timestamps": one["Timestamps"][most:], "Values": one["Values"][most:]}
        token = str(uuid4())
        _waiting[token] = [rest, *results[place + 1 :]]
        while len(_waiting) > TOKENS:
            _waiting.popitem(last=False)
        return ([*shown, cut] if most else shown), token
    return shown, None


def resume(token: str) -> list[dict[str, Any]]:
    """What a token stands for; it may be used once."""
    if token not in _waiting:
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    return _waiting.pop(token)
