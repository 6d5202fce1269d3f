"""What is measured of a service over time, and kept: names, and how each is read and made coarser."""

from dataclasses import dataclass

from services.domain.scaling.series import How, Series

CPU, MEMORY = "CPUUtilization", "MemoryUtilization"
REQUESTS, RESPONSE_TIME, ERRORS = "RequestCountPerTarget", "TargetResponseTime", "HTTPCode_Target_5XX_Count"
TASKS = "RunningTasks"
"""CloudWatch's sample count of CPUUtilization: each task reports once a minute, so it counts those that run."""
DESIRED, PENDING, MIN, MAX = "DesiredTasks", "PendingTasks", "MinCapacity", "MaxCapacity"
"""Seen by Haven's own readings; no metric of AWS tells them without Container Insights."""

FROM_AWS = (CPU, MEMORY, REQUESTS, RESPONSE_TIME, ERRORS, TASKS)
OWN = (DESIRED, PENDING, MIN, MAX)
HOW: dict[str, How] = {ERRORS: How.SUM, MAX: How.MOST, MIN: How.LEAST}
"""How points become coarser ones; the mean where nothing is said."""

STEPS = ((1, 15), (5, 63), (60, 455))
"""(minutes, days): the steps kept, and for how long, as CloudWatch itself does."""


@dataclass(frozen=True)
class Measured:
    """One metric of one service. `subject` is the service's name in Haven."""

    subject: str
    name: str
    series: Series
