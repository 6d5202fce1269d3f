"""CloudWatch: metrics that exist and alarms that watch them.

Mends: the metrics AWS publishes by itself (moto: none), from the weather; GetMetricData and GetMetricStatistics with
percentiles, units, limits, paging and metric math (moto: 500 on p99, most expressions empty); ListMetrics; alarms that
start in INSUFFICIENT_DATA, are evaluated every minute of the sandbox's clock, keep their state when updated, notify
SNS, and have a history (moto: OK for ever, no history); DescribeAlarms in pages.
Facts: aws-facts 4.2, 7.1, 7.2, 13.1.
Other parts may act on alarms: `alarms.on_evaluated(callback)`.
Remove when: moto publishes metrics and evaluates alarms.
"""

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from sandbox.gaps.cloudwatch import alarms, answers


def mend() -> None:
    """Put the above in place of moto's."""
    for name in (
        "get_metric_data",
        "get_metric_statistics",
        "list_metrics",
        "describe_alarms",
        "describe_alarm_history",
    ):
        setattr(CloudWatchResponse, name, getattr(answers, name))
    alarms.keep_state(CloudWatchBackend)
    Alarm.update_state = alarms.update_state
