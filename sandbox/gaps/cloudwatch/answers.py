"""The actions of CloudWatch the sandbox answers itself. Each becomes a method of moto's response class."""

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.core.responses import ActionResult

from sandbox.gaps.cloudwatch import alarms, queries
from sandbox.gaps.cloudwatch.series import Series, epoch, listed, named

POINTS, METRICS = 1440, 500


def get_metric_data(self: Any) -> ActionResult:
    """GetMetricData."""
    most = int(self._get_param("MaxDatapoints") or queries.DATAPOINTS)
    if not 1 <= most <= queries.DATAPOINTS:
        raise ValidationError("MaxDatapoints must be between 1 and 100800")
    token = self._get_param("NextToken")
    if token:
        results = queries.resume(token)
    else:
        asked = self._get_param("MetricDataQueries", [])
        start, end = epoch(self._get_param("StartTime")), epoch(self._get_param("EndTime"))
        queries.check(asked, start, end)
        newest_first = self._get_param("ScanBy") != "TimestampAscending"
        found = queries.run(self.cloudwatch_backend, asked, start, end)
        results = [
            queries.result(q, found[q["Id"]], newest_first=newest_first) for q in asked if q.get("ReturnData", True)
        ]
    shown, token = queries.page(results, most)
    shown = [{**one, "Timestamps": [datetime.fromtimestamp(t, UTC) for t in one["Timestamps"]]} for one in shown]
    return ActionResult({"MetricDataResults": shown, "NextToken": token, "Messages": []})


def get_metric_statistics(self: Any) -> ActionResult:
    """GetMetricStatistics."""
    plain = self._get_param("Statistics", []) or []
    extended = self._get_param("ExtendedStatistics", []) or []
    if bool(plain) == bool(extended):
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    for name in (*plain, *extended):
        queries.check_statistic(name)
    period = queries.check_period(self._get_param("Period"))
    start, end = epoch(self._get_param("StartTime")), epoch(self._get_param("EndTime"))
    if start >= end:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    asked = -(-(end - start) // period)
    if asked > POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {int(asked):,} datapoints, which exceeds the limit of {POINTS:,}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    name = self._get_param("MetricName")
    metric = named(self._get_param("Namespace"), name, self._get_param("Dimensions", []) or ())
    series = Series(self.cloudwatch_backend, metric, self._get_param("Unit"))
    points: dict[int, dict[str, Any]] = {}
    for wanted in (*plain, *extended):
        for at, value in series.statistics(start, end, period, wanted):
            begin = datetime.fromtimestamp(at, UTC)
            point = points.setdefault(at, {"Timestamp": begin, "Unit": series.unit or "None", "ExtendedStatistics": {}})
            (point["ExtendedStatistics"] if wanted in extended else point)[wanted] = value
    for point in points.values():
        if not extended:
            del point["ExtendedStatistics"]
    return ActionResult({"Label": name, "Datapoints": list(points.values())})


def list_metrics(self: Any) -> ActionResult:
    """ListMetrics: pages of 500; a dimension filter may leave out the value."""
    namespace, name = self._get_param("Namespace"), self._get_param("MetricName")
    wanted = self._get_param("Dimensions", []) or []
    found = [
        m
        for m in listed(self.cloudwatch_backend)
        if namespace in (None, m.namespace)
        and name in (None, m.name)
        and all(any(d["Name"] == n and d.get("Value") in (None, v) for n, v in m.dimensions) for d in wanted)
    ]
    first = _place(self._get_param("NextToken"), len(found))
    shown = [
        {
            "Namespace": m.namespace,
            "MetricName": m.name,
            "Dimensions": [{"Name": n, "Value": v} for n, v in m.dimensions],
        }
        for m in found[first : first + METRICS]
    ]
    return ActionResult({"Metrics": shown, "NextToken": _next(first + METRICS, len(found))})


def describe_alarms(self: Any) -> ActionResult:
    """DescribeAlarms: filters add up, metric alarms by name, in pages."""
    most = int(self._get_param("MaxRecords") or 50)
    kinds = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
    names = self._get_param("AlarmNames", []) or []
    prefix, action = self._get_param("AlarmNamePrefix"), self._get_param("ActionPrefix")
    state = self._get_param("StateValue")
    found = [
        a
        for _, a in sorted(self.cloudwatch_backend.alarms.items())
        if ("CompositeAlarm" if a.rule is not None else "MetricAlarm") in kinds
        and (not names or a.name in names)
        and a.name.startswith(prefix or "")
        and state in (None, a.state_value)
        and (not action or any(one.startswith(action) for one in a.alarm_actions or ()))
    ]
    first = _place(self._get_param("NextToken"), len(found))
    shown = found[first : first + most]
    return ActionResult(
        {
            "MetricAlarms": [a for a in shown if a.rule is None],
            "CompositeAlarms": [a for a in shown if a.rule is not None],
            "NextToken": _next(first + most, len(found)),
        }
    )


def describe_alarm_history(self: Any) -> ActionResult:
    """DescribeAlarmHistory: newest first unless asked otherwise."""
    most = int(self._get_param("MaxRecords") or 100)
    if not 1 <= most <= 100:
        raise ValidationError("MaxRecords must be between 1 and 100")
    name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    start, end = self._get_param("StartDate"), self._get_param("EndDate")
    found = [
        h
        for h in alarms.happenings(self.cloudwatch_backend)
        if name in (None, h["AlarmName"])
        and kind in (None, h["HistoryItemType"])
        and (start is None or epoch(start) <= epoch(h["Timestamp"]))
        and (end is None or epoch(h["Timestamp"]) <= epoch(end))
    ]
    if self._get_param("ScanBy") != "TimestampAscending":
        found.reverse()
    first = _place(self._get_param("NextToken"), len(found))
    return ActionResult(
        {"AlarmHistoryItems": found[first : first + most], "NextToken": _next(first + most, len(found))}
    )


def _place(token: str | None, size: int) -> int:
    if token is None:
        return 0
    if not token.isdigit() or int(token) >= size:
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    return int(token)


def _next(place: int, size: int) -> str | None:
    return str(place) if place < size else None
