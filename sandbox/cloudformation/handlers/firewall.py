"""EC2: security groups and their rules."""

import json
from typing import Any

from botocore.exceptions import ClientError

from sandbox.cloudformation.errors import Failed, Unsupported
from sandbox.cloudformation.handlers.base import Handler, Properties, handles, only
from sandbox.cloudformation.handlers.network import ec2_retag, specification
from sandbox.cloudformation.world import Target, missing

_PEERS = (
    "CidrIp",
    "CidrIpv6",
    "SourceSecurityGroupId",
    "DestinationSecurityGroupId",
    "SourcePrefixListId",
    "DestinationPrefixListId",
)
_KNOWN = {*_PEERS, "IpProtocol", "FromPort", "ToPort", "Description", "GroupId", "SourceSecurityGroupOwnerId"}
EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def permission(rule: Properties) -> dict[str, Any]:
    """A rule of the template as EC2's IpPermission."""
    strange = sorted(set(rule) - _KNOWN)
    if strange:
        raise Unsupported(strange[0])
    made: dict[str, Any] = {"IpProtocol": str(rule.get("IpProtocol", "-1")), **only(rule, "FromPort", "ToPort")}
    words = only(rule, "Description")
    if "CidrIp" in rule:
        made["IpRanges"] = [{"CidrIp": rule["CidrIp"], **words}]
    if "CidrIpv6" in rule:
        made["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **words}]
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    if group:
        made["UserIdGroupPairs"] = [{"GroupId": group, **words}]
    prefix = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefix:
        made["PrefixListIds"] = [{"PrefixListId": prefix, **words}]
    return made


def change_rules(target: Target, group: str, way: str, revoked: list[Properties], authorized: list[Properties]) -> None:
    """Revoke and authorize rules; `way` is ingress or egress."""
    for rule in revoked:
        target.call("ec2", f"revoke_security_group_{way}", GroupId=group, IpPermissions=[permission(rule)])
    for rule in authorized:
        target.call("ec2", f"authorize_security_group_{way}", GroupId=group, IpPermissions=[permission(rule)])


def drop_default_egress(target: Target, group: str) -> None:
    """AWS takes the rule that lets everything out away once the template names a rule of its own."""
    try:
        target.call("ec2", "revoke_security_group_egress", GroupId=group, IpPermissions=[EVERYTHING])
    except ClientError as error:
        if not missing(error):
            raise


@handles("AWS::EC2::SecurityGroup")
class SecurityGroup(Handler):
    name_property = "GroupName"
    offers = frozenset({"VpcId"})

    def create(self, target: Target, properties: Properties) -> str:
        made = target.call(
            "ec2",
            "create_security_group",
            GroupName=properties.get("GroupName") or target.generated(),
            Description=properties["GroupDescription"],
            TagSpecifications=specification("security-group", properties),
            **only(properties, "VpcId"),
        )
        made_id = str(made["GroupId"])
        if properties.get("SecurityGroupEgress"):
            drop_default_egress(target, made_id)
        self._rules(target, made_id, {}, properties)
        return made_id

    def _rules(self, target: Target, id: str, before: Properties, after: Properties) -> None:
        for way, name in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            old = {json.dumps(r, sort_keys=True, default=str): r for r in before.get(name) or []}
            new = {json.dumps(r, sort_keys=True, default=str): r for r in after.get(name) or []}
            revoked = [r for k, r in old.items() if k not in new]
            change_rules(target, id, way, revoked, [r for k, r in new.items() if k not in old])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        if not before.get("SecurityGroupEgress") and after.get("SecurityGroupEgress"):
            drop_default_egress(target, physical)
        self._rules(target, physical, before, after)
        if before.get("SecurityGroupEgress") and not after.get("SecurityGroupEgress"):
            target.call("ec2", "authorize_security_group_egress", GroupId=physical, IpPermissions=[EVERYTHING])
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_security_group", GroupId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"GroupId": physical, "Id": physical, **only(properties, "VpcId")}


class _Rule(Handler):
    way = ""

    def create(self, target: Target, properties: Properties) -> str:
        if "GroupId" not in properties:
            raise Failed("Property GroupId cannot be empty.")
        if self.way == "egress":
            drop_default_egress(target, str(properties["GroupId"]))
        made = target.call(
            "ec2",
            f"authorize_security_group_{self.way}",
            GroupId=properties["GroupId"],
            IpPermissions=[permission(properties)],
        )
        rules = made.get("SecurityGroupRules") or []
        return str(rules[-1]["SecurityGroupRuleId"]) if rules else target.generated()

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        group = str(after["GroupId"])
        change_rules(target, group, self.way, [before], [after])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        change_rules(target, str(properties["GroupId"]), self.way, [properties], [])

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}


@handles("AWS::EC2::SecurityGroupIngress")
class Ingress(_Rule):
    way = "ingress"


@handles("AWS::EC2::SecurityGroupEgress")
class Egress(_Rule):
    way = "egress"
