"""Alarms: created knowing nothing, judged every minute, remembered when they change, heard by SNS."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudwatch.models import cloudwatch_backends

from sandbox import state
from sandbox.clock import clock, transition
from sandbox.gaps.cloudwatch import queries
from sandbox.gaps.cloudwatch.evaluation import EXTRA, OPERATORS, Rule, judge
from sandbox.gaps.cloudwatch.series import Series, named
from sandbox.inproc import client
from sandbox.weather import history, minutes
from sandbox.weather.point import statistic

log = logging.getLogger("sandbox.gaps.cloudwatch")
FIRST_LOOK = 5  # seconds of the clock after an alarm is put; those put meanwhile are looked at together
KEPT = 5000
NEW = "cloudwatch.look_at_new"
Callback = Callable[[str, str, Any, str], None]
_callbacks: list[Callback] = []
changed: list[Callable[[str, str, Any, dict[str, Any]], None]] = []
"""Called with (account, region, alarm, what its state was: value, reason, reasonData, timestamp) after each change."""


def on_evaluated(callback: Callback) -> Callback:
    """Call `callback(account, region, alarm, state_before)` under the lock each time an alarm was judged, changed or
    not: what acts on alarms (auto scaling) acts every minute an alarm stays in ALARM. Usable as a decorator."""
    _callbacks.append(callback)
    return callback


def happenings(backend: Any) -> list[dict[str, Any]]:
    """The alarm history of an account and region, oldest first."""
    kept: list[dict[str, Any]] = backend.__dict__.setdefault("alarm_happenings", [])
    return kept


def remember(backend: Any, alarm: Any, kind: str, summary: str, data: dict[str, Any]) -> None:
    """Add to the alarm history."""
    kept = happenings(backend)
    kept.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
            "Timestamp": clock.now(),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
    )
    del kept[:-KEPT]


def keep_state(backend_class: Any) -> None:
    """Make new alarms start in INSUFFICIENT_DATA and updated ones keep what they know."""
    original = backend_class.put_metric_alarm

    def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.alarms.get(name)
        alarm = original(self, name, *args, **kwargs)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
            alarm.state_reason_data = None
            alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = _now()
        else:
            for known in ("value", "reason", "reason_data", "updated_timestamp", "transitioned_timestamp"):
                setattr(alarm, f"state_{known}", getattr(before, f"state_{known}", None))
        alarm.configuration_updated_timestamp = alarm.alarm_configuration_updated_timestamp = _now()
        verb = "created" if before is None else "updated"
        remember(self, alarm, "ConfigurationUpdate", f'Alarm "{name}" {verb}', {"type": verb.removesuffix("d").title()})
        place = {"account": self.account_id, "region": self.region_name}
        if not any(waiting == NEW and given == place for _, waiting, given in clock.pending()):
            clock.after(FIRST_LOOK * clock.speed, NEW, **place)
        return alarm

    backend_class.put_metric_alarm = put_metric_alarm


def update_state(self: Any, reason: str, reason_data: str | None, state_value: str) -> None:
    """Alarm.update_state: change the state, remember it, tell SNS."""
    account = self.alarm_arn.split(":")[4]
    backend = cloudwatch_backends[account][self.region_name]
    before = {"stateValue": self.state_value, "stateReason": self.state_reason}
    earlier = {
        "value": self.state_value,
        "reason": self.state_reason,
        "reasonData": self.state_reason_data,
        "timestamp": self.state_updated_timestamp,
    }
    self.state_value, self.state_reason, self.state_reason_data = state_value, reason, reason_data
    self.state_updated_timestamp = _now()
    if state_value == earlier["value"]:
        return
    self.state_transitioned_timestamp = _now()
    after = {"stateValue": state_value, "stateReason": reason}
    summary = f"Alarm updated from {before['stateValue']} to {state_value}"
    remember(backend, self, "StateUpdate", summary, {"oldState": before, "newState": after})
    state.touch()
    for hear in changed:
        hear(account, self.region_name, self, earlier)
    _notify(backend, self, before["stateValue"])


@minutes.each
def look_at_all(account: str, region: str) -> None:
    """Judge every alarm of an account and region."""
    with history.held(account, region):
        for name in list(cloudwatch_backends[account][region].alarms):
            look(account, region, name)


@transition(NEW)
def look_at_new(account: str, region: str) -> None:
    """Judge the alarms nobody judged yet, or not since they were changed."""
    with history.held(account, region):
        for name, alarm in list(cloudwatch_backends[account][region].alarms.items()):
            if alarm.__dict__.get("judged_at") is None:
                look(account, region, name)


def look(account: str, region: str, name: str) -> None:
    """Judge one alarm now."""
    backend = cloudwatch_backends[account][region]
    alarm = backend.alarms.get(name)
    if alarm is None or alarm.rule is not None or alarm.comparison_operator not in OPERATORS:
        return
    periods = int(alarm.evaluation_periods)
    needed = int(alarm.datapoints_to_alarm or periods)
    rule = Rule(
        alarm.comparison_operator, float(alarm.threshold), periods, needed, alarm.treat_missing_data or "missing"
    )
    try:
        window, period = _window(backend, alarm, periods + EXTRA)
    except Exception:  # one alarm nobody can judge must not silence the others
        log.exception("alarm %s cannot be judged", name)
        return
    alarm.judged_at = clock.time()
    before = alarm.state_value
    verdict = judge(rule, window, before)
    alarm.newest = verdict.points[-1] if verdict.points else None
    if verdict.state != before:
        data = {
            "version": "1.0",
            "queryDate": _stamp(clock.time()),
            "startDate": _stamp(window[0][0]),
            "statistic": alarm.statistic or alarm.extended_statistic,
            "period": period,
            "recentDatapoints": [value for _, value in verdict.points],
            "threshold": rule.threshold,
            "evaluatedDatapoints": [
                {"timestamp": _stamp(at), "value": value} for at, value in reversed(verdict.points)
            ],
        }
        update_state(alarm, verdict.reason, json.dumps(data), verdict.state)
    for callback in _callbacks:
        try:
            callback(account, region, alarm, before)
        except Exception:
            log.exception("%s failed on alarm %s", callback, name)


def newest_of(backend: Any, alarm: Any, count: int) -> tuple[int, float] | None:
    """(start, value) of the newest point in the alarm's last `count` periods. Call it under the lock."""
    window, _ = _window(backend, alarm, count)
    return next(((at, value) for at, value in reversed(window) if value is not None), None)


def _window(backend: Any, alarm: Any, count: int) -> tuple[list[tuple[int, float | None]], int]:
    """The alarm's last periods, ending with the last full minute, oldest first."""
    end = int(clock.time() // 60) * 60
    if alarm.metric_data_queries:
        return _of_queries(backend, alarm, count, end)
    period = max(60, int(alarm.period or 60))
    name = named(alarm.namespace, alarm.metric_name, [{"Name": d.name, "Value": d.value} for d in alarm.dimensions])
    series = Series(backend, name, alarm.unit)
    wanted = alarm.statistic or alarm.extended_statistic
    window: list[tuple[int, float | None]] = []
    for place in range(count, 0, -1):
        at = end - place * period
        points = series.between(at, at + period)
        window.append((at, statistic(points, wanted) if points else None))
    return window, period


def _of_queries(backend: Any, alarm: Any, count: int, end: int) -> tuple[list[tuple[int, float | None]], int]:
    asked: list[dict[str, Any]] = []
    for q in alarm.metric_data_queries:
        one: dict[str, Any] = {"Id": q.id, "ReturnData": q.return_data}
        if q.expression:
            one["Expression"] = q.expression
        else:
            stat, metric = q.metric_stat, q.metric_stat.metric
            dimensions = [{"Name": d.name, "Value": d.value} for d in metric.dimensions]
            named_metric = {"Namespace": metric.namespace, "MetricName": metric.metric_name, "Dimensions": dimensions}
            one["MetricStat"] = {"Metric": named_metric, "Period": stat.period, "Stat": stat.stat, "Unit": stat.unit}
        asked.append(one)
    period = max([60, *(int(o["MetricStat"]["Period"]) for o in asked if "MetricStat" in o)])
    end = end // period * period
    found = queries.run(backend, asked, end - count * period, end)
    shown = next((o["Id"] for o in asked if o["ReturnData"] not in (False, "false")), asked[0]["Id"])
    return [(at, found[shown].get(at)) for at in range(end - count * period, end, period)], period


def _notify(backend: Any, alarm: Any, before: str) -> None:
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(
        alarm.state_value, alarm.insufficient_data_actions
    )
    for action in actions or () if alarm.actions_enabled else ():
        if ":sns:" not in action:
            continue
        message = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": backend.account_id,
            "AlarmArn": alarm.alarm_arn,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": _stamp(clock.time()),
            "Region": backend.region_name,
            "OldStateValue": before,
        }
        subject = f'{alarm.state_value}: "{alarm.name}" in {backend.region_name}'[:100]
        try:
            client("sns", backend.region_name, backend.account_id).publish(
                TopicArn=action, Subject=subject, Message=json.dumps(message)
            )
            remember(backend, alarm, "Action", f"Successfully executed action {action}", {"actionState": "Succeeded"})
        except ClientError as problem:
            remember(
                backend,
                alarm,
                "Action",
                f"Failed to execute action {action}",
                {"actionState": "Failed", "error": str(problem)},
            )


def _now() -> datetime:
    return clock.now()


def _stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.000+0000"
