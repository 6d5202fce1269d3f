"""Something AWS said about one of its resources, kept for ever: RDS and ElastiCache forget after 14 days."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_TAIL = re.compile(r"[\s.]+$")


class Came(StrEnum):
    """How an event reached Haven."""

    POLL = "polled"
    QUEUE = "EventBridge"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class CloudEvent:
    """One event. `source` is `rds`, `elasticache`, `scaling`, `ecs`, `cloudwatch` or `cloudformation`; `source_type`
    its own kind (`db-instance`, `db-cluster`, `replication-group`, `cache-cluster`, ...); `subject` the resource's
    identifier; `message` AWS's words without blanks around them; `event_id` such as RDS-EVENT-0049, where AWS gives
    one."""

    environment: str
    source: str
    source_type: str
    subject: str
    at: datetime
    message: str
    categories: tuple[str, ...] = ()
    event_id: str = ""
    came: Came = Came.POLL
    received_at: datetime | None = None

    @property
    def key(self) -> str:
        """The same for the same event, however often and by whichever way it came. AWS's API gives no id (aws-facts
        1.3), so who, when (to the second: the ways differ in fractions) and what must do."""
        said = _TAIL.sub("", self.message.strip())
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        whole = (self.environment, self.source, self.subject, at, said)
        return hashlib.sha256("\n".join(whole).encode()).hexdigest()[:32]
