"""CloudWatch: alarms, and the newest point of every metric in as few calls as AWS allows."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.aws.times import utc, utc_or_none
from services.aws.wanted import Wanted
from services.domain.snapshot import Alarm, Metric

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, MetricDataQueryTypeDef

ALARMS_PER_CALL = 100
METRICS_PER_CALL = 500
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


def to_query(index: int, wanted: Wanted) -> "MetricDataQueryTypeDef":
    """GetMetricData's query for one metric, by the minute."""
    return {
        "Id": f"m{index}",
        "MetricStat": {
            "Metric": {
                "Namespace": wanted.namespace,
                "MetricName": wanted.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in wanted.dimensions],
            },
            "Period": 60,
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
