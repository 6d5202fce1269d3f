"""How the parts of a snapshot were read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Part(StrEnum):
    """A set of facts that is read, and can fail, together."""

    STACKS = "stacks"
    ZONES = "zones"
    NETWORK = "network"
    GATEWAY = "gateway"
    LOAD_BALANCER = "load balancer"
    TARGETS = "targets"
    SERVICES = "services"
    TASKS = "tasks"
    SCALING = "scaling"
    DATABASE = "database"
    CACHE = "cache"
    QUEUES = "queues"
    ALARMS = "alarms"
    METRICS = "metrics"
    EVENTS = "events"


@dataclass(frozen=True)
class Gap:
    """What could not be read and why. `code` is AWS's own error code, `why` a sentence, `since` the first failure."""

    part: Part
    code: str
    why: str
    since: datetime


@dataclass(frozen=True)
class Reading:
    """How one part was last read. `read_at` is the last success, None if it never was read."""

    part: Part
    read_at: datetime | None
    gap: Gap | None = None


@dataclass(frozen=True)
class Calls:
    """What one snapshot cost: number of HTTP requests sent to AWS, wall seconds, requests answered with a throttle."""

    count: int = 0
    seconds: float = 0.0
    throttled: int = 0
    failed: int = 0
    by_operation: tuple[tuple[str, int], ...] = ()
