"""Elastic Load Balancing v2: the internal ALB, its target groups, and the health of every target."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.aws.errors import is_missing
from services.domain.snapshot import LoadBalancer, Target, TargetGroup

if TYPE_CHECKING:
    from types_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef, TargetGroupTypeDef, TargetHealthDescriptionTypeDef


def read_balancer(client: "ElasticLoadBalancingv2Client", arn: str) -> LoadBalancer:
    """The load balancer, without its attributes and listeners."""
    return to_balancer(client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0])


def read_attributes(client: "ElasticLoadBalancingv2Client", arn: str) -> dict[str, str]:
    """The load balancer's attributes, AWS's keys to AWS's values."""
    found = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {attribute["Key"]: attribute["Value"] for attribute in found}


def list_listeners(client: "ElasticLoadBalancingv2Client", arn: str) -> tuple[str, ...]:
    """The listeners as `HTTPS:443`, by port."""
    pages = client.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
    found = [(each["Port"], each["Protocol"]) for page in pages for each in page["Listeners"]]
    return tuple(f"{protocol}:{port}" for port, protocol in sorted(found))


def with_attributes(balancer: LoadBalancer, attributes: dict[str, str], listeners: tuple[str, ...]) -> LoadBalancer:
    """The load balancer put together."""
    return replace(
        balancer,
        deletion_protection=_flag(attributes, "deletion_protection.enabled"),
        zonal_shift_enabled=_flag(attributes, "zonal_shift.config.enabled"),
        access_logs=_flag(attributes, "access_logs.s3.enabled"),
        listeners=listeners,
    )


def list_groups(client: "ElasticLoadBalancingv2Client", balancer_arn: str) -> tuple[TargetGroup, ...]:
    """Every target group behind a load balancer, without targets. Asked by load balancer: asking by the groups' own
    ARNs fails for all when one is gone."""
    pages = client.get_paginator("describe_target_groups").paginate(LoadBalancerArn=balancer_arn)
    return tuple(to_group(group) for page in pages for group in page["TargetGroups"])


def list_targets(client: "ElasticLoadBalancingv2Client", group_arn: str) -> tuple[Target, ...]:
    """A group's targets by address; none when there is no such group (any more)."""
    try:
        found = client.describe_target_health(TargetGroupArn=group_arn)["TargetHealthDescriptions"]
    except ClientError as error:
        if is_missing(error):
            return ()
        raise
    return tuple(sorted((to_target(target) for target in found), key=lambda t: (t.ip, t.port)))


def join(groups: Sequence[TargetGroup], targets: dict[str, tuple[Target, ...]]) -> dict[str, TargetGroup]:
    """The groups with their targets, by ARN."""
    return {group.arn: replace(group, targets=targets[group.arn]) for group in groups if group.arn in targets}


def to_balancer(found: "LoadBalancerTypeDef") -> LoadBalancer:
    """Haven's load balancer of AWS's."""
    return LoadBalancer(
        arn=found["LoadBalancerArn"],
        name=found["LoadBalancerName"],
        dns_name=found["DNSName"],
        scheme=found["Scheme"],
        state=found["State"]["Code"],
        zones=tuple(sorted(zone["ZoneName"] for zone in found["AvailabilityZones"])),
    )


def to_group(found: "TargetGroupTypeDef") -> TargetGroup:
    """Haven's target group of AWS's."""
    return TargetGroup(found["TargetGroupArn"], found["TargetGroupName"], found.get("HealthCheckPath"))


def to_target(found: "TargetHealthDescriptionTypeDef") -> Target:
    """Haven's target of AWS's."""
    target, health = found["Target"], found["TargetHealth"]
    return Target(
        ip=target["Id"],
        port=target["Port"],
        zone=target.get("AvailabilityZone"),
        state=health["State"],
        reason=health.get("Reason"),
        description=health.get("Description"),
    )


def _flag(attributes: dict[str, str], key: str) -> bool | None:
    """An attribute that AWS did not list is unknown, not off."""
    return attributes[key] == "true" if key in attributes else None
