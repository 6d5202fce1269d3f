"""Finding environments by name, service or AWS id. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.domain.environment import Environment
from services.domain.finding import Subject
from services.domain.snapshot import Snapshot

LONGEST = 200
"""Characters of a query that are looked at: an ARN is shorter."""
_SHOWN = 3


@dataclass(frozen=True)
class Hit:
    """One thing inside an environment that the query names; `subject` is its node on the picture."""

    name: str
    subject: str


@dataclass(frozen=True)
class Found:
    """Whether an environment fits, and what in it does (at most three; `more` counts the rest)."""

    fits: bool
    hits: tuple[Hit, ...] = ()
    more: int = 0


ALL = Found(True)
"""Nothing was searched for."""


def search(query: str, environment: Environment, snapshot: Snapshot | None) -> Found:
    """Look for the query, without regard to case, in an environment and in everything read of it."""
    wanted = query.strip().casefold()[:LONGEST]
    if not wanted:
        return ALL
    own = (environment.name, environment.account, environment.region, environment.blueprint)
    hits: dict[str, Hit] = {}
    for name, subject, words in _things(snapshot) if snapshot else ():
        if any(wanted in word.casefold() for word in words):
            hits.setdefault(subject, Hit(name, subject))
    named = any(wanted in word.casefold() for word in own)
    shown = tuple(hits.values())
    return Found(named or bool(shown), () if named else shown[:_SHOWN], 0 if named else max(0, len(shown) - _SHOWN))


def _things(snapshot: Snapshot) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Everything with a node of its own: its name, the node, and the words it can be found by."""
    for service in snapshot.services:
        subject = Subject.service(service.name)
        yield f"service {service.name}", subject, (service.name, service.arn, service.task_definition)
        for task in service.tasks:
            of_task = (task.task_id, task.arn, task.ip or "", task.eni or "")
            yield f"task {task.task_id[:8]} of {service.name}", Subject.task(task.task_id), of_task
    for database in snapshot.databases:
        found = (database.identifier, database.arn, database.resource_id, database.endpoint or "")
        yield f"database {database.identifier}", Subject.database(database.identifier), found
    for cache in snapshot.caches:
        of_cache = (cache.identifier, cache.arn, *(node.cluster_id for node in cache.nodes))
        yield f"cache {cache.identifier}", Subject.cache(cache.identifier), of_cache
    for queue in snapshot.queues:
        yield f"queue {queue.name}", Subject.queue(queue.name), (queue.name, queue.arn, queue.url)
    yield from _places(snapshot)


def _places(snapshot: Snapshot) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if snapshot.gateway:
        gateway = snapshot.gateway
        yield f"API {gateway.name}", Subject.GATEWAY, (gateway.api_id, gateway.name, gateway.endpoint)
    if snapshot.load_balancer:
        balancer = snapshot.load_balancer
        yield f"load balancer {balancer.name}", Subject.BALANCER, (balancer.name, balancer.arn, balancer.dns_name)
    if snapshot.network:
        network = snapshot.network
        found = (network.vpc_id, *(subnet.subnet_id for subnet in network.subnets))
        yield f"network {network.vpc_id}", Subject.NETWORK, found
        for nat in network.nat_gateways:
            yield (
                f"NAT gateway in {nat.zone}",
                Subject.nat(nat.nat_gateway_id),
                (nat.nat_gateway_id, nat.public_ip or ""),
            )
    for stack in snapshot.stacks:
        yield f"stack {stack.stack_name}", Subject.STACKS, (stack.stack_name, stack.stack_id)
