"""Adds what moto cannot know: a service feels the outage of the database it relies on.

Its application answers 503 to health checks while the primary cannot be reached, so its targets become unhealthy after
as many checks as the target group's threshold asks for (aws-facts 5.1), and healthy again likewise; the ECS scheduler
does with them what it always does. A failover is mostly over before. No AWS API says which database belongs to which
service: here it is the same `haven:environment` tag; without that tag on either side, the same VPC.
"""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends

from sandbox.gaps import elbv2
from sandbox.gaps.ecs.records import Service
from sandbox.gaps.rds import sensing

TAG = "haven:environment"


def databases_of(service: Service) -> list[str]:
    """The ARNs of the databases a service relies on."""
    known = sensing.primaries(service.account, service.region)
    return [database.arn for database in known if _relies(service, database)]


def _relies(service: Service, database: Any) -> bool:
    mine = next((t["value"] for t in service.tags if t["key"] == TAG), None)
    its = next((t["Value"] for t in database.tags or () if t["Key"] == TAG), None)
    if mine is not None and its is not None:
        return mine == its
    vpc = _vpc_of_database(database)
    return vpc is not None and vpc in _vpcs_of_service(service)


def _vpc_of_database(database: Any) -> str | None:
    group = getattr(database, "db_subnet_group", None)
    if isinstance(group, str):  # a cluster knows the name only
        group = database.backend.subnet_groups.get(group)
    return str(group.vpc_id) if group is not None else None


def _vpcs_of_service(service: Service) -> set[str]:
    known = ec2_backends[service.account][service.region].subnets
    found = (known[zone][i] for i in service.subnets for zone in known if i in known[zone])
    return {subnet.vpc_id for subnet in found}


def _services(account: str, region: str) -> list[Service]:
    return [s for s in ecs_backends[account][region].services.values() if isinstance(s, Service)]


def fault_of(account: str, region: str, group: str) -> tuple[str, str] | None:
    """What the targets of a group answer to health checks because of a database, or None when they are well."""
    lost = {database.arn for database in sensing.primaries(account, region) if sensing.lost(database)}
    if not lost:
        return None
    behind = [s for s in _services(account, region) if group in {arn for arn, _ in s.target_groups}]
    return elbv2.MISMATCHED if any(lost & set(databases_of(service)) for service in behind) else None


def database_changed(account: str, region: str, arn: str) -> None:
    """A database was lost or came back: the services feel it."""
    for group in list(elbv2_backends[account][region].target_groups):
        elbv2.recheck(account, region, group)


def mend() -> None:
    """Connect the two, once."""
    if fault_of not in elbv2.faults:
        elbv2.faults.append(fault_of)
        sensing.changed.append(database_changed)
