"""How often AWS lets one account call in one region: token buckets (aws-facts 7.1, 9.1)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.wire import Call

enabled = False
"""Whether requests from outside are counted at all."""


@dataclass(frozen=True)
class Rate:
    """A bucket holds `burst` tokens and gains `refill` a second."""

    name: str
    burst: float
    refill: float


_RDS = Rate("rds", 300, 12)
_ECS = {
    Rate("ecs cluster reads", 50, 20): ("DescribeClusters", "ListClusters"),
    Rate("ecs service reads", 100, 20): ("DescribeServices", "ListServices"),
    Rate("ecs resource reads", 100, 20): ("DescribeTasks", "ListTasks"),
    Rate("ecs service changes", 50, 5): ("CreateService", "UpdateService", "DeleteService"),
    Rate("ecs resource changes", 100, 40): ("RunTask", "StopTask"),
    Rate("ecs definition reads", 50, 20): ("DescribeTaskDefinition", "ListTaskDefinitions"),
    Rate("ecs definition changes", 20, 1): ("RegisterTaskDefinition", "DeregisterTaskDefinition"),
    Rate("ecs deployments", 50, 20): ("ListServiceDeployments", "DescribeServiceDeployments"),
    Rate("ecs revisions", 50, 20): ("DescribeServiceRevisions",),
}
_CLOUDWATCH = {
    "GetMetricData": Rate("GetMetricData", 50, 50),
    "GetMetricStatistics": Rate("GetMetricStatistics", 400, 400),
    "ListMetrics": Rate("ListMetrics", 25, 25),
    "DescribeAlarms": Rate("DescribeAlarms", 9, 9),
    "PutMetricAlarm": Rate("PutMetricAlarm", 3, 3),
    "PutMetricData": Rate("PutMetricData", 500, 500),
}
_ELB = Rate("elbv2 describes", 40, 10)
_BY_OPERATION = {operation: rate for rate, operations in _ECS.items() for operation in operations}


def rate_of(call: Call) -> Rate | None:
    """The bucket a call draws from; None if AWS publishes no rate for it."""
    operation = call.operation or ""
    if call.service == "rds":
        return _RDS
    if call.service == "ecs":
        return _BY_OPERATION.get(operation)
    if call.service == "elbv2":
        return _ELB if operation.startswith("Describe") else None
    return _CLOUDWATCH.get(operation) if call.service == "cloudwatch" else None


class Buckets:
    """The levels, per (account, region, rate)."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._levels: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, account: str, region: str, rate: Rate) -> bool:
        """Draw one token; False if there is none."""
        with self._lock:
            now = self._seconds()
            level, at = self._levels.get((account, region, rate.name), (rate.burst, now))
            level = min(rate.burst, level + (now - at) * rate.refill)
            allowed = level >= 1
            self._levels[account, region, rate.name] = (level - 1 if allowed else level, now)
            return allowed


BUCKETS = Buckets()
"""Those of this process. They refill in real time whatever the sandbox's clock does: the portal waits in real time."""
