"""Elastic Load Balancing v2."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    absent,
    changed,
    handles,
    only,
    retag,
    tag_list,
    without,
)
from sandbox.cloudformation.world import Target


def elb_retag(target: Target, arn: str, before: Properties, after: Properties) -> None:
    """Bring the tags of a load balancing resource from before to after."""
    retag(
        before,
        after,
        lambda tags: target.call("elbv2", "add_tags", ResourceArns=[arn], Tags=tag_list(tags)),
        lambda keys: target.call("elbv2", "remove_tags", ResourceArns=[arn], TagKeys=keys),
    )


@handles("AWS::ElasticLoadBalancingV2::LoadBalancer")
class LoadBalancer(Handler):
    name_property = "Name"
    offers = frozenset({"SecurityGroups"})

    def create(self, target: Target, properties: Properties) -> str:
        asked = without(properties, "LoadBalancerAttributes", "Name", "Tags")
        name = properties.get("Name") or target.generated(32)
        tags = tag_list(properties.get("Tags")) or None
        made = target.call("elbv2", "create_load_balancer", Name=name, Tags=tags, **asked)
        arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
        self._attributes(target, arn, properties.get("LoadBalancerAttributes"))
        return arn

    def _attributes(self, target: Target, arn: str, wanted: Any) -> None:
        if wanted:
            target.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=arn, Attributes=wanted)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if "Subnets" in different or "SubnetMappings" in different:
            target.call("elbv2", "set_subnets", LoadBalancerArn=physical, **only(after, "Subnets", "SubnetMappings"))
        if "SecurityGroups" in different:
            groups = after["SecurityGroups"]
            target.call("elbv2", "set_security_groups", LoadBalancerArn=physical, SecurityGroups=groups)
        if "IpAddressType" in different:
            kind = after["IpAddressType"]
            target.call("elbv2", "set_ip_address_type", LoadBalancerArn=physical, IpAddressType=kind)
        if "LoadBalancerAttributes" in different:
            self._attributes(target, physical, after["LoadBalancerAttributes"])
        elb_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elbv2", "delete_load_balancer", LoadBalancerArn=physical)

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("elbv2", "describe_load_balancers", LoadBalancerArns=[physical])
        return dict(found["LoadBalancers"][0])

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        state = self._found(target, physical).get("State", {}).get("Code")
        if state == "failed":
            raise Failed(f"LoadBalancer {physical} is in state failed and hence failed to stabilize.")
        return state in ("active", "active_impaired")

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: self._found(target, physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = self._found(target, physical)
        return {
            **only(found, "DNSName", "LoadBalancerArn", "LoadBalancerName"),
            "CanonicalHostedZoneID": found.get("CanonicalHostedZoneId", ""),
            "LoadBalancerFullName": physical.split(":loadbalancer/", 1)[1],
            "SecurityGroups": list(found.get("SecurityGroups", [])),
        }


_CHECKS = (
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
)


@handles("AWS::ElasticLoadBalancingV2::TargetGroup")
class TargetGroup(Handler):
    name_property = "Name"

    def create(self, target: Target, properties: Properties) -> str:
        asked = without(properties, "TargetGroupAttributes", "Targets", "Name", "Tags")
        name = properties.get("Name") or target.generated(32)
        tags = tag_list(properties.get("Tags")) or None
        made = target.call("elbv2", "create_target_group", Name=name, Tags=tags, **asked)
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
        self._put(target, arn, {}, properties)
        return arn

    def _put(self, target: Target, arn: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if different.get("TargetGroupAttributes"):
            wanted = after["TargetGroupAttributes"]
            target.call("elbv2", "modify_target_group_attributes", TargetGroupArn=arn, Attributes=wanted)
        old, new = before.get("Targets") or [], after.get("Targets") or []
        for word, targets in (
            ("register", [t for t in new if t not in old]),
            ("deregister", [t for t in old if t not in new]),
        ):
            if targets:
                target.call("elbv2", f"{word}_targets", TargetGroupArn=arn, Targets=targets)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        checks = only(changed(before, after), *_CHECKS)
        if checks:
            target.call("elbv2", "modify_target_group", TargetGroupArn=physical, **only(after, *_CHECKS))
        self._put(target, physical, before, after)
        elb_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elbv2", "delete_target_group", TargetGroupArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = target.call("elbv2", "describe_target_groups", TargetGroupArns=[physical])["TargetGroups"][0]
        return {
            "TargetGroupArn": physical,
            "TargetGroupName": found["TargetGroupName"],
            "TargetGroupFullName": physical.rsplit(":", 1)[1],
            "LoadBalancerArns": list(found.get("LoadBalancerArns", [])),
        }


@handles("AWS::ElasticLoadBalancingV2::Listener")
class Listener(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        asked = without(properties, "ListenerAttributes")
        arn = str(target.call("elbv2", "create_listener", **asked)["Listeners"][0]["ListenerArn"])
        self._attributes(target, arn, properties)
        return arn

    def _attributes(self, target: Target, arn: str, properties: Properties) -> None:
        if properties.get("ListenerAttributes"):
            wanted = properties["ListenerAttributes"]
            target.call("elbv2", "modify_listener_attributes", ListenerArn=arn, Attributes=wanted)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, "Tags", "LoadBalancerArn", "ListenerAttributes")
        if different:
            asked = without(after, "Tags", "LoadBalancerArn", "ListenerAttributes")
            target.call("elbv2", "modify_listener", ListenerArn=physical, **asked)
        self._attributes(target, physical, changed(before, after))
        elb_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elbv2", "delete_listener", ListenerArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"ListenerArn": physical}


@handles("AWS::ElasticLoadBalancingV2::ListenerRule")
class ListenerRule(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call("elbv2", "create_rule", **properties)["Rules"][0]["RuleArn"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after)
        if "Conditions" in different or "Actions" in different:
            target.call("elbv2", "modify_rule", RuleArn=physical, **only(after, "Conditions", "Actions"))
        if "Priority" in different:
            priorities = [{"RuleArn": physical, "Priority": after["Priority"]}]
            target.call("elbv2", "set_rule_priorities", RulePriorities=priorities)
        elb_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("elbv2", "delete_rule", RuleArn=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"RuleArn": physical, "IsDefault": "false"}
