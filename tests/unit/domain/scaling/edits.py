"""A service whose stack says how it scales, and live scaling that says the same."""

from dataclasses import replace
from typing import Any

from services.domain.snapshot import FargateService, Scaling, ScheduledAction, Snapshot
from tests import builders as b

SAID = {
    "ServiceName": "rbac",
    "Scaling": "true",
    "MinTasks": "3",
    "MaxTasks": "12",
    "CpuTarget": "60",
    "MemoryTarget": "70",
    "ScaleOutCooldown": "60",
    "ScaleInCooldown": "300",
    "BusySchedule": "",
    "BusyMinTasks": "6",
    "QuietSchedule": "cron(0 20 ? * MON-FRI *)",
    "ScheduleTimezone": "Etc/UTC",
}
BUSY = ScheduledAction("rbac-busy", "cron(30 6 ? * MON-FRI *)", "Etc/UTC", 6, 12)
QUIET = ScheduledAction("rbac-quiet", "cron(0 20 ? * MON-FRI *)", "Etc/UTC", 3, 12)
CPU = b.policy(name="rbac-cpu")
MEMORY = b.policy("ECSServiceAverageMemoryUtilization", name="rbac-memory", target=70.0)


def live(**changes: Any) -> Scaling:
    """What the template makes of `SAID`."""
    return b.scaling(policies=(CPU, MEMORY), **changes)


def world(scaling: Scaling | None, said: dict[str, str] = SAID, **stack: Any) -> tuple[Snapshot, FargateService]:
    """A production with one service, and the service."""
    service = b.service("rbac", scaling=scaling)
    stacks = (b.stack("service-rbac", parameters=tuple(said.items()), **stack),)
    return replace(b.snapshot(), services=(service,), stacks=stacks), service
