"""A finding: one thing that is not as it must be, with its facts, the requirement it breaks and what would mend it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.domain.snapshot import Part, Snapshot
from services.domain.status import Status


class Requirement(StrEnum):
    """What must be true (docs/product.md), by logical component."""

    GATEWAY = "API Gateway routes to the load balancer through its VPC link; nothing else reaches it."
    BALANCING = "An internal load balancer spans three zones; health checks decide, an unhealthy task gets no traffic."
    SERVICES = (
        "Each service runs over three zones with zone rebalancing and a deployment circuit breaker that rolls back."
    )
    SCALING = "Each service scales by itself on CPU and on memory, with no fewer tasks than zones."
    DATABASE = "The database is Multi-AZ with a synchronous standby in another zone, RPO 0, and can be failed over."
    RECOVERY = "The database is encrypted, private, protected from deletion and can be restored to any recent time."
    CACHE = "The cache is Multi-AZ with automatic failover and a replica in another zone, encrypted."
    EVENTS = "Services publish and consume events; a message that fails is kept in a dead-letter queue and looked at."
    NETWORK = "Every tier spans three zones, never fewer than two, and each zone has its own way out (NAT)."
    WATCH = "Trouble is noticed: alarms act, and a firing alarm is answered."
    PROVISIONING = "The stack is provisioned through CloudFormation and stands as it was asked for."
    KNOWLEDGE = "What could not be read is shown as unread: never as zero and never as healthy."


@dataclass(frozen=True)
class Finding:
    """One weakness or trouble.

    `rule` names the rule, `subject` the node on the picture, `title` says it in a few words, `why` is a sentence with
    the facts, `mend` what would mend it. `id` is stable while the same rule speaks of the same subject.
    """

    rule: str
    status: Status
    subject: str
    title: str
    why: str
    requirement: Requirement
    mend: str
    part: Part
    detail: str = ""
    """Tells findings of one rule and subject apart, such as an alarm's name."""
    weighs: Status | None = None
    """What it makes of the whole environment, where that differs: one task down only degrades a service of many."""

    @property
    def weight(self) -> Status:
        """What this finding makes of the whole environment."""
        return self.weighs or self.status

    @property
    def id(self) -> str:
        """Rule, subject and detail."""
        return ":".join(filter(None, (self.rule, self.subject, self.detail)))


Check = Callable[[Snapshot], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """A check and the parts it needs: it is not asked when one of them never was read, so it accuses nobody falsely."""

    check: Check
    parts: tuple[Part, ...]

    def applies(self, snapshot: Snapshot) -> bool:
        """Whether every part the check needs was read at least once."""
        return all(snapshot.reading(part).read_at is not None for part in self.parts)


class Subject:
    """Node ids of the picture: one way to name each thing, safe in a URL and in an element's id."""

    GATEWAY = "gateway"
    BALANCER = "balancer"
    NETWORK = "network"
    STACKS = "stacks"
    ALARMS = "alarms"

    @staticmethod
    def service(name: str) -> str:
        return f"service-{name}"

    @staticmethod
    def task(task_id: str) -> str:
        return f"task-{task_id}"

    @staticmethod
    def database(identifier: str) -> str:
        return f"database-{identifier}"

    @staticmethod
    def standby(identifier: str) -> str:
        return f"standby-{identifier}"

    @staticmethod
    def database_cluster(identifier: str) -> str:
        return f"dbcluster-{identifier}"

    @staticmethod
    def database_member(identifier: str) -> str:
        return f"dbmember-{identifier}"

    @staticmethod
    def cache(identifier: str) -> str:
        return f"cache-{identifier}"

    @staticmethod
    def cache_node(cluster_id: str) -> str:
        return f"node-{cluster_id}"

    @staticmethod
    def queue(name: str) -> str:
        return f"queue-{name}"

    @staticmethod
    def nat(nat_gateway_id: str) -> str:
        return f"nat-{nat_gateway_id}"

    @staticmethod
    def zone(name: str) -> str:
        return f"zone-{name}"

    @staticmethod
    def part(part: Part) -> str:
        """The node that a part's own thing has on the picture."""
        return _PARTS.get(part, Subject.unread(part))

    @staticmethod
    def unread(part: Part) -> str:
        """The node that stands for the reading of a part, where its gap is told."""
        return f"part-{part.replace(' ', '-')}"


_PARTS = {
    Part.GATEWAY: Subject.GATEWAY,
    Part.LOAD_BALANCER: Subject.BALANCER,
    Part.TARGETS: Subject.BALANCER,
    Part.NETWORK: Subject.NETWORK,
    Part.STACKS: Subject.STACKS,
    Part.ALARMS: Subject.ALARMS,
}
