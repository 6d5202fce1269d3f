"""When what happens in a failover, as measured on AWS (aws-facts 1.1): pure."""

from collections.abc import Callable
from dataclasses import dataclass

WITHIN = {
    "started": (7, 17),
    "promoted": (20, 24),
    "restarted": (25, 33),
    "completed": (34, 71),
    "available": (72, 95),
    "swapped": (60, 540),
}
"""Step -> earliest and latest second after the call."""


@dataclass(frozen=True)
class Failover:
    """Seconds after the call at which each step happens. `swapped` is when the API shows the new zones: any time,
    without an event, often long after all else."""

    started: float
    promoted: float
    restarted: float
    completed: float
    available: float
    swapped: float

    def order(self) -> list[tuple[float, str]]:
        """(seconds, step), soonest first."""
        return sorted((seconds, step) for step, seconds in vars(self).items())


def failover(uniform: Callable[[float, float], float]) -> Failover:
    """A failover's times, drawn with `uniform(low, high)`. Connections work again when promoted, before `completed`."""
    return Failover(**{step: round(uniform(low, high), 1) for step, (low, high) in WITHIN.items()})


REBOOT = {"shutdown": 3.0, "restarted": 11.0, "available": 25.0}
"""A reboot without failover: 8 to 14 s down."""

ABANDONED = {"told": 10.0, "available": 15.0}
"""A failover asked for too soon after another one."""

RECENTLY = 600.0
"""Seconds after a failover during which another one is abandoned; AWS does not say how many."""

CLUSTER_WITHIN = {
    "started": (2, 5),
    "promoted": (12, 20),
    "restarted": (20, 24),
    "completed": (25, 34),
    "available": (35, 45),
}
"""Step of a DB cluster's failover -> earliest and latest second after the call; typically done in 35 seconds."""


@dataclass(frozen=True)
class ClusterFailover:
    """Seconds after the call at which each step happens."""

    started: float
    promoted: float
    restarted: float
    completed: float
    available: float


def cluster_failover(uniform: Callable[[float, float], float]) -> ClusterFailover:
    """A cluster failover's times, drawn with `uniform(low, high)`."""
    return ClusterFailover(**{step: round(uniform(low, high), 1) for step, (low, high) in CLUSTER_WITHIN.items()})


CLUSTER_REBOOT = {"shutdown": 3.0, "restarted": 14.0, "available": 30.0}
"""A reboot of all members of a DB cluster."""
