"""Load balancers, target groups, listeners and their rules as they are now."""

from typing import Any

from sandbox.cloudformation.drift.readers.base import first, own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target


def _tags(target: Target, arn: str) -> list[dict[str, str]]:
    found = target.call("elbv2", "describe_tags", ResourceArns=[arn])["TagDescriptions"]
    return own_tags(found[0]["Tags"] if found else [])


def _set(resource: Resource, name: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a resource's attributes that the template sets: every one has a value, most are AWS's defaults."""
    wanted = {a["Key"] for a in resource.properties.get(name) or []}
    return [a for a in found if a["Key"] in wanted]


@reads("AWS::ElasticLoadBalancingV2::LoadBalancer")
def load_balancer(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    arn = resource.physical
    found = first(target.call("elbv2", "describe_load_balancers", LoadBalancerArns=[arn])["LoadBalancers"])
    if found is None:
        return None
    has = target.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    return {
        **found,
        "Subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
        "LoadBalancerAttributes": _set(resource, "LoadBalancerAttributes", has),
        "Tags": _tags(target, arn),
    }


@reads("AWS::ElasticLoadBalancingV2::TargetGroup")
def target_group(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    arn = resource.physical
    found = first(target.call("elbv2", "describe_target_groups", TargetGroupArns=[arn])["TargetGroups"])
    if found is None:
        return None
    has = target.call("elbv2", "describe_target_group_attributes", TargetGroupArn=arn)["Attributes"]
    attributes = _set(resource, "TargetGroupAttributes", has)
    return {**found, "TargetGroupAttributes": attributes, "Tags": _tags(target, arn)}


@reads("AWS::ElasticLoadBalancingV2::Listener")
def listener(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("elbv2", "describe_listeners", ListenerArns=[resource.physical])["Listeners"])
    return None if found is None else {**found, "Tags": _tags(target, resource.physical)}


@reads("AWS::ElasticLoadBalancingV2::ListenerRule")
def rule(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("elbv2", "describe_rules", RuleArns=[resource.physical])["Rules"])
    return None if found is None else {**found, "Tags": _tags(target, resource.physical)}
