"""EC2: VPC endpoints and flow logs."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import Handler, Properties, changed, handles, only, without
from sandbox.cloudformation.handlers.network import ec2_retag, specification
from sandbox.cloudformation.world import Target

_LISTS = {"SubnetIds": "Subnet", "RouteTableIds": "RouteTable", "SecurityGroupIds": "SecurityGroup"}


@handles("AWS::EC2::VPCEndpoint")
class VpcEndpoint(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        made = target.call(
            "ec2",
            "create_vpc_endpoint",
            **without(properties, "Tags"),
            TagSpecifications=specification("vpc-endpoint", properties),
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked: Properties = {}
        for name, stem in _LISTS.items():
            old, new = before.get(name) or [], after.get(name) or []
            asked[f"Add{stem}Ids"] = [i for i in new if i not in old] or None
            asked[f"Remove{stem}Ids"] = [i for i in old if i not in new] or None
        asked.update(only(changed(before, after), "PolicyDocument", "PrivateDnsEnabled", "IpAddressType"))
        if any(v is not None for v in asked.values()):
            target.call("ec2", "modify_vpc_endpoint", VpcEndpointId=physical, **asked)
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_vpc_endpoints", VpcEndpointIds=[physical])

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        return dict(target.call("ec2", "describe_vpc_endpoints", VpcEndpointIds=[physical])["VpcEndpoints"][0])

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        return str(self._found(target, physical).get("State", "")).lower() == "available"

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = self._found(target, physical)
        entries = [f"{e.get('HostedZoneId', '')}:{e.get('DnsName', '')}" for e in found.get("DnsEntries", [])]
        made = found.get("CreationTimestamp")
        return {
            "Id": physical,
            "DnsEntries": entries,
            "NetworkInterfaceIds": list(found.get("NetworkInterfaceIds", [])),
            "CreationTimestamp": made.isoformat() if made else "",
        }


@handles("AWS::EC2::FlowLog")
class FlowLog(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        asked = without(properties, "Tags", "ResourceId")
        made = target.call(
            "ec2",
            "create_flow_logs",
            ResourceIds=[properties["ResourceId"]],
            TagSpecifications=specification("vpc-flow-log", properties),
            **asked,
        )
        if made.get("Unsuccessful"):
            raise Failed(str(made["Unsuccessful"][0]["Error"]["Message"]))
        return str(made["FlowLogIds"][0])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_flow_logs", FlowLogIds=[physical])

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}
