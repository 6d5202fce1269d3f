"""How many connections come back at once after a failover, and how many the database can hold (aws-facts 10)."""

from dataclasses import dataclass

from services.domain.operation import Target
from services.domain.snapshot import Cache, Database, DatabaseCluster, FargateService, Snapshot, Stack

RESERVED = 15
"""Connections kept for superusers, RDS and monitoring."""
_PLANNED = {1: 80, 2: 190, 4: 405, 8: 811, 16: 1600, 32: 3243}
"""GiB of memory -> connections to plan with: nine tenths of LEAST(bytes / 9531392, 5000), for the class's memory is not
all the database's. From 64 GiB on it is 5000."""
_MOST = 5000
_SMALL = {"micro": 1, "small": 2, "medium": 4}
_LARGE = {"t": 8, "m": 8, "c": 4, "r": 16, "x": 32}
"""Family -> GiB of its `large`; the n-fold `xlarge` has 2n times that."""


@dataclass(frozen=True)
class Pool:
    """What a service may hold: `tasks` times `size` connections; `size` is None when its stack does not say."""

    service: str
    tasks: int
    size: int | None


def memory_of(instance_class: str) -> int | None:
    """GiB of memory of an RDS instance class, None for one whose name says nothing known: 16 of `db.r6g.large`."""
    parts = instance_class.split(".")
    if len(parts) != 3 or parts[0] != "db" or not parts[1]:
        return None
    family, size = parts[1][0], parts[2]
    if size in _SMALL:
        return _SMALL[size] if family == "t" else None
    large = _LARGE.get(family)
    if large is None or not size.endswith("large"):
        return None
    factor = size.removesuffix("large").removesuffix("x")
    if size == "large":
        return large
    if size == "xlarge":
        return 2 * large
    return 2 * large * int(factor) if factor.isdecimal() else None


def most_connections(instance_class: str | None) -> int | None:
    """The connections to plan with for a class, None when its memory is not known."""
    memory = memory_of(instance_class) if instance_class else None
    if memory is None:
        return None
    return _MOST if memory >= 64 else _PLANNED.get(memory)


def connections_of(store: Database | DatabaseCluster | Cache | None) -> tuple[int | None, str]:
    """The connections to plan with for a database, None when not known, and by what: its parameter group's own value,
    else its class."""
    if isinstance(store, Database) and store.max_connections is not None:
        return store.max_connections, f"{store.identifier}, max_connections of {store.parameter_group}"
    if isinstance(store, Database | DatabaseCluster):
        return most_connections(store.instance_class), f"{store.identifier}, {store.instance_class}"
    return None, "its class"


def users_of(snapshot: Snapshot, kind: Target, endpoint: str | None) -> tuple[FargateService, ...]:
    """The services that use a store, by the endpoint their stacks were given. One whose stack does not say is counted
    in: rather one too many than one too few."""
    parameter = "CacheEndpoint" if kind is Target.CACHE else "DatabaseEndpoint"
    return tuple(
        service
        for service in snapshot.services
        if (said := parameters_of(snapshot, service).get(parameter)) is None or endpoint is None or said == endpoint
    )


def pools(snapshot: Snapshot, services: tuple[FargateService, ...]) -> tuple[Pool, ...]:
    """The pools of services: as many tasks as run or are wanted, whichever is more."""
    return tuple(
        Pool(service.name, max(service.running, service.desired), _size(parameters_of(snapshot, service)))
        for service in services
    )


def parameters_of(snapshot: Snapshot, service: FargateService) -> dict[str, str]:
    """The parameters of a service's stack; nothing when there is no such stack."""
    found: Stack | None = next((s for s in snapshot.stacks if s.name == f"service-{service.name}"), None)
    return dict(found.parameters) if found else {}


def _size(parameters: dict[str, str]) -> int | None:
    said = parameters.get("PoolSize", "")
    return int(said) if said.isdecimal() else None
