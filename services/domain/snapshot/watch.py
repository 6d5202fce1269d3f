"""What watches: alarms, metrics, failovers that AWS reported."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Alarm:
    """A CloudWatch alarm: `state` OK, ALARM or INSUFFICIENT_DATA; `scaling` marks those of target tracking."""

    name: str
    arn: str
    state: str
    reason: str | None
    since: datetime | None
    description: str | None
    metric: str | None
    threshold: float | None
    actions_enabled: bool
    scaling: bool = False


@dataclass(frozen=True)
class Metric:
    """The newest point of one metric. `subject` is what it is about: a service's name, a database's identifier,
    a zone's name, or `environment`; `name` is AWS's metric name; `at` is the point's minute."""

    subject: str
    name: str
    value: float
    unit: str
    at: datetime


@dataclass(frozen=True)
class Failover:
    """A failover that AWS says is completed. `subject` is the database's or the cache's identifier, `source` `rds` or
    `elasticache`, `message` AWS's own words."""

    subject: str
    at: datetime
    message: str
    source: str
