"""What there is to measure: services, load balancers, databases, ... It is read from the backends as the APIs read
them (`reading`), and a test holds the two together, so that metrics and answers never contradict each other."""

from dataclasses import dataclass

from moto.core.base_backend import BackendDict

Zones = tuple[tuple[str, int], ...]
"""How many per availability zone."""


@dataclass(frozen=True)
class Service:
    """An ECS service. `floor` is its minimum capacity (its desired count if nothing scales it)."""

    cluster: str
    name: str
    floor: int
    running: Zones
    groups: tuple[str, ...]
    databases: tuple[str, ...] = ()
    """ARNs of the databases it relies on."""

    @property
    def count(self) -> int:
        """Running tasks."""
        return sum(n for _, n in self.running)


@dataclass(frozen=True)
class Balancer:
    """A load balancer; `id` and `groups` are the ARNs' last parts, as in metric dimensions."""

    id: str
    zones: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A target group and its targets."""

    id: str
    healthy: Zones
    unhealthy: Zones

    @property
    def count(self) -> int:
        """Healthy targets."""
        return sum(n for _, n in self.healthy)


@dataclass(frozen=True)
class Database:
    """A DB instance; memory and storage in GiB."""

    id: str
    status: str
    multi_az: bool
    memory: float
    storage: int
    arn: str = ""
    follows: bool = False
    """Whether it is written from another one: a reader of a cluster, or a read replica."""


@dataclass(frozen=True)
class CacheNode:
    """A cache cluster of a replication group."""

    id: str
    node: str
    primary: bool
    status: str


@dataclass(frozen=True)
class Queue:
    """An SQS queue; `dead` if others send their failures to it."""

    name: str
    visible: int
    dead: bool


@dataclass(frozen=True)
class Api:
    """An HTTP API."""

    id: str
    name: str


@dataclass(frozen=True)
class World:
    """All of it, by the key metrics use."""

    services: dict[tuple[str, str], Service]
    balancers: dict[str, Balancer]
    groups: dict[str, Group]
    databases: dict[str, Database]
    caches: dict[str, CacheNode]
    queues: dict[str, Queue]
    apis: dict[str, Api]

    def of_environment(self, name: str) -> list[Service]:
        """The services whose cluster a resource belongs to by its name: `<cluster>` or `<cluster>-...`."""
        return [s for (cluster, _), s in self.services.items() if name == cluster or name.startswith(f"{cluster}-")]


def places() -> set[tuple[str, str]]:
    """The (account, region) pairs in which there is something to measure or to watch."""
    return {
        (account, region)
        for known in list(BackendDict._instances)
        if known.service_name in ("ecs", "rds", "cloudwatch", "elasticache", "sqs", "elbv2")
        for account, region, backend in list(known.iter_backends())
        if any(getattr(backend, held, None) for held in ("services", "databases", "alarms", "queues", "load_balancers"))
    }


def read(account: str, region: str) -> World:
    """The world of one account and region as it is now."""
    from sandbox.weather import reading  # it needs all of moto, and this module

    return reading.read(account, region)


def memory_of(instance_class: str) -> float:
    """Memory of a DB instance class in GiB (aws-facts 10): db.t4g.medium has 4, db.r6g.large 16."""
    _, family, size = [*instance_class.split("."), "", ""][:3]
    large = 16.0 if family[:1] in ("r", "x") else 8.0
    small = {"micro": 1.0, "small": 2.0, "medium": 4.0, "large": large}
    if size in small:
        return small[size]
    times = size.removesuffix("xlarge")
    return large * 2 * (int(times) if times.isdigit() else 1)
