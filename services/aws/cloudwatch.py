"""CloudWatch: alarms, and the newest point of every metric in as few calls as AWS allows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.aws.times import utc, utc_or_none
from services.aws.wanted import Wanted
from services.domain.errors import Misconfigured, NotNow
from services.domain.scaling.series import time_of
from services.domain.snapshot import Alarm, Metric

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import (
        MetricAlarmTypeDef,
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
    )

ALARMS_PER_CALL = 100
METRICS_PER_CALL = 500
POINTS_PER_CALL = 100_800
LOOK_BACK = timedelta(minutes=5)
TRACKING = "TargetTracking-"
"""How the names of the alarms begin that target tracking makes for itself."""


def list_alarms(client: "CloudWatchClient", names: Sequence[str]) -> tuple[Alarm, ...]:
    """Up to a hundred alarms by name; those that are gone are left out."""
    pages = client.get_paginator("describe_alarms").paginate(AlarmNames=list(names), AlarmTypes=["MetricAlarm"])
    return tuple(to_alarm(alarm) for page in pages for alarm in page["MetricAlarms"])


def list_tracking_alarms(client: "CloudWatchClient", cluster: str) -> tuple[Alarm, ...]:
    """The alarms that target tracking made for a cluster's services."""
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{TRACKING}service/{cluster}/", AlarmTypes=["MetricAlarm"]
    )
    return tuple(to_alarm(alarm) for page in pages for alarm in page["MetricAlarms"])


def join(found: Iterable[tuple[Alarm, ...]]) -> tuple[Alarm, ...]:
    """All alarms once, by name."""
    return tuple(sorted({alarm.name: alarm for alarms in found for alarm in alarms}.values(), key=lambda a: a.name))


def read_metrics(client: "CloudWatchClient", wanted: Sequence[Wanted], now: datetime) -> tuple[Metric, ...]:
    """The newest complete minute of up to 500 metrics, looking back five; one without a point is left out."""
    end = now.replace(second=0, microsecond=0)
    found: dict[int, tuple[datetime, float]] = {}
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[to_query(index, each) for index, each in enumerate(wanted)],
        StartTime=end - LOOK_BACK,
        EndTime=end,
        ScanBy="TimestampDescending",
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            points = list(zip(result.get("Timestamps", []), result.get("Values", []), strict=True))
            if points:
                index = int(result["Id"].removeprefix("m"))
                found[index] = max([*points, *([found[index]] if index in found else [])])
    return tuple(
        Metric(each.subject, each.name, found[index][1], each.unit, utc(found[index][0]))
        for index, each in enumerate(wanted)
        if index in found
    )


def calls(metrics: int, since: int, until: int, step: int) -> list[tuple[range, tuple[int, int]]]:
    """Which metrics to ask for from when to when, call by call, so that none asks for more than AWS gives at once.
    Minutes since 1970; steps are whole."""
    found = []
    for first in range(0, metrics, METRICS_PER_CALL):
        some = range(first, min(metrics, first + METRICS_PER_CALL))
        long = POINTS_PER_CALL // len(some) * step
        found += [(some, (begins, min(until, begins + long))) for begins in range(since, until, long)]
    return found


def read_points(
    client: "CloudWatchClient", wanted: Sequence[Wanted], since: int, until: int, step: int
) -> tuple[tuple[tuple[datetime, float], ...], ...]:
    """The points of each metric from minute `since` up to `until`, one for every `step` minutes, in no order. Raises
    NotNow when CloudWatch could not read one of them: that is not a gap."""
    found: list[list[tuple[datetime, float]]] = [[] for _ in wanted]
    for some, (begins, ends) in calls(len(wanted), since, until, step):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[to_query(index, wanted[index], step * 60) for index in some],
            StartTime=time_of(begins),
            EndTime=time_of(ends),
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                _check(result)
                points = zip(result.get("Timestamps", []), result.get("Values", []), strict=True)
                found[int(result["Id"].removeprefix("m"))] += [(utc(at), value) for at, value in points]
    return tuple(tuple(points) for points in found)


def _check(result: "MetricDataResultTypeDef") -> None:
    if result.get("StatusCode") == "InternalError":
        raise NotNow("CloudWatch could not read one of the metrics.")
    if result.get("StatusCode") == "Forbidden":
        raise Misconfigured("Haven may not read the metrics of this account.")


def to_query(index: int, wanted: Wanted, period: int = 60) -> "MetricDataQueryTypeDef":
    """GetMetricData's query for one metric; the period is in seconds."""
    return {
        "Id": f"m{index}",
        "MetricStat": {
            "Metric": {
                "Namespace": wanted.namespace,
                "MetricName": wanted.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in wanted.dimensions],
            },
            "Period": period,
            "Stat": wanted.stat,
        },
    }


def to_alarm(found: "MetricAlarmTypeDef") -> Alarm:
    """Haven's alarm of CloudWatch's."""
    return Alarm(
        name=found["AlarmName"],
        arn=found["AlarmArn"],
        state=found["StateValue"],
        reason=found.get("StateReason"),
        since=utc_or_none(found.get("StateTransitionedTimestamp") or found.get("StateUpdatedTimestamp")),
        description=found.get("AlarmDescription"),
        metric=found.get("MetricName"),
        threshold=found.get("Threshold"),
        actions_enabled=found.get("ActionsEnabled", True),
        scaling=found["AlarmName"].startswith(TRACKING),
    )
