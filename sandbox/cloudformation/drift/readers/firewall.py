"""Security groups and their rules as they are now.

Rules that other resources of the same stack attach to a group are not the group's drift; those of other stacks are, as
on AWS, whose analysis does not reach across stacks.
"""

from collections.abc import Iterator
from typing import Any

from sandbox.cloudformation.comparison import same
from sandbox.cloudformation.drift.readers.base import own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target

WAYS = {"ingress": "Source", "egress": "Destination"}


def rules(found: dict[str, Any], way: str) -> Iterator[dict[str, Any]]:
    """A described group's rules of one way, one peer each, in the template's names."""
    for permission in found["IpPermissions" if way == "ingress" else "IpPermissionsEgress"]:
        common = {k: permission[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in permission}
        peers = (
            *((one, "CidrIp", one.get("CidrIp")) for one in permission.get("IpRanges", [])),
            *((one, "CidrIpv6", one.get("CidrIpv6")) for one in permission.get("Ipv6Ranges", [])),
            *((one, f"{WAYS[way]}SecurityGroupId", one.get("GroupId")) for one in permission["UserIdGroupPairs"]),
            *((one, f"{WAYS[way]}PrefixListId", one.get("PrefixListId")) for one in permission["PrefixListIds"]),
        )
        for one, name, value in peers:
            words = {"Description": one["Description"]} if one.get("Description") else {}
            yield {**common, name: value, **words}


def _covers(wanted: dict[str, Any], rule: dict[str, Any]) -> bool:
    everything = str(wanted.get("IpProtocol", "-1")) == "-1"
    known = {k: v for k, v in wanted.items() if k in rule and k != "GroupId"}
    peer = [k for k in wanted if k.startswith(("Cidr", "Source", "Destination")) and not k.endswith("OwnerId")]
    ports = everything or all(same(wanted.get(k, ""), rule.get(k, "")) for k in ("FromPort", "ToPort"))
    return ports and all(k in rule for k in peer) and all(same(v, rule[k]) for k, v in known.items())


def _group(target: Target, identity: str) -> dict[str, Any]:
    return dict(target.call("ec2", "describe_security_groups", GroupIds=[identity])["SecurityGroups"][0])


@reads("AWS::EC2::SecurityGroup")
def security_group(target: Target, resource: Resource, stack: Stack) -> dict[str, Any]:
    found = _group(target, resource.physical)
    made: dict[str, Any] = {"GroupDescription": found["Description"], "Tags": own_tags(found.get("Tags"))}
    for way, name in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
        attached = [
            r.properties
            for r in stack.resources.values()
            if r.type == f"AWS::EC2::{name}" and r.properties.get("GroupId") == resource.physical
        ]
        made[name] = [rule for rule in rules(found, way) if not any(_covers(one, rule) for one in attached)]
    return made


def _rule(target: Target, resource: Resource, way: str) -> dict[str, Any] | None:
    found = rules(_group(target, str(resource.properties["GroupId"])), way)
    return {} if any(_covers(resource.properties, rule) for rule in found) else None


@reads("AWS::EC2::SecurityGroupIngress")
def ingress(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    """A rule that says anything else is another rule: this one is gone."""
    return _rule(target, resource, "ingress")


@reads("AWS::EC2::SecurityGroupEgress")
def egress(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    """The same on the way out."""
    return _rule(target, resource, "egress")
