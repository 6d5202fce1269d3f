"""What was asked of a service, as recorded: readings times the tasks that shared them, minute by minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from services.domain.scaling.series import Series, combined
from services.domain.scaling.tracking import Rules

CPU, MEMORY = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"
REQUESTS = "ALBRequestCountPerTarget"


@dataclass(frozen=True)
class Recording:
    """Minutes that were recorded: the tasks that ran, and readings by AWS's metric type, each an average per task."""

    tasks: Series
    readings: Mapping[str, Series]

    def loads(self) -> dict[str, Series]:
        """By metric, the whole load: reading × tasks. A gap in either is a gap."""
        return {metric: combined(self.tasks, found, lambda n, v: n * v) for metric, found in self.readings.items()}

    @property
    def first_tasks(self) -> int | None:
        """How many tasks ran at the first minute that is known."""
        known = self.tasks.points
        return round(known[0][1]) if known else None


def peak_need(recording: Recording, rules: Rules) -> tuple[int, int, str] | None:
    """The most tasks that were ever needed to keep every policy at its target: (tasks, minute, metric), None when no
    policy's metric was recorded."""
    loads = recording.loads()
    needs = [
        (ceil(peak[1] / policy.target - 1e-9), peak[0], policy.metric)
        for policy in rules.policies
        if policy.metric in loads and (peak := loads[policy.metric].peak)
    ]
    return max(needs, key=lambda need: (need[0], -need[1]), default=None)
